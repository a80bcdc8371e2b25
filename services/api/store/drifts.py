"""Drifts as they are kept: each once, however often it is found."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import insert

from services.api.store.cycles import cycle_from_row
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.late_facts import Drift
from services.schema.shapes.people import Subject
from services.schema.tables.cycles import cycles
from services.schema.tables.late_facts import drifts
from services.schema.tables.results import results
from services.schema.words import CycleStatus, SubjectKind


async def insert_drifts(session: WriteSession, made: Sequence[Drift], *, at: datetime) -> list[str]:
    """Append what is not known already; gives the ids of these."""
    new = []
    for each in made:
        values = {
            "tenant_id": session.tenant,
            "id": each.id,
            "result": each.result,
            "cycle": each.cycle,
            "subject_kind": each.subject.kind,
            "subject": each.subject.code,
            "revision": each.revision,
            "recomputed": each.recomputed,
            "found_at": at,
            "document": each.document,
        }
        statement = insert(drifts).values(**values).on_conflict_do_nothing().returning(drifts.c.id)
        new += list((await session.execute(statement)).scalars())
    return new


async def read_results_of_cycle(
    session: ReadSession, cycle: str, revision: int
) -> dict[Subject, str]:
    """The ids of the results of a cycle's revision, by subject."""
    statement = select(results.c.id, results.c.subject_kind, results.c.subject).where(
        results.c.tenant_id == session.tenant,
        results.c.cycle == cycle,
        results.c.revision == revision,
    )
    return {
        Subject(SubjectKind(row.subject_kind), row.subject): row.id
        for row in await session.execute(statement)
    }


async def read_published_cycles(session: ReadSession) -> list[Cycle]:
    """Every cycle that is published as it stands, in the order of codes."""
    statement = (
        select(cycles)
        .where(cycles.c.tenant_id == session.tenant, cycles.c.status == CycleStatus.PUBLISHED)
        .order_by(cycles.c.code)
    )
    return [cycle_from_row(row) for row in await session.execute(statement)]


async def read_page_of_drifts(
    session: ReadSession, cycle: str | None, *, after: str | None, limit: int
) -> tuple[list[tuple[str, bytes]], int]:
    """A page of drifts, oldest first, and how many there are."""
    where: list[ColumnElement[bool]] = [drifts.c.tenant_id == session.tenant]
    if cycle is not None:
        where.append(drifts.c.cycle == cycle)
    total = await session.scalar(select(func.count()).select_from(drifts).where(*where))
    if after is not None:
        where.append(drifts.c.id > after)
    statement = (
        select(drifts.c.id, drifts.c.document).where(*where).order_by(drifts.c.id).limit(limit)
    )
    rows = await session.execute(statement)
    return [(row.id, bytes(row.document)) for row in rows], int(total)
