"""Who reads which feed, up to where, and when next: leases with a number that only grows."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, TextClause, func, select, text
from sqlalchemy.dialects.postgresql import insert

from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Conflict
from services.schema.ids import IdKind, new_id
from services.schema.shapes.feeds import Lease, Stream
from services.schema.tables.feeds import feed_days, feeds
from services.schema.words import FactKind

CHANNEL = "kaohe_due"
"""Notified with a tenant's number when one of its feeds has become due."""

# `due_at` decides. A worker that died lets go when its lease ends; one that sleeps past its lease
# finds the token raised. One shop has one worker, so that its rows come in their order.
_CLAIM_DUE = text("""
UPDATE feeds SET lease_token = lease_token + 1, lease_until = :until, attempts = attempts + 1
WHERE tenant_id = :tenant AND id = (
    SELECT f.id FROM feeds AS f
    WHERE f.tenant_id = :tenant AND f.due_at <= :at AND f.shop = ANY(:shops)
        AND (f.lease_until IS NULL OR f.lease_until <= :at)
        AND NOT EXISTS (
            SELECT FROM feeds AS o
            WHERE o.tenant_id = f.tenant_id AND o.shop = f.shop AND o.lease_until > :at
        )
    ORDER BY f.due_at, f.kind, f.id
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING id, shop, kind, source, lease_token, lease_until, cursor, attempts
""")
_CLAIM = text("""
UPDATE feeds SET lease_token = lease_token + 1, lease_until = :until, attempts = attempts + 1
WHERE tenant_id = :tenant AND id = :feed AND due_at IS NOT NULL AND shop = ANY(:shops)
    AND (lease_until IS NULL OR lease_until <= :at)
RETURNING id, shop, kind, source, lease_token, lease_until, cursor, attempts
""")
_RENEW = text("""
UPDATE feeds SET lease_until = :until
WHERE tenant_id = :tenant AND id = :feed AND lease_token = :token
""")
_ADVANCE = text("""
UPDATE feeds SET
    cursor = greatest(cursor, :cursor), last_success = :at, problem = NULL, attempts = 0,
    lease_until = :until
WHERE tenant_id = :tenant AND id = :feed AND lease_token = :token
""")
_RELEASE = text("""
UPDATE feeds SET lease_until = NULL, due_at = :due_at, problem = :problem
WHERE tenant_id = :tenant AND id = :feed AND lease_token = :token
""")
_REST = text("""
UPDATE feeds SET due_at = greatest(due_at, :due_at), problem = :problem
WHERE tenant_id = :tenant AND shop = :shop AND source = :source AND due_at IS NOT NULL
""")
_HURRY = text("""
UPDATE feeds SET due_at = :at
WHERE tenant_id = :tenant AND shop = ANY(:shops) AND problem IS NOT NULL AND due_at > :at
""")
_KNOCK = text("""
UPDATE feeds SET due_at = :at
WHERE tenant_id = :tenant AND shop = :shop AND due_at > :at AND problem IS NULL
""")
# Whoever has one feed of a shop has the shop: `greatest` passes over a shop that nobody has.
_NEXT_DUE = text("""
SELECT min(greatest(f.due_at, (
    SELECT max(o.lease_until) FROM feeds AS o WHERE o.tenant_id = f.tenant_id AND o.shop = f.shop
)))
FROM feeds AS f
WHERE f.tenant_id = :tenant AND f.shop = ANY(:shops) AND f.due_at <= :by
""")
_PULLED = text("""
SELECT id, kind FROM feeds
WHERE tenant_id = :tenant AND shop = ANY(:shops) AND due_at IS NOT NULL ORDER BY id
""")


class StaleLease(Conflict):
    """Another worker has the feed by now: nothing of this one's may be written."""

    def __init__(self, feed: str) -> None:
        super().__init__("stale_lease", f"The lease of {feed} is another worker's by now.")


async def read_kinds_of_others(
    session: ReadSession, *, shop: str, source: str
) -> frozenset[FactKind]:
    """Kinds of facts that other sources have stated of a shop, and this one has no feed of."""
    statement = select(feeds.c.kind, feeds.c.source, feeds.c.applied).where(
        feeds.c.tenant_id == session.tenant, feeds.c.shop == shop
    )
    rows = list(await session.execute(statement))
    own = {row.kind for row in rows if row.source == source}
    others = {row.kind for row in rows if row.source != source and row.applied}
    return frozenset(FactKind(kind) for kind in others - own)


async def ensure_feeds(
    session: WriteSession,
    *,
    shop: str,
    source: str,
    streams: Mapping[FactKind, Stream],
    at: datetime,
) -> None:
    """Put a shop's feeds on the schedule, unless they are on it; their maturity is told anew."""
    statement = insert(feeds).values(
        [
            {
                "tenant_id": session.tenant,
                "id": new_id(IdKind.FEED),
                "shop": shop,
                "kind": kind.value,
                "source": source,
                "due_at": at,
                "lease_token": 0,
                "attempts": 0,
                "maturity_seconds": int(streams[kind].maturity.total_seconds()),
                "accepted": 0,
                "applied": 0,
                "rejected": 0,
            }
            for kind in sorted(streams)
        ]
    )
    on_schedule = statement.on_conflict_do_update(
        index_elements=["tenant_id", "shop", "kind", "source"],
        set_={
            "due_at": func.coalesce(feeds.c.due_at, statement.excluded.due_at),
            "maturity_seconds": statement.excluded.maturity_seconds,
        },
        where=feeds.c.due_at.is_(None)
        | (feeds.c.maturity_seconds != statement.excluded.maturity_seconds),
    )
    await session.execute(on_schedule)


async def claim_due(
    session: WriteSession, *, shops: Sequence[str], at: datetime, until: datetime
) -> Lease | None:
    """The right to read the feed that has been due longest, of some shops."""
    parameters = {"tenant": session.tenant, "shops": list(shops), "at": at, "until": until}
    row = (await session.execute(_CLAIM_DUE, parameters)).one_or_none()
    return None if row is None else _lease_from_row(row)


async def claim_feed(
    session: WriteSession, feed: str, *, shops: Sequence[str], at: datetime, until: datetime
) -> Lease | None:
    """The right to read one feed of some shops, unless somebody has it."""
    parameters = {"tenant": session.tenant, "feed": feed, "shops": list(shops)}
    row = (await session.execute(_CLAIM, {**parameters, "at": at, "until": until})).one_or_none()
    return None if row is None else _lease_from_row(row)


async def renew(session: WriteSession, lease: Lease, *, until: datetime) -> None:
    """Keep a feed for longer; raises StaleLease."""
    await _write(session, lease, _RENEW, until=until)


async def advance(
    session: WriteSession, lease: Lease, *, cursor: datetime | None, at: datetime, until: datetime
) -> None:
    """State that all before the cursor is stored, in the transaction that stores it.

    Without a cursor only success is stated. Raises StaleLease, which undoes the transaction.
    """
    await _write(session, lease, _ADVANCE, cursor=cursor, at=at, until=until)


async def release(
    session: WriteSession, lease: Lease, *, due_at: datetime, problem: str | None
) -> None:
    """Give a feed back, and say when it is due again; raises StaleLease."""
    await _write(session, lease, _RELEASE, due_at=due_at, problem=problem)


async def rest_shop(session: WriteSession, lease: Lease, *, due_at: datetime, problem: str) -> None:
    """Let all feeds of a lease's shop and source rest until an instant, for what stops them all."""
    where = {"tenant": session.tenant, "shop": lease.shop, "source": lease.source}
    await session.execute(_REST, {**where, "due_at": due_at, "problem": problem})


async def hurry(session: WriteSession, *, shops: Sequence[str], at: datetime) -> None:
    """Let feeds with a problem be tried at once: somebody may have solved it."""
    await session.execute(_HURRY, {"tenant": session.tenant, "shops": list(shops), "at": at})


async def make_shop_due(session: WriteSession, shop: str, *, at: datetime) -> None:
    """Let a shop's feeds be read at an instant, if not before; those that rest go on resting."""
    await session.execute(_KNOCK, {"tenant": session.tenant, "shop": shop, "at": at})


async def next_due(session: ReadSession, *, shops: Sequence[str], by: datetime) -> datetime | None:
    """When the first of some shops' feeds that are due by an instant can be claimed."""
    parameters = {"tenant": session.tenant, "shops": list(shops), "by": by}
    found: datetime | None = await session.scalar(_NEXT_DUE, parameters)
    return found


async def read_pulled(session: ReadSession, *, shops: Sequence[str]) -> dict[str, FactKind]:
    """The feeds of some shops that are on the schedule, and of what kind each is."""
    parameters = {"tenant": session.tenant, "shops": list(shops)}
    found = await session.execute(_PULLED, parameters)
    return {row.id: FactKind(row.kind) for row in found}


async def add_days(session: WriteSession, feed: str, days: Sequence[date]) -> None:
    """Note the local days of a feed that have been read whole."""
    if days:
        rows = [{"tenant_id": session.tenant, "feed": feed, "day": day} for day in days]
        await session.execute(insert(feed_days).values(rows).on_conflict_do_nothing())


async def is_pulled(session: ReadSession, feed: str) -> bool | None:
    """Whether a feed is on the schedule, or posts to us; null where there is none."""
    statement = select(feeds.c.due_at.is_not(None)).where(
        feeds.c.tenant_id == session.tenant, feeds.c.id == feed
    )
    found: bool | None = await session.scalar(statement)
    return found


async def wake_workers(session: WriteSession) -> None:
    """Let a waiting worker look, once this transaction is committed; the schedule decides."""
    await session.execute(
        text("SELECT pg_notify(:channel, :tenant)"),
        {"channel": CHANNEL, "tenant": str(session.tenant)},
    )


async def _write(
    session: WriteSession, lease: Lease, statement: TextClause, **values: object
) -> None:
    where = {"tenant": session.tenant, "feed": lease.feed, "token": lease.token}
    result = await session.execute(statement, {**where, **values})
    if result.rowcount != 1:
        raise StaleLease(lease.feed)


def _lease_from_row(row: Row[Any]) -> Lease:
    return Lease(
        feed=row.id,
        shop=row.shop,
        kind=FactKind(row.kind),
        source=row.source,
        token=row.lease_token,
        until=row.lease_until,
        cursor=row.cursor,
        attempts=row.attempts,
    )
