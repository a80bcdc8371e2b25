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
