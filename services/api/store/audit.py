"""The audit as it is kept: read in order, never changed. Both doors append to it."""

from typing import Any

from sqlalchemy import Row, select

from services.door.audit import AUDIT, append_entries, append_entry
from services.schema.db import ReadSession
from services.schema.shapes.audit import Deed, Entry, Head
from services.schema.tables.people import audit, counters

__all__ = ["append_entries", "append_entry", "count_entries", "read_entries", "read_head"]


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


async def read_head(session: ReadSession) -> Head | None:
    """The last entry's number and digest; null where there is none."""
    statement = (
        select(audit.c.number, audit.c.digest)
        .where(audit.c.tenant_id == session.tenant)
        .order_by(audit.c.number.desc())
        .limit(1)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else Head(row.number, bytes(row.digest))


def _entry_from_row(row: Row[Any]) -> Entry:
    return Entry(
        number=row.number,
        at=row.at,
        actor=row.actor,
        deed=Deed(row.action, row.object, row.detail),
        previous=bytes(row.previous),
        digest=bytes(row.digest),
    )
