"""How scorecards are written: the published contract of them.

The core writes these documents and the doors serve their bytes; a test holds every kind of document
that the core writes against the models here.
"""

from typing import Annotated

from pydantic import Field

from services.api.rest.scheme_documents import (
    ConditionDocument,
    EffectDocument,
)
from services.door.wire import Code, DecimalText, Model
from services.schema.words import (
    GradeOrigin,
    LineStatus,
    ScorecardStatus,
)

Day = Annotated[str, Field(json_schema_extra={"format": "date"})]
Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Fingerprint = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Number = Annotated[int, Field(ge=1)]


class LineDocument(Model):
    """One item's value against its target; with several segments it names its own."""

    segment: Number | None = None
    section: Code
    item: Code
    indicator: Code | None
    """Null where people rate."""
    value: DecimalText | None
    target: DecimalText | None
    attainment: DecimalText | None
    score: DecimalText | None
    weight: DecimalText
    """Its share of the whole, in percent."""
    points: DecimalText | None
    status: LineStatus


class SectionScoreDocument(Model):
    """The score of a section."""

    segment: Number | None = None
    section: Code
    weight: DecimalText
    score: DecimalText | None


class BiteDocument(Model):
    """A gate whose condition held, and the figure that it read."""

    segment: Number | None = None
    when: ConditionDocument
    then: EffectDocument
    actual: DecimalText


class AdjustmentDocument(Model):
    """A reward or a penalty."""

    points: DecimalText
    reason: str
    author: str


class SegmentDocument(Model):
    """A stretch of the cycle in one position, unit and set of shops; its end is exclusive."""

    from_: Annotated[Day, Field(alias="from")]
    to: Day
    days: int
    position: Code | None
    unit: Code | None
    scheme: Code
    scheme_version: int
    total: DecimalText | None


class ScorecardDocument(Model):
    """A scorecard, from which anyone can recompute it by hand."""

    id: str
    cycle: Code
    subject: str
    scheme: Code
    scheme_version: int
    revision: int
    status: ScorecardStatus
    total: DecimalText | None
    grade: str | None
    coefficient: DecimalText | None
    rank: int | None
    """Null while the cycle is open."""
    lines: list[LineDocument]
    sections: list[SectionScoreDocument]
    gates: list[BiteDocument]
    adjustments: list[AdjustmentDocument]
    segments: list[SegmentDocument]
    coverage: DecimalText
    provisional: bool
    computed_at: Instant
    fingerprint: Fingerprint
    grade_origin: GradeOrigin | None = None
    """There once the card was calibrated; before that bands and gates give the grade."""
