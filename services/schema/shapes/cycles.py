"""Cycles: a scheme applied to a population in a period, and the moves between its stages."""

from dataclasses import dataclass
from datetime import datetime

from services.schema.days import Period
from services.schema.words import CycleStatus


@dataclass(frozen=True, slots=True)
class Population:
    """Everyone who meets all that is named, or the units themselves."""

    position: str | None = None
    unit: str | None = None
    employees: tuple[str, ...] | None = None
    units: tuple[str, ...] | None = None
    """Set alone: the subjects are these units."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """One application of a scheme."""

    code: str
    scheme: str
    scheme_version: int | None
    """Pinned when the cycle is opened."""
    period: Period
    population: Population
    timezone: str
    grace_days: int
    status: CycleStatus
    revision: int
    version: int
    closed_at: datetime | None
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a cycle, who took it and why."""

    number: int
    from_status: CycleStatus
    to_status: CycleStatus
    reason: str | None
    author: str
    moved_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How a cycle stands at the moment it is to be moved."""

    at: datetime
    has_distribution: bool
    incomplete: int
    """Scorecards without a total."""
    pending_approvals: int
    """Approvals that scorecards still wait for."""


@dataclass(frozen=True, slots=True)
class Step:
    """A move that may be made, and the revision that the cycle then has."""

    from_status: CycleStatus
    to_status: CycleStatus
    revision: int
    reason: str | None
