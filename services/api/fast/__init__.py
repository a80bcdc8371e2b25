"""Measured fast twins of the cores: the same answers, tested to agree, or none at all."""
