"""The live worker: woken by a notification, one pass for many readers, patient to a limit."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from services.api.workers import live
from services.api.workers.live import LiveWorker
from services.schema.db import Database
from services.schema.errors import Unavailable
from tests.api.appraisals import (
    cards,
    found,
    mark,
    open_cycle,
    publish_scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company
from tests.api.facts import Sale
from tests.api.workers.hearing import only_hears, only_sweeps

running = LiveWorker.running
"""As it is, before the companies of these tests have it do nothing in the background."""


class Passes(LiveWorker):
    """A worker whose passes the test begins and ends."""

    def __init__(self) -> None:
        super().__init__(None)  # type: ignore[arg-type]  # no pass reaches a database
        self.begun = 0
        self.failure: Exception | None = None
        self.may_end = asyncio.Event()

    async def _settle(self, _tenant: int) -> None:
        self.begun += 1
        await self.may_end.wait()
        if self.failure is not None:
            raise self.failure


async def turn() -> None:
    """Let every ready task go on."""
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
async def passes() -> AsyncIterator[Passes]:
    worker = Passes()
    yield worker
    worker.may_end.set()
    await turn()


async def test_readers_share_a_pass_that_began_after_they_came(passes: Passes) -> None:
    first = asyncio.create_task(passes.settle(1))
    await turn()
    # The first pass may have looked before these came: they wait for one more, together.
    others = [asyncio.create_task(passes.settle(1)) for _ in range(5)]
    await turn()
    assert passes.begun == 1
    passes.may_end.set()
    await asyncio.gather(first, *others)
    assert passes.begun == 2


async def test_tenants_do_not_wait_for_each_other(passes: Passes) -> None:
    tasks = [asyncio.create_task(passes.settle(tenant)) for tenant in (1, 2, 3)]
    await turn()
    assert passes.begun == 3
    passes.may_end.set()
    await asyncio.gather(*tasks)


async def test_patience_ends_and_the_pass_goes_on(
    passes: Passes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PATIENCE_SECONDS", 0.01)
    await passes.settle(1)
    assert passes.begun == 1
    passes.may_end.set()
    await passes.settle(1)
    assert passes.begun == 2


@pytest.mark.parametrize("failure", [Unavailable("busy"), RuntimeError("a mistake")])
async def test_a_pass_that_fails_leaves_its_readers_with_what_is_stored(
    passes: Passes, failure: Exception
) -> None:
    passes.failure = failure
    passes.may_end.set()
    await passes.settle(1)
    passes.failure = None
    await passes.settle(1)
    assert passes.begun == 2


async def test_a_reader_who_goes_away_does_not_stop_the_pass(passes: Passes) -> None:
    gone = asyncio.create_task(passes.settle(1))
    stays = asyncio.create_task(passes.settle(1))
    await turn()
    gone.cancel()
    passes.may_end.set()
    await stays
    assert passes.begun == 1


async def total(company: Company, code: str) -> object:
    """The total as it lies in the table, which settles nothing."""
    query = text("SELECT total FROM scorecards WHERE subject = :code")
    async with company.owner.read(company.number) as session:
        return await session.scalar(query, {"code": code})


async def eventually(company: Company, code: str, wanted: str) -> None:
    async with asyncio.timeout(20):
        while str(await total(company, code)) != wanted:
            await asyncio.sleep(0.05)


async def test_a_notification_wakes_the_worker(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    listens = only_hears(LiveWorker, monkeypatch)
    await found(company, ["e-1"])
    await publish_scheme(company)
    await set_targets(company, {"e-1": "100"})
    await open_cycle(company)
    async with running(LiveWorker(company.app.state.database)):
        await listens.wait()
        await sell(company, Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="100"))
        assert await total(company, "e-1") is None
        async with company.owner.write(company.number) as session:
            for payload in ("", "x", "-1", "999999", str(company.number)):
                notify = text("SELECT pg_notify('kaohe_touched', :payload)")
                await session.execute(notify, {"payload": payload})
        await eventually(company, "e-1", "70.00")


async def test_marks_that_nobody_heard_of_are_swept_up(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_sweeps(live, monkeypatch)
    await found(company, ["e-1"])
    await publish_scheme(company)
    await set_targets(company, {"e-1": "100"})
    await open_cycle(company)
    async with running(LiveWorker(company.app.state.database)):
        await asyncio.sleep(0.5)
        await sell(company, Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="100"))
        await eventually(company, "e-1", "70.00")


async def test_requirement_16_what_waits_too_long_turns_readiness_red_and_names_the_oldest(
    company: Company,
) -> None:
    await found(company, ["e-1"])
    worker = LiveWorker(company.app.state.database)
    assert not await worker._sees_pending(company.number)
    assert await worker.find_trouble() is None
    await mark(company, date(2026, 1, 9), "a")
    await mark(company, date(2026, 1, 5), "a", "e-1")
    change = "UPDATE touched_days SET touched_at = now() - CAST(:age AS interval) WHERE day = :day"
    async with company.owner.write(company.number) as session:
        for day, minutes in ((date(2026, 1, 9), 14), (date(2026, 1, 5), 16)):
            await session.execute(text(change), {"age": timedelta(minutes=minutes), "day": day})
    assert await worker._sees_pending(company.number)
    trouble = await worker.find_trouble()
    assert trouble is not None
    assert trouble.startswith("Facts of 2026-01-05 wait to be computed since ")
    # Within the limit nobody is troubled, and what is settled waits no more.
    patient = LiveWorker(company.app.state.database, waiting_limit=timedelta(minutes=17))
    assert await patient._sees_pending(company.number)
    assert await patient.find_trouble() is None
    await worker.settle(company.number)
    assert not await worker._sees_pending(company.number)
    assert await worker.find_trouble() is None


async def test_a_channel_ends_with_null_when_its_connection_is_lost(company: Company) -> None:
    database: Database = company.app.state.database
    async with database.listen("kaohe_test") as heard:
        async with company.owner.write(company.number) as session:
            await session.execute(text("SELECT pg_notify('kaohe_test', 'hello')"))
        assert await asyncio.wait_for(heard.get(), 10) == "hello"
        async with database.read(company.number) as session:
            end = text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE usename = current_user AND query LIKE 'LISTEN%kaohe_test%'"
            )
            assert await session.scalar(end)
        assert await asyncio.wait_for(heard.get(), 10) is None


async def test_pending_marks_of_one_company_are_not_anothers(companies: list[Company]) -> None:
    for each in companies:
        await found(each, ["e-1"])
        await publish_scheme(each)
        await set_targets(each, {"e-1": "100"})
        await open_cycle(each)
    one, other = companies
    await mark(one, date(2026, 1, 5), "a", "e-1")
    before = await cards(other)
    await sell(one, Sale(paid_on=date(2026, 1, 6), salesperson="e-1", amount="100"))
    assert (await cards(one))["employee:e-1"]["total"] == "70.00"
    assert await cards(other) == before
