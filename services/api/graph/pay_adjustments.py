"""Graph of rewards and penalties in money as they were stated for a card, for HR alone."""

from typing import Self

import strawberry

from services.api.graph.authors import WHO, name_author
from services.api.graph.context import GraphContext
from services.api.graph.scalars import DecimalText, InstantText, instant_text
from services.schema.money import fixed, minor_places
from services.schema.shapes import payouts as shapes
from services.schema.shapes.people import parse_subject
from services.schema.words import SubjectKind


@strawberry.type(description="A reward or a penalty in money, or the opposite that withdraws one.")
class PayAdjustment:
    id: strawberry.ID
    amount: DecimalText
    currency: str
    reason: str
    author: str
    author_name: str | None = strawberry.field(resolver=name_author, description=WHO)
    stated_at: InstantText
    withdraws: str | None

    @classmethod
    def from_shape(cls, stated: shapes.PayAdjustment, currency: str) -> Self:
        return cls(
            id=strawberry.ID(stated.id),
            amount=DecimalText(fixed(stated.amount, minor_places(currency))),
            currency=currency,
            reason=stated.reason,
            author=stated.author,
            stated_at=instant_text(stated.stated_at),
            withdraws=stated.withdraws,
        )


async def pay_adjustments_of(
    context: GraphContext, cycle: str, subject: str
) -> list[PayAdjustment] | None:
    """All that was stated for a person's card, oldest first; a unit is paid nothing."""
    context.authorize("REST GET /v1/scorecards/{id}/payouts")
    about = parse_subject(subject)
    if about.kind is not SubjectKind.EMPLOYEE:
        return None
    currency = (await context.tenant()).currency
    found = await context.loaders.pay_adjustments_by_card.load((cycle, about))
    return [PayAdjustment.from_shape(each, currency) for each in found]
