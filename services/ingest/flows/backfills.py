"""Days to be read again: asked for as a job, done by whichever worker has the shop."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from services.door.audit import append_entry
from services.door.feeds import read_feed
from services.ingest.core.cursors import stretches_of
from services.ingest.store.cursors import is_pulled, wake_workers
from services.ingest.store.jobs import add_backfill, read_backfills, read_broken_off
from services.schema.db import WriteSession
from services.schema.errors import Conflict, Fault, Invalid, NotFound
from services.schema.ids import IdKind, new_id
from services.schema.shapes.feeds import Backfill
from services.schema.shapes.people import Caller

LONGEST_DAYS = 1100


async def ask_backfill(
    session: WriteSession, feed: str, start: date, end: date, *, caller: Caller, at: datetime
) -> Backfill:
    """Put down which days of a feed are to be read again; the end is exclusive."""
    if end <= start:
        fault = Fault("/to", "period_invalid", "The end lies after the start.")
        raise Invalid("period_invalid", "The days end before they start.", [fault])
    if end - start > timedelta(days=LONGEST_DAYS):
        fault = Fault("/to", "period_too_long", f"At most {LONGEST_DAYS} days are read at once.")
        raise Invalid("period_too_long", fault.detail, [fault])
    await _check_pulled(session, feed)
    return await _add(session, feed, ((start, end),), caller=caller, at=at)


async def ask_gaps(
    session: WriteSession, feed_id: str, *, caller: Caller, at: datetime
) -> Backfill | None:
    """Put down exactly the days that a feed lacks; null where it lacks none."""
    await _check_pulled(session, feed_id)
    feed = await read_feed(session, feed_id, at=at)
    if feed is None or not feed.gaps:
        return None
    return await _add(session, feed_id, stretches_of(feed.gaps), caller=caller, at=at)


async def take_up(
    session: WriteSession,
    feeds: Sequence[str],
    days: tuple[date, date] | None,
    *,
    caller: Caller,
    at: datetime,
) -> list[Backfill]:
    """The backfills that bring some days of feeds, or exactly those that each lacks.

    What is under way is not asked for again. Days that the caller asked for in one go, of which
    something is unfinished, were broken off: they go on as they stand, with what of them is done.
    """
    if days is None:
        return [
            backfill
            for feed in feeds
            for backfill in await _take_up_gaps(session, feed, caller=caller, at=at)
        ]
    begun = await read_broken_off(session, caller.name)
    same = {backfill.feed: backfill for backfill in begun if backfill.spans == (days,)}
    return [
        same.get(feed) or await ask_backfill(session, feed, *days, caller=caller, at=at)
        for feed in feeds
    ]


async def _take_up_gaps(
    session: WriteSession, feed_id: str, *, caller: Caller, at: datetime
) -> list[Backfill]:
    """Whoever is about to read a gap is left to it; the other gaps are asked for."""
    feed = await read_feed(session, feed_id, at=at)
    gaps = feed.gaps if feed else ()
    found = [
        backfill
        for backfill in await read_backfills(session)
        if backfill.feed == feed_id and any(map(backfill.holds, gaps))
    ]
    rest = [day for day in gaps if not any(backfill.holds(day) for backfill in found)]
    if rest:
        found.append(await _add(session, feed_id, stretches_of(rest), caller=caller, at=at))
    return found


async def _check_pulled(session: WriteSession, feed: str) -> None:
    pulled = await is_pulled(session, feed)
    if pulled is None:
        raise NotFound("feed")
    if not pulled:
        raise Conflict("feed_not_pulled", "This feed's source posts to us: let it post again.")


async def _add(
    session: WriteSession,
    feed: str,
    spans: tuple[tuple[date, date], ...],
    *,
    caller: Caller,
    at: datetime,
) -> Backfill:
    backfill = Backfill(new_id(IdKind.JOB), feed, spans)
    await add_backfill(session, backfill, caller=caller.name, at=at)
    await wake_workers(session)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="feed.backfill",
        subject=f"feed:{feed}",
        detail={
            "job": backfill.job,
            "days": [[start.isoformat(), end.isoformat()] for start, end in spans],
        },
    )
    return backfill
