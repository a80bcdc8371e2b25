"""Live scorecards: what was touched, what a scorecard is made of, and that one has changed."""

from dataclasses import dataclass
from datetime import date, datetime

from services.schema.shapes.people import Subject, parse_subject


@dataclass(frozen=True, slots=True)
class Mark:
    """A day on which a measure of a shop, unit or employee has changed; empty texts are nobody."""

    day: date
    shop: str
    unit: str
    employee: str
    touched_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """The oldest thing that was accepted and that no live card shows yet."""

    since: datetime
    day: date | None
    """Of the facts; null where they have reached the cards, which are to be computed."""
    place: str
    """Whose facts, or which card: for a log."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A subject whose facts of some days a scorecard is made of."""

    subject: str
    """As `shop:tm-1`, `employee:e-1`, `unit:u-1` or `company`."""
    start: date | None
    """Null: however long ago."""
    end: date


@dataclass(frozen=True, slots=True)
class CardChange:
    """A scorecard that was written. Its text has a word for each field: codes have no spaces."""

    tenant: int
    cycle: str
    subject: Subject
    card: str

    def __str__(self) -> str:
        return f"{self.tenant} {self.cycle} {self.subject} {self.card}"

    @classmethod
    def from_text(cls, text: str) -> "CardChange":
        tenant, cycle, subject, card = text.split(" ")
        return cls(int(tenant), cycle, parse_subject(subject), card)
