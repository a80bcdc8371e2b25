"""Graph of disputes: what was contested of a card, and what HR decided."""

from typing import Self

import strawberry

from services.api.graph.context import GraphContext
from services.api.graph.scalars import DecimalText, InstantText, instant_text
from services.schema.money import plain
from services.schema.shapes import disputes as shapes
from services.schema.shapes.people import parse_subject
from services.schema.words import DisputeAbout


@strawberry.type(description="What somebody says that a line's value should be.")
class DisputeClaim:
    item: str
    segment: int | None
    value: DecimalText


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
    reason: str
    filed_at: InstantText
    decision: DisputeDecision | None = strawberry.field(description="Null while it waits.")

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
            reason=stated.reason,
            filed_at=instant_text(dispute.filed_at),
            decision=None if decision is None else DisputeDecision.from_shape(decision),
        )


async def disputes_of(context: GraphContext, cycle: str, subject: str) -> list[Dispute] | None:
    """All that was contested of a card that the caller sees, oldest first."""
    context.authorize("REST GET /v1/scorecards/{id}/disputes")
    found = await context.loaders.disputes_by_card.load((cycle, parse_subject(subject)))
    return [Dispute.from_shape(each) for each in found]
