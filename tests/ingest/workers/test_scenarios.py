"""Scenarios with a world of their own: one shop of two banned, orders merged, late visits."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox import truth
from sandbox.faults import Fault
from sandbox.gateways import chinese_text
from sandbox.lives import midnight
from sandbox.sales import Sale
from sandbox.shops import SHOP_OF
from services.schema.db import Database
from tests.databases import TestDatabase
from tests.figures import Figures, Wrong
from tests.ingest.markets import CASES, world_of
from tests.ingest.worlds import (
    FIRST,
    Clock,
    World,
    make_tenant,
    sandbox_on_loopback,
    write_accounts,
)

Pair = tuple[int, int]


async def test_scenario_s01_a_shop_that_is_throttled_lets_others_go_on(
    database: TestDatabase, tmp_path: Path, figure: Figures
) -> None:
    shops, clock = ("tm-life", "jd-qinghe"), Clock()
    clock.now = midnight(FIRST) + timedelta(days=2)
    pool = Database(database.dsn("kaohe_ingest"), application="test")
    file = tmp_path / "marketplaces.json"
    with sandbox_on_loopback(clock, FIRST) as (gateway, address):
        tenant = await make_tenant(database, "throttled", shops)
        write_accounts(file, "throttled", address, shops, FIRST)
        dsn = database.dsn("kaohe")
        world = World(pool, tenant, "throttled", gateway, clock, file, shops, dsn)
        gateway.trouble.add(Fault("throttle", seconds=300, times=9))
        problems = await world.pull()
        assert {problem.split()[0] for problem in problems} == {"tm-life"}
        taken = await world.rows("SELECT shop, count(*) AS n FROM order_facts GROUP BY 1")
        assert [row.shop for row in taken] == ["jd-qinghe"]
        assert taken[0].n > 3
        # None of the calls that the ban forbids, and afterwards all that it kept from us.
        calls = len(gateway.trouble.calls)
        of = "calls, of three before each feed knows of its ban"
        figure("S01", Wrong.CALLS, max(0, calls - 3), tried=calls, of=of)
        gateway.trouble.faults.clear()
        clock.pass_by(minutes=6)
        for desks in world.desks:
            for client in desks._clients.values():
                client._pace._free_at = 0.0
            await desks.close()
        assert await world.pull() == []
        orders = await world.check_sums()
        figure("S01", Wrong.FACTS, 0, tried=orders, of="orders, by the marketplace's own books")
        for desks in world.desks:
            await desks.close()
    await pool.close()


async def test_scenario_s11_what_was_deleted_stays_and_what_was_merged_counts_once(
    world: World, monkeypatch: pytest.MonkeyPatch, figure: Figures
) -> None:
    """A list without an order says nothing of it; of two that became one, one is closed."""
    world.clock.now = midnight(FIRST) + timedelta(days=4, hours=22)
    shop, at = SHOP_OF["tm-life"], world.clock.now
    assert await world.pull() == []
    await world.check_sums()
    sales = [sale for _, sale in world.gateway.books.sales(shop, at)]
    deleted = [sale for sale in sales if sale.status(at) in {"paid", "completed"}][:3]
    closed, grown = [sale for sale in sales if sale.status(at) == "unpaid"][:2]
    world.gateway.books.held |= {sale.id for sale in deleted}
    world.clock.pass_by(minutes=20)
    merged_at = world.clock.now - timedelta(minutes=10)
    world.gateway.books.touched |= {closed.id: merged_at, grown.id: merged_at}
    monkeypatch.setattr("sandbox.taobao.methods.trade_row", merged(closed, grown, merged_at))
    monkeypatch.setattr("services.ingest.sources.taobao.TaobaoSource.detail", as_listed)
    assert await world.pull() == []
    days = (FIRST, world.clock.now.date() + timedelta(days=1))
    assert await world.schedule().backfill_once(days, shop=None, show=lambda _: None) == []
    facts = {row.id: row for row in await world.rows("SELECT * FROM order_facts")}
    assert {str(sale.id) for sale in deleted} <= facts.keys()
    assert facts[str(closed.id)].status == "cancelled"
    assert facts[str(closed.id)].paid_at is None
    both = closed.paid_amount + grown.paid_amount
    assert facts[str(grown.id)].paid_amount == both
    sums = truth.total(truth.books(shop, FIRST, world.clock.now))
    (measured,) = await world.rows(
        "SELECT sum(paid_orders) AS orders, sum(paid_amount) AS paid, sum(units_sold) AS units"
        " FROM order_measures"
    )
    units = sum(line.quantity for sale in (closed, grown) for line in sale.lines)
    off = abs(int(measured.orders) - sums.orders - 1)
    figure("S11", Wrong.FACTS, off, tried=5, of="orders deleted or merged")
    assert measured.orders == sums.orders + 1
    assert measured.paid == sums.paid_amount + both
    assert measured.units == sums.units + units
    assert await world.rows("SELECT id FROM rejected_rows") == []


def merged(closed: Sale, grown: Sale, since: datetime) -> Callable[..., dict[str, object]]:
    """Two trades that wait for their money become one, which is paid at once."""
    from sandbox.taobao.rows import trade_row  # noqa: PLC0415  only here

    postage = closed.postage + grown.postage

    def state(sale: Sale, at: datetime, modified: datetime) -> dict[str, object]:
        row = trade_row(sale, at, modified)
        if at < since or sale.id not in {closed.id, grown.id}:
            return row
        if sale.id == closed.id:
            return {**row, "status": "TRADE_CLOSED_BY_TAOBAO"}
        lines = [
            {**stated, "divide_order_fee": f"{line.paid:.2f}"}
            for each in (closed, grown)
            for stated, line in zip(_lines(trade_row(each, at, modified)), each.lines, strict=True)
        ]
        return {
            **row,
            "status": "WAIT_SELLER_SEND_GOODS",
            "pay_time": chinese_text(since),
            "payment": f"{closed.paid_amount + grown.paid_amount:.2f}",
            "post_fee": f"{postage:.2f}",
            "num": 0,
            "orders": {"order": lines},
        }

    return state


def _lines(row: dict[str, Any]) -> list[dict[str, object]]:
    found: list[dict[str, object]] = row["orders"]["order"]
    return found


async def as_listed(_source: object, _kind: object, row: Any) -> Any:
    return row


def coming_late(first: Pair, then: Pair) -> Callable[[object, date, datetime], Pair]:
    """Two figures of a day as a marketplace counts them: others two days after it is over."""

    def counted(_shop: object, day: date, at: datetime) -> Pair:
        return first if at - midnight(day + timedelta(days=1)) < timedelta(hours=48) else then

    return counted


async def test_requirement_12_a_day_first_read_as_0_visitors_becomes_340_and_ends_so(
    database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.shopify.rows.visits_of", coming_late((0, 0), (340, 700)))
    monkeypatch.setattr("sandbox.shopify.answers._MAKING", timedelta(0))
    seen = []
    async with world_of(CASES["shopify"], database, tmp_path) as world:
        world.clock.now = midnight(FIRST) + timedelta(days=1, hours=7)
        for _ in range(5):
            assert await world.pull() == []
            rows = await world.rows("SELECT visitors FROM traffic_facts WHERE day = :d", d=FIRST)
            sums = await world.rows("SELECT visitors FROM traffic_measures WHERE day = :d", d=FIRST)
            assert rows == sums
            seen += [row.visitors for row in rows]
            world.clock.pass_by(hours=24)
        assert seen == [0, 0, 340, 340, 340]
        assert (await world.feeds())["traffic"].maturity_seconds == 3 * 86_400


async def test_a_refused_day_is_forgotten_once_it_can_be_read(
    database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.amazon.answers._MAKING", timedelta(0))
    async with world_of(CASES["amazon"], database, tmp_path) as world:
        world.clock.now = midnight(FIRST) + timedelta(days=1, hours=7)
        with monkeypatch.context() as patch:
            for name in ("visits_of", "feedback_of"):
                patch.setattr(f"sandbox.amazon.rows.{name}", lambda *_: (-1, -1))
            assert await world.pull() == []
        of_day = "SELECT kind, fact FROM rejected_rows WHERE fact LIKE :like ORDER BY fact"
        refused = await world.rows(of_day, like=f"%{FIRST}%")
        assert [tuple(row) for row in refused] == [
            ("traffic", f"az-qinghe/{FIRST}//"),
            ("measures", f"feedback/{FIRST}/az-qinghe////"),
            ("measures", f"negative_feedback/{FIRST}/az-qinghe////"),
        ]
        world.clock.pass_by(hours=24)
        assert await world.pull() == []
        assert await world.rows(of_day, like=f"%{FIRST}%") == []
        assert len(await world.rows("SELECT day FROM traffic_facts WHERE day = :d", d=FIRST)) == 1


async def test_feedback_of_a_day_that_comes_late_replaces_what_was_read_of_it(
    database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.amazon.rows.feedback_of", coming_late((1, 0), (5, 2)))
    monkeypatch.setattr("sandbox.amazon.answers._MAKING", timedelta(0))
    seen = []
    async with world_of(CASES["amazon"], database, tmp_path) as world:
        world.clock.now = midnight(FIRST) + timedelta(days=1, hours=7)
        for _ in range(5):
            assert await world.pull() == []
            rows = await world.rows(
                "SELECT amount::int FROM measure_facts WHERE day = :d ORDER BY measure", d=FIRST
            )
            seen.append([row.amount for row in rows])
            world.clock.pass_by(hours=24)
        assert seen == [[1, 0], [1, 0], [5, 2], [5, 2], [5, 2]]
        feed = (await world.feeds())["measures"]
        assert (feed.maturity_seconds, feed.rejected) == (3 * 86_400, 0)
