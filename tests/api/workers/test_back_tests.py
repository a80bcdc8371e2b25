"""The worker of back-tests: woken, alone, begun again when it was lost, honest when it fails."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from services.api.core.scorecards import score
from services.api.flows import back_test_runs
from services.api.store.back_tests import takes_turn
from services.api.store.jobs import move_job
from services.api.workers import back_tests
from services.api.workers.back_tests import BackTestWorker
from services.schema.db import Database
from services.schema.errors import Conflict, Unavailable
from services.schema.shapes.scorecards import Adjustment, Score, SegmentInput
from tests.api.appraisals import found, open_cycle, publish_scheme, sell, set_targets
from tests.api.companies import Company, Json
from tests.api.facts import Sale
from tests.api.workers.hearing import only_hears, only_sweeps

running = BackTestWorker.running
"""As it is, before the companies of these tests have it do nothing in the background."""


def database_of(company: Company) -> Database:
    database: Database = company.app.state.database
    return database


@pytest.fixture
async def ready(company: Company) -> Company:
    """A company of which a back-test may be asked."""
    await found(company)
    await publish_scheme(company)
    await set_targets(company, {"e-1": "1000", "e-2": "500", "e-3": "100"})
    await sell(company, Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="1500.5"))
    await open_cycle(company)
    return company


@pytest.fixture
async def asked(ready: Company) -> tuple[Company, str]:
    """A company whose back-test waits, and where it is followed."""
    return await ask_for_one(ready)


async def ask_for_one(company: Company) -> tuple[Company, str]:
    answer = await company.post("/v1/schemes/sales/back-test", {"periods": ["2026-01"]})
    return company, answer.headers["location"]


async def job(asked: tuple[Company, str]) -> Json:
    company, path = asked
    return (await company.get(path)).json()


async def work(asked: tuple[Company, str]) -> None:
    company, _ = asked
    await BackTestWorker(database_of(company)).work(company.number)


async def attempts(company: Company) -> int:
    query = text("SELECT (request::json ->> 'attempts')::int FROM jobs")
    async with company.owner.read(company.number) as session:
        begun: int = await session.scalar(query)
    return begun


async def until_done(asked: tuple[Company, str]) -> None:
    async with asyncio.timeout(60):
        while (await job(asked))["status"] != "done":
            await asyncio.sleep(0.05)


async def test_a_request_wakes_the_worker(ready: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process of its own, as behind the door."""
    listens = only_hears(BackTestWorker, monkeypatch)
    worker: BackTestWorker = ready.app.state.back_tests
    async with running(worker):
        await listens.wait()
        await until_done(await ask_for_one(ready))


async def test_a_request_that_nobody_heard_of_is_swept_up(
    ready: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_sweeps(back_tests, monkeypatch)
    async with running(BackTestWorker(database_of(ready))):
        await until_done(await ask_for_one(ready))


async def test_progress_is_told_while_it_runs(
    asked: tuple[Company, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    company, _ = asked
    told: list[Decimal] = []

    async def spy(session: Any, job_id: str, *, progress: Decimal) -> None:
        told.append(progress)
        await move_job(session, job_id, progress=progress)

    monkeypatch.setattr(back_tests, "move_job", spy)
    monkeypatch.setattr(back_test_runs, "AT_ONCE", 2)
    await BackTestWorker(database_of(company)).work(company.number)
    assert told == [Decimal("0.666667"), Decimal(1)]


async def test_one_of_a_tenant_runs_in_all_processes(asked: tuple[Company, str]) -> None:
    company, _ = asked
    async with database_of(company).read(company.number) as session:
        assert await takes_turn(session)
        await work(asked)
        assert (await job(asked))["status"] == "running"
        assert await attempts(company) == 0
    await work(asked)
    assert (await job(asked))["status"] == "done"


async def test_a_worker_that_is_killed_is_followed_by_the_next(
    asked: tuple[Company, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    company, _ = asked
    begun = asyncio.Event()

    async def hang(*_: object, **__: object) -> dict[str, object]:
        begun.set()
        await asyncio.sleep(60)
        return {}

    with monkeypatch.context() as patched:
        patched.setattr(back_tests, "run_back_test", hang)
        lost = asyncio.create_task(work(asked))
        await begun.wait()
        lost.cancel()
        await asyncio.gather(lost, return_exceptions=True)
    assert (await job(asked))["status"] == "running"
    assert await attempts(company) == 1
    await work(asked)
    assert ((await job(asked))["status"], await attempts(company)) == ("done", 2)


async def test_what_is_lost_each_time_ends_as_failed(
    asked: tuple[Company, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    company, path = asked

    async def away(*_: object, **__: object) -> dict[str, object]:
        raise Unavailable("The database does not answer.")

    monkeypatch.setattr(back_tests, "run_back_test", away)
    for number in range(back_tests.MOST_ATTEMPTS):
        with pytest.raises(Unavailable):
            await work(asked)
        assert ((await job(asked))["status"], await attempts(company)) == ("running", number + 1)
    await work(asked)
    failed = await job(asked)
    assert (failed["status"], failed["result"]["code"]) == ("failed", "worker_lost")
    await work(asked)
    assert await job(asked) == failed
    again = await company.post("/v1/schemes/sales/back-test", {"periods": ["2026-01"]})
    assert again.status_code == 202
    assert again.headers["location"] != path


@pytest.mark.parametrize(
    ("failure", "code"),
    [(RuntimeError("a mistake"), "internal"), (Conflict("so_it_is", "It is so."), "so_it_is")],
)
async def test_a_failure_is_told_and_not_tried_again(
    asked: tuple[Company, str], monkeypatch: pytest.MonkeyPatch, failure: Exception, code: str
) -> None:
    async def fail(*_: object, **__: object) -> dict[str, object]:
        raise failure

    monkeypatch.setattr(back_tests, "run_back_test", fail)
    (outcome,) = await asyncio.gather(work(asked), return_exceptions=True)
    assert outcome is (failure if code == "internal" else None)
    failed = await job(asked)
    assert (failed["status"], failed["result"]["code"]) == ("failed", code)


async def test_its_arithmetic_is_done_off_the_loop(
    asked: tuple[Company, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it runs beside requests: the loop's own thread scores and adds up nothing."""
    threads: list[int] = []

    def spy(
        cards: Sequence[Sequence[SegmentInput]], adjustments: Sequence[Sequence[Adjustment]]
    ) -> list[Score]:
        threads.append(threading.get_ident())
        return [score(each, own) for each, own in zip(cards, adjustments, strict=True)]

    monkeypatch.setattr(back_test_runs, "_in_columns", spy)
    await work(asked)
    assert len(threads) == 1
    assert threading.get_ident() not in threads
