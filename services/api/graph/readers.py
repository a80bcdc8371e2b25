"""Graph of readers: whom a scorecard was shown to, for its subject and HR."""

import strawberry

from services.api.graph.context import GraphContext
from services.api.graph.scalars import DayText, InstantText, day_text, instant_text
from services.schema.errors import Forbidden
from services.schema.shapes.people import parse_subject
from services.schema.words import Role


@strawberry.type(description="A day on which somebody was shown a scorecard.")
class Reader:
    day: DayText
    reader: str
    role: Role
    employee: str | None
    route: str
    read_at: InstantText


async def readers_of_card(context: GraphContext, card: str, subject: str) -> list[Reader] | None:
    """The last hundred, newest first."""
    context.authorize("REST GET /v1/scorecards/{id}/readers")
    if not (await context.view()).may_see_readers(parse_subject(subject)):
        raise Forbidden("forbidden", "Who saw a scorecard is for its subject and HR to know.")
    return [
        Reader(
            day=day_text(each.day),
            reader=each.reader,
            role=each.role,
            employee=each.employee,
            route=each.route,
            read_at=instant_text(each.read_at),
        )
        for each in await context.loaders.readers_by_card.load(card)
    ]
