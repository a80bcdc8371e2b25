"""Alerts: what went wrong for whom on which day, and what people made of it."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from services.schema.shapes.people import Subject
from services.schema.watch_words import AlertKind, AlertState

AlertKey = tuple[AlertKind, str, Subject, date]
"""Kind, source, subject and day: of each there is one alert at most."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The value that broke a standard, and the bound that it broke."""

    indicator: str
    version: int
    """Of the standard."""
    period: str
    """Whose value it is: `2026-11-30`, `2026-11-24/2026-12-01`."""
    value: Decimal
    at_least: Decimal | None
    at_most: Decimal | None


@dataclass(frozen=True, slots=True)
class Breach:
    """What is to be told, before it is."""

    kind: AlertKind
    source: str
    """The standard's code, or the id of what is overdue."""
    subject: Subject
    day: date
    zh: str
    en: str
    measured: Measured | None
    """Null where nothing is measured."""

    @property
    def key(self) -> AlertKey:
        return self.kind, self.source, self.subject, self.day


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at again, and what came of it."""

    key: AlertKey
    breach: Breach | None
    """Null: nothing is wrong there, or not any more."""
    latest: Decimal | None


@dataclass(frozen=True, slots=True)
class Handled:
    """Who took an alert in hand, and what they say."""

    person: str
    """An employee's code, or the name of a key that is nobody's."""
    author: str
    note: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """A breach that was told."""

    id: str
    breach: Breach
    since: date
    """The first of the days in a row on which the same was broken."""
    latest: Decimal | None
    """The value as it was last looked at; null where there is none."""
    is_broken: bool
    """Whether it was still so then."""
    raised_at: datetime
    checked_at: datetime
    acknowledged: Handled | None
    closed: Handled | None

    @property
    def state(self) -> AlertState:
        if self.closed is not None:
            return AlertState.CLOSED
        return AlertState.OPEN if self.acknowledged is None else AlertState.ACKNOWLEDGED
