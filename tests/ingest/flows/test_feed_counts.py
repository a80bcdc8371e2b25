"""What came of a feed in any period is applied, rejected and waiting, whatever happened since."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.door.feeds import read_feeds
from services.ingest.core.buyers import resealer
from services.ingest.flows.landing import Tally
from services.ingest.flows.rejected import retry_row
from services.schema.days import Period
from services.schema.shapes.facts import Feed
from services.schema.shapes.feeds import Supplement
from services.schema.shapes.people import Caller
from services.schema.words import FactKind, Outcome, Role
from tests.databases import TestDatabase
from tests.ingest import rows
from tests.ingest.tenants import (
    BUYER_KEY,
    SHOPS,
    Books,
    make_shop,
    no_mapping,
    open_books,
    outcomes,
)

STOCK = FactKind.STOCK
BEGIN = datetime(2026, 10, 30, 15, tzinfo=UTC)
REFUSED = {Outcome.INVALID, Outcome.CONFLICT}
ZONES = {shop: ZoneInfo(zone) for shop, (zone, _) in SHOPS.items()}
HOME = ZoneInfo("Asia/Shanghai")
Place = tuple[str, date]


async def feeds_of(books: Books, start: date | None = None, days: int = 1) -> dict[str, Feed]:
    """Feeds by shop, with what came in some days or ever."""
    period = None if start is None else Period("", start, start + timedelta(days=days), None)
    found, _ = await read_feeds(
        books.session, at=BEGIN, shop=None, kind=STOCK, period=period, after=None, limit=50
    )
    return {feed.shop: feed for feed in found}


async def retry(books: Books, id: str, at: datetime) -> Tally:
    seal = resealer(BUYER_KEY, 1)
    again = Caller(books.tenant, Role.ERP, None, "key:again")
    return await retry_row(
        books.session, id, caller=again, seal=seal, supplement=Supplement, find=no_mapping, at=at
    )


async def kept(books: Books) -> list[str]:
    found = await books.rows("SELECT id FROM rejected_rows WHERE tenant_id = $1 ORDER BY id")
    return [row["id"] for row in found]


async def test_requirement_16_a_row_tried_again_stays_on_the_day_it_came(books: Books) -> None:
    lost = rows.full(STOCK, shop="s-9")
    await books.post(STOCK, lost, rows.full(STOCK), at=datetime(2026, 10, 31, 12, tzinfo=UTC))
    (first,) = await kept(books)
    later = datetime(2026, 11, 20, tzinfo=UTC)
    await retry(books, first, later)
    (again,) = await kept(books)
    october = await feeds_of(books, date(2026, 10, 1), 31)
    assert {shop: (feed.accepted, feed.rejected) for shop, feed in october.items()} == {
        "": (1, 1), "s-1": (1, 0),
    }  # fmt: skip
    await make_shop(books.owner, books.tenant, "s-9", "Asia/Shanghai", "CNY")
    await retry(books, again, later)
    october = await feeds_of(books, date(2026, 10, 31))
    november = await feeds_of(books, date(2026, 11, 1), 30)
    assert {shop: (feed.accepted, feed.applied) for shop, feed in october.items()} == {
        "": (0, 0), "s-1": (1, 1), "s-9": (1, 1),
    }  # fmt: skip
    assert {feed.accepted for feed in november.values()} == {0}


async def test_a_row_from_before_days_were_counted_comes_on_the_day_it_is_tried(
    books: Books,
) -> None:
    at = datetime(2026, 10, 31, 12, tzinfo=UTC)
    await books.post(STOCK, rows.full(STOCK), rows.full(STOCK, skus=7), at=at)
    driver = await books.session.driver()
    await driver.execute(
        "UPDATE feed_counts SET accepted = 0, applied = 0, rejected = 0 WHERE tenant_id = $1",
        books.tenant,
    )
    await driver.execute(
        "UPDATE rejected_rows SET came_on = NULL, body = replace(body, 'T0', 'T1') "
        "WHERE tenant_id = $1",
        books.tenant,
    )
    (first,) = await kept(books)
    assert outcomes(await retry(books, first, at + timedelta(days=1))) == {"updated": 1}
    whole = (await feeds_of(books))["s-1"]
    came = (await feeds_of(books, date(2026, 10, 31)))["s-1"]
    tried = (await feeds_of(books, date(2026, 11, 1)))["s-1"]
    assert [(each.accepted, each.applied, each.rejected) for each in (whole, came, tried)] == [
        (2, 2, 0), (0, 0, 0), (1, 1, 0),
    ]  # fmt: skip


@dataclass
class Model:
    """What ought to be counted, from the answers alone."""

    accepted: Counter[Place] = field(default_factory=Counter)
    rejected: Counter[Place] = field(default_factory=Counter)
    kept: dict[str, Place] = field(default_factory=dict)
    at: datetime = BEGIN

    def place(self, shop: str) -> Place:
        known = shop if shop in ZONES else ""
        return known, self.at.astimezone(ZONES.get(known, HOME)).date()

    def wanted(self, shop: str, days: Iterable[date]) -> tuple[int, int]:
        places = [(shop, day) for day in days]
        return sum(self.accepted[p] for p in places), sum(self.rejected[p] for p in places)


def _row(shop: str, kind: str) -> dict[str, Any]:
    row = rows.full(STOCK, shop=shop)
    changes: dict[str, dict[str, Any]] = {
        "good": {}, "bad": {"skus": -1}, "other": {"skus": 7},
        "older": {"modified_at": "2026-01-01T00:00:00Z"},
    }  # fmt: skip
    return row | changes[kind]


async def _post(books: Books, model: Model, posted: Sequence[tuple[str, str]]) -> None:
    tally = await books.post(STOCK, *(_row(*each) for each in posted), at=model.at)
    refused = {row.number for row in tally.rows if row.outcome in REFUSED}
    for number, (shop, _) in enumerate(posted, 1):
        place = model.place(shop)
        model.accepted[place] += 1
        model.rejected[place] += number in refused
    stored = await books.rows(
        "SELECT id, shop FROM rejected_rows WHERE tenant_id = $1 AND batch = $2", tally.batch
    )
    model.kept |= {row["id"]: model.place(row["shop"]) for row in stored}


async def _retry(books: Books, model: Model, number: int) -> None:
    ids = await kept(books)
    if not ids:
        return
    tried = ids[number % len(ids)]
    place = model.kept[tried]
    tally = await retry(books, tried, model.at)
    if not tally.rows or tally.rows[0].outcome not in REFUSED:
        model.rejected[place] -= 1
        return
    (again,) = set(await kept(books)) - set(ids)
    model.kept[again] = place


async def _play(database: TestDatabase, steps: Sequence[Any], start: int, length: int) -> None:
    async with open_books(database) as books:
        model = Model()
        for step in steps:
            if isinstance(step, timedelta):
                model.at += step
            elif isinstance(step, int):
                await _retry(books, model, step)
            else:
                await _post(books, model, step)
        first = BEGIN.date() - timedelta(days=1)
        days = [first + timedelta(days=number) for number in range(60)]
        whole = await feeds_of(books)
        single = [await feeds_of(books, day) for day in days[:6]]
        some = await feeds_of(books, days[start], length)
        every = await feeds_of(books, first, len(days))
        for shop, feed in whole.items():
            for counted, over in ((feed, days), (some[shop], days[start : start + length])):
                assert (counted.accepted, counted.rejected) == model.wanted(shop, over)
                assert counted.waiting == 0
                assert counted.accepted == counted.applied + counted.rejected
            assert every[shop] == feed
            for each, day in zip(single, days, strict=False):
                assert (each[shop].accepted, each[shop].rejected) == model.wanted(shop, [day])


shops = st.sampled_from([*ZONES, "s-9"])
kinds = st.sampled_from(["good", "bad", "other", "older"])
batch = st.lists(st.tuples(shops, kinds), min_size=1, max_size=4)
wait = st.integers(1, 30).map(lambda hours: timedelta(hours=hours))


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    steps=st.lists(st.one_of(batch, wait, st.integers(0, 5)), min_size=3, max_size=12),
    start=st.integers(0, 4),
    length=st.integers(1, 4),
)
def test_requirement_16_days_add_up_to_any_period_and_to_the_whole(
    database: TestDatabase, steps: list[Any], start: int, length: int
) -> None:
    asyncio.run(_play(database, steps, start, length))
