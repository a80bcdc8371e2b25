"""Reports: a day, week, month or year of somebody against pace, and what they write about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from services.schema.days import Period
from services.schema.shapes.alerts import Alert
from services.schema.shapes.next_steps import NoPace, Pace
from services.schema.shapes.people import Subject
from services.schema.words import Scope, WeekStart


@dataclass(frozen=True, slots=True)
class Aim:
    """What a report tells of: an indicator, over which days, and what it should reach in them."""

    indicator: str
    scope: Scope
    period: Period
    """The cycle's or the target's."""
    start: date
    end: date
    """The days of it that the target is for; the end is exclusive."""
    target: Decimal | None


@dataclass(frozen=True, slots=True)
class ReportLine:
    """An indicator in the days of the report, and where it stands against pace."""

    aim: Aim
    scope: Scope
    """Whose measures were counted."""
    value: Decimal | None
    """Of the days of the report."""
    so_far: Decimal | None
    """From the aim's first day until the report's last."""
    due: Decimal | None
    """What the target wants by then, at 6 decimals; null without a target."""
    pace: Pace | NoPace

    @property
    def difference(self) -> Decimal | None:
        """How far it is beyond what is due; below zero where it is behind."""
        return None if self.so_far is None or self.due is None else self.so_far - self.due


@dataclass(frozen=True, slots=True)
class LateParcels:
    """Orders that were shipped so long ago and had not arrived by the end of the report."""

    after_3_days: int
    after_5_days: int


@dataclass(frozen=True, slots=True)
class StatedReport:
    """What somebody writes."""

    remark: str
    plan: str | None


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """What was written; the highest revision holds, the first says whether it was in time."""

    subject: Subject
    period: str
    revision: int
    stated: StatedReport
    is_on_time: bool | None
    """Null where nobody had to write."""
    person: str
    author: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class ReportDuty:
    """Who has to write a report on which days, and how long after the day it is in time."""

    positions: tuple[str, ...]
    weekdays: tuple[WeekStart, ...]
    due_hours: int
    """After the end of the day, on the tenant's clock."""
    starts_on: date
    version: int


@dataclass(frozen=True, slots=True)
class PutDuty:
    """A duty and since when it stood."""

    duty: ReportDuty
    at: datetime


@dataclass(frozen=True, slots=True)
class Punctuality:
    """How many reports of a period were due by now, and how many of them came in time."""

    period: str
    due: int
    on_time: int
    rate: Decimal | None
    """At 6 decimals; null where none was due."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that is told of a subject's days."""

    subject: Subject
    period: Period
    lines: tuple[ReportLine, ...]
    names: Mapping[str, tuple[str, str]]
    """Of the indicators, in Chinese and English."""
    applications: Decimal | None
    """Campaigns applied for."""
    approvals: Decimal | None
    late_parcels: LateParcels
    broken: tuple[Alert, ...]
    """Standards, oldest first."""
    written: WrittenReport | None
    punctuality: Punctuality | None
    """Of the month in which the report ends; null of whom no report is due."""
