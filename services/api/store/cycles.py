"""Cycles as they are kept, their moves, and how their scorecards stand."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from services.api.store.people import among
from services.api.store.scorecards import among_subjects
from services.schema.days import kept_period
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.cycles import Cycle, Move, Population
from services.schema.shapes.people import Subject
from services.schema.tables.cycles import cycle_moves, cycles
from services.schema.tables.scorecards import scorecards
from services.schema.words import CycleStatus


@dataclass(frozen=True, slots=True)
class Tally:
    """How the scorecards of a cycle's revision stand."""

    scorecards: int = 0
    incomplete: int = 0
    pending: int = 0
    """Cards with an input that has changed and that they do not show."""


async def insert_cycle(session: WriteSession, cycle: Cycle, *, at: datetime) -> bool:
    """Add a cycle; false where its code is taken."""
    statement = (
        insert(cycles)
        .values(
            tenant_id=session.tenant,
            code=cycle.code,
            scheme=cycle.scheme,
            scheme_version=cycle.scheme_version,
            period=cycle.period.code,
            starts_on=cycle.period.start,
            ends_on=cycle.period.end,
            population=population_to_row(cycle.population),
            timezone=cycle.timezone,
            grace_days=cycle.grace_days,
            status=cycle.status,
            revision=cycle.revision,
            version=cycle.version,
            created_at=at,
        )
        .on_conflict_do_nothing()
        .returning(cycles.c.code)
    )
    return await session.scalar(statement) is not None


async def update_cycle(session: WriteSession, cycle: Cycle) -> None:
    """Keep where a cycle has been moved to."""
    await session.execute(
        update(cycles)
        .where(cycles.c.tenant_id == session.tenant, cycles.c.code == cycle.code)
        .values(
            scheme_version=cycle.scheme_version,
            status=cycle.status,
            revision=cycle.revision,
            version=cycles.c.version + 1,
            closed_at=cycle.closed_at,
            published_at=cycle.published_at,
        )
    )


async def read_cycle(session: ReadSession, code: str) -> Cycle | None:
    """A cycle by its code."""
    found = await _read(session, _of_codes(session, {code}))
    return found[0] if found else None


async def read_cycles(
    session: ReadSession, codes: Collection[str], subjects: Collection[Subject] | None
) -> dict[str, Cycle]:
    """Cycles by code; with subjects only those that hold a card of one of these."""
    statement = _of_codes(session, codes)
    if subjects is not None:
        statement = statement.where(_holds(session, subjects))
    return {cycle.code: cycle for cycle in await _read(session, statement)}


async def lock_cycle(session: WriteSession, code: str) -> Cycle | None:
    """A cycle that nobody else moves, and of which nobody else computes, before this ends."""
    found = await _read(session, _of_codes(session, {code}).with_for_update())
    return found[0] if found else None


async def lock_open_cycles(session: WriteSession, codes: Collection[str]) -> dict[str, Cycle]:
    """Those of the cycles that are open, kept from moving; one that is just moved is left out.

    Marking their populations does not wait for this, nor this for that.
    """
    statement = _of_codes(session, codes).where(cycles.c.status == CycleStatus.OPEN)
    locked = statement.with_for_update(read=True, key_share=True, skip_locked=True)
    return {cycle.code: cycle for cycle in await _read(session, locked)}


async def lock_stale_cycles(session: WriteSession) -> list[Cycle]:
    """The open cycles whose population may have changed, kept from moving."""
    statement = (
        select(cycles)
        .where(
            cycles.c.tenant_id == session.tenant,
            cycles.c.status == CycleStatus.OPEN,
            cycles.c.stale_since.is_not(None),
        )
        .order_by(cycles.c.code)
        .with_for_update(skip_locked=True)
    )
    return await _read(session, statement)


async def clear_stale(session: WriteSession, codes: Collection[str]) -> None:
    """The populations of these cycles are who they should be again."""
    await session.execute(
        update(cycles)
        .where(cycles.c.tenant_id == session.tenant, among(cycles.c.code, codes))
        .values(stale_since=None)
    )


async def read_cycles_of_periods(session: ReadSession, periods: Collection[str]) -> list[Cycle]:
    """All cycles of these periods that have been opened, in the order of codes."""
    statement = (
        select(cycles)
        .where(
            cycles.c.tenant_id == session.tenant,
            among(cycles.c.period, periods),
            cycles.c.scheme_version.is_not(None),
        )
        .order_by(cycles.c.code)
    )
    return await _read(session, statement)


async def read_cycles_inside(
    session: ReadSession, cycle: Cycle, subjects: Collection[Subject]
) -> list[Cycle]:
    """The other cycles, opened and within the period of one, with current cards of these."""
    held = select(scorecards.c.cycle, scorecards.c.revision).where(
        scorecards.c.tenant_id == session.tenant, among_subjects(subjects)
    )
    statement = _opened_besides(session, cycle).where(
        cycles.c.starts_on >= cycle.period.start,
        cycles.c.ends_on <= cycle.period.end,
        tuple_(cycles.c.code, cycles.c.revision).in_(held),
    )
    return await _read(session, statement)


async def read_published_around(session: ReadSession, cycle: Cycle) -> list[Cycle]:
    """The other cycles, published now, within whose period one lies."""
    statement = _opened_besides(session, cycle).where(
        cycles.c.starts_on <= cycle.period.start,
        cycles.c.ends_on >= cycle.period.end,
        cycles.c.status == CycleStatus.PUBLISHED,
    )
    return await _read(session, statement)


async def read_page_of_cycles(
    session: ReadSession,
    subjects: Collection[Subject] | None,
    *,
    after: str | None,
    limit: int,
) -> tuple[list[Cycle], int]:
    """A list's next page in the order of codes, and how many there are.

    With subjects only the cycles that hold a card of one of these.
    """
    where = [cycles.c.tenant_id == session.tenant]
    if subjects is not None:
        where.append(_holds(session, subjects))
    total = await session.scalar(select(func.count()).select_from(cycles).where(*where))
    if after is not None:
        where.append(cycles.c.code > after)
    statement = select(cycles).where(*where).order_by(cycles.c.code).limit(limit)
    return await _read(session, statement), int(total)


async def read_tallies(
    session: ReadSession, codes: Collection[str], subjects: Collection[Subject] | None
) -> dict[str, Tally]:
    """How the current cards of each cycle stand; with subjects only the cards of these."""
    where = [cycles.c.tenant_id == session.tenant, among(cycles.c.code, codes)]
    if subjects is not None:
        where.append(among_subjects(subjects))
    join = (
        (cycles.c.tenant_id == scorecards.c.tenant_id)
        & (cycles.c.code == scorecards.c.cycle)
        & (cycles.c.revision == scorecards.c.revision)
    )
    statement = (
        select(
            scorecards.c.cycle,
            func.count().label("scorecards"),
            func.count().filter(scorecards.c.total.is_(None)).label("incomplete"),
            func.count(scorecards.c.stale_since).label("pending"),
        )
        .join(cycles, join)
        .where(*where)
        .group_by(scorecards.c.cycle)
    )
    found = {
        row.cycle: Tally(row.scorecards, row.incomplete, row.pending)
        for row in await session.execute(statement)
    }
    return {code: found.get(code, Tally()) for code in codes}


async def insert_move(session: WriteSession, code: str, move: Move) -> None:
    """Append a step of a cycle."""
    await session.execute(
        insert(cycle_moves).values(
            tenant_id=session.tenant,
            cycle=code,
            number=move.number,
            from_status=move.from_status,
            to_status=move.to_status,
            reason=move.reason,
            author=move.author,
            moved_at=move.moved_at,
        )
    )


async def read_moves(session: ReadSession, codes: Collection[str]) -> dict[str, tuple[Move, ...]]:
    """The steps of each cycle, first to last."""
    statement = (
        select(cycle_moves)
        .where(cycle_moves.c.tenant_id == session.tenant, among(cycle_moves.c.cycle, codes))
        .order_by(cycle_moves.c.cycle, cycle_moves.c.number)
    )
    found: dict[str, list[Move]] = defaultdict(list)
    for row in await session.execute(statement):
        found[row.cycle].append(_move_from_row(row))
    return {code: tuple(found[code]) for code in codes}


async def _read(session: ReadSession, statement: Select[Any]) -> list[Cycle]:
    return [cycle_from_row(row) for row in await session.execute(statement)]


def _holds(session: ReadSession, subjects: Collection[Subject]) -> ColumnElement[bool]:
    """Whether a cycle holds a card of one of these subjects."""
    held = select(scorecards.c.cycle).where(
        scorecards.c.tenant_id == session.tenant, among_subjects(subjects)
    )
    return cycles.c.code.in_(held)


def _opened_besides(session: ReadSession, cycle: Cycle) -> Select[Any]:
    where = (
        cycles.c.tenant_id == session.tenant,
        cycles.c.code != cycle.code,
        cycles.c.scheme_version.is_not(None),
    )
    return select(cycles).where(*where).order_by(cycles.c.code)


def _of_codes(session: ReadSession, codes: Collection[str]) -> Select[Any]:
    where = (cycles.c.tenant_id == session.tenant, among(cycles.c.code, codes))
    return select(cycles).where(*where).order_by(cycles.c.code)


def cycle_from_row(row: Row[Any]) -> Cycle:
    return Cycle(
        code=row.code,
        scheme=row.scheme,
        scheme_version=row.scheme_version,
        period=kept_period(row.period, row.starts_on, row.ends_on),
        population=population_from_row(row.population),
        timezone=row.timezone,
        grace_days=row.grace_days,
        status=CycleStatus(row.status),
        revision=row.revision,
        version=row.version,
        closed_at=row.closed_at,
        published_at=row.published_at,
    )


def population_to_row(population: Population) -> dict[str, str | list[str] | None]:
    return {
        "position": population.position,
        "unit": population.unit,
        "employees": _listed(population.employees),
        "units": _listed(population.units),
    }


def _listed(codes: Sequence[str] | None) -> list[str] | None:
    return None if codes is None else list(codes)


def population_from_row(kept: dict[str, Any]) -> Population:
    employees, units = kept["employees"], kept["units"]
    return Population(
        position=kept["position"],
        unit=kept["unit"],
        employees=None if employees is None else tuple(employees),
        units=None if units is None else tuple(units),
    )


def _move_from_row(row: Row[Any]) -> Move:
    return Move(
        number=row.number,
        from_status=CycleStatus(row.from_status),
        to_status=CycleStatus(row.to_status),
        reason=row.reason,
        author=row.author,
        moved_at=row.moved_at,
    )
