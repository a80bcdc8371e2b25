"""REST of disputes: a fact, a line or a rating is contested, weighed, and decided by HR."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Request, Response
from pydantic import Field, model_validator

from services.api.auth import view_of
from services.api.flows.disputes import decide_dispute, file_dispute, weigh_dispute
from services.api.rest.documents import bytes_of
from services.api.rest.late_facts import PayChangeDocument
from services.api.rest.scorecards import CardId, find_visible
from services.api.store.disputes import find_dispute, read_disputes
from services.door.etags import tagged
from services.door.pages import Listed
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import (
    AmountIn,
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
    Correction,
    Dispute,
    DisputeDecision,
    FactChange,
    StatedDispute,
    Upheld,
)
from services.schema.words import DisputeAbout, PayPlan

router = new_router()

MOST_CLAIMS = 20

SegmentNumber = Annotated[int, Field(ge=1, le=100)]
DisputeId = Annotated[str, Field(max_length=64)]


class ClaimIn(Model):
    """What a line's value is with the fact as it should be."""

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
    """Of a line or a rating: what it should be, so that the answer shows what would come of it."""
    exclude: Literal[True] | None = None
    """Of a fact: it should not count; so it is where nothing else is said of it."""
    amount: AmountIn | None = None
    """Of an order, a refund or a posted measure: how much it should be."""
    salesperson: Code | None = None
    """Of an order, a rating, a chat or a posted measure: whose it should be."""
    values: Annotated[list[ClaimIn], Field(min_length=1, max_length=MOST_CLAIMS)] | None = None
    """Of a fact that never came: what the lines should be that it changes."""
    reason: LongText

    @model_validator(mode="after")
    def _states_one(self) -> "DisputeIn":
        if sum(each is not None for each in (self.fact, self.line, self.rating)) != 1:
            raise ValueError("a fact, a line or a rating is expected, one of them")
        if self.line is None and self.segment is not None:
            raise ValueError("a segment is that of a line")
        if self.fact is not None and self.value is not None:
            raise ValueError("a value is that of a line or a rating")
        changes = (self.exclude, self.amount, self.salesperson)
        if self.fact is None and any(each is not None for each in (*changes, self.values)):
            raise ValueError("exclude, amount, salesperson and values are those of a fact")
        if self.values is not None and any(each is not None for each in changes):
            raise ValueError("either the fact is otherwise, or the values are stated")
        return self

    def to_shape(self) -> StatedDispute:
        if self.fact is not None:
            return StatedDispute(
                DisputeAbout.FACT, self.fact, None, self._claims(), self.reason, self._change()
            )
        about, named = (
            (DisputeAbout.LINE, self.line)
            if self.line is not None
            else (DisputeAbout.RATING, self.rating)
        )
        claims = (
            ()
            if self.value is None
            # The item of a rating is known once it is found.
            else (ClaimedValue(self.line or "", self.segment, self.value),)
        )
        return StatedDispute(about, named or "", self.segment, claims, self.reason)

    def _claims(self) -> tuple[ClaimedValue, ...]:
        return tuple(
            ClaimedValue(each.item, each.segment, each.value) for each in self.values or ()
        )

    def _change(self) -> FactChange | None:
        if self.values is not None:
            return None
        nothing_said = self.amount is None and self.salesperson is None
        return FactChange(self.exclude or nothing_said, self.amount, self.salesperson)


class DecisionIn(Model):
    """Whether a dispute is upheld, and why."""

    uphold: bool
    reason: LongText
    value: ValueIn | None = None
    """Of an upheld line what holds from now on; of a rating the mark in its place, without which it
    is withdrawn; of an amount that is contested another than the one that is claimed.
    """


class ClaimDocument(Model):
    """What somebody says that a line's value should be."""

    item: Code
    segment: int | None
    value: DecimalText


class FactChangeDocument(Model):
    """How a fact should count; null is as its source states it."""

    exclude: bool
    amount: DecimalText | None
    salesperson: Code | None

    @classmethod
    def from_shape(cls, change: FactChange) -> "FactChangeDocument":
        return cls(
            exclude=change.exclude,
            amount=None if change.amount is None else plain(change.amount),
            salesperson=change.salesperson,
        )


class CorrectionDocument(Model):
    """What a published card came to as it was upheld; the result and all other cards stay."""

    total: DecimalText
    grade: str | None
    """One that calibration gave stays, unless a gate bites: nobody is ranked again."""
    pay: list[PayChangeDocument]
    entries: list[str]
    """The payroll entries that correct; those of leaders who are paid by it are among them."""

    @classmethod
    def from_shape(cls, correction: Correction) -> "CorrectionDocument":
        return cls(
            total=fixed(correction.total, TOTAL_PLACES),
            grade=correction.grade,
            pay=[PayChangeDocument.from_shape(each) for each in correction.pay],
            entries=list(correction.entries),
        )


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
    change: FactChangeDocument | None
    """Of a fact: how it should count; null where values of lines are claimed."""
    reason: str
    filed_at: Instant
    decision: DecisionDocument | None
    """Null while it waits for one."""
    correction: CorrectionDocument | None
    """Of one that was upheld of a published card; null of all others."""

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
            change=None if stated.change is None else FactChangeDocument.from_shape(stated.change),
            reason=stated.reason,
            filed_at=dispute.filed_at,
            decision=None if decision is None else DecisionDocument.from_shape(decision),
            correction=None
            if dispute.correction is None
            else CorrectionDocument.from_shape(dispute.correction),
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
    """Null where it is decided, where nobody says what the figure should be, and while facts that
    came late stand in its way.
    """


@router.post("/v1/scorecards/{id}/disputes", status_code=201)
async def post_dispute(
    id: CardId, stated: DisputeIn, caller: Asking, session: Writing
) -> WeighedDisputeDocument:
    """Contest a fact, a line or a rating of one's own card.

    From the close of data until review ends, and within 7 days of the day of a result. A cycle does
    not leave review with a dispute undecided. The answer shows score, grade and pay if it is
    upheld, to the cent: with the fact left out, or with its `amount` or `salesperson`; with the
    `value` of the line that is claimed, also in the commission that is paid on it; without the
    rating, as if its rater had not rated in that role, or with the mark that is claimed. Ratings of
    people who stay unnamed are not contested one by one.
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
    session.shown[dispute.scorecard] = dispute.subject
    weighed = _weighed(dispute, await weigh_dispute(session, dispute, at=at))
    return tagged(request, bytes_of(weighed))


@router.post("/v1/disputes/{id}/decision")
async def post_decision(
    id: DisputeId, stated: DecisionIn, caller: Asking, session: Writing
) -> DisputeDocument:
    """Uphold or reject a dispute; whoever it concerns does not decide of it.

    What is upheld is carried out at once, for this card, in every revision from then on: a line has
    the stated `value`, a fact counts as it was contested, a rating is withdrawn or has the `value`
    as its mark. Where data are closed the card is scored anew on the facts that it had. What is
    published is corrected by payroll entries: the cycle stays published, quotas and calibration are
    not opened again, and all other results stay as they are; leaders who are paid by the mean of
    their members follow. In calibration and after approval nothing is upheld.
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
