"""Graph of feeds: how much of what each source sends has come, and what is missing."""

from datetime import datetime
from typing import Annotated

import strawberry

from services.api.graph.context import Asked, GraphContext
from services.api.graph.nodes import Node
from services.api.graph.pages import USUAL, After, Connection, First, listing
from services.api.graph.scalars import DayText, InstantText, day_text, instant_text
from services.door.feeds import read_feed, read_feeds
from services.schema.days import parse_period
from services.schema.shapes import facts as shapes
from services.schema.words import FactKind

OfPeriod = Annotated[
    str | None,
    strawberry.argument(
        description="Count the rows that came in it, not all that ever came; their shop's days."
    ),
]


@strawberry.type(description="What one source sends of one kind for one shop.")
class Feed(Node):
    shop: str | None
    kind: FactKind
    source: str | None
    last_success: InstantText | None
    cursor: str | None = strawberry.field(description="Up to when the source has been read.")
    lag_seconds: int | None = strawberry.field(
        description="Since the cursor, or since the last batch."
    )
    maturity_seconds: int = strawberry.field(
        description="How long after its end a day may still fill in."
    )
    problem: str | None = strawberry.field(
        description="Why it could not be read the last time it was tried."
    )
    gaps: list[DayText] = strawberry.field(
        description="Days that are owed and did not come, of the last 400."
    )
    accepted: int
    applied: int
    rejected: int
    waiting: int

    @classmethod
    def from_shape(cls, feed: shapes.Feed, at: datetime) -> "Feed":
        last = feed.last_success
        return cls(
            id=strawberry.ID(feed.id),
            shop=feed.shop or None,
            kind=feed.kind,
            source=feed.source or None,
            last_success=instant_text(last) if last else None,
            cursor=feed.cursor,
            lag_seconds=feed.lag_seconds(at),
            maturity_seconds=feed.maturity_seconds,
            problem=feed.problem,
            gaps=[day_text(day) for day in feed.gaps],
            accepted=feed.accepted,
            applied=feed.applied,
            rejected=feed.rejected,
            waiting=feed.waiting,
        )


async def feeds(
    info: Asked,
    *,
    shop: str | None = None,
    kind: FactKind | None = None,
    period: OfPeriod = None,
    first: First = USUAL,
    after: After = None,
) -> Connection[Feed]:
    """Feeds by shop, kind and source; those that post to us too."""
    context = info.context
    context.authorize("REST GET /v1/feeds")
    days = None
    if period is not None:
        days = parse_period(period, (await context.tenant()).calendar)
    page = listing(context, "feeds", first, after, length=3)
    async with context.read() as session:
        found, total = await read_feeds(
            session,
            at=context.at,
            shop=shop,
            kind=kind,
            period=days,
            after=page.after,
            limit=page.limit,
        )
    return page.show(
        found,
        total,
        node=lambda feed: Feed.from_shape(feed, context.at),
        place=lambda feed: [feed.shop, feed.kind.value, feed.source],
    )


async def find_feed(context: GraphContext, feed_id: str) -> Feed | None:
    """A feed by its id."""
    context.authorize("REST GET /v1/feeds")
    async with context.read() as session:
        found = await read_feed(session, feed_id, at=context.at)
    return None if found is None else Feed.from_shape(found, context.at)
