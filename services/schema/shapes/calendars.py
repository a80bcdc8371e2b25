"""The target calendar: days that weigh more or less than others when a target is shared by days."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class WeighedDays:
    """A stretch of days of one weight other than the usual; the end is exclusive."""

    start: date
    end: date
    weight: Decimal
    """Of each day; the usual is 1."""
    note: str | None


@dataclass(frozen=True, slots=True)
class TargetCalendar:
    """What each day weighs: as its stretch says, else 1 (`domain.md`, 4: 618, 双11)."""

    stretches: tuple[WeighedDays, ...] = ()
    """By their first day; none overlaps another."""
