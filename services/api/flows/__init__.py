"""Read, decide, write: one file per noun that changes."""
