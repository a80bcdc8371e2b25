"""Pages and rows become facts, facts become sums: pure functions."""
