"""Who was shown scorecards, as it is kept: a row for each day, appended and never changed."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.readers import Reader
from services.schema.tables.readers import readers
from services.schema.words import Role

Place = tuple[datetime, str, str]
"""Where a row stands, newest first: when, who, through which route."""


async def insert_readers(session: WriteSession, found: Sequence[Reader]) -> None:
    """Append; who was put down on that day already is left as it is."""
    rows: list[dict[str, Any]] = [
        {
            "tenant_id": session.tenant,
            "scorecard": each.scorecard,
            "day": each.day,
            "reader": each.reader,
            "route": each.route,
            "role": each.role,
            "employee": each.employee,
            "read_at": each.read_at,
        }
        for each in found
    ]
    await session.execute_many(insert(readers).on_conflict_do_nothing(), rows)


async def read_page_of_readers(
    session: ReadSession, card: str, *, after: Place | None, limit: int
) -> tuple[list[Reader], int]:
    """Who was shown a card, newest first, and how many rows there are."""
    where = (readers.c.tenant_id == session.tenant, readers.c.scorecard == card)
    total = await session.scalar(select(func.count()).select_from(readers).where(*where))
    place = (readers.c.read_at, readers.c.reader, readers.c.route)
    statement = select(readers).where(*where).order_by(*(each.desc() for each in place))
    if after is not None:
        statement = statement.where(tuple_(*place) < tuple_(*after))
    rows = await session.execute(statement.limit(limit))
    return [_reader_from_row(row) for row in rows], int(total)


async def read_last_readers(
    session: ReadSession, cards: Collection[str], *, most: int
) -> dict[str, list[Reader]]:
    """The last that each of several cards was shown to, newest first."""
    number = func.row_number().over(
        partition_by=readers.c.scorecard,
        order_by=(readers.c.read_at.desc(), readers.c.reader.desc(), readers.c.route.desc()),
    )
    numbered = (
        select(readers, number.label("number"))
        .where(readers.c.tenant_id == session.tenant, readers.c.scorecard.in_(cards))
        .subquery()
    )
    statement = select(numbered).where(numbered.c.number <= most).order_by(numbered.c.number)
    found: dict[str, list[Reader]] = defaultdict(list)
    for row in await session.execute(statement):
        found[row.scorecard].append(_reader_from_row(row))
    return dict(found)


def _reader_from_row(row: Row[Any]) -> Reader:
    return Reader(
        scorecard=row.scorecard,
        day=row.day,
        reader=row.reader,
        route=row.route,
        role=Role(row.role),
        employee=row.employee,
        read_at=row.read_at,
    )
