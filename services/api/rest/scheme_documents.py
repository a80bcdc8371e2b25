"""How a scheme is written on the wire (`api.md`, section 4): the published contract of it.

The core reads and checks these documents itself, with a fault for each place; the models here say
what they look like, and a test holds every scheme that the core writes against them.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from services.door.wire import AmountIn, Code, FormulaCode, Model, ScoreIn, ValueIn
from services.schema.words import (
    Approver,
    CoefficientOf,
    CycleKind,
    GateOf,
    Missing,
    Of,
    RankedBy,
    RaterRole,
    Scope,
    TargetLevel,
)


class NameDocument(Model):
    """A name in both languages."""

    zh: str
    en: str


class RatioDocument(Model):
    """Full mark x attainment, clamped to floor and cap."""

    kind: Literal["ratio"]
    floor: ScoreIn | None = None
    cap: ScoreIn | None = None


class StepDocument(Model):
    """A condition, one bound of it stated, and the score that it gives."""

    level: TargetLevel | None = None
    at_least: ValueIn | None = None
    at_most: ValueIn | None = None
    score: ScoreIn


class StepsDocument(Model):
    """The first step whose condition holds gives its score."""

    kind: Literal["steps"]
    of: Of | None = None
    steps: list[StepDocument]


class CurveDocument(Model):
    """Straight lines between points of a figure and its score."""

    kind: Literal["curve"]
    of: Of | None = None
    points: list[tuple[ValueIn, ScoreIn]]


class DeductDocument(Model):
    """Full mark less so much for each occurrence beyond the free ones."""

    kind: Literal["deduct"]
    per_occurrence: ScoreIn
    free: ValueIn | None = None
    floor: ScoreIn | None = None


class PassDocument(Model):
    """The full mark if the one bound stated holds, else 0."""

    kind: Literal["pass"]
    of: Of | None = None
    at_least: ValueIn | None = None
    at_most: ValueIn | None = None


class RaterDocument(Model):
    """A role whose marks count, and its part of the whole."""

    role: RaterRole
    weight: ScoreIn


class MarkLevelDocument(Model):
    """A level that a rater may pick, with its mark."""

    mark: ScoreIn
    text: NameDocument


class MarkScaleDocument(Model):
    """The marks that a rater may give: both ends, and what lies between by steps."""

    from_: Annotated[ScoreIn, Field(alias="from")]
    to: ScoreIn
    step: ScoreIn


class RatingRuleDocument(Model):
    """The weighted mean of the raters' marks by role; with levels, a rater picks one."""

    kind: Literal["rating"]
    raters: list[RaterDocument]
    levels: list[MarkLevelDocument] | None = None
    marks: MarkScaleDocument | None = None


class BehaviourLadderDocument(Model):
    """The mark of the highest behaviour of which all lower ones hold too."""

    kind: Literal["ladder"]
    behaviours: list[NameDocument | str]
    marks: list[ScoreIn]


class RubricConditionDocument(Model):
    """A bound, one of the three, on an indicator's value or attainment."""

    indicator: FormulaCode
    of: Of | None = None
    at_least: ValueIn | None = None
    at_most: ValueIn | None = None
    below: ValueIn | None = None


class RubricLevelDocument(Model):
    """Conditions of which all or any must hold, and the score or range that they give."""

    all: list[RubricConditionDocument] | None = None
    any: list[RubricConditionDocument] | None = None
    score: ScoreIn | None = None
    range: tuple[ScoreIn, ScoreIn] | None = None


class RubricDocument(Model):
    """The first level that holds gives its score, or a range of which the manager chooses."""

    kind: Literal["rubric"]
    levels: list[RubricLevelDocument]


RuleDocument = Annotated[
    RatioDocument
    | StepsDocument
    | CurveDocument
    | DeductDocument
    | PassDocument
    | RatingRuleDocument
    | BehaviourLadderDocument
    | RubricDocument,
    Field(discriminator="kind"),
]


class ItemTargetDocument(Model):
    """A target that is set for each subject, or fixed by the scheme."""

    kind: Literal["set", "fixed"]
    value: ValueIn | None = None
    challenge: ValueIn | None = None


class ItemDocument(Model):
    """One indicator, or what people rate, with its weight inside the section, target and rule."""

    code: Code
    name: NameDocument | None = None
    indicator: FormulaCode | None = None
    weight: ScoreIn
    scope: Scope | None = None
    target: ItemTargetDocument | None = None
    rule: RuleDocument
    missing: Missing | None = None
    full_mark: ScoreIn | None = None


class SectionDocument(Model):
    """A category of items."""

    code: Code
    name: NameDocument | None = None
    weight: ScoreIn
    items: list[ItemDocument]


class ConditionDocument(Model):
    """What a gate reads, and the one bound that it is held against."""

    section: Code | None = None
    item: Code | None = None
    of: GateOf | None = None
    below: ValueIn | None = None
    at_least: ValueIn | None = None
    at_most: ValueIn | None = None


class EffectDocument(Model):
    """What a gate does: one of these."""

    fail: Literal[True] | None = None
    cap: ScoreIn | None = None
    grade: str | None = None


class GateDocument(Model):
    """A condition that fails, caps or limits the whole."""

    when: ConditionDocument
    then: EffectDocument


class BoundsDocument(Model):
    """What rewards and penalties may sum to."""

    minimum: ScoreIn
    maximum: ScoreIn


class GradeDocument(Model):
    """A grade, the lowest total that reaches it (`from`), and its coefficient of pay."""

    grade: str
    from_: Annotated[ScoreIn, Field(alias="from")]
    coefficient: ValueIn


class GradeShareDocument(Model):
    """The share of a population that a grade may have."""

    grade: str
    share: ScoreIn


class BandShareDocument(Model):
    """The share of a population whose scores may lie in a band, which begins at `from`."""

    from_: Annotated[ScoreIn, Field(alias="from")]
    share: ScoreIn


class ScoreBandsDocument(Model):
    """Quotas of scores, of the total or of one section; they are checked, and set nothing."""

    section: Code | None = None
    shares: list[BandShareDocument]


class DistributionDocument(Model):
    """A forced distribution of grades; without shares, the score bands alone have quotas."""

    shares: list[GradeShareDocument] | None = None
    minimum_population: int | None = None
    tie_breakers: list[FormulaCode] | None = None
    by: RankedBy | None = None
    """Who is ranked with whom: the whole cycle unless stated, or each unit, small ones pooled."""
    bands: ScoreBandsDocument | None = None


class BandDocument(Model):
    """A marginal band of a commission: the rate holds from this amount on."""

    from_: Annotated[AmountIn, Field(alias="from")]
    rate: ValueIn


class CoefficientDocument(Model):
    """A coefficient: a number, the grade's or the score, or what an item attained."""

    number: ValueIn | None = None
    of: CoefficientOf | None = None
    item: Code | None = None


class CommissionDocument(Model):
    """A rate or marginal bands on what an indicator comes to."""

    plan: Literal["commission"]
    indicator: FormulaCode
    rate: ValueIn | None = None
    bands: list[BandDocument] | None = None
    coefficient: CoefficientOf | None = None


class LeaderMeanDocument(Model):
    """The mean of the members' commissions times three coefficients."""

    plan: Literal["leader_mean"]
    task: CoefficientDocument | ValueIn | None = None
    business: CoefficientDocument | ValueIn | None = None
    staffing: CoefficientDocument | ValueIn | None = None


class LeaderCapacityDocument(Model):
    """What the team put out times a coefficient."""

    plan: Literal["leader_capacity"]
    indicator: FormulaCode
    incentive: CoefficientDocument | ValueIn | None = None


class GradeBonusDocument(Model):
    """A base bonus times the coefficient of the grade."""

    plan: Literal["grade_bonus"]
    base: AmountIn


class LevelAmountDocument(Model):
    """What a level of a ladder is worth."""

    level: Code
    amount: AmountIn


class LevelAllowanceDocument(Model):
    """A fixed amount by the level on a ladder."""

    plan: Literal["level_allowance"]
    ladder: Code
    amounts: list[LevelAmountDocument]


class MoneyAdjustmentsDocument(Model):
    """Rewards and penalties in money, stated by hand; their sum may be bounded."""

    plan: Literal["adjustment"]
    minimum: AmountIn | None = None
    maximum: AmountIn | None = None


PayDocument = Annotated[
    CommissionDocument
    | LeaderMeanDocument
    | LeaderCapacityDocument
    | GradeBonusDocument
    | LevelAllowanceDocument
    | MoneyAdjustmentsDocument,
    Field(discriminator="plan"),
]


class SchemeDocument(Model):
    """A scheme: sections of items, gates, grades and pay."""

    name: NameDocument
    cycle: CycleKind
    full_mark: ScoreIn | None = None
    sections: list[SectionDocument]
    gates: list[GateDocument] | None = None
    adjustments: BoundsDocument | None = None
    grades: list[GradeDocument] | None = None
    distribution: DistributionDocument | None = None
    approval: list[Approver] | None = None
    pay: list[PayDocument] | None = None
    note: str | None = None
    appeal_days: int | None = None
    """After the day of a result, on which it may be contested; null: 7."""


class Documented:
    """Publishes a model, or several, as the contract of a document that the core reads or wrote."""

    def __init__(self, kind: Any) -> None:
        self._schema = TypeAdapter(kind).core_schema

    def __get_pydantic_json_schema__(
        self, _schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(self._schema)


SchemeBody = Annotated[dict[str, Any], Documented(SchemeDocument)]
"""A scheme as it is put: exact JSON, for the core to read."""
