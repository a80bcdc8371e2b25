"""Ladders of levels, every version of each, and what people observed, every revision of each."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, insert, literal, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on

from services.api.store.people import among
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.levels import KeptLadder, Observation, StatedObservation
from services.schema.tables.levels import ladders, level_observations

ObservationKey = tuple[str, str, str]
"""Employee, behaviour and month."""
_KEY = (
    level_observations.c.employee,
    level_observations.c.behaviour,
    level_observations.c.month,
)


@dataclass(frozen=True, slots=True)
class ObservationFilter:
    """Which observations a list shows; null is any."""

    ladder: str
    employees: Collection[str] | None
    """Those whom the caller may see."""
    employee: str | None = None
    month: str | None = None
    history: bool = False
    """Whether older revisions are shown as well."""


async def read_ladder(
    session: ReadSession, code: str, version: int | None = None
) -> KeptLadder | None:
    """A version of a ladder; null is the newest."""
    statement = (
        select(ladders)
        .where(ladders.c.tenant_id == session.tenant, ladders.c.code == code)
        .order_by(ladders.c.version.desc())
        .limit(1)
    )
    if version is not None:
        statement = statement.where(ladders.c.version == version)
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else _ladder_from_row(row)


async def read_page_of_ladders(
    session: ReadSession, *, after: str | None, limit: int
) -> tuple[list[KeptLadder], int]:
    """A list's next page of the newest versions in the order of codes, and how many there are."""
    own = ladders.c.tenant_id == session.tenant
    total = await session.scalar(select(func.count(ladders.c.code.distinct())).where(own))
    statement = (
        select(ladders)
        .ext(distinct_on(ladders.c.code))
        .where(own)
        .order_by(ladders.c.code, ladders.c.version.desc())
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(ladders.c.code > after)
    return [_ladder_from_row(row) for row in await session.execute(statement)], int(total)


async def insert_ladder(session: WriteSession, ladder: KeptLadder) -> None:
    """Append a version; it never changes."""
    await session.execute(
        insert(ladders).values(
            tenant_id=session.tenant,
            code=ladder.code,
            version=ladder.version,
            document=ladder.document,
            fingerprint=ladder.fingerprint,
            template=ladder.template,
            author=ladder.author,
            made_at=ladder.made_at,
        )
    )


async def read_observations(
    session: ReadSession,
    ladder: str,
    employees: Collection[str],
    behaviours: Collection[str],
    months: Collection[str],
) -> dict[ObservationKey, Observation]:
    """The observations that hold, in one statement for any number of people."""
    statement = _in_force().where(
        level_observations.c.tenant_id == session.tenant,
        level_observations.c.ladder == ladder,
        among(level_observations.c.employee, employees),
        among(level_observations.c.behaviour, behaviours),
        among(level_observations.c.month, months),
    )
    found = (_observation_from_row(row) for row in await session.execute(statement))
    return {key_of(observation.stated): observation for observation in found}


async def read_page_of_observations(
    session: ReadSession,
    wanted: ObservationFilter,
    *,
    after: tuple[str, str, str, int] | None,
    limit: int,
) -> tuple[list[Observation], int]:
    """A list's next page in the order of its keys, and how many the list has."""
    where = _where(session, wanted)
    shown = select(level_observations) if wanted.history else _in_force()
    rows = shown.where(*where).subquery()
    total = await session.scalar(select(func.count()).select_from(rows))
    order = [rows.c[column.name] for column in (*_KEY, level_observations.c.revision)]
    page = select(rows).order_by(*order).limit(limit)
    if after is not None:
        page = page.where(tuple_(*order) > tuple_(*(literal(part) for part in after)))
    return [_observation_from_row(row) for row in await session.execute(page)], int(total)


async def insert_observations(session: WriteSession, made: Sequence[Observation]) -> None:
    """Append revisions."""
    rows = [
        {
            "tenant_id": session.tenant,
            "ladder": each.ladder,
            "employee": each.stated.employee,
            "behaviour": each.stated.behaviour,
            "month": each.stated.month,
            "revision": each.revision,
            "holds": each.stated.holds,
            "comment": each.stated.comment,
            "observer": each.observer,
            "author": each.author,
            "observed_at": each.observed_at,
        }
        for each in made
    ]
    await session.execute_many(insert(level_observations), rows)


def key_of(stated: StatedObservation) -> ObservationKey:
    """What an observation is known by in its ladder, whatever its revision."""
    return stated.employee, stated.behaviour, stated.month


def _in_force() -> Select[Any]:
    return (
        select(level_observations)
        .ext(distinct_on(*_KEY))
        .order_by(*_KEY, level_observations.c.revision.desc())
    )


def _where(session: ReadSession, wanted: ObservationFilter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [
        level_observations.c.tenant_id == session.tenant,
        level_observations.c.ladder == wanted.ladder,
    ]
    if wanted.employees is not None:
        where.append(among(level_observations.c.employee, wanted.employees))
    if wanted.employee is not None:
        where.append(level_observations.c.employee == wanted.employee)
    if wanted.month is not None:
        where.append(level_observations.c.month == wanted.month)
    return where


def _ladder_from_row(row: Row[Any]) -> KeptLadder:
    return KeptLadder(
        code=row.code,
        version=row.version,
        document=row.document,
        fingerprint=row.fingerprint,
        template=row.template,
        author=row.author,
        made_at=row.made_at,
    )


def _observation_from_row(row: Row[Any]) -> Observation:
    return Observation(
        ladder=row.ladder,
        stated=StatedObservation(
            employee=row.employee,
            behaviour=row.behaviour,
            month=row.month,
            holds=row.holds,
            comment=row.comment,
        ),
        revision=row.revision,
        observer=row.observer,
        author=row.author,
        observed_at=row.observed_at,
    )
