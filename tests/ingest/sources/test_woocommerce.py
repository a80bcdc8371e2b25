"""A WooCommerce site is asked as it wants: signed, by windows of change, until quiet."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from sandbox.books import Books
from sandbox.faults import Fault
from sandbox.sales import Sale
from sandbox.shops import Shop
from sandbox.woocommerce.rows import order_row
from services.ingest.sources import passes, woocommerce
from services.ingest.sources.client import Answer, Client, Pace
from services.ingest.sources.errors import (
    NotAuthorised,
    NotPermitted,
    Refused,
    SourceError,
    TryLater,
    Unreadable,
    WindowTooLarge,
)
from services.ingest.sources.passes import MOST_PASSES, PASSES_A_PAGE
from services.ingest.sources.reading import Credential, Row
from services.ingest.sources.woocommerce import WooCommerceSource, hosts_of, sign
from services.schema.shapes.feeds import Window
from services.schema.words import FactKind
from tests.ingest.sources.sites_of_woocommerce import DAY, NOW, SHOP, Site

ORDERS, REFUNDS, RATINGS = FactKind.ORDERS, FactKind.REFUNDS, FactKind.RATINGS


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(monkeypatch)


def test_the_signature_is_that_of_the_protocol() -> None:
    """W1 of `marketplaces.md`."""
    params = {
        "modified_after": "2026-11-01T00:00:00",
        "oauth_consumer_key": "ck_x",
        "oauth_nonce": "64b49e045f613f2d57e5b79b24323acd863fad00",
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": "1795310731",
        "per_page": "100",
    }
    url = "http://127.0.0.1:4022/wp-json/wc/v3/orders"
    assert sign("GET", url, params, "cs_y") == "Nv2IWSjj1GioDmL/nCojhzD30+qM6dsGSq92i9C0wVw="


def test_only_the_site_itself_is_called() -> None:
    credential = Credential("https://shop.example.com/store", "ck", "cs", "")
    assert hosts_of(credential) == ("shop.example.com",)


async def test_over_tls_the_key_goes_along() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, headers={"X-WP-Total": "0"}, stream=httpx.ByteStream(b"[]"))

    credential = Credential("https://shop.example.com/store/", "ck", "cs", "")
    client = Client(
        hosts_of(credential), Pace(100), now=lambda: NOW, transport=httpx.MockTransport(answer)
    )
    source = WooCommerceSource(client, credential, now=lambda: NOW)
    assert (await source.read(ORDERS, DAY)).rows == ()
    assert seen[0].headers["Authorization"] == f"Basic {base64.b64encode(b'ck:cs').decode()}"
    assert seen[0].url.path == "/store/wp-json/wc/v3/orders"
    assert "oauth" not in str(seen[0].url)


async def test_every_order_that_changed_in_the_window_is_read(site: Site) -> None:
    assert len(site.truth()) > 3 * woocommerce.PAGE_ROWS
    assert await site.numbers() == site.truth()


async def test_a_site_is_asked_for_no_more_than_is_read(site: Site) -> None:
    """Whose name, address and telephone an order holds need not even leave the site."""
    week = Window(DAY.start - timedelta(days=3), DAY.end)
    orders = (await site.source.read(ORDERS, week)).rows
    whole = order_row(next(site.gateway.books.sales(SHOP, NOW))[1], NOW, NOW)
    left_out = {"billing", "total_tax"} | {name for name in whole if "date" in name} - {
        f"date_{what}_gmt" for what in ("created", "modified", "paid", "completed")
    }
    assert {name for row in orders for name in row} == whole.keys() - left_out
    seen = set[str]()
    read = woocommerce._counted

    def note(answer: Answer) -> tuple[list[Row], int]:
        rows, total = read(answer)
        seen.update(name for row in rows for name in row)
        return rows, total

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(woocommerce, "_counted", note)
        assert (await site.source.read(REFUNDS, week)).rows
    assert seen == {"id", "date_modified_gmt", "refunds"}


async def test_windows_that_touch_share_no_row_and_miss_none(site: Site) -> None:
    first, second = DAY.halves()
    edge = replace(DAY, end=first.end)
    halves = await site.numbers(window=edge) + await site.numbers(window=second)
    assert sorted(halves) == site.truth()


async def test_a_row_that_leaves_while_pages_are_read_hides_no_other(site: Site) -> None:
    """The page's first order changes now: everything behind it moves a place forward."""
    before = site.truth()
    site.gateway.trouble.add(Fault("move", method="orders"))
    found = await site.numbers()
    moved = set(before) - set(site.truth())
    assert len(moved) == 1
    assert set(found) == set(before)


async def test_orders_of_one_date_are_each_read_without_more_ado(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a shop brought its orders along from another one: by date they have no order."""
    sales = Books.sales

    def at_once(books: Books, shop: Shop, at: datetime) -> Iterator[tuple[datetime, Sale]]:
        for modified, sale in sales(books, shop, at):
            yield modified, replace(sale, created_at=DAY.start)

    monkeypatch.setattr(Books, "sales", at_once)
    assert await site.numbers() == site.truth()
    assert {*site.pages} == {"1"}


def twice(rows: int) -> list[str]:
    """The pages of two passes, which is all that a quiet list needs."""
    pages = -(-rows // woocommerce.PAGE_ROWS)
    assert rows % woocommerce.PAGE_ROWS != 1
    return [str(page) for page in range(1, pages + 1)] * 2


async def test_a_review_that_comes_late_stands_at_the_end_and_costs_no_pass(site: Site) -> None:
    wide = Window(DAY.start - timedelta(hours=32), DAY.end + timedelta(hours=16))
    numbers = {
        review.line.id * 10 + 1: sale.id
        for sale, review in site.gateway.books.reviews(SHOP, NOW)
        if wide.start < review.created_at < wide.end
    }
    site.gateway.books.held.add(numbers[max(numbers)])
    site.gateway.trouble.add(Fault("late", detail=str(numbers[max(numbers)])))
    await site.numbers(RATINGS)
    assert site.gateway.trouble.calls[0].outcome == "late"
    assert site.pages == twice(len(numbers))


async def test_a_window_that_is_not_quiet_is_cut_until_its_parts_have_a_page_each(
    site: Site,
) -> None:
    """Each page loses its first order, as soon as it was told."""
    before = set(site.truth())
    site.gateway.trouble.add(Fault("move", times=1000, method="orders"))
    found = set(await site.numbers())
    assert set(site.truth()) <= found <= before
    assert len(before - set(site.truth())) > MOST_PASSES


async def test_a_window_that_never_settles_is_left_to_the_schedule() -> None:
    """A page that keeps losing rows is never taken for the whole."""
    row = {"id": 1, "date_modified_gmt": "2026-11-17T00:00:00"}
    source = source_saying(lambda _: ([row], 102))
    most = MOST_PASSES + 2 * PASSES_A_PAGE
    with pytest.raises(TryLater, match=f"not quiet after {most} passes"):
        await source.read(ORDERS, DAY)


async def test_copies_of_a_site_that_disagree_hide_nothing_that_the_count_knows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The copy that counts, and has even pages, lacks the third order: the seventh is hidden."""
    monkeypatch.setattr(woocommerce, "PAGE_ROWS", 2)
    asked: list[int] = []

    def say(params: Mapping[str, str]) -> tuple[list[Row], int]:
        page, is_counted = int(params["page"]), bool(asked) and params["page"] != "1"
        asked.append(page)
        rows: list[Row] = [
            {"id": n, "date_modified_gmt": _after(n)}
            for n in range(1, 10)
            if params["modified_after"] < _after(n) < params["modified_before"]
            and (n != 3 or (is_counted and page % 2))
        ]
        return rows[2 * page - 2 : 2 * page], len(rows)

    def _after(hours: int) -> str:
        return (DAY.start + timedelta(hours=hours)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")

    found = (await source_saying(say).read(ORDERS, DAY)).rows
    assert sorted(row["id"] for row in found) == [1, 2, 4, 5, 6, 7, 8, 9]
    assert len(asked) < 20


async def test_rows_twice_and_out_of_order_are_each_read_once(site: Site) -> None:
    site.gateway.trouble.add(Fault("duplicate", times=2), Fault("shuffle", detail="7"))
    assert await site.numbers() == site.truth()


async def test_refunds_are_those_of_the_orders_that_changed(site: Site) -> None:
    week = Window(DAY.start - timedelta(days=3), DAY.end)
    expected = sorted(
        int(claim.id)
        for modified, sale in site.gateway.books.sales(SHOP, NOW)
        if week.start <= modified < week.end
        for claim in sale.claims
        if claim.succeeded_by(NOW)
    )
    reading = await site.source.read(REFUNDS, week)
    assert sorted(row["id"] for row in reading.rows) == expected
    assert len(expected) > 5
    whole = await site.source.detail(REFUNDS, reading.rows[0])
    assert whole["amount"] == str(reading.rows[0]["total"]).removeprefix("-")
    assert whole["order_id"] == reading.rows[0]["order_id"]


async def test_reviews_are_asked_for_by_the_sites_own_clock(site: Site) -> None:
    """Eight hours ahead of Greenwich: at the edges of a window they must not be lost."""
    expected = sorted(
        review.line.id * 10 + 1
        for _, review in site.gateway.books.reviews(SHOP, NOW)
        if DAY.start <= review.created_at < DAY.end
    )
    assert await site.numbers(RATINGS) == expected
    assert expected


async def test_a_review_of_nought_is_words_alone(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = await site.numbers(RATINGS)
    monkeypatch.setattr("sandbox.woocommerce.rows._SCORES", {"good": 5, "neutral": 0, "bad": 0})
    found = (await site.source.read(RATINGS, DAY)).rows
    assert {row["rating"] for row in found} == {5}
    assert 0 < len(found) < len(every)


async def test_too_many_rows_are_asked_for_in_parts(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "MOST_ROWS", len(site.truth()) - 1)
    with pytest.raises(WindowTooLarge):
        await site.numbers()
    monkeypatch.setattr(passes, "MOST_ROWS", len(site.truth()))
    assert await site.numbers() == site.truth()


@pytest.mark.parametrize(
    "fault",
    [
        Fault("busy"),
        Fault("throttle", seconds=3),
        Fault("garbage", detail="<html>"),
        Fault("garbage", detail='{"code": 1}'),
        Fault("status", detail="429", seconds=3),
        Fault("drop"),
    ],
    ids=str,
)
async def test_what_passes_is_waited_for(site: Site, fault: Fault) -> None:
    site.gateway.trouble.add(fault)
    assert await site.numbers() == site.truth()
    assert fault.kind in {call.outcome for call in site.gateway.trouble.calls}


async def test_a_key_that_was_taken_away_stops_the_feed(site: Site) -> None:
    site.gateway.trouble.add(Fault("expired"))
    with pytest.raises(NotAuthorised, match="401 woocommerce_rest_cannot_view"):
        await site.numbers()


def source_saying(
    say: Callable[[Mapping[str, str]], tuple[list[Row], int]],
) -> WooCommerceSource:
    """A site that says to each question some rows, and how many there are."""

    def answer(request: httpx.Request) -> httpx.Response:
        rows, total = say(request.url.params)
        stream = httpx.ByteStream(json.dumps(rows).encode())
        return httpx.Response(200, headers={"X-WP-Total": str(total)}, stream=stream)

    client = Client(
        [],
        Pace(10_000),
        now=lambda: NOW,
        sandbox=["site.test:8100"],
        transport=httpx.MockTransport(answer),
    )
    credential = Credential("http://site.test:8100", "ck", "cs", "")
    return WooCommerceSource(client, credential, now=lambda: NOW)


def said(status: int, document: object) -> Callable[[httpx.Request], httpx.Response]:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return lambda _: httpx.Response(status, stream=httpx.ByteStream(body))


@pytest.mark.parametrize(
    ("status", "document", "kind"),
    [
        (403, {"code": "woocommerce_rest_cannot_view"}, NotPermitted),
        (403, b"<html>shield</html>", TryLater),
        (400, {"code": "rest_invalid_param"}, Refused),
        (404, b"<html>nothing here</html>", Unreadable),
        (200, {"code": "x"}, Unreadable),
        (302, b"", Unreadable),
    ],
)
async def test_each_refusal_is_what_it_means(
    status: int, document: object, kind: type[SourceError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ingest.sources.client.ATTEMPTS", 1)
    client = Client(
        [],
        Pace(100),
        now=lambda: NOW,
        sandbox=["site.test:8100"],
        transport=httpx.MockTransport(said(status, document)),
    )
    credential = Credential("http://site.test:8100", "ck", "cs", "")
    source = WooCommerceSource(client, credential, now=lambda: NOW)
    with pytest.raises(kind):
        await source.read(ORDERS, DAY)
