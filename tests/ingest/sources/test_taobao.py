"""TOP is asked as its protocol wants: signed, from the last page, until quiet, and never fooled."""

import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import parse_qs

import httpx
import pytest
import stamina
from starlette.applications import Starlette

from sandbox.accounts import APP_KEY, APP_SECRET, session_of
from sandbox.app import TAOBAO_PATH, make_app
from sandbox.faults import Fault
from sandbox.lives import midnight
from sandbox.taobao import Gateway
from services.ingest.sources.client import ATTEMPTS, Client, Pace
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
from services.ingest.sources.taobao import MOST_PASSES, STREAMS, TaobaoSource, sign
from services.schema.shapes.feeds import Window
from services.schema.words import FactKind
from tests.sandbox.test_company import TODAY

NOW = midnight(TODAY) + timedelta(hours=12)
DAY = Window(midnight(TODAY) - timedelta(days=4), midnight(TODAY) - timedelta(days=3))
ORDERS, REFUNDS, RATINGS = FactKind.ORDERS, FactKind.REFUNDS, FactKind.RATINGS

T2 = {
    "app_key": "12345678",
    "session": "test",
    "method": "taobao.item.seller.get",
    "timestamp": "2016-01-01 12:00:00",
    "format": "json",
    "v": "2.0",
    "sign_method": "md5",
    "fields": "num_iid,title,nick,price,num",
    "num_iid": "11223344",
}
T3 = {
    "app_key": "12345678",
    "session": "test",
    "method": "taobao.trades.sold.increment.get",
    "timestamp": "2024-06-18 12:00:00",
    "format": "json",
    "v": "2.0",
    "fields": "tid,status,payment,modified,orders",
    "start_modified": "2024-06-18 00:00:00",
    "end_modified": "2024-06-18 00:30:00",
    "page_no": "1",
    "page_size": "50",
    "use_has_next": "true",
    "sign_method": "md5",
}
VECTORS = {
    "T1": (
        {
            "app_key": "test",
            "fields": "nick",
            "format": "xml",
            "method": "taobao.user.seller.get",
            "session": "test",
            "sign_method": "md5",
            "timestamp": "2013-05-06 13:52:03",
            "v": "2.0",
        },
        "test",
        "72CB4D809B375A54502C09360D879C64",
    ),
    "T2": (T2, "helloworld", "66987CB115214E59E6EC978214934FB8"),
    "T3": (T3, "helloworld", "15F4A0CF07200850A048E6B6793B0BC5"),
    "T3h": ({**T3, "sign_method": "hmac"}, "helloworld", "20E53B151A86449F6D68B3E214CE975A"),
    "T3s": (
        {**T3, "sign_method": "hmac-sha256"},
        "helloworld",
        "5818858A2E0B979001F16EAAC83D1405538B541E2A307B27556A9C6F14292417",
    ),
    "T4": ({**T3, "buyer_nick": "摩天轮"}, "helloworld", "1E0CA8666F95E8881A4309630508CAD1"),
}


@pytest.mark.parametrize("name", list(VECTORS))
def test_signatures_are_those_of_the_protocol(name: str) -> None:
    params, secret, expected = VECTORS[name]
    assert sign(params, secret) == expected
    assert sign({**params, "sign": "old", "empty": ""}, secret) == expected


@pytest.fixture(autouse=True)
def impatient() -> Iterator[None]:
    stamina.set_testing(True, attempts=ATTEMPTS)
    yield
    stamina.set_testing(False)


class Recorder(httpx.ASGITransport):
    """Remembers which pages were asked for."""

    def __init__(self, app: Starlette) -> None:
        super().__init__(app=app)
        self.pages: list[int] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        params = parse_qs((await request.aread()).decode())
        self.pages += [int(page) for page in params.get("page_no", [])]
        return await super().handle_async_request(request)


class World:
    """A gateway whose clock goes on only when somebody sleeps, and a source that asks it."""

    def __init__(self) -> None:
        self.now = NOW
        app = make_app(lambda: self.now)
        self.gateway: Gateway = app.state.taobao
        self.transport = Recorder(app)
        client = Client(
            [],
            Pace(10_000, sleep=self.sleep, chance=lambda: 0.0),
            now=lambda: self.now,
            sandbox=["sandbox.test:8100"],
            transport=self.transport,
        )
        self.credential = Credential(
            f"http://sandbox.test:8100{TAOBAO_PATH}", APP_KEY, APP_SECRET, session_of("tm-qinghe")
        )
        self.source = TaobaoSource(client, self.credential, now=lambda: self.now)
        self.pace = client._pace

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.pace._free_at -= seconds

    def outcomes(self) -> list[str]:
        return [call.outcome for call in self.gateway.trouble.calls]

    async def numbers(self, kind: FactKind = ORDERS, window: Window = DAY) -> list[str]:
        key = {ORDERS: "tid", REFUNDS: "refund_id", RATINGS: "oid"}[kind]
        reading = await self.source.read(kind, window)
        return sorted(str(row[key]) for row in reading.rows)


@pytest.fixture
def world() -> World:
    return World()


def truth(world: World, window: Window = DAY, shop: str = "tm-qinghe") -> list[str]:
    """What the gateway's own books hold of a window."""
    from sandbox.shops import SHOP_OF  # noqa: PLC0415  only here

    return sorted(
        str(sale.id)
        for modified, sale in world.gateway.books.trades(SHOP_OF[shop], world.now)
        if window.start <= modified <= window.end
    )


async def test_one_page_is_one_call(world: World) -> None:
    assert await world.numbers() == truth(world)
    assert world.outcomes() == ["ok"]


async def test_an_empty_window_is_no_error(world: World) -> None:
    window = Window(NOW - timedelta(seconds=2), NOW - timedelta(seconds=1))
    assert await world.numbers(window=window) == []


async def test_several_pages_are_read_from_the_last_and_until_nothing_new_comes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_pages(monkeypatch, 20)
    found = await world.numbers()
    assert found == truth(world)
    pages = -(-len(found) // 20)
    assert pages == 5
    # Each of two passes counts once, and then reads every page, the last one first.
    assert world.transport.pages == [1, 5, 4, 3, 2, 1] * 2
    assert world.outcomes() == ["ok"] * 12


def small_pages(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    from dataclasses import replace  # noqa: PLC0415  only here

    from services.ingest.sources import taobao  # noqa: PLC0415  its lists are changed

    lists = {kind: replace(asked, page_size=size) for kind, asked in taobao._LISTS.items()}
    monkeypatch.setattr(taobao, "_LISTS", lists)


@pytest.mark.parametrize("moves", [1, 3, 7])
async def test_rows_that_leave_while_pages_are_read_hide_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    """S05: a trade that changes leaves its window, and every older one moves up a place."""
    small_pages(monkeypatch, 10)
    before = set(truth(world))
    world.gateway.trouble.add(*(Fault("move", after=2 * n) for n in range(moves)))
    found = set(await world.numbers())
    after = set(truth(world))
    assert len(before - after) == moves
    # What stayed is all there; what moved will come again in the window that it moved to.
    assert after <= found <= before


async def test_rows_that_appear_while_pages_are_read_are_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S05 the other way: a late row pushes older ones onto pages that were read already."""
    small_pages(monkeypatch, 10)
    whole = truth(world)
    late = [whole[5], whole[30], whole[50]]
    for number in late:
        world.gateway.books.held.add(int(number))
    world.gateway.trouble.add(
        *(Fault("late", detail=number, after=3 + place) for place, number in enumerate(late))
    )
    assert await world.numbers() == whole


@pytest.mark.parametrize("kind", ["duplicate", "shuffle"])
async def test_duplicate_and_shuffled_pages_change_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    small_pages(monkeypatch, 10)
    world.gateway.trouble.add(Fault(kind, times=9, detail="seed"))  # type: ignore[arg-type]  # a kind
    assert await world.numbers() == truth(world)


async def test_a_window_that_never_settles_is_left_to_the_schedule(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that keeps losing rows is never taken for the whole."""
    small_pages(monkeypatch, 10)

    class Forgetful(httpx.AsyncBaseTransport):
        async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
            page = {"tid": 1, "modified": "2026-11-18 00:00:00"}
            content = {"total_results": 12, "trades": {"trade": [page]}}
            body = json.dumps({"trades_sold_increment_get_response": content}).encode()
            return httpx.Response(200, stream=httpx.ByteStream(body))

    source = source_with(world, Forgetful())
    with pytest.raises(TryLater, match=f"not quiet after {MOST_PASSES} passes"):
        await source.read(ORDERS, DAY)


def source_with(world: World, transport: httpx.AsyncBaseTransport) -> TaobaoSource:
    client = Client(
        [],
        Pace(10_000),
        now=lambda: NOW,
        sandbox=["sandbox.test:8100"],
        transport=transport,
    )
    return TaobaoSource(client, world.credential, now=lambda: NOW)


async def test_a_ban_is_sat_out_to_the_second_and_nothing_is_lost(world: World) -> None:
    """S01: the seconds stand in the sentence of the refusal."""
    world.gateway.trouble.add(Fault("throttle", seconds=3, after=1))
    first = await world.numbers()
    again = await world.numbers(window=DAY)
    assert first == again == truth(world)
    assert world.outcomes() == ["ok", "throttle", "ok"]
    assert timedelta(seconds=3) < world.now - NOW < timedelta(seconds=5)


async def test_a_long_ban_is_not_sat_out(world: World) -> None:
    world.gateway.trouble.add(Fault("throttle", seconds=60))
    with pytest.raises(TryLater) as caught:
        await world.numbers()
    assert caught.value.seconds == 61
    assert world.outcomes() == ["throttle"]


GARBAGE = [
    "",
    "{}",
    "[]",
    "null",
    "<html><body>503</body></html>",
    '{"trades_sold_increment_get_response":{"total_results":3,"trades":{"trade":[{"tid":1',
    '{"trades_sold_increment_get_response":[]}',
    '{"trades_sold_increment_get_response":{}}',
    '{"trades_sold_increment_get_response":{"total_results":"3"}}',
    '{"trades_sold_increment_get_response":{"total_results":true}}',
    '{"trades_sold_increment_get_response":{"total_results":-1}}',
    '{"trades_sold_increment_get_response":{"total_results":NaN}}',
    '{"trades_sold_increment_get_response":{"total_results":0,"trades":{"trade":[7]}}}',
    '{"refunds_receive_get_response":{"total_results":0}}',
    "[" * 100_000,
    '{"a":' * 100_000,
]


@pytest.mark.parametrize("body", GARBAGE, ids=range(len(GARBAGE)))
async def test_garbage_is_never_an_empty_page(world: World, body: str) -> None:
    """S03: tried again; where it stays, an error and no rows."""
    world.gateway.trouble.add(Fault("garbage", detail=body))
    assert await world.numbers() == truth(world)
    world.gateway.trouble.add(Fault("garbage", detail=body, times=ATTEMPTS))
    with pytest.raises(Unreadable):
        await world.numbers()


async def test_a_page_in_another_charset_is_refused(world: World) -> None:
    class Gbk(httpx.AsyncBaseTransport):
        async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
            text = '{"trades_sold_increment_get_response":{"total_results":0,"x":"订单"}}'
            return httpx.Response(200, stream=httpx.ByteStream(text.encode("gbk")))

    with pytest.raises(Unreadable):
        await source_with(world, Gbk()).read(ORDERS, DAY)


class Refusing(httpx.AsyncBaseTransport):
    """Answers every call with one refusal."""

    def __init__(self, **refusal: object) -> None:
        self.refusal = refusal
        self.calls = 0

    async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
        self.calls += 1
        body = json.dumps({"error_response": self.refusal}).encode()
        return httpx.Response(200, stream=httpx.ByteStream(body))


@pytest.mark.parametrize(
    ("refusal", "error", "calls"),
    [
        ({"code": 10, "msg": "Service Currently Unavailable"}, TryLater, ATTEMPTS),
        ({"code": 15, "sub_code": "isp.remote-service-error"}, TryLater, ATTEMPTS),
        ({"code": 50, "sub_code": "isp.null-pointer-exception"}, TryLater, ATTEMPTS),
        ({"code": 15, "sub_code": "isv.trade-not-exist"}, Refused, 1),
        ({"code": 15, "sub_code": "isp.top-remote-connection-timeout"}, WindowTooLarge, 1),
        ({"code": 15, "sub_code": "isp.runtime-max-limit"}, WindowTooLarge, 1),
        ({"code": 26, "msg": "Missing session"}, NotAuthorised, 1),
        ({"code": 27, "sub_code": "invalid-sessionkey"}, NotAuthorised, 1),
        ({"code": "27"}, NotAuthorised, 1),
        ({"code": 11, "sub_code": "isv.permission-api-package-limit"}, NotPermitted, 1),
        ({"code": 12}, NotPermitted, 1),
        *(({"code": code}, Refused, 1) for code in (21, 25, 28, 34, 40, 43)),
        ({"code": 41, "sub_code": "isv.invalid-parameter"}, Refused, 1),
    ],
)
async def test_refusals_are_told_apart(
    world: World, refusal: dict[str, object], error: type[SourceError], calls: int
) -> None:
    transport = Refusing(**refusal)
    with pytest.raises(error) as caught:
        await source_with(world, transport).read(ORDERS, DAY)
    assert type(caught.value) is error
    assert transport.calls == calls


@pytest.mark.parametrize(
    ("refusal", "seconds"),
    [
        ({"code": 7, "sub_msg": "This ban will last for 90 more seconds"}, 91),
        ({"code": 15, "sub_code": "accesscontrol.limited-by-api-access-count"}, 2),
        ({"code": 15, "sub_code": "isp.call-limited", "sub_msg": "88 more seconds"}, 89),
    ],
)
async def test_a_ban_names_its_seconds(
    world: World, refusal: dict[str, object], seconds: int
) -> None:
    client_sleeps: list[float] = []
    transport = Refusing(**refusal)
    source = source_with(world, transport)

    async def sleep(slept: float) -> None:
        client_sleeps.append(slept)
        source._client._pace._free_at = 0

    source._client._pace = Pace(10_000, sleep=sleep, chance=lambda: 0.0)
    with pytest.raises(TryLater) as caught:
        await source.read(ORDERS, DAY)
    assert caught.value.seconds == seconds
    assert all(round(slept) == seconds for slept in client_sleeps)


async def test_a_wrong_secret_is_refused_once_and_says_so_in_one_line(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = Credential(world.credential.gateway, APP_KEY, "wrong", world.credential.session)
    source = TaobaoSource(world.source._client, wrong, now=lambda: world.now)
    with caplog.at_level(logging.DEBUG), pytest.raises(Refused) as caught:
        await source.read(ORDERS, DAY)
    assert str(caught.value) == (
        "taobao.trades.sold.increment.get is refused: code 25 isv.invalid-signature"
    )
    assert world.outcomes() == ["25"]
    for secret in ("wrong", world.credential.session):
        assert secret not in caplog.text
        assert secret not in repr(wrong)


async def test_an_expired_session_stops_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S10: revoked between two pages."""
    small_pages(monkeypatch, 10)
    world.gateway.trouble.add(Fault("expired", after=3, times=99))
    with pytest.raises(NotAuthorised):
        await world.numbers()
    assert world.outcomes() == ["ok", "ok", "ok", "expired"]


async def test_a_window_with_too_many_rows_is_asked_for_in_parts(world: World) -> None:
    """1,500 ratings of a range, and the rest cannot be reached."""
    whole = Window(NOW - timedelta(days=58), NOW)
    with pytest.raises(WindowTooLarge, match="1500 rows"):
        await world.source.read(RATINGS, whole)
    assert world.outcomes() == ["ok"]
    first, second = whole.halves()
    assert first.end == second.start
    numbers = {*await world.numbers(RATINGS, first), *await world.numbers(RATINGS, second)}
    assert len(numbers) > 1500


async def test_refunds_get_their_end_and_orders_their_promotion(world: World) -> None:
    days = Window(NOW - timedelta(days=30), NOW)
    refunds = (await world.source.read(REFUNDS, days)).rows
    done = next(row for row in refunds if row["status"] == "SUCCESS")
    assert "end_time" not in done
    full = await world.source.detail(REFUNDS, done)
    assert {name: full[name] for name in done} == dict(done)
    assert full["end_time"] == done["modified"]
    orders = (await world.source.read(ORDERS, DAY)).rows
    reduced = next(row for row in orders if row["discount_fee"] != "0.00")
    full = await world.source.detail(ORDERS, reduced)
    assert set(full) - set(reduced) == {"promotion_details"}
    plain = next(row for row in orders if row["discount_fee"] == "0.00")
    assert await world.source.detail(ORDERS, plain) == plain


async def test_a_row_that_changed_since_keeps_what_its_list_said(world: World) -> None:
    rows = (await world.source.read(ORDERS, DAY)).rows
    reduced = next(row for row in rows if row["discount_fee"] != "0.00")
    world.gateway.books.touched[reduced["tid"]] = world.now
    full = await world.source.detail(ORDERS, reduced)
    assert full["modified"] == reduced["modified"]


async def test_nothing_that_names_a_buyer_is_asked_for(world: World) -> None:
    days = Window(NOW - timedelta(days=20), NOW - timedelta(days=19))
    for kind in (ORDERS, REFUNDS, RATINGS):
        for row in (await world.source.read(kind, days)).rows:
            text = json.dumps(row, ensure_ascii=False, default=str)
            assert "买" not in text
            assert "138" not in text or "13800138000" not in text
            assert "收货人" not in text


async def test_all_kinds_of_trade_are_asked_for(world: World) -> None:
    days = [Window(DAY.start - timedelta(days=n), DAY.end - timedelta(days=n)) for n in range(6)]
    types = {row["type"] for day in days for row in (await world.source.read(ORDERS, day)).rows}
    assert types == {"fixed", "step", "eticket", "tmall_i18n"}


async def test_a_row_without_its_number_is_given_to_the_reader(world: World) -> None:
    class Odd(httpx.AsyncBaseTransport):
        async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
            rows = [{"modified": "2026-11-18 00:00:01"}, {"tid": 5}, {"tid": 1.5, "modified": 7}]
            content = {"total_results": 3, "trades": {"trade": rows}}
            body = json.dumps({"trades_sold_increment_get_response": content}).encode()
            return httpx.Response(200, stream=httpx.ByteStream(body))

    reading = await source_with(world, Odd()).read(ORDERS, DAY)
    assert len(reading.rows) == 3


def test_every_stream_leaves_time_for_late_rows() -> None:
    for stream in STREAMS.values():
        assert stream.overlap >= timedelta(minutes=5)
        assert stream.lag >= timedelta(seconds=2)
        assert stream.overlap < stream.longest
    assert STREAMS[ORDERS].longest == timedelta(days=1)


def test_a_window_halves_into_whole_seconds_that_touch() -> None:
    start = datetime.fromisoformat("2026-11-22T00:00:00+08:00")
    first, second = Window(start, start + timedelta(seconds=3)).halves()
    assert (first.end - first.start, second.end - second.start) == (
        timedelta(seconds=1),
        timedelta(seconds=2),
    )
    assert first.end == second.start
