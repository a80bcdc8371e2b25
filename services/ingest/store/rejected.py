"""Rows that were refused: kept as they were posted until they are retried, replaced or expire."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, select, update

from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Fault
from services.schema.tables.facts import rejected_rows
from services.schema.words import FactKind, Outcome

_KEEP = """
INSERT INTO rejected_rows (
    tenant_id, batch, kind, received_at,
    id, row, source, shop, fact, outcome, code, pointer, detail, body, came_on
)
SELECT $1, $2, $3, $4, n.*
FROM unnest(
    $5::text[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
    $12::text[], $13::text[], $14::text[], $15::date[]
) AS n
"""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was refused, and why."""

    id: str
    row: int
    source: str
    """Empty where the row names none."""
    shop: str
    """Empty where the row names none that is known."""
    fact: str
    """What the source knows it by; empty where that cannot be read."""
    outcome: Outcome
    fault: Fault
    body: str | None
    """Null where its time is over."""
    came_on: date | None
    """The local day on which it came first; null where none was noted."""


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A refused row as it is kept."""

    rejected: Rejected
    batch: str
    kind: FactKind
    received_at: datetime


async def keep_rejected(
    session: WriteSession,
    kind: FactKind,
    rows: Sequence[Rejected],
    *,
    batch: str,
    at: datetime,
) -> None:
    driver = await session.driver()
    await driver.execute(
        _KEEP,
        session.tenant,
        batch,
        kind.value,
        at,
        [row.id for row in rows],
        [row.row for row in rows],
        [row.source for row in rows],
        [row.shop for row in rows],
        [row.fact for row in rows],
        [row.outcome.value for row in rows],
        [row.fault.code for row in rows],
        [row.fault.pointer for row in rows],
        [row.fault.detail for row in rows],
        [row.body for row in rows],
        [row.came_on for row in rows],
    )


async def has_rejected(session: ReadSession, kind: FactKind) -> bool:
    statement = select(
        select(rejected_rows.c.id)
        .where(rejected_rows.c.tenant_id == session.tenant, rejected_rows.c.kind == kind.value)
        .exists()
    )
    return bool(await session.scalar(statement))


async def read_rejected(
    session: ReadSession,
    *,
    kind: FactKind | None,
    shop: str | None,
    batch: str | None,
    after: str | None,
    limit: int,
) -> tuple[list[KeptRow], int]:
    """A page of refused rows, oldest first, and how many there are in all."""
    where: list[ColumnElement[bool]] = [rejected_rows.c.tenant_id == session.tenant]
    if kind is not None:
        where.append(rejected_rows.c.kind == kind.value)
    if shop is not None:
        where.append(rejected_rows.c.shop == shop)
    if batch is not None:
        where.append(rejected_rows.c.batch == batch)
    total = await session.scalar(select(func.count()).select_from(rejected_rows).where(*where))
    if after is not None:
        where.append(rejected_rows.c.id > after)
    page = select(rejected_rows).where(*where).order_by(rejected_rows.c.id).limit(limit)
    return [_from_row(row) for row in await session.execute(page)], int(total)


async def find_rejected(session: ReadSession, id: str) -> KeptRow | None:
    statement = select(rejected_rows).where(
        rejected_rows.c.tenant_id == session.tenant, rejected_rows.c.id == id
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else _from_row(row)


async def forget_rejected(session: WriteSession, id: str) -> bool:
    """Whether it was still there."""
    result = await session.execute(
        delete(rejected_rows).where(
            rejected_rows.c.tenant_id == session.tenant, rejected_rows.c.id == id
        )
    )
    return result.rowcount == 1


async def empty_expired(session: WriteSession, *, received_before: datetime, limit: int) -> int:
    """Forget what some of the rows held whose time is over, the oldest first; how many there were.

    The rows stay: what was accepted is applied, rejected or waiting, whatever expires.
    """
    over = (
        select(rejected_rows.c.id)
        .where(
            rejected_rows.c.tenant_id == session.tenant,
            rejected_rows.c.body.is_not(None),
            rejected_rows.c.received_at <= received_before,
        )
        .order_by(rejected_rows.c.received_at, rejected_rows.c.id)
        .limit(limit)
        .scalar_subquery()
    )
    result = await session.execute(
        update(rejected_rows)
        .where(rejected_rows.c.tenant_id == session.tenant, rejected_rows.c.id.in_(over))
        .values(body=None)
    )
    return result.rowcount


def _from_row(row: Row[Any]) -> KeptRow:
    rejected = Rejected(
        id=row.id,
        row=row.row,
        source=row.source,
        shop=row.shop,
        fact=row.fact,
        outcome=Outcome(row.outcome),
        fault=Fault(row.pointer, row.code, row.detail),
        body=row.body,
        came_on=row.came_on,
    )
    return KeptRow(rejected, row.batch, FactKind(row.kind), row.received_at)
