"""The floor: what ingest and api must agree on; it imports neither."""
