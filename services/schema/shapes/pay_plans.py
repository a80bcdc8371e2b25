"""Pay plans: what a scheme says about money (`domain.md`, section 8), in the tenant's currency."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from services.schema.words import CoefficientOf, PayPlan


@dataclass(frozen=True, slots=True)
class Band:
    """A marginal band of a commission: the rate holds from this amount on."""

    start: Decimal
    """`from` on the wire."""
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Commission:
    """Rates on what an indicator comes to, each refund counted in the period of its order."""

    plan: ClassVar[PayPlan] = PayPlan.COMMISSION
    indicator: str
    bands: tuple[Band, ...]
    """A flat rate is one band from 0."""
    coefficient: CoefficientOf | None = None
    """Null: 1."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A coefficient of a leader's plan: a number, or a figure of the leader's own card."""

    number: Decimal | None = None
    of: CoefficientOf | None = None
    item: str | None = None
    """The attainment of this item."""


@dataclass(frozen=True, slots=True)
class LeaderMean:
    """The mean of the members' business pay times three coefficients, for teams alike."""

    plan: ClassVar[PayPlan] = PayPlan.LEADER_MEAN
    task: Factor
    business: Factor
    staffing: Factor


@dataclass(frozen=True, slots=True)
class LeaderCapacity:
    """The team's total output times the incentive coefficient, for many and unlike teams."""

    plan: ClassVar[PayPlan] = PayPlan.LEADER_CAPACITY
    indicator: str
    """What the team puts out."""
    incentive: Factor


@dataclass(frozen=True, slots=True)
class GradeBonus:
    """A base bonus times the coefficient of the grade."""

    plan: ClassVar[PayPlan] = PayPlan.GRADE_BONUS
    base: Decimal


@dataclass(frozen=True, slots=True)
class LevelAmount:
    """What a level of a ladder is worth."""

    level: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class LevelAllowance:
    """A fixed amount by the level that a person has on a ladder; without a level 0."""

    plan: ClassVar[PayPlan] = PayPlan.LEVEL_ALLOWANCE
    ladder: str
    amounts: tuple[LevelAmount, ...]


@dataclass(frozen=True, slots=True)
class MoneyAdjustments:
    """Rewards and penalties in money, stated for a card by hand; their sum may be bounded."""

    plan: ClassVar[PayPlan] = PayPlan.ADJUSTMENT
    minimum: Decimal | None = None
    maximum: Decimal | None = None


Pay = Commission | LeaderMean | LeaderCapacity | GradeBonus | LevelAllowance | MoneyAdjustments
