"""REST of reports: a subject's days against pace, what people write of them, who has to."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import ConfigDict, Field, model_validator

from services.api.auth import view_of
from services.api.flows.indicators import known_subjects
from services.api.flows.reports import put_duty, read_report, write_report
from services.api.rest.documents import bytes_of, check_current, put_answer
from services.api.rest.indicators import period_of
from services.api.rest.scheme_documents import NameDocument
from services.api.rest.standards import plain_or_none
from services.api.store.people import read_tenant
from services.api.store.reports import read_duty
from services.door.etags import tagged
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import (
    Code,
    Day,
    DecimalText,
    Instant,
    LongText,
    Model,
    PeriodCode,
    SubjectText,
)
from services.schema.errors import NotFound
from services.schema.money import plain
from services.schema.shapes.next_steps import NoPace, Pace
from services.schema.shapes.people import parse_subject
from services.schema.shapes.reports import (
    Punctuality,
    Report,
    ReportDuty,
    ReportLine,
    StatedReport,
    WrittenReport,
)
from services.schema.shapes.views import View
from services.schema.watch_words import AlertState
from services.schema.words import Scope, WeekStart

router = new_router()

MOST_POSITIONS = 200

Weekday = Annotated[WeekStart, Field(strict=False)]


class WhichReport(Model):
    """A subject's report of a day, or of a period."""

    subject: SubjectText
    day: Day | None = None
    period: PeriodCode | None = None

    @model_validator(mode="after")
    def _states_one(self) -> "WhichReport":
        if (self.day is None) == (self.period is None):
            raise ValueError("`day` or `period` is expected, one of them")
        return self

    @property
    def code(self) -> str:
        return str(self.day) if self.period is None else self.period


class ReportQuery(WhichReport):
    """Which report to read."""

    # A query is text: its days are read from it.
    model_config = ConfigDict(strict=False)


class WrittenReportIn(WhichReport):
    """What somebody writes: a remark on what was, a plan for what comes."""

    remark: LongText
    plan: LongText | None = None


class DutyIn(Model):
    """Who has to write a report of which days, and until when it is in time."""

    positions: Annotated[list[Code], Field(max_length=MOST_POSITIONS)]
    weekdays: Annotated[list[Weekday], Field(min_length=1, max_length=7)]
    due_hours: Annotated[int, Field(ge=0, le=168)]
    """After the end of the day."""
    from_: Annotated[Day, Field(alias="from")]

    def to_shape(self) -> ReportDuty:
        return ReportDuty(
            positions=tuple(sorted(set(self.positions))),
            weekdays=tuple(day for day in WeekStart if day in self.weekdays),
            due_hours=self.due_hours,
            starts_on=self.from_,
            version=0,
        )


class DutyDocument(Model):
    """Who has to report; without positions, nobody."""

    positions: list[Code]
    weekdays: list[WeekStart]
    due_hours: int
    from_: Annotated[Day | None, Field(alias="from")]
    version: int

    @classmethod
    def from_shape(cls, duty: ReportDuty | None) -> "DutyDocument":
        told = {
            "positions": [] if duty is None else list(duty.positions),
            "weekdays": [] if duty is None else list(duty.weekdays),
            "due_hours": 0 if duty is None else duty.due_hours,
            "from": None if duty is None else duty.starts_on,
            "version": 0 if duty is None else duty.version,
        }
        return cls.model_validate(told)


class ReportPaceDocument(Model):
    """Where a value is on its way to by the end of its period (`docs/next-steps.md`)."""

    no_pace: NoPace | None
    """Why there is none; then the rest is null."""
    forecast: DecimalText | None
    low: DecimalText | None
    high: DecimalText | None

    @classmethod
    def from_shape(cls, pace: Pace | NoPace) -> "ReportPaceDocument":
        if isinstance(pace, NoPace):
            return cls(no_pace=pace, forecast=None, low=None, high=None)
        return cls(
            no_pace=None,
            forecast=plain(pace.forecast),
            low=plain(pace.low),
            high=plain(pace.high),
        )


class ReportLineDocument(Model):
    """An indicator in the days of the report, and where it stands against pace."""

    indicator: str
    name: NameDocument
    scope: Scope
    value: DecimalText | None
    period: str
    """Of the target, or the month."""
    so_far: DecimalText | None
    """From the first day of the period, or of the segment, until the last of the report."""
    target: DecimalText | None
    due: DecimalText | None
    """What the target wants by then, by what the days weigh."""
    difference: DecimalText | None
    pace: ReportPaceDocument

    @classmethod
    def from_shape(cls, line: ReportLine, names: tuple[str, str]) -> "ReportLineDocument":
        return cls(
            indicator=line.aim.indicator,
            name=NameDocument(zh=names[0], en=names[1]),
            scope=line.scope,
            value=plain_or_none(line.value),
            period=line.aim.period.code,
            so_far=plain_or_none(line.so_far),
            target=plain_or_none(line.aim.target),
            due=plain_or_none(line.due),
            difference=plain_or_none(line.difference),
            pace=ReportPaceDocument.from_shape(line.pace),
        )


class CampaignsDocument(Model):
    """Campaigns applied for in these days, and those approved."""

    applications: DecimalText | None
    approvals: DecimalText | None


class LateParcelsDocument(Model):
    """Orders shipped so long before the end of the report that had not arrived."""

    after_3_days: int
    after_5_days: int


class BrokenStandardDocument(Model):
    """A standard that was broken in these days, by its alert."""

    alert: str
    standard: Code
    name: NameDocument
    day: Day
    value: DecimalText | None
    state: AlertState


class WrittenDocument(Model):
    """What was written."""

    remark: str
    plan: str | None
    by: str | None
    """Null where the reader is not told of this person."""
    written_at: Instant
    revision: int
    on_time: bool | None
    """Of what was written first; null where nobody had to."""

    @classmethod
    def from_shape(cls, written: WrittenReport, view: View) -> "WrittenDocument":
        return cls(
            remark=written.stated.remark,
            plan=written.stated.plan,
            by=written.person if view.names_person(written.person) else None,
            written_at=written.written_at,
            revision=written.revision,
            on_time=written.is_on_time,
        )


class PunctualityDocument(Model):
    """How many reports of the month were due by now, and how many came in time."""

    period: str
    due: int
    on_time: int
    rate: DecimalText | None

    @classmethod
    def from_shape(cls, found: Punctuality) -> "PunctualityDocument":
        return cls(
            period=found.period,
            due=found.due,
            on_time=found.on_time,
            rate=plain_or_none(found.rate),
        )


class ReportDocument(Model):
    """A report as it is told now."""

    subject: SubjectText
    period: str
    from_: Annotated[Day, Field(alias="from")]
    to: Day
    """The day after the last."""
    measures: list[ReportLineDocument]
    campaigns: CampaignsDocument
    late_parcels: LateParcelsDocument
    broken_standards: list[BrokenStandardDocument]
    written: WrittenDocument | None
    punctuality: PunctualityDocument | None

    @classmethod
    def from_shape(cls, report: Report, view: View) -> "ReportDocument":
        found = report.punctuality
        told = {
            "subject": str(report.subject),
            "period": report.period.code,
            "from": report.period.start,
            "to": report.period.end,
            "measures": [
                ReportLineDocument.from_shape(line, report.names[line.aim.indicator])
                for line in report.lines
            ],
            "campaigns": CampaignsDocument(
                applications=plain_or_none(report.applications),
                approvals=plain_or_none(report.approvals),
            ),
            "late_parcels": LateParcelsDocument(
                after_3_days=report.late_parcels.after_3_days,
                after_5_days=report.late_parcels.after_5_days,
            ),
            "broken_standards": [
                BrokenStandardDocument(
                    alert=alert.id,
                    standard=alert.breach.source,
                    name=NameDocument(zh=alert.breach.zh, en=alert.breach.en),
                    day=alert.breach.day,
                    value=None
                    if alert.breach.measured is None
                    else plain(alert.breach.measured.value),
                    state=alert.state,
                )
                for alert in report.broken
            ],
            "written": None
            if report.written is None
            else WrittenDocument.from_shape(report.written, view),
            "punctuality": None if found is None else PunctualityDocument.from_shape(found),
        }
        return cls.model_validate(told)


@router.get("/v1/reports", response_model=ReportDocument)
async def get_report(
    request: Request, query: Annotated[ReportQuery, Query()], caller: Asking, session: Reading
) -> Response:
    """A subject's report of a day, a week (`2026-11-23/2026-11-30`), a month, a year ...: what its
    cards and targets measure, against pace; campaigns, late parcels, broken standards, the remark
    and plan that were written, and how many reports of the month came in time.
    """
    at = datetime.now(UTC)
    view = await view_of(session, caller, at)
    subject = parse_subject(query.subject)
    if not view.sees(subject) or subject not in await known_subjects(session, {subject}):
        raise NotFound("subject")
    period = period_of(query.code, (await read_tenant(session)).calendar)
    report = await read_report(session, subject, period, at=at)
    return tagged(request, bytes_of(ReportDocument.from_shape(report, view)))


@router.put("/v1/reports")
async def put_report(stated: WrittenReportIn, caller: Asking, session: Writing) -> WrittenDocument:
    """Write the remark and the plan of a report: of oneself, of a unit its lead.

    The first time says whether it is in time; written anew it is another revision.
    """
    at = datetime.now(UTC)
    view = await view_of(session, caller, at)
    written = await write_report(
        session,
        parse_subject(stated.subject),
        period_of(stated.code, (await read_tenant(session)).calendar, "/period"),
        StatedReport(stated.remark, stated.plan),
        view=view,
        caller=caller,
        at=at,
    )
    return WrittenDocument.from_shape(written, view)


@router.get("/v1/report-duty", response_model=DutyDocument)
async def get_duty(request: Request, session: Reading) -> Response:
    return tagged(request, bytes_of(DutyDocument.from_shape(await read_duty(session))))


@router.put("/v1/report-duty", response_model=DutyDocument)
async def put_stated_duty(
    request: Request, stated: DutyIn, caller: Asking, session: Writing
) -> Response:
    """Say who has to write daily reports. Once a day's are due, `report_on_time_rate` of everybody
    who has to is stated anew for the month, quarter, half and year.
    """
    made = await put_duty(
        session,
        stated.to_shape(),
        permit=lambda before: check_current(request, DutyDocument.from_shape(before)),
        caller=caller,
        at=datetime.now(UTC),
    )
    return put_answer(DutyDocument.from_shape(made), created=False)
