"""Heads are put outside once a day: into a folder, by one of several processes, or into the log."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from services.api.core.audit import read_heads
from services.api.workers.audit import AuditWorker
from tests.api.companies import Company

running = AuditWorker.running
"""As it is, before the companies of these tests have it do nothing in the background."""
AT = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)


async def head_of(company: Company) -> tuple[int, str]:
    found = (await company.get("/v1/audit/verify")).json()
    return found["entries"], found["head"].removeprefix("sha256:")


async def test_a_folder_gets_a_file_a_day_from_whoever_is_first(
    company: Company, tmp_path: Path
) -> None:
    folder = tmp_path / "heads"
    database = company.app.state.database
    first, second = (AuditWorker(database, folder) for _ in range(2))
    entries, digest = await head_of(company)
    assert await first.put_outside(at=AT) > 0
    await company.put("/v1/units/u", {"name": "u"})
    for worker in (first, second):
        assert await worker.put_outside(at=AT) == 0
    assert await second.put_outside(at=AT + timedelta(seconds=1)) > 0
    assert sorted(each.name for each in folder.iterdir()) == [
        "audit-heads-2026-11-30.ndjson",
        "audit-heads-2026-12-01.ndjson",
    ]
    kept = "".join(each.read_text() for each in sorted(folder.iterdir()))
    heads = read_heads(kept)[company.number]
    assert heads[entries].hex() == digest
    now, digest = await head_of(company)
    assert (now, heads[now].hex()) == (entries + 1, digest)


async def test_without_a_folder_the_log_gets_a_line_of_each_once_a_day(company: Company) -> None:
    worker = AuditWorker(company.app.state.database, None)
    entries, digest = await head_of(company)
    with structlog.testing.capture_logs() as lines:
        for _ in range(2):
            await worker.put_outside(at=AT)
    (own,) = [line for line in lines if line.get("tenant") == company.number]
    assert own["event"] == "audit.head"
    assert (own["entries"], own["head"]) == (entries, f"sha256:{digest}")


async def test_the_worker_begins_with_today_and_outlives_a_folder_that_is_none(
    company: Company, tmp_path: Path
) -> None:
    folder, file = tmp_path / "heads", tmp_path / "file"
    file.touch()
    database = company.app.state.database
    async with running(AuditWorker(database, file)), running(AuditWorker(database, folder)):
        async with asyncio.timeout(20):
            while not (folder.exists() and any(folder.glob("*.ndjson"))):
                await asyncio.sleep(0.05)
