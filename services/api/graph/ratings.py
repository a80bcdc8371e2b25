"""Graph of what people stated for a scorecard: marks as far as the caller may know them, points."""

from typing import Self

import strawberry

from services.api.core.raters import count_rated, shown_to
from services.api.graph.authors import WHO, name_author
from services.api.graph.context import GraphContext
from services.api.graph.scalars import DecimalText, InstantText, instant_text
from services.schema.money import plain
from services.schema.shapes import ratings as shapes
from services.schema.shapes.people import parse_subject
from services.schema.words import RaterRole, Role

_NAMES_TOLD = frozenset({Role.ADMIN, Role.HR})


@strawberry.type(description="A mark as far as the caller may know it.")
class GivenRating:
    id: strawberry.ID | None = strawberry.field(description="Null where the rater stays unnamed.")
    item: str
    role: RaterRole
    rater: str | None
    mark: DecimalText | None
    level: int | None
    behaviours: list[int] | None
    comment: str | None
    author: str | None
    author_name: str | None = strawberry.field(resolver=name_author, description=WHO)
    stated_at: InstantText | None
    holds: bool = strawberry.field(description="Whether no later mark has taken its place.")
    withheld: bool = strawberry.field(
        description="Whether what was given is not told: too few of the role have rated."
    )

    @classmethod
    def from_shape(cls, shown: shapes.ShownRating) -> Self:
        return cls(
            id=None if shown.id is None else strawberry.ID(shown.id),
            item=shown.item,
            role=shown.role,
            rater=shown.rater,
            mark=None if shown.mark is None else DecimalText(plain(shown.mark)),
            level=shown.level,
            behaviours=None if shown.behaviours is None else list(shown.behaviours),
            comment=shown.comment,
            author=shown.author,
            stated_at=None if shown.stated_at is None else instant_text(shown.stated_at),
            holds=shown.holds,
            withheld=shown.withheld,
        )


@strawberry.type(description="A reward or a penalty as it was stated, or what takes one back.")
class StatedAdjustment:
    id: strawberry.ID
    points: DecimalText
    reason: str
    author: str
    author_name: str | None = strawberry.field(resolver=name_author, description=WHO)
    stated_at: InstantText
    withdraws: str | None

    @classmethod
    def from_shape(cls, kept: shapes.KeptAdjustment) -> Self:
        return cls(
            id=strawberry.ID(kept.id),
            points=DecimalText(plain(kept.points)),
            reason=kept.reason,
            author=kept.author,
            stated_at=instant_text(kept.stated_at),
            withdraws=kept.withdraws,
        )


@strawberry.type(description="Somebody who is asked to rate, by whom, and whether they have.")
class InvitedRater:
    role: RaterRole
    employee: str
    author: str
    author_name: str | None = strawberry.field(resolver=name_author, description=WHO)
    invited_at: InstantText
    items: int = strawberry.field(description="How many items they have rated in this role.")


async def ratings_of(context: GraphContext, cycle: str, subject: str) -> list[GivenRating]:
    """All marks of a card that the caller sees, the unnamed ones without who gave them."""
    context.authorize("REST GET /v1/scorecards/{id}/ratings")
    found = await context.loaders.ratings_by_card.load((cycle, parse_subject(subject)))
    caller = context.caller
    shown = shown_to(found, sees_names=caller.role in _NAMES_TOLD, own=caller.employee)
    return [GivenRating.from_shape(each) for each in shown]


async def raters_of(context: GraphContext, cycle: str, subject: str) -> list[InvitedRater] | None:
    """Who is asked to rate a card, in the order of roles and codes; for HR alone."""
    context.authorize("REST GET /v1/scorecards/{id}/raters")
    about = (cycle, parse_subject(subject))
    rated = await context.loaders.ratings_by_card.load(about)
    return [
        InvitedRater(
            role=each.role,
            employee=each.employee,
            author=each.author,
            invited_at=instant_text(each.invited_at),
            items=count_rated(rated, each.role, each.employee),
        )
        for each in await context.loaders.invitations_by_card.load(about)
    ]


async def adjustments_of(context: GraphContext, cycle: str, subject: str) -> list[StatedAdjustment]:
    """All rewards and penalties of a card that the caller sees, oldest first."""
    context.authorize("REST GET /v1/scorecards/{id}/adjustments")
    found = await context.loaders.adjustments_by_card.load((cycle, parse_subject(subject)))
    return [StatedAdjustment.from_shape(each) for each in found]
