"""Shopify is asked as it wants: within its points, page by page, and history as one file."""

import asyncio
import json
from datetime import timedelta

import httpx
import pytest

from sandbox.faults import Fault
from sandbox.lives import midnight
from sandbox.shopify.rows import visits
from sandbox.shopify.schema import cost_of
from services.ingest.sources import shopify, shopify_documents
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
from services.ingest.sources.reading import Credential, Reading
from services.ingest.sources.shopify import STREAMS, ShopifySource, hosts_of
from services.schema.shapes.feeds import Window
from services.schema.words import FactKind
from tests.ingest.sources.shops_of_shopify import DAY, HISTORY, NOW, SHOP, Shopify
from tests.sandbox.test_company import TODAY

ORDERS, REFUNDS, TRAFFIC = FactKind.ORDERS, FactKind.REFUNDS, FactKind.TRAFFIC


@pytest.fixture
def shop() -> Shopify:
    return Shopify()


def test_only_the_shops_own_host_and_that_of_its_files_are_called() -> None:
    credential = Credential("https://qinghe.myshopify.com", "k", "s", "t")
    assert hosts_of(credential) == ("qinghe.myshopify.com", "storage.googleapis.com")
    evil = Credential("https://qinghe.myshopify.com.evil.example", "k", "s", "t")
    assert hosts_of(evil) == ("storage.googleapis.com",)


async def test_every_order_that_changed_in_the_window_is_read(shop: Shopify) -> None:
    assert len(shop.truth()) > 3 * shopify_documents.PAGE_ORDERS
    assert await shop.numbers() == shop.truth()
    assert shop.outcomes("Start") == []


async def test_windows_that_touch_share_no_row_and_miss_none(shop: Shopify) -> None:
    first, second = DAY.halves()
    halves = await shop.numbers(window=first) + await shop.numbers(window=second)
    assert sorted(halves) == shop.truth()


async def test_rows_that_leave_while_pages_are_read_hide_no_other(shop: Shopify) -> None:
    before = shop.truth()
    shop.gateway.trouble.add(*(Fault("move", method="Orders", after=n) for n in range(3)))
    assert set(await shop.numbers()) == set(before)
    assert len(shop.truth()) < len(before)


async def test_rows_twice_and_out_of_order_are_each_read_once(shop: Shopify) -> None:
    shop.gateway.trouble.add(
        Fault("duplicate", times=2, method="Orders"), Fault("shuffle", detail="7", method="Orders")
    )
    assert await shop.numbers() == shop.truth()


async def test_history_comes_as_one_file(shop: Shopify) -> None:
    """With the lines of each order behind it, and without a page being paid for."""
    reading = await shop.source.read(ORDERS, HISTORY)
    assert sorted(int(row["id"].rpartition("/")[2]) for row in reading.rows) == shop.truth(HISTORY)
    assert len(reading.rows) > 100
    assert all(row["lineItems"]["nodes"] for row in reading.rows)
    assert shop.outcomes("Orders") == []
    assert shop.outcomes("Start") == ["ok"]
    assert len(shop.outcomes("Look")) == 2
    by_page = {row["id"]: row for row in (await shop.source.read(ORDERS, _day_of(HISTORY))).rows}
    by_file = {row["id"]: row for row in reading.rows}
    lines = [
        [sorted(line["id"] for line in rows[name]["lineItems"]["nodes"]) for name in by_page]
        for rows in (by_page, by_file)
    ]
    assert lines[0] == lines[1]


def _day_of(window: Window) -> Window:
    return Window(window.start, window.start + timedelta(days=1))


async def test_an_empty_history_has_no_file(shop: Shopify) -> None:
    start = NOW + timedelta(days=1)
    reading = await shop.source.read(ORDERS, Window(start, start + timedelta(days=9)))
    assert reading.rows == ()
    assert shop.outcomes("file") == []


async def test_a_file_that_takes_long_is_asked_for_once(
    shop: Shopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meanwhile the window has grown: what was begun is finished, and is a reading of its own."""
    monkeypatch.setattr("sandbox.shopify.answers._MAKING", timedelta(seconds=70))
    with pytest.raises(TryLater, match="not ready yet"):
        await shop.source.read(ORDERS, HISTORY)
    grown = Window(HISTORY.start, HISTORY.end + timedelta(hours=9))
    shop.now += timedelta(seconds=60)
    reading = await shop.source.read(ORDERS, grown)
    assert reading.until == HISTORY.end
    found = sorted(int(row["id"].rpartition("/")[2]) for row in reading.rows)
    assert found == shop.truth(HISTORY)
    assert shop.outcomes("Start") == ["ok"]


@pytest.mark.parametrize(
    ("code", "kind"), [("TIMEOUT", WindowTooLarge), ("INTERNAL_SERVER_ERROR", TryLater)]
)
async def test_a_file_that_fails_is_asked_for_anew(
    shop: Shopify, code: str, kind: type[SourceError]
) -> None:
    await shop.source.read(ORDERS, DAY)
    shop.gateway.ledgers[SHOP.code].fails = code
    with pytest.raises(kind):
        await shop.source.read(ORDERS, HISTORY)
    assert await shop.numbers(window=HISTORY) == shop.truth(HISTORY)
    assert shop.outcomes("Start") == ["ok", "ok"]


async def test_who_looks_for_a_file_asks_for_no_other_when_somebody_gives_it_up(
    shop: Shopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attempt that has lost its lease reads beside the one that came after it."""
    await shop.source.read(ORDERS, DAY)
    monkeypatch.setattr("sandbox.shopify.answers._MAKING", timedelta(seconds=20))

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(0)
        await shop.sleep(seconds)
        if len(shop.outcomes("Look")) == 2:
            shop.gateway.ledgers[SHOP.code].fails = "INTERNAL_SERVER_ERROR"

    monkeypatch.setattr(shop.pace, "_sleep", sleep)
    reads = (shop.source.read(ORDERS, HISTORY) for _ in range(2))
    failed, found = await asyncio.gather(*reads, return_exceptions=True)
    assert isinstance(failed, TryLater)
    assert isinstance(found, Reading)
    assert len(found.rows) == len(shop.truth(HISTORY))
    assert {*shop.outcomes("Start"), *shop.outcomes("Look")} == {"ok"}


async def test_somebody_elses_file_is_waited_for(
    shop: Shopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.shopify.answers._MAKING", timedelta(seconds=20))
    other = ShopifySource(shop.source._client, shop.source._credential, now=lambda: shop.now)
    monkeypatch.setattr("services.ingest.sources.client.LONGEST_WAIT_SECONDS", 0)
    with pytest.raises(TryLater):
        await other.read(ORDERS, HISTORY)
    monkeypatch.setattr("services.ingest.sources.client.LONGEST_WAIT_SECONDS", 60)
    assert await shop.numbers(window=HISTORY) == shop.truth(HISTORY)


async def test_too_many_rows_are_asked_for_in_parts(
    shop: Shopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    for window in (DAY, HISTORY):
        monkeypatch.setattr(shopify, "MOST_ROWS", len(shop.truth(window)) - 1)
        with pytest.raises(WindowTooLarge):
            await shop.source.read(ORDERS, window)
        monkeypatch.setattr(shopify, "MOST_ROWS", len(shop.truth(window)))
        assert await shop.numbers(window=window) == shop.truth(window)


async def test_lines_that_do_not_fit_on_the_page_are_read_on(
    shop: Shopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shopify_documents, "PAGE_LINES", 1)
    rows = (await shop.source.read(ORDERS, DAY)).rows
    long = next(row for row in rows if row["lineItems"]["pageInfo"]["hasNextPage"])
    monkeypatch.setattr(
        shopify_documents, "MORE_LINES", shopify_documents.MORE_LINES.replace("100", "1")
    )
    whole = await shop.source.detail(ORDERS, long)
    sale = shop.gateway.books.sale(SHOP, int(long["id"].rpartition("/")[2]), shop.now)
    assert sale is not None
    assert [line["id"].rpartition("/")[2] for line in whole["lineItems"]["nodes"]] == [
        str(line.id) for line in sale.lines
    ]
    assert not whole["lineItems"]["pageInfo"]["hasNextPage"]


@pytest.mark.parametrize("bulk_from", [timedelta(days=99), timedelta(days=1)])
async def test_refunds_are_those_of_the_orders_that_changed(
    shop: Shopify, monkeypatch: pytest.MonkeyPatch, bulk_from: timedelta
) -> None:
    monkeypatch.setattr(shopify, "BULK_FROM", bulk_from)
    window = HISTORY
    expected = sorted(
        int(claim.id)
        for modified, sale in shop.gateway.books.sales(SHOP, NOW)
        if window.start <= modified < window.end
        for claim in sale.claims
        if claim.succeeded_by(NOW)
    )
    assert await shop.numbers(REFUNDS, window) == expected
    assert expected
    row = (await shop.source.read(REFUNDS, window)).rows[0]
    whole = await shop.source.detail(REFUNDS, row)
    assert whole["refundLineItems"]["nodes"][0]["restockType"] in {"RETURN", "NO_RESTOCK"}
    assert whole["order"] == row["order"]


async def test_the_points_are_waited_for_before_they_are_short(shop: Shopify) -> None:
    await shop.source.read(ORDERS, Window(NOW, NOW + timedelta(hours=1)))
    shop.spend(900)
    assert await shop.numbers() == shop.truth()
    assert "THROTTLED" not in shop.outcomes()
    assert shop.slept


@pytest.mark.parametrize("status", [200, 429])
async def test_a_question_that_was_throttled_is_asked_again_when_it_is_paid_for(
    shop: Shopify, status: int
) -> None:
    """With status 200 or 429: the wait is what is missing by what comes back in a second."""
    shop.gateway.throttled_status = status
    await shop.source.read(ORDERS, Window(NOW, NOW + timedelta(hours=1)))
    shop.spend(22)
    await shop.numbers(window=Window(NOW, NOW + timedelta(hours=1)))
    assert shop.outcomes("Orders").count("THROTTLED") >= 1
    assert shop.outcomes("Orders")[-1] == "ok"
    assert shop.slept
    if status == 200:
        # A clock of whole points may be a hair behind ours.
        assert shop.outcomes("Orders").count("THROTTLED") <= 2
        assert 7 <= sum(shop.slept) <= 10


@pytest.mark.parametrize(
    ("make", "first"),
    [
        (lambda: shopify_documents.orders_page(()), shopify_documents.PAGE_ORDERS),
        (shopify_documents.refunds_page, shopify_documents.PAGE_ORDERS),
        (lambda: shopify_documents.MORE_LINES, 0),
        (lambda: shopify_documents.RETURNED, 0),
        (shopify_documents.shelves_page, shopify_documents.PAGE_SHELVES),
        (lambda: shopify_documents.MORE_PLACES, 0),
    ],
)
def test_no_question_costs_more_than_may_be_asked_at_once(make: object, first: int) -> None:
    from graphql import parse  # noqa: PLC0415  only here

    document = parse(make())  # type: ignore[operator]  # it makes a document
    assert cost_of(document, {"first": first}) <= 1000


@pytest.mark.parametrize("window", [DAY, HISTORY], ids=["pages", "file"])
async def test_what_an_application_may_not_see_is_left_out(shop: Shopify, window: Window) -> None:
    shop.gateway.tokens.scopes -= {"read_users", "read_customers"}
    rows = (await shop.source.read(ORDERS, _day_of(DAY))).rows
    assert all("staffMember" not in row and "customer" not in row for row in rows)
    assert await shop.numbers(window=window) == shop.truth(window)
    before = len(shop.outcomes("Orders"))
    await shop.source.read(ORDERS, Window(NOW, NOW + timedelta(hours=1)))
    assert len(shop.outcomes("Orders")) == before + 1


async def test_older_orders_are_asked_for_only_where_they_are_shown(shop: Shopify) -> None:
    """Without the scope Shopify shows none and says nothing: no day of them may count as read."""
    old = Window(NOW - timedelta(days=70), NOW - timedelta(days=69))
    assert await shop.numbers(window=old) == shop.truth(old)
    shop.gateway.tokens.scopes -= {"read_all_orders"}
    with pytest.raises(NotPermitted, match="read_all_orders"):
        await shop.source.read(ORDERS, old)
    edge = Window(NOW - timedelta(days=60), NOW - timedelta(days=59))
    await shop.source.read(ORDERS, edge)
    assert STREAMS[ORDERS].reach == timedelta(days=60)


async def test_visits_are_asked_for_by_days_that_are_over(shop: Shopify) -> None:
    window = Window(midnight(TODAY) - timedelta(days=3, hours=2), midnight(TODAY))
    reading = await shop.source.read(TRAFFIC, window)
    days = [TODAY - timedelta(days=number) for number in (4, 3, 2, 1)]
    expected = [{**visits(SHOP, day, NOW), "readAt": "2026-11-22T04:00:00Z"} for day in days]
    assert list(reading.rows) == expected
    none = Window(midnight(TODAY) + timedelta(hours=1), midnight(TODAY) + timedelta(hours=2))
    calls = len(shop.outcomes())
    assert (await shop.source.read(TRAFFIC, none)).rows == ()
    assert len(shop.outcomes()) == calls


async def test_a_table_of_lists_is_read_by_its_columns(shop: Shopify) -> None:
    from services.ingest.sources.shopify_answers import rows_of_table  # noqa: PLC0415  only here

    table = {"columns": [{"name": "day"}, {"name": "pageviews"}], "rows": [["2026-11-01", 7]]}
    assert rows_of_table({"shopifyqlQuery": {"parseErrors": [], "tableData": table}}) == [
        {"day": "2026-11-01", "pageviews": 7}
    ]
    with pytest.raises(Refused, match="cannot read"):
        rows_of_table({"shopifyqlQuery": {"parseErrors": ["no such column"], "tableData": None}})


@pytest.mark.parametrize(
    "fault",
    [
        Fault("busy"),
        Fault("throttle"),
        Fault("garbage", detail="<html>"),
        Fault("garbage", detail="{}"),
        Fault("garbage", detail='{"data": {"orders": {"nodes": []}}}'),
        Fault("garbage", detail='{"data": null}'),
        Fault("status", detail="429", seconds=3),
        Fault("status", detail="503"),
        Fault("status", detail="423"),
        Fault("drop"),
    ],
    ids=str,
)
async def test_what_passes_is_waited_for(shop: Shopify, fault: Fault) -> None:
    shop.gateway.trouble.add(fault, fault)
    assert await shop.numbers() == shop.truth()
    assert shop.outcomes().count(fault.kind) == 2


async def test_a_file_comes_through_the_same_troubles(shop: Shopify) -> None:
    shop.gateway.trouble.add(
        *(Fault("busy", method=name) for name in ("Start", "Look")),
        *(Fault("garbage", detail="{}", method=name) for name in ("Start", "Look", "file")),
        Fault("drop", method="Start"),
    )
    assert await shop.numbers(window=HISTORY) == shop.truth(HISTORY)


async def test_a_torn_file_is_never_a_short_one(shop: Shopify) -> None:
    torn = Fault("garbage", method="file", detail='{"id":"gid://shopify/Order/1"}\n{"id":"gi')
    orphan = Fault("garbage", method="file", detail='{"id":"a","__parentId":"b"}')
    empty = Fault("garbage", method="file", detail="\n")
    shop.gateway.trouble.add(torn, orphan, empty)
    assert await shop.numbers(window=HISTORY) == shop.truth(HISTORY)


async def test_a_token_that_was_taken_away_stops_the_feed(shop: Shopify) -> None:
    shop.gateway.trouble.add(Fault("expired"))
    with pytest.raises(NotAuthorised):
        await shop.source.read(ORDERS, DAY)
    assert len(shop.outcomes()) == 1


@pytest.mark.parametrize(
    ("status", "document", "kind"),
    [
        (402, {}, NotAuthorised),
        (403, {}, NotPermitted),
        (404, {"errors": "Not Found"}, Refused),
        (302, {}, Unreadable),
        (200, {"errors": "a text"}, Refused),
        (200, {"errors": [{"message": "x", "extensions": {"code": "MAX_COST_EXCEEDED"}}]}, Refused),
        (200, {"errors": [{"message": "x", "extensions": {"code": "SHOP_INACTIVE"}}]},
         NotAuthorised),
        (200, {"errors": [{"message": "x", "path": ["orders"],
                           "extensions": {"code": "ACCESS_DENIED"}}]}, NotPermitted),
        (200, {"data": {"orders": {"nodes": [{"id": "1"}], "pageInfo": {}}}}, Unreadable),
    ],
)  # fmt: skip
async def test_each_refusal_is_what_it_means(
    status: int, document: object, kind: type[SourceError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ingest.sources.client.ATTEMPTS", 1)

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, stream=httpx.ByteStream(json.dumps(document).encode()))

    async def no_sleep(_: float) -> None: ...

    client = Client(
        [],
        Pace(100, sleep=no_sleep),
        now=lambda: NOW,
        sandbox=["shop.test:8100"],
        transport=httpx.MockTransport(answer),
    )
    credential = Credential("http://shop.test:8100", "k", "s", "t")
    with pytest.raises(kind):
        await ShopifySource(client, credential, now=lambda: NOW).read(ORDERS, DAY)
