"""Pretend marketplaces that speak the real protocols over one made-up company."""
