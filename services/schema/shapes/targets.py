"""Targets: what an indicator should reach, for a subject and a period, at one of two levels."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.schema.shapes.people import Subject
from services.schema.words import TargetLevel


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
class PartsOfTarget:
    """One level of a target beside the parts it was broken down into."""

    level: TargetLevel
    whole: Decimal
    parts: tuple[tuple[Subject, str, Decimal | None], ...]
    """Subject, period and target in force of every part there is; null where none was set."""

    @property
    def sum(self) -> Decimal:
        return sum((value for _, _, value in self.parts if value is not None), Decimal(0))

    @property
    def difference(self) -> Decimal:
        """What of the whole no part has; below zero where they have more."""
        return self.whole - self.sum


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
