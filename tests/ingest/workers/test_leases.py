"""Who has a feed, and what becomes of it when its worker sleeps, stops or dies."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from sandbox.lives import midnight
from services.ingest.flows.pulls import land_rows
from services.ingest.store.cursors import StaleLease, advance, claim_due, next_due
from services.ingest.workers import pulling, schedule
from services.ingest.workers.desks import DeskKey, Desks
from services.ingest.workers.pulling import LEASE, Puller
from services.schema.db import WriteSession
from services.schema.shapes.feeds import Lease
from tests.figures import Figures, Wrong
from tests.ingest.worlds import BUYER_KEYS, FIRST, NOW, World


async def lease_of(world: World) -> Any:
    desks = Desks(world.database, world.accounts, BUYER_KEYS, world.clock)
    world.desks.append(desks)
    await desks.refresh()
    at = world.clock.now
    async with world.database.write(world.tenant) as session:
        lease = await claim_due(session, shops=["tm-life"], at=at, until=at + LEASE)
    assert lease is not None
    return desks[DeskKey(world.tenant, "tm-life")], lease


async def test_scenario_c12_a_worker_that_slept_past_its_lease_writes_nothing(
    world: World, figure: Figures
) -> None:
    """The other has the feed by now, and its number is higher."""
    world.clock.now = midnight(FIRST) + timedelta(days=2)
    desk, lease = await lease_of(world)
    sleeper = Puller(
        world.database,
        desk,
        lease,
        now=world.clock,
        show=world.steps.append,
        stopping=asyncio.Event(),
    )
    world.clock.now += LEASE + timedelta(seconds=1)
    assert await world.pull() == []
    before = await world.feeds()
    batches = await world.rows("SELECT count(*) FROM batches")
    assert await sleeper.pull() == f"The lease of {lease.feed} is another worker's by now."
    assert await world.feeds() == before
    assert await world.rows("SELECT count(*) FROM batches") == batches
    orders = await world.check()
    figure("C12", Wrong.ACCEPTED, 0, tried=1, of="writes of a worker that slept past its lease")
    figure("C12", Wrong.FACTS, 0, tried=orders, of="orders, read by the worker after it")


async def test_one_token_cannot_move_the_cursor_of_the_next(world: World) -> None:
    _, lease = await lease_of(world)
    world.clock.now += LEASE
    _, after = await lease_of(world)
    assert (after.feed, after.token) == (lease.feed, lease.token + 1)
    with pytest.raises(StaleLease):
        async with world.database.write(world.tenant) as session:
            await advance(session, lease, cursor=NOW, at=NOW, until=NOW)
    async with world.database.write(world.tenant) as session:
        await advance(session, after, cursor=NOW, at=NOW, until=NOW)
    assert (await world.feeds())[lease.kind.value].cursor == NOW


async def test_one_shop_has_one_worker_at_a_time(world: World) -> None:
    _, lease = await lease_of(world)
    at = world.clock.now
    async with world.database.write(world.tenant) as session:
        assert await claim_due(session, shops=["tm-life"], at=at, until=at + LEASE) is None
        until = at + LEASE
        later = await claim_due(session, shops=["tm-life"], at=until, until=until + LEASE)
    assert later is not None
    assert lease.kind.value == "orders"


async def test_who_finds_a_shop_taken_waits_for_the_end_of_its_lease(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its other feeds are due too, and nobody can take them sooner."""
    _, lease = await lease_of(world)
    async with world.database.read(world.tenant) as session:
        due = await next_due(session, shops=["tm-life"], by=world.clock.now)
    assert due == lease.until
    looks: list[datetime] = []

    async def counted(session: WriteSession, **named: Any) -> Lease | None:
        looks.append(named["at"])
        return await claim_due(session, **named)

    monkeypatch.setattr(schedule, "claim_due", counted)
    waiting = world.schedule()
    task = asyncio.create_task(waiting.run())
    await asyncio.sleep(1.5)
    waiting.stop()
    await task
    assert len(looks) == 1


async def test_a_worker_that_stops_wakes_the_others(world: World) -> None:
    world.clock.now = midnight(FIRST) + timedelta(days=2)
    desk, lease = await lease_of(world)
    waiting, stopping = world.schedule(), asyncio.Event()
    task = asyncio.create_task(waiting.run())
    await asyncio.sleep(0.5)
    stopping.set()
    stopped = Puller(
        world.database, desk, lease, now=world.clock, show=world.steps.append, stopping=stopping
    )
    assert await stopped.pull() is None
    end = world.clock.now - timedelta(seconds=3)
    async with asyncio.timeout(LEASE.total_seconds() / 2):
        while {feed.cursor for feed in (await world.feeds()).values()} != {end}:
            await asyncio.sleep(0.05)
    waiting.stop()
    await task


async def test_scenario_s06_several_workers_at_once_read_each_window_once(
    world: World, figure: Figures
) -> None:
    """Two workers, one set of feeds."""
    world.clock.now = midnight(FIRST) + timedelta(days=5)
    one, two = world.schedule(), world.schedule()
    problems = await asyncio.gather(one.pull_once(), two.pull_once())
    assert list(problems) == [[], []]
    orders = await world.check()
    figure("S06", Wrong.FACTS, 0, tried=orders, of="orders, read by two workers at once")
    duplicates = await world.rows("SELECT sum(duplicate) + sum(conflict) FROM batches")
    assert duplicates[0][0] == 0


@pytest.mark.parametrize("landings", [0, 1, 2])
async def test_a_worker_that_dies_in_the_middle_leaves_whole_windows(
    world: World, monkeypatch: pytest.MonkeyPatch, landings: int
) -> None:
    """C01: what had landed stands, the rest comes again, nothing twice."""
    monkeypatch.setattr(pulling, "LANDING_WINDOWS", 2)
    left = landings

    class Killed(BaseException):
        pass

    async def die(*arguments: Any, **named: Any) -> Any:
        nonlocal left
        tally = await land_rows(*arguments, **named)
        if left == 0:
            raise Killed
        left -= 1
        return tally

    desk, lease = await lease_of(world)
    monkeypatch.setattr(pulling, "land_rows", die)
    puller = Puller(
        world.database,
        desk,
        lease,
        now=world.clock,
        show=world.steps.append,
        stopping=asyncio.Event(),
    )
    with pytest.raises(Killed):
        await puller.pull()
    monkeypatch.setattr(pulling, "land_rows", land_rows)
    found = await world.feeds()
    assert found["orders"].lease_until is not None
    batches = await world.rows("SELECT count(*) FROM batches")
    assert batches[0][0] == landings
    world.clock.now += LEASE
    assert await world.pull() == []
    await world.check()


async def test_a_stopped_schedule_lands_what_it_has_in_hand_and_gives_back(world: World) -> None:
    """C10: the next one begins at once, where this one ended."""
    schedule = world.schedule()

    def stop_soon(step: Any) -> None:
        world.steps.append(step)
        schedule.stop()

    schedule._show = stop_soon
    await schedule.pull_once()
    found = await world.feeds()
    assert found["orders"].cursor is not None
    assert all(feed.lease_until is None for feed in found.values())
    assert await world.pull() == []
    await world.check()


async def test_cancelling_a_pull_gives_its_feed_back(world: World) -> None:
    schedule = world.schedule()
    task = asyncio.create_task(schedule.pull_once())
    while not world.gateway.trouble.calls:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert all(feed.lease_until is None for feed in (await world.feeds()).values())
    assert await world.pull() == []
    await world.check()


async def test_a_database_that_is_busy_is_asked_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long batch of an ERP may hold the lane for some seconds."""
    from services.schema.errors import Unavailable  # noqa: PLC0415  only here

    world.clock.now = midnight(FIRST) + timedelta(days=2)
    fails = 2

    async def busy(*arguments: Any, **named: Any) -> Any:
        nonlocal fails
        tally = await land_rows(*arguments, **named)
        if fails:
            fails -= 1
            raise Unavailable("The database does not answer.")
        return tally

    monkeypatch.setattr(pulling, "land_rows", busy)
    assert await world.pull() == []
    await world.check()
