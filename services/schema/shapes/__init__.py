"""The values that travel: frozen dataclasses, one file per noun."""
