"""Graph of payouts: an amount by each pay plan, with the terms that it was computed from."""

from collections.abc import Mapping
from typing import Annotated, Any, cast

import strawberry
from strawberry.scalars import JSON

from services.api.graph.documents import read_document
from services.api.graph.nodes import link
from services.api.graph.scalars import DecimalText, InstantText
from services.api.graph.schemes import LevelAmount
from services.schema.words import NoValue, PayPlan


@strawberry.type(
    description="What an amount was multiplied by: a number, what the grade says, the total against"
    " the full mark, or what an item attained."
)
class PaidCoefficient:
    of: str | None = strawberry.field(
        description="`grade`, `score` or `attainment`; null of a number."
    )
    value: DecimalText | None = strawberry.field(
        description="Null of the score: total / full mark."
    )
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


@strawberry.type(description="What a commission was computed from.")
class CommissionTerms:
    indicator: str
    base: DecimalText
    reason: NoValue | None = strawberry.field(
        description="Why there was no value to pay on, so that the base is 0."
    )
    bands: list[PaidBand]
    coefficient: PaidCoefficient


@strawberry.type(description="What a member was paid by business.")
class PaidMember:
    employee: str
    cycle: str
    amount: DecimalText


@strawberry.type(description="What the mean of the members' business pay was computed from.")
class LeaderMeanTerms:
    members: list[PaidMember]
    sum: DecimalText
    count: int
    mean: DecimalText
    task: PaidCoefficient
    business: PaidCoefficient
    staffing: PaidCoefficient


@strawberry.type(description="What somebody of the team, or one of its units, put out.")
class TeamOutput:
    subject: str
    value: DecimalText
    reason: NoValue | None


@strawberry.type(description="What the team's total output was computed from.")
class LeaderCapacityTerms:
    indicator: str
    outputs: list[TeamOutput]
    output: DecimalText
    incentive: PaidCoefficient


@strawberry.type(description="The base bonus and the coefficient of the grade.")
class GradeBonusTerms:
    base: DecimalText
    coefficient: PaidCoefficient


@strawberry.type(description="By which assessment somebody holds a level.")
class PaidAssessment:
    ladder_version: int
    month: str
    revision: int
    fingerprint: str


@strawberry.type(description="The level that was held, and what each is worth.")
class LevelAllowanceTerms:
    ladder: str
    level: str | None
    assessment: PaidAssessment | None = strawberry.field(
        description="Null: nobody ever said where the person stands."
    )
    amounts: list[LevelAmount]


@strawberry.type(description="A reward or a penalty in money, as it was stated.")
class PaidAdjustment:
    id: str
    amount: DecimalText
    reason: str
    author: str
    stated_at: InstantText
    withdraws: str | None


@strawberry.type(description="The rewards and penalties that were stated for the card.")
class AdjustmentTerms:
    adjustments: list[PaidAdjustment]


Terms = Annotated[
    CommissionTerms
    | LeaderMeanTerms
    | LeaderCapacityTerms
    | GradeBonusTerms
    | LevelAllowanceTerms
    | AdjustmentTerms,
    strawberry.union("PayoutTerms", description="What a payout was computed from, by its plan."),
]
_TERMS: Mapping[PayPlan, type[Any]] = {
    PayPlan.COMMISSION: CommissionTerms,
    PayPlan.LEADER_MEAN: LeaderMeanTerms,
    PayPlan.LEADER_CAPACITY: LeaderCapacityTerms,
    PayPlan.GRADE_BONUS: GradeBonusTerms,
    PayPlan.LEVEL_ALLOWANCE: LevelAllowanceTerms,
    PayPlan.ADJUSTMENT: AdjustmentTerms,
}


@strawberry.type(description="An amount by one pay plan, with the terms it was computed from.")
class Payout:
    plan: PayPlan
    amount: DecimalText
    currency: str
    inputs: JSON = strawberry.field(
        deprecation_reason="`terms` says the same, with a type for each plan."
    )

    @link("What it was computed from.")
    async def terms(self) -> Terms:
        stated = cast("Mapping[str, Any]", self.inputs)
        made: Terms = read_document(_TERMS[self.plan], stated)
        return made
