"""Coverage on cards: what is missing is named, seen again by the clock, and frozen at close."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from tests.api.appraisals import (
    ask,
    cards,
    found,
    move,
    open_cycle,
    publish_scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company, Json
from tests.api.facts import Sale

JANUARY = [date(2026, 1, 1) + timedelta(days=n) for n in range(31)]
LOST = (date(2026, 1, 10), date(2026, 1, 11))
LONG = 400 * 86_400
"""The month of these tests is over since long, unless its days fill in for more than a year."""


@pytest.fixture
async def ready(company: Company) -> Company:
    """An agent of shop `a`, whose orders are pulled but for two days, and whose refunds wait."""
    await found(company, ["e-1"])
    await publish_scheme(company)
    await set_targets(company, {"e-1": "1000"})
    await sell(company, Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="1000"))
    await write(
        company,
        "INSERT INTO feeds (tenant_id, id, shop, kind, source, due_at, lease_token, attempts,"
        " accepted, applied, rejected, maturity_seconds) SELECT :tenant, 'feed_' || kind, 'a',"
        " kind, 'tmall:a', now(), 0, 0, 0, 0, 0, CASE kind WHEN 'refunds' THEN :long ELSE 0 END"
        " FROM unnest(CAST(:kinds AS text[])) AS kind",
        long=LONG,
        kinds=["orders", "refunds", "traffic"],
    )
    for kind in ("orders", "refunds"):
        await come(company, kind, [day for day in JANUARY if kind == "refunds" or day not in LOST])
    await open_cycle(company)
    return company


async def write(company: Company, statement: str, **values: object) -> None:
    async with company.owner.write(company.number) as session:
        await session.execute(text(statement), {"tenant": company.number, **values})


async def come(company: Company, kind: str, days: list[date]) -> None:
    await write(
        company,
        "INSERT INTO feed_days (tenant_id, feed, day)"
        " SELECT :tenant, 'feed_' || CAST(:kind AS text), unnest(CAST(:days AS date[]))",
        kind=kind,
        days=days,
    )


async def look_again(company: Company) -> Json:
    """The card once its time to be looked at has come."""
    await write(company, "UPDATE scorecards SET look_again_at = now() - interval '1 second'"
                " WHERE look_again_at IS NOT NULL")  # fmt: skip
    await company.app.state.live.settle(company.number)
    return (await cards(company))["employee:e-1"]


async def explained(company: Company, card: Json) -> Json:
    told = await ask(company, "GET", f"/v1/scorecards/{card['id']}/explanation", None)
    return told["coverage"]


async def test_requirement_12_a_card_says_what_is_missing_and_until_when_it_may_move(
    ready: Company,
) -> None:
    card = (await cards(ready))["employee:e-1"]
    # 60 of 62 days of orders and refunds; of traffic nothing is asked.
    assert (card["coverage"], card["provisional"], card["total"]) == ("0.9677", True, "70.00")
    assert await explained(ready, card) == {
        "share": "0.9677",
        "provisional": True,
        "matures_at": "2027-03-07T16:00:00Z",
        "feeds": 2,
        "wanted": 62,
        "complete": 60,
        "gaps": [
            {
                "feed": "feed_orders",
                "shop": "a",
                "kind": "orders",
                "source": "tmall:a",
                "days": ["2026-01-10", "2026-01-11"],
                "repair": "/v1/feeds/feed_orders/backfill",
            }
        ],
    }


async def test_what_comes_without_a_fact_is_seen_when_the_clock_says_so_and_frozen_at_close(
    ready: Company,
) -> None:
    first = (await cards(ready))["employee:e-1"]
    await come(ready, "orders", list(LOST))
    filled = await look_again(ready)
    assert (filled["coverage"], filled["provisional"]) == ("1", True)
    assert (filled["fingerprint"], filled["computed_at"]) == (
        first["fingerprint"],
        first["computed_at"],
    )
    # A look that finds nothing new writes nothing, and is put off.
    versions = text("SELECT version, look_again_at > now() FROM scorecards")
    async with ready.owner.read(ready.number) as session:
        before = (await session.execute(versions)).all()
    assert await look_again(ready) == filled
    async with ready.owner.read(ready.number) as session:
        assert (await session.execute(versions)).all() == before
    await write(ready, "UPDATE feeds SET maturity_seconds = 0")
    await write(ready, "DELETE FROM feed_days WHERE day = :day AND feed = 'feed_orders'",
                day=LOST[0])  # fmt: skip
    ripe = await look_again(ready)
    assert (ripe["coverage"], ripe["provisional"]) == ("0.9838", False)
    await move(ready, "jan", "closed")
    await come(ready, "orders", [LOST[0]])
    closed = await look_again(ready)
    assert (closed["status"], closed["coverage"]) == ("in_review", "0.9838")
    assert (await explained(ready, closed))["gaps"][0]["days"] == [LOST[0].isoformat()]
    looks = text("SELECT count(look_again_at) FROM scorecards")
    async with ready.owner.read(ready.number) as session:
        assert await session.scalar(looks) == 0
