"""Days as others state them, and what we hold around such a day."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Text,
    any_,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from services.schema.db import ReadSession, WriteSession
from services.schema.money import plain
from services.schema.shapes.reconciliations import Basis, DayStatement, OwnDay, OwnOrder, OwnRefund
from services.schema.tables.facts import order_facts, refund_facts, rejected_rows
from services.schema.tables.reconciliations import day_statements
from services.schema.words import FactKind, OrderStatus, RefundStatus

StatementKey = tuple[str, date, str, Basis]
_KEY = ("tenant_id", "shop", "day", "source", "basis")
# A tool that counts what was placed leaves out what came to nothing.
_NOTHING = (OrderStatus.UNPAID.value, OrderStatus.CANCELLED.value)
_GOODS: ColumnElement[Any] = literal_column(
    "(SELECT coalesce(sum((l ->> 'amount')::numeric), 0)"
    " FROM jsonb_array_elements(order_facts.lines) AS l)"
)
_FEED = text("""
SELECT min(f.cursor) AS read_until, bool_or(x.day IS NOT NULL) AS has_day
FROM feeds AS f
LEFT JOIN feed_days AS x ON x.tenant_id = f.tenant_id AND x.feed = f.id AND x.day = :day
WHERE f.tenant_id = :tenant AND f.shop = :shop AND f.kind = 'orders'
""")


async def keep_statement(session: WriteSession, stated: DayStatement) -> bool:
    """Keep what is said of a day, unless the same tool has said something newer."""
    rows, statuses = stated.rows, stated.statuses
    values: dict[str, Any] = {
        "tenant_id": session.tenant,
        "shop": stated.shop,
        "day": stated.day,
        "source": stated.source,
        "basis": stated.basis.value,
        "timezone": stated.timezone,
        "stated_at": stated.stated_at,
        "orders": stated.orders,
        "amount": stated.amount,
        "net_of_refunds": stated.net_of_refunds,
        "with_excluded": stated.with_excluded,
        "rows": None if rows is None else {each: plain(amount) for each, amount in rows.items()},
        "statuses": None if statuses is None else dict(statuses),
    }
    statement = insert(day_statements).values(values)
    kept = statement.on_conflict_do_update(
        index_elements=list(_KEY),
        set_={name: statement.excluded[name] for name in values if name not in _KEY},
        where=day_statements.c.stated_at <= statement.excluded.stated_at,
    )
    return bool((await session.execute(kept)).rowcount)


async def read_standing(
    session: ReadSession, statements: Sequence[DayStatement]
) -> dict[StatementKey, DayStatement]:
    """What stands of the same days by the same tools."""
    columns = day_statements.c
    shops, sources, bases = (
        sorted({getattr(each, name) for each in statements}) for name in ("shop", "source", "basis")
    )
    days = [each.day for each in statements]
    found = select(day_statements).where(
        columns.tenant_id == session.tenant,
        columns.shop == any_(literal(shops, ARRAY(Text))),
        columns.source == any_(literal(sources, ARRAY(Text))),
        columns.basis == any_(literal(bases, ARRAY(Text))),
        columns.day >= min(days),
        columns.day <= max(days),
    )
    standing = map(_statement_from_row, await session.execute(found))
    return {key_of(stated): stated for stated in standing}


def key_of(stated: DayStatement) -> StatementKey:
    """By what a statement is known: the last one of a key stands."""
    return stated.shop, stated.day, stated.source, stated.basis


async def read_statements(
    session: ReadSession,
    *,
    shop: str | None,
    source: str | None,
    start: date | None,
    end: date | None,
    after: Sequence[str] | None,
    limit: int,
) -> tuple[list[DayStatement], int]:
    """A page of statements by shop, day, tool and basis, and how many there are in all."""
    columns = day_statements.c
    where = [columns.tenant_id == session.tenant]
    where += [columns.shop == shop] if shop is not None else []
    where += [columns.source == source] if source is not None else []
    where += [columns.day >= start] if start is not None else []
    where += [columns.day < end] if end is not None else []
    total = await session.scalar(select(func.count()).select_from(day_statements).where(*where))
    key = (columns.shop, columns.day, columns.source, columns.basis)
    if after is not None:
        shop_before, day_before, *others = after
        place = (literal(shop_before), literal(date.fromisoformat(day_before)))
        where.append(tuple_(*key) > tuple_(*place, *(literal(each) for each in others)))
    page = select(day_statements).where(*where).order_by(*key).limit(limit)
    return [_statement_from_row(row) for row in await session.execute(page)], int(total)


async def read_own_day(
    session: ReadSession, stated: DayStatement, *, start: datetime, end: datetime, currency: str
) -> OwnDay:
    """What we hold of the orders and refunds between two instants that a statement counts."""
    read_until, has_day = await _read_feed(session, stated)
    ids = sorted(stated.rows or ())
    return OwnDay(
        orders=await _read_orders(session, stated, start=start, end=end, currency=currency),
        refunds=await _read_refunds(session, stated, ids, start=start, end=end),
        known=await _read_known(session, stated.shop, ids),
        read_until=read_until,
        lacks_day=not has_day,
        rejected=await _count_rejected(session, stated.shop),
    )


async def _read_orders(
    session: ReadSession, stated: DayStatement, *, start: datetime, end: datetime, currency: str
) -> tuple[OwnOrder, ...]:
    columns = order_facts.c
    at, day = columns.created_at, columns.created_on
    if stated.basis is Basis.PAID:
        at, day = columns.paid_at, columns.paid_on
    amount: ColumnElement[Any] = columns.paid_amount
    where = [
        columns.tenant_id == session.tenant,
        columns.shop == stated.shop,
        columns.currency == currency,
        at >= start,
        at < end,
    ]
    if stated.basis is Basis.PLACED:
        amount = _GOODS
        where.append(columns.status.not_in(_NOTHING))
    statement = select(
        columns.id,
        at.label("moment"),
        day.label("own_day"),
        amount.label("value"),
        columns.exclusion,
        columns.status,
    ).where(*where)
    return tuple(
        OwnOrder(
            id=row.id,
            at=row.moment,
            day=row.own_day,
            amount=Decimal(row.value),
            excluded=row.exclusion is not None,
            status=row.status,
        )
        for row in await session.execute(statement)
    )


async def _read_refunds(
    session: ReadSession,
    stated: DayStatement,
    orders: Sequence[str],
    *,
    start: datetime,
    end: datetime,
) -> tuple[OwnRefund, ...]:
    """Those of the day, and those of orders that the tool names."""
    columns = refund_facts.c
    named = columns.order_id == any_(literal(list(orders), ARRAY(Text)))
    statement = select(refund_facts).where(
        columns.tenant_id == session.tenant,
        columns.shop == stated.shop,
        columns.status == RefundStatus.SUCCEEDED.value,
        or_((columns.refunded_at >= start) & (columns.refunded_at < end), named),
    )
    return tuple(
        OwnRefund(row.id, row.order_id, row.refunded_at, row.amount, row.counts)
        for row in await session.execute(statement)
    )


async def _read_known(session: ReadSession, shop: str, ids: Sequence[str]) -> frozenset[str]:
    statement = select(order_facts.c.id).where(
        order_facts.c.tenant_id == session.tenant,
        order_facts.c.shop == shop,
        order_facts.c.id == any_(literal(list(ids), ARRAY(Text))),
    )
    return frozenset((await session.execute(statement)).scalars()) if ids else frozenset()


async def _read_feed(session: ReadSession, stated: DayStatement) -> tuple[datetime | None, bool]:
    """Up to when the shop's orders have been read, and whether the day has come whole."""
    where = {"tenant": session.tenant, "shop": stated.shop, "day": stated.day}
    row = (await session.execute(_FEED, where)).one()
    return row.read_until, bool(row.has_day)


async def _count_rejected(session: ReadSession, shop: str) -> int:
    statement = select(func.count()).where(
        rejected_rows.c.tenant_id == session.tenant,
        rejected_rows.c.shop == shop,
        rejected_rows.c.kind == FactKind.ORDERS.value,
    )
    return int(await session.scalar(statement))


def _statement_from_row(row: Row[Any]) -> DayStatement:
    rows: Mapping[str, str] | None = row.rows
    return DayStatement(
        source=row.source,
        shop=row.shop,
        day=row.day,
        basis=Basis(row.basis),
        timezone=row.timezone,
        stated_at=row.stated_at,
        orders=row.orders,
        amount=row.amount,
        net_of_refunds=row.net_of_refunds,
        with_excluded=row.with_excluded,
        rows=None if rows is None else {each: Decimal(amount) for each, amount in rows.items()},
        statuses=row.statuses,
    )
