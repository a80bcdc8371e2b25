"""Long work as it is kept: who asked for what, how far it is, and what came of it."""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, insert, select, update

from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.jobs import Job, JobKind
from services.schema.tables.people import jobs
from services.schema.words import JobStatus


async def insert_job(session: WriteSession, job: Job, *, request: Mapping[str, object]) -> None:
    """Put down a job that runs; its request says what to do, also after a restart."""
    await session.execute(
        insert(jobs).values(
            tenant_id=session.tenant,
            id=job.id,
            kind=job.kind,
            status=job.status,
            progress=job.progress,
            request=_text(request),
            caller=job.caller,
            created_at=job.created_at,
        )
    )


async def read_job(session: ReadSession, job_id: str) -> Job | None:
    """A job of the session's tenant."""
    where = (jobs.c.tenant_id == session.tenant, jobs.c.id == job_id)
    row = (await session.execute(select(jobs).where(*where))).one_or_none()
    return None if row is None else _job_from_row(row)


async def move_job(session: WriteSession, job_id: str, *, progress: Decimal) -> None:
    """Say how far a job is, from 0 to 1."""
    await _update(session, job_id, progress=progress)


async def finish_job(
    session: WriteSession,
    job_id: str,
    *,
    status: JobStatus,
    result: Mapping[str, object],
    at: datetime,
) -> None:
    """Say what came of a job, or why nothing did."""
    assert status is not JobStatus.RUNNING, "a job that runs is not finished"
    values: dict[str, object] = {"status": status, "result": _text(result), "finished_at": at}
    if status is JobStatus.DONE:
        values["progress"] = Decimal(1)
    await _update(session, job_id, **values)


async def _update(session: WriteSession, job_id: str, **values: object) -> None:
    where = (
        jobs.c.tenant_id == session.tenant,
        jobs.c.id == job_id,
        jobs.c.status == JobStatus.RUNNING,
    )
    await session.execute(update(jobs).where(*where).values(**values))


def _text(content: Mapping[str, object]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _job_from_row(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        kind=JobKind(row.kind),
        status=JobStatus(row.status),
        progress=row.progress,
        result=None if row.result is None else json.loads(row.result),
        caller=row.caller,
        created_at=row.created_at,
    )
