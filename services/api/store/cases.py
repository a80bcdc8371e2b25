"""Cases as they stand, with every step that they took."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, insert, select, update

from services.api.store.people import among
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.cases import Case, CaseEntry, StatedCase
from services.schema.shapes.people import Subject
from services.schema.tables.cases import case_steps, cases
from services.schema.watch_words import CaseState, CaseStep
from services.schema.words import SubjectKind


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases a list shows; null is any."""

    owners: Collection[str] | None = None
    subject: Subject | None = None
    survey: str | None = None
    state: CaseState | None = None
    due_before: date | None = None


async def insert_case(session: WriteSession, case: Case) -> None:
    """Add a case with its first step."""
    await session.execute(insert(cases).values(id=case.id, **_row_of(session, case)))
    await _insert_step(session, case)


async def update_case(session: WriteSession, case: Case) -> None:
    """Keep a case after the step that it took last."""
    await session.execute(
        update(cases)
        .where(cases.c.tenant_id == session.tenant, cases.c.id == case.id)
        .values(
            owner=case.stated.owner,
            due_on=case.stated.due_on,
            state=case.state,
            is_told=case.is_told,
        )
    )
    await _insert_step(session, case)


async def read_case(session: ReadSession, id: str) -> Case | None:
    """A case by its id."""
    statement = select(cases).where(cases.c.tenant_id == session.tenant, cases.c.id == id)
    found = await _read(session, statement)
    return found[0] if found else None


async def read_overdue_cases(session: ReadSession, today: date) -> list[Case]:
    """The cases that should have been put right before today."""
    statement = select(cases).where(
        cases.c.tenant_id == session.tenant,
        cases.c.state == CaseState.OPEN,
        cases.c.due_on < today,
    )
    return await _read(session, statement.order_by(cases.c.id))


async def read_cases_due(session: ReadSession, start: date, end: date) -> list[Case]:
    """The cases that are due between two days, end exclusive, whatever became of them."""
    statement = select(cases).where(
        cases.c.tenant_id == session.tenant, cases.c.due_on >= start, cases.c.due_on < end
    )
    return await _read(session, statement.order_by(cases.c.id))


async def read_page_of_cases(
    session: ReadSession, wanted: CaseFilter, *, after: str | None, limit: int
) -> tuple[list[Case], int]:
    """A list's next page, newest first, and how many the list has."""
    where = _where(session, wanted)
    total = await session.scalar(select(func.count()).select_from(cases).where(*where))
    statement = select(cases).where(*where).order_by(cases.c.id.desc()).limit(limit)
    if after is not None:
        statement = statement.where(cases.c.id < after)
    return await _read(session, statement), int(total)


def _where(session: ReadSession, wanted: CaseFilter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [cases.c.tenant_id == session.tenant]
    if wanted.owners is not None:
        where.append(among(cases.c.owner, wanted.owners))
    if wanted.subject is not None:
        where.append(cases.c.subject_kind == wanted.subject.kind)
        where.append(cases.c.subject == wanted.subject.code)
    if wanted.survey is not None:
        where.append(cases.c.survey == wanted.survey)
    if wanted.state is not None:
        where.append(cases.c.state == wanted.state)
    if wanted.due_before is not None:
        where.append(cases.c.due_on < wanted.due_before)
    return where


async def _insert_step(session: WriteSession, case: Case) -> None:
    entry = case.trail[-1]
    await session.execute(
        insert(case_steps).values(
            tenant_id=session.tenant,
            case=case.id,
            number=entry.number,
            step=entry.step,
            owner=entry.owner,
            due_on=entry.due_on,
            note=entry.note,
            person=entry.person,
            author=entry.author,
            at=entry.at,
        )
    )


def _row_of(session: WriteSession, case: Case) -> dict[str, object]:
    stated = case.stated
    return {
        "tenant_id": session.tenant,
        "finding": stated.finding,
        "subject_kind": stated.subject.kind,
        "subject": stated.subject.code,
        "owner": stated.owner,
        "due_on": stated.due_on,
        "survey": stated.survey,
        "respondent": stated.respondent,
        "state": case.state,
        "is_told": case.is_told,
    }


async def _read(session: ReadSession, statement: Select[Any]) -> list[Case]:
    rows = list(await session.execute(statement))
    trails = await _read_trails(session, [row.id for row in rows])
    return [_case_from_row(row, trails[row.id]) for row in rows]


async def _read_trails(
    session: ReadSession, ids: Collection[str]
) -> defaultdict[str, list[CaseEntry]]:
    statement = (
        select(case_steps)
        .where(case_steps.c.tenant_id == session.tenant, among(case_steps.c.case, ids))
        .order_by(case_steps.c.case, case_steps.c.number)
    )
    found: defaultdict[str, list[CaseEntry]] = defaultdict(list)
    for row in await session.execute(statement):
        found[row.case].append(
            CaseEntry(
                number=row.number,
                step=CaseStep(row.step),
                owner=row.owner,
                due_on=row.due_on,
                note=row.note,
                person=row.person,
                author=row.author,
                at=row.at,
            )
        )
    return found


def _case_from_row(row: Row[Any], trail: Sequence[CaseEntry]) -> Case:
    return Case(
        id=row.id,
        stated=StatedCase(
            finding=row.finding,
            subject=Subject(SubjectKind(row.subject_kind), row.subject),
            owner=row.owner,
            due_on=row.due_on,
            survey=row.survey,
            respondent=row.respondent,
        ),
        state=CaseState(row.state),
        is_told=row.is_told,
        trail=tuple(trail),
    )
