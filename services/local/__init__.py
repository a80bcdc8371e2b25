"""The embedded database, the process tree and the one origin behind `make run`."""
