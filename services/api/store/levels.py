"""Levels as they were assessed, every revision of each, and the chats that are drawn for them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, insert, literal, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on

from services.api.store.people import among
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.facts import Chat
from services.schema.shapes.levels import Assessment, LevelInForce
from services.schema.tables.facts import chat_facts
from services.schema.tables.levels import level_assessments

_KEY = (
    level_assessments.c.month,
    level_assessments.c.ladder,
    level_assessments.c.employee,
)


@dataclass(frozen=True, slots=True)
class AssessmentFilter:
    """Which assessments a list shows; null is any."""

    employees: Collection[str] | None
    """Those whom the caller may see."""
    employee: str | None = None
    ladder: str | None = None
    month: str | None = None
    level: str | None = None
    history: bool = False
    """Whether older revisions are shown as well."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The sessions of lowest rank of a person, and how many there are in all."""

    of: int
    chats: tuple[Chat, ...]


async def read_drawn(
    session: ReadSession,
    employees: Collection[str],
    *,
    start: date,
    end: date,
    seed: str,
    size: int,
) -> dict[str, Drawn]:
    """Of each person so many chat sessions as a seed ranks them; one statement for any.

    The database ranks as the core does (SHA-256 over seed, source and id), so that of a month's
    sessions only those that are drawn are read.
    """
    chats = chat_facts.c
    text = literal(f"{seed}\x1f") + chats.source + literal("\x1f") + chats.id
    rank = func.sha256(func.convert_to(text, "UTF8"))
    numbered = (
        select(
            chat_facts,
            func.row_number().over(partition_by=chats.employee, order_by=rank).label("number"),
            func.count().over(partition_by=chats.employee).label("of"),
        )
        .where(
            chats.tenant_id == session.tenant,
            among(chats.employee, employees),
            chats.started_on >= start,
            chats.started_on < end,
            # An agent's day of a tool that tells no single session cannot be drawn from.
            chats.totals.is_(None),
        )
        .subquery()
    )
    statement = (
        select(numbered)
        .where(numbered.c.number <= size)
        .order_by(numbered.c.employee, numbered.c.number)
    )
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in await session.execute(statement):
        found[row.employee].append(row)
    return {
        employee: Drawn(int(rows[0].of), tuple(_chat_from_row(row) for row in rows))
        for employee, rows in found.items()
    }


async def read_seed(session: ReadSession, ladder: str, month: str) -> str | None:
    """The seed by which the month's sessions were drawn before; null if they never were."""
    found: str | None = await session.scalar(
        select(func.min(level_assessments.c.seed)).where(
            level_assessments.c.tenant_id == session.tenant,
            level_assessments.c.ladder == ladder,
            level_assessments.c.month == month,
        )
    )
    return found


async def read_assessments(
    session: ReadSession, ladder: str, month: str, employees: Collection[str]
) -> dict[str, Assessment]:
    """What holds of a month by employee."""
    statement = _in_force().where(
        level_assessments.c.tenant_id == session.tenant,
        level_assessments.c.ladder == ladder,
        level_assessments.c.month == month,
        among(level_assessments.c.employee, employees),
    )
    found = (_assessment_from_row(row) for row in await session.execute(statement))
    return {assessment.employee: assessment for assessment in found}


async def read_levels(
    session: ReadSession, employees: Collection[str], *, until: str
) -> dict[str, Mapping[str, LevelInForce]]:
    """Each person's level by ladder as a month ended: of the newest assessment for it or before.

    A ladder by which nobody assessed the person is not named.
    """
    key = (level_assessments.c.employee, level_assessments.c.ladder)
    statement = (
        select(
            *key,
            level_assessments.c.level,
            level_assessments.c.ladder_version,
            level_assessments.c.month,
            level_assessments.c.revision,
            level_assessments.c.fingerprint,
        )
        .ext(distinct_on(*key))
        .where(
            level_assessments.c.tenant_id == session.tenant,
            among(level_assessments.c.employee, employees),
            level_assessments.c.month <= until,
        )
        .order_by(*key, level_assessments.c.month.desc(), level_assessments.c.revision.desc())
    )
    found: dict[str, dict[str, LevelInForce]] = {employee: {} for employee in employees}
    for row in await session.execute(statement):
        found[row.employee][row.ladder] = LevelInForce(
            level=row.level,
            ladder_version=row.ladder_version,
            month=row.month,
            revision=row.revision,
            fingerprint=row.fingerprint,
        )
    return dict(found)


async def read_newest_documents(
    session: ReadSession, employees: Collection[str]
) -> dict[str, list[bytes]]:
    """Each person's newest assessment by every ladder, in the order of ladders, as it is kept."""
    key = (level_assessments.c.employee, level_assessments.c.ladder)
    statement = (
        select(*key, level_assessments.c.document)
        .ext(distinct_on(*key))
        .where(
            level_assessments.c.tenant_id == session.tenant,
            among(level_assessments.c.employee, employees),
        )
        .order_by(*key, level_assessments.c.month.desc(), level_assessments.c.revision.desc())
    )
    found: dict[str, list[bytes]] = {employee: [] for employee in employees}
    for row in await session.execute(statement):
        found[row.employee].append(bytes(row.document))
    return found


async def read_page_of_assessments(
    session: ReadSession,
    wanted: AssessmentFilter,
    *,
    after: tuple[str, str, str, int] | None,
    limit: int,
) -> tuple[list[Assessment], int]:
    """A list's next page, the newest month first, and how many the list has."""
    where = _where(session, wanted)
    shown = select(level_assessments) if wanted.history else _in_force()
    rows = shown.where(*where).subquery()
    matches = [] if wanted.level is None else [rows.c.level == wanted.level]
    total = await session.scalar(select(func.count()).select_from(rows).where(*matches))
    order = [rows.c[column.name] for column in (*_KEY, level_assessments.c.revision)]
    page = select(rows).where(*matches).order_by(*(each.desc() for each in order)).limit(limit)
    if after is not None:
        page = page.where(tuple_(*order) < tuple_(*(literal(part) for part in after)))
    return [_assessment_from_row(row) for row in await session.execute(page)], int(total)


async def insert_assessments(session: WriteSession, made: Sequence[Assessment]) -> None:
    """Append revisions; they never change."""
    rows = [
        {
            "tenant_id": session.tenant,
            "ladder": each.ladder,
            "employee": each.employee,
            "month": each.month,
            "revision": each.revision,
            "ladder_version": each.ladder_version,
            "level": each.level,
            "seed": each.seed,
            "document": each.document,
            "document_sha256": sha256(each.document).digest(),
            "fingerprint": each.fingerprint,
            "assessed_at": each.assessed_at,
        }
        for each in made
    ]
    await session.execute_many(insert(level_assessments), rows)


def _in_force() -> Select[Any]:
    return (
        select(level_assessments)
        .ext(distinct_on(*_KEY))
        .order_by(*_KEY, level_assessments.c.revision.desc())
    )


def _where(session: ReadSession, wanted: AssessmentFilter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [level_assessments.c.tenant_id == session.tenant]
    if wanted.employees is not None:
        where.append(among(level_assessments.c.employee, wanted.employees))
    for column, value in (
        (level_assessments.c.employee, wanted.employee),
        (level_assessments.c.ladder, wanted.ladder),
        (level_assessments.c.month, wanted.month),
    ):
        if value is not None:
            where.append(column == value)
    return where


def _assessment_from_row(row: Row[Any]) -> Assessment:
    return Assessment(
        ladder=row.ladder,
        employee=row.employee,
        month=row.month,
        revision=row.revision,
        ladder_version=row.ladder_version,
        level=row.level,
        seed=row.seed,
        document=bytes(row.document),
        fingerprint=row.fingerprint,
        assessed_at=row.assessed_at,
    )


def _chat_from_row(row: Row[Any]) -> Chat:
    return Chat(
        source=row.source,
        id=row.id,
        shop=row.shop,
        started_at=row.started_at,
        modified_at=row.modified_at,
        employee=row.employee,
        buyer=row.buyer,
        first_response_seconds=row.first_response_seconds,
        response_seconds=row.response_seconds,
        responses=row.responses,
        answered=row.answered,
        inquiry=row.inquiry,
        order=row.order_id,
        satisfied=row.satisfied,
        complaint=row.complaint,
    )
