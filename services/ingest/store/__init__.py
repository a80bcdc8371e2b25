"""The SQL of what comes in, one file per noun."""
