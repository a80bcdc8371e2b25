"""Graph of improvements: what interviews agreed, and what became of it on later cards."""

from datetime import date
from typing import Self

import strawberry

from services.api.core.improvements import is_overdue
from services.api.graph.context import GraphContext
from services.api.graph.scalars import DayText, InstantText, day_text, instant_text
from services.schema.days import local_day
from services.schema.shapes import improvements as shapes
from services.schema.shapes.views import View
from services.schema.watch_words import ImprovementState

strawberry.enum(ImprovementState, description=ImprovementState.__doc__)


@strawberry.type(description="A measure of an interview that both have signed.")
class Improvement:
    cycle: str = strawberry.field(description="Whose interview agreed it.")
    number: int
    what: str
    owner: str
    due_on: DayText
    state: ImprovementState
    overdue: bool
    note: str | None
    followed_in: str | None = strawberry.field(
        description="The cycle on whose card it was looked at last; null where nobody has."
    )
    by: str | None = strawberry.field(description="Null where the caller is not told.")
    stated_at: InstantText | None

    @classmethod
    def from_shape(cls, each: shapes.Improvement, view: View, today: date) -> Self:
        last = each.last
        return cls(
            cycle=each.cycle,
            number=each.number,
            what=each.what,
            owner=str(each.owner),
            due_on=day_text(each.due_on),
            state=each.state,
            overdue=is_overdue(each, today),
            note=None if last is None else last.note,
            followed_in=None if last is None else last.followed_in,
            by=None if last is None or not view.names_person(last.person) else last.person,
            stated_at=None if last is None else instant_text(last.stated_at),
        )


async def improvements_of(context: GraphContext, card: str) -> list[Improvement] | None:
    """What the interviews of a card's cycle and of those before agreed."""
    context.authorize("REST GET /v1/scorecards/{id}/improvements")
    found = await context.loaders.improvements_by_card.load(card)
    view, tenant = await context.view(), await context.tenant()
    today = local_day(context.at, tenant.timezone)
    return [Improvement.from_shape(each, view, today) for each in found]
