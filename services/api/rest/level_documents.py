"""How ladders of levels and assessments are written on the wire: the published contract of them.

The core reads, checks and writes these documents itself; a test holds what it writes against them.
"""

from typing import Annotated, Any

from pydantic import Field

from services.api.rest.scheme_documents import Documented, NameDocument
from services.api.rest.scorecard_documents import Fingerprint
from services.door.wire import Code, DecimalText, FormulaCode, Model, ValueIn
from services.schema.words import LineStatus, NoValue, Of, Scope

InstantText = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
DayText = Annotated[str, Field(json_schema_extra={"format": "date"})]
MonthText = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}$", examples=["2026-10"])]


class SampleSize(Model):
    """So many chat sessions are drawn, all of them where there are fewer."""

    size: Annotated[int, Field(ge=1)]


class CriterionDocument(Model):
    """An indicator within a bound, or a behaviour that people observe; exactly one is stated."""

    code: Code
    name: NameDocument
    indicator: FormulaCode | None = None
    behaviour: Code | None = None
    of: Of | None = None
    scope: Scope | None = None
    at_least: ValueIn | None = None
    at_most: ValueIn | None = None
    months: Annotated[int, Field(ge=1)]
    """How many whole months it looks back, the month of the assessment among them."""
    sample: SampleSize | None = None


class LevelDocument(Model):
    """A level with its criteria; without any everyone has it."""

    code: Code
    name: NameDocument
    criteria: list[CriterionDocument] | None = None


class LadderDocument(Model):
    """Levels, the best first, and the positions whose people are assessed (without any: all)."""

    name: NameDocument
    positions: list[Code] | None = None
    levels: list[LevelDocument]
    note: str | None = None


LadderBody = Annotated[dict[str, Any], Documented(LadderDocument)]
"""A ladder as it is put: exact JSON, for the core to read."""


class DrawnSample(Model):
    """A sample: its seed, how many sessions were asked for, drawn, and there."""

    seed: str
    asked: int
    size: int
    of: int
    whole: bool
    """Whether every session there is was taken."""


class SeenDocument(Model):
    """What was observed in a month; null where nobody said."""

    month: MonthText
    holds: bool | None
    by: str | None
    at: InstantText | None


class CheckDocument(Model):
    """A criterion with its bound, its window, and what was found there."""

    criterion: Code
    name: NameDocument
    indicator: FormulaCode | None
    behaviour: Code | None
    of: Of | None
    scope: Scope | None
    at_least: DecimalText | None
    at_most: DecimalText | None
    months: int
    from_: Annotated[DayText, Field(alias="from")]
    to: DayText
    definition_version: int | None
    value: DecimalText | None
    reason: NoValue | None
    target: DecimalText | None
    actual: DecimalText | None
    """What the bound is held against: the value or the attainment."""
    sample: DrawnSample | None
    observations: list[SeenDocument] | None
    status: LineStatus
    holds: bool


class CheckedLevel(Model):
    """A level, whether it is reached, and each of its criteria."""

    level: Code
    name: NameDocument
    holds: bool
    criteria: list[CheckDocument]


class SessionDocument(Model):
    """A chat session by its source and id."""

    source: str
    id: str


class SampleDocument(Model):
    """The sessions that were drawn for criteria of one window and size."""

    from_: Annotated[DayText, Field(alias="from")]
    to: DayText
    asked: int
    size: int
    of: int
    sessions: list[SessionDocument]


class AssessmentDocument(Model):
    """A person's level for a month, and what keeps the person from the next one."""

    ladder: Code
    ladder_version: int
    employee: Code
    month: MonthText
    level: Code | None
    """Null: not even the lowest."""
    next: Code | None
    """The level above; null at the top."""
    missing: list[CheckDocument]
    levels: list[CheckedLevel]
    seed: str | None
    samples: list[SampleDocument]
    revision: int
    assessed_by: str
    assessed_at: InstantText
    fingerprint: Fingerprint
