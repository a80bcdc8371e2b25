"""Feeds as both services show them: ingest over REST, the api in its graph."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from services.schema.days import Period
from services.schema.db import ReadSession
from services.schema.shapes.facts import Feed
from services.schema.words import FactKind

GAP_DAYS = 400
"""How far back the gaps of a feed are looked for."""
STATED_DAILY = (FactKind.TRAFFIC, FactKind.STOCK)
"""What a source that posts to us states of every day; of the rest it tells what there was, and a
day without rows is a day on which nothing happened."""

_TOTAL = text("""
SELECT count(*) FROM feeds
WHERE tenant_id = :tenant
    AND (CAST(:shop AS text) IS NULL OR shop = :shop)
    AND (CAST(:kind AS text) IS NULL OR kind = :kind)
""")
# A pulled feed is wanted up to yesterday, one that posts to us up to its last day, and only if it
# states every day: nothing promises a row of any other.
_READ = text("""
WITH page AS (
    SELECT * FROM feeds
    WHERE tenant_id = :tenant
        AND (CAST(:shop AS text) IS NULL OR shop = :shop)
        AND (CAST(:kind AS text) IS NULL OR kind = :kind)
        AND (CAST(:feed AS text) IS NULL OR id = :feed)
        AND (CAST(:after_shop AS text) IS NULL
            OR (shop, kind, source) > (:after_shop, :after_kind, :after_source))
    ORDER BY shop, kind, source
    LIMIT :limit
)
SELECT f.*, CASE WHEN :whole THEN f.accepted ELSE p.accepted END AS came,
    CASE WHEN :whole THEN f.applied ELSE p.applied END AS counted,
    CASE WHEN :whole THEN f.rejected ELSE p.rejected END AS refused, ARRAY(
    SELECT d::date FROM generate_series(
        greatest(h.first_day, h.last_wanted - CAST(:gap_days AS integer)), h.last_wanted,
        interval '1 day'
    ) AS d
    WHERE h.first_day IS NOT NULL AND NOT EXISTS (
        SELECT FROM feed_days AS x
        WHERE x.tenant_id = f.tenant_id AND x.feed = f.id AND x.day = d::date
    )
    ORDER BY d
) AS gaps
FROM page AS f
LEFT JOIN shops AS s ON s.tenant_id = f.tenant_id AND s.code = f.shop
CROSS JOIN LATERAL (
    SELECT min(x.day) AS first_day, CASE
        WHEN f.due_at IS NULL THEN max(x.day) FILTER (WHERE f.kind = ANY(:stated_daily))
        ELSE (CAST(:at AS timestamptz) AT TIME ZONE coalesce(s.timezone, 'UTC'))::date - 1
    END AS last_wanted
    FROM feed_days AS x WHERE x.tenant_id = f.tenant_id AND x.feed = f.id
) AS h
CROSS JOIN LATERAL (
    SELECT coalesce(sum(c.accepted), 0)::bigint AS accepted,
        coalesce(sum(c.applied), 0)::bigint AS applied,
        coalesce(sum(c.rejected), 0)::bigint AS rejected
    FROM feed_counts AS c
    WHERE c.tenant_id = f.tenant_id AND c.feed = f.id
        AND c.day >= CAST(:start AS date) AND c.day < CAST(:end AS date)
) AS p
ORDER BY f.shop, f.kind, f.source
""")


_FIXED = {"gap_days": GAP_DAYS, "stated_daily": [kind.value for kind in STATED_DAILY]}


async def read_feeds(
    session: ReadSession,
    *,
    at: datetime,
    shop: str | None,
    kind: FactKind | None,
    period: Period | None,
    after: Sequence[str] | None,
    limit: int,
) -> tuple[list[Feed], int]:
    """A page of feeds by shop, kind and source, and how many there are in all.

    With a period they count the rows that came in it, by the local days of their shops, as they
    stand now; without one all that ever came.
    """
    where = {"tenant": session.tenant, "shop": shop, "kind": kind.value if kind else None}
    total = await session.scalar(_TOTAL, where)
    after_shop, after_kind, after_source = after or (None, None, None)
    place = {"after_shop": after_shop, "after_kind": after_kind, "after_source": after_source}
    page = {**where, **place, **_of(period), "feed": None, "limit": limit, "at": at}
    return await _read(session, page), total


async def read_feed(session: ReadSession, feed: str, *, at: datetime) -> Feed | None:
    """A feed by its id."""
    anywhere = dict.fromkeys(("shop", "kind", "after_shop", "after_kind", "after_source"))
    only = {**anywhere, **_of(None), "tenant": session.tenant, "feed": feed, "limit": 1, "at": at}
    found = await _read(session, only)
    return found[0] if found else None


def _of(period: Period | None) -> dict[str, object]:
    if period is None:
        return {"whole": True, "start": None, "end": None}
    return {"whole": False, "start": period.start, "end": period.end}


async def _read(session: ReadSession, values: Mapping[str, object]) -> list[Feed]:
    rows = await session.execute(_READ, {**values, **_FIXED})
    return [_feed_from_row(row) for row in rows]


def _feed_from_row(row: Row[Any]) -> Feed:
    """Nothing waits: what is accepted is applied or rejected in the same transaction."""
    return Feed(
        id=row.id,
        shop=row.shop,
        kind=FactKind(row.kind),
        source=row.source,
        last_success=row.last_success,
        cursor=row.cursor.isoformat() if row.cursor else None,
        accepted=row.came,
        applied=row.counted,
        rejected=row.refused,
        waiting=row.came - row.counted - row.refused,
        gaps=tuple(row.gaps),
        maturity_seconds=row.maturity_seconds,
        problem=row.problem,
    )
