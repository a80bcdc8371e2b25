"""Backfills as jobs: who asked for which days, how far it is, and what came of it."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import insert, select, update

from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.feeds import Backfill
from services.schema.tables.people import jobs
from services.schema.words import JobStatus

KIND = "backfill"


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


async def move_backfill(session: WriteSession, job: str, progress: Decimal) -> None:
    """Say how far a backfill is, from 0 to 1."""
    await _update(session, job, progress=progress)


async def finish_backfill(
    session: WriteSession,
    job: str,
    *,
    status: JobStatus,
    result: Mapping[str, object],
    at: datetime,
) -> None:
    """Say what came of a backfill, or why nothing did."""
    values: dict[str, object] = {
        "status": status.value,
        "result": json.dumps(result),
        "finished_at": at,
    }
    if status is JobStatus.DONE:
        values["progress"] = Decimal(1)
    await _update(session, job, **values)


async def _update(session: WriteSession, job: str, **values: object) -> None:
    """A finished job stays as it is."""
    where = (
        jobs.c.tenant_id == session.tenant,
        jobs.c.id == job,
        jobs.c.status == JobStatus.RUNNING.value,
    )
    await session.execute(update(jobs).where(*where).values(**values))


def _backfill(job: str, request: str) -> Backfill:
    document = json.loads(request)
    # A job of an older version names one stretch.
    spans = document.get("spans") or [[document.get("from"), document.get("to")]]
    return Backfill(
        job=job,
        feed=document["feed"],
        spans=tuple((date.fromisoformat(start), date.fromisoformat(end)) for start, end in spans),
    )
