"""Changes of a score from one card of a subject to another: parts that sum to the whole exactly."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Cause(StrEnum):
    """What moved the points of a line from one card to another."""

    VALUE = "value"
    DEFINITION = "definition"
    """Value and definition of the indicator together: they cannot be told apart."""
    TARGET = "target"
    RULE = "rule"
    WEIGHT = "weight"
    MISSING = "missing"
    """A policy scored it in one of the cards."""
    APPEARED = "appeared"
    VANISHED = "vanished"
    SEGMENTS = "segments"
    """One of the cards has several segments: days and causes cannot be told apart."""


class ChangedPart(StrEnum):
    """What changed between two cards besides what people did."""

    SCHEME = "scheme"
    VERSION = "version"
    DEFINITION = "definition"
    RULE = "rule"
    WEIGHT = "weight"
    TARGET = "target"
    ADDED = "added"
    REMOVED = "removed"
    PERIOD = "period"
    """Of another length."""


@dataclass(frozen=True, slots=True)
class LineThen:
    """A line as it stood in one of the cards; with several segments only its points are known."""

    value: Decimal | None
    target: Decimal | None
    score: Decimal | None
    weight: Decimal | None
    points: Decimal
    """What it gave of the total, before gates: of several segments by their days, at 4 decimals."""


@dataclass(frozen=True, slots=True)
class LineChange:
    """What one item did to the total, and why."""

    item: str
    indicator: str | None
    before: LineThen | None
    after: LineThen | None
    part: Decimal
    causes: tuple[tuple[Cause, Decimal], ...]
    """They sum to the part exactly."""


@dataclass(frozen=True, slots=True)
class ChangeMark:
    """Something that differs between the cards and is nobody's performance."""

    what: ChangedPart
    item: str | None
    """Null where it is of the whole card."""
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """The change of a total: lines, adjustments, gates and rounding sum to it exactly."""

    before: Decimal
    after: Decimal
    lines: tuple[LineChange, ...]
    adjustments: Decimal
    gates: Decimal
    rounding: Decimal
    """What rounding sections, segments and totals to 2 decimals leaves."""

    @property
    def change(self) -> Decimal:
        return self.after - self.before
