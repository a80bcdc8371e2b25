"""The batches that facts came in, and how many of their rows had which outcome."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert

from services.schema.db import WriteSession
from services.schema.tables.facts import batches
from services.schema.words import FactKind, Outcome


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
