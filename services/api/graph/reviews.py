"""Graph of reviews: which step a card has come to, whose turn it is, and its trail."""

from typing import Self

import strawberry

from services.api.core.reviews import waits_for
from services.api.graph.context import GraphContext
from services.api.graph.scalars import InstantText, instant_text
from services.schema.shapes import reviews as shapes
from services.schema.shapes.views import View
from services.schema.words import Approver, ReviewDecision


@strawberry.type(description="One decision on a card.")
class Review:
    number: int
    part: Approver
    decision: ReviewDecision
    comment: str | None
    by: str | None = strawberry.field(description="Null where the caller is not told.")
    decided_at: InstantText
    holds: bool = strawberry.field(description="Whether it is a step that is taken.")

    @classmethod
    def from_shape(cls, review: shapes.Review, view: View, *, holds: bool) -> Self:
        return cls(
            number=review.number,
            part=review.part,
            decision=review.decision,
            comment=review.comment,
            by=review.person if view.names_person(review.person) else None,
            decided_at=instant_text(review.decided_at),
            holds=holds,
        )


@strawberry.type(description="How the review of a card stands.")
class CardReview:
    scorecard: str
    revision: int
    fingerprint: str = strawberry.field(description="Of the figures that are decided on.")
    order: list[Approver]
    step: Approver | None = strawberry.field(description="Null where every step is taken.")
    waits_for: str | None = strawberry.field(
        description="Whose turn it is; null: HR's, nobody's, or the caller is not told."
    )
    complete: bool
    trail: list[Review]

    @classmethod
    def from_shape(cls, review: shapes.CardReview, view: View) -> Self:
        state = review.state
        whom = waits_for(state)
        return cls(
            scorecard=review.scorecard,
            revision=review.revision,
            fingerprint=review.fingerprint,
            order=list(state.order),
            step=state.step,
            waits_for=whom if whom is not None and view.names_person(whom) else None,
            complete=state.step is None,
            trail=[
                Review.from_shape(each, view, holds=each in state.held) for each in review.trail
            ],
        )


async def review_of(context: GraphContext, card: str) -> CardReview | None:
    """The review of a card that the caller sees."""
    context.authorize("REST GET /v1/scorecards/{id}/reviews")
    found = await context.loaders.review_by_card.load(card)
    return None if found is None else CardReview.from_shape(found, await context.view())
