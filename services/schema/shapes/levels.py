"""Ladders of levels (gold, silver, bronze), what people were seen to do, and levels assessed."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.schema.days import Period
from services.schema.shapes.indicators import Value
from services.schema.shapes.schemes import Name
from services.schema.words import LineStatus, Of, Scope


@dataclass(frozen=True, slots=True)
class Criterion:
    """What a level asks for: an indicator within a bound, or a behaviour that people observe."""

    code: str
    name: Name
    months: int
    """How far it looks back from the end of the month."""
    indicator: str | None = None
    behaviour: str | None = None
    of: Of = Of.VALUE
    scope: Scope = Scope.OWN
    at_least: Decimal | None = None
    at_most: Decimal | None = None
    sample: int | None = None
    """So many chat sessions are drawn, and the indicator is computed from these alone."""


@dataclass(frozen=True, slots=True)
class LadderLevel:
    """A level; without criteria everyone has it."""

    code: str
    name: Name
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class LevelLadder:
    """Levels, the best first."""

    name: Name
    positions: tuple[str, ...]
    """Who is assessed where nobody is named: the people of these positions; empty is everyone."""
    levels: tuple[LadderLevel, ...]
    note: str | None


@dataclass(frozen=True, slots=True)
class KeptLadder:
    """A version of a ladder as it was put; it never changes."""

    code: str
    version: int
    document: str
    """The ladder as JSON text."""
    fingerprint: str
    template: str | None
    """What the first version was copied from."""
    author: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class StatedObservation:
    """What somebody says that a person did, or did not, in a month."""

    employee: str
    behaviour: str
    month: str
    holds: bool
    comment: str | None


@dataclass(frozen=True, slots=True)
class Observation:
    """One revision of an observation; the last one holds."""

    ladder: str
    stated: StatedObservation
    revision: int
    observer: str | None
    """The employee who observed, where the caller is one."""
    author: str
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Sample:
    """Which chat sessions an indicator was computed from."""

    seed: str
    asked: int
    of: int
    """How many sessions there were to draw from."""
    sessions: tuple[tuple[str, str], ...]
    """Source and id of each that was drawn, sorted."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What an indicator came to over a window, and the target it is held against."""

    value: Value
    target: Decimal | None = None
    definition: int = 0
    """Version of the indicator's definition; 0 is the built-in one."""
    sample: Sample | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What was observed of a behaviour in each month of a window; null where nobody said."""

    months: tuple[tuple[str, Observation | None], ...]


Found = Figure | Seen


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a criterion holds for a person, and from what."""

    criterion: Criterion
    window: Period
    found: Found
    actual: Decimal | None
    """The value or the attainment that the bound is held against; null of a behaviour."""
    status: LineStatus
    holds: bool


@dataclass(frozen=True, slots=True)
class LevelChecked:
    """A level with all its criteria checked."""

    level: LadderLevel
    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        return all(check.holds for check in self.checks)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands on a ladder."""

    level: str | None
    """Null: not even the lowest."""
    next: str | None
    """The level above; null at the top."""
    missing: tuple[Check, ...]
    """What keeps the person from the next level."""
    levels: tuple[LevelChecked, ...]


@dataclass(frozen=True, slots=True)
class LevelInForce:
    """The level that somebody is paid by, and the assessment that found it."""

    level: str | None
    """Null: not even the lowest."""
    ladder_version: int
    month: str
    revision: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """A level as it was assessed for a month; the last revision holds."""

    ladder: str
    employee: str
    month: str
    revision: int
    ladder_version: int
    level: str | None
    seed: str | None
    document: bytes
    fingerprint: str
    assessed_at: datetime
