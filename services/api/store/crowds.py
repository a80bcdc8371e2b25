"""Distinct buyers and SKUs, counted exactly from the orders: one statement for all crowds."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Date, Integer, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from services.schema.db import ReadSession
from services.schema.shapes.indicators import Slice
from services.schema.shapes.measures import Condition, Crowd, CrowdCount

TAGS = frozenset({None, "core", "vip", "hit"})
"""Of order lines: those by which crowds can be narrowed."""

# Days are numbered by the edges of all crowds, so that orders and crowds meet by equality: shop, or
# employee, and number of days. Filters are tried once for each shop, channel and campaign that
# occur. With UNION an order that a crowd reaches by its shop and by its employee is there once.
_HELD = """
WITH edge AS (
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
),
met AS (
    SELECT a.crowd, a.filter, a.tag, a.since, a.earlier, s.*
    FROM asked AS a JOIN sale AS s ON s.span = a.span AND s.shop = a.shop
    UNION {all}
    SELECT a.crowd, a.filter, a.tag, a.since, a.earlier, s.*
    FROM asked AS a JOIN sale AS s ON s.span = a.span AND s.employee = a.employee
    WHERE a.employee <> ''
    UNION {all}
    SELECT a.crowd, a.filter, a.tag, a.since, a.earlier, s.*
    FROM asked AS a JOIN sale AS s ON s.span = a.span
    WHERE a.shop = '' AND a.employee = ''
),
held AS (
    SELECT met.*
    FROM met
    JOIN passing AS p ON p.filter = met.filter AND p.shop = met.shop
        AND p.channel = met.channel AND p.campaign = met.campaign
    WHERE CASE met.tag WHEN 'core' THEN met.core WHEN 'vip' THEN met.vip WHEN 'hit' THEN met.hit
        ELSE true END
)
"""

# A buyer's first order ever is found by the index on buyers; it need not be of this period. Looked
# up for each order held, not joined: without statistics of a new tenant a join of the buyers found
# would compare each with each.
_BUYERS = """,
buyer AS (
    SELECT h.crowd, h.buyer,
        count(*) FILTER (WHERE NOT h.earlier) AS orders,
        bool_or(NOT h.earlier AND f.source = h.source AND f.id = h.id) AS is_new,
        bool_or(f.paid_on < h.since) AS has_returned,
        bool_or(h.earlier) AS is_retained
    FROM held AS h
    LEFT JOIN LATERAL (
        SELECT o.source, o.id, o.paid_on FROM order_facts AS o
        WHERE :firsts AND o.tenant_id = :tenant AND o.buyer = h.buyer
            AND o.exclusion IS NULL AND o.paid_on IS NOT NULL
        ORDER BY o.paid_on, o.paid_at, o.source, o.id LIMIT 1
    ) AS f ON true
    GROUP BY h.crowd, h.buyer
)
SELECT crowd, sum(orders)::bigint AS orders, count(*) AS buyers,
    count(*) FILTER (WHERE orders > 1) AS repeat_buyers,
    count(*) FILTER (WHERE is_new) AS new_buyers,
    count(*) FILTER (WHERE has_returned) AS returning_buyers,
    count(*) FILTER (WHERE is_retained) AS retained_buyers
FROM buyer WHERE orders > 0 GROUP BY crowd
"""

_SKUS = """,
line AS (
    SELECT DISTINCT h.crowd, h.shop, l.line ->> 'sku' AS sku
    FROM held AS h
    JOIN order_facts AS o ON o.tenant_id = :tenant AND o.source = h.source AND o.id = h.id
    CROSS JOIN LATERAL jsonb_array_elements(o.lines) AS l (line)
    WHERE h.tag = '' OR l.line -> 'tags' @> to_jsonb(h.tag)
)
SELECT crowd, count(*) AS skus FROM line GROUP BY crowd
"""


async def count_buyers(
    session: ReadSession, crowds: Collection[Crowd], *, firsts: bool
) -> dict[Crowd, CrowdCount]:
    """The distinct buyers of each crowd that has any; excluded orders are no one's.

    Without `firsts` nobody is looked up in the past: new and returning buyers read 0.
    """
    asked = [crowd for crowd in crowds if crowd.slices]
    if not asked:
        return {}
    statement, parameters = _statement(_BUYERS, asked, session.tenant)
    rows = await session.execute(statement, {**parameters, "anonymous": False, "firsts": firsts})
    return {
        asked[row.crowd]: CrowdCount(
            orders=row.orders,
            buyers=row.buyers,
            repeat_buyers=row.repeat_buyers,
            new_buyers=row.new_buyers,
            returning_buyers=row.returning_buyers,
            retained_buyers=row.retained_buyers,
        )
        for row in rows
    }


async def count_skus(session: ReadSession, crowds: Collection[Crowd]) -> dict[Crowd, int]:
    """The distinct SKUs that each crowd's orders hold, shop by shop."""
    asked = [crowd for crowd in crowds if crowd.slices]
    if not asked:
        return {}
    statement, parameters = _statement(_SKUS, asked, session.tenant)
    rows = await session.execute(statement, {**parameters, "anonymous": True})
    return {asked[row.crowd]: row.skus for row in rows}


def _statement(
    counts: str, crowds: list[Crowd], tenant: int
) -> tuple[TextClause, Mapping[str, Any]]:
    filters: dict[tuple[Condition, ...], int] = {}
    rows = [row for number, crowd in enumerate(crowds) for row in _rows(number, crowd, filters)]
    slices = [one for crowd in crowds for one in (*crowd.slices, *crowd.earlier)]
    edges = sorted({day for one in slices for day in (one.start, one.end)})
    twice = any(one.shops and one.employees for one in slices)
    sql = _HELD.replace("{all}", "" if twice else "ALL") + counts
    statement = text(sql).bindparams(
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
    }


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
