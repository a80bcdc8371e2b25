"""Scorecards: lines, sections and total of one subject in one cycle, as they are shown.

Values and attainments carry 6 decimals at most, scores, weights and points 4, section scores and
totals 2: anyone can recompute a scorecard by hand from what stands here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from services.schema.shapes.coverage import Coverage
from services.schema.shapes.disputes import ChangedFact
from services.schema.shapes.indicators import Explained, Value
from services.schema.shapes.people import Subject
from services.schema.shapes.schemes import Gate, Scheme
from services.schema.shapes.targets import TargetInForce
from services.schema.words import (
    Better,
    LineStatus,
    Missing,
    RaterRole,
    ScorecardStatus,
    TargetLevel,
)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a person stated of an item: a mark, a level or the behaviours that hold.

    Levels count from 1 as the rule lists them; behaviours from the lowest, 0 being none of them. Of
    one rater in one role the last counts.
    """

    item: str
    role: RaterRole
    rater: str
    """Who stated it: an employee's code or a key's."""
    mark: Decimal | None
    level: int | None
    behaviours: tuple[int, ...] | None
    comment: str | None
    stated_at: datetime

    def restated(self, mark: Decimal, at: datetime) -> "Mark":
        """What HR states in its place, where it was contested."""
        return replace(self, mark=mark, level=None, behaviours=None, stated_at=at)


@dataclass(frozen=True, slots=True)
class ItemInput:
    """What an item's line is computed from."""

    value: Value
    targets: Mapping[TargetLevel, TargetInForce]
    better: Better
    explained: Explained | None = None
    """What the value was computed from; null where only the score is wanted."""
    marks: tuple[Mark, ...] = ()
    """What people stated of the item, first to last; of one rater in one role the last alone."""
    others: "Mapping[str, ItemInput]" = field(default_factory=dict)
    """Of a rubric: its other indicators, by code, each with its set targets."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A reward or a penalty in points, at 2 decimals."""

    points: Decimal
    reason: str
    author: str


@dataclass(frozen=True, slots=True)
class StatedValue:
    """A value of a line that HR stated when a dispute was upheld."""

    item: str
    segment: int | None
    """Null: the card had but one."""
    value: Decimal
    dispute: str | None
    """Null while it is only weighed."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What people stated for a card."""

    marks: tuple[Mark, ...] = ()
    """Those that hold, first to last: of one rater in one role of an item the last alone."""
    adjustments: tuple[Adjustment, ...] = ()
    """Those in force, first to last."""
    values: tuple[StatedValue, ...] = ()
    """In place of what was measured; of one line the last holds."""
    facts: tuple[ChangedFact, ...] = ()
    """What counts for this card otherwise than its source states it, first to last."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the cycle in one position, unit and set of shops; the end is exclusive."""

    start: date
    end: date
    position: str | None
    unit: str | None
    scheme: str
    scheme_version: int

    @property
    def days(self) -> int:
        return (self.end - self.start).days


@dataclass(frozen=True, slots=True)
class SegmentInput:
    """A segment, what its scheme says, and the inputs of each of its items by item code."""

    segment: Segment
    scheme: Scheme
    items: Mapping[str, ItemInput]


@dataclass(frozen=True, slots=True)
class Line:
    """One item's value against its target, scored; `weight` is its share of the whole."""

    section: str
    item: str
    indicator: str | None
    """Null where people's ratings are what is scored."""
    value: Decimal | None
    target: Decimal | None
    attainment: Decimal | None
    score: Decimal | None
    weight: Decimal
    points: Decimal | None
    status: LineStatus
    policy: Missing | None
    """What decided where the rule could not: the item's policy for missing data."""
    step: str | None
    """The part of the rule that gave the score, as `step 2` or `cap`; null where a policy did."""
    before: Decimal | None
    """What the rule gives before floor and cap, on the item's own scale; null without a score of
    the rule."""
    after: Decimal | None
    """The same after floor and cap; `score` is this on the scheme's scale."""


@dataclass(frozen=True, slots=True)
class SectionScore:
    """The sum of a section's points x 100 / its weight."""

    section: str
    weight: Decimal
    score: Decimal | None


@dataclass(frozen=True, slots=True)
class GateBite:
    """A gate whose condition held, and the figure that it read."""

    gate: Gate
    actual: Decimal


@dataclass(frozen=True, slots=True)
class SegmentScore:
    """A segment's lines, sections and total."""

    segment: Segment
    lines: tuple[Line, ...]
    sections: tuple[SectionScore, ...]
    points: Decimal | None
    """The sum of points as a total; null where a line blocks or none is left."""
    total: Decimal | None
    """The same, capped by the segment's own gates where the card has several segments."""
    gates: tuple[GateBite, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """What the rules make of a subject's inputs: everything on a scorecard that is computed."""

    segments: tuple[SegmentScore, ...]
    mean: Decimal | None
    """The mean of the segments' totals by days: the total before adjustments."""
    adjustments: tuple[Adjustment, ...]
    adjusted: Decimal | None
    """The mean and the bounded sum of adjustments, not below 0."""
    total: Decimal | None
    band: str | None
    """The grade that the total reaches, before gates."""
    grade: str | None
    coefficient: Decimal | None

    @property
    def complete(self) -> bool:
        """Whether there is a total, so that the card can be approved."""
        return self.total is not None


@dataclass(frozen=True, slots=True)
class CardHead:
    """What stands on a card besides its score."""

    id: str
    cycle: str
    subject: Subject
    revision: int
    status: ScorecardStatus
    rank: int | None
    """Null while the cycle is open, and without a total."""
    coverage: Coverage
    """How much of what it hangs on has come in; frozen when data close."""
    computed_at: datetime
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A scorecard as it is kept: its ready document and what lists sort and filter by."""

    id: str
    cycle: str
    subject: Subject
    revision: int
    position: str
    unit: str
    status: ScorecardStatus
    total: Decimal | None
    grade: str | None
    rank: int | None
    document: bytes
    explanation: bytes
    """Every step with its inputs, as it is served."""
    bases: bytes | None
    """What commissions will be paid on, as it was when data closed; null until then."""
    fingerprint: str
    computed_at: datetime
    stale_since: datetime | None
    """Since when an input has changed that the document does not show."""
    version: int
    look_again_at: datetime | None = None
    """When its coverage may be otherwise although nothing has come; null once data are closed."""
