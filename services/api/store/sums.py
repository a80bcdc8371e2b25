"""Daily sums read for many values at once: one statement for each kind of fact, however many."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Select,
    Table,
    Text,
    and_,
    any_,
    case,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on

from services.schema.db import ReadSession
from services.schema.shapes.measures import DailySum, SumsQuery
from services.schema.shapes.people import Rate
from services.schema.tables.facts import measure_facts, order_facts, refund_facts, stock_facts
from services.schema.tables.measures import (
    campaign_measures,
    chat_measures,
    order_measures,
    rating_measures,
    refund_measures,
    traffic_measures,
)
from services.schema.tables.people import rates
from services.schema.words import FactKind, RefundKind, RefundStatus

_TABLES: dict[FactKind, Table] = {
    FactKind.ORDERS: order_measures,
    FactKind.REFUNDS: refund_measures,
    FactKind.RATINGS: rating_measures,
    FactKind.CHATS: chat_measures,
    FactKind.TRAFFIC: traffic_measures,
    FactKind.STOCK: stock_facts,
    FactKind.CAMPAIGNS: campaign_measures,
    FactKind.MEASURES: measure_facts,
}
_DIMENSIONS = ("shop", "employee", "unit", "channel", "campaign")


async def read_sums(
    session: ReadSession, query: SumsQuery, *, home: str, refunds_by_order: bool = False
) -> dict[str, list[DailySum]]:
    """The sums that a query asks for: by its kind, of posted measures by code.

    Amounts in other currencies than `home` come day by day, since each day has a rate of its own.
    For pay, refunds may count on the day on which their order was paid.
    """
    found: dict[str, list[DailySum]] = {name: [] for name in query.codes or (query.kind.value,)}
    if not query.spans:
        return found
    table: FromClause = _TABLES[query.kind]
    if refunds_by_order and query.kind is FactKind.REFUNDS:
        table = _refunds_by_order(session.tenant)
    for row in await session.execute(_sums(query, table, session.tenant, home)):
        name, total = _sum_from_row(tuple(row))
        found[name].append(total)
    return found


async def read_rates(
    session: ReadSession, *, home: str, currencies: Collection[str], start: date, end: date
) -> list[Rate]:
    """Rates into a currency that hold on any of some days: the ones of before them too."""
    base = select(rates).where(
        rates.c.tenant_id == session.tenant,
        rates.c.to_currency == home,
        rates.c.from_currency == any_(literal(sorted(currencies), ARRAY(Text))),
    )
    within = base.where(rates.c.day > start, rates.c.day < end)
    before = (
        base.where(rates.c.day <= start)
        .ext(distinct_on(rates.c.from_currency))
        .order_by(rates.c.from_currency, rates.c.day.desc())
    )
    statement = within.union_all(select(before.subquery()))
    return [
        Rate(row.from_currency, row.to_currency, row.day, row.rate)
        for row in await session.execute(statement)
    ]


async def read_first_uses(session: ReadSession) -> dict[tuple[str, str], date]:
    """The first day on which the traffic of each shop names each campaign."""
    statement = (
        select(
            traffic_measures.c.shop,
            traffic_measures.c.campaign,
            func.min(traffic_measures.c.day).label("first"),
        )
        .where(traffic_measures.c.tenant_id == session.tenant, traffic_measures.c.campaign != "")
        .group_by(traffic_measures.c.shop, traffic_measures.c.campaign)
    )
    rows = await session.execute(statement)
    return {(row.shop, row.campaign): row.first for row in rows}


def _sum_from_row(row: tuple[Any, ...]) -> tuple[str, DailySum]:
    """What was read, and a sum; tuples by place, since there may be a hundred thousand."""
    start, day = row[1], row[8]
    return row[0], DailySum(
        start=start if day is None else day,
        shop=row[2],
        employee=row[3],
        unit=row[4],
        channel=row[5],
        campaign=row[6],
        currency=row[7],
        day=day,
        records=int(row[9]),
        amounts=row[10:],
    )


def _sums(query: SumsQuery, table: FromClause, tenant: int, home: str) -> Select[Any]:
    spans = _spans(query.spans)
    labels = [
        _name(query, table).label("name"),
        spans.c.start.label("start"),
        *(_dimension(query, table, name).label(name) for name in _DIMENSIONS),
        _currency(table).label("currency"),
        _day(query, table, home).label("day"),
    ]
    # A fact that states nothing of a column leaves its sum null: only stock is read from facts.
    amounts = [func.sum(table.c[name]).label(f"sum_{name}") for name in query.columns]
    records = func.sum(table.c.records) if "records" in table.c else func.count()
    return (
        select(*labels, records.label("records"), *amounts)
        .select_from(spans)
        .join(
            table,
            and_(
                table.c.tenant_id == tenant,
                table.c.day >= spans.c.start,
                table.c.day < spans.c.end,
            ),
        )
        .where(*_whose(query, table))
        .group_by(*labels)
    )


def _refunds_by_order(tenant: int) -> FromClause:
    """Refunds as `refund_measures` adds them up, each by itself and on the day of its order.

    One that names no order we have counts on its own day, one of an order never paid on none.
    """
    refund, order = refund_facts.c, order_facts.c
    of_order = (
        (order.tenant_id == refund.tenant_id)
        & (order.source == refund.source)
        & (order.id == refund.order_id)
    )
    seconds = func.round(func.extract("epoch", refund.refunded_at - refund.requested_at), 4)
    is_timed = refund.requested_at.is_not(None)
    amounts = {
        "records": literal(1, Integer),
        "refund_amount": refund.amount,
        "refunds": case((refund.kind != RefundKind.EXCHANGE, 1), else_=0),
        "returns": case((refund.kind == RefundKind.RETURN, 1), else_=0),
        "exchanges": case((refund.kind == RefundKind.EXCHANGE, 1), else_=0),
        "return_amount": case((refund.kind == RefundKind.RETURN, refund.amount), else_=0),
        "refund_seconds": case((is_timed, func.greatest(seconds, 0)), else_=0),
        "timed_refunds": case((is_timed, 1), else_=0),
    }
    return (
        select(
            refund.tenant_id,
            case((order.id.is_(None), refund.refunded_on), else_=order.paid_on).label("day"),
            refund.shop,
            refund.salesperson.label("employee"),
            refund.channel,
            refund.campaign,
            refund.currency,
            *(amount.label(name) for name, amount in amounts.items()),
        )
        .select_from(refund_facts.outerjoin(order_facts, of_order))
        .where(
            refund.tenant_id == tenant,
            refund.status == RefundStatus.SUCCEEDED,
            refund.counts,
        )
        .subquery("refunds_by_order")
    )


def _spans(spans: Sequence[tuple[date, date]]) -> Any:
    """The stretches as rows: days that nobody asked for are never touched."""
    return (
        func.unnest(
            literal([start for start, _ in spans], ARRAY(Date)),
            literal([end for _, end in spans], ARRAY(Date)),
        )
        .table_valued("start", "end", name="spans")
        .render_derived()
    )


def _whose(query: SumsQuery, table: FromClause) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if query.kind is FactKind.MEASURES:
        where.append(table.c.measure == any_(literal(sorted(query.codes), ARRAY(Text))))
    if query.shops is None and query.employees is None:
        return where
    asked = (("shop", query.shops), ("employee", query.employees), ("unit", query.units))
    any_of = [
        table.c[name] == any_(literal(sorted(codes or ()), ARRAY(Text)))
        for name, codes in asked
        if name in table.c
    ]
    return [*where, or_(*any_of)]


def _name(query: SumsQuery, table: FromClause) -> ColumnElement[str]:
    if query.kind is FactKind.MEASURES:
        return table.c.measure
    return literal(query.kind.value, Text)


def _dimension(query: SumsQuery, table: FromClause, name: str) -> ColumnElement[str]:
    if name in query.dimensions and name in table.c:
        return table.c[name]
    return literal("", Text)


def _currency(table: FromClause) -> ColumnElement[str]:
    return table.c.currency if "currency" in table.c else literal("", Text)


def _day(query: SumsQuery, table: FromClause, home: str) -> ColumnElement[Any]:
    """The day where it must be told apart."""
    if query.kind is FactKind.STOCK:
        return table.c.day
    apart: list[ColumnElement[bool]] = []
    if "currency" in table.c:
        apart.append(table.c.currency != home)
    if query.daily_codes:
        apart.append(table.c.measure == any_(literal(sorted(query.daily_codes), ARRAY(Text))))
    return case((or_(*apart), table.c.day), else_=None) if apart else literal(None, Date)
