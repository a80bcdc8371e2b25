"""Backfills as jobs: who asked for which days, how far it is, and what came of it."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, func, insert, select, update

from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.feeds import Backfill, Trail
from services.schema.shapes.jobs import JobKind
from services.schema.tables.people import jobs
from services.schema.words import JobStatus

KIND = JobKind.BACKFILL


async def add_backfill(
    session: WriteSession, backfill: Backfill, *, caller: str, at: datetime
) -> None:
    """Put down a job that a worker takes up, also after a restart."""
    spans = [[start.isoformat(), end.isoformat()] for start, end in backfill.spans]
    request = {"feed": backfill.feed, "spans": spans}
    await session.execute(
        insert(jobs).values(
            tenant_id=session.tenant,
            id=backfill.job,
            kind=KIND,
            status=JobStatus.RUNNING.value,
            progress=Decimal(0),
            request=json.dumps(request),
            caller=caller,
            created_at=at,
        )
    )


async def read_backfills(session: ReadSession) -> list[Backfill]:
    """The backfills that are not finished, the oldest first."""
    statement = (
        select(jobs.c.id, jobs.c.request)
        .where(
            jobs.c.tenant_id == session.tenant,
            jobs.c.kind == KIND,
            jobs.c.status == JobStatus.RUNNING.value,
        )
        .order_by(jobs.c.id)
    )
    return [_backfill(row.id, row.request) for row in await session.execute(statement)]


async def read_broken_off(session: ReadSession, caller: str) -> list[Backfill]:
    """What a caller asked for in one go of which something is unfinished, the oldest first.

    With what of it is done; without what has failed.
    """
    own = (jobs.c.tenant_id == session.tenant, jobs.c.kind == KIND, jobs.c.caller == caller)
    unfinished = select(jobs.c.created_at).where(*own, jobs.c.status == JobStatus.RUNNING.value)
    statement = (
        select(jobs.c.id, jobs.c.request)
        .where(
            *own,
            jobs.c.status != JobStatus.FAILED.value,
            jobs.c.created_at.in_(unfinished),
        )
        .order_by(jobs.c.id)
    )
    return [_backfill(row.id, row.request) for row in await session.execute(statement)]


async def read_trail(session: ReadSession, job: str) -> Trail:
    """How far a backfill has come; only who holds its feed's lease moves it on."""
    statement = select(jobs.c.reached, jobs.c.reached_days, jobs.c.reached_rows).where(
        jobs.c.tenant_id == session.tenant, jobs.c.id == job
    )
    row = (await session.execute(statement)).one()
    return Trail() if row.reached is None else Trail(*row)


async def read_outcomes(
    session: ReadSession, job_ids: Sequence[str]
) -> dict[str, tuple[JobStatus, Decimal, dict[str, object] | None]]:
    """Where some jobs stand: status, progress from 0 to 1, and what came of them."""
    statement = select(jobs.c.id, jobs.c.status, jobs.c.progress, jobs.c.result).where(
        jobs.c.tenant_id == session.tenant, jobs.c.id.in_(job_ids)
    )
    return {
        row.id: (
            JobStatus(row.status),
            row.progress,
            None if row.result is None else json.loads(row.result),
        )
        for row in await session.execute(statement)
    }


async def move_backfill(
    session: WriteSession, job: str, *, until: datetime, days: int, rows: int, progress: Decimal
) -> Trail | None:
    """Keep how far a backfill has come, in the transaction of the facts that it has brought.

    `rows` are those that are new by them: added to what is kept, so that a commit whose answer was
    lost counts once. Null where it is finished, and stays as it is.
    """
    statement = (
        update(jobs)
        .where(*_running(session, job))
        .values(
            progress=progress,
            reached=until,
            reached_days=days,
            reached_rows=func.coalesce(jobs.c.reached_rows, 0) + rows,
        )
        .returning(jobs.c.reached, jobs.c.reached_days, jobs.c.reached_rows)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else Trail(*row)


async def finish_backfill(
    session: WriteSession,
    job: str,
    *,
    status: JobStatus,
    result: Mapping[str, object],
    at: datetime,
) -> None:
    """Say what came of a backfill, or why nothing did; a finished one stays as it is."""
    values: dict[str, object] = {
        "status": status.value,
        "result": json.dumps(result),
        "finished_at": at,
    }
    if status is JobStatus.DONE:
        values["progress"] = Decimal(1)
    await session.execute(update(jobs).where(*_running(session, job)).values(**values))


def _running(session: WriteSession, job: str) -> tuple[ColumnElement[bool], ...]:
    return (
        jobs.c.tenant_id == session.tenant,
        jobs.c.id == job,
        jobs.c.status == JobStatus.RUNNING.value,
    )


def _backfill(job: str, request: str) -> Backfill:
    document = json.loads(request)
    # A job of an older version names one stretch.
    spans = document.get("spans") or [[document.get("from"), document.get("to")]]
    return Backfill(
        job=job,
        feed=document["feed"],
        spans=tuple((date.fromisoformat(start), date.fromisoformat(end)) for start, end in spans),
    )
