"""The built-in mappings as data: one file each, named by its code."""
