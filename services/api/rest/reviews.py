"""REST of reviews: what was decided of a scorecard, whose turn it is, and the next decision."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request, Response
from pydantic import Field

from services.api.auth import view_of
from services.api.core.reviews import waits_for
from services.api.flows.reviews import decide_review, read_card_reviews
from services.api.rest.documents import bytes_of
from services.api.rest.scorecards import CardId, find_visible
from services.door.etags import PRIVATE, check_match, etag_of, tagged
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import Code, Instant, LongText, Model
from services.schema.shapes.reviews import CardReview, Review
from services.schema.shapes.views import View
from services.schema.words import Approver, ReviewDecision

router = new_router()


class ReviewIn(Model):
    """What is decided; returning needs a comment that says why."""

    decision: Annotated[ReviewDecision, Field(strict=False)]
    comment: LongText | None = None


class ReviewDocument(Model):
    """One decision."""

    number: int
    part: Approver
    decision: ReviewDecision
    comment: str | None
    by: str | None
    """Null where the reader is not told of this person."""
    decided_at: Instant
    holds: bool
    """Whether it is a step that is taken: it was not returned, and the figures are the same."""

    @classmethod
    def from_shape(cls, review: Review, view: View, *, holds: bool) -> "ReviewDocument":
        return cls(
            number=review.number,
            part=review.part,
            decision=review.decision,
            comment=review.comment,
            by=review.person if view.names_person(review.person) else None,
            decided_at=review.decided_at,
            holds=holds,
        )


class CardReviewDocument(Model):
    """How the review of a card stands, and its trail."""

    scorecard: str
    revision: int
    fingerprint: str
    """Of the figures that are decided on."""
    order: list[Approver]
    step: Approver | None
    """What comes next; null where every step is taken."""
    waits_for: Code | None
    """Whose turn it is; null where it is HR's, or nobody's, or the reader is not told."""
    complete: bool
    trail: list[ReviewDocument]

    @classmethod
    def from_shape(cls, review: CardReview, view: View) -> "CardReviewDocument":
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
                ReviewDocument.from_shape(each, view, holds=each in state.held)
                for each in review.trail
            ],
        )


@router.post("/v1/scorecards/{id}/reviews", status_code=201, response_model=CardReviewDocument)
async def post_review(
    request: Request, id: CardId, stated: ReviewIn, caller: Asking, session: Writing
) -> Response:
    """Take a card's next step: `self` submits, `manager`, `second_level` and `hr` approve.

    The scheme's `approval` says in which order. Whose turn it is may return the card instead, one
    step back and with a reason. Manager and second level are those of the day: the manager, theirs
    and so on, then the leads of the unit and of those above it; who is missing is stood in for by
    the next one up, HR last. Nobody approves their own card or takes two steps of one. Where the
    figures change, by a mark say, all steps are taken anew. An `If-Match` with the tag of the
    review refuses what somebody else has decided meanwhile.
    """
    at = datetime.now(UTC)
    view = await view_of(session, caller, at)
    review = await decide_review(
        session,
        id,
        stated.decision,
        stated.comment,
        view=view,
        permit=lambda there: check_match(request, etag_of(_document(there, view))),
        caller=caller,
        at=at,
    )
    body = _document(review, view)
    headers = {"ETag": etag_of(body), **PRIVATE}
    return Response(body, 201, headers=headers, media_type="application/json")


@router.get("/v1/scorecards/{id}/reviews", response_model=CardReviewDocument)
async def get_reviews(request: Request, id: CardId, caller: Asking, session: Reading) -> Response:
    """Which step a card has come to, whose turn it is, and all that was decided of it."""
    at = datetime.now(UTC)
    card = await find_visible(session, id, caller, at=at)
    review = (await read_card_reviews(session, [card], at=at))[card.id]
    return tagged(request, _document(review, await view_of(session, caller, at)))


def _document(review: CardReview, view: View) -> bytes:
    return bytes_of(CardReviewDocument.from_shape(review, view))
