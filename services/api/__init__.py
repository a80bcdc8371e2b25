"""Interprets measures, lets people decide, and publishes."""
