"""Backfills in memory: which are unfinished, and how far each has come."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.schema.shapes.feeds import Backfill, Trail
from services.schema.words import JobStatus
from tests.simulation.books import Job, Session


async def add_backfill(session: Session, backfill: Backfill, **_: Any) -> None:
    session.put(session.books.jobs, backfill.job, Job(backfill))


async def read_backfills(session: Session) -> list[Backfill]:
    jobs = session.books.jobs
    return [jobs[job].backfill for job in sorted(jobs) if jobs[job].status is JobStatus.RUNNING]


async def read_trail(session: Session, job: str) -> Trail:
    return session.books.jobs[job].trail


async def move_backfill(
    session: Session, job: str, *, until: datetime, days: int, rows: int, progress: Decimal
) -> Trail | None:
    stood = session.books.jobs[job]
    if stood.status is not JobStatus.RUNNING:
        return None
    trail = Trail(until, days, stood.trail.rows + rows)
    session.put(session.books.jobs, job, replace(stood, progress=progress, trail=trail))
    return trail


async def finish_backfill(session: Session, job: str, *, status: JobStatus, **_: Any) -> None:
    """A finished job stays as it is."""
    stood = session.books.jobs[job]
    if stood.status is JobStatus.RUNNING:
        progress = Decimal(1) if status is JobStatus.DONE else stood.progress
        session.put(session.books.jobs, job, replace(stood, status=status, progress=progress))
