"""Which days of which feeds have come, for the scores that hang on them."""

from collections.abc import Collection
from datetime import date, timedelta

from sqlalchemy import text

from services.schema.db import ReadSession
from services.schema.shapes.coverage import FeedDays
from services.schema.words import FactKind

# A source that posts to us is heard of on a day when it posted anything for the shop.
_READ = text("""
SELECT f.id, f.shop, f.kind, f.source, f.due_at IS NOT NULL AS is_pulled, f.maturity_seconds,
    coalesce(s.timezone, 'UTC') AS timezone, h.first_day, h.last_day, h.days
FROM feeds AS f
LEFT JOIN shops AS s ON s.tenant_id = f.tenant_id AND s.code = f.shop
CROSS JOIN LATERAL (
    SELECT min(x.day) FILTER (WHERE x.feed = f.id) AS first_day, max(x.day) AS last_day,
        array_agg(DISTINCT x.day) FILTER (WHERE x.day >= :start AND x.day < :end) AS days
    FROM feed_days AS x
    WHERE x.tenant_id = f.tenant_id AND x.feed IN (
        SELECT o.id FROM feeds AS o
        WHERE o.tenant_id = f.tenant_id AND o.shop = f.shop AND o.source = f.source
            AND (o.id = f.id OR f.due_at IS NULL)
    )
) AS h
WHERE f.tenant_id = :tenant AND f.shop <> '' AND f.kind = ANY(:kinds)
ORDER BY f.shop, f.kind, f.source
""")


async def read_feed_days(
    session: ReadSession, kinds: Collection[FactKind], *, start: date, end: date
) -> list[FeedDays]:
    """Every shop's feeds of some kinds, and which of some days have come; the end is exclusive."""
    values = {
        "tenant": session.tenant,
        "kinds": sorted(kind.value for kind in kinds),
        "start": start,
        "end": end,
    }
    return [
        FeedDays(
            feed=row.id,
            shop=row.shop,
            kind=FactKind(row.kind),
            source=row.source,
            is_pulled=row.is_pulled,
            timezone=row.timezone,
            maturity=timedelta(seconds=row.maturity_seconds),
            first=row.first_day,
            last=row.last_day,
            days=frozenset(row.days or ()),
        )
        for row in await session.execute(_READ, values)
    ]
