"""How to ask each marketplace: one file each, and the one HTTP client."""
