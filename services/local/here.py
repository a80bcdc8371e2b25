"""Which database a command speaks to: the one that KAOHE_DSN names, or that of the running demo."""

from contextlib import suppress

from services.local.database import start
from services.local.processes import AlreadyRunning, only_one
from services.local.settings import LocalSettings
from services.schema.errors import Unavailable


def dsn_here(settings: LocalSettings, role: str) -> str:
    """For `kaohe_migrate` and the others; the demo's database is attached to, and not stopped."""
    if settings.dsn is not None:
        return settings.dsn_of(role)
    with suppress(AlreadyRunning), only_one(settings.var):
        raise Unavailable("Nothing runs here: start `make run`, or name a database by KAOHE_DSN.")
    server = start(settings.var / "postgres", bin_folder=settings.pg_bin, durable=True)
    return server.dsn(role)
