"""Targets: what an indicator should reach, for a subject and a period, at one of two levels."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from services.schema.shapes.indicators import Value
from services.schema.shapes.people import Subject
from services.schema.words import Parts, Scope, TargetLevel


class Basis(StrEnum):
    """What the parts of a target are weighed by; `last_year` and `last_periods` are history."""

    EQUAL = "equal"
    WEIGHTS = "weights"
    CALENDAR = "calendar"
    LAST_YEAR = "last_year"
    LAST_PERIODS = "last_periods"


@dataclass(frozen=True, slots=True)
class Target:
    """One revision of a target; the newest holds for its whole period."""

    subject: Subject
    indicator: str
    period: str
    level: TargetLevel
    value: Decimal
    reason: str | None
    author: str
    set_at: datetime
    revision: int


@dataclass(frozen=True, slots=True)
class StatedTarget:
    """What somebody wants a target to be."""

    subject: Subject
    indicator: str
    period: str
    level: TargetLevel
    value: Decimal
    reason: str | None


@dataclass(frozen=True, slots=True)
class Weighing:
    """What the parts of a target are weighed by."""

    by: Basis
    weights: Mapping[str, Decimal]
    """Those stated; beside history they stand for the past of the parts that they name."""
    periods: int
    """How many of the last ones history is made of."""
    scope: Scope | None
    """Whose measures history counts; null is what is usual for each part."""


@dataclass(frozen=True, slots=True)
class PartsOfTarget:
    """One level of a target beside the parts it can be broken down into."""

    level: TargetLevel
    whole: Decimal | None
    """Null where parts were set and the whole was not."""
    parts: tuple[tuple[Subject, str, Decimal | None], ...]
    """Subject, period and target in force of each part that is seen; null where none was set."""

    @property
    def sum(self) -> Decimal:
        return sum((value for _, _, value in self.parts if value is not None), Decimal(0))

    @property
    def difference(self) -> Decimal | None:
        """What of the whole no part has; below zero where they have more."""
        return None if self.whole is None else self.whole - self.sum


@dataclass(frozen=True, slots=True)
class Compared:
    """A target beside the parts of one kind, level by level."""

    into: Parts
    levels: tuple[PartsOfTarget, ...]
    complete: bool
    """Whether the caller sees every part there is; sums are of those that are seen."""


@dataclass(frozen=True, slots=True)
class BrokenDown:
    """A target that was broken down, and what its parts weighed."""

    compared: Compared
    by: Basis
    weights: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class ProposedTarget:
    """A target as the past proposes it; nothing is set by it."""

    past: tuple[tuple[str, Value], ...]
    """The value of each period looked at, the newest first."""
    base: Decimal | None
    """What a period had, at 6 decimals; null where none has a value."""
    value: Decimal | None
    """The base with its growth, at 6 decimals."""


@dataclass(frozen=True, slots=True)
class TargetInForce:
    """The target that a line is held against, and where it is from."""

    value: Decimal
    """At 6 decimals, after any share by days and their weights."""
    stated: Decimal
    """As it was set, for the whole period."""
    owner: Subject | None
    """Whose target it is; null where the scheme fixes it."""
    days: int
    """Days that the target is for, of those of the period."""
    of_days: int
    weight: Decimal
    """What these days weigh by the target calendar; with `of_weight`, the share."""
    of_weight: Decimal
