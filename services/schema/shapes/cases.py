"""Cases: what was found wrong, who puts it right until when, and what became of it."""

from dataclasses import dataclass
from datetime import date, datetime

from services.schema.shapes.people import Subject
from services.schema.watch_words import CaseState, CaseStep


@dataclass(frozen=True, slots=True)
class StatedCase:
    """What somebody found."""

    finding: str
    subject: Subject
    """Whose service it is about."""
    owner: str
    """The employee who puts it right."""
    due_on: date
    survey: str | None
    """Null: it came otherwise."""
    respondent: str | None
    """The customer who is to be told what was done; null where nobody is."""


@dataclass(frozen=True, slots=True)
class CaseEntry:
    """One step of a case."""

    number: int
    step: CaseStep
    owner: str
    due_on: date
    """The owner and the day as they are from this step on."""
    note: str | None
    person: str
    author: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands, and how it came there."""

    id: str
    stated: StatedCase
    """With the owner and the day that hold now."""
    state: CaseState
    is_told: bool
    """Whether the customer was told, or nobody is to be."""
    trail: tuple[CaseEntry, ...]
