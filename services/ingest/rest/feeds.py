"""Feeds: how much of what each source sends has come, and what is missing."""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import Path, Request, Response
from pydantic import Field

from services.door.feeds import read_feeds
from services.door.pages import LIMIT, Cursor, Limit, Listed, decode_cursor, page_of
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import Code, Day, DecimalText, Instant, Model, PeriodCode
from services.ingest.flows.backfills import ask_backfill, ask_gaps
from services.ingest.store.people import read_tenant
from services.schema.days import parse_period
from services.schema.errors import Conflict, Fault, Invalid
from services.schema.shapes.facts import Feed
from services.schema.words import FactKind, JobStatus

router = new_router()


class FeedDocument(Model):
    """What one source sends of one kind for one shop."""

    id: str
    shop: str | None
    """Null for what belongs to no shop, and for rows that name none that is known."""
    kind: FactKind
    source: str | None
    last_success: Instant | None
    cursor: str | None
    """Up to when the source has been read; null where it posts to us."""
    lag_seconds: int | None
    """Since the cursor, or since the last batch."""
    maturity_seconds: int
    """How long after its end a day may still fill in: so long scores that hang on it are
    provisional."""
    problem: str | None
    """Why it could not be read the last time it was tried; null where all is well."""
    gaps: list[Day]
    """Days that are owed and did not come, of the last 400: of a pulled feed those until yesterday
    that were not read; of a source that posts those until its last day that it did not state, of
    what is stated daily (traffic, stock). Of other kinds it owes no rows."""
    accepted: int
    """Applied, rejected and waiting together."""
    applied: int
    rejected: int
    waiting: int

    @classmethod
    def from_shape(cls, feed: Feed, at: datetime) -> "FeedDocument":
        return cls(
            id=feed.id,
            shop=feed.shop or None,
            kind=feed.kind,
            source=feed.source or None,
            last_success=feed.last_success,
            cursor=feed.cursor,
            lag_seconds=feed.lag_seconds(at),
            maturity_seconds=feed.maturity_seconds,
            problem=feed.problem,
            gaps=list(feed.gaps),
            accepted=feed.accepted,
            applied=feed.applied,
            rejected=feed.rejected,
            waiting=feed.waiting,
        )


class WantedDays(Model):
    """Local days of the shop, the end is exclusive; or the feed's gaps, each day that it lacks."""

    start: Annotated[Day | None, Field(alias="from")] = None
    end: Annotated[Day | None, Field(alias="to")] = None
    gaps: bool = False

    def span(self) -> tuple[date, date] | None:
        """The days that are named; null where the gaps are wanted."""
        if self.gaps:
            if self.start is not None or self.end is not None:
                fault = Fault("/gaps", "days_and_gaps", "Name days, or ask for the gaps.")
                raise Invalid("days_and_gaps", fault.detail, [fault])
            return None
        if self.start is None or self.end is None:
            place = "/from" if self.start is None else "/to"
            fault = Fault(place, "missing", "Both days are named, or `gaps` is true.")
            raise Invalid("days_missing", fault.detail, [fault])
        return self.start, self.end


class JobDocument(Model):
    """Work that goes on after the answer; its address is in `Location`."""

    status: JobStatus
    progress: DecimalText
    result: None


@router.get("/v1/feeds")
async def list_feeds(
    request: Request,
    session: Reading,
    shop: Code | None = None,
    kind: FactKind | None = None,
    period: PeriodCode | None = None,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
) -> Listed[FeedDocument]:
    """Feeds by shop, kind and source; those that post to us too.

    With `period` (`2026-10`, a day, or `2026-10-05/2026-10-12`) they count the rows that came in
    it, by the local days of their shops, and what has become of them by now: `accepted` is
    `applied`, `rejected` and `waiting` together in every period, and days add up to any longer one.
    A row tried again stays on the day it first came. Without it, all that ever came is counted.
    """
    at = datetime.now(UTC)
    days = None
    if period is not None:
        days = parse_period(period, (await read_tenant(session)).calendar)
    feeds, total = await read_feeds(
        session,
        at=at,
        shop=shop,
        kind=kind,
        period=days,
        after=decode_cursor(request, cursor, 3),
        limit=limit + 1,
    )
    return page_of(
        request,
        feeds,
        limit=limit,
        total=total,
        key=lambda feed: [feed.shop, feed.kind.value, feed.source],
        document=lambda feed: FeedDocument.from_shape(feed, at),
    )


@router.post("/v1/feeds/{id}/backfill", status_code=202)
async def backfill_feed(
    id: Annotated[str, Path(max_length=64)],
    wanted: WantedDays,
    response: Response,
    caller: Asking,
    session: Writing,
) -> JobDocument:
    """Read some days again from the marketplace, or those that are missing; exactly those.

    The feed's cursor stays. A feed that lacks nothing is 409 `no_gaps`.
    """
    span, at = wanted.span(), datetime.now(UTC)
    backfill = (
        await ask_gaps(session, id, caller=caller, at=at)
        if span is None
        else await ask_backfill(session, id, *span, caller=caller, at=at)
    )
    if backfill is None:
        raise Conflict("no_gaps", "This feed lacks no day.")
    response.headers["Location"] = f"/v1/jobs/{backfill.job}"
    return JobDocument(status=JobStatus.RUNNING, progress="0", result=None)
