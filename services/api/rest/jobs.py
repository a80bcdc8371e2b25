"""REST of long work."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from services.api.rest.back_test_documents import BackTestRefusal, BackTestResult
from services.api.rest.scheme_documents import Documented
from services.api.store.jobs import read_job
from services.door.routes import Asking, Reading, new_router
from services.door.wire import DecimalText, Model, Text
from services.schema.errors import NotFound
from services.schema.money import plain
from services.schema.shapes.jobs import Job, JobKind
from services.schema.words import JobStatus, Role

router = new_router()

_HEADS = frozenset({Role.ADMIN, Role.HR})


class BackfillResult(Model):
    """What a backfill has brought."""

    rows: int
    """Those that are new or changed by it."""


class BackfillRefusal(Model):
    """Why a backfill came to nothing."""

    problem: str
    """It names the shop and the feed."""


class BackTestJob(Model):
    """How far a back-test is; `result` is null while it runs."""

    id: str
    kind: Literal[JobKind.BACK_TEST]
    status: JobStatus
    progress: DecimalText
    result: Annotated[dict[str, Any] | None, Documented(BackTestResult | BackTestRefusal | None)]
    """What the draft would have come to; of one that failed, why."""
    created_at: datetime


class BackfillJob(Model):
    """How far a backfill is; `result` is null while it runs."""

    id: str
    kind: Literal[JobKind.BACKFILL]
    status: JobStatus
    progress: DecimalText
    result: Annotated[dict[str, Any] | None, Documented(BackfillResult | BackfillRefusal | None)]
    """What it has brought; of one that failed, why."""
    created_at: datetime


JobDocument = Annotated[BackTestJob | BackfillJob, Field(discriminator="kind")]


def back_test_document(job: Job) -> BackTestJob:
    """A back-test as it stands; its result as it was kept."""
    return BackTestJob(kind=JobKind.BACK_TEST, **_members(job))


def backfill_document(job: Job) -> BackfillJob:
    """A backfill as it stands; its result as it was kept."""
    return BackfillJob(kind=JobKind.BACKFILL, **_members(job))


def _members(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "status": job.status,
        "progress": plain(job.progress),
        "result": job.result,
        "created_at": job.created_at,
    }


@router.get("/v1/jobs/{id}")
async def get_job(id: Text, caller: Asking, session: Reading) -> JobDocument:
    """A job of the caller's own; admin and HR see everybody's."""
    job = await read_job(session, id)
    if job is None or (job.caller != caller.name and caller.role not in _HEADS):
        raise NotFound("job")
    return backfill_document(job) if job.kind is JobKind.BACKFILL else back_test_document(job)
