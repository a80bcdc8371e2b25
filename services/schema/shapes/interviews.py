"""Interviews after a result: what both sides wrote, and whose signatures it bears."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from services.schema.words import InterviewPart


@dataclass(frozen=True, slots=True)
class Agreed:
    """A measure for the time to come, or a goal of one's own; it has no weight."""

    what: str
    due_on: date | None


@dataclass(frozen=True, slots=True)
class Answers:
    """What stands in the form."""

    texts: Mapping[str, str]
    """By the question's code."""
    measures: tuple[Agreed, ...] = ()
    goals: tuple[Agreed, ...] = ()


@dataclass(frozen=True, slots=True)
class StatedAnswers:
    """What somebody writes: null leaves what stands there."""

    texts: Mapping[str, str]
    measures: tuple[Agreed, ...] | None
    goals: tuple[Agreed, ...] | None
    signs: bool


@dataclass(frozen=True, slots=True)
class InterviewEntry:
    """The form as somebody left it."""

    number: int
    part: InterviewPart
    person: str
    """An employee's code, or the name of a key that is nobody's."""
    author: str
    answers: Answers
    signed: bool
    stated_at: datetime


@dataclass(frozen=True, slots=True)
class CardInterview:
    """The interview of a card as it stands."""

    scorecard: str
    answers: Answers
    signatures: Mapping[InterviewPart, InterviewEntry]
    """Of what stands there now: a change takes them away."""
    due_on: date | None
    """Null before anything was published."""
    is_overdue: bool
    trail: tuple[InterviewEntry, ...]

    @property
    def is_frozen(self) -> bool:
        return len(self.signatures) == len(InterviewPart)
