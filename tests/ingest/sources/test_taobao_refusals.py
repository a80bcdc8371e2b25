"""Bans, garbage and refusals: told apart, waited for, and never taken for an empty page."""

import json
import logging
from datetime import timedelta

import httpx
import pytest

from sandbox.accounts import APP_KEY
from sandbox.faults import Fault
from services.ingest.sources.client import ATTEMPTS, Pace
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
from services.ingest.sources.taobao import TaobaoSource
from tests.ingest.sources.gateways import (
    DAY,
    NOW,
    ORDERS,
    World,
    small_pages,
    source_with,
    truth,
)


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
        # The smaller method is asked, too.
        ({"code": 11, "sub_code": "isv.permission-api-package-limit"}, NotPermitted, 2),
        ({"code": 12}, NotPermitted, 2),
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
