"""Live scorecards: what has changed is marked in the transaction that changes it."""

from collections.abc import Collection
from datetime import datetime

from services.api.store.live import mark_cards_stale, wake_worker
from services.schema.db import WriteSession


async def mark_stale(
    session: WriteSession, *, employees: Collection[str] | None, at: datetime
) -> None:
    """Have the cards of these people in open cycles computed anew; null is every card.

    Null is also for changes that may bring people into a cycle or take them out.
    """
    await mark_cards_stale(session, employees=employees, at=at)
    await wake_worker(session)
