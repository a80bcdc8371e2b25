"""Rates of exchange as they are stated, day by day."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Date, Row, Text, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, insert

from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.people import Rate
from services.schema.tables.people import rates

_KEY = (rates.c.from_currency, rates.c.to_currency, rates.c.day)


async def read_same_rates(session: ReadSession, stated: Sequence[Rate]) -> list[Rate]:
    """What is kept already under the keys of these rates."""
    keys = func.unnest(
        literal([rate.from_currency for rate in stated], ARRAY(Text)),
        literal([rate.to_currency for rate in stated], ARRAY(Text)),
        literal([rate.day for rate in stated], ARRAY(Date)),
    ).table_valued("from_currency", "to_currency", "day")
    wanted = keys.render_derived()
    statement = select(rates).where(
        rates.c.tenant_id == session.tenant,
        tuple_(*_KEY).in_(select(wanted.c.from_currency, wanted.c.to_currency, wanted.c.day)),
    )
    return [_rate_from_row(row) for row in await session.execute(statement)]


async def read_page_of_rates(
    session: ReadSession, *, after: tuple[str, str, date] | None, limit: int
) -> tuple[list[Rate], int]:
    """The next page of all rates, and how many there are."""
    where = rates.c.tenant_id == session.tenant
    total = await session.scalar(select(func.count()).select_from(rates).where(where))
    statement = select(rates).where(where).order_by(*_KEY).limit(limit)
    if after is not None:
        statement = statement.where(tuple_(*_KEY) > tuple_(*(literal(value) for value in after)))
    return [_rate_from_row(row) for row in await session.execute(statement)], int(total)


async def save_rates(session: WriteSession, stated: Sequence[Rate]) -> None:
    """Create or replace rates, each once."""
    rows = [
        {
            "tenant_id": session.tenant,
            "from_currency": rate.from_currency,
            "to_currency": rate.to_currency,
            "day": rate.day,
            "rate": rate.rate,
        }
        for rate in sorted(
            stated, key=lambda rate: (rate.from_currency, rate.to_currency, rate.day)
        )
    ]
    statement = insert(rates)
    await session.execute_many(
        statement.on_conflict_do_update(
            index_elements=[rates.c.tenant_id, *_KEY], set_={"rate": statement.excluded.rate}
        ),
        rows,
    )


def _rate_from_row(row: Row[Any]) -> Rate:
    return Rate(row.from_currency, row.to_currency, row.day, row.rate)
