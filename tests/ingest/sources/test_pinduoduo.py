"""Pinduoduo is asked as its protocol wants: signed, half an hour at a time, from the last page."""

import json
from datetime import timedelta
from typing import cast
from urllib.parse import parse_qs

import pytest

from sandbox.accounts import APP_KEY, APP_SECRET, session_of
from sandbox.faults import Fault
from sandbox.pinduoduo import PATH, Gateway
from sandbox.pinduoduo.rows import is_seen, order_number
from sandbox.shops import SHOP_OF
from services.ingest.sources import passes, pinduoduo
from services.ingest.sources.client import ATTEMPTS
from services.ingest.sources.errors import (
    NotAuthorised,
    Refused,
    SourceError,
    TryLater,
    Unreadable,
    WindowTooLarge,
)
from services.ingest.sources.pinduoduo import STREAMS, PinduoduoSource
from services.ingest.sources.reading import Credential
from services.ingest.sources.signing import sign_md5
from services.schema.shapes.feeds import Window
from tests.ingest.sources.places import (
    BASE,
    NOW,
    ORDERS,
    REFUNDS,
    Place,
    halves_of_hours,
    saying,
)

SHOP = SHOP_OF["pdd-qinghe"]
CREDENTIAL = Credential(BASE + PATH, APP_KEY, APP_SECRET, session_of(SHOP.code))
NIGHT = NOW - timedelta(days=3, hours=12)
DAY = Window(NIGHT, NIGHT + timedelta(days=1), filling=True)

P1 = {
    "access_token": "asd78172s8ds9a921j9qqwda12312w1w21211",
    "client_id": "1",
    "data_type": "XML",
    "order_status": "1",
    "page": "1",
    "page_size": "10",
    "timestamp": "1480411125",
    "type": "pdd.order.number.list.get",
}
P2 = {
    "access_token": "token1",
    "client_id": "clientid1",
    "data_type": "JSON",
    "end_updated_at": "1790001800",
    "is_lucky_flag": "0",
    "order_status": "5",
    "page": "1",
    "page_size": "100",
    "refund_status": "5",
    "start_updated_at": "1790000000",
    "timestamp": "1790001900",
    "type": "pdd.order.number.list.increment.get",
    "use_has_next": "true",
}


@pytest.fixture
def place() -> Place:
    return Place(Gateway, PinduoduoSource, CREDENTIAL)


def confirmed(place: Place) -> list[str]:
    return sorted(
        order_number(sale)
        for _, sale in place.gateway.books.sales(SHOP, place.now)
        if sale.paid_at and DAY.start <= sale.paid_at <= DAY.end
    )


def changed(place: Place) -> list[str]:
    return sorted(
        order_number(sale)
        for modified, sale in place.gateway.books.sales(SHOP, place.now)
        if is_seen(sale, place.now) and DAY.start <= modified <= DAY.end
    )


@pytest.mark.parametrize(
    ("params", "expected"),
    [(P1, "E4DE3ED21002510DED352819E7AE6775"), (P2, "C88883C609FB1F836238C44899E3837A")],
    ids=["P1", "P2"],
)
def test_signatures_are_those_of_the_protocol(params: dict[str, str], expected: str) -> None:
    assert sign_md5(params, "testSecret") == expected
    assert sign_md5({**params, "sign": "old", "empty": ""}, "testSecret") == expected


async def test_windows_of_half_an_hour_find_every_change_and_no_unpaid_order(place: Place) -> None:
    found = await place.read(ORDERS, *halves_of_hours(DAY.start, 24))
    assert sorted(found) == changed(place)
    assert len(found) > 5
    assert set(place.outcomes()) == {"ok"}


async def test_a_longer_window_or_one_up_to_now_is_refused_by_it_and_never_asked_for(
    place: Place,
) -> None:
    for window in (
        Window(NIGHT, NIGHT + timedelta(minutes=30, seconds=1)),
        Window(NOW - timedelta(minutes=20), NOW - timedelta(minutes=2)),
    ):
        with pytest.raises(Refused):
            await place.source.read(ORDERS, window)
    for stream in STREAMS.values():
        assert stream.longest == timedelta(minutes=30)
        assert stream.lag > timedelta(minutes=3)
    last = Window(NOW - timedelta(minutes=20), NOW - STREAMS[ORDERS].lag)
    await place.source.read(ORDERS, last)


async def test_a_first_reading_goes_by_the_day_of_confirmation(place: Place) -> None:
    assert sorted(await place.read(ORDERS, DAY)) == confirmed(place)
    assert place.outcomes() == ["ok"]


async def test_a_window_of_several_pages_is_cut_until_each_part_has_one(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pinduoduo, "PAGE_ROWS", 2)
    found = await place.read(ORDERS, DAY)
    assert sorted(found) == confirmed(place)
    pages = -(-len(found) // 2)
    assert pages > 2
    asked = [parse_qs(request.content.decode())["page"] for request in place.asked]
    assert {page[0] for page in asked} == {"1"}
    assert len(asked) <= 4 * pages


async def test_what_appears_in_a_part_that_is_still_to_be_read_is_found(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one that was read it comes again with the overlap."""
    monkeypatch.setattr(pinduoduo, "PAGE_ROWS", 2)
    whole = confirmed(place)
    sales = [s for _, s in place.gateway.books.sales(SHOP, NOW) if order_number(s) in whole]
    late = min(sales, key=lambda sale: sale.paid_at or NOW)
    place.gateway.books.held.add(late.id)
    place.gateway.trouble.add(Fault("late", detail=str(late.id), after=1))
    assert sorted(await place.read(ORDERS, DAY)) == whole


async def test_refunds_are_read_by_their_change(place: Place) -> None:
    week = halves_of_hours(DAY.start - timedelta(days=6), 7 * 24)
    expected = sorted(
        claim.id
        for modified, _, claim in place.gateway.books.claims(SHOP, NOW)
        if week[0].start <= modified <= week[-1].end
    )
    assert sorted(await place.read(REFUNDS, *week)) == expected
    assert expected


async def test_too_many_rows_are_asked_for_in_parts(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "MOST_ROWS", len(confirmed(place)) - 1)
    with pytest.raises(WindowTooLarge):
        await place.read(ORDERS, DAY)
    assert sorted(await place.read(ORDERS, *DAY.halves())) == confirmed(place)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("busy"),
        Fault("throttle", seconds=1),
        Fault("garbage", detail="<html>"),
        Fault("garbage", detail="{}"),
        Fault("garbage", detail='{"order_list_get_response":{"order_list":[]}}'),
        Fault("garbage", detail='{"order_list_get_response":{"total_count":1,"order_list":[7]}}'),
        Fault("garbage", detail='{"order_list_get_response":{"total_count":1,"order_list":[]}}'),
        Fault("status", detail="429", seconds=3),
        Fault("drop"),
        Fault("duplicate", times=2),
        Fault("shuffle", times=2, detail="s"),
    ],
    ids=str,
)
async def test_what_passes_is_waited_for(place: Place, fault: Fault) -> None:
    place.gateway.trouble.add(fault)
    assert sorted(await place.read(ORDERS, DAY)) == confirmed(place)
    assert fault.kind in place.outcomes()


async def test_a_token_that_has_run_out_stops_the_feed(place: Place) -> None:
    place.gateway.trouble.add(Fault("expired"))
    with pytest.raises(NotAuthorised, match="code 10019"):
        await place.read(ORDERS, DAY)
    assert place.outcomes() == ["expired"]


async def test_a_wrong_secret_is_refused_once(place: Place) -> None:
    wrong = Credential(CREDENTIAL.gateway, APP_KEY, "wrong", CREDENTIAL.session)
    source = PinduoduoSource(cast("PinduoduoSource", place.source)._client, wrong, now=lambda: NOW)
    with pytest.raises(Refused, match="code 20004"):
        await source.read(ORDERS, DAY)
    assert place.outcomes() == ["20004"]


@pytest.mark.parametrize(
    ("code", "kind", "calls"),
    [
        *((code, TryLater, ATTEMPTS) for code in (50000, 70031, 70035)),
        (10019, NotAuthorised, 1),
        *((code, Refused, 1) for code in (10000, 20004, 99999)),
    ],
)
async def test_refusals_are_told_apart(code: int, kind: type[SourceError], calls: int) -> None:
    refusal = {"error_code": code, "error_msg": "x", "sub_code": None}
    client = saying(json.dumps({"error_response": refusal}).encode())
    source = PinduoduoSource(client, CREDENTIAL, now=lambda: NOW)
    with pytest.raises(kind) as caught:
        await source.read(ORDERS, DAY)
    assert type(caught.value) is kind
    assert calls in {1, ATTEMPTS}


async def test_another_status_is_nobodys_answer() -> None:
    source = PinduoduoSource(saying(b"{}", 404), CREDENTIAL, now=lambda: NOW)
    with pytest.raises(Unreadable):
        await source.read(ORDERS, DAY)
