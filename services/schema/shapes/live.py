"""Live scorecards: what was touched, and what a scorecard is made of."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """A day on which a measure of a shop, unit or employee has changed; empty texts are nobody."""

    day: date
    shop: str
    unit: str
    employee: str
    touched_at: datetime


@dataclass(frozen=True, slots=True)
class Reached:
    """A subject whose facts of some days a scorecard is made of."""

    subject: str
    """As `shop:tm-1`, `employee:e-1`, `unit:u-1` or `company`."""
    start: date | None
    """Null: however long ago."""
    end: date
