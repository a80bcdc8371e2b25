"""Facts that somebody contests, and what they add to the measures if they are otherwise.

Nothing is written: facts belong to ingest. What changes is added up by the statements with which
ingest adds up what lands (`services/schema/sums.sql`), so that both agree.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Integer, Numeric, Table, bindparam, text
from sqlalchemy.engine import RowMapping

from services.schema.db import ReadSession
from services.schema.money import plain
from services.schema.shapes.disputes import ChangedFact
from services.schema.shapes.measures import FactSum
from services.schema.shapes.people import Subject
from services.schema.statements import fill
from services.schema.sums import sums_of
from services.schema.tables import facts
from services.schema.words import Exclusion, FactKind, SubjectKind

_TABLES: dict[FactKind, Table] = {
    FactKind.ORDERS: facts.order_facts,
    FactKind.REFUNDS: facts.refund_facts,
    FactKind.RATINGS: facts.rating_facts,
    FactKind.CHATS: facts.chat_facts,
    FactKind.TRAFFIC: facts.traffic_facts,
    FactKind.STOCK: facts.stock_facts,
    FactKind.CAMPAIGNS: facts.campaign_facts,
    FactKind.MEASURES: facts.measure_facts,
}
_SALES = frozenset({FactKind.ORDERS, FactKind.REFUNDS})
_WITH_IDS = _SALES | {FactKind.RATINGS, FactKind.CHATS, FactKind.CAMPAIGNS}
_DIMENSIONS = ("shop", "employee", "unit", "channel", "campaign", "currency", "measure")
# The rows as they stand and as they would, under the names by which `sums.sql` reads them.
_ROWS = """
WITH old_{kind} AS (
    SELECT (jsonb_populate_record(f, {day})).* FROM {table} AS f {beside} WHERE {where}
),
stage_{kind} AS (
    SELECT (jsonb_populate_record(f, {day} || CAST(:change AS jsonb))).*
    FROM {table} AS f {beside} WHERE {where} AND NOT CAST(:gone AS boolean)
)
{sums}
"""
# Of facts that are sums already.
_OWN_SUMS = """
SELECT {columns}, f.sign AS records FROM (
    SELECT 1 AS sign, s.* FROM stage_{kind} AS s
    UNION ALL
    SELECT -1, o.* FROM old_{kind} AS o
) AS f
"""
# Pay counts a refund on the day on which its order was paid; where that is not here, on its own.
_ORDERS_DAY = """jsonb_build_object(
    'refunded_on', CASE WHEN p.id IS NULL THEN f.refunded_on ELSE p.paid_on END
)"""
_OF_ORDER = """LEFT JOIN order_facts AS p
    ON p.tenant_id = f.tenant_id AND p.source = f.source AND p.id = f.order_id"""
_ITSELF = "f.tenant_id = :tenant AND f.source = :source AND f.id = :id"
_FOLLOWING = "f.tenant_id = :tenant AND f.source = :source AND f.order_id = :id"
# Whom and what a fact names.
_NAMES = "SELECT f.shop, {names} FROM {table} AS f WHERE {where}"
# Whether facts came after a moment, of an order with its refunds: they would be a part of it.
_CAME = """
SELECT EXISTS (
    SELECT FROM late_facts AS l
    WHERE l.tenant_id = :tenant AND l.source = :source
        AND (l.came_at IS NULL OR l.came_at > :since)
        AND (
            l.kind = :kind AND l.fact = :id
            OR :kind = 'orders' AND l.kind = 'refunds' AND l.fact IN (
                SELECT f.id FROM refund_facts AS f WHERE {following}
            )
        )
)
"""


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed facts add to the measures, less what they added as they are stated."""

    sums: Mapping[FactKind, Sequence[FactSum]]
    refunds_by_order: Sequence[FactSum]
    """The refunds among them on the days of their orders, as pay counts them."""


async def find_named(session: ReadSession, fact: ChangedFact) -> frozenset[Subject] | None:
    """The shop, the person and the unit that a fact names; null where it is not here."""
    key = _key(fact)
    if key is None:
        return None
    where, values = key
    columns = _TABLES[fact.kind].c
    employee = "salesperson" if fact.kind in _SALES else "employee"
    named = [(SubjectKind.EMPLOYEE, employee), (SubjectKind.UNIT, "unit")]
    asked = [(kind, name) for kind, name in named if name in columns]
    sql = fill(
        _NAMES,
        {
            "names": ", ".join((*(f"f.{name}" for _, name in asked), "1 AS here")),
            "table": _TABLES[fact.kind].name,
            "where": where,
        },
    )
    row = (await session.execute(*_statement(session, sql, values))).mappings().one_or_none()
    if row is None:
        return None
    found = [(SubjectKind.SHOP, "shop"), *asked]
    return frozenset(Subject(kind, row[name]) for kind, name in found if row[name])


async def read_changes(session: ReadSession, changed: Sequence[ChangedFact]) -> Changes:
    """What these facts, each given once, change in the sums; one that is not here changes none."""
    sums: dict[FactKind, list[FactSum]] = defaultdict(list)
    by_order: list[FactSum] = []
    for fact in changed:
        key = _key(fact)
        if key is None:
            continue
        where, values = key
        change, gone = _change(fact)
        asked = {**values, "change": json.dumps(change), "gone": gone}
        sums[fact.kind] += await _read(session, fact.kind, where, asked)
        if fact.kind in _SALES:
            if fact.kind is FactKind.ORDERS:
                where, asked = _FOLLOWING, {**values, **_following(fact)}
                sums[FactKind.REFUNDS] += await _read(session, FactKind.REFUNDS, where, asked)
            by_order += await _read(session, FactKind.REFUNDS, where, asked, on_orders_day=True)
    return Changes(sums, by_order)


async def came_late(session: ReadSession, fact: ChangedFact, *, since: datetime) -> bool:
    """Whether a fact, or of an order a refund, came or was changed after a moment of the clock."""
    sql = fill(_CAME, {"following": _FOLLOWING})
    values = {"source": fact.source, "id": fact.id, "kind": fact.kind.value, "since": since}
    return bool(await session.scalar(*_statement(session, sql, values)))


def _key(fact: ChangedFact) -> tuple[str, Mapping[str, object]] | None:
    """How a fact is found, and by what; null where its id cannot be one."""
    values: dict[str, object] = {"source": fact.source, "id": fact.id}
    if fact.kind in _WITH_IDS:
        return _ITSELF, values
    names = [
        column.name
        for column in _TABLES[fact.kind].primary_key
        if column.name not in {"tenant_id", "source"}
    ]
    first, day, *_ = [*fact.id.split("/"), ""]
    try:
        values |= {"first": first, "day": date.fromisoformat(day)}
    except ValueError:
        return None
    # The leading columns by themselves, for the index.
    leading = "measure" if fact.kind is FactKind.MEASURES else "shop"
    listed = ", ".join(f"f.{name}" for name in names)
    return (
        f"f.tenant_id = :tenant AND f.source = :source AND f.{leading} = :first "
        f"AND f.day = :day AND concat_ws('/', {listed}) = :id"
    ), values


def _change(fact: ChangedFact) -> tuple[dict[str, object], bool]:
    """The columns that are to be otherwise, and whether the row is to be gone."""
    change, is_sale = fact.change, fact.kind in _SALES
    amount = "paid_amount" if fact.kind is FactKind.ORDERS else "amount"
    columns: dict[str, object] = {}
    if change.amount is not None:
        columns[amount] = plain(change.amount)
    if change.salesperson is not None:
        columns["salesperson" if is_sale else "employee"] = change.salesperson
    if not change.exclude or fact.kind is not FactKind.ORDERS:
        return columns, change.exclude
    # For which reason tells no sum apart.
    return {**columns, "exclusion": Exclusion.TEST}, False


def _following(fact: ChangedFact) -> dict[str, object]:
    """What becomes of an order's refunds: they are its salesperson's, and count while it does."""
    columns: dict[str, object] = {}
    if fact.change.salesperson is not None:
        columns["salesperson"] = fact.change.salesperson
    if fact.change.exclude:
        columns["counts"] = False
    return {"change": json.dumps(columns), "gone": False}


async def _read(
    session: ReadSession,
    kind: FactKind,
    where: str,
    values: Mapping[str, object],
    *,
    on_orders_day: bool = False,
) -> list[FactSum]:
    own = kind in {FactKind.STOCK, FactKind.MEASURES}
    sql = _ROWS.replace("{sums}", _OWN_SUMS if own else sums_of(kind))
    names = {
        "columns": ", ".join(_own_columns(kind)),
        "kind": kind.value,
        "table": _TABLES[kind].name,
        "day": _ORDERS_DAY if on_orders_day else "CAST('{}' AS jsonb)",
        "beside": _OF_ORDER if on_orders_day else "",
        "where": where,
    }
    rows = await session.execute(*_statement(session, fill(sql, names), values))
    return list(_sums_from_rows(row for row in rows.mappings() if row["day"] is not None))


def _own_columns(kind: FactKind) -> Iterator[str]:
    """Of a fact that is a sum: whose it is, and its numbers with the sign of the row."""
    for column in _TABLES[kind].c:
        if column.name in {"day", *_DIMENSIONS}:
            yield f"f.{column.name}"
        elif isinstance(column.type, Numeric | Integer) and column.name != "tenant_id":
            yield f"f.sign * f.{column.name} AS {column.name}"


def _sums_from_rows(rows: Iterator[RowMapping]) -> Iterator[FactSum]:
    for row in rows:
        yield FactSum(
            day=row["day"],
            records=int(row["records"]),
            amounts={
                name: value
                for name, value in row.items()
                if name not in {"day", "records", *_DIMENSIONS}
            },
            **{name: row.get(name, "") for name in _DIMENSIONS},
        )


def _statement(session: ReadSession, sql: str, values: Mapping[str, object]) -> tuple[Any, Any]:
    typed = [bindparam("day", type_=Date)] if "day" in values else []
    return text(sql).bindparams(*typed), {"tenant": session.tenant, **values}
