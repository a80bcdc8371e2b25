"""Kept pages and what refused rows held expire: on the day, a few in each transaction."""

from datetime import timedelta

import pytest

from services.ingest.store.pages import add_page
from services.ingest.workers import tidying as module
from services.ingest.workers.desks import Desks
from services.ingest.workers.schedule import TIDY_EVERY, Schedule
from tests.ingest.worlds import BUYER_KEYS, World

SECOND, LIFE = timedelta(seconds=1), timedelta(days=7)


async def keep(world: World, *ages: timedelta, left: timedelta) -> None:
    """Pages of some ages, each with so long left."""
    at = world.clock.now
    async with world.database.write(world.tenant) as session:
        for age in ages:
            await add_page(
                session,
                feed="feed_kept",
                request=f"{age}",
                body=b"[]",
                fetched_at=at - age,
                expires_at=at + left,
            )


@pytest.fixture
async def kept(world: World) -> World:
    """A shop with a feed that nobody pulls any more: there is no account of it."""
    await world.write(
        "INSERT INTO feeds (tenant_id, id, shop, kind, source, lease_token, attempts, accepted,"
        " applied, rejected) VALUES (:t, 'feed_kept', 'tm-life', 'orders', 'tmall:tm-life',"
        " 0, 0, 0, 0, 0)",
        t=world.tenant,
    )
    return world


async def requests(world: World) -> list[str]:
    return [row[0] for row in await world.rows("SELECT request FROM pages ORDER BY fetched_at")]


def sweeper(world: World) -> Schedule:
    desks = Desks(world.database, None, BUYER_KEYS, world.clock, page_life=LIFE)
    return Schedule(world.database, desks, now=world.clock)


async def test_a_page_expires_at_its_end_and_at_the_end_of_a_shorter_life(kept: World) -> None:
    await keep(kept, SECOND, left=timedelta(0))
    await keep(kept, 2 * SECOND, left=SECOND)
    await keep(kept, LIFE, LIFE - SECOND, left=timedelta(days=30))
    await sweeper(kept)._tidy()
    assert await requests(kept) == [f"{LIFE - SECOND}", f"{2 * SECOND}"]


async def test_many_are_forgotten_a_few_at_a_time_the_oldest_first(
    kept: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS", 2)
    monkeypatch.setattr(module, "BATCHES", 2)
    await keep(kept, *(SECOND * age for age in range(9, 3, -1)), left=-SECOND)
    sweep = sweeper(kept)
    await sweep._tidy()
    assert await requests(kept) == [f"{5 * SECOND}", f"{4 * SECOND}"]
    # What is left waits for the next hour.
    await sweep._tidy()
    assert len(await requests(kept)) == 2
    kept.clock.now += TIDY_EVERY
    await sweep._tidy()
    assert await requests(kept) == []


async def test_what_refused_rows_held_is_forgotten_in_the_same_round(world: World) -> None:
    for number, age in enumerate((LIFE, LIFE - SECOND)):
        await world.write(
            "INSERT INTO rejected_rows (tenant_id, id, batch, row, kind, source, shop, fact,"
            " outcome, code, pointer, detail, body, received_at) VALUES (:t, :id, 'b', 1, 'orders',"
            " 'erp', '', '1', 'invalid', 'missing', '', '', '{}', :at)",
            t=world.tenant,
            id=f"rej_{number}",
            at=world.clock.now - age,
        )
    desks = Desks(world.database, None, BUYER_KEYS, world.clock, rejected_life=LIFE)
    await Schedule(world.database, desks, now=world.clock)._tidy()
    kept = await world.rows("SELECT id, body FROM rejected_rows WHERE id LIKE 'rej__' ORDER BY id")
    assert [tuple(row) for row in kept] == [("rej_0", None), ("rej_1", "{}")]
