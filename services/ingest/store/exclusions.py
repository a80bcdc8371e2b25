"""The ledger of exclusions as it is kept: appended to, and read beside the orders it names."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Row,
    Select,
    Text,
    any_,
    bindparam,
    func,
    insert,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.exclusions import (
    BothFigures,
    ExcludedPart,
    LedgerEntry,
    LedgerLine,
    Sold,
    SoldOrder,
    Undoing,
)
from services.schema.shapes.views import View
from services.schema.tables.exclusions import exclusions
from services.schema.tables.facts import order_facts
from services.schema.words import Exclusion

_undoings = exclusions.alias("undoings")

# Refunds count on their own days, so those of excluded orders are looked for among the refunds.
_FIGURES = """
WITH sold AS (
    SELECT shop, currency, sum(paid_orders) AS orders, sum(paid_amount) AS amount,
        sum(excluded_orders) AS excluded_orders, sum(excluded_amount) AS excluded_amount
    FROM order_measures
    WHERE tenant_id = :tenant AND day >= :start AND day < :end
        AND (:everywhere OR shop = ANY (:shops))
    GROUP BY shop, currency
),
refunded AS (
    SELECT shop, currency, coalesce(sum(amount) FILTER (WHERE counts), 0) AS counted,
        coalesce(sum(amount) FILTER (WHERE NOT counts), 0) AS uncounted
    FROM refund_facts
    WHERE tenant_id = :tenant AND refunded_on >= :start AND refunded_on < :end
        AND status = 'succeeded' AND (:everywhere OR shop = ANY (:shops))
    GROUP BY shop, currency
)
SELECT shop, currency, coalesce(s.orders, 0) AS orders, coalesce(s.amount, 0) AS amount,
    coalesce(s.excluded_orders, 0) AS excluded_orders,
    coalesce(s.excluded_amount, 0) AS excluded_amount,
    coalesce(r.counted, 0) AS counted, coalesce(r.uncounted, 0) AS uncounted
FROM sold AS s FULL JOIN refunded AS r USING (shop, currency)
ORDER BY shop COLLATE "C", currency
"""

_PARTS = """
SELECT o.shop, o.currency, o.exclusion, l.order_id IS NOT NULL AS by_ledger,
    count(*) AS orders, sum(o.paid_amount) AS amount
FROM order_facts AS o LEFT JOIN (
    SELECT e.source, e.order_id FROM exclusions AS e
    WHERE e.tenant_id = :tenant AND e.reason IS NOT NULL
        AND NOT EXISTS (SELECT FROM exclusions AS u WHERE u.tenant_id = :tenant AND u.undoes = e.id)
) AS l ON l.source = o.source AND l.order_id = o.id
WHERE o.tenant_id = :tenant AND o.exclusion IS NOT NULL
    AND o.paid_on >= :start AND o.paid_on < :end AND (:everywhere OR o.shop = ANY (:shops))
GROUP BY o.shop, o.currency, o.exclusion, by_ledger
ORDER BY o.shop, o.currency, o.exclusion, by_ledger
"""


@dataclass(frozen=True, slots=True)
class LedgerFilter:
    """Which entries are wanted, by their orders; null is all."""

    shop: str | None
    employee: str | None
    source: str | None
    order: str | None
    reason: Exclusion | None
    undone: bool | None


async def has_exclusions(session: ReadSession) -> bool:
    """Whether anybody has ever excluded an order by hand: mostly nobody has."""
    own = select(exclusions.c.id).where(exclusions.c.tenant_id == session.tenant)
    return bool(await session.scalar(select(own.exists())))


async def find_order(session: ReadSession, source: str, id: str) -> SoldOrder | None:
    """An order as it stands."""
    statement = select(*_of_order()).where(
        order_facts.c.tenant_id == session.tenant,
        order_facts.c.source == source,
        order_facts.c.id == id,
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else _order_from_row(row)


async def find_line(session: ReadSession, id: str) -> LedgerLine | None:
    """An entry by its id, beside its order."""
    statement = _lines(session).where(exclusions.c.id == id)
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else _line_from_row(row)


async def read_entries_of(session: ReadSession, source: str, order: str) -> list[LedgerEntry]:
    """What the ledger says of an order, first to last."""
    statement = (
        _lines(session)
        .where(exclusions.c.source == source, exclusions.c.order_id == order)
        .order_by(exclusions.c.id)
    )
    return [_line_from_row(row).entry for row in await session.execute(statement)]


async def read_lines(
    session: ReadSession, wanted: LedgerFilter, view: View, *, after: str | None, limit: int
) -> tuple[list[LedgerLine], int]:
    """A page of the ledger, oldest first, and how many entries there are in all."""
    statement = _lines(session).where(*_chosen(wanted))
    if not view.whole:
        statement = statement.where(
            or_(
                order_facts.c.salesperson == any_(literal(sorted(view.employees), ARRAY(Text))),
                order_facts.c.shop == any_(literal(sorted(view.shops), ARRAY(Text))),
            )
        )
    total = await session.scalar(select(func.count()).select_from(statement.subquery()))
    if after is not None:
        statement = statement.where(exclusions.c.id > after)
    page = statement.order_by(exclusions.c.id).limit(limit)
    return [_line_from_row(row) for row in await session.execute(page)], int(total)


async def insert_entry(session: WriteSession, order: SoldOrder, entry: LedgerEntry) -> None:
    """Append that an order is excluded."""
    await session.execute(
        insert(exclusions).values(
            tenant_id=session.tenant,
            id=entry.id,
            source=order.source,
            order_id=order.id,
            reason=entry.reason,
            note=entry.note,
            rule=entry.rule,
            author=entry.author,
            stated_at=entry.stated_at,
        )
    )


async def insert_undoing(session: WriteSession, line: LedgerLine, undoing: Undoing) -> None:
    """Append that an exclusion is taken back."""
    await session.execute(
        insert(exclusions).values(
            tenant_id=session.tenant,
            id=undoing.id,
            source=line.order.source,
            order_id=line.order.id,
            note=undoing.note,
            author=undoing.author,
            stated_at=undoing.stated_at,
            undoes=line.entry.id,
        )
    )


async def read_figures(
    session: ReadSession, *, shop: str | None, start: date, end: date, view: View
) -> list[BothFigures]:
    """By shop and currency what was sold on some days, with the excluded orders and without."""
    shops = None if view.whole else view.shops
    if shop is not None:
        shops = frozenset({shop}) if shops is None else shops & {shop}
    parameters = {
        "tenant": session.tenant,
        "start": start,
        "end": end,
        "everywhere": shops is None,
        "shops": sorted(shops or ()),
    }
    parts: dict[tuple[str, str], list[ExcludedPart]] = defaultdict(list)
    for row in await _ask(session, _PARTS, parameters):
        part = ExcludedPart(Exclusion(row.exclusion), row.by_ledger, row.orders, row.amount)
        parts[row.shop, row.currency].append(part)
    return [
        BothFigures(
            shop=row.shop,
            currency=row.currency,
            whole=Sold(
                int(row.orders + row.excluded_orders),
                row.amount + row.excluded_amount,
                row.counted + row.uncounted,
            ),
            counted=Sold(int(row.orders), row.amount, row.counted),
            excluded=tuple(parts[row.shop, row.currency]),
        )
        for row in await _ask(session, _FIGURES, parameters)
    ]


async def _ask(session: ReadSession, sql: str, parameters: Mapping[str, Any]) -> list[Row[Any]]:
    statement = text(sql).bindparams(
        bindparam("start", type_=Date),
        bindparam("end", type_=Date),
        bindparam("shops", type_=ARRAY(Text)),
    )
    return list(await session.execute(statement, parameters))


def _of_order() -> tuple[ColumnElement[Any], ...]:
    names = ("source", "shop", "salesperson", "paid_on", "paid_amount", "currency", "exclusion")
    return (order_facts.c.id.label("order_id"), *(order_facts.c[name] for name in names))


def _lines(session: ReadSession) -> Select[Any]:
    """Entries beside their orders and, where they were undone, that."""
    return (
        select(
            exclusions.c.id,
            exclusions.c.reason,
            exclusions.c.note,
            exclusions.c.rule,
            exclusions.c.author,
            exclusions.c.stated_at,
            _undoings.c.id.label("undoing"),
            _undoings.c.note.label("undone_note"),
            _undoings.c.author.label("undone_by"),
            _undoings.c.stated_at.label("undone_at"),
            *_of_order(),
        )
        .join(
            order_facts,
            (order_facts.c.tenant_id == exclusions.c.tenant_id)
            & (order_facts.c.source == exclusions.c.source)
            & (order_facts.c.id == exclusions.c.order_id),
        )
        .outerjoin(
            _undoings,
            (_undoings.c.tenant_id == exclusions.c.tenant_id)
            & (_undoings.c.undoes == exclusions.c.id),
        )
        .where(exclusions.c.tenant_id == session.tenant, exclusions.c.undoes.is_(None))
    )


def _chosen(wanted: LedgerFilter) -> list[ColumnElement[bool]]:
    equal = (
        (order_facts.c.shop, wanted.shop),
        (order_facts.c.salesperson, wanted.employee),
        (exclusions.c.source, wanted.source),
        (exclusions.c.order_id, wanted.order),
        (exclusions.c.reason, wanted.reason),
    )
    where: list[ColumnElement[bool]] = [
        column == value for column, value in equal if value is not None
    ]
    if wanted.undone is not None:
        where.append(_undoings.c.id.is_not(None) if wanted.undone else _undoings.c.id.is_(None))
    return where


def _order_from_row(row: Row[Any]) -> SoldOrder:
    return SoldOrder(
        source=row.source,
        id=row.order_id,
        shop=row.shop,
        salesperson=row.salesperson,
        paid_on=row.paid_on,
        paid_amount=row.paid_amount,
        currency=row.currency,
        exclusion=Exclusion(row.exclusion) if row.exclusion is not None else None,
    )


def _line_from_row(row: Row[Any]) -> LedgerLine:
    undone = None
    if row.undoing is not None:
        undone = Undoing(row.undoing, row.undone_note, row.undone_by, row.undone_at)
    entry = LedgerEntry(
        id=row.id,
        reason=Exclusion(row.reason),
        note=row.note,
        rule=row.rule,
        author=row.author,
        stated_at=row.stated_at,
        undone=undone,
    )
    return LedgerLine(entry, _order_from_row(row))
