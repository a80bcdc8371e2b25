"""REST of disputes: a fact, a line or a rating is contested, weighed, and decided by HR."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request, Response
from pydantic import Field, model_validator

from services.api.auth import view_of
from services.api.flows.disputes import decide_dispute, file_dispute, weigh_dispute
from services.api.rest.documents import bytes_of
from services.api.rest.scorecards import CardId, find_visible
from services.api.store.disputes import find_dispute, read_disputes
from services.door.etags import tagged
from services.door.pages import Listed
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import (
    Code,
    Currency,
    DecimalText,
    Instant,
    LongText,
    Model,
    Text,
    ValueIn,
)
from services.schema.errors import NotFound
from services.schema.money import TOTAL_PLACES, fixed, minor_places, plain
from services.schema.shapes.disputes import (
    ClaimedValue,
    Dispute,
    DisputeDecision,
    StatedDispute,
    Upheld,
)
from services.schema.words import DisputeAbout, PayPlan

router = new_router()

MOST_CLAIMS = 20

SegmentNumber = Annotated[int, Field(ge=1, le=100)]
DisputeId = Annotated[str, Field(max_length=64)]


class ClaimIn(Model):
    """What a line's value would be without the fact, or with it."""

    item: Code
    segment: SegmentNumber | None = None
    value: ValueIn


class DisputeIn(Model):
    """What is contested, one of the three, and why."""

    fact: Text | None = None
    """By kind, source and id: `orders/erp/SO-1`."""
    line: Code | None = None
    """By its item."""
    rating: Annotated[str, Field(max_length=64)] | None = None
    """By its id, as the card's ratings tell it."""
    segment: SegmentNumber | None = None
    """Of a line, where its item stands in several."""
    value: ValueIn | None = None
    """Of a line: what it should be, so that the answer can show what would come of it."""
    values: Annotated[list[ClaimIn], Field(max_length=MOST_CLAIMS)] | None = None
    """Of a fact: what the lines that it changes should be."""
    reason: LongText

    @model_validator(mode="after")
    def _states_one(self) -> "DisputeIn":
        if sum(each is not None for each in (self.fact, self.line, self.rating)) != 1:
            raise ValueError("a fact, a line or a rating is expected, one of them")
        if self.line is None and (self.value is not None or self.segment is not None):
            raise ValueError("a segment and a value are those of a line")
        if self.fact is None and self.values is not None:
            raise ValueError("values are those of lines that a fact changes")
        return self

    def to_shape(self) -> StatedDispute:
        claims = tuple(
            ClaimedValue(each.item, each.segment, each.value) for each in self.values or ()
        )
        if self.line is not None and self.value is not None:
            claims = (ClaimedValue(self.line, self.segment, self.value),)
        about = (
            DisputeAbout.FACT
            if self.fact is not None
            else DisputeAbout.LINE
            if self.line is not None
            else DisputeAbout.RATING
        )
        named = self.fact or self.line or self.rating or ""
        return StatedDispute(about, named, self.segment, claims, self.reason)


class DecisionIn(Model):
    """Whether a dispute is upheld, and why."""

    uphold: bool
    reason: LongText
    value: ValueIn | None = None
    """Of an upheld line: the value that holds from now on."""


class ClaimDocument(Model):
    """What somebody says that a line's value should be."""

    item: Code
    segment: int | None
    value: DecimalText


class DecisionDocument(Model):
    """What HR decided."""

    uphold: bool
    reason: str
    value: DecimalText | None
    decided_at: Instant

    @classmethod
    def from_shape(cls, decision: DisputeDecision) -> "DecisionDocument":
        return cls(
            uphold=decision.uphold,
            reason=decision.reason,
            value=None if decision.value is None else plain(decision.value),
            decided_at=decision.decided_at,
        )


class DisputeDocument(Model):
    """A dispute and its decision."""

    id: str
    scorecard: str
    about: DisputeAbout
    named: str
    segment: int | None
    claims: list[ClaimDocument]
    reason: str
    filed_at: Instant
    decision: DecisionDocument | None
    """Null while it waits for one."""

    @classmethod
    def from_shape(cls, dispute: Dispute) -> "DisputeDocument":
        stated, decision = dispute.stated, dispute.decision
        return cls(
            id=dispute.id,
            scorecard=dispute.scorecard,
            about=stated.about,
            named=stated.named,
            segment=stated.segment,
            claims=[
                ClaimDocument(item=each.item, segment=each.segment, value=plain(each.value))
                for each in stated.claims
            ],
            reason=stated.reason,
            filed_at=dispute.filed_at,
            decision=None if decision is None else DecisionDocument.from_shape(decision),
        )


class PaidIfUpheldDocument(Model):
    """An amount that would be paid by a plan."""

    plan: PayPlan
    amount: DecimalText
    currency: Currency


class UpheldDocument(Model):
    """What the card would come to; nothing of it is written."""

    total: DecimalText | None
    """Null where a line would wait for something."""
    grade: str | None
    coefficient: DecimalText | None
    payouts: list[PaidIfUpheldDocument] | None
    """Null where pay cannot be told yet: a leader's waits for that of the members."""

    @classmethod
    def from_shape(cls, upheld: Upheld) -> "UpheldDocument":
        return cls(
            total=None if upheld.total is None else fixed(upheld.total, TOTAL_PLACES),
            grade=upheld.grade,
            coefficient=None if upheld.coefficient is None else plain(upheld.coefficient),
            payouts=None
            if upheld.payouts is None
            else [
                PaidIfUpheldDocument(
                    plan=each.plan,
                    amount=fixed(each.amount, minor_places(each.currency)),
                    currency=each.currency,
                )
                for each in upheld.payouts
            ],
        )


class WeighedDisputeDocument(Model):
    """A dispute, and what the card would come to if it were upheld."""

    dispute: DisputeDocument
    if_upheld: UpheldDocument | None
    """Null where it is decided, or nobody says what the figure should be."""


@router.post("/v1/scorecards/{id}/disputes", status_code=201)
async def post_dispute(
    id: CardId, stated: DisputeIn, caller: Asking, session: Writing
) -> WeighedDisputeDocument:
    """Contest a fact, a line or a rating of one's own card.

    From the close of data until review ends, and within 7 days of the day of a result. A cycle does
    not leave review with a dispute undecided. The answer shows score, grade and pay if it is
    upheld: of a rating as if its rater had not rated in that role, of a line with the `value` that
    is claimed, of a fact with the `values` of the lines that it changes. Ratings of people who stay
    unnamed are not contested one by one.
    """
    at = datetime.now(UTC)
    dispute = await file_dispute(
        session,
        id,
        stated.to_shape(),
        view=await view_of(session, caller, at),
        caller=caller,
        at=at,
    )
    return _weighed(dispute, await weigh_dispute(session, dispute, at=at))


@router.get("/v1/scorecards/{id}/disputes", response_model=Listed[DisputeDocument])
async def list_disputes(request: Request, id: CardId, caller: Asking, session: Reading) -> Response:
    """All that was contested of a card, in every revision, oldest first, and what was decided."""
    card = await find_visible(session, id, caller, at=datetime.now(UTC))
    about = (card.cycle, card.subject)
    items = [
        DisputeDocument.from_shape(each) for each in (await read_disputes(session, [about]))[about]
    ]
    page = Listed[DisputeDocument](items=items, total=len(items), next_cursor=None)
    return tagged(request, bytes_of(page))


@router.get("/v1/disputes/{id}", response_model=WeighedDisputeDocument)
async def get_dispute(
    request: Request, id: DisputeId, caller: Asking, session: Reading
) -> Response:
    """A dispute, and while it waits what would come of it, computed anew each time it is asked."""
    at = datetime.now(UTC)
    dispute = await find_dispute(session, id)
    view = await view_of(session, caller, at)
    if dispute is None or not view.sees(dispute.subject):
        raise NotFound("dispute")
    weighed = _weighed(dispute, await weigh_dispute(session, dispute, at=at))
    return tagged(request, bytes_of(weighed))


@router.post("/v1/disputes/{id}/decision")
async def post_decision(
    id: DisputeId, stated: DecisionIn, caller: Asking, session: Writing
) -> DisputeDocument:
    """Uphold or reject a dispute; whoever it concerns does not decide of it.

    What is upheld is carried out at once. A line has the stated `value` from then on, in every
    revision. A rating is withdrawn; its rater may give another. For a fact the cycle is opened
    again: let its source post it rightly, or exclude it (`POST /v1/exclusions`), before data are
    closed anew. Where data are closed the card is scored anew on the figures of the close; what is
    published is opened again as a new revision, and its publication states the difference in pay as
    correction entries. In calibration and after approval nothing is upheld.
    """
    dispute = await decide_dispute(
        session,
        id,
        uphold=stated.uphold,
        reason=stated.reason,
        value=stated.value,
        caller=caller,
        at=datetime.now(UTC),
    )
    return DisputeDocument.from_shape(dispute)


def _weighed(dispute: Dispute, upheld: Upheld | None) -> WeighedDisputeDocument:
    return WeighedDisputeDocument(
        dispute=DisputeDocument.from_shape(dispute),
        if_upheld=None if upheld is None else UpheldDocument.from_shape(upheld),
    )
