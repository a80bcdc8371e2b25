"""`kaohe`: the one room above both services."""

from services.cli.commands import main

__all__ = ["main"]
