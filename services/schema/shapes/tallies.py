"""Tallies: what is counted here itself, of surveys, cases and people, and no measure gives."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from services.schema.shapes.people import Subject


@dataclass(frozen=True, slots=True)
class ClosedSurvey:
    """A survey of customers whose days are over."""

    about: Subject
    last_day: date
    invited: int
    answered: int


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """The marks that one question of a survey of customers got on a day."""

    about: Subject
    question: str
    scale: int
    day: date
    marks: int
    """Their sum."""
    answers: int


@dataclass(frozen=True, slots=True)
class Counted:
    """What counts on a day, `part` out of `whole`, of whom."""

    indicator: str
    day: date
    subject: Subject
    employee: str | None
    """Who else is named by it."""
    part: Fraction
    whole: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What an indicator comes to for a subject, and of what."""

    value: Decimal
    """At 6 decimals."""
    note: str
