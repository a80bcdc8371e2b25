"""The database's history, one stop of the road each."""
