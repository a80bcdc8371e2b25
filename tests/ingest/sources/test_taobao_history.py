"""Orders from before three months ago, and what an application is told that may ask for less."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sandbox.lives import midnight
from sandbox.shops import SHOP_OF
from services.ingest.sources.errors import NotPermitted
from services.ingest.sources.taobao import STREAMS, TaobaoSource
from services.ingest.sources.taobao_history import REACH
from services.schema.shapes.feeds import Window
from tests.ingest.sources.gateways import DAY, NOW, ORDERS, REFUNDS, World, small_pages, truth
from tests.sandbox.test_company import TODAY

FIRST = TODAY - timedelta(days=100)
FULL = ("taobao.trades.sold.increment.get", "taobao.trade.fullinfo.get")
SIMPLE = ("taobao.trades.simple.sold.increment.get", "taobao.trade.simple.get")


def days(first: int, last: int) -> list[Window]:
    """The days from so many ago to so many ago."""
    return [
        Window(midnight(day), midnight(day + timedelta(days=1)))
        for number in range(first, last - 1, -1)
        for day in [TODAY - timedelta(days=number)]
    ]


def with_history(world: World) -> TaobaoSource:
    credential = replace(world.credential, also=frozenset({"history"}))
    return TaobaoSource(world.client, credential, now=lambda: world.now)


def placed(world: World, first: int, last: int) -> list[int]:
    """What was placed from so many days ago to so many days ago."""
    start, end = days(first, last)[0].start, days(first, last)[-1].end
    sales = world.gateway.books.sales(SHOP_OF["tm-qinghe"], world.now)
    return sorted(sale.id for _, sale in sales if start <= sale.created_at < end)


def asked(world: World) -> list[str]:
    return [call.method for call in world.gateway.trouble.calls]


@pytest.mark.parametrize("three_months", [89, 90, 92])
async def test_no_order_is_lost_where_three_months_end(
    monkeypatch: pytest.MonkeyPatch, three_months: int
) -> None:
    """By months of the calendar or by days: what was placed on any of them is read."""
    monkeypatch.setattr("sandbox.taobao.methods._THREE_MONTHS", timedelta(days=three_months))
    small_pages(monkeypatch, 50)
    world = World(FIRST)
    source = with_history(world)
    found: set[int] = set()
    for window in days(96, 85):
        rows = (await source.read(ORDERS, window)).rows
        found |= {int(row["tid"]) for row in rows}
    changed = days(87, 87)[0].start, days(85, 85)[0].end
    sales = world.gateway.books.sales(SHOP_OF["tm-qinghe"], world.now)
    later = {sale.id for at, sale in sales if changed[0] <= at <= changed[1]}
    assert found == {*placed(world, 96, 88), *later}
    assert set(world.outcomes()) == {"ok"}
    assert {"taobao.trades.sold.get", "taobao.trades.sold.history.get", FULL[0]} == set(
        asked(world)
    )


async def test_a_day_of_long_ago_is_read_alone_and_by_its_placing() -> None:
    world = World(FIRST)
    (window,) = days(97, 97)
    reading = await with_history(world).read(ORDERS, window)
    assert sorted(int(row["tid"]) for row in reading.rows) == placed(world, 97, 97)
    assert reading.request.startswith("taobao.trades.sold.history.get ")
    assert len(asked(world)) == 1


async def test_a_day_of_long_ago_takes_two_calls_for_each_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is cut by the times of placing, not by those of the last change."""
    small_pages(monkeypatch, 8)
    world = World(FIRST)
    (window,) = days(97, 97)
    reading = await with_history(world).read(ORDERS, window)
    assert sorted(int(row["tid"]) for row in reading.rows) == placed(world, 97, 97)
    assert 3 < len(asked(world)) <= 2 * (len(reading.rows) / 7 + 1)


async def test_an_order_of_long_ago_gets_its_promotion_by_the_method_that_knows_it() -> None:
    world = World(FIRST)
    source = with_history(world)
    rows = [row for day in days(99, 95) for row in (await source.read(ORDERS, day)).rows]
    reduced = next(row for row in rows if row["discount_fee"] != "0.00")
    world.gateway.trouble.calls.clear()
    full = await source.detail(ORDERS, reduced)
    assert set(full) - set(reduced) == {"promotion_details"}
    assert asked(world) == ["taobao.trade.simple.get"]


async def test_history_is_asked_for_where_it_is_wanted_alone(world: World) -> None:
    assert world.source.streams == STREAMS
    assert with_history(world).streams[ORDERS].reach == REACH > timedelta(days=720)
    assert with_history(world).streams[REFUNDS] == STREAMS[REFUNDS]
    await world.source.read(ORDERS, Window(NOW - timedelta(days=91), NOW - timedelta(days=90)))
    assert asked(world) == [FULL[0]]


async def test_an_application_that_may_not_ask_for_all_asks_for_less(world: World) -> None:
    """As one for customer relations: the first refusal is enough, and no row differs."""
    whole = {row["tid"]: row for row in (await world.source.read(ORDERS, DAY)).rows}
    reduced = next(row for row in whole.values() if row["discount_fee"] != "0.00")
    full = await world.source.detail(ORDERS, reduced)
    world.gateway.closed = {*FULL, "taobao.trades.sold.get"}
    world.gateway.trouble.calls.clear()
    assert await world.numbers() == truth(world)
    assert await world.source.detail(ORDERS, reduced) == full
    assert {row["tid"]: row for row in (await world.source.read(ORDERS, DAY)).rows} == whole
    assert asked(world) == [FULL[0], SIMPLE[0], SIMPLE[1], SIMPLE[0]]
    assert world.outcomes() == ["11", "ok", "ok", "ok"]


async def test_who_may_ask_for_neither_is_told_of_the_first(world: World) -> None:
    world.gateway.closed = {*FULL, *SIMPLE}
    with pytest.raises(NotPermitted, match=f"{FULL[0]} is refused: code 11"):
        await world.numbers()
    world.gateway.closed = set()
    assert await world.numbers() == truth(world)
    assert asked(world) == [FULL[0], SIMPLE[0], FULL[0]]


async def test_what_has_no_smaller_method_is_asked_for_once(world: World) -> None:
    world.gateway.closed = {"taobao.refunds.receive.get"}
    with pytest.raises(NotPermitted):
        await world.numbers(REFUNDS)
    assert asked(world) == ["taobao.refunds.receive.get"]
