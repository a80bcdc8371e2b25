"""What a marketplace's knock does: its shop's feeds are due, and a worker is woken."""

from datetime import datetime

from services.ingest.store.cursors import make_shop_due, wake_workers
from services.schema.db import WriteSession


async def make_due(session: WriteSession, shop: str, *, at: datetime) -> None:
    """Let a shop's feeds be read at an instant, if not before."""
    await make_shop_due(session, shop, at=at)
    await wake_workers(session)
