"""The closed lists of words of what is watched: alerts, and what people do about them."""

from enum import StrEnum


class AlertKind(StrEnum):
    """What an alert is raised for."""

    # `domain.md`, section 7
    STANDARD = "standard"
    """A standard was broken."""
    CASE = "case"
    """What a survey found was not put right in time."""
    IMPROVEMENT = "improvement"
    """What an interview agreed was not done in time."""


class AlertState(StrEnum):
    """What people have made of an alert."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class SurveyAudience(StrEnum):
    """Whom a survey asks."""

    CUSTOMERS = "customers"
    EMPLOYEES = "employees"


class QuestionKind(StrEnum):
    """How a question of a survey is answered."""

    MARK = "mark"
    TEXT = "text"


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    DONE = "done"
    CLOSED = "closed"


class CaseStep(StrEnum):
    """What becomes of a case."""

    OPENED = "opened"
    ASSIGNED = "assigned"
    """Left to another owner, or until another day."""
    DONE = "done"
    TOLD = "told"
    """The customer knows what was done."""
    CLOSED = "closed"
    REOPENED = "reopened"


class ImprovementState(StrEnum):
    """What became of a measure that an interview agreed."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"
