"""Results as they are kept: appended when a cycle is published, served as they lie."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Text, func, insert, literal, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY

from services.api.store.abouts import about_of, among_abouts
from services.api.store.people import among
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.people import Subject
from services.schema.shapes.ratings import About
from services.schema.shapes.receipts import Signed
from services.schema.shapes.results import Result
from services.schema.shapes.scorecards import Scorecard
from services.schema.tables.results import results
from services.schema.words import SubjectKind


@dataclass(frozen=True, slots=True)
class ResultFilter:
    """Which results a list shows; null is any."""

    subjects: Collection[Subject] | None
    """Those that the caller may see."""
    cycle: str | None = None
    employee: str | None = None
    units: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class ShownResult:
    """What a list needs of a result."""

    published_at: datetime
    id: str
    scorecard: str
    subject: Subject
    document: bytes

    @property
    def place(self) -> list[str]:
        """Where the result stands in the order of publication."""
        return [self.published_at.isoformat(), self.id]


@dataclass(frozen=True, slots=True)
class FrozenResult:
    """A result with the scorecard and the explanation it was made of, as they were then."""

    result: Result
    sha256: bytes
    scorecard: bytes
    explanation: bytes


async def insert_results(session: WriteSession, made: Sequence[FrozenResult]) -> None:
    """Append results; they never change."""
    rows = [_result_to_row(session, each) for each in made]
    await session.execute_many(insert(results), rows)


async def read_result(session: ReadSession, result_id: str) -> Result | None:
    """A result by its id."""
    where = (results.c.tenant_id == session.tenant, results.c.id == result_id)
    row = (await session.execute(select(results).where(*where))).one_or_none()
    return None if row is None else _result_from_row(row)


async def read_scorecards_of(session: ReadSession, ids: Collection[str]) -> dict[str, Subject]:
    """The ids of the scorecards that results were made of, each with whom it is about."""
    statement = select(results.c.scorecard, results.c.subject_kind, results.c.subject).where(
        results.c.tenant_id == session.tenant, among(results.c.id, ids)
    )
    return {
        row.scorecard: Subject(SubjectKind(row.subject_kind), row.subject)
        for row in await session.execute(statement)
    }


async def read_published_cards(session: ReadSession, ids: Collection[str]) -> dict[str, bytes]:
    """The scorecards that results were made of, as they were then, by the results' ids."""
    statement = select(results.c.id, results.c.scorecard_document).where(
        results.c.tenant_id == session.tenant, among(results.c.id, ids)
    )
    return {row.id: bytes(row.scorecard_document) for row in await session.execute(statement)}


async def read_frozen_cards(
    session: ReadSession, cards: Collection[Scorecard]
) -> dict[str, Signed]:
    """Of those of these cards that were published: they and their explanations, as they were."""
    told = (results.c.id, results.c.scorecard, results.c.scorecard_document, results.c.explanation)
    statement = select(*told).where(
        results.c.tenant_id == session.tenant,
        among_abouts(results, {(card.cycle, card.subject) for card in cards}),
        among(results.c.scorecard, {card.id for card in cards}),
    )
    return {
        row.scorecard: Signed(bytes(row.scorecard_document), bytes(row.explanation), row.id)
        for row in await session.execute(statement)
    }


async def read_published_revisions(
    session: ReadSession, abouts: Collection[About]
) -> dict[About, dict[int, Result]]:
    """What was published of these subjects in their cycles, by revision."""
    statement = select(results).where(
        results.c.tenant_id == session.tenant, among_abouts(results, abouts)
    )
    found: dict[About, dict[int, Result]] = {about: {} for about in abouts}
    for row in await session.execute(statement):
        found[about_of(row)][row.revision] = _result_from_row(row)
    return found


async def read_first_published(
    session: ReadSession, abouts: Collection[About]
) -> dict[About, datetime]:
    """When a result of each of these cards was first published, of those of which one was."""
    statement = (
        select(
            results.c.cycle,
            results.c.subject_kind,
            results.c.subject,
            func.min(results.c.published_at).label("published_at"),
        )
        .where(results.c.tenant_id == session.tenant, among_abouts(results, abouts))
        .group_by(results.c.cycle, results.c.subject_kind, results.c.subject)
    )
    return {about_of(row): row.published_at for row in await session.execute(statement)}


async def read_last_published(session: ReadSession) -> datetime | None:
    """When the newest result was published."""
    newest = func.max(results.c.published_at)
    found: datetime | None = await session.scalar(
        select(newest).where(results.c.tenant_id == session.tenant)
    )
    return found


async def read_page_of_results(
    session: ReadSession,
    wanted: ResultFilter,
    *,
    after: tuple[datetime, str] | None,
    limit: int,
) -> tuple[list[ShownResult], int]:
    """A list's next page, oldest publication first, and how many results it has."""
    where = _where(session, wanted)
    total = await session.scalar(select(func.count()).select_from(results).where(*where))
    order = (results.c.published_at, results.c.id)
    if after is not None:
        where.append(tuple_(*order) > tuple_(*(literal(part) for part in after)))
    told = (results.c.scorecard, results.c.subject_kind, results.c.subject, results.c.document)
    statement = select(*order, *told).where(*where).order_by(*order).limit(limit)
    found = [
        ShownResult(
            row.published_at,
            row.id,
            row.scorecard,
            Subject(SubjectKind(row.subject_kind), row.subject),
            row.document,
        )
        for row in await session.execute(statement)
    ]
    return found, int(total)


def _where(session: ReadSession, wanted: ResultFilter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [results.c.tenant_id == session.tenant]
    if wanted.subjects is not None:
        where.append(_of_subjects(wanted.subjects))
    if wanted.cycle is not None:
        where.append(results.c.cycle == wanted.cycle)
    if wanted.employee is not None:
        where.append(results.c.subject_kind == SubjectKind.EMPLOYEE)
        where.append(results.c.subject == wanted.employee)
    if wanted.units is not None:
        where.append(among(results.c.unit, wanted.units))
    return where


def _of_subjects(subjects: Collection[Subject]) -> ColumnElement[bool]:
    listed = sorted(subjects)
    kinds = literal([subject.kind.value for subject in listed], ARRAY(Text))
    codes = literal([subject.code for subject in listed], ARRAY(Text))
    pairs = func.unnest(kinds, codes).table_valued("kind", "code").render_derived()
    key = tuple_(results.c.subject_kind, results.c.subject)
    return key.in_(select(pairs.c.kind, pairs.c.code))


def _result_from_row(row: Row[Any]) -> Result:
    return Result(
        id=row.id,
        cycle=row.cycle,
        period=row.period,
        subject=Subject(SubjectKind(row.subject_kind), row.subject),
        revision=row.revision,
        unit=row.unit,
        scorecard=row.scorecard,
        scheme=row.scheme,
        scheme_version=row.scheme_version,
        total=row.total,
        grade=row.grade,
        document=row.document,
        fingerprint=row.fingerprint,
        published_at=row.published_at,
    )


def _result_to_row(session: ReadSession, made: FrozenResult) -> dict[str, object]:
    result = made.result
    return {
        "tenant_id": session.tenant,
        "id": result.id,
        "cycle": result.cycle,
        "period": result.period,
        "subject_kind": result.subject.kind,
        "subject": result.subject.code,
        "revision": result.revision,
        "unit": result.unit,
        "scorecard": result.scorecard,
        "scheme": result.scheme,
        "scheme_version": result.scheme_version,
        "total": result.total,
        "grade": result.grade,
        "document": result.document,
        "document_sha256": made.sha256,
        "scorecard_document": made.scorecard,
        "explanation": made.explanation,
        "fingerprint": result.fingerprint,
        "published_at": result.published_at,
    }
