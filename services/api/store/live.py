"""Marks on scorecards whose inputs have changed since they were computed."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select, text, update

from services.api.store.people import among
from services.schema.db import WriteSession
from services.schema.tables.cycles import cycles
from services.schema.tables.scorecards import scorecards
from services.schema.words import CycleStatus, SubjectKind


async def mark_cards_stale(
    session: WriteSession, *, employees: Collection[str] | None, at: datetime
) -> None:
    """Mark the cards of these people in open cycles, null: every card; the first mark stands."""
    open_cycles = select(cycles.c.code).where(
        cycles.c.tenant_id == session.tenant, cycles.c.status == CycleStatus.OPEN
    )
    where = [scorecards.c.tenant_id == session.tenant, scorecards.c.cycle.in_(open_cycles)]
    if employees is not None:
        where.append(scorecards.c.subject_kind == SubjectKind.EMPLOYEE)
        where.append(among(scorecards.c.subject, employees))
    marked = func.coalesce(scorecards.c.stale_since, at)
    await session.execute(update(scorecards).where(*where).values(stale_since=marked))


async def wake_worker(session: WriteSession) -> None:
    """Tell whoever recomputes that this tenant has marks; heard after the commit."""
    notify = text("SELECT pg_notify('kaohe_touched', :tenant)")
    await session.execute(notify, {"tenant": str(session.tenant)})
