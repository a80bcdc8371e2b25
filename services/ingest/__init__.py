"""Asks marketplaces, receives from other systems, and adds up."""
