"""On every marketplace facts and measures end as its own books: at first, and as orders go on."""

import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.amazon.rows import inventory_rows, word_of
from sandbox.articles import ARTICLES
from sandbox.daily import visits_of
from sandbox.faults import Fault
from sandbox.lives import midnight, sales_until
from sandbox.pinduoduo.rows import is_group, is_seen
from sandbox.sales import Sale
from sandbox.shopify.rows import financial_status
from sandbox.shopify.shelves import levels_of
from sandbox.shops import SHOP_OF, ZONE
from sandbox.woocommerce.rows import product_rows, variation_rows
from services.schema.db import Database
from tests.databases import TestDatabase
from tests.ingest.worlds import (
    FIRST,
    Clock,
    World,
    make_tenant,
    sandbox_on_loopback,
    write_accounts,
)

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Case:
    """A shop, its marketplace's door, and what an order of its is called there."""

    shop: str
    door: str
    stands: Callable[[Sale, datetime], str | None]
    lag: timedelta = timedelta(seconds=3)
    """What is younger is left for the next time."""
    refunds: bool = True
    """Whether the marketplace tells of them."""
    traffic: bool = False
    """Whether it states the visits of a day."""
    stock: Callable[[date], tuple[int, int]] | None = None
    """How many articles a day's shelves hold, and how many of them are out of stock."""


def usual(sale: Sale, at: datetime) -> str:
    return sale.status(at).replace("part_shipped", "paid")


def of_pinduoduo(sale: Sale, at: datetime) -> str | None:
    """Groups that failed before the first reading are not told of."""
    return usual(sale, at) if is_seen(sale, at) and not is_group(sale) else None


def of_jd(sale: Sale, at: datetime) -> str:
    """It has one word for what was never paid and what was paid back."""
    return usual(sale, at).replace("refunded", "cancelled")


def of_shopify(sale: Sale, at: datetime) -> str:
    """What was paid back whole is called so, whatever else became of it."""
    return "refunded" if financial_status(sale, at) == "REFUNDED" else usual(sale, at)


def of_amazon(sale: Sale, at: datetime) -> str:
    """It knows of no refund and of no end."""
    words = {"PENDING": "unpaid", "CANCELLED": "cancelled", "SHIPPED": "shipped"}
    return words.get(word_of(sale, at), "paid")


def of_woocommerce(sale: Sale, at: datetime) -> str:
    """It knows of no parcel."""
    return usual(sale, at).replace("shipped", "paid")


def stock_at_amazon(day: date) -> tuple[int, int]:
    there = inventory_rows(SHOP_OF["az-qinghe"], day)
    empty = [each for each in there if not each["inventoryDetails"]["fulfillableQuantity"]]
    return len(there), len(empty)


def stock_at_shopify(day: date) -> tuple[int, int]:
    """With one article beside the company's, which nobody counts."""
    places = range(len(ARTICLES))
    levels = [levels_of(SHOP_OF["sp-qinghe"], day, place) for place in places]
    empty = [each for each in levels if sum(level.available for level in each) <= 0]
    return len(levels) + 1, len(empty)


def stock_at_woocommerce(day: date) -> tuple[int, int]:
    """With one article beside the company's, which nobody counts."""
    rows = [
        *product_rows(midnight(day)),
        *(row for number in (20_001, 20_002) for row in variation_rows(number, midnight(day))),
    ]
    there = [
        row for row in rows if row["status"] == "publish" and row["type"] in {"simple", "variation"}
    ]
    assert len(there) == len(ARTICLES) + 1
    return len(there), sum(row["stock_status"] != "instock" for row in there)


CASES = {
    "amazon": Case(
        "az-qinghe",
        "amazon",
        of_amazon,
        timedelta(minutes=3),
        refunds=False,
        traffic=True,
        stock=stock_at_amazon,
    ),
    "douyin": Case("dy-qinghe", "douyin", usual),
    "jd": Case("jd-qinghe", "jd", of_jd),
    "pinduoduo": Case("pdd-qinghe", "pinduoduo", of_pinduoduo, timedelta(minutes=4)),
    "shopify": Case(
        "sp-qinghe",
        "shopify",
        of_shopify,
        timedelta(seconds=5),
        traffic=True,
        stock=stock_at_shopify,
    ),
    "woocommerce": Case("wc-qinghe", "woocommerce", of_woocommerce, stock=stock_at_woocommerce),
}


@asynccontextmanager
async def world_of(case: Case, database: TestDatabase, folder: Path) -> AsyncIterator[World]:
    clock, code = Clock(), f"sold-{next(_numbers)}"
    pool = Database(database.dsn("kaohe_ingest"), application="test")
    with sandbox_on_loopback(clock, FIRST, case.door) as (gateway, address):
        tenant = await make_tenant(database, code, (case.shop,))
        file = folder / "marketplaces.json"
        write_accounts(file, code, address, (case.shop,), FIRST)
        dsn = database.dsn("kaohe")
        world = World(pool, tenant, code, gateway, clock, file, (case.shop,), dsn)
        yield world
        for desks in world.desks:
            await desks.close()
    await pool.close()


async def check(world: World, case: Case) -> None:
    """To the cent, and to the order."""
    await world.check_sums(refunds=case.refunds)
    at = world.clock.now - case.lag
    shown = [case.stands(sale, at) for sale in sales_until(SHOP_OF[case.shop], FIRST, at)]
    rows = await world.rows(
        "SELECT status, count(*) AS n FROM order_facts WHERE created_at <= :at GROUP BY 1", at=at
    )
    found = {row.status: row.n for row in rows}
    if case.door == "pinduoduo":
        found.pop("cancelled", None)
        found.pop("unpaid", None)
    assert found == dict(Counter(word for word in shown if word))
    assert await world.rows("SELECT id FROM rejected_rows") == []


async def check_days(world: World, case: Case) -> None:
    """Visits stand once they are thirty hours old; the shelves are those of the last look."""
    shop, at = SHOP_OF[case.shop], world.clock.now
    visits = {
        row.day: (row.visitors, row.page_views)
        for row in await world.rows(
            "SELECT day, visitors, page_views FROM traffic_facts WHERE day >= :d", d=FIRST
        )
    }
    days = [FIRST + timedelta(days=n) for n in range((at.astimezone(ZONE).date() - FIRST).days)]
    told = days if case.traffic else []
    assert visits == {day: visits_of(shop, day, at) for day in told}
    shelves = await world.rows("SELECT day, skus, skus_out FROM stock_facts ORDER BY day")
    assert bool(shelves) == (case.stock is not None)
    for row in shelves:
        assert case.stock is not None
        assert (row.skus, row.skus_out) == case.stock(row.day)


@pytest.mark.parametrize("name", list(CASES))
async def test_facts_and_measures_are_the_marketplaces_own_books(
    name: str, database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES[name]
    # The clock stands while it is pulled: what is made meanwhile must be there at once.
    for gateway in ("amazon", "shopify"):
        monkeypatch.setattr(f"sandbox.{gateway}.answers._MAKING", timedelta(0))
    async with world_of(case, database, tmp_path) as world:
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
        assert (refunded[0][0] > 0) == case.refunds
        await check_days(world, case)
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
