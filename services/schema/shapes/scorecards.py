"""Scorecards: lines, sections and total of one subject in one cycle, as they are shown.

Values and attainments carry 6 decimals at most, scores, weights and points 4, section scores and
totals 2: anyone can recompute a scorecard by hand from what stands here.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from services.schema.shapes.indicators import Value
from services.schema.shapes.people import Subject
from services.schema.words import LineStatus, ScorecardStatus, TargetLevel


@dataclass(frozen=True, slots=True)
class ItemInput:
    """What an item's line is computed from."""

    value: Value
    targets: dict[TargetLevel, Decimal]
    """The targets in force for the subject and period; a fixed one is its budget level."""


@dataclass(frozen=True, slots=True)
class Line:
    """One item's value against its target, scored; `weight` is its share of the whole."""

    section: str
    item: str
    indicator: str
    value: Decimal | None
    target: Decimal | None
    attainment: Decimal | None
    score: Decimal | None
    weight: Decimal
    points: Decimal | None
    status: LineStatus
    step: str
    """Which part of the rule gave the score: `step 2`, `cap`, `policy zero`."""


@dataclass(frozen=True, slots=True)
class SectionScore:
    """The sum of a section's points x 100 / its weight."""

    section: str
    weight: Decimal
    score: Decimal | None


@dataclass(frozen=True, slots=True)
class GateBite:
    """A gate that bit, and what it did."""

    gate: int
    """Its place in the scheme, from 0."""
    effect: str
    """`fail`, `cap 59` or `grade C`."""


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
class SegmentScore:
    """A segment's lines, sections and total."""

    segment: Segment
    lines: tuple[Line, ...]
    sections: tuple[SectionScore, ...]
    total: Decimal | None
    """Null where a line blocks."""
    gates: tuple[GateBite, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """What the rules make of a subject's inputs: everything on a scorecard that is computed."""

    segments: tuple[SegmentScore, ...]
    total: Decimal | None
    grade: str | None
    coefficient: Decimal | None
    gates: tuple[GateBite, ...]


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
    fingerprint: str
    computed_at: datetime
    version: int
