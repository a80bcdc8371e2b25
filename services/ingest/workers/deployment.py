"""The schedule of this deployment: its database, its accounts, its keys for buyers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from services.ingest.flows.buyers import BuyerKeys
from services.ingest.settings import IngestSettings
from services.ingest.workers.desks import Desks
from services.ingest.workers.pulling import Show
from services.ingest.workers.schedule import Schedule, show_nothing
from services.schema.db import Database
from services.schema.errors import Invalid


@asynccontextmanager
async def opened(settings: IngestSettings, *, show: Show = show_nothing) -> AsyncIterator[Schedule]:
    """A schedule for as long as the block lasts."""
    ring = settings.read_master_keys()
    if settings.marketplaces is None and ring is None:
        detail = "Neither KAOHE_MARKETPLACES nor KAOHE_MASTER_KEY_FILE names a file."
        raise Invalid("marketplaces_missing", detail)
    database = Database(
        settings.dsn.get_secret_value(),
        application="kaohe-pull",
        behind_pooler=settings.behind_pooler,
    )
    desks = Desks(
        database,
        settings.marketplaces,
        BuyerKeys(settings.read_buyer_ring(), settings.read_buyer_key()),
        _now,
        ring=ring,
        sandbox=settings.sandbox_hosts,
        page_life=timedelta(days=settings.page_life_days),
        rejected_life=timedelta(days=settings.rejected_life_days),
    )
    try:
        yield Schedule(database, desks, now=_now, show=show)
    finally:
        await desks.close()
        await database.close()


def _now() -> datetime:
    return datetime.now(UTC)
