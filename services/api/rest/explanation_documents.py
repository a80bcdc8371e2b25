"""How explanations are written: every step of a scorecard with its inputs, and the same as a tree.

The core writes these documents and the doors serve their bytes; a test holds what it writes against
the models here.
"""

from typing import Annotated, Literal

from pydantic import Field

from services.api.rest.scheme_documents import (
    BoundsDocument,
    ConditionDocument,
    EffectDocument,
    GradeDocument,
    NameDocument,
    RuleDocument,
)
from services.api.rest.scorecard_documents import (
    AdjustmentDocument,
    Day,
    Fingerprint,
    Instant,
    Number,
)
from services.door.wire import Code, DecimalText, Model
from services.schema.words import (
    Better,
    FactKind,
    LineStatus,
    Missing,
    NoValue,
    RaterRole,
    Scope,
    TargetLevel,
    Unforced,
)


class ExplainedTargetDocument(Model):
    """A target in force, as it was stated, whose it is, and the days it is shared by."""

    level: TargetLevel
    value: DecimalText
    stated: DecimalText
    from_: Annotated[str, Field(alias="from")]
    days: int
    of_days: int
    weight: DecimalText
    """What the days weigh by the target calendar."""
    of_weight: DecimalText


class MeasureAmountDocument(Model):
    """One measure that a value was computed from, and how many records stand behind it."""

    measure: str
    filters: str
    amount: DecimalText | None
    records: int


class SourceDocument(Model):
    """What a value was computed from, and where its facts can be read."""

    formula: str | None
    definition_version: int
    measures: list[MeasureAmountDocument]
    fx: str | None
    links: list[str]


class RoleMarksDocument(Model):
    """What the people of a role gave together; nobody is named."""

    role: RaterRole
    weight: DecimalText
    raters: int
    needed: int
    """How many must have rated for what they gave to count: three in roles of many."""
    sum: DecimalText | None
    """Null where fewer have: the role is missing."""
    mean: DecimalText | None
    """Null where a missing role leaves its weight to the others, or waits to be supplied."""


class MeasuredDocument(Model):
    """An indicator's value and what it is held against."""

    indicator: Code | None
    scope: Scope
    better: Better
    value: DecimalText | None
    reason: NoValue | None
    source: SourceDocument | None
    targets: list[ExplainedTargetDocument]
    attainments: dict[TargetLevel, DecimalText]


class ExplainedLineDocument(MeasuredDocument):
    """One line from its value to its points, each figure as it is kept."""

    section: Code
    item: Code
    marks: list[RoleMarksDocument] | None = None
    """Of a rating: what each role gave."""
    behaviours: list[Number] | None = None
    """Of a ladder: which hold; null where nobody has judged."""
    chosen: DecimalText | None = None
    """Of a rubric: the mark that was chosen in a level's range."""
    others: list[MeasuredDocument] | None = None
    """Of a rubric: the other indicators that it names."""
    status: LineStatus
    rule: RuleDocument
    full_mark: DecimalText
    step: str | None
    before: DecimalText | None
    after: DecimalText | None
    missing: Missing
    policy: Missing | None
    score: DecimalText | None
    stated_weight: DecimalText
    weight: DecimalText
    points: DecimalText | None


class ExplainedSectionDocument(Model):
    """A section's score, and its weight before and after what was redistributed."""

    section: Code
    stated_weight: DecimalText
    weight: DecimalText
    score: DecimalText | None


class ExplainedGateDocument(Model):
    """A gate of the scheme, and whether it bit."""

    when: ConditionDocument
    then: EffectDocument
    bites: bool
    actual: DecimalText | None


class ExplainedSegmentDocument(Model):
    """A segment, line by line."""

    segment: Number
    from_: Annotated[Day, Field(alias="from")]
    to: Day
    days: int
    position: Code | None
    unit: Code | None
    scheme: Code
    scheme_version: int
    full_mark: DecimalText
    grades: list[str]
    """Of its scheme, best first: a gate may name one of them."""
    lines: list[ExplainedLineDocument]
    sections: list[ExplainedSectionDocument]
    points: DecimalText | None
    gates: list[ExplainedGateDocument]
    total: DecimalText | None


class ExplainedAdjustmentsDocument(Model):
    """Rewards and penalties, and what of their sum counts."""

    stated: list[AdjustmentDocument]
    bounds: BoundsDocument | None
    sum: DecimalText


class RoundingDocument(Model):
    """How figures are rounded, and to how many decimals."""

    mode: str
    values: int
    attainments: int
    weights: int
    scores: int
    points: int
    sections: int
    totals: int


class ExplainedQuotaDocument(Model):
    """How many of a population's people a grade may have."""

    grade: str
    share: DecimalText
    quota: int


class ExplainedTieDocument(Model):
    """Equal people who share a grade that had too few places left for them."""

    people: int
    places: int


class ExplainedTieBreakerDocument(Model):
    """What tells people of equal totals apart."""

    indicator: Code
    better: Better
    value: DecimalText | None


class ExplainedGradeMoveDocument(Model):
    """A grade that people moved, and why."""

    from_: Annotated[str, Field(alias="from")]
    to: str
    reason: str
    author: str
    moved_at: Instant


class ExplainedCalibrationDocument(Model):
    """Where somebody stood in a population, what grade its quotas gave, and what people moved.

    The card's fingerprint is the SHA-256 of this object, its keys in order and without spaces.
    """

    inputs: Fingerprint
    """What the inputs of the card are known by."""
    population: str
    people: int
    unforced: Unforced | None
    place: int
    tie_breakers: list[ExplainedTieBreakerDocument]
    limit: str | None
    """No better than this, say gates."""
    quotas: list[ExplainedQuotaDocument]
    tie: ExplainedTieDocument | None
    grade: str | None
    """What the distribution gave, before people moved it."""
    moves: list[ExplainedGradeMoveDocument]


class ExplainedGapDocument(Model):
    """The days that a feed lacks."""

    feed: str
    shop: Code
    kind: FactKind
    source: str
    days: list[Day]
    repair: str | None
    """Where these days are asked for again (`POST` with `gaps`); null where the source posts to us
    and has to post them again."""


class ExplainedCoverageDocument(Model):
    """How much of what a card hangs on has come in, and what is missing."""

    share: DecimalText
    """Complete of wanted, cut at 4 decimals."""
    provisional: bool
    matures_at: Instant | None
    """Until then a day that counts may still fill in."""
    feeds: int
    wanted: int
    """Days of these feeds that should be there."""
    complete: int
    gaps: list[ExplainedGapDocument]
    """Of the first hundred feeds with any."""


class ExplanationDocument(Model):
    """Every step of a scorecard with its inputs: enough to recompute it from here alone."""

    scorecard: str
    cycle: Code
    subject: str
    revision: int
    fingerprint: Fingerprint
    rounding: RoundingDocument
    segments: list[ExplainedSegmentDocument]
    mean: DecimalText | None
    adjustments: ExplainedAdjustmentsDocument
    adjusted: DecimalText | None
    total: DecimalText | None
    grades: list[GradeDocument]
    band: str | None
    grade: str | None
    coefficient: DecimalText | None
    calibration: ExplainedCalibrationDocument | None = None
    """There once the card was calibrated."""
    coverage: ExplainedCoverageDocument | None = None
    """Of cards computed since coverage is told."""


class NodeDocument(Model):
    """A figure of the tree, and in words how it was made of those below it."""

    figure: Literal[
        "grade", "total", "mean", "segment", "section", "line", "score", "weight", "rule", "value",
        "measure", "target", "attainment", "mark", "gate", "adjustments", "adjustment",
        "distribution", "move",
    ]  # fmt: skip
    code: str | None
    name: NameDocument | None
    value: str | None
    words: NameDocument
    records: int | None
    """Of a measure: how many facts stand behind it."""
    links: list[str]
    """Of a value: where its facts can be read."""
    parts: list["NodeDocument"]


class ToldExplanationDocument(ExplanationDocument):
    """The same, and as a tree in both languages: its root the grade, its leaves record counts."""

    tree: NodeDocument
