"""Schemes: sections, items, rules, gates, grade bands and pay, as published versions state them.

Scores, floors, caps and points of a rule are on the scale of the scheme's full mark, or of the
item's own where it states one. Weights and shares are percent.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from services.schema.shapes.pay_plans import Pay
from services.schema.words import (
    Approver,
    CycleKind,
    GateOf,
    Missing,
    Of,
    Quantifier,
    RankedBy,
    RaterRole,
    Scope,
    TargetKind,
    TargetLevel,
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Ratio:
    """Full mark x attainment, clamped; a null cap is 1.2 times the full mark."""

    floor: Decimal = Decimal(0)
    cap: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A condition on the value or attainment and the score it gives; one bound is stated."""

    score: Decimal
    at_least: Decimal | None = None
    at_most: Decimal | None = None
    level: TargetLevel = TargetLevel.BUDGET


@dataclass(frozen=True, slots=True)
class Steps:
    """The first step whose condition holds gives its score; none gives 0."""

    steps: tuple[Step, ...]
    of: Of = Of.VALUE


@dataclass(frozen=True, slots=True)
class Curve:
    """Straight lines between (value, score) points, flat outside."""

    points: tuple[tuple[Decimal, Decimal], ...]
    of: Of = Of.VALUE


@dataclass(frozen=True, slots=True)
class Deduct:
    """Full mark less so much for each occurrence beyond the free ones, not below the floor."""

    per_occurrence: Decimal
    free: Decimal = Decimal(0)
    floor: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Pass:
    """The full mark if the condition holds, else 0; one bound is stated."""

    at_least: Decimal | None = None
    at_most: Decimal | None = None
    of: Of = Of.VALUE


@dataclass(frozen=True, slots=True)
class Rater:
    """A role whose marks count, and how much of the whole they do."""

    role: RaterRole
    weight: Decimal


@dataclass(frozen=True, slots=True)
class MarkLevel:
    """A level that a rater may pick, with its mark."""

    mark: Decimal
    text: Name


@dataclass(frozen=True, slots=True)
class MarkScale:
    """The marks that a rater may give: from `start` to `end`, both included, by steps."""

    start: Decimal
    """`from` on the wire."""
    end: Decimal
    """`to` on the wire."""
    step: Decimal


@dataclass(frozen=True, slots=True)
class Rating:
    """The weighted mean of the raters' marks by role; of one role their mean."""

    raters: tuple[Rater, ...]
    levels: tuple[MarkLevel, ...] = ()
    """Best first; none where raters give any mark."""
    marks: MarkScale | None = None
    """Null: any mark from 0 to the full mark, at 4 decimals."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """The mark of the highest behaviour of which all lower ones hold too; none gives 0."""

    behaviours: tuple[Name, ...]
    """Lowest first."""
    marks: tuple[Decimal, ...]
    """One for each behaviour."""


@dataclass(frozen=True, slots=True)
class RubricCondition:
    """A bound on an indicator's value or attainment; one is stated."""

    indicator: str
    of: Of
    at_least: Decimal | None = None
    at_most: Decimal | None = None
    below: Decimal | None = None


@dataclass(frozen=True, slots=True)
class RubricLevel:
    """Conditions of which all or any must hold, and what they give.

    Where `low` is less than `high` the manager chooses between them; until then it is `low`.
    """

    quantifier: Quantifier
    conditions: tuple[RubricCondition, ...]
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Rubric:
    """The first level that holds gives its score; none gives 0."""

    levels: tuple[RubricLevel, ...]


Rule = Ratio | Steps | Curve | Deduct | Pass | Rating | Ladder | Rubric


@dataclass(frozen=True, slots=True)
class ItemTarget:
    """Where an item's target comes from: set for each subject, or fixed by the scheme."""

    kind: TargetKind
    value: Decimal | None = None
    """Of a fixed target: the budget level."""
    challenge: Decimal | None = None
    """Of a fixed target that has this level too."""


@dataclass(frozen=True, slots=True)
class Item:
    """One indicator with its weight inside the section, target and rule."""

    code: str
    name: Name | None
    indicator: str | None
    """Null where people's ratings are what is scored."""
    weight: Decimal
    scope: Scope
    target: ItemTarget | None
    rule: Rule
    missing: Missing
    full_mark: Decimal | None
    """Null: the scheme's."""


@dataclass(frozen=True, slots=True)
class Section:
    """A category of items and its weight in the whole."""

    code: str
    name: Name | None
    weight: Decimal
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition on a section or an item that fails, caps or limits the whole."""

    section: str | None
    item: str | None
    of: GateOf
    below: Decimal | None
    at_least: Decimal | None
    at_most: Decimal | None
    fail: bool
    cap: Decimal | None
    grade: str | None


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade, the lowest total that reaches it, and the coefficient of pay."""

    grade: str
    start: Decimal
    """`from` on the wire."""
    coefficient: Decimal


@dataclass(frozen=True, slots=True)
class Bounds:
    """What rewards and penalties may sum to."""

    minimum: Decimal
    maximum: Decimal


@dataclass(frozen=True, slots=True)
class DistributionShare:
    """The share of a population that a grade may have, in percent."""

    grade: str
    share: Decimal


@dataclass(frozen=True, slots=True)
class BandShare:
    """The share of a population whose scores may lie in a band, in percent."""

    start: Decimal
    """`from` on the wire: the lowest score of the band."""
    share: Decimal


@dataclass(frozen=True, slots=True)
class ScoreBands:
    """Quotas of scores, which are checked in calibration and set nothing."""

    section: str | None
    """Whose score they are about; null is the total."""
    shares: tuple[BandShare, ...]
    """Best first."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """A forced distribution of grades, and the quotas of scores."""

    shares: tuple[DistributionShare, ...]
    """None where scores alone have quotas."""
    minimum_population: int
    tie_breakers: tuple[str, ...]
    by: RankedBy = RankedBy.CYCLE
    bands: ScoreBands | None = None


@dataclass(frozen=True, slots=True)
class Scheme:
    """What a version of a scheme says."""

    name: Name
    cycle: CycleKind
    full_mark: Decimal
    sections: tuple[Section, ...]
    gates: tuple[Gate, ...]
    adjustments: Bounds | None
    grades: tuple[Grade, ...]
    """Best first; none where the total alone counts."""
    distribution: Distribution | None
    approval: tuple[Approver, ...]
    pay: tuple[Pay, ...]
    note: str | None = None
    appeal_days: int | None = None
    """After the day of a result, on which it may be contested; null: 7."""


class Lopsided(StrEnum):
    """What a scheme is warned of as it is published."""

    ITEM_ABOVE_HALF = "item_above_half"
    MANY_ITEMS = "many_items"
    ONE_FAMILY = "one_family"
    NO_LEADING_INDICATOR = "no_leading_indicator"


@dataclass(frozen=True, slots=True)
class SchemeWarning:
    """What makes a scheme lopsided; it may be published all the same."""

    code: Lopsided
    item: str | None
    """Whose weight it is, of one item."""
    family: str | None
    """Of indicators, where all are of one."""
    figure: Decimal
    """An item's weight in percent of the whole, or how many: items, indicators, leading ones."""
