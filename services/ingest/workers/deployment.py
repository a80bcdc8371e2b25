"""The schedule of this deployment: its database, its accounts file, its key for buyers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from services.ingest.settings import IngestSettings
from services.ingest.workers.desks import Desks
from services.ingest.workers.pulling import Show
from services.ingest.workers.schedule import Schedule, show_nothing
from services.schema.db import Database
from services.schema.errors import Invalid


@asynccontextmanager
async def opened(settings: IngestSettings, *, show: Show = show_nothing) -> AsyncIterator[Schedule]:
    """A schedule for as long as the block lasts."""
    if settings.marketplaces is None:
        raise Invalid("marketplaces_missing", "KAOHE_MARKETPLACES names no file.")
    database = Database(
        settings.dsn.get_secret_value(),
        application="kaohe-pull",
        behind_pooler=settings.behind_pooler,
    )
    desks = Desks(database, settings.marketplaces, settings.read_buyer_key(), _now)
    try:
        yield Schedule(database, desks, now=_now, show=show)
    finally:
        await desks.close()
        await database.close()


def _now() -> datetime:
    return datetime.now(UTC)
