"""Graph of disputes: what was contested of a card, and what HR decided."""

from typing import Self

import strawberry

from services.api.graph.context import GraphContext
from services.api.graph.scalars import DecimalText, InstantText, instant_text
from services.schema.money import TOTAL_PLACES, fixed, minor_places, plain
from services.schema.shapes import disputes as shapes
from services.schema.shapes.payouts import PayChange
from services.schema.shapes.people import parse_subject
from services.schema.words import DisputeAbout, PayPlan


@strawberry.type(description="What somebody says that a line's value should be.")
class DisputeClaim:
    item: str
    segment: int | None
    value: DecimalText


@strawberry.type(description="How a fact should count; null is as its source states it.")
class FactChange:
    exclude: bool
    amount: DecimalText | None
    salesperson: str | None

    @classmethod
    def from_shape(cls, change: shapes.FactChange) -> Self:
        return cls(
            exclude=change.exclude,
            amount=None if change.amount is None else DecimalText(plain(change.amount)),
            salesperson=change.salesperson,
        )


@strawberry.type(description="What a plan paid, and what it pays since a dispute was upheld.")
class CorrectedPay:
    place: int
    plan: PayPlan | None
    before: DecimalText
    after: DecimalText
    difference: DecimalText
    currency: str

    @classmethod
    def from_shape(cls, change: PayChange) -> Self:
        places = minor_places(change.currency)
        return cls(
            place=change.place,
            plan=change.plan,
            before=DecimalText(fixed(change.before, places)),
            after=DecimalText(fixed(change.after, places)),
            difference=DecimalText(fixed(change.after - change.before, places)),
            currency=change.currency,
        )


@strawberry.type(description="What a published card came to as a dispute of it was upheld.")
class DisputeCorrection:
    total: DecimalText
    grade: str | None
    pay: list[CorrectedPay]
    entries: list[str] = strawberry.field(description="The payroll entries that correct.")

    @classmethod
    def from_shape(cls, correction: shapes.Correction) -> Self:
        return cls(
            total=DecimalText(fixed(correction.total, TOTAL_PLACES)),
            grade=correction.grade,
            pay=[CorrectedPay.from_shape(each) for each in correction.pay],
            entries=list(correction.entries),
        )


@strawberry.type(description="What HR decided of a dispute.")
class DisputeDecision:
    uphold: bool
    reason: str
    value: DecimalText | None
    decided_at: InstantText

    @classmethod
    def from_shape(cls, decision: shapes.DisputeDecision) -> Self:
        return cls(
            uphold=decision.uphold,
            reason=decision.reason,
            value=None if decision.value is None else DecimalText(plain(decision.value)),
            decided_at=instant_text(decision.decided_at),
        )


@strawberry.type(description="A fact, a line or a rating that is contested.")
class Dispute:
    id: strawberry.ID
    scorecard: str
    about: DisputeAbout
    named: str
    segment: int | None
    claims: list[DisputeClaim]
    change: FactChange | None = strawberry.field(description="Of a fact: how it should count.")
    reason: str
    filed_at: InstantText
    decision: DisputeDecision | None = strawberry.field(description="Null while it waits.")
    correction: DisputeCorrection | None = strawberry.field(
        description="Of one that was upheld of a published card."
    )

    @classmethod
    def from_shape(cls, dispute: shapes.Dispute) -> Self:
        stated, decision = dispute.stated, dispute.decision
        return cls(
            id=strawberry.ID(dispute.id),
            scorecard=dispute.scorecard,
            about=stated.about,
            named=stated.named,
            segment=stated.segment,
            claims=[
                DisputeClaim(
                    item=each.item, segment=each.segment, value=DecimalText(plain(each.value))
                )
                for each in stated.claims
            ],
            change=None if stated.change is None else FactChange.from_shape(stated.change),
            reason=stated.reason,
            filed_at=instant_text(dispute.filed_at),
            decision=None if decision is None else DisputeDecision.from_shape(decision),
            correction=None
            if dispute.correction is None
            else DisputeCorrection.from_shape(dispute.correction),
        )


async def disputes_of(context: GraphContext, cycle: str, subject: str) -> list[Dispute] | None:
    """All that was contested of a card that the caller sees, oldest first."""
    context.authorize("REST GET /v1/scorecards/{id}/disputes")
    found = await context.loaders.disputes_by_card.load((cycle, parse_subject(subject)))
    return [Dispute.from_shape(each) for each in found]
