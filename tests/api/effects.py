"""What a call has changed, as PostgreSQL counts it inside the transactions that it writes in."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text

from services.schema.db import WriteSession

NOT_EFFECTS = frozenset({"audit", "counters", "replies", "readers"})
"""The audit and its numbers, answers kept, readings noted: they go along with what is done."""


class Watch:
    """Which tables the writing transactions of a call have changed."""

    def __init__(self) -> None:
        self.changed: Counter[str] = Counter()

    @asynccontextmanager
    async def watching(self, session: WriteSession) -> AsyncIterator[None]:
        before = await _changes(session)
        yield
        self.changed += await _changes(session) - before


async def _changes(session: WriteSession) -> Counter[str]:
    """What the session's connection has changed so far, by table."""
    query = text(
        "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del AS changes FROM pg_stat_xact_user_tables"
    )
    return Counter({row.relname: row.changes for row in await session.execute(query)})
