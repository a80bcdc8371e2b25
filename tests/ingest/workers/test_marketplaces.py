"""On every marketplace facts and measures end as its own books: at first, and as orders go on."""

from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.faults import Fault
from sandbox.lives import midnight
from tests.databases import TestDatabase
from tests.ingest.markets import CASES, check, world_of
from tests.ingest.worlds import FIRST

OLD_AMAZON = "amazon, by its old interface"


@pytest.mark.parametrize("name", [*CASES, OLD_AMAZON])
async def test_facts_and_measures_are_the_marketplaces_own_books(
    name: str, database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES[name.split(",", maxsplit=1)[0]]
    # The clock stands while it is pulled: what is made meanwhile must be there at once.
    for gateway in ("amazon", "shopify"):
        monkeypatch.setattr(f"sandbox.{gateway}.answers._MAKING", timedelta(0))
    async with world_of(case, database, tmp_path) as world:
        if name == OLD_AMAZON:
            world.gateway.closed = {"searchOrders"}
        world.clock.now = midnight(FIRST) + timedelta(days=6, hours=3)
        assert await world.pull() == []
        await check(world, case)
        # Sent, done, paid back: what was first seen paid stays.
        for hours in (5, 26, 75):
            world.clock.pass_by(hours=hours)
            world.gateway.trouble.add(Fault("busy"), Fault("garbage", detail="{}", after=1))
            world.gateway.trouble.add(Fault("duplicate", times=9, after=3))
            assert await world.pull() == []
            await check(world, case)
        refunded = await world.rows("SELECT count(*) FROM refund_facts WHERE status='succeeded'")
        assert (refunded[0][0] > 0) == (case.refunds is not None)
        before = await world.rows("SELECT count(*) FROM batches")
        world.clock.pass_by(minutes=11)
        assert await world.pull() == []
        assert (await world.rows("SELECT count(*) FROM batches"))[0][0] <= before[0][0] + 1


async def test_days_up_to_now_are_read_again_as_far_as_pinduoduo_tells_of_them(
    database: TestDatabase, tmp_path: Path
) -> None:
    """It refuses to be asked for its last three minutes, and for what is to come."""
    case = CASES["pinduoduo"]
    async with world_of(case, database, tmp_path) as world:
        world.clock.now = midnight(FIRST) + timedelta(days=2, hours=1)
        assert await world.pull() == []
        world.gateway.trouble.calls.clear()
        today = FIRST + timedelta(days=2)
        days = (today, today + timedelta(days=2))
        assert await world.schedule().backfill_once(days, shop=None, show=lambda _: None) == []
        assert {call.outcome for call in world.gateway.trouble.calls} == {"ok"}
        assert len(world.gateway.trouble.calls) < 10
        jobs = await world.rows("SELECT status, progress FROM jobs")
        assert [tuple(job) for job in jobs] == [("done", 1), ("done", 1)]
        noted = await world.rows("SELECT day FROM feed_days WHERE day >= :today", today=today)
        assert noted == []
        await check(world, case)
