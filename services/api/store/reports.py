"""Reports as they were written, who has to write them, and what they tell that no measure does."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, insert, literal, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from services.api.store.people import among
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.indicators import Slice
from services.schema.shapes.people import Subject
from services.schema.shapes.reports import (
    LateParcels,
    PutDuty,
    ReportDuty,
    StatedReport,
    WrittenReport,
)
from services.schema.tables.cycles import cycles
from services.schema.tables.facts import order_facts
from services.schema.tables.reports import report_duties, reports
from services.schema.tables.scorecards import scorecards
from services.schema.words import CycleStatus, OrderStatus, SubjectKind, WeekStart

LONGEST_UNDERWAY_DAYS = 60
"""What was paid longer ago is no parcel that still arrives."""


async def insert_report(session: WriteSession, written: WrittenReport, *, starts_on: date) -> None:
    """Append a revision of a report."""
    await session.execute(
        insert(reports).values(
            tenant_id=session.tenant,
            subject_kind=written.subject.kind,
            subject=written.subject.code,
            period=written.period,
            revision=written.revision,
            starts_on=starts_on,
            remark=written.stated.remark,
            plan=written.stated.plan,
            is_on_time=written.is_on_time,
            person=written.person,
            author=written.author,
            written_at=written.written_at,
        )
    )


async def read_written(session: ReadSession, subject: Subject, period: str) -> WrittenReport | None:
    """What holds of a subject and a period."""
    statement = (
        select(reports)
        .where(
            reports.c.tenant_id == session.tenant,
            reports.c.subject_kind == subject.kind,
            reports.c.subject == subject.code,
            reports.c.period == period,
        )
        .order_by(reports.c.revision.desc())
        .limit(1)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else _written_from_row(row)


async def read_on_time(
    session: ReadSession, employees: Collection[str] | None, start: date, end: date
) -> dict[str, set[date]]:
    """The days of which people reported in time, by employee; null is everybody."""
    where: list[ColumnElement[bool]] = [
        reports.c.tenant_id == session.tenant,
        reports.c.subject_kind == SubjectKind.EMPLOYEE,
        reports.c.starts_on >= start,
        reports.c.starts_on < end,
        reports.c.is_on_time,
    ]
    if employees is not None:
        where.append(among(reports.c.subject, employees))
    found: dict[str, set[date]] = defaultdict(set)
    for row in await session.execute(select(reports.c.subject, reports.c.starts_on).where(*where)):
        found[row.subject].add(row.starts_on)
    return found


async def insert_duty(
    session: WriteSession, duty: ReportDuty, *, author: str, at: datetime
) -> None:
    """Append who has to report from now on."""
    await session.execute(
        insert(report_duties).values(
            tenant_id=session.tenant,
            version=duty.version,
            positions=list(duty.positions),
            weekdays=[day.value for day in duty.weekdays],
            due_hours=duty.due_hours,
            starts_on=duty.starts_on,
            author=author,
            put_at=at,
        )
    )


async def read_duty(session: ReadSession) -> ReportDuty | None:
    """Who has to report; null while nobody does."""
    statement = (
        select(report_duties)
        .where(report_duties.c.tenant_id == session.tenant)
        .order_by(report_duties.c.version.desc())
        .limit(1)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else _duty_from_row(row)


async def read_duties(session: ReadSession) -> list[PutDuty]:
    """Who ever had to report, and since when it was so, oldest first."""
    statement = (
        select(report_duties)
        .where(report_duties.c.tenant_id == session.tenant)
        .order_by(report_duties.c.version)
    )
    return [PutDuty(_duty_from_row(row), row.put_at) for row in await session.execute(statement)]


async def find_cards_over(
    session: ReadSession, subject: Subject, start: date, end: date
) -> list[str]:
    """The ids of a subject's cards in the cycles that hold one of these days."""
    statement = (
        select(scorecards.c.id)
        .ext(distinct_on(scorecards.c.cycle))
        .join(
            cycles,
            and_(
                cycles.c.tenant_id == scorecards.c.tenant_id,
                cycles.c.code == scorecards.c.cycle,
                cycles.c.revision == scorecards.c.revision,
            ),
        )
        .where(
            scorecards.c.tenant_id == session.tenant,
            scorecards.c.subject_kind == subject.kind,
            scorecards.c.subject == subject.code,
            cycles.c.status != CycleStatus.DRAFT,
            cycles.c.starts_on < end,
            cycles.c.ends_on > start,
        )
        .order_by(scorecards.c.cycle, scorecards.c.id)
    )
    return list((await session.execute(statement)).scalars())


async def count_late_parcels(
    session: ReadSession, whose: Collection[Slice], day: date
) -> LateParcels:
    """The orders under way at the end of a day since three days and more, and since five.

    As their sources tell of them by now: one that was given back or cancelled is none any more.
    """
    if not whose:
        return LateParcels(0, 0)
    orders = order_facts.c
    since_three = orders.shipped_on <= day - timedelta(days=3)
    since_five = orders.shipped_on <= day - timedelta(days=5)
    statement = select(
        func.count().filter(since_three).label("after_3_days"),
        func.count().filter(since_five).label("after_5_days"),
    ).where(
        orders.tenant_id == session.tenant,
        # By the days of paying alone the table can be entered.
        orders.paid_on > day - timedelta(days=LONGEST_UNDERWAY_DAYS),
        orders.paid_on <= day,
        since_three,
        orders.exclusion.is_(None),
        or_(
            orders.status == OrderStatus.SHIPPED,
            and_(orders.status == OrderStatus.COMPLETED, orders.completed_on > day),
        ),
        or_(*(_of_slice(one) for one in whose)),
    )
    row = (await session.execute(statement)).one()
    return LateParcels(int(row.after_3_days), int(row.after_5_days))


def _of_slice(one: Slice) -> ColumnElement[bool]:
    if one.shops is None and one.employees is None:
        return literal(True)  # noqa: FBT003  every order is the company's
    return or_(
        among(order_facts.c.shop, one.shops or ()),
        among(order_facts.c.salesperson, one.employees or ()),
    )


def _duty_from_row(row: Row[Any]) -> ReportDuty:
    return ReportDuty(
        positions=tuple(row.positions),
        weekdays=tuple(WeekStart(day) for day in row.weekdays),
        due_hours=row.due_hours,
        starts_on=row.starts_on,
        version=row.version,
    )


def _written_from_row(row: Row[Any]) -> WrittenReport:
    return WrittenReport(
        subject=Subject(SubjectKind(row.subject_kind), row.subject),
        period=row.period,
        revision=row.revision,
        stated=StatedReport(row.remark, row.plan),
        is_on_time=row.is_on_time,
        person=row.person,
        author=row.author,
        written_at=row.written_at,
    )
