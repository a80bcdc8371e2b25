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
