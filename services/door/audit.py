"""The audit as it is written: entries are numbered and appended under a lock on its head."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from services.schema.chain import GENESIS, link, make_deed
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.audit import Deed, Entry
from services.schema.shapes.people import Caller
from services.schema.tables.people import audit, counters

AUDIT = "audit"
"""The counter that numbers the entries; its row is the lock on the head."""


async def append_entry(
    session: WriteSession,
    *,
    at: datetime,
    caller: Caller,
    action: str,
    subject: str,
    detail: Mapping[str, object],
) -> None:
    """Put down what this transaction does; the detail holds JSON values, decimals as text."""
    await append_entries(session, at=at, caller=caller, deeds=[make_deed(action, subject, detail)])


async def append_entries(
    session: WriteSession, *, at: datetime, caller: Caller, deeds: Sequence[Deed]
) -> None:
    """The same for several deeds, in their order. Call it last: it locks the head until commit."""
    if not deeds:
        return
    numbers = await take_numbers(session, AUDIT, len(deeds))
    head = select(audit.c.digest).where(
        audit.c.tenant_id == session.tenant, audit.c.number == numbers.start - 1
    )
    last = await session.scalar(head)
    previous = GENESIS if last is None else bytes(last)
    rows = []
    for number, deed in zip(numbers, deeds, strict=True):
        entry = link(
            deed,
            tenant=session.tenant,
            number=number,
            at=at,
            actor=caller.name,
            previous=previous,
        )
        rows.append(_row_of(session, entry))
        previous = entry.digest
    await session.execute_many(insert(audit), rows)


async def take_numbers(session: WriteSession, name: str, count: int) -> range:
    """The next numbers of a counter, from 1; nobody else takes any before this transaction ends."""
    statement = (
        upsert(counters)
        .values(tenant_id=session.tenant, name=name, value=count)
        .on_conflict_do_update(
            index_elements=[counters.c.tenant_id, counters.c.name],
            set_={"value": counters.c.value + count},
        )
        .returning(counters.c.value)
    )
    last = int(await session.scalar(statement))
    return range(last - count + 1, last + 1)


def _row_of(session: ReadSession, entry: Entry) -> dict[str, object]:
    return {
        "tenant_id": session.tenant,
        "number": entry.number,
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.deed.action,
        "object": entry.deed.subject,
        "detail": entry.deed.detail,
        "previous": entry.previous,
        "digest": entry.digest,
    }
