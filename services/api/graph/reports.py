"""Graph of reports: a subject's days against pace, and what people write of them."""

from typing import Self

import strawberry

from services.api.flows.indicators import known_subjects
from services.api.flows.reports import read_report
from services.api.graph.arguments import subject_of
from services.api.graph.context import Asked
from services.api.graph.scalars import (
    DayText,
    DecimalText,
    InstantText,
    day_text,
    decimal_text,
    instant_text,
)
from services.api.graph.schemes import Name
from services.schema.days import parse_period
from services.schema.errors import NotFound
from services.schema.shapes import reports as shapes
from services.schema.shapes.alerts import Alert
from services.schema.shapes.next_steps import NoPace, Pace
from services.schema.shapes.views import View
from services.schema.watch_words import AlertState
from services.schema.words import Scope


@strawberry.type(description="Where a value is on its way to by the end of its period.")
class ReportPace:
    no_pace: NoPace | None = strawberry.field(description="Why there is none.")
    forecast: DecimalText | None
    low: DecimalText | None
    high: DecimalText | None

    @classmethod
    def from_shape(cls, pace: Pace | NoPace) -> Self:
        if isinstance(pace, NoPace):
            return cls(no_pace=pace, forecast=None, low=None, high=None)
        return cls(
            no_pace=None,
            forecast=decimal_text(pace.forecast),
            low=decimal_text(pace.low),
            high=decimal_text(pace.high),
        )


@strawberry.type(description="An indicator in the days of the report, and against pace.")
class ReportLine:
    indicator: str
    name: Name
    scope: Scope
    value: DecimalText | None
    period: str
    so_far: DecimalText | None
    target: DecimalText | None
    due: DecimalText | None = strawberry.field(description="What the target wants by then.")
    difference: DecimalText | None
    pace: ReportPace

    @classmethod
    def from_shape(cls, line: shapes.ReportLine, names: tuple[str, str]) -> Self:
        return cls(
            indicator=line.aim.indicator,
            name=Name(zh=names[0], en=names[1]),
            scope=line.scope,
            value=decimal_text(line.value),
            period=line.aim.period.code,
            so_far=decimal_text(line.so_far),
            target=decimal_text(line.aim.target),
            due=decimal_text(line.due),
            difference=decimal_text(line.difference),
            pace=ReportPace.from_shape(line.pace),
        )


@strawberry.type(description="Campaigns applied for in these days, and those approved.")
class ReportCampaigns:
    applications: DecimalText | None
    approvals: DecimalText | None


@strawberry.type(description="Orders shipped so long ago that had not arrived.")
class LateParcels:
    after_3_days: int = strawberry.field(name="after3Days")
    after_5_days: int = strawberry.field(name="after5Days")


@strawberry.type(description="A standard that was broken in these days, by its alert.")
class BrokenStandard:
    alert: str
    standard: str
    name: Name
    day: DayText
    value: DecimalText | None
    state: AlertState

    @classmethod
    def from_shape(cls, alert: Alert) -> Self:
        breach = alert.breach
        return cls(
            alert=alert.id,
            standard=breach.source,
            name=Name(zh=breach.zh, en=breach.en),
            day=day_text(breach.day),
            value=None if breach.measured is None else decimal_text(breach.measured.value),
            state=alert.state,
        )


@strawberry.type(description="The remark and the plan that somebody wrote.")
class WrittenReport:
    remark: str
    plan: str | None
    by: str | None = strawberry.field(description="Null where the caller is not told.")
    written_at: InstantText
    revision: int
    on_time: bool | None = strawberry.field(description="Null where nobody had to write.")

    @classmethod
    def from_shape(cls, written: shapes.WrittenReport | None, view: View) -> Self | None:
        if written is None:
            return None
        return cls(
            remark=written.stated.remark,
            plan=written.stated.plan,
            by=written.person if view.names_person(written.person) else None,
            written_at=instant_text(written.written_at),
            revision=written.revision,
            on_time=written.is_on_time,
        )


@strawberry.type(description="How many reports of the month were due, and came in time.")
class Punctuality:
    period: str
    due: int
    on_time: int
    rate: DecimalText | None


@strawberry.type(description="A subject's days as they are told now.")
class Report:
    subject: str
    period: str
    from_: DayText = strawberry.field(name="from")
    to: DayText
    measures: list[ReportLine]
    campaigns: ReportCampaigns
    late_parcels: LateParcels
    broken_standards: list[BrokenStandard]
    written: WrittenReport | None
    punctuality: Punctuality | None

    @classmethod
    def from_shape(cls, report: shapes.Report, view: View) -> Self:
        late, found = report.late_parcels, report.punctuality
        return cls(
            subject=str(report.subject),
            period=report.period.code,
            from_=day_text(report.period.start),
            to=day_text(report.period.end),
            measures=[
                ReportLine.from_shape(line, report.names[line.aim.indicator])
                for line in report.lines
            ],
            campaigns=ReportCampaigns(
                applications=decimal_text(report.applications),
                approvals=decimal_text(report.approvals),
            ),
            late_parcels=LateParcels(
                after_3_days=late.after_3_days, after_5_days=late.after_5_days
            ),
            broken_standards=[BrokenStandard.from_shape(alert) for alert in report.broken],
            written=WrittenReport.from_shape(report.written, view),
            punctuality=None
            if found is None
            else Punctuality(
                period=found.period,
                due=found.due,
                on_time=found.on_time,
                rate=decimal_text(found.rate),
            ),
        )


async def report(info: Asked, *, subject: str, period: str) -> Report:
    """A subject's report of a day (`2026-11-30`), a week, a month, a year ..."""
    context = info.context
    context.authorize("REST GET /v1/reports")
    stated, tenant = subject_of(subject), await context.tenant()
    days = parse_period(period, tenant.calendar)
    view = await context.view()
    async with context.read() as session:
        if not view.sees(stated) or stated not in await known_subjects(session, [stated]):
            raise NotFound("subject")
        found = await read_report(session, stated, days, at=context.at)
    return Report.from_shape(found, view)
