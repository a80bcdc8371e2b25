"""What a marketplace itself counts of each day agrees with ours, and a lost order is found."""

from datetime import date, timedelta
from pathlib import Path

from services.ingest.workers.desks import Desks
from services.ingest.workers.reconciling import reconcile_shops
from services.schema.shapes.reconciliations import Basis, DifferenceCause, Reconciliation
from tests.databases import TestDatabase
from tests.figures import Figures, Wrong
from tests.ingest.markets import CASES, world_of
from tests.ingest.worlds import BUYER_KEYS, FIRST, World

LAST = FIRST + timedelta(days=10)


async def reconcile(world: World, days: tuple[date, date] = (FIRST, LAST)) -> list[Reconciliation]:
    desks = Desks(world.database, world.accounts, BUYER_KEYS, world.clock)
    world.desks.append(desks)
    found, problems = await reconcile_shops(world.database, desks, days, shop=None, now=world.clock)
    assert problems == []
    return found


async def test_scenario_s14_the_status_counts_of_top_find_a_lost_and_a_stale_order(
    world: World, figure: Figures
) -> None:
    await world.pull()
    found = await reconcile(world)
    assert [one.statement.day for one in found] == [FIRST + timedelta(days=n) for n in range(10)]
    assert {one.statement.basis for one in found} == {Basis.CREATED}
    assert sum(one.orders for one in found) > 30
    assert [one.parts for one in found if not one.agrees] == []
    # One order is lost, another stands where it stood days ago.
    lost, stale = FIRST + timedelta(days=4), FIRST + timedelta(days=2)
    await world.write(
        "DELETE FROM order_facts WHERE id ="
        " (SELECT min(id) FROM order_facts WHERE created_on = :d)",
        d=lost,
    )
    await world.write(
        "UPDATE order_facts SET status = 'unpaid' WHERE id = (SELECT min(id) FROM order_facts"
        " WHERE created_on = :d AND status = 'completed')",
        d=stale,
    )
    world.clock.pass_by(minutes=1)
    wrong = [one for one in await reconcile(world) if not one.agrees]
    assert [one.statement.day for one in wrong] == [stale, lost]
    figure("S14", Wrong.TAMPERINGS, 0, tried=2, of="differences planted in stored facts")
    assert [(part.cause, part.orders) for part in wrong[1].parts] == [
        (DifferenceCause.UNEXPLAINED, 1)
    ]
    assert wrong[1].orders_off == 1
    assert (wrong[0].orders_off, wrong[0].parts) == (0, ())
    moved = {each.status: each.theirs - each.ours for each in wrong[0].statuses}
    assert {status: off for status, off in moved.items() if off} == {"completed": 1, "unpaid": -1}


async def test_what_has_not_been_read_yet_is_late(world: World) -> None:
    await world.pull()
    world.clock.pass_by(days=1)
    found = {one.statement.day: one for one in await reconcile(world, (FIRST, LAST + timedelta(1)))}
    today = found[LAST]
    (part,) = today.parts
    assert (part.cause, part.orders) == (DifferenceCause.LATE, today.orders_off)
    assert part.orders > 0


async def test_scenario_s14_amazons_own_counts_agree_to_the_cent(
    database: TestDatabase, tmp_path: Path, figure: Figures
) -> None:
    case = CASES["amazon"]
    async with world_of(case, database, tmp_path) as world:
        world.clock.now -= timedelta(hours=2)
        # A report is made in its own time.
        world.clock.runs()
        await world.pull()
        world.clock.stands()
        # It may be asked of a day every other second.
        found = await reconcile(world, (FIRST, FIRST + timedelta(days=5)))
        assert {one.statement.basis for one in found} == {Basis.PLACED}
        assert sum(one.orders for one in found) > 10
        assert [(one.statement.day, one.parts) for one in found if not one.agrees] == []
        await world.write(
            "UPDATE order_facts SET lines = jsonb_set(lines, '{0,amount}',"
            " to_jsonb(((lines #>> '{0,amount}')::numeric - 0.01)::text)) WHERE id ="
            " (SELECT min(id) FROM order_facts WHERE created_on = :d AND status = 'shipped')",
            d=FIRST,
        )
        world.clock.pass_by(minutes=1)
        days = (FIRST, FIRST + timedelta(days=2))
        (wrong,) = [one for one in await reconcile(world, days) if not one.agrees]
        assert (wrong.statement.day, wrong.orders_off, str(wrong.amount_off)) == (
            FIRST,
            0,
            "0.0100",
        )
    figure("S14", Wrong.TAMPERINGS, 0, tried=1, of="differences planted in stored facts")
