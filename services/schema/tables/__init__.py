"""How the shapes lie in PostgreSQL: the same names, every constraint named."""
