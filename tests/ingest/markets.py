"""The seven marketplaces as tests pull them: a shop of each, and what is known of it in the end."""

import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandbox import truth
from sandbox.amazon.rows import inventory_rows, word_of
from sandbox.articles import ARTICLES
from sandbox.daily import feedback_of, visits_of
from sandbox.doudian.rows import reputation_row
from sandbox.jd.desk import agents_of, chats
from sandbox.jd.rows import people
from sandbox.lives import midnight, sales_until
from sandbox.pinduoduo.rows import is_group, is_seen
from sandbox.sales import Claim, Sale
from sandbox.shopify.rows import financial_status
from sandbox.shopify.shelves import levels_of
from sandbox.shops import SHOP_OF, Shop
from sandbox.taobao import desk
from sandbox.taobao.rows import account_name
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
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)

Shelves = tuple[int, int, Decimal | None]
"""How many articles, how many of them are out of stock, and what all of it has cost."""


Served = dict[tuple[date, str], tuple[int, int]]
"""How many sessions each agent had on a day, and answered."""


@dataclass(frozen=True)
class Case:
    """A shop, its marketplace's door, and what an order of its is called there."""

    shop: str
    door: str
    stands: Callable[[Sale, datetime], str | None]
    lag: timedelta = timedelta(seconds=3)
    """What is younger is left for the next time."""
    refunds: Callable[[Claim, datetime], str | None] | None = None
    """What a claim is called, or null where it is not told; null without: of none is."""
    traffic: bool = False
    """Whether it states the visits of a day."""
    feedback: bool = False
    """Whether it counts what buyers think of a day, and tells no single rating."""
    stock: Callable[[date], Shelves] | None = None
    """What a day's shelves hold."""
    rates: bool = False
    """Whether it tells what buyers think of each line."""
    service: Callable[[Shop, datetime], Served] | None = None
    """What it counts of agents, as it was looked at then."""
    reputation: bool = False
    """Whether it tells what buyers think of a shop today."""
    also: tuple[str, ...] = ()
    """What is asked for beside the usual."""


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


def asked_for(claim: Claim, at: datetime) -> str | None:
    """Told from when the buyer asks."""
    if claim.requested_at > at:
        return None
    if claim.settled_at > at:
        return "requested"
    return "succeeded" if claim.succeeds else "closed"


def paid_back(claim: Claim, at: datetime) -> str | None:
    """Written down when the money has gone back."""
    return "succeeded" if claim.succeeded_by(at) else None


def stock_at_amazon(day: date) -> Shelves:
    there = inventory_rows(SHOP_OF["az-qinghe"], day)
    empty = [each for each in there if not each["inventoryDetails"]["fulfillableQuantity"]]
    costs = {article.sku: article.cost for article in ARTICLES}
    worth = [costs[each["sellerSku"]] * each["totalQuantity"] for each in there]
    return len(there), len(empty), sum(worth, Decimal(0))


def stock_at_shopify(day: date) -> Shelves:
    """With one article beside the company's, which nobody counts."""
    places = range(len(ARTICLES))
    levels = [levels_of(SHOP_OF["sp-qinghe"], day, place) for place in places]
    empty = [each for each in levels if sum(level.available for level in each) <= 0]
    return len(levels) + 1, len(empty), None


def stock_at_woocommerce(day: date) -> Shelves:
    """With one article beside the company's, which nobody counts."""
    rows = [
        *product_rows(midnight(day)),
        *(row for number in (20_001, 20_002) for row in variation_rows(number, midnight(day))),
    ]
    there = [
        row for row in rows if row["status"] == "publish" and row["type"] in {"simple", "variation"}
    ]
    assert len(there) == len(ARTICLES) + 1
    return len(there), sum(row["stock_status"] != "instock" for row in there), None


def served_at_jd(shop: Shop, at: datetime) -> Served:
    of = {people()[name]: name for name in agents_of(shop) if name in people()}
    return _served(at, of, lambda day, name: chats(shop, day, name))


def served_at_taobao(shop: Shop, at: datetime) -> Served:
    of = {code: account_name(shop, code) for code in shop.guides}
    return _served(at, of, lambda day, name: desk.chats(shop, day, name))


def _served(
    at: datetime, accounts: Mapping[str, str], chats_of: Callable[[date, str], list[Any]]
) -> Served:
    """A desk tells after six hours."""
    found = {}
    for day, (employee, account) in itertools.product(_days_over(at - 6 * _HOUR), accounts.items()):
        if rows := chats_of(day, account):
            found[day, employee] = (len(rows), sum(row["answered"] is True for row in rows))
    return found


CASES = {
    "amazon": Case(
        "az-qinghe",
        "amazon",
        of_amazon,
        timedelta(minutes=2, seconds=5),
        traffic=True,
        feedback=True,
        stock=stock_at_amazon,
    ),
    "douyin": Case(
        "dy-qinghe", "douyin", usual, refunds=asked_for, reputation=True, also=("reputation",)
    ),
    "jd": Case(
        "jd-qinghe",
        "jd",
        of_jd,
        refunds=asked_for,
        service=served_at_jd,
        also=("salespeople", "service"),
    ),
    "pinduoduo": Case(
        "pdd-qinghe", "pinduoduo", of_pinduoduo, timedelta(minutes=4), refunds=asked_for
    ),
    "shopify": Case(
        "sp-qinghe",
        "shopify",
        of_shopify,
        timedelta(seconds=5),
        refunds=paid_back,
        traffic=True,
        stock=stock_at_shopify,
    ),
    "taobao": Case(
        "tm-life",
        "taobao",
        usual,
        refunds=asked_for,
        rates=True,
        service=served_at_taobao,
        also=("service",),
    ),
    "woocommerce": Case(
        "wc-qinghe",
        "woocommerce",
        of_woocommerce,
        refunds=paid_back,
        stock=stock_at_woocommerce,
        rates=True,
    ),
}


@asynccontextmanager
async def world_of(case: Case, database: TestDatabase, folder: Path) -> AsyncIterator[World]:
    clock, code = Clock(), f"sold-{next(_numbers)}"
    pool = Database(database.dsn("kaohe_ingest"), application="test")
    with sandbox_on_loopback(clock, FIRST, case.door) as (gateway, address):
        tenant = await make_tenant(database, code, (case.shop,))
        file = folder / "marketplaces.json"
        also = {"also": list(case.also)} if case.also else {}
        write_accounts(file, code, address, (case.shop,), FIRST, **also)
        dsn = database.dsn("kaohe")
        world = World(pool, tenant, code, gateway, clock, file, (case.shop,), dsn)
        try:
            yield world
        finally:
            for desks in world.desks:
                await desks.close()
            await pool.close()


async def check(world: World, case: Case) -> int:
    """Facts and measures are the marketplace's own books, to the cent; how many orders these are.

    Nothing may have changed within the case's lag.
    """
    await world.check_sums(refunds=case.refunds is not None)
    shop, at = SHOP_OF[case.shop], world.clock.now - case.lag
    sales = sales_until(shop, FIRST, at)
    found = await _counted(world, "SELECT status, count(*) FROM order_facts GROUP BY 1")
    if case.door == "pinduoduo":
        found.pop("cancelled", None)
        found.pop("unpaid", None)
    shown = Counter(word for sale in sales if (word := case.stands(sale, at)))
    assert found == shown
    refunds = [
        word
        for sale in sales
        for claim in sale.claims
        if case.refunds and (word := case.refunds(claim, at))
    ]
    found = await _counted(world, "SELECT status, count(*) FROM refund_facts GROUP BY 1")
    assert found == Counter(refunds)
    if not case.reputation:
        given = truth.ratings(shop, FIRST, at) if case.rates else {}
        words = {5: "good", 3: "neutral", 1: "bad"}
        found = await _counted(world, "SELECT score::int, count(*) FROM rating_facts GROUP BY 1")
        assert {words[score]: count for score, count in found.items()} == dict(given)
    assert await world.rows("SELECT id FROM rejected_rows") == []
    counted = await world.rows("SELECT kind, accepted, applied, rejected FROM feeds")
    assert [tuple(row) for row in counted if row.accepted != row.applied + row.rejected] == []
    await check_days(world, case)
    return shown.total()


async def check_days(world: World, case: Case) -> None:
    """What is told by the day: as it was when it was looked at last."""
    shop, feeds = SHOP_OF[case.shop], await world.feeds()
    # Some days before the first are read as well, as far as these fill in.
    visits = await world.rows("SELECT * FROM traffic_facts WHERE day >= :first", first=FIRST)
    shown: dict[Any, Any] = {}
    if case.traffic:
        at = feeds["traffic"].last_success
        shown = {day: visits_of(shop, day, at) for day in _days_over(at - _HOUR)}
    assert {row.day: (row.visitors, row.page_views) for row in visits} == shown
    stated = await world.rows("SELECT * FROM measure_facts WHERE day >= :first", first=FIRST)
    counted: dict[Any, Any] = {}
    if case.feedback:
        at = feeds["measures"].last_success
        counted = {
            (day, measure): count
            for day in _days_over(at - _HOUR)
            for measure, count in zip(
                ("feedback", "negative_feedback"), feedback_of(shop, day, at), strict=True
            )
        }
    assert {(row.day, row.measure): row.amount for row in stated} == counted
    shelves = await world.rows("SELECT * FROM stock_facts ORDER BY day")
    assert bool(shelves) == (case.stock is not None)
    for row in shelves:
        assert case.stock is not None
        assert (row.skus, row.skus_out, row.stock_value) == case.stock(row.day)
    served = await world.rows("SELECT * FROM chat_facts WHERE started_on >= :first", first=FIRST)
    shown = case.service(shop, feeds["chats"].last_success) if case.service else {}
    assert {
        (row.started_on, row.employee): (row.totals["chats"], row.totals["answered"])
        for row in served
    } == shown
    if case.reputation:
        scores = await world.rows("SELECT id, score FROM rating_facts")
        days = {row.id: date.fromisoformat(row.id) for row in scores}
        assert world.clock.now.date() in days.values()
        noted = await world.rows(
            "SELECT day FROM feed_days JOIN feeds ON id = feed WHERE kind = 'ratings'"
        )
        assert {row.day for row in noted} == set(days.values())
        assert {row.id: row.score for row in scores} == {
            number: Decimal(str(reputation_row(midnight(day))["service_score"]))
            for number, day in days.items()
        }


def _days_over(at: datetime) -> list[date]:
    """From the first on those that had ended at an instant."""
    days = itertools.takewhile(
        lambda day: midnight(day + _DAY) <= at, (FIRST + n * _DAY for n in itertools.count())
    )
    return list(days)


async def _counted(world: World, statement: str) -> dict[Any, int]:
    return {row[0]: row[1] for row in await world.rows(statement)}
