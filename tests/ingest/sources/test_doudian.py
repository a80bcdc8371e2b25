"""Doudian is asked as its protocol wants: signed JSON, pages from 0, a new pair when one is out."""

import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import cast
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.accounts import APP_KEY, APP_SECRET
from sandbox.doudian import PATH, Gateway
from sandbox.doudian.tokens import first_pair, pair_of
from sandbox.faults import Fault
from sandbox.lives import first_day, midnight
from sandbox.shops import SHOP_OF
from sandbox.truth import books, total
from services.ingest.core.readers import doudian as reader
from services.ingest.sources import doudian, passes
from services.ingest.sources.doudian import (
    REPUTATION,
    DoudianSource,
    canonical,
    is_genuine,
    sign,
)
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
from services.ingest.sources.tokens import Ask, Tokens
from services.schema.shapes.facts import Rating
from services.schema.shapes.feeds import Known, Origin, Window
from tests.ingest.sources.places import (
    BASE,
    NOW,
    ORDERS,
    RATINGS,
    REFUNDS,
    Place,
    add_up,
    articles,
    saying,
)
from tests.sandbox.test_company import TODAY

SHOP = SHOP_OF["dy-qinghe"]
NOTHING = Known({}, {}, {})
PAIR = first_pair(SHOP.code)
WEEK = Window(NOW - timedelta(days=9, hours=12), NOW - timedelta(days=2, hours=12))
D1 = {
    "app_key": "6839996111111111111",
    "method": "order.searchList",
    "param_json": (
        '{"order_asc":true,"order_by":"update_time","page":0,"size":10,'
        '"update_time_end":1790001800,"update_time_start":1790000000}'
    ),
    "timestamp": "1790000100",
    "v": "2",
}


class Kept:
    """Keeps a pair for as long as the test lasts; how it is sealed is tested with the workers."""

    def __init__(self) -> None:
        self.pair = Tokens(PAIR.access, PAIR.refresh)

    async def read(self) -> Tokens:
        return self.pair

    async def renew(self, used: str, ask: Ask) -> Tokens:
        assert used == self.pair.access
        self.pair = await ask(self.pair.refresh)
        return self.pair


def credential(pairs: Kept) -> Credential:
    return Credential(
        BASE + PATH,
        APP_KEY,
        APP_SECRET,
        PAIR.access,
        refresh=PAIR.refresh,
        pairs=pairs,
    )


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def place(kept: Kept) -> Place:
    return Place(Gateway, DoudianSource, credential(kept))


def changed(place: Place, window: Window = WEEK) -> list[str]:
    return sorted(
        str(sale.id)
        for modified, sale in place.gateway.books.sales(SHOP, place.now)
        if window.start <= modified < window.end
    )


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ("hmac-sha256", "fd63a6f7d759a9c681db369ad4ba36ef9ea0f3e97e6816dbcf222d7473ce4445"),
        ("md5", "0bb6e8d926145fdff5a285b605540794"),
    ],
    ids=["D1", "D2"],
)
def test_signatures_are_those_of_the_protocol(way: str, expected: str) -> None:
    assert sign(D1, "helloworld", way) == expected
    params = {
        "size": 10,
        "page": 0,
        "update_time_start": 1790000000,
        "update_time_end": 1790001800,
        "order_by": "update_time",
        "order_asc": True,
    }
    assert canonical(params) == D1["param_json"]


def test_a_push_is_known_by_its_signature() -> None:
    """D3 of `marketplaces.md`."""
    body, signature = (
        b'[{"tag":"100","msg_id":"1","data":"{}"}]',
        "14f4c2bd44185bbd3bb242a54486cd8d",
    )
    assert is_genuine(body, signature, app_key=D1["app_key"], secret="helloworld")
    assert not is_genuine(body + b" ", signature, app_key=D1["app_key"], secret="helloworld")


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({}, "{}"),
        ({"size": 10.0, "rates": [{"of": -2.0}, 0.5]}, '{"rates":[{"of":-2},0.5],"size":10}'),
        ({"b": {"d": 1, "c": [{"z": 1, "y": 2}]}, "a": "订单 <&>"},
         '{"a":"订单 <&>","b":{"c":[{"y":2,"z":1}],"d":1}}'),
    ],
)  # fmt: skip
def test_json_is_sorted_however_deep_and_nothing_in_it_is_escaped(
    params: Mapping[str, object], text: str
) -> None:
    assert canonical(params) == text


async def test_pages_are_counted_from_nought_and_windows_touch_without_a_gap(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doudian, "PAGE_ROWS", 10)
    first, second = WEEK.halves()
    one = await place.read(ORDERS, first)
    pages = [json.loads(request.content)["page"] for request in place.asked]
    last = -(-len(one) // 10)
    assert {*pages} == {0}
    assert last > 1
    assert len(pages) <= 2 * last + 2
    two = await place.read(ORDERS, second)
    assert sorted([*one, *two]) == changed(place)
    assert {urlsplit(str(request.url)).path for request in place.asked} == {
        "/doudian/order/searchList"
    }


async def test_a_row_that_changes_while_pages_are_read_hides_no_other(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doudian, "PAGE_ROWS", 10)
    before = changed(place)
    place.gateway.trouble.add(Fault("move"))
    assert sorted(await place.read(ORDERS, WEEK)) == before
    assert len(set(before) - set(changed(place))) == 1


async def test_orders_of_more_than_ninety_days_ago_are_forgotten(place: Place) -> None:
    """Whatever changes of them: nothing older is asked for."""
    place.now = NOW + timedelta(days=60)
    tokens = cast("Gateway", place.gateway).tokens
    tokens.pairs[SHOP.code] = pair_of(SHOP.code, 0, place.now)
    window = Window(NOW - timedelta(days=40), NOW - timedelta(days=20))
    found = await place.read(ORDERS, window)
    assert set(found) < set(changed(place, window))
    assert doudian.STREAMS[ORDERS].reach == timedelta(days=90)


async def test_what_went_back_is_told_by_the_refund_alone(place: Place) -> None:
    window = Window(NOW - timedelta(days=30), NOW)
    rows = (await place.source.read(REFUNDS, window)).rows
    claims = {claim.id: claim for _, _, claim in place.gateway.books.claims(SHOP, NOW)}
    done = [row for row in rows if row["refund_status"] == 3]
    less = 0
    for row in done:
        assert reader.lacks_detail(REFUNDS, row, NOTHING)
        whole = await place.source.detail(REFUNDS, row)
        claim = claims[row["aftersale_id"]]
        assert whole["real_refund_amount"] == int(claim.amount * 100)
        assert whole["refund_time"] == int(claim.settled_at.timestamp())
        less += whole["real_refund_amount"] < whole["refund_amount"]
    # What the list says was only asked for.
    assert less > 0


async def test_all_rows_add_up_to_the_books(place: Place) -> None:
    """To the cent, over sixty days of orders and refunds."""
    start = NOW - timedelta(days=60)
    weeks = [
        Window(start + timedelta(days=7 * n), start + timedelta(days=7 * n + 7)) for n in range(9)
    ]
    found = await add_up(place, reader, Origin(SHOP.source, SHOP.code, articles()), *weeks)
    assert found == total(books(SHOP, first_day(TODAY), NOW))
    assert found.refunds > 5


async def test_the_score_of_the_day_is_asked_for_only_where_it_is_wanted(place: Place) -> None:
    assert RATINGS not in place.source.streams
    wanted = Credential(BASE + PATH, APP_KEY, APP_SECRET, PAIR.access, also=frozenset({REPUTATION}))
    told = Place(Gateway, DoudianSource, wanted)
    assert told.source.streams[RATINGS].reach <= timedelta(days=1)
    (row,) = (await told.source.read(RATINGS, Window(NOW - timedelta(hours=2), NOW))).rows
    fact = reader.read_fact(RATINGS, row, Origin(SHOP.source, SHOP.code, {}), NOTHING)
    assert isinstance(fact, Rating)
    # The 22nd: the scores are texts.
    assert (fact.id, fact.score, fact.scale) == ("2026-11-22", Decimal("4.86"), 5)
    assert (fact.score, fact.rated_at) == (Decimal(row["service_score"]), midnight(TODAY))
    # Of days that are over nobody tells.
    night = midnight(TODAY)
    gone = await told.source.read(RATINGS, Window(night - timedelta(days=1), night))
    assert (gone.rows, gone.days) == ((), ())
    assert [call.method for call in told.gateway.trouble.calls] == ["shop.reputation"]


async def test_a_token_that_has_run_out_is_renewed_and_the_new_pair_outlives_a_restart(
    place: Place, kept: Kept
) -> None:
    """A week and a fortnight: after eight days the pair of the consent opens nothing."""
    place.now = NOW + timedelta(days=8)
    assert sorted(await place.read(ORDERS, WEEK)) == changed(place)
    assert [call.method for call in place.gateway.trouble.calls] == [
        "order.searchList", "token.refresh", "order.searchList"
    ]  # fmt: skip
    # A program that is started again begins with the pair that was kept.
    place.now = NOW + timedelta(days=16)
    again = DoudianSource(
        cast("DoudianSource", place.source)._client,
        credential(kept),
        now=lambda: place.now,
    )
    assert len((await again.read(ORDERS, WEEK)).rows) == len(changed(place))
    tokens = [parse_qs(urlsplit(str(request.url)).query) for request in place.asked]
    assert [each.get("access_token", [""])[0] for each in tokens] == [
        PAIR.access, "", pair_of(SHOP.code, 1).access,
        pair_of(SHOP.code, 1).access, "", pair_of(SHOP.code, 2).access,
    ]  # fmt: skip


async def test_who_was_away_for_a_fortnight_has_to_sign_in_again(place: Place) -> None:
    place.now = NOW + timedelta(days=15)
    with pytest.raises(NotAuthorised, match=r"token.refresh is refused: code 40003"):
        await place.read(ORDERS, WEEK)
    assert len(place.asked) == 2


async def test_a_pair_that_is_renewed_too_early_is_the_same_and_asked_for_once(
    place: Place,
) -> None:
    """The marketplace says that the token is out, and gives it again: nobody goes round in it."""
    place.gateway.trouble.add(Fault("expired", times=9, method="order.searchList"))
    with pytest.raises(NotAuthorised):
        await place.read(ORDERS, WEEK)
    assert len(place.asked) == 3


async def test_without_a_second_token_a_shop_stops_until_somebody_signs_in() -> None:
    alone = Place(Gateway, DoudianSource, Credential(BASE + PATH, APP_KEY, APP_SECRET, PAIR.access))
    alone.now = NOW + timedelta(days=8)
    with pytest.raises(NotAuthorised, match=r"isv.access-token-expired"):
        await alone.read(ORDERS, WEEK)
    assert len(alone.asked) == 1


async def test_too_many_rows_are_asked_for_in_parts(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "MOST_ROWS", len(changed(place)) - 1)
    with pytest.raises(WindowTooLarge):
        await place.read(ORDERS, WEEK)
    assert sorted(await place.read(ORDERS, *WEEK.halves())) == changed(place)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("busy"),
        Fault("throttle", seconds=1),
        Fault("garbage", detail="<html>"),
        Fault("garbage", detail='{"code":10000,"data":null}'),
        Fault("garbage", detail='{"code":10000,"data":{"shop_order_list":[]}}'),
        Fault("garbage", detail='{"code":10000,"data":{"total":1,"shop_order_list":[]}}'),
        Fault("status", detail="502"),
        Fault("drop"),
        Fault("duplicate", times=2),
        Fault("shuffle", times=2, detail="s"),
    ],
    ids=str,
)
async def test_what_passes_is_waited_for(place: Place, fault: Fault) -> None:
    place.gateway.trouble.add(fault)
    assert sorted(await place.read(ORDERS, WEEK)) == changed(place)
    assert fault.kind in place.outcomes()


async def test_a_wrong_secret_is_refused_once(place: Place) -> None:
    wrong = Credential(BASE + PATH, APP_KEY, "wrong", PAIR.access)
    source = DoudianSource(
        cast("DoudianSource", place.source)._client, wrong, now=lambda: place.now
    )
    with pytest.raises(Refused, match="code 40001"):
        await source.read(ORDERS, WEEK)
    assert place.outcomes() == ["40001"]


@pytest.mark.parametrize(
    ("code", "sub_code", "kind"),
    [
        *((code, "", TryLater) for code in (20000, 20001, 60000, 90000)),
        (40003, "isv.access-token-expired", NotAuthorised),
        (40003, "isv.access-token-no-existed", NotAuthorised),
        (40003, "isv.other", Refused),
        (30001, "", NotPermitted),
        (30002, "", NotPermitted),
        *((code, "", Refused) for code in (40001, 40002, 40004, 50002, 12345)),
    ],
)
async def test_refusals_are_told_apart(code: int, sub_code: str, kind: type[SourceError]) -> None:
    body = json.dumps({"code": code, "msg": "x", "sub_code": sub_code, "data": None}).encode()
    source = DoudianSource(
        saying(body), Credential(BASE + PATH, APP_KEY, APP_SECRET, "a"), now=lambda: NOW
    )
    with pytest.raises(kind) as caught:
        await source.read(ORDERS, WEEK)
    assert isinstance(caught.value, kind)


async def test_another_status_is_nobodys_answer() -> None:
    source = DoudianSource(
        saying(b'{"code":10000}', 404),
        Credential(BASE + PATH, APP_KEY, APP_SECRET, "a"),
        now=lambda: NOW,
    )
    with pytest.raises(Unreadable):
        await source.read(ORDERS, WEEK)
