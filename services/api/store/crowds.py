"""Distinct buyers and SKUs, counted exactly from the orders: one statement for all crowds."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import CursorResult, Date, Integer, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from services.schema.db import ReadSession
from services.schema.shapes.disputes import ChangedFact
from services.schema.shapes.indicators import Slice
from services.schema.shapes.measures import Condition, Crowd, CrowdCount
from services.schema.words import FactKind

TAGS = frozenset({None, "core", "vip", "hit"})
"""Of order lines: those by which crowds can be narrowed."""

# Days are numbered by the edges of all crowds, so that orders and crowds meet by equality: shop, or
# employee, and number of days. Filters are tried once for each shop, channel and campaign that
# occur. What crowds meet is materialized, since its size cannot be guessed: a plan that guesses
# low would scan the orders over and over.
_SALES = """
WITH {changed}edge AS (
    SELECT e.start, e.span::integer AS span
    FROM unnest(:edges) WITH ORDINALITY AS e (start, span)
),
asked AS MATERIALIZED (
    SELECT a.*, edge.span
    FROM jsonb_to_recordset(CAST(:asked AS jsonb)) AS a (
        crowd integer, filter integer, tag text, since date, earlier boolean,
        first date, after date, shop text, employee text
    )
    JOIN edge ON edge.start >= a.first AND edge.start < a.after
),
sale AS MATERIALIZED (
    SELECT o.source, o.id, o.buyer, o.shop, o.salesperson AS employee, o.channel, o.campaign,
        o.core_amount <> 0 AS core, o.vip_amount <> 0 AS vip, o.hit_amount <> 0 AS hit,
        width_bucket(o.paid_on, :edges) AS span
    FROM order_facts AS o
    WHERE o.tenant_id = :tenant AND o.exclusion IS NULL
        AND o.paid_on >= :first AND o.paid_on < :after
        AND (:everyone OR o.shop IN (SELECT shop FROM asked)
            OR o.salesperson <> '' AND o.salesperson IN (SELECT employee FROM asked))
        AND (:anonymous OR o.buyer IS NOT NULL)
),
condition AS (
    SELECT * FROM jsonb_to_recordset(CAST(:conditions AS jsonb)) AS c (
        filter integer, dimension text, negated boolean, held text[]
    )
),
passing AS MATERIALIZED (
    SELECT f.filter, k.shop, k.channel, k.campaign
    FROM (SELECT DISTINCT shop, channel, campaign FROM sale) AS k
    CROSS JOIN (SELECT DISTINCT filter FROM asked) AS f
    WHERE NOT EXISTS (
        SELECT FROM condition AS c
        WHERE c.filter = f.filter AND c.negated = (
            CASE c.dimension WHEN 'shop' THEN k.shop WHEN 'channel' THEN k.channel
                ELSE k.campaign END = ANY (c.held)
        )
    )
)
"""

# Inside it the name is still the table's; whoever reads the orders further down reads these.
_CHANGED = """order_facts AS NOT MATERIALIZED (
    SELECT o.tenant_id, o.source, o.id, o.buyer, o.shop, o.channel, o.campaign, o.core_amount,
        o.vip_amount, o.hit_amount, o.paid_at, o.paid_on, o.lines,
        coalesce(c.salesperson, o.salesperson) AS salesperson,
        CASE WHEN c.exclude THEN 'test' ELSE o.exclusion END AS exclusion
    FROM order_facts AS o
    LEFT JOIN jsonb_to_recordset(CAST(:changed AS jsonb)) AS c (
        source text, id text, exclude boolean, salesperson text
    ) ON c.source = o.source AND c.id = o.id
),
"""

# A buyer's first order ever is found by the index on buyers; it need not be of this period.
_BUYERS = """,
first AS MATERIALIZED (
    SELECT b.buyer, f.source, f.id, f.paid_on
    FROM (SELECT DISTINCT buyer FROM sale WHERE :firsts) AS b
    CROSS JOIN LATERAL (
        SELECT o.source, o.id, o.paid_on FROM order_facts AS o
        WHERE o.tenant_id = :tenant AND o.buyer = b.buyer
            AND o.exclusion IS NULL AND o.paid_on IS NOT NULL
        ORDER BY o.paid_on, o.paid_at, o.source, o.id LIMIT 1
    ) AS f
),
passed AS MATERIALIZED (
    SELECT p.filter, s.*, f.paid_on AS first_on, f.source = s.source AND f.id = s.id AS is_first
    FROM sale AS s
    JOIN passing AS p ON p.shop = s.shop AND p.channel = s.channel AND p.campaign = s.campaign
    LEFT JOIN first AS f ON f.buyer = s.buyer
),
met AS ({met}),
bought AS (
    SELECT crowd, buyer,
        count(*) FILTER (WHERE NOT earlier) AS orders,
        bool_or(is_first AND NOT earlier) AS is_new,
        bool_or(first_on < since) AS has_returned,
        bool_or(earlier) AS is_retained
    FROM met GROUP BY crowd, buyer
)
SELECT crowd, sum(orders)::bigint AS orders, count(*) AS buyers,
    count(*) FILTER (WHERE orders > 1) AS repeat_buyers,
    count(*) FILTER (WHERE is_new) AS new_buyers,
    count(*) FILTER (WHERE has_returned) AS returning_buyers,
    count(*) FILTER (WHERE is_retained) AS retained_buyers
FROM bought WHERE orders > 0 GROUP BY crowd
"""
_OF_BUYERS = "a.since, a.earlier, s.buyer, s.is_first, s.first_on"
_OF_BUYERS_ONCE = f"{_OF_BUYERS}, s.source, s.id"
"""Where a crowd may meet an order by its shop and again by its employee."""

_SKUS = """,
passed AS MATERIALIZED (
    SELECT p.filter, s.*
    FROM sale AS s
    JOIN passing AS p ON p.shop = s.shop AND p.channel = s.channel AND p.campaign = s.campaign
),
met AS ({met}),
line AS (
    SELECT DISTINCT m.crowd, m.shop, l.line ->> 'sku' AS sku
    FROM met AS m
    CROSS JOIN LATERAL (
        SELECT f.lines FROM order_facts AS f
        WHERE f.tenant_id = :tenant AND f.source = m.source AND f.id = m.id LIMIT 1
    ) AS o
    CROSS JOIN LATERAL jsonb_array_elements(o.lines) AS l (line)
    WHERE m.tag = '' OR l.line -> 'tags' @> to_jsonb(m.tag)
)
SELECT crowd, count(*) AS skus FROM line GROUP BY crowd
"""
_OF_SKUS = "a.tag, s.shop, s.source, s.id"

_MET = """
    SELECT a.crowd, {columns} FROM asked AS a JOIN passed AS s
        ON s.span = a.span AND s.filter = a.filter AND {whose}
    WHERE CASE a.tag WHEN 'core' THEN s.core WHEN 'vip' THEN s.vip WHEN 'hit' THEN s.hit
        ELSE true END
"""
_WHOSE = (
    "s.shop = a.shop",
    "a.employee <> '' AND s.employee = a.employee",
    "a.shop = '' AND a.employee = ''",
)


async def count_buyers(
    session: ReadSession,
    crowds: Collection[Crowd],
    *,
    firsts: bool,
    changed: Sequence[ChangedFact] = (),
) -> dict[Crowd, CrowdCount]:
    """The distinct buyers of each crowd that has any; excluded orders are no one's.

    Without `firsts` nobody is looked up in the past: new and returning buyers read 0. Changed
    orders count as they would be.
    """
    asked = [crowd for crowd in crowds if crowd.slices]
    if not asked:
        return {}
    twice = any(one.shops and one.employees for crowd in asked for one in crowd.slices)
    met = _met(_OF_BUYERS_ONCE, "UNION") if twice else _met(_OF_BUYERS, "UNION ALL")
    counts = _BUYERS.replace("{met}", met)
    statement, parameters = _statement(counts, asked, changed, session.tenant)
    parameters = {**parameters, "anonymous": False, "firsts": firsts}
    return {
        asked[row.crowd]: CrowdCount(
            orders=row.orders,
            buyers=row.buyers,
            repeat_buyers=row.repeat_buyers,
            new_buyers=row.new_buyers,
            returning_buyers=row.returning_buyers,
            retained_buyers=row.retained_buyers,
        )
        for row in await _hash(session, statement, parameters)
    }


async def count_skus(
    session: ReadSession, crowds: Collection[Crowd], *, changed: Sequence[ChangedFact] = ()
) -> dict[Crowd, int]:
    """The distinct SKUs that each crowd's orders hold, shop by shop."""
    asked = [crowd for crowd in crowds if crowd.slices]
    if not asked:
        return {}
    met = _met(_OF_SKUS, "UNION ALL")
    statement, parameters = _statement(_SKUS.replace("{met}", met), asked, changed, session.tenant)
    rows = await _hash(session, statement, {**parameters, "anonymous": True})
    return {asked[row.crowd]: row.skus for row in rows}


async def _hash(
    session: ReadSession, statement: TextClause, parameters: Mapping[str, Any]
) -> CursorResult[Any]:
    """Ask with joins by hash alone, beside the probes that are written as such.

    Of a new tenant there are no statistics: every part is guessed to be one row, and loops inside
    loops would compare each order with each buyer.
    """
    await session.execute(text("SET LOCAL enable_nestloop = off"))
    rows = await session.execute(statement, parameters)
    await session.execute(text("SET LOCAL enable_nestloop = on"))
    return rows


def _statement(
    counts: str, crowds: list[Crowd], changed: Sequence[ChangedFact], tenant: int
) -> tuple[TextClause, Mapping[str, Any]]:
    filters: dict[tuple[Condition, ...], int] = {}
    rows = [row for number, crowd in enumerate(crowds) for row in _rows(number, crowd, filters)]
    slices = [one for crowd in crowds for one in (*crowd.slices, *crowd.earlier)]
    edges = sorted({day for one in slices for day in (one.start, one.end)})
    orders = [each for each in changed if each.kind is FactKind.ORDERS]
    sales = _SALES.replace("{changed}", _CHANGED if orders else "")
    statement = text(sales + counts).bindparams(
        bindparam("edges", type_=ARRAY(Date)), bindparam("tenant", type_=Integer)
    )
    return statement, {
        "tenant": tenant,
        "edges": edges,
        "first": edges[0],
        "after": edges[-1],
        "asked": json.dumps(rows),
        "conditions": json.dumps(_conditions(filters), ensure_ascii=False),
        "everyone": any(one.shops is None for one in slices),
        **({"changed": json.dumps([_change(each) for each in orders])} if orders else {}),
    }


def _change(order: ChangedFact) -> dict[str, object]:
    """What of an order buyers and SKUs hang on; what it amounts to, they do not."""
    return {
        "source": order.source,
        "id": order.id,
        "exclude": order.change.exclude,
        "salesperson": order.change.salesperson,
    }


def _met(columns: str, union: str) -> str:
    """What each crowd meets: by shop, by employee, or whatever there is."""
    branches = (_MET.replace("{columns}", columns).replace("{whose}", whose) for whose in _WHOSE)
    return union.join(branches)


def _rows(
    number: int, crowd: Crowd, filters: dict[tuple[Condition, ...], int]
) -> list[dict[str, object]]:
    """A row for each shop and each employee of a crowd's slices; one with neither for everyone."""
    assert crowd.tag in TAGS, f"orders do not tell lines tagged {crowd.tag} apart"
    common = {
        "crowd": number,
        "filter": filters.setdefault(crowd.conditions, len(filters)),
        "tag": crowd.tag or "",
        "since": crowd.since.isoformat(),
    }
    return [
        {
            **common,
            "earlier": earlier,
            "first": one.start.isoformat(),
            "after": one.end.isoformat(),
            "shop": shop,
            "employee": employee,
        }
        for earlier, slices in ((False, crowd.slices), (True, crowd.earlier))
        for one in slices
        for shop, employee in _whose(one)
    ]


def _whose(one: Slice) -> list[tuple[str, str]]:
    if one.shops is None and one.employees is None:
        return [("", "")]
    return [
        *((shop, "") for shop in sorted(one.shops or ())),
        *(("", employee) for employee in sorted(one.employees or ())),
    ]


def _conditions(filters: Mapping[tuple[Condition, ...], int]) -> list[dict[str, object]]:
    return [
        {
            "filter": number,
            "dimension": one.dimension,
            "negated": one.negated,
            "held": list(one.values),
        }
        for conditions, number in filters.items()
        for one in conditions
    ]
