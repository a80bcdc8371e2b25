"""Brings a database to a version of the schema, up or down."""

from pathlib import Path

from alembic import command
from alembic.config import Config

_MIGRATIONS = Path(__file__).parents[2] / "migrations"


def migrate(dsn: str, *, revision: str = "head") -> None:
    """Upgrade to a revision, as the role `kaohe_migrate`; safe to call again and at once."""
    command.upgrade(_config(dsn), revision)


def undo(dsn: str, *, revision: str = "base") -> None:
    """Downgrade to a revision; tables above it go with all they hold."""
    command.downgrade(_config(dsn), revision)


def _config(dsn: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["dsn"] = dsn
    return config
