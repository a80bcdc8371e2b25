"""A backfill that is broken off goes on from the last window that landed, whoever takes it up."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.faults import Fault
from sandbox.lives import midnight
from sandbox.shops import ZONE
from services.ingest.core.forecasts import Outlook
from services.ingest.sources.errors import NotAuthorised
from services.ingest.sources.reading import Reading
from services.ingest.sources.taobao import TaobaoSource
from services.ingest.store.jobs import move_backfill
from services.ingest.workers import pulling, schedule
from services.schema.db import Database
from services.schema.errors import Unavailable
from services.schema.shapes.feeds import Trail, Window
from services.schema.words import FactKind
from tests.databases import TestDatabase
from tests.ingest.workers.test_backfills import DAYS, jobs_of, skip_days
from tests.ingest.worlds import (
    BUYER_KEY,
    Clock,
    World,
    make_tenant,
    sandbox_on_loopback,
    write_accounts,
)

EIGHT = DAYS[0], DAYS[8]
LIST = "taobao.trades.sold.increment.get"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Window]:
    """The windows of orders that are asked for; each lands by itself, as in a large shop."""
    windows, read = list[Window](), TaobaoSource.read

    async def note(source: TaobaoSource, kind: FactKind, window: Window) -> Reading:
        if kind is FactKind.ORDERS:
            windows.append(window)
        return await read(source, kind, window)

    monkeypatch.setattr(TaobaoSource, "read", note)
    monkeypatch.setattr(pulling, "LANDING_WINDOWS", 1)
    return windows


def at_window(
    monkeypatch: pytest.MonkeyPatch, number: int, do: Callable[[], Any], asked: list[Window]
) -> None:
    """Let something happen once, when so many windows of orders have been asked for."""
    read = TaobaoSource.read

    async def first(source: TaobaoSource, kind: FactKind, window: Window) -> Reading:
        if kind is FactKind.ORDERS and len(asked) == number - 1:
            monkeypatch.setattr(TaobaoSource, "read", read)
            await do()
        return await read(source, kind, window)

    monkeypatch.setattr(TaobaoSource, "read", first)


async def break_off(world: World, monkeypatch: pytest.MonkeyPatch, asked: list[Window]) -> None:
    """Let a worker that reads eight days again die when it has read four of the orders."""
    begun = asyncio.Event()

    async def hang() -> None:
        begun.set()
        await asyncio.Event().wait()

    at_window(monkeypatch, 5, hang, asked)
    worker = world.schedule()
    command = asyncio.create_task(worker.backfill_once(EIGHT, shop=None, show=lambda _: None))
    await begun.wait()
    while len(worker._tasks) > 1:
        await asyncio.sleep(0.02)
    for task in [*worker._tasks, command]:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await command


async def count_orders(world: World) -> int:
    return len(await world.rows("SELECT id FROM order_facts"))


async def orders_job(world: World) -> Any:
    feed = (await world.feeds())["orders"].id
    (job,) = [job for job in await jobs_of(world) if json.loads(job.request)["feed"] == feed]
    return job


async def test_a_dead_workers_successor_goes_on_from_the_last_window(
    world: World, monkeypatch: pytest.MonkeyPatch, asked: list[Window]
) -> None:
    await skip_days(world, "orders", 8)
    before = await count_orders(world)
    asked.clear()
    await break_off(world, monkeypatch, asked)
    job = await orders_job(world)
    assert (job.status, job.progress) == ("running", Decimal("0.5"))
    assert (job.reached, job.reached_days) == (midnight(DAYS[4]), 4)
    assert job.reached_rows == await count_orders(world) - before > 0
    asked.clear()
    seen: list[Outlook] = []
    assert await world.schedule().backfill_once(EIGHT, shop=None, show=seen.append) == []
    # The same command: its refunds and ratings were done, and half of its orders.
    assert [window.start for window in asked] == [midnight(day) for day in DAYS[4:8]]
    assert seen[0].share == Decimal("0.8333")
    assert [look.share for look in seen] == sorted(look.share for look in seen)
    assert seen[-1] == Outlook(Decimal(1), timedelta(0))
    jobs = await jobs_of(world)
    assert [job.status for job in jobs] == ["done"] * 3
    done = await orders_job(world)
    assert (done.progress, done.reached, done.reached_days) == (1, midnight(DAYS[8]), 8)
    # What it says came of it is of all that was read, also before.
    assert json.loads(done.result) == {"rows": await count_orders(world) - before}
    await world.check()


async def test_a_worker_that_lost_its_feed_moves_no_place_and_goes_on_from_anothers(
    world: World, monkeypatch: pytest.MonkeyPatch, asked: list[Window]
) -> None:
    """C12 of a backfill: neither rows nor place of who slept past the lease are written."""
    await skip_days(world, "orders", 8)
    asked.clear()
    monkeypatch.setattr(schedule, "wait_after", lambda _: timedelta(0))
    stored, landed = list[int](), list[tuple[datetime, int]]()

    async def another_has_gone_on() -> None:
        await world.write(
            "UPDATE feeds SET lease_token = lease_token + 1, lease_until = NULL"
            " WHERE kind = 'orders'"
        )
        job = await orders_job(world)
        assert (job.reached, job.reached_days) == (midnight(DAYS[2]), 2)
        await world.write(
            "UPDATE jobs SET reached = :reached, reached_days = 6, reached_rows = 40,"
            " progress = 0.75 WHERE id = :job",
            reached=midnight(DAYS[6]),
            job=job.id,
        )
        stored.append(await count_orders(world))

    at_window(monkeypatch, 3, another_has_gone_on, asked)

    async def note(*arguments: Any, until: datetime, **named: Any) -> Trail | None:
        landed.append((until, await count_orders(world)))
        return await move_backfill(*arguments, until=until, **named)

    monkeypatch.setattr(pulling, "move_backfill", note)
    assert await world.schedule().backfill_once(EIGHT, shop=None, show=lambda _: None) == []
    starts = [window.start for window in asked]
    assert starts == [midnight(DAYS[n]) for n in (0, 1, 2, 6, 7)]
    # Of the third day nothing came, and the place went straight on from where it was put.
    assert (midnight(DAYS[7]), *stored) in landed
    done = await orders_job(world)
    assert (done.status, done.reached_days) == ("done", 8)
    assert done.reached_rows > 40


async def test_a_landing_whose_answer_was_lost_counts_once(
    world: World, monkeypatch: pytest.MonkeyPatch, asked: list[Window]
) -> None:
    """The place is moved by the commit; the answer is asked for again, and moves nothing more."""
    await skip_days(world, "orders", 3)
    asked.clear()
    write, moved = world.database.write, list[datetime]()

    async def note(*arguments: Any, until: datetime, **named: Any) -> Trail | None:
        moved.append(until)
        return await move_backfill(*arguments, until=until, **named)

    @asynccontextmanager
    async def losing(tenant: int) -> AsyncIterator[Any]:
        before = moved.count(midnight(DAYS[2]))
        async with write(tenant) as session:
            yield session
        if moved.count(midnight(DAYS[2])) > before == 0:
            raise Unavailable("The database does not answer.", retry_after_seconds=1)

    monkeypatch.setattr(pulling, "move_backfill", note)
    monkeypatch.setattr(world.database, "write", losing)
    days = (DAYS[0], DAYS[3])
    assert await world.schedule().backfill_once(days, shop=None, show=lambda _: None) == []
    assert moved.count(midnight(DAYS[2])) == 2
    assert len(asked) == 3
    job = await orders_job(world)
    assert json.loads(job.result) == {"rows": 12}
    assert job.reached_rows == 12
    await world.check()


async def test_a_feed_that_failed_is_asked_for_again_and_the_others_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch, asked: list[Window]
) -> None:
    await world.pull()
    asked.clear()
    read, refused = TaobaoSource.read, iter([True])

    async def refuse(source: TaobaoSource, kind: FactKind, window: Window) -> Reading:
        if kind is FactKind.REFUNDS and next(refused, False):
            raise NotAuthorised("code 27")
        return await read(source, kind, window)

    monkeypatch.setattr(TaobaoSource, "read", refuse)
    await break_off(world, monkeypatch, asked)
    before = [(job.id, job.status) for job in await jobs_of(world)]
    assert sorted(status for _, status in before) == ["done", "failed", "running"]
    assert await world.schedule().backfill_once(EIGHT, shop=None, show=lambda _: None) == []
    after = {job.id: job.status for job in await jobs_of(world)}
    assert [after[job] for job, status in before if status == "failed"] == ["failed"]
    assert sorted(after.values()) == ["done", "done", "done", "failed"]
    # Nothing is left: whoever asks for these days now has them read anew.
    asked.clear()
    assert await world.schedule().backfill_once(EIGHT, shop=None, show=lambda _: None) == []
    assert len(asked) == 8
    assert len(await jobs_of(world)) == 7


async def test_other_days_and_another_callers_are_not_taken_for_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch, asked: list[Window]
) -> None:
    await world.pull()
    asked.clear()
    await break_off(world, monkeypatch, asked)
    await world.write("UPDATE jobs SET caller = 'key:erp' WHERE status = 'running'")
    theirs = await orders_job(world)
    asked.clear()
    assert await world.schedule().backfill_once(EIGHT, shop=None, show=lambda _: None) == []
    # Theirs is finished beside ours, which is read whole.
    assert len(asked) == 4 + 8
    await world.write("UPDATE jobs SET status = 'running' WHERE id = :id", id=theirs.id)
    days = (DAYS[0], DAYS[7])
    asked.clear()
    assert await world.schedule().backfill_once(days, shop=None, show=lambda _: None) == []
    assert len(asked) == 7


async def test_gaps_that_somebody_is_about_to_read_are_left_to_them(
    world: World, monkeypatch: pytest.MonkeyPatch, asked: list[Window]
) -> None:
    feed = await skip_days(world, "orders", 8)
    asked.clear()
    await break_off(world, monkeypatch, asked)
    await world.write(
        "DELETE FROM feed_days WHERE feed = :feed AND day = :day", feed=feed, day=DAYS[9]
    )
    asked.clear()
    assert await world.schedule().backfill_once(None, shop=None, show=lambda _: None) == []
    # The rest of what was broken off, and the day that it did not hold.
    assert sorted(window.start for window in asked) == [midnight(DAYS[n]) for n in (4, 5, 6, 7, 9)]
    jobs = [job for job in await jobs_of(world) if json.loads(job.request)["feed"] == feed]
    assert [json.loads(job.request)["spans"] for job in jobs] == [
        [[DAYS[0].isoformat(), DAYS[8].isoformat()]],
        [[DAYS[9].isoformat(), (DAYS[9] + timedelta(days=1)).isoformat()]],
    ]
    await world.check()


@pytest.mark.long
async def test_a_command_that_is_killed_is_gone_on_from(
    database: TestDatabase, tmp_path: Path
) -> None:
    """C01 of a backfill, on real processes: `kill -9` of the command, then the command again."""
    clock = Clock(datetime.now(ZONE))
    clock.runs()
    first = clock().date() - timedelta(days=45)
    accounts, code, shops = tmp_path / "marketplaces.json", "killed-backfill", ["tm-life"]
    pool = Database(database.dsn("kaohe_ingest"), application="test")
    with sandbox_on_loopback(clock, first) as (gateway, address):
        tenant = await make_tenant(database, code, shops)
        write_accounts(accounts, code, address, shops, first, calls_per_second=1000)
        world = World(pool, tenant, code, gateway, clock, accounts, shops, database.dsn("kaohe"))
        environment = {
            **os.environ,
            "KAOHE_DSN": database.dsn("kaohe_ingest"),
            "KAOHE_MARKETPLACES": str(accounts),
            "KAOHE_BUYER_KEY": BUYER_KEY.decode(),
        }
        command = [sys.executable, "-m", "services.cli", "backfill"]
        command += ["--from", first.isoformat(), "--to", clock().date().isoformat()]

        async def begin() -> asyncio.subprocess.Process:
            return await asyncio.create_subprocess_exec(
                *command, env=environment, stdout=asyncio.subprocess.PIPE
            )

        async def standing() -> list[tuple[str, int]]:
            found = await world.rows("SELECT status, reached_days FROM jobs ORDER BY 1 DESC")
            return [tuple(row) for row in found]

        gateway.trouble.add(Fault("stall", seconds=2, times=9, method=LIST, after=21))
        process = await begin()
        broken_off = [("running", 20), ("done", 45), ("done", 45)]
        async with asyncio.timeout(60):
            while await standing() != broken_off:
                await asyncio.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL
        assert await standing() == broken_off
        # Its leases run out.
        await world.write("UPDATE feeds SET lease_until = NULL")
        gateway.trouble.faults.clear()
        gateway.trouble.calls.clear()
        process = await begin()
        told, _ = await process.communicate()
        assert process.returncode == 0, told
        # Beside the one that was under way.
        answered = [call.method for call in gateway.trouble.calls if call.outcome == "ok"]
        assert answered.count(LIST) == 45 - 20
        # 110 of three times 45 days had been read.
        assert ": 81%, estimating" in told.decode().splitlines()[0]
        assert await standing() == [("done", 45)] * 3
        clock.stands()
        clock.pass_by(minutes=5)
        assert await world.pull() == []
        await world.check()
        for desks in world.desks:
            await desks.close()
    await pool.close()
