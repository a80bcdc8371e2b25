"""JD is asked as its protocol wants: one signed JSON text, pages as texts, and never fooled."""

import json
from datetime import UTC, timedelta
from typing import Any, cast
from urllib.parse import parse_qs

import httpx
import pytest

from sandbox.accounts import APP_KEY, APP_SECRET, session_of
from sandbox.faults import Fault
from sandbox.jd import PATH, Gateway
from sandbox.jd.rows import is_cancelled
from sandbox.lives import first_day
from sandbox.shops import SHOP_OF
from sandbox.truth import books, total
from services.ingest.core.readers import jd as reader
from services.ingest.sources import jd, passes
from services.ingest.sources.errors import (
    NotAuthorised,
    NotPermitted,
    Refused,
    SourceError,
    TryLater,
    Unreadable,
    WindowTooLarge,
)
from services.ingest.sources.jd import SALESPEOPLE, STREAMS, JdSource
from services.ingest.sources.reading import Credential
from services.ingest.sources.signing import sign_md5
from services.schema.shapes.feeds import Known, Origin, Window
from tests.ingest.sources.places import (
    BASE,
    NOW,
    ORDERS,
    REFUNDS,
    Place,
    add_up,
    articles,
    saying,
)
from tests.sandbox.test_company import TODAY

SHOP = SHOP_OF["jd-qinghe"]
CREDENTIAL = Credential(BASE + PATH, APP_KEY, APP_SECRET, session_of(SHOP.code))
WEEK = Window(NOW - timedelta(days=9, hours=12), NOW - timedelta(days=2, hours=12))

J1 = (
    '{"end_date":null,"optional_fields":null,"order_state":"WAIT_SELLER_STOCK_OUT","page":"1",'
    '"page_size":"200","start_date":null}'
)
J2 = (
    '{"dateType":0,"end_date":"2026-11-02 00:00:00","optional_fields":"orderId,orderState,'
    'actualPay,modified,itemInfoList","order_state":"WAIT_SELLER_STOCK_OUT,'
    'WAIT_GOODS_RECEIVE_CONFIRM,FINISHED_L,TRADE_CANCELED","page":"1","page_size":"100",'
    '"sortType":0,"source_id":"JOS","start_date":"2026-11-01 00:00:00"}'
)


@pytest.fixture
def place() -> Place:
    return Place(Gateway, JdSource, CREDENTIAL)


def changed(place: Place, window: Window = WEEK) -> list[str]:
    return sorted(
        str(sale.id)
        for modified, sale in place.gateway.books.sales(SHOP, place.now)
        if window.start <= modified <= window.end
    )


def asked(place: Place) -> list[dict[str, Any]]:
    forms = [parse_qs(request.content.decode()) for request in place.asked]
    return [json.loads(form["360buy_param_json"][0]) for form in forms]


@pytest.mark.parametrize(
    ("document", "timestamp", "expected"),
    [
        (J1, "2021-05-07 09:20:39.683+0800", "D70825340F4084360B9362B60DFD7930"),
        (J2, "2026-11-02 00:05:00", "2131600E11500041AA97F7B1F85F1E40"),
    ],
    ids=["J1", "J2"],
)
def test_signatures_are_those_of_the_protocol(document: str, timestamp: str, expected: str) -> None:
    params = {
        "360buy_param_json": document,
        "access_token": "yourtoken",
        "app_key": "yourappkey",
        "method": "jingdong.pop.order.search",
        "timestamp": timestamp,
        "v": "2.0",
    }
    assert sign_md5(params, "yourappSecret") == expected


async def test_every_order_that_changed_is_read_whatever_its_state(place: Place) -> None:
    found = await place.read(ORDERS, WEEK)
    assert sorted(found) == changed(place)
    assert len(found) > 20
    states = {cast("dict[str, Any]", row)["orderState"] for row in found.values()}
    # Its states come in two languages.
    assert {"TRADE_CANCELED", "FINISHED_L", "WanCheng"} <= states


async def test_what_somebody_looks_at_or_sends_back_is_told_too(place: Place) -> None:
    """A state that is not asked for is not told of; wherever the clock stands, China's zone is."""
    now = place.now.astimezone(UTC)
    place.now, place.gateway.books.busier = now, 9
    week = Window(now - timedelta(days=5), now)
    found = await place.read(ORDERS, week)
    assert sorted(found) == changed(place, week)
    states = {cast("dict[str, Any]", row)["orderState"] for row in found.values()}
    assert {"PAUSE", "POP_ORDER_PAUSE", "LOCKED"} <= states
    assert {"DELIVERY_RETURN", "PeiSongTuiHuo"} & states


async def test_pages_are_texts_and_a_window_of_several_is_cut(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jd, "PAGE_ROWS", 10)
    found = await place.read(ORDERS, WEEK)
    assert sorted(found) == changed(place)
    pages = [params["page"] for params in asked(place)]
    last = -(-len(found) // 10)
    assert {*pages} == {"1"}
    assert last > 2
    assert len(pages) <= 2 * last + 2


async def test_a_row_that_changes_while_pages_are_read_hides_no_other(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jd, "PAGE_ROWS", 10)
    before = changed(place)
    place.gateway.trouble.add(Fault("move"))
    found = await place.read(ORDERS, WEEK)
    assert len(set(before) - set(changed(place))) == 1
    assert sorted(found) == before


async def test_nothing_that_names_a_buyer_is_asked_for_and_who_sold_only_if_wanted(
    place: Place,
) -> None:
    for row in (await place.read(ORDERS, WEEK)).values():
        written = json.dumps(row, ensure_ascii=False, default=str)
        for word in ("买家的名字", "13800138000", "收货人", "salesPin"):
            assert word not in written
    also = Credential(*_four(CREDENTIAL), also=frozenset({SALESPEOPLE}))
    told = Place(Gateway, JdSource, also)
    rows = (await told.read(ORDERS, WEEK)).values()
    assert any(cast("dict[str, Any]", row)["salesPin"] for row in rows)


def _four(credential: Credential) -> tuple[str | None, str, str, str]:
    return credential.gateway, credential.app_key, credential.secret, credential.session


async def test_refunds_come_from_both_lists_by_request_and_by_consent(place: Place) -> None:
    window = Window(NOW - timedelta(days=56), NOW)
    expected = sorted(
        f"{'cancel' if is_cancelled(sale) else 'return'}-{claim.id}"
        for _, sale, claim in place.gateway.books.claims(SHOP, NOW)
        if window.start <= claim.requested_at <= window.end
        or window.start <= (claim.agreed_at or claim.settled_at) <= window.end
    )
    found = await place.read(REFUNDS, window)
    assert sorted(found) == expected
    assert {number.partition("-")[0] for number in found} == {"cancel", "return"}
    # No range is longer than a week.
    assert len(place.asked) == 8 * 4


async def test_what_went_back_is_told_by_the_refund_alone_and_in_yuan(place: Place) -> None:
    window = Window(NOW - timedelta(days=56), NOW)
    rows = (await place.source.read(REFUNDS, window)).rows
    done = next(row for row in rows if row["list"] == jd._RETURNED and row["status"] == 13)
    claims = place.gateway.books.claims(SHOP, NOW)
    claim = next(each for _, _, each in claims if f"return-{each.id}" == done["number"])
    assert done["refoundAmount"] == f"{claim.amount * 100:.2f}"
    whole = await place.source.detail(REFUNDS, done)
    assert whole["actualRefundAmount"] == f"{claim.amount:.2f}"
    assert reader.lacks_detail(REFUNDS, done, Known({}, {}, {}))
    cancelled = next(row for row in rows if row["list"] == jd._CANCELLED)
    assert await place.source.detail(REFUNDS, cancelled) == cancelled
    assert not reader.lacks_detail(REFUNDS, cancelled, Known({}, {}, {}))


def test_refunds_are_read_again_for_as_long_as_money_takes() -> None:
    """They are listed by request and consent, and done days later."""
    stream = STREAMS[REFUNDS]
    assert min(stream.overlap, stream.longest / 2) >= timedelta(days=7)


async def test_all_rows_add_up_to_the_books(place: Place) -> None:
    """To the cent, over sixty days of orders and refunds."""
    start = NOW - timedelta(days=60)
    weeks = [
        Window(start + timedelta(days=7 * n), start + timedelta(days=7 * n + 7)) for n in range(9)
    ]
    origin = Origin(SHOP.source, SHOP.code, articles())
    expected = total(books(SHOP, first_day(TODAY), NOW))
    found = await add_up(place, reader, origin, *weeks)
    # A refund may be listed twice: by its request, and in the next week by its consent.
    assert found.refund_amount >= expected.refund_amount > 0
    found.refunds, found.refund_amount = expected.refunds, expected.refund_amount
    assert found == expected


async def test_too_many_rows_are_asked_for_in_parts(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "MOST_ROWS", len(changed(place)) - 1)
    with pytest.raises(WindowTooLarge):
        await place.read(ORDERS, WEEK)
    assert sorted(await place.read(ORDERS, *WEEK.halves())) == changed(place)


_HOLLOW = (
    '{"jingdong_pop_order_search_responce":{"code":"0","searchorderinfo_result":'
    '{"apiResult":{"success":true},"orderTotal":1,"orderInfoList":[]}}}'
)
"""A page that counts a row, and does not show it."""


@pytest.mark.parametrize(
    "fault",
    [
        Fault("busy"),
        Fault("busy", detail="43"),
        Fault("garbage", detail="<html>"),
        Fault("garbage", detail='{"code": 0}'),
        Fault("garbage", detail='{"jingdong_pop_order_search_responce":{"code":"0"}}'),
        Fault("garbage", detail=_HOLLOW),
        Fault("status", detail="503"),
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


async def test_a_days_calls_that_are_used_up_are_left_to_the_schedule(place: Place) -> None:
    """Asked once, and not again before the hour is over that nobody of ours may ask for."""
    place.gateway.trouble.add(Fault("throttle", seconds=1800))
    for _ in range(2):
        with pytest.raises(TryLater):
            await place.read(ORDERS, WEEK)
    assert place.outcomes() == ["throttle"]
    await place.sleep(3600)
    assert sorted(await place.read(ORDERS, WEEK)) == changed(place)


async def test_a_day_has_so_many_calls_and_the_next_one_as_many_again(place: Place) -> None:
    """The pace sits an hour out, and asks once after it."""
    gateway = place.gateway
    assert isinstance(gateway, Gateway)
    calls = len(await read_all(place))
    gateway.calls_a_day = calls
    for _ in range(2):
        with pytest.raises(TryLater, match="the day's calls are used up") as caught:
            await place.read(ORDERS, WEEK)
        assert caught.value.seconds == 3600
        await place.sleep(3600)
    assert place.outcomes() == ["ok"] * calls + ["2", "2"]
    await place.sleep(10 * 3600)
    assert sorted(await place.read(ORDERS, WEEK)) == changed(place)


async def read_all(place: Place) -> list[str]:
    """The calls that a week costs."""
    assert sorted(await place.read(ORDERS, WEEK)) == changed(place)
    return place.outcomes()


async def test_a_token_that_has_run_out_stops_the_feed(place: Place) -> None:
    place.gateway.trouble.add(Fault("expired"))
    with pytest.raises(NotAuthorised, match="code 19"):
        await place.read(ORDERS, WEEK)


async def test_a_wrong_secret_is_refused_once(place: Place) -> None:
    wrong = Credential(CREDENTIAL.gateway, APP_KEY, "wrong", CREDENTIAL.session)
    source = JdSource(cast("JdSource", place.source)._client, wrong, now=lambda: NOW)
    with pytest.raises(Refused, match="code 12"):
        await source.read(ORDERS, WEEK)
    assert place.outcomes() == ["12"]


async def told(document: object) -> httpx.Response | int:
    source = JdSource(saying(json.dumps(document).encode()), CREDENTIAL, now=lambda: NOW)
    return len((await source.read(ORDERS, WEEK)).rows)


def result(**changes: object) -> dict[str, object]:
    inner = {
        "apiResult": {"success": True, "numberCode": 0},
        "orderTotal": 1,
        "orderInfoList": [{"orderId": 7, "modified": "2026-11-14 00:00:00"}],
    }
    return {"code": "0", "searchorderinfo_result": {**inner, **changes}}


ROOT = "jingdong_pop_order_search"


@pytest.mark.parametrize("root", [f"{ROOT}_responce", f"{ROOT}_response"])
@pytest.mark.parametrize("count", [1, "1"])
@pytest.mark.parametrize("success", [True, "true"])
async def test_both_spellings_and_both_ways_of_a_count_and_a_success_are_read(
    root: str, count: object, success: object
) -> None:
    answer = result(orderTotal=count, apiResult={"success": success})
    assert await told({root: answer}) == 1


async def test_an_empty_answer_may_leave_its_list_out() -> None:
    assert await told({f"{ROOT}_responce": result(orderTotal="0", orderInfoList=None)}) == 0


@pytest.mark.parametrize(
    "content",
    [
        result(apiResult={"success": False}),
        result(apiResult={"success": "false"}),
        result(apiResult={}),
        result(apiResult=None),
        result(orderTotal=None),
        result(orderTotal="many"),
        result(orderInfoList=[7]),
        {"code": "0"},
    ],
)
async def test_what_does_not_say_that_it_succeeded_is_no_empty_page(
    content: dict[str, object],
) -> None:
    with pytest.raises(Unreadable):
        await told({f"{ROOT}_responce": content})


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        *((code, TryLater) for code in ("43", "65", "66", "67", "69", "78", "2")),
        *((code, NotAuthorised) for code in ("18", "19")),
        *((code, NotPermitted) for code in ("24", "88")),
        *((code, Refused) for code in ("8", "12", "999")),
    ],
)
async def test_a_code_means_the_same_wherever_it_stands(code: str, kind: type[SourceError]) -> None:
    refused = {"success": False, "numberCode": int(code)}
    for document in (
        {"error_response": {"code": code, "zh_desc": "x"}},
        {"code": code},
        {f"{ROOT}_responce": {"code": code}},
        {f"{ROOT}_responce": result(apiResult=refused)},
    ):
        with pytest.raises(kind) as caught:
            await told(document)
        assert type(caught.value) is kind
