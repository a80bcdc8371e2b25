"""The client keeps its promises: pace, patience, bounds, and no host but the marketplace's own."""

import asyncio
import gzip
import tracemalloc
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import httpx
import pytest
import stamina

from services.ingest.sources import client as clients
from services.ingest.sources.client import ATTEMPTS, LARGEST_ANSWER, Answer, Client, Pace
from services.ingest.sources.errors import SourceError, TryLater, Unreadable
from tests.figures import Figures, Most, Wrong

URL = "https://eco.example.com/router/rest"
TROUBLED = "calls answered at last, or left to the schedule"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Sleeper:
    """A clock that others can only push by sleeping."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        loop = asyncio.get_running_loop()
        begin = loop.time()
        loop.time = lambda: begin + seconds  # type: ignore[method-assign]  # the loop is this test's


def said(status: int, body: bytes = b"ok", **headers: str) -> httpx.Response:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return httpx.Response(status, headers=named, stream=httpx.ByteStream(body))


def client_for(
    handler: Callable[[httpx.Request], httpx.Response], pace: Pace | None = None
) -> Client:
    return Client(
        ["eco.example.com"],
        pace or Pace(1000, sleep=Sleeper(), chance=lambda: 0.0),
        now=lambda: NOW,
        transport=httpx.MockTransport(handler),
    )


def body_of(answer: Answer) -> bytes:
    return answer.body


async def test_it_posts_the_form_and_gives_the_reading() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return said(200, b"yes")

    client = client_for(handler)
    assert await client.post_form(URL, lambda: {"name": "值"}, body_of) == b"yes"
    assert seen[0].method == "POST"
    assert seen[0].content == b"name=%E5%80%BC"
    assert seen[0].headers["User-Agent"] == "kaohe"


@pytest.mark.parametrize("status", [500, 502, 503, 429])
async def test_scenario_s02_trouble_is_tried_again_with_a_form_made_anew(
    status: int, figure: Figures
) -> None:
    answers = [status, status, 200]
    forms: list[bytes] = []

    def handler(request: httpx.Request) -> httpx.Response:
        forms.append(request.content)
        return said(answers[len(forms) - 1])

    numbers = iter(range(10))
    client = client_for(handler)
    got = await client.post_form(URL, lambda: {"n": str(next(numbers))}, body_of)
    figure("S02", Wrong.FACTS, int(got != b"ok"), tried=1, of=TROUBLED)
    assert forms == [b"n=0", b"n=1", b"n=2"]


async def test_it_gives_up_after_some_attempts_and_says_why() -> None:
    calls = 0

    def handler(_: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        return said(503)

    with pytest.raises(TryLater, match="HTTP status 503"):
        await client_for(handler).post_form(URL, dict, body_of)
    assert calls == ATTEMPTS


async def test_other_answers_are_unreadable_and_redirects_are_not_followed() -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        return said(302, Location="http://169.254.169.254/")

    with pytest.raises(Unreadable, match="HTTP status 302"):
        await client_for(handler).post_form(URL, dict, body_of)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Sun, 22 Nov 2026 12:00:09 GMT", 9.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", None),
        ("soon", None),
        ("-5", None),
        ("٧", None),
    ],
)
async def test_scenario_s01_retry_after_is_obeyed_as_seconds_or_as_a_date(
    header: str, seconds: float | None, figure: Figures
) -> None:
    sleeper = Sleeper()
    answers = iter([said(429, Retry_After=header)])

    def handler(_: httpx.Request) -> httpx.Response:
        return next(answers, said(200))

    client = client_for(handler, Pace(1000, sleep=sleeper, chance=lambda: 0.0))
    await client.post_form(URL, dict, body_of)
    slept = [round(each, 1) for each in sleeper.slept]
    early = int(slept != ([seconds] if seconds else []))
    figure("S01", Wrong.CALLS, early, tried=1, of="answers that say when to come again, or badly")


async def test_scenario_s01_too_long_a_ban_is_left_to_the_schedule_and_holds_for_all_calls(
    figure: Figures,
) -> None:
    calls = 0

    def handler(_: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        return said(429, Retry_After="999999999999")

    client = client_for(handler)
    with pytest.raises(TryLater) as first:
        await client.post_form(URL, dict, body_of)
    assert first.value.seconds == 999_999_999.0
    with pytest.raises(TryLater, match="banned") as second:
        await client.post_form(URL, dict, body_of)
    assert second.value.seconds is not None
    assert 3590 < second.value.seconds <= 3600
    figure("S01", Wrong.CALLS, calls - 1, tried=2, of="calls, of which one brings the ban")


async def test_a_ban_stops_other_calls_of_the_application_and_not_those_of_another() -> None:
    sleeper = Sleeper()
    pace, other = Pace(1000, sleep=sleeper, chance=lambda: 0.5), Pace(1000, sleep=Sleeper())
    pace.forbid(10)
    await other.turn()
    assert sleeper.slept == []
    await pace.turn()
    # With a little more, so that not all calls come at the same moment.
    assert round(sleeper.slept[0], 2) == 10.5


async def test_scenario_s02_a_cut_connection_is_tried_again(figure: Figures) -> None:
    calls = 0

    def handler(request: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise httpx.ReadError("gone", request=request)
        return said(200)

    got = await client_for(handler).post_form(URL, dict, body_of)
    figure("S02", Wrong.FACTS, int(got != b"ok"), tried=1, of=TROUBLED)


async def test_scenario_s02_silence_ends_after_a_while(
    monkeypatch: pytest.MonkeyPatch, figure: Figures
) -> None:
    async def handler(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(5)
        return httpx.Response(200)

    monkeypatch.setattr(clients, "TOTAL_SECONDS", 0.02)
    client = Client(
        ["eco.example.com"],
        Pace(1000),
        now=lambda: NOW,
        transport=httpx.MockTransport(handler),
    )
    with pytest.raises(TryLater, match="no answer within"):
        await client.post_form(URL, dict, body_of)
    figure("S02", Wrong.FACTS, 0, tried=1, of=TROUBLED)


class Endless(httpx.AsyncByteStream):
    """A body that goes on for ever, or a small one that unpacks to far too much."""

    chunk = b"x" * 65536

    def __init__(self, *, packed: bool) -> None:
        self.bomb = gzip.compress(b"0" * (LARGEST_ANSWER * 8)) if packed else b""
        self.given = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self.bomb:
            yield self.bomb
        while not self.bomb:
            self.given += 1
            yield self.chunk


@pytest.mark.parametrize("packed", [False, True])
async def test_scenario_s13_an_endless_body_is_refused_while_it_comes(
    figure: Figures, *, packed: bool
) -> None:
    stream = Endless(packed=packed)
    headers = {"Content-Encoding": "gzip"} if packed else {}

    def handler(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=headers, stream=stream)

    stamina.set_testing(True, attempts=1)
    tracemalloc.start()
    with pytest.raises(Unreadable, match="more than"):
        await client_for(handler).post_form(URL, dict, body_of)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    figure("S13", Wrong.ACCEPTED, 0, tried=1, of="answers without end, or packed too small")
    figure.most("S13", Most.MEMORY, peak / (1 << 20), limit=64)
    assert stream.given <= LARGEST_ANSWER // len(stream.chunk) + 1


async def test_packed_answers_are_unpacked_and_torn_ones_refused() -> None:
    whole = gzip.compress("好".encode() * 1000)

    def handler(request: httpx.Request) -> httpx.Response:
        body = whole[:-9] if b"torn" in request.content else whole
        return said(200, body, Content_Encoding="gzip")

    client = client_for(handler)
    assert await client.post_form(URL, dict, body_of) == "好".encode() * 1000
    with pytest.raises(Unreadable, match="torn"):
        await client.post_form(URL, lambda: {"torn": "1"}, body_of)


@pytest.mark.parametrize(
    "url",
    [
        "http://eco.example.com/router/rest",
        "https://eco.example.com:8443/router/rest",
        "https://eco.example.com.evil.example/router/rest",
        "https://user@eco.example.com/router/rest",
        "https://127.0.0.1/router/rest",
        "http://127.0.0.1:9/router/rest",
        "file:///etc/passwd",
        "https://[::1]/",
    ],
)
async def test_no_call_leaves_for_another_host(url: str) -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        raise AssertionError("a call left")

    with pytest.raises(SourceError, match="not one of the marketplace's own"):
        await client_for(handler).post_form(url, dict, body_of)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.8", "169.254.169.254", "::1", "fd00::1"])
async def test_a_name_that_leads_inside_is_refused(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lookup(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", ("93.184.216.34", 443)), (2, 1, 6, "", (address, 443))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup)
    client = Client(["eco.example.com"], Pace(1000), now=lambda: NOW)
    with pytest.raises(SourceError, match="not public"):
        await client.post_form(URL, dict, body_of)
    await client.close()


async def test_a_public_name_is_connected_to_by_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def lookup(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", ("93.184.216.34", 443))]

    seen: list[httpx.Request] = []

    async def send(self: object, request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return said(200)

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup)
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", send)
    client = Client(["eco.example.com"], Pace(1000), now=lambda: NOW)
    assert await client.post_form(URL, dict, body_of) == b"ok"
    assert seen[0].url.host == "93.184.216.34"
    assert seen[0].headers["Host"] == "eco.example.com"
    assert seen[0].extensions["sni_hostname"] == "eco.example.com"
    await client.close()
