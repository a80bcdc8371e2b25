"""Improvements: what an interview agreed, who does it until when, and how it is followed up."""

from dataclasses import dataclass
from datetime import date, datetime

from services.schema.shapes.people import Subject
from services.schema.watch_words import ImprovementState
from services.schema.words import SubjectKind


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What was found of an improvement when somebody looked at it; the highest revision holds."""

    revision: int
    state: ImprovementState
    owner: str | None
    """The employee who does it; null where nobody was named and the subject is nobody."""
    note: str | None
    followed_in: str
    """The cycle on whose card it was stated."""
    person: str
    author: str
    stated_at: datetime


@dataclass(frozen=True, slots=True)
class Improvement:
    """A measure of a frozen interview."""

    cycle: str
    """Whose interview agreed it."""
    subject: Subject
    number: int
    """Its place in the interview, from 1."""
    what: str
    due_on: date
    last: FollowUp | None
    """Null: nobody has looked at it yet."""

    @property
    def state(self) -> ImprovementState:
        return ImprovementState.OPEN if self.last is None else self.last.state

    @property
    def owner(self) -> Subject:
        """Who does it, else whom the interview was with."""
        if self.last is None or self.last.owner is None:
            return self.subject
        return Subject(SubjectKind.EMPLOYEE, self.last.owner)
