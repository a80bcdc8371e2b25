"""Feeds as both services show them: ingest over REST, the api in its graph."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

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
SELECT f.*, ARRAY(
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
ORDER BY f.shop, f.kind, f.source
""")


_FIXED = {"gap_days": GAP_DAYS, "stated_daily": [kind.value for kind in STATED_DAILY]}


async def read_feeds(
    session: ReadSession,
    *,
    at: datetime,
    shop: str | None,
    kind: FactKind | None,
    after: Sequence[str] | None,
    limit: int,
) -> tuple[list[Feed], int]:
    """A page of feeds by shop, kind and source, and how many there are in all."""
    where = {"tenant": session.tenant, "shop": shop, "kind": kind.value if kind else None}
    total = await session.scalar(_TOTAL, where)
    after_shop, after_kind, after_source = after or (None, None, None)
    place = {"after_shop": after_shop, "after_kind": after_kind, "after_source": after_source}
    return await _read(session, {**where, **place, "feed": None, "limit": limit, "at": at}), total


async def read_feed(session: ReadSession, feed: str, *, at: datetime) -> Feed | None:
    """A feed by its id."""
    anywhere = dict.fromkeys(("shop", "kind", "after_shop", "after_kind", "after_source"))
    values = {**anywhere, "tenant": session.tenant, "feed": feed, "limit": 1, "at": at}
    found = await _read(session, values)
    return found[0] if found else None


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
        accepted=row.accepted,
        applied=row.applied,
        rejected=row.rejected,
        waiting=row.accepted - row.applied - row.rejected,
        gaps=tuple(row.gaps),
        maturity_seconds=row.maturity_seconds,
        problem=row.problem,
    )
