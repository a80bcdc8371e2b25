"""The doors through which facts come in."""
