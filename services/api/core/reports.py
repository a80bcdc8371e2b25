"""Reports: what one tells of, what is due of a target by a day, and which reports came in time.

`domain.md`, section 7. A sum is due by what the days so far weigh of all days, by the target
calendar; a mean is due whole on any day.
"""

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from services.api.core.calendars import weight_of
from services.api.core.paces import Counted, counted_by, pace_kind, pace_of
from services.api.core.populations import works_on
from services.api.core.standards import MONTHS
from services.schema.days import Calendar, Period, periods_over, start_of_day
from services.schema.money import VALUE_PLACES, round_half_up
from services.schema.shapes.calendars import TargetCalendar
from services.schema.shapes.indicators import Indicator, Value, Wanted
from services.schema.shapes.measures import Measure
from services.schema.shapes.next_steps import NoPace, PaceOf
from services.schema.shapes.people import Employee, Subject
from services.schema.shapes.reports import Aim, Punctuality, PutDuty, ReportDuty, ReportLine
from services.schema.shapes.scorecards import Segment
from services.schema.words import CycleKind, Scope, SubjectKind, WeekStart

USUAL = ("net_sales", "orders", "visitors", "conversion_rate", "average_order_value", "refund_rate")
"""What every report tells, whether anything is wanted of it or not."""
LATE_DAYS = (3, 5)
"""Shipped so many days ago and not arrived, a parcel is late."""
_WEEKDAYS = tuple(WeekStart)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AskedLine:
    """A line of a report before its values are read, by one way of counting."""

    aim: Aim
    kind: PaceOf | NoPace
    of_report: Wanted
    so_far: Wanted | None
    """Null before the aim's first day."""
    counted: Counted | NoPace

    def each(self) -> list[Wanted]:
        parts = self.counted.each() if isinstance(self.counted, Counted) else ()
        return [self.of_report, *([] if self.so_far is None else [self.so_far]), *parts]


def chosen(aims: Iterable[Aim]) -> tuple[Aim, ...]:
    """One aim for each indicator: of the shortest period that wants anything of it."""
    found: dict[str, Aim] = {}
    for aim in sorted(aims, key=lambda each: (each.target is None, each.period.days)):
        found.setdefault(aim.indicator, aim)
    return tuple(found[code] for code in sorted(found))


def asked_of(
    aim: Aim,
    subject: Subject,
    report: Period,
    *,
    today: date,
    indicators: Mapping[str, Indicator],
    measures: Mapping[str, Measure],
) -> list[AskedLine]:
    """The ways to count an aim; of somebody of whom nothing is wanted, the facts that name them,
    else those of their shops.
    """
    scopes = [aim.scope]
    if aim.target is None and subject.kind is SubjectKind.EMPLOYEE and aim.scope is Scope.OWN:
        scopes.append(Scope.SHOPS)
    kind = pace_kind(indicators[aim.indicator], measures)
    until = _until(aim, report, today)
    segment = Segment(aim.start, aim.end, None, None, "", 0)
    made = []
    for scope in scopes:
        so_far = None
        if until > aim.start:
            so_far = Wanted(aim.indicator, subject, scope, aim.period, aim.start, until)
        counted: Counted | NoPace = NoPace.NO_DATA
        if isinstance(kind, NoPace):
            counted = kind
        elif so_far is not None:
            day = min(report.end, today)
            counted = counted_by(aim.indicator, subject, scope, segment, kind, day)
        of_report = Wanted(aim.indicator, subject, scope, report, report.start, report.end)
        made.append(AskedLine(aim, kind, of_report, so_far, counted))
    return made


def line_of(
    ways: Iterable[AskedLine],
    values: Mapping[Wanted, Value],
    calendar: TargetCalendar,
    *,
    counted: Container[Wanted],
    report: Period,
    today: date,
) -> ReportLine:
    """The line of an aim by the first way that gives a value of facts, else by any, or the first.

    `counted` are those of whose measures there was any fact: nought of none, beside facts of the
    shops that name others, says nothing.
    """
    first, *rest = ways
    given = [each for each in (first, *rest) if _so_far(each, values) is not None]
    asked = next((each for each in given if each.so_far in counted), next(iter(given), first))
    so_far = _so_far(asked, values)
    pace = asked.counted
    until = _until(asked.aim, report, today)
    return ReportLine(
        aim=asked.aim,
        scope=asked.of_report.scope,
        value=values[asked.of_report].value,
        so_far=so_far,
        due=due_of(asked.aim, asked.kind, calendar, until),
        pace=pace_of(pace, values, calendar, present=so_far) if isinstance(pace, Counted) else pace,
    )


def due_of(
    aim: Aim, kind: PaceOf | NoPace, calendar: TargetCalendar, until: date
) -> Decimal | None:
    """What a target wants of the days before `until`; null where days do not make it up."""
    if aim.target is None or until <= aim.start:
        return None
    if until >= aim.end or kind is PaceOf.MEAN:
        return aim.target
    if kind is not PaceOf.SUM:
        return None
    weight = Fraction(weight_of(calendar, aim.start, until))
    whole = Fraction(weight_of(calendar, aim.start, aim.end))
    return round_half_up(Fraction(aim.target) * weight / whole, VALUE_PLACES)


def deadline_of(duty: ReportDuty, day: date, timezone: str) -> datetime:
    """Until when the report of a day is in time."""
    return start_of_day(day + timedelta(days=1), timezone) + timedelta(hours=duty.due_hours)


def last_due_day(duty: ReportDuty, at: datetime, timezone: str) -> date:
    """The last day whose report should be there by now."""
    day = at.date() + timedelta(days=1)
    while deadline_of(duty, day, timezone) > at:
        day -= timedelta(days=1)
    return day


def counted_until(duties: Sequence[PutDuty], stated: datetime | None, timezone: str) -> date:
    """The last day whose reports were counted when rates were stated last, if ever.

    `duties` are all that ever stood, oldest first.
    """
    at = duties[0].at if stated is None else stated
    stood = next((put.duty for put in reversed(duties) if put.at <= at), duties[0].duty)
    return last_due_day(stood, at, timezone)


def periods_to_count(
    duties: Sequence[PutDuty], since: date, last: date, *, calendar: Calendar, timezone: str
) -> Iterator[tuple[Period, ReportDuty]]:
    """The months, quarters, halves and years with a day after `since` that is due by `last`.

    One that runs is counted by the duty of now, one that is over by the duty that stood when its
    last day fell due, so that it does not hang on when it is counted.
    """
    first = min(since + _DAY, last)
    for kind in CycleKind:
        for period in periods_over(first, last, MONTHS[kind], calendar):
            end = period.end - _DAY
            duty = duties[-1].duty if end > last else _duty_of(duties, end, timezone)
            if duty is not None:
                yield period, duty


def has_to_report(duty: ReportDuty, employee: Employee, day: date) -> bool:
    """Whether somebody has to write of a day."""
    return (
        day >= duty.starts_on
        and _WEEKDAYS[day.weekday()] in duty.weekdays
        and any(held.position in duty.positions for held in works_on(employee, day))
    )


def punctuality_of(
    duty: ReportDuty, employee: Employee, period: Period, on_time: Collection[date], last: date
) -> Punctuality:
    """The reports of a period that were due until a day, and those of them that came in time."""
    end = min(period.end, last + timedelta(days=1))
    start = max(period.start, duty.starts_on)
    days = [start + timedelta(days=number) for number in range(max(0, (end - start).days))]
    due = [day for day in days if has_to_report(duty, employee, day)]
    came = len(set(due) & set(on_time))
    rate = round_half_up(Fraction(came, len(due)), VALUE_PLACES) if due else None
    return Punctuality(period.code, len(due), came, rate)


def _duty_of(duties: Sequence[PutDuty], day: date, timezone: str) -> ReportDuty | None:
    """The duty that stood when the report of a day fell due."""
    for put in reversed(duties):
        if put.at <= deadline_of(put.duty, day, timezone):
            return put.duty
    return None


def _so_far(asked: AskedLine, values: Mapping[Wanted, Value]) -> Decimal | None:
    return None if asked.so_far is None else values[asked.so_far].value


def _until(aim: Aim, report: Period, today: date) -> date:
    """The day after the last that counts: of the report, of the aim, and none that is to come."""
    return min(report.end, aim.end, today + timedelta(days=1))
