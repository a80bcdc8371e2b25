"""Reports are told from measures and written by people; being on time is counted as a value."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from services.api.core.attribution import Attribution
from services.api.core.changes import change_of
from services.api.core.reports import (
    USUAL,
    AskedLine,
    asked_of,
    chosen,
    counted_until,
    deadline_of,
    has_to_report,
    last_due_day,
    line_of,
    periods_to_count,
    punctuality_of,
)
from services.api.core.reviews import person_of
from services.api.core.values import usual_scope
from services.api.flows.indicators import (
    known_indicators,
    known_measures,
    known_subjects,
    post_values,
)
from services.api.flows.told_cards import read_told_cards
from services.api.flows.values import read_values
from services.api.store.alerts import AlertFilter, read_page_of_alerts
from services.api.store.audit import append_entry
from services.api.store.calendars import read_target_calendar
from services.api.store.counters import lock_noun
from services.api.store.cycles import read_cycles
from services.api.store.indicators import read_last_posted
from services.api.store.people import read_employees, read_tenant, read_units
from services.api.store.reports import (
    count_late_parcels,
    find_cards_over,
    insert_duty,
    insert_report,
    read_duties,
    read_duty,
    read_on_time,
    read_written,
)
from services.api.store.scorecards import read_cards
from services.api.store.targets import TargetFilter, read_page_of_targets
from services.schema.days import Period, local_day, parse_period, period_around
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Closed, Forbidden, NotFound
from services.schema.shapes.indicators import Explained, PostedValue, Wanted
from services.schema.shapes.people import Caller, Subject, Tenant
from services.schema.shapes.reports import (
    Aim,
    LateParcels,
    Punctuality,
    Report,
    ReportDuty,
    ReportLine,
    StatedReport,
    WrittenReport,
)
from services.schema.shapes.views import View
from services.schema.watch_words import AlertKind
from services.schema.words import Role, Scope, SubjectKind, TargetLevel

REPORTS = "reports"
"""The noun that is locked while reports are written."""
ON_TIME = "report_on_time_rate"
SOURCE = "kaohe.reports"
"""Who states the rate where a duty says who has to report."""
MOST_TARGETS = 500
MOST_ALERTS = 100
_APPLICATIONS, _APPROVALS = "campaign_applications", "campaign_approvals"
_APPROVAL_RATE = "campaign_approval_rate"
_OFFICE = frozenset({Role.ADMIN, Role.HR})

Permit = Callable[[ReportDuty | None], None]
"""Sees the duty that is there, once nobody else can change it, and may refuse."""


async def read_report(
    session: ReadSession, subject: Subject, period: Period, *, at: datetime
) -> Report:
    """All that is told of a subject's days, computed when it is asked for."""
    tenant = await read_tenant(session)
    today = local_day(at, tenant.timezone)
    lines, names = await _read_lines(session, subject, period, tenant, today)
    applications, approvals = await _read_campaigns(session, subject, period, tenant)
    alerts, _ = await read_page_of_alerts(
        session,
        AlertFilter(
            subjects={subject}, kind=AlertKind.STANDARD, start=period.start, end=period.end
        ),
        after=None,
        limit=MOST_ALERTS,
    )
    return Report(
        subject=subject,
        period=period,
        lines=lines,
        names=names,
        applications=applications,
        approvals=approvals,
        late_parcels=await _read_late(session, subject, min(period.end - _DAY, today)),
        broken=tuple(reversed(alerts)),
        written=await read_written(session, subject, period.code),
        punctuality=await _read_punctuality(session, subject, period, tenant, at),
    )


async def write_report(
    session: WriteSession,
    subject: Subject,
    period: Period,
    stated: StatedReport,
    *,
    view: View,
    caller: Caller,
    at: datetime,
) -> WrittenReport:
    """Write of one's own days, of a unit its lead or the office; what is written anew is kept."""
    if not view.sees(subject) or subject not in await known_subjects(session, {subject}):
        raise NotFound("such subject")
    await _check_writer(session, subject, view, caller)
    tenant = await read_tenant(session)
    if period.start > local_day(at, tenant.timezone):
        raise Closed("not_begun", f"{period.code} has not begun.")
    await lock_noun(session, REPORTS)
    before = await read_written(session, subject, period.code)
    if before is not None and before.stated == stated:
        return before
    written = WrittenReport(
        subject=subject,
        period=period.code,
        revision=1 if before is None else before.revision + 1,
        stated=stated,
        is_on_time=await _is_on_time(session, subject, period, tenant, at)
        if before is None
        else before.is_on_time,
        person=person_of(caller),
        author=caller.name,
        written_at=at,
    )
    await insert_report(session, written, starts_on=period.start)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="report.write",
        subject=str(subject),
        detail={
            "period": period.code,
            "revision": written.revision,
            "on_time": written.is_on_time,
        },
    )
    return written


async def put_duty(
    session: WriteSession, stated: ReportDuty, *, permit: Permit, caller: Caller, at: datetime
) -> ReportDuty:
    """Say who has to report; what was in time before stays so."""
    await lock_noun(session, REPORTS)
    before = await read_duty(session)
    permit(before)
    if before is not None and replace(stated, version=before.version) == before:
        return before
    made = replace(stated, version=1 if before is None else before.version + 1)
    await insert_duty(session, made, author=caller.name, at=at)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="report_duty.put",
        subject="report_duty",
        detail=change_of(before, made),
    )
    return made


async def count_reports(
    session: WriteSession, *, at: datetime, counted: date | None
) -> date | None:
    """Post what share of everybody's reports came in time, once another day's are due.

    Of each month, quarter, half and year with a day that fell due since the last one counted,
    which is found by what was stated last where `counted` is null. Gives the last day counted.
    """
    duties = await read_duties(session)
    if not duties:
        return counted
    tenant = await read_tenant(session)
    last = last_due_day(duties[-1].duty, at, tenant.timezone)
    if last == counted:
        return last
    watcher = Caller(session.tenant, Role.ADMIN, None, "system:watch")
    if counted is None:
        stated = await read_last_posted(session, {ON_TIME}, watcher.name)
        counted = counted_until(duties, stated, tenant.timezone)
    periods = list(
        periods_to_count(duties, counted, last, calendar=tenant.calendar, timezone=tenant.timezone)
    )
    if not periods:
        return last
    start = min(period.start for period, _ in periods)
    people = await read_employees(session)
    on_time = await read_on_time(session, None, start, last + _DAY)

    def count_all() -> list[PostedValue]:
        rates = {
            (code, period.code): punctuality_of(
                duty, employee, period, on_time.get(code, ()), last
            ).rate
            for code, employee in people.items()
            for period, duty in periods
        }
        return [
            PostedValue(ON_TIME, Subject(SubjectKind.EMPLOYEE, code), period, rate, SOURCE, None)
            for (code, period), rate in rates.items()
            if rate is not None
        ]

    rows = await asyncio.to_thread(count_all)
    if rows:
        await post_values(session, rows, caller=watcher, at=at)
    return last


_DAY = timedelta(days=1)


async def _read_lines(
    session: ReadSession, subject: Subject, report: Period, tenant: Tenant, today: date
) -> tuple[tuple[ReportLine, ...], dict[str, tuple[str, str]]]:
    """What is wanted of the subject on the report's last day, and what every report tells."""
    last = report.end - _DAY
    month = period_around(last, 1, tenant.calendar)
    usual = [Aim(code, usual_scope(subject), month, month.start, month.end, None) for code in USUAL]
    aims = chosen(
        [
            *await _aims_of_cards(session, subject, last),
            *await _aims_of_targets(session, subject, last, tenant),
            *usual,
        ]
    )
    indicators = await known_indicators(session)
    measures = await known_measures(session)
    ways = [
        asked_of(aim, subject, report, today=today, indicators=indicators, measures=measures)
        for aim in aims
    ]
    wanted = {one for way in ways for asked in way for one in asked.each()}
    found = await read_values(session, wanted, tenant=tenant)
    values = {one: explained.value for one, explained in found.items()}
    # A value that somebody posted is made of no facts, and is one all the same.
    counted = {
        one
        for one, explained in found.items()
        if explained.formula is None or any(each.records for each in explained.measures)
    }
    calendar = await read_target_calendar(session)

    def make(way: Iterable[AskedLine]) -> ReportLine:
        return line_of(way, values, calendar, counted=counted, report=report, today=today)

    names = {aim.indicator: indicators[aim.indicator] for aim in aims}
    return (
        tuple(make(way) for way in ways),
        {code: (each.zh, each.en) for code, each in names.items()},
    )


async def _aims_of_cards(session: ReadSession, subject: Subject, day: date) -> list[Aim]:
    """What the lines of the subject's cards measure and want, in the segment of the day."""
    ids = await find_cards_over(session, subject, day, day + _DAY)
    cards = list((await read_cards(session, ids)).values())
    told = await read_told_cards(session, cards)
    cycles = await read_cycles(session, {card.cycle for card in cards}, None)
    aims = []
    for card in cards:
        for line in told[card.id].each_line():
            segment = told[card.id].segments[line.segment - 1].segment
            code = line.line.indicator
            if code is None or not segment.start <= day < segment.end:
                continue
            period = cycles[card.cycle].period
            aims.append(
                Aim(code, line.item.scope, period, segment.start, segment.end, line.line.target)
            )
    return aims


async def _aims_of_targets(
    session: ReadSession, subject: Subject, day: date, tenant: Tenant
) -> list[Aim]:
    """The budgets that are set for the subject and periods that hold the day."""
    found, _ = await read_page_of_targets(
        session, TargetFilter({subject}), after=None, limit=MOST_TARGETS
    )
    aims = []
    for target in found:
        period = parse_period(target.period, tenant.calendar)
        if target.level is TargetLevel.BUDGET and day in period:
            scope = usual_scope(subject)
            aims.append(
                Aim(target.indicator, scope, period, period.start, period.end, target.value)
            )
    return aims


async def _read_campaigns(
    session: ReadSession, subject: Subject, report: Period, tenant: Tenant
) -> tuple[Decimal | None, Decimal | None]:
    """Campaigns applied for and approved: those that name the subject, else those of its shops."""
    scopes = [usual_scope(subject)]
    if subject.kind is SubjectKind.EMPLOYEE:
        scopes.append(Scope.SHOPS)
    asked = [
        Wanted(_APPROVAL_RATE, subject, scope, report, report.start, report.end) for scope in scopes
    ]
    found = await read_values(session, asked, tenant=tenant)
    for one in asked:
        amounts = _amounts(found[one])
        if amounts.get(_APPLICATIONS) is not None:
            return amounts[_APPLICATIONS], amounts.get(_APPROVALS)
    return None, None


def _amounts(explained: Explained) -> dict[str, Decimal | None]:
    return {each.measure: each.amount for each in explained.measures}


async def _read_late(session: ReadSession, subject: Subject, day: date) -> LateParcels:
    """Late parcels of whoever is named on their orders or answers for their shop on the day."""
    of_unit = subject.kind is SubjectKind.UNIT
    people = [subject.code] if subject.kind is SubjectKind.EMPLOYEE else []
    attribution = Attribution(
        units=await read_units(session) if of_unit else {},
        employees=await read_employees(session, None if of_unit else people),
    )
    whose = attribution.select(subject, usual_scope(subject), day, day + _DAY).presence
    return await count_late_parcels(session, whose, day)


async def _read_punctuality(
    session: ReadSession, subject: Subject, report: Period, tenant: Tenant, at: datetime
) -> Punctuality | None:
    """Of the month in which the report ends."""
    duty = await read_duty(session)
    if duty is None or subject.kind is not SubjectKind.EMPLOYEE:
        return None
    month = period_around(report.end - _DAY, 1, tenant.calendar)
    employee = (await read_employees(session, [subject.code]))[subject.code]
    on_time = await read_on_time(session, [subject.code], month.start, month.end)
    last = last_due_day(duty, at, tenant.timezone)
    found = punctuality_of(duty, employee, month, on_time.get(subject.code, ()), last)
    return found if found.due else None


async def _is_on_time(
    session: ReadSession, subject: Subject, period: Period, tenant: Tenant, at: datetime
) -> bool | None:
    duty = await read_duty(session)
    if duty is None or subject.kind is not SubjectKind.EMPLOYEE or period.days != 1:
        return None
    employee = (await read_employees(session, [subject.code]))[subject.code]
    if not has_to_report(duty, employee, period.start):
        return None
    return at <= deadline_of(duty, period.start, tenant.timezone)


async def _check_writer(session: ReadSession, subject: Subject, view: View, caller: Caller) -> None:
    if view.is_own(subject):
        return
    if subject.kind is SubjectKind.UNIT:
        unit = (await read_units(session, [subject.code]))[subject.code]
        if caller.role in _OFFICE or (caller.role is Role.LEAD and unit.lead == view.own):
            return
    raise Forbidden(
        "not_your_report", "A report is written by whom it is about, of a unit by its lead."
    )
