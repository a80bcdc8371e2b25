"""What is stored already of the facts that a marketplace's page states again."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Table, Text, any_, cast, select
from sqlalchemy.dialects.postgresql import ARRAY

from services.schema.db import ReadSession
from services.schema.shapes.facts import PostedMeasure, Stock, Traffic
from services.schema.shapes.feeds import Known, PaidOrder
from services.schema.tables.facts import (
    chat_facts,
    measure_facts,
    order_facts,
    rating_facts,
    refund_facts,
    rejected_rows,
    stock_facts,
    traffic_facts,
)
from services.schema.words import FactKind

_TABLES: dict[FactKind, Table] = {
    FactKind.ORDERS: order_facts,
    FactKind.REFUNDS: refund_facts,
    FactKind.RATINGS: rating_facts,
    FactKind.CHATS: chat_facts,
}


_DAILY: dict[FactKind, tuple[Table, type[Traffic | Stock | PostedMeasure]]] = {
    FactKind.TRAFFIC: (traffic_facts, Traffic),
    FactKind.STOCK: (stock_facts, Stock),
    FactKind.MEASURES: (measure_facts, PostedMeasure),
}


async def read_known(
    session: ReadSession, kind: FactKind, source: str, numbers: Sequence[str]
) -> Known:
    """One probe of the primary key for each number."""
    if kind in _DAILY:
        return await _read_days(session, kind, source, numbers)
    table = _TABLES[kind]
    statement = select(table).where(
        table.c.tenant_id == session.tenant,
        table.c.source == source,
        table.c.id == any_(cast(list(numbers), ARRAY(Text))),
    )
    rows = list(await session.execute(statement))
    orders, refunds = {}, {}
    for row in rows:
        if kind is FactKind.ORDERS and row.paid_at is not None:
            orders[row.id] = PaidOrder(
                paid_amount=row.paid_amount,
                cost_amount=row.cost_amount,
                campaign=row.campaign or None,
                tags={line["id"]: tuple(line["tags"]) for line in row.lines},
                shipped_at=row.shipped_at,
            )
        elif kind is FactKind.REFUNDS and row.refunded_at is not None:
            refunds[row.id] = row.refunded_at
    return Known({row.id: row.modified_at for row in rows}, orders, refunds)


async def _read_days(
    session: ReadSession, kind: FactKind, source: str, numbers: Sequence[str]
) -> Known:
    """A connector's days are told by their date: it states them whole, by no channel.

    Of measures each stands behind its date: `2026-11-05/feedback`.
    """
    table, shape = _DAILY[kind]
    days, measures = set(), set()
    for number in numbers:
        day, _, measure = number.partition("/")
        days.add(day)
        measures.add(measure)
    statement = select(table).where(
        table.c.tenant_id == session.tenant,
        table.c.source == source,
        cast(table.c.day, Text) == any_(cast(list(days), ARRAY(Text))),
        *(table.c[name] == "" for name in ("channel", "campaign") if name in table.c),
        *([table.c.measure.in_(measures)] if "measure" in table.c else []),
    )
    named = [each.name for each in fields(shape)]
    found = {}
    for row in (await session.execute(statement)).mappings():
        values: dict[str, Any] = {name: None if row[name] == "" else row[name] for name in named}
        fact = shape(**values)
        behind = f"/{fact.measure}" if isinstance(fact, PostedMeasure) else ""
        found[f"{fact.day}{behind}"] = fact
    modified = {number: fact.modified_at for number, fact in found.items()}
    return Known(modified, {}, {}, found)


async def read_refused(
    session: ReadSession, kind: FactKind, source: str, keys: Sequence[str]
) -> frozenset[str]:
    """The rows of some facts that are kept already because they were refused, as they came."""
    statement = select(rejected_rows.c.body).where(
        rejected_rows.c.tenant_id == session.tenant,
        rejected_rows.c.kind == kind.value,
        rejected_rows.c.source == source,
        rejected_rows.c.fact == any_(cast(list(keys), ARRAY(Text))),
        rejected_rows.c.body.is_not(None),
    )
    return frozenset((await session.execute(statement)).scalars())
