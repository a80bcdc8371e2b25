"""Feeds: what each source has sent of each kind for each shop, on which days, and which days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text

from services.schema.chain import GENESIS
from services.schema.db import ReadSession, WriteSession
from services.schema.ids import IdKind, new_id
from services.schema.words import FactKind

# A pulled feed's success is its connector's to state, and so are its days.
_COUNT = """
WITH arrived AS (
    SELECT n.*, n.applied + n.rejected AS accepted
    FROM unnest($4::text[], $5::text[], $6::text[], $7::date[], $8::bigint[], $9::bigint[])
        AS n (id, shop, source, came_on, applied, rejected)
), counted AS (
    INSERT INTO feeds AS f (
        tenant_id, id, shop, kind, source, lease_token, attempts, last_success,
        accepted, applied, rejected
    )
    SELECT $1, id, shop, $2, source, 0, 0, $3, accepted, applied, rejected FROM arrived
    ORDER BY shop, source
    ON CONFLICT (tenant_id, shop, kind, source) DO UPDATE SET
        accepted = f.accepted + excluded.accepted,
        applied = f.applied + excluded.applied,
        rejected = f.rejected + excluded.rejected,
        last_success = CASE WHEN f.due_at IS NULL THEN excluded.last_success ELSE f.last_success END
    RETURNING f.id, f.shop, f.source
)
INSERT INTO feed_counts AS c (tenant_id, feed, day, accepted, applied, rejected, digest)
SELECT $1, f.id, n.came_on, n.accepted, n.applied, n.rejected, sha256($10::bytea || $11::bytea)
FROM counted AS f JOIN arrived AS n USING (shop, source)
ORDER BY f.id
ON CONFLICT (tenant_id, feed, day) DO UPDATE SET
    accepted = c.accepted + excluded.accepted,
    applied = c.applied + excluded.applied,
    rejected = c.rejected + excluded.rejected,
    digest = CASE WHEN $11::bytea IS NULL THEN c.digest
        ELSE sha256(coalesce(c.digest, $10::bytea) || $11::bytea) END
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
WITH feed AS (
    UPDATE feeds SET accepted = accepted - 1, rejected = rejected - 1
    WHERE tenant_id = :tenant AND shop = :shop AND kind = :kind AND source = :source
    RETURNING id
)
UPDATE feed_counts AS c SET accepted = c.accepted - 1, rejected = c.rejected - 1
FROM feed WHERE c.tenant_id = :tenant AND c.feed = feed.id AND c.day = :came_on
""")


# Another process that puts down the same has the rest; what it has done is not done again.
_TAKE_DIGESTS = text("""
WITH over AS (
    SELECT c.feed, c.day, c.digest, f.shop, f.kind, f.source
    FROM feed_counts AS c
    JOIN feeds AS f ON f.tenant_id = c.tenant_id AND f.id = c.feed
    JOIN tenant_settings AS t ON t.tenant_id = c.tenant_id
    LEFT JOIN shops AS s ON s.tenant_id = f.tenant_id AND s.code = f.shop
    WHERE c.tenant_id = :tenant AND c.digest IS NOT NULL
        AND c.day < (CAST(:at AS timestamptz) AT TIME ZONE coalesce(s.timezone, t.timezone))::date
    ORDER BY c.day, c.feed LIMIT :limit
    FOR UPDATE OF c SKIP LOCKED
), taken AS (
    UPDATE feed_counts AS c SET digest = NULL FROM over AS o
    WHERE c.tenant_id = :tenant AND c.feed = o.feed AND c.day = o.day
    RETURNING c.feed, c.day, c.accepted, c.applied, c.rejected
)
SELECT o.*, c.accepted, c.applied, c.rejected
FROM taken AS c JOIN over AS o USING (feed, day)
ORDER BY o.day, o.feed
""")


_UNCOUNTED = text("""
SELECT id, last_success, accepted - applied - rejected AS waiting FROM feeds
WHERE tenant_id = :tenant AND accepted <> applied + rejected
ORDER BY last_success NULLS FIRST, id LIMIT 1
""")


@dataclass(frozen=True, slots=True)
class Uncounted:
    """A feed of which more, or less, was accepted than was applied and rejected."""

    feed: str
    since: datetime | None
    """Of its last success; null where it never had one."""
    waiting: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """What one batch brought of one feed; the shop is empty where rows name none that is known."""

    shop: str
    source: str
    came_on: date
    """The local day on which they came, or first came where they are tried again."""
    applied: int
    rejected: int
    days: Sequence[date]
    """Those that the rows are of."""


@dataclass(frozen=True, slots=True)
class PulledDay:
    """What was pulled of one feed on one of its days."""

    feed: str
    shop: str
    kind: FactKind
    source: str
    day: date
    accepted: int
    applied: int
    rejected: int
    digest: bytes
    """sha256(the digest so far || the page's) of its pages, one after another from zeros."""


async def count_arrived(
    session: WriteSession,
    kind: FactKind,
    arrived: Sequence[Arrived],
    *,
    at: datetime,
    page_sha256: bytes | None,
) -> None:
    """Add to the counters of feeds, making those that are new.

    The digest of a page that was pulled goes into that of its day.
    """
    driver = await session.driver()
    await driver.execute(
        _COUNT,
        session.tenant,
        kind.value,
        at,
        [new_id(IdKind.FEED) for _ in arrived],
        [each.shop for each in arrived],
        [each.source for each in arrived],
        [each.came_on for each in arrived],
        [each.applied for each in arrived],
        [each.rejected for each in arrived],
        GENESIS,
        page_sha256,
    )
    days = [(each.shop, each.source, day) for each in arrived for day in each.days]
    shops, sources, dates = zip(*days, strict=True) if days else ((), (), ())
    await driver.execute(
        _COUNT_DAYS, session.tenant, kind.value, list(shops), list(sources), list(dates)
    )


async def take_pulled_days(
    session: WriteSession, *, over_by: datetime, limit: int
) -> list[PulledDay]:
    """Days that were over by an instant, the oldest first, each given once."""
    values = {"tenant": session.tenant, "at": over_by, "limit": limit}
    return [
        PulledDay(
            feed=row.feed,
            shop=row.shop,
            kind=FactKind(row.kind),
            source=row.source,
            day=row.day,
            accepted=row.accepted,
            applied=row.applied,
            rejected=row.rejected,
            digest=bytes(row.digest),
        )
        for row in await session.execute(_TAKE_DIGESTS, values)
    ]


async def read_uncounted(session: ReadSession) -> Uncounted | None:
    """The feed whose rows have waited longest; null where all are accounted for."""
    row = (await session.execute(_UNCOUNTED, {"tenant": session.tenant})).one_or_none()
    return None if row is None else Uncounted(row.id, row.last_success, row.waiting)


async def withdraw_rejected(
    session: WriteSession, kind: FactKind, *, shop: str, source: str, came_on: date | None
) -> None:
    """A rejected row is about to be tried again, and will be counted as it then fares."""
    feed = {"kind": kind.value, "shop": shop, "source": source}
    await session.execute(_WITHDRAW, {**feed, "tenant": session.tenant, "came_on": came_on})
