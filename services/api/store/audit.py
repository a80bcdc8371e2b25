"""The audit as it is kept: appended under a lock on its head, read in order, never changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, select

from services.api.store.counters import take_numbers
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
    head = select(audit.c.digest).where(*_is_entry(session, numbers.start - 1))
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


async def count_entries(session: ReadSession) -> int:
    """How many entries were numbered: fewer in the table means that the last ones are gone."""
    where = (counters.c.tenant_id == session.tenant, counters.c.name == AUDIT)
    return int(await session.scalar(select(counters.c.value).where(*where)) or 0)


async def read_entries(session: ReadSession, *, after: int, limit: int) -> list[Entry]:
    """The entries that follow a number, in order."""
    statement = (
        select(audit)
        .where(audit.c.tenant_id == session.tenant, audit.c.number > after)
        .order_by(audit.c.number)
        .limit(limit)
    )
    return [_entry_from_row(row) for row in await session.execute(statement)]


def _is_entry(session: ReadSession, number: int) -> tuple[ColumnElement[bool], ...]:
    return (audit.c.tenant_id == session.tenant, audit.c.number == number)


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


def _entry_from_row(row: Row[Any]) -> Entry:
    return Entry(
        number=row.number,
        at=row.at,
        actor=row.actor,
        deed=Deed(row.action, row.object, row.detail),
        previous=bytes(row.previous),
        digest=bytes(row.digest),
    )
