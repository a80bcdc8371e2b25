"""The REST doors, one file per noun: models above routes."""
