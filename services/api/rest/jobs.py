"""REST of long work."""

from datetime import datetime
from typing import Any

from services.api.store.jobs import read_job
from services.door.routes import Asking, Reading, new_router
from services.door.wire import DecimalText, Model, Text
from services.schema.errors import NotFound
from services.schema.money import plain
from services.schema.shapes.jobs import Job
from services.schema.words import JobStatus, Role

router = new_router()

_HEADS = frozenset({Role.ADMIN, Role.HR})


class JobDocument(Model):
    """How far a job is; `result` is null while it runs."""

    id: str
    kind: str
    status: JobStatus
    progress: DecimalText
    result: dict[str, Any] | None
    created_at: datetime

    @classmethod
    def from_shape(cls, job: Job) -> "JobDocument":
        return cls(
            id=job.id,
            kind=job.kind,
            status=job.status,
            progress=plain(job.progress),
            result=job.result,
            created_at=job.created_at,
        )


@router.get("/v1/jobs/{id}")
async def get_job(id: Text, caller: Asking, session: Reading) -> JobDocument:
    """A job of the caller's own; admin and HR see everybody's."""
    job = await read_job(session, id)
    if job is None or (job.caller != caller.name and caller.role not in _HEADS):
        raise NotFound("job")
    return JobDocument.from_shape(job)
