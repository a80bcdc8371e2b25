"""Feeds: what each source has sent of each kind for each shop, and the days it has sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, text

from services.schema.db import ReadSession, WriteSession
from services.schema.ids import IdKind, new_id
from services.schema.shapes.facts import Feed
from services.schema.words import FactKind

GAP_DAYS = 400
"""How far back the gaps of a feed are looked for."""

# A pulled feed's success is its connector's to state, and so are its days.
_COUNT = """
INSERT INTO feeds AS f (
    tenant_id, id, shop, kind, source, lease_token, attempts, last_success,
    accepted, applied, rejected
)
SELECT $1, n.id, n.shop, $2, n.source, 0, 0, $3, n.applied + n.rejected, n.applied, n.rejected
FROM unnest($4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[])
    AS n (id, shop, source, applied, rejected)
ORDER BY n.shop, n.source
ON CONFLICT (tenant_id, shop, kind, source) DO UPDATE SET
    accepted = f.accepted + excluded.accepted,
    applied = f.applied + excluded.applied,
    rejected = f.rejected + excluded.rejected,
    last_success = CASE WHEN f.due_at IS NULL THEN excluded.last_success ELSE f.last_success END
"""
_COUNT_DAYS = """
INSERT INTO feed_days (tenant_id, feed, day)
SELECT f.tenant_id, f.id, n.day
FROM unnest($3::text[], $4::text[], $5::date[]) AS n (shop, source, day)
JOIN feeds AS f
    ON f.tenant_id = $1 AND f.kind = $2 AND f.shop = n.shop AND f.source = n.source
WHERE f.due_at IS NULL
ORDER BY f.id, n.day
ON CONFLICT DO NOTHING
"""
_WITHDRAW = text("""
UPDATE feeds SET accepted = accepted - 1, rejected = rejected - 1
WHERE tenant_id = :tenant AND shop = :shop AND kind = :kind AND source = :source
""")
_TOTAL = text("""
SELECT count(*) FROM feeds
WHERE tenant_id = :tenant
    AND (CAST(:shop AS text) IS NULL OR shop = :shop)
    AND (CAST(:kind AS text) IS NULL OR kind = :kind)
""")
# A pulled feed is wanted up to yesterday, one that posts to us up to its last day.
_READ = text("""
WITH page AS (
    SELECT * FROM feeds
    WHERE tenant_id = :tenant
        AND (CAST(:shop AS text) IS NULL OR shop = :shop)
        AND (CAST(:kind AS text) IS NULL OR kind = :kind)
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
    WHERE NOT EXISTS (
        SELECT FROM feed_days AS x
        WHERE x.tenant_id = f.tenant_id AND x.feed = f.id AND x.day = d::date
    )
    ORDER BY d
) AS gaps
FROM page AS f
LEFT JOIN shops AS s ON s.tenant_id = f.tenant_id AND s.code = f.shop
CROSS JOIN LATERAL (
    SELECT min(x.day) AS first_day, CASE
        WHEN f.due_at IS NULL THEN max(x.day)
        ELSE (CAST(:at AS timestamptz) AT TIME ZONE coalesce(s.timezone, 'UTC'))::date - 1
    END AS last_wanted
    FROM feed_days AS x WHERE x.tenant_id = f.tenant_id AND x.feed = f.id
) AS h
ORDER BY f.shop, f.kind, f.source
""")


@dataclass(frozen=True, slots=True)
class Arrived:
    """What one batch brought of one feed; the shop is empty where rows name none that is known."""

    shop: str
    source: str
    applied: int
    rejected: int
    days: Sequence[date]


async def count_arrived(
    session: WriteSession, kind: FactKind, arrived: Sequence[Arrived], *, at: datetime
) -> None:
    """Add to the counters of feeds, making those that are new."""
    driver = await session.driver()
    await driver.execute(
        _COUNT,
        session.tenant,
        kind.value,
        at,
        [new_id(IdKind.FEED) for _ in arrived],
        [each.shop for each in arrived],
        [each.source for each in arrived],
        [each.applied for each in arrived],
        [each.rejected for each in arrived],
    )
    days = [(each.shop, each.source, day) for each in arrived for day in each.days]
    shops, sources, dates = zip(*days, strict=True) if days else ((), (), ())
    await driver.execute(
        _COUNT_DAYS, session.tenant, kind.value, list(shops), list(sources), list(dates)
    )


async def withdraw_rejected(
    session: WriteSession, kind: FactKind, *, shop: str, source: str
) -> None:
    """A rejected row is about to be tried again, and will be counted as it then fares."""
    parameters = {"tenant": session.tenant, "kind": kind.value, "shop": shop, "source": source}
    await session.execute(_WITHDRAW, parameters)


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
    rows = await session.execute(
        _READ,
        {
            **where,
            "after_shop": after_shop,
            "after_kind": after_kind,
            "after_source": after_source,
            "limit": limit,
            "at": at,
            "gap_days": GAP_DAYS,
        },
    )
    return [_feed_from_row(row) for row in rows], int(total)


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
    )
