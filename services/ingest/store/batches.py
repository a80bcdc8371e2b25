"""The batches that facts came in, and how many of their rows had which outcome."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert, select

from services.schema.db import ReadSession, WriteSession
from services.schema.tables.facts import batches
from services.schema.words import FactKind, Outcome


async def read_caller(session: ReadSession, batch: str) -> str | None:
    """Who brought a batch."""
    statement = select(batches.c.caller).where(
        batches.c.tenant_id == session.tenant, batches.c.id == batch
    )
    found: str | None = await session.scalar(statement)
    return found


async def add_batch(
    session: WriteSession,
    *,
    batch: str,
    kind: FactKind,
    caller: str,
    at: datetime,
    counts: Mapping[Outcome, int],
) -> None:
    await session.execute(
        insert(batches).values(
            tenant_id=session.tenant,
            id=batch,
            kind=kind.value,
            caller=caller,
            received_at=at,
            received=sum(counts.values()),
            **{outcome.value: counts.get(outcome, 0) for outcome in Outcome},
        )
    )
