"""Amazon is asked as it wants: with a fresh token, seldom, and one page after another."""

import json
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest

from sandbox.amazon.answers import Report
from sandbox.amazon.rows import inventory_rows, word_of
from sandbox.daily import visits_of
from sandbox.faults import Fault
from sandbox.lives import midnight
from services.ingest.sources import amazon
from services.ingest.sources.amazon import COMPLETED_AFTER, AmazonSource, hosts_of
from services.ingest.sources.client import Client, Pace
from services.ingest.sources.errors import (
    NotAuthorised,
    NotPermitted,
    Refused,
    SourceError,
    TryLater,
    Unreadable,
    WindowTooLarge,
)
from services.ingest.sources.reading import Credential
from services.schema.shapes.feeds import Window
from services.schema.words import FactKind
from tests.ingest.sources.shops_of_amazon import NOW, SHOP, WEEK, Amazon
from tests.sandbox.test_company import TODAY

ORDERS, TRAFFIC, STOCK = FactKind.ORDERS, FactKind.TRAFFIC, FactKind.STOCK


@pytest.fixture
def seller() -> Amazon:
    return Amazon()


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.amazon.answers.PAGE", 20)


def test_only_amazons_own_hosts_are_called() -> None:
    hosts = hosts_of(Credential("https://evil.example/A1", "k", "s", "t"))
    assert "evil.example" not in hosts
    assert "sellingpartnerapi-eu.amazon.com" in hosts


async def test_at_amazon_the_token_comes_from_its_own_place() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        body: object = {"access_token": "Atza|1", "expires_in": 3600}
        if request.method == "GET":
            body = {"orders": []}
        return httpx.Response(200, stream=httpx.ByteStream(json.dumps(body).encode()))

    credential = Credential("https://sellingpartnerapi-eu.amazon.com/A1F8", "id", "se", "Atzr|x")
    client = Client(
        hosts_of(credential), Pace(100), now=lambda: NOW, transport=httpx.MockTransport(answer)
    )
    assert (await AmazonSource(client, credential, now=lambda: NOW).read(ORDERS, WEEK)).rows == ()
    assert str(seen[0].url) == "https://api.amazon.com/auth/o2/token"
    assert seen[0].content == (
        b"grant_type=refresh_token&refresh_token=Atzr%7Cx&client_id=id&client_secret=se"
    )
    assert seen[1].url.host == "sellingpartnerapi-eu.amazon.com"
    assert seen[1].url.path == "/orders/2026-01-01/orders"
    assert seen[1].url.params["marketplaceIds"] == "A1F8"
    assert seen[1].headers["x-amz-access-token"] == "Atza|1"
    assert "Authorization" not in seen[1].headers


@pytest.mark.usefixtures("small_pages")
async def test_every_order_that_changed_in_the_window_is_read(seller: Amazon) -> None:
    assert len(seller.truth()) > 70
    assert await seller.numbers() == seller.truth()
    assert len(seller.outcomes("searchOrders")) > 6


async def test_the_end_of_a_window_is_not_later_than_amazon_tells(seller: Amazon) -> None:
    """Two minutes: the sandbox refuses more, as Amazon does."""
    lag = amazon.STREAMS[ORDERS].lag
    assert await seller.numbers(Window(WEEK.start, NOW - lag)) != []
    with pytest.raises(Refused, match="InvalidInput"):
        await seller.numbers(Window(WEEK.start, NOW - lag + timedelta(seconds=10)))


@pytest.mark.usefixtures("small_pages")
async def test_rows_twice_and_out_of_order_are_each_read_once(seller: Amazon) -> None:
    seller.gateway.trouble.add(
        Fault("duplicate", times=2, method="searchOrders"),
        Fault("shuffle", detail="7", method="searchOrders"),
    )
    assert await seller.numbers() == seller.truth()


async def test_a_token_that_repeats_ends_the_reading(seller: Amazon) -> None:
    """As a mock does that is made from Amazon's own model."""
    page = json.dumps({"orders": [], "pagination": {"nextToken": "2YgYW55IGNhcm5hbCBwbGVhc3VyZS4"}})
    seller.gateway.trouble.add(Fault("garbage", detail=page, times=10, method="searchOrders"))
    with pytest.raises(Unreadable, match="read already"):
        await seller.numbers()
    assert len(seller.outcomes("searchOrders")) == 2


async def test_a_token_lasts_an_hour_and_is_asked_for_once_in_it(seller: Amazon) -> None:
    await seller.numbers()
    await seller.numbers()
    assert seller.outcomes("token") == ["ok"]
    seller.now += timedelta(minutes=59, seconds=30)
    await seller.numbers()
    assert seller.outcomes("token") == ["ok", "ok"]
    assert "Unauthorized" not in seller.outcomes()


async def test_a_token_that_is_refused_is_made_anew_once(seller: Amazon) -> None:
    await seller.numbers()
    seller.gateway.consents.tokens.clear()
    assert await seller.numbers() == seller.truth()
    assert seller.outcomes("token") == ["ok", "ok"]


@pytest.mark.parametrize(
    ("word", "kind"), [("invalid_grant", NotAuthorised), ("invalid_client", NotPermitted)]
)
async def test_a_consent_that_was_taken_back_stops_the_feed(
    seller: Amazon, word: str, kind: type[SourceError]
) -> None:
    if word == "invalid_grant":
        seller.gateway.consents.shops.clear()
    else:
        seller.source._calls._credential = Credential("", "other", "s", seller.consent)
    with pytest.raises(kind, match=word):
        await seller.numbers()
    assert len(seller.outcomes()) == 1


async def test_what_was_sent_and_has_not_changed_for_long_is_complete(seller: Amazon) -> None:
    """Amazon tells no end of an order: orders are looked at again when their time has come."""
    start = midnight(TODAY) - timedelta(days=6)
    window = Window(start, start + timedelta(days=1))
    rows = (await seller.source.read(ORDERS, window)).rows
    completed = {row["orderId"]: row for row in rows if "completedTime" in row}
    back = Window(window.start - COMPLETED_AFTER, window.end - COMPLETED_AFTER)
    changed = set(seller.truth(back))
    sent = {
        sale.number
        for _, sale in seller.gateway.books.sales(SHOP, NOW)
        if sale.number in changed and word_of(sale, NOW) == "SHIPPED"
    }
    assert set(completed) == sent
    assert len(sent) > 5
    assert {row["fulfillment"]["fulfillmentStatus"] for row in completed.values()} == {"SHIPPED"}


async def test_what_is_sent_for_another_shop_is_no_sale_here(seller: Amazon) -> None:
    rows = [
        {"orderId": "1", "lastUpdatedTime": "2026-11-12T00:00:00Z",
         "salesChannel": {"channelName": "NON_AMAZON"}},
        {"orderId": "2", "lastUpdatedTime": "2026-11-12T00:00:00Z",
         "salesChannel": {"channelName": "AMAZON"}},
    ]  # fmt: skip
    page = json.dumps({"orders": rows})
    seller.gateway.trouble.add(Fault("garbage", detail=page, method="searchOrders"))
    assert await seller.numbers() == ["2"]


async def test_an_application_that_is_not_let_in_yet_asks_the_old_way(seller: Amazon) -> None:
    seller.gateway.closed = {"searchOrders"}
    assert await seller.numbers() == seller.truth()
    row = (await seller.source.read(ORDERS, WEEK)).rows[0]
    whole = await seller.source.detail(ORDERS, row)
    assert whole["OrderItems"][0]["SellerSKU"].startswith("QH-")
    assert seller.outcomes("searchOrders") == ["Unauthorized"] * 2
    assert await seller.source.detail(ORDERS, {"orderId": "1"}) == {"orderId": "1"}


async def test_too_many_rows_are_asked_for_in_parts(
    seller: Amazon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(amazon, "MOST_ROWS", len(seller.truth()) - 1)
    with pytest.raises(WindowTooLarge):
        await seller.numbers()
    half = WEEK.halves()[0]
    assert await seller.numbers(half) == seller.truth(half)


DAYS = [TODAY - timedelta(days=number) for number in (3, 2, 1)]
SPAN = Window(midnight(DAYS[0]), midnight(TODAY))


async def test_visits_come_as_one_report_a_day(seller: Amazon) -> None:
    reading = await seller.source.read(TRAFFIC, SPAN)
    assert [row["day"] for row in reading.rows] == [day.isoformat() for day in DAYS]
    for row, day in zip(reading.rows, DAYS, strict=True):
        visitors, views = visits_of(SHOP, day, NOW)
        assert (row["trafficByDate"]["sessions"], row["trafficByDate"]["pageViews"]) == (
            visitors,
            views,
        )
        assert row["trafficByDate"]["buyBoxPercentage"] == Decimal("98.31")
    assert seller.outcomes("createReport") == ["ok"] * 3
    none = Window(midnight(TODAY) + timedelta(hours=1), midnight(TODAY) + timedelta(hours=2))
    assert (await seller.source.read(TRAFFIC, none)).rows == ()
    assert seller.outcomes("createReport") == ["ok"] * 3


async def test_a_report_that_takes_long_is_asked_for_once(
    seller: Amazon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.amazon.answers._MAKING", timedelta(minutes=3))
    with pytest.raises(TryLater, match="not ready yet"):
        await seller.source.read(TRAFFIC, SPAN)
    seller.now += timedelta(minutes=3)
    assert len((await seller.source.read(TRAFFIC, SPAN)).rows) == 3
    assert seller.outcomes("createReport") == ["ok"] * 3


async def test_a_day_without_any_visit_is_cancelled_and_has_no_row(
    seller: Amazon, monkeypatch: pytest.MonkeyPatch
) -> None:
    fates = {"50000": "DONE", "50001": "CANCELLED", "50002": "DONE"}
    monkeypatch.setattr(Report, "status", lambda self, _: fates[self.number])
    rows = (await seller.source.read(TRAFFIC, SPAN)).rows
    assert [row["day"] for row in rows] == [DAYS[0].isoformat(), DAYS[2].isoformat()]


async def test_a_report_that_was_not_made_is_asked_for_anew(
    seller: Amazon, monkeypatch: pytest.MonkeyPatch
) -> None:
    fates = {"50001": "FATAL"}
    monkeypatch.setattr(Report, "status", lambda self, _: fates.get(self.number, "DONE"))
    with pytest.raises(TryLater, match="was not made"):
        await seller.source.read(TRAFFIC, SPAN)
    assert len((await seller.source.read(TRAFFIC, SPAN)).rows) == 3
    assert seller.outcomes("createReport") == ["ok"] * 4


async def test_a_torn_document_is_never_an_empty_one(seller: Amazon) -> None:
    seller.gateway.trouble.add(
        Fault("garbage", detail="{}", method="file"), Fault("drop", method="file")
    )
    assert len((await seller.source.read(TRAFFIC, SPAN)).rows) == 3


async def test_stock_is_what_is_there_now_and_of_no_other_day(seller: Amazon) -> None:
    reading = await seller.source.read(STOCK, Window(midnight(TODAY), NOW))
    assert reading.days == (TODAY,)
    (row,) = reading.rows
    assert row["day"] == TODAY.isoformat()
    assert row["inventorySummaries"] == inventory_rows(SHOP, TODAY)
    assert len(seller.outcomes("getInventorySummaries")) == 3
    past = await seller.source.read(STOCK, SPAN)
    assert (past.rows, past.days) == ((), ())


async def test_amazons_own_counts_are_told_by_day(seller: Amazon) -> None:
    rows = await seller.source.metrics(SPAN)
    sales = [
        sale
        for _, sale in seller.gateway.books.sales(SHOP, NOW)
        if SPAN.start <= sale.created_at < SPAN.end
        and word_of(sale, NOW) not in {"PENDING", "CANCELLED"}
    ]
    assert sum(row["orderCount"] for row in rows) == len(sales) > 20
    goods = sum((line.paid for sale in sales for line in sale.lines), Decimal(0))
    assert sum(Decimal(row["totalSales"]["amount"]) for row in rows) == goods
    assert "granularityTimeZone=Asia/Shanghai" in seller.urls[-1].replace("%2F", "/")


@pytest.mark.parametrize(
    "fault",
    [
        Fault("busy"),
        Fault("garbage", detail="<html>"),
        Fault("garbage", detail="{}"),
        Fault("status", detail="429", seconds=3),
        Fault("status", detail="500"),
        Fault("drop"),
        Fault("drop", method="token"),
        Fault("garbage", detail="{}", method="token"),
    ],
    ids=str,
)
async def test_what_passes_is_waited_for(seller: Amazon, fault: Fault) -> None:
    seller.gateway.trouble.add(fault, fault)
    assert await seller.numbers() == seller.truth()
    assert seller.outcomes().count(fault.kind) == 2


@pytest.mark.parametrize(
    ("status", "document", "kind"),
    [
        (400, {"errors": [{"code": "InvalidInput", "message": "x"}]}, Refused),
        (404, {"errors": [{"code": "NotFound", "message": "x"}]}, Refused),
        (400, "<html>", Unreadable),
        (302, "", Unreadable),
        (403, {"errors": [{"code": "Unauthorized", "message": "x"}]}, NotPermitted),
        # A body that carries a payload beside its errors is an error all the same.
        (400, {"payload": {}, "errors": [{"code": "InvalidInput"}]}, Refused),
    ],
)
async def test_each_refusal_is_what_it_means(
    seller: Amazon, status: int, document: object, kind: type[SourceError]
) -> None:
    await seller.numbers()
    seller.source._only_old = True
    body = document if isinstance(document, str) else json.dumps(document)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            token = json.dumps({"access_token": "t", "expires_in": 60}).encode()
            return httpx.Response(200, stream=httpx.ByteStream(token))
        return httpx.Response(status, stream=httpx.ByteStream(body.encode()))

    seller.client._client._transport = httpx.MockTransport(answer)
    with pytest.raises(kind):
        await seller.numbers()
