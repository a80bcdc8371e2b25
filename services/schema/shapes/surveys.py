"""Surveys: what is asked of whom, and what was answered, once by each."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from services.schema.shapes.people import Subject
from services.schema.watch_words import QuestionKind, SurveyAudience


@dataclass(frozen=True, slots=True)
class SurveyQuestion:
    """One question: a mark on the survey's scale, or words."""

    code: str
    zh: str
    en: str
    kind: QuestionKind


@dataclass(frozen=True, slots=True)
class Survey:
    """A survey as it was put."""

    code: str
    zh: str
    en: str
    about: Subject
    """Whose service is asked about."""
    audience: SurveyAudience
    scale: int
    """Marks run from 1 to this."""
    questions: tuple[SurveyQuestion, ...]
    opens_on: date
    closes_on: date
    """The day after the last on which it is answered."""


@dataclass(frozen=True, slots=True)
class SurveyReply:
    """What somebody answers to one question: a mark or words."""

    question: str
    mark: int | None
    text: str | None


@dataclass(frozen=True, slots=True)
class SurveyAnswer:
    """All that one respondent answered."""

    id: str
    survey: str
    respondent: str
    """An employee's code, or the company's own name for a customer."""
    replies: tuple[SurveyReply, ...]
    author: str
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """What a question came to."""

    question: str
    answers: int
    mean: Decimal | None
    """Of marks, at 6 decimals; null without marks, or where too few would be told apart."""


@dataclass(frozen=True, slots=True)
class SurveyResult:
    """How many were asked and answered, and what the questions came to."""

    invited: int
    answered: int
    response_rate: Decimal | None
    """At 6 decimals; null where nobody was asked."""
    questions: tuple[QuestionResult, ...]
