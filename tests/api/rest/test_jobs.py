"""Long work over REST: who asked for it follows it, others do not know of it."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from services.api.store.jobs import finish_job, insert_job, move_job
from services.schema.db import Database, WriteSession
from services.schema.ids import IdKind, new_id
from services.schema.shapes.jobs import Job, JobKind
from services.schema.words import JobStatus
from tests.api.companies import Company

AT = datetime(2026, 10, 1, 8, tzinfo=UTC)


async def start(company: Company, caller: str) -> str:
    job = Job(
        new_id(IdKind.JOB),
        JobKind.BACKFILL,
        JobStatus.RUNNING,
        Decimal(0),
        None,
        f"key:{caller}",
        AT,
    )
    async with database_of(company).write(company.number) as session:
        await insert_job(session, job, request={"from": "2026-10-01"})
    return job.id


def database_of(company: Company) -> Database:
    database: Database = company.app.state.database
    return database


async def finish(session: WriteSession, job: str, status: JobStatus) -> None:
    await finish_job(session, job, status=status, result={"rows": 7}, at=AT)


async def test_a_job_is_followed_to_its_end(company: Company) -> None:
    job = await start(company, await company.make_key("erp", "erp"))
    running = (await company.get(f"/v1/jobs/{job}", key="erp")).json()
    assert running == {
        "id": job,
        "kind": "backfill",
        "status": "running",
        "progress": "0",
        "result": None,
        "created_at": "2026-10-01T08:00:00Z",
    }
    async with database_of(company).write(company.number) as session:
        await move_job(session, job, progress=Decimal("0.4"))
    assert (await company.get(f"/v1/jobs/{job}", key="erp")).json()["progress"] == "0.4"
    async with database_of(company).write(company.number) as session:
        await finish(session, job, JobStatus.DONE)
        await move_job(session, job, progress=Decimal("0.5"))
        await finish(session, job, JobStatus.FAILED)
    done = (await company.get(f"/v1/jobs/{job}", key="erp")).json()
    assert (done["status"], done["progress"], done["result"]) == ("done", "1", {"rows": 7})


async def test_a_job_that_failed_stays_where_it_was(company: Company) -> None:
    job = await start(company, "key_x")
    async with database_of(company).write(company.number) as session:
        await move_job(session, job, progress=Decimal("0.25"))
        await finish(session, job, JobStatus.FAILED)
    failed = (await company.get(f"/v1/jobs/{job}")).json()
    assert (failed["status"], failed["progress"]) == ("failed", "0.25")


@pytest.mark.parametrize(("role", "status"), [("hr", 200), ("erp", 404), ("viewer", 404)])
async def test_others_do_not_know_of_it(company: Company, role: str, status: int) -> None:
    job = await start(company, "key_of_somebody")
    await company.make_key("other", role)
    assert (await company.get(f"/v1/jobs/{job}", key="other")).status_code == status
    assert (await company.get("/v1/jobs/job_0", key="other")).status_code == 404
