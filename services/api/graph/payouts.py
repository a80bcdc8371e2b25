"""Graph of payouts: an amount by each pay plan, with the terms that it was computed from."""

from collections.abc import Mapping
from typing import Any

import strawberry
from strawberry.scalars import JSON

from services.api.graph.scalars import DecimalText, InstantText
from services.schema.words import NoValue, PayPlan


@strawberry.type(
    description="What an amount was multiplied by: a number, what the grade says, the total against"
    " the full mark, or what an item attained."
)
class PaidCoefficient:
    of: str | None = strawberry.field(
        description="`grade`, `score` or `attainment`; null of a number."
    )
    value: DecimalText | None = strawberry.field(description="Null of the score: total / full.")
    grade: str | None
    total: DecimalText | None
    full_mark: DecimalText | None
    item: str | None


@strawberry.type(
    description="A marginal band of a commission, what of the base lies in it, what that pays."
)
class PaidBand:
    from_: DecimalText = strawberry.field(name="from")
    to: DecimalText | None
    inside: DecimalText
    rate: DecimalText
    part: DecimalText
    amount: DecimalText


@strawberry.type(description="What a member was paid by business.")
class PaidMember:
    employee: str
    cycle: str
    amount: DecimalText


@strawberry.type(description="What somebody of the team, or one of its units, put out.")
class TeamOutput:
    subject: str
    value: DecimalText
    reason: NoValue | None


@strawberry.type(description="By which assessment somebody holds a level.")
class PaidAssessment:
    ladder_version: int
    month: str
    revision: int
    fingerprint: str


@strawberry.type(description="What a level of the ladder is worth.")
class PaidLevel:
    level: str
    amount: DecimalText


@strawberry.type(description="A reward or a penalty in money, as it was stated.")
class PaidAdjustment:
    id: str
    amount: DecimalText
    reason: str
    author: str
    stated_at: InstantText
    withdraws: str | None


@strawberry.type(description="What a payout was computed from; which members depends on the plan.")
class PayoutTerms:
    indicator: str | None
    base: DecimalText | None = strawberry.field(
        description="Of a commission what it is paid on, of a bonus the bonus itself."
    )
    reason: NoValue | None = strawberry.field(
        description="Why there was no value to pay on, so that the base is 0."
    )
    bands: list[PaidBand] | None
    coefficient: PaidCoefficient | None
    members: list[PaidMember] | None
    sum: DecimalText | None
    count: int | None
    mean: DecimalText | None
    task: PaidCoefficient | None
    business: PaidCoefficient | None
    staffing: PaidCoefficient | None
    outputs: list[TeamOutput] | None
    output: DecimalText | None
    incentive: PaidCoefficient | None
    ladder: str | None
    level: str | None
    assessment: PaidAssessment | None = strawberry.field(
        description="Null too where nobody ever said where the person stands."
    )
    amounts: list[PaidLevel] | None
    adjustments: list[PaidAdjustment] | None


@strawberry.type(description="An amount by one pay plan, with the terms it was computed from.")
class Payout:
    plan: PayPlan
    amount: DecimalText
    currency: str
    inputs: JSON = strawberry.field(deprecation_reason="`terms` says the same, with its types.")
    terms: PayoutTerms

    @staticmethod
    def members(document: Mapping[str, Any]) -> Mapping[str, Any]:
        """What REST says in `inputs` is typed beside it."""
        return {**document, "terms": document["inputs"]}
