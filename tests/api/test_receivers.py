"""Receivers of webhooks are called at public addresses, once, and their answers read no further."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.api import receivers
from services.api.core.webhooks import Told
from services.api.receivers import Receivers
from services.door.outgoing import certificates
from tests.api.receiving import OK, Receiver, answer, receiving
from tests.figures import Figures, Wrong

ENDLESS = 1_000_000
OURS = Receivers()
DEVELOPMENT = Receivers(plain=True, loopback=True)
BAD_ADDRESSES = [
    "http://hooks.example/",
    "ftp://hooks.example/",
    "file:///etc/passwd",
    "gopher://hooks.example/",
    "hooks.example",
    "//hooks.example/",
    "https:///path",
    "https://",
    "https://user@hooks.example/",
    "https://user:secret@hooks.example/",
    "https://hooks.example@127.0.0.1/",
    "https://hooks.example/#part",
    "https://hooks.example:0/",
    "https://hooks.example:65536/",
    "https://hooks.example:port/",
    "https://hooks.example\\.inside/",
    "https://hooks .example/",
    "https://hooks.example/\r\nX: y",
    "https://hooks.example/\x00",
    "https://hööks.example/",
    "https://[::1/",
    f"https://hooks.example/{'x' * 2000}",
    "https://127.0.0.1/",
    "https://10.0.0.1/",
    "https://192.168.1.1:8443/",
    "https://169.254.169.254/latest/meta-data",
    "https://0.0.0.0/",
    "https://224.0.0.1/",
    "https://[::1]/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://[::ffff:127.0.0.1]/",
]
INSIDE_BY_NAME = [
    "https://localhost:{port}/",
    "https://127.1:{port}/",
    "https://0x7f000001:{port}/",
    "https://2130706433:{port}/",
    "https://inside.example:{port}/",
    "https://half.example:{port}/",
]
"""Refused as they are looked up: what they lead to is this machine, or a part of it is."""


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


def look_up(monkeypatch: pytest.MonkeyPatch, **names: list[str]) -> None:
    """Have names lead to addresses; what is not named leads where the system says."""
    loop = asyncio.get_running_loop()
    real = loop.getaddrinfo

    async def found(host: str, port: int, **kept: Any) -> list[Any]:
        if (addresses := names.get(host.partition(".")[0])) is None:
            return await real(host, port, **kept)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(loop, "getaddrinfo", found)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example/",
        "https://h.example:8443/a?b=c",
        "https://93.184.216.34/",
        "https://[2606:4700::1111]:444/",
    ],
)
def test_a_public_https_address_may_be_told(url: str) -> None:
    assert OURS.refusal_of(url) is None


def test_development_may_speak_plainly_and_to_itself() -> None:
    assert Receivers(plain=True).refusal_of("http://hooks.example/") is None
    assert Receivers(plain=True).refusal_of("http://127.0.0.1/") is not None
    assert DEVELOPMENT.refusal_of("http://127.0.0.1:8000/") is None
    assert DEVELOPMENT.refusal_of("http://10.0.0.1/") is not None


async def test_scenario_x01_nobody_inside_is_called(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, figure: Figures
) -> None:
    """Neither when a webhook is made nor, should one have slipped in, when it is called."""
    look_up(monkeypatch, inside=["127.0.0.1"], half=["93.184.216.34", "127.0.0.1"])
    connected: list[object] = []
    loop = asyncio.get_running_loop()
    real = loop.create_connection

    async def connect(make: Any, host: Any, *rest: Any, **kept: Any) -> Any:
        connected.append(host)
        return await real(make, host, *rest, **kept)

    monkeypatch.setattr(loop, "create_connection", connect)
    assert [url for url in BAD_ADDRESSES if OURS.refusal_of(url) is None] == []
    tried = [*BAD_ADDRESSES, *(each.format(port=receiver.port) for each in INSIDE_BY_NAME)]
    told = [await OURS.post(url, {}, b"{}") for url in tried]
    assert [each.status for each in told] == [None] * len(tried)
    assert (connected, receiver.connections) == ([], 0)
    # Nor is anybody called whom a receiver sends us to.
    async with receiving(
        *(answer(status, f"Location: {receiver.url}") for status in (301, 302, 303, 307, 308))
    ) as sender:
        statuses = [(await DEVELOPMENT.post(sender.url, {}, b"{}")).status for _ in range(5)]
    assert statuses == [301, 302, 303, 307, 308]
    assert connected == ["127.0.0.1"] * 5
    assert (sender.connections, receiver.connections) == (5, 0)
    of = "addresses of webhooks and redirects that lead inside"
    figure("X01", Wrong.CALLS, receiver.connections, tried=len(tried) + 5, of=of)


async def test_a_name_is_looked_up_once_and_that_address_called(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    loop = asyncio.get_running_loop()
    real = loop.getaddrinfo

    async def found(host: str, port: int, **kept: Any) -> list[Any]:
        asked.append(host)
        return await real("127.0.0.1" if host == "h.example" else host, port, **kept)

    monkeypatch.setattr(loop, "getaddrinfo", found)
    told = await DEVELOPMENT.post(f"http://h.example:{receiver.port}/", {}, b"{}")
    assert told.status == 204
    assert asked.count("h.example") == 1
    assert receiver.headers[0]["host"] == f"h.example:{receiver.port}"


async def test_a_request_is_whole_and_says_who_asks(receiver: Receiver) -> None:
    told = await DEVELOPMENT.post(receiver.url, {"webhook-id": "dlv_1"}, "张".encode())
    assert (told.status, told.error, told.retry_after_seconds) == (204, None, None)
    assert receiver.heads[0].startswith("POST /hook?of=kaohe HTTP/1.1\r\n")
    assert receiver.headers[0].items() >= {
        ("host", f"127.0.0.1:{receiver.port}"),
        ("user-agent", "kaohe"),
        ("content-type", "application/json"),
        ("content-length", "3"),
        ("webhook-id", "dlv_1"),
    }
    assert receiver.bodies == ["张".encode()]


@pytest.mark.parametrize(
    ("answers", "status", "wait", "error"),
    [
        (answer(200, "Content-Length: 99999999"), 200, None, None),
        (b"HTTP/1.0 200\r\n\r\n", 200, None, None),
        (answer(100) + answer(103) + OK, 204, None, None),
        (answer(503, "retry-after:  120 "), 503, 120, None),
        (answer(429, "Retry-After: soon"), 429, None, None),
        (b"SSH-2.0-OpenSSH\r\n\r\n", None, None, "the connection failed: illegal status line"),
        (b"", None, None, "the connection failed: Server disconnected"),
        (b"HTTP/1.1 200 OK\r\nX: y", None, None, "the connection failed: Server disconnected"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * ENDLESS, None, None, "the connection failed: "),
    ],
)
async def test_of_an_answer_the_head_is_read(
    answers: bytes, status: int | None, wait: int | None, error: str | None
) -> None:
    async with receiving(answers) as receiver:
        told = await DEVELOPMENT.post(receiver.url, {}, b"{}")
    assert told == Told(status, told.error, told.milliseconds, wait)
    assert (told.error or "").startswith(error or "")
    assert (told.error is None) is (error is None)


async def test_who_never_answers_is_not_waited_for(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receivers, "TOTAL_SECONDS", 0.05)
    receiver.silent = True
    told = await DEVELOPMENT.post(receiver.url, {}, b"{}")
    assert (told.status, told.error) == (None, "no answer within 0.05 seconds")
    assert told.milliseconds >= 50


async def test_who_shows_no_certificate_is_told_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receivers, "CONNECT_SECONDS", 0.3)
    patient = Receivers(plain=True, loopback=True)
    told = await patient.post(receiver.url.replace("http:", "https:"), {}, b"{}")
    assert (told.status, told.error) == (None, "the connection failed: ConnectTimeout")

    async def speak_plainly(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        writer.close()

    async with await asyncio.start_server(speak_plainly, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        told = await DEVELOPMENT.post(f"https://127.0.0.1:{port}/", {}, b"{}")
    assert told.status is None
    assert told.error is not None
    assert told.error.startswith("the connection failed: [SSL")
    assert receiver.bodies == []


async def test_that_nobody_is_there_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        nobody = await DEVELOPMENT.post(f"http://127.0.0.1:{port}/", {}, b"{}")
    assert nobody.error == "the connection failed: All connection attempts failed"
    unknown = await DEVELOPMENT.post("http://unknown.example/", {}, b"{}")
    assert unknown.error is not None
    assert unknown.error.startswith("the name is unknown")


def test_certificates_are_checked_against_the_name() -> None:
    context = certificates()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
