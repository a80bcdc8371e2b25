"""How payouts are written: an amount by each pay plan, with the terms it was computed from.

A payout is stored once and served as it was stored: this says what may stand in it.
"""

from typing import Annotated, Literal

from pydantic import Field

from services.door.wire import Code, Currency, DecimalText, Model
from services.schema.words import CoefficientOf, NoValue, PayPlan


class NumberCoefficient(Model):
    """A coefficient that the scheme states, 1 where it states none."""

    of: None
    value: DecimalText


class GradeCoefficient(Model):
    """The coefficient of the grade."""

    of: Literal[CoefficientOf.GRADE]
    grade: str | None
    value: DecimalText


class ScoreCoefficient(Model):
    """The total against the full mark."""

    of: Literal[CoefficientOf.SCORE]
    total: DecimalText
    full_mark: DecimalText


class AttainmentCoefficient(Model):
    """What an item attained; of several segments the mean by days."""

    of: Literal["attainment"]
    item: Code
    value: DecimalText


CardCoefficient = NumberCoefficient | GradeCoefficient | ScoreCoefficient
LeaderCoefficient = CardCoefficient | AttainmentCoefficient


class PaidBandDocument(Model):
    """A marginal band of a commission, what of the base lies in it, and what that pays."""

    from_: Annotated[DecimalText, Field(alias="from")]
    to: DecimalText | None
    """Null: the last band has no end."""
    inside: DecimalText
    rate: DecimalText
    part: DecimalText
    """The rate on what lies inside, before the coefficient."""
    amount: DecimalText
    """Its part of the payout: parts sum to the whole."""


class CommissionTerms(Model):
    """What a commission was computed from."""

    indicator: str
    base: DecimalText
    reason: NoValue | None
    """Why there was no value to pay on, so that the base is 0."""
    bands: list[PaidBandDocument]
    coefficient: CardCoefficient


class PaidMemberDocument(Model):
    """What a member was paid by business."""

    employee: Code
    cycle: Code
    amount: DecimalText


class LeaderMeanTerms(Model):
    """What the mean of the members' business pay was computed from."""

    members: list[PaidMemberDocument]
    sum: DecimalText
    count: int
    mean: DecimalText
    task: LeaderCoefficient
    business: LeaderCoefficient
    staffing: LeaderCoefficient


class TeamOutputDocument(Model):
    """What somebody of the team, or one of its units, put out."""

    subject: str
    value: DecimalText
    reason: NoValue | None
    """Why there was no value, so that it is 0."""


class LeaderCapacityTerms(Model):
    """What the team's total output was computed from."""

    indicator: str
    outputs: list[TeamOutputDocument]
    output: DecimalText
    incentive: LeaderCoefficient


class GradeBonusTerms(Model):
    """The base bonus and the coefficient of the grade."""

    base: DecimalText
    coefficient: CardCoefficient


class LevelAssessmentDocument(Model):
    """By which assessment somebody holds a level."""

    ladder_version: int
    month: str
    revision: int
    fingerprint: str


class PaidLevelDocument(Model):
    """What a level of the ladder is worth."""

    level: Code
    amount: DecimalText


class LevelAllowanceTerms(Model):
    """The level that was held, and what each is worth."""

    ladder: Code
    level: Code | None
    assessment: LevelAssessmentDocument | None
    """Null: nobody ever said where the person stands."""
    amounts: list[PaidLevelDocument]


class PaidAdjustmentDocument(Model):
    """A reward or a penalty in money, as it was stated."""

    id: str
    amount: DecimalText
    reason: str
    author: str
    stated_at: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    withdraws: str | None


class AdjustmentTerms(Model):
    """The rewards and penalties that were stated for the card."""

    adjustments: list[PaidAdjustmentDocument]


class CommissionPayout(Model):
    """A share of what was sold."""

    plan: Literal[PayPlan.COMMISSION]
    amount: DecimalText
    currency: Currency
    inputs: CommissionTerms


class LeaderMeanPayout(Model):
    """The mean of the members' business pay times three coefficients."""

    plan: Literal[PayPlan.LEADER_MEAN]
    amount: DecimalText
    currency: Currency
    inputs: LeaderMeanTerms


class LeaderCapacityPayout(Model):
    """The team's total output times a coefficient."""

    plan: Literal[PayPlan.LEADER_CAPACITY]
    amount: DecimalText
    currency: Currency
    inputs: LeaderCapacityTerms


class GradeBonusPayout(Model):
    """A base bonus times the coefficient of the grade."""

    plan: Literal[PayPlan.GRADE_BONUS]
    amount: DecimalText
    currency: Currency
    inputs: GradeBonusTerms


class LevelAllowancePayout(Model):
    """A fixed amount by the level."""

    plan: Literal[PayPlan.LEVEL_ALLOWANCE]
    amount: DecimalText
    currency: Currency
    inputs: LevelAllowanceTerms


class AdjustmentPayout(Model):
    """Rewards and penalties in money."""

    plan: Literal[PayPlan.ADJUSTMENT]
    amount: DecimalText
    currency: Currency
    inputs: AdjustmentTerms


PayoutDocument = Annotated[
    CommissionPayout
    | LeaderMeanPayout
    | LeaderCapacityPayout
    | GradeBonusPayout
    | LevelAllowancePayout
    | AdjustmentPayout,
    Field(discriminator="plan"),
]
