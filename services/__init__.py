"""Kaohe's code: schema is the floor, door what both doors share, ingest and api the services."""
