"""Facts as they are stored, by the day they count on: what figures are explained by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, Text, any_, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import RowMapping

from services.schema.db import ReadSession
from services.schema.shapes.facts import TrafficForm
from services.schema.shapes.views import View
from services.schema.tables import facts
from services.schema.words import FactKind

TABLES: dict[FactKind, Table] = {
    FactKind.ORDERS: facts.order_facts,
    FactKind.REFUNDS: facts.refund_facts,
    FactKind.RATINGS: facts.rating_facts,
    FactKind.CHATS: facts.chat_facts,
    FactKind.TRAFFIC: facts.traffic_facts,
    FactKind.STOCK: facts.stock_facts,
    FactKind.CAMPAIGNS: facts.campaign_facts,
    FactKind.MEASURES: facts.measure_facts,
}
# The day a fact counts on, or would if what makes it count had happened.
DAYS: dict[FactKind, tuple[str, ...]] = {
    FactKind.ORDERS: ("paid_on", "created_on"),
    FactKind.REFUNDS: ("refunded_on", "requested_on"),
    FactKind.RATINGS: ("rated_on",),
    FactKind.CHATS: ("started_on",),
    FactKind.TRAFFIC: ("day",),
    FactKind.STOCK: ("day",),
    FactKind.CAMPAIGNS: ("starts_on",),
    FactKind.MEASURES: ("day",),
}
NO_DAY = date(1, 1, 1)
"""A refund that was refused may have no day at all: it stands before all others."""

# The column of a filter, where it has another name or there is none.
_COLUMNS: dict[FactKind, dict[str, str]] = {
    FactKind.ORDERS: {"employee": "salesperson"},
    FactKind.REFUNDS: {"employee": "salesperson"},
    FactKind.CAMPAIGNS: {"campaign": "id"},
}


@dataclass(frozen=True, slots=True)
class FactFilter:
    """Which facts of a kind are wanted; null is all."""

    start: date | None
    end: date | None
    """Exclusive."""
    equal: dict[str, str]
    """By shop, employee, unit, channel, campaign, measure."""


async def read_traffic_forms(
    session: ReadSession, source: str
) -> dict[tuple[str, str], TrafficForm]:
    """Of each shop and day with visitors from a source: whole or in parts; not where both."""
    table = facts.traffic_facts
    is_whole = (table.c.channel == "") & (table.c.campaign == "")
    statement = (
        select(table.c.shop, table.c.day, func.bool_or(is_whole).label("whole"))
        .where(table.c.tenant_id == session.tenant, table.c.source == source, table.c.visitors > 0)
        .group_by(table.c.shop, table.c.day)
        .having(func.bool_or(is_whole) != func.bool_or(~is_whole))
    )
    return {
        (row.shop, row.day.isoformat()): TrafficForm.WHOLE if row.whole else TrafficForm.PARTS
        for row in await session.execute(statement)
    }


def filters_of(kind: FactKind) -> frozenset[str]:
    """By what facts of a kind can be chosen."""
    names = ("shop", "employee", "unit", "channel", "campaign", "measure")
    return frozenset(name for name in names if _column(kind, name) is not None)


async def read_facts(
    session: ReadSession,
    kind: FactKind,
    wanted: FactFilter,
    view: View,
    *,
    after: Sequence[str] | None,
    limit: int,
) -> tuple[list[RowMapping], int]:
    """A page of facts by day and key, and how many there are in all; `counted_on` is the day."""
    table = TABLES[kind]
    day = func.coalesce(*(table.c[name] for name in DAYS[kind]), NO_DAY)
    where: list[ColumnElement[bool]] = [table.c.tenant_id == session.tenant]
    if wanted.start is not None:
        where.append(day >= wanted.start)
    if wanted.end is not None:
        where.append(day < wanted.end)
    for name, value in wanted.equal.items():
        column = _column(kind, name)
        assert column is not None, f"{kind} cannot be chosen by {name}"
        where.append(column == value)
    if not view.whole:
        where.append(_seen(kind, view))
    total = await session.scalar(select(func.count()).select_from(table).where(*where))
    order = [day, *(column for column in table.primary_key if column.name != "tenant_id")]
    if after is not None:
        where.append(tuple_(*order) > tuple_(*_typed(order, after)))
    statement = select(day.label("counted_on"), table).where(*where).order_by(*order).limit(limit)
    return list((await session.execute(statement)).mappings()), int(total)


def place_of(kind: FactKind, row: RowMapping) -> list[str]:
    """Where a fact stands in the order of its list."""
    key = (column.name for column in TABLES[kind].primary_key if column.name != "tenant_id")
    return [str(row["counted_on"]), *(str(row[name]) for name in key)]


def length_of_place(kind: FactKind) -> int:
    """Of how many parts a place in the order of a list is made: the day and the key."""
    return len(TABLES[kind].primary_key)


def _column(kind: FactKind, name: str) -> Column[Any] | None:
    return TABLES[kind].c.get(_COLUMNS.get(kind, {}).get(name, name))


def _seen(kind: FactKind, view: View) -> ColumnElement[bool]:
    """The facts that name somebody in view, or belong to a shop or unit in view."""
    parts = (("employee", view.employees), ("shop", view.shops), ("unit", view.units))
    seen = []
    for name, codes in parts:
        column = _column(kind, name)
        if column is not None:
            seen.append(column == any_(literal(sorted(codes), ARRAY(Text))))
    return or_(*seen)


def _typed(order: Sequence[ColumnElement[Any]], values: Sequence[str]) -> list[Any]:
    return [
        literal(date.fromisoformat(value) if column.type.python_type is date else value)
        for column, value in zip(order, values, strict=True)
    ]
