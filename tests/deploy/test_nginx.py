"""The proxy's shipped file, in a real nginx, before services that are a few lines each."""

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.local.exchange import Service
from services.local.processes import ROOT, free_port
from tests.local.doubles import GET, Heard, ask, problem, service

NGINX = shutil.which("nginx", path=os.pathsep.join([*os.get_exec_path(), "/usr/sbin"]))

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own: as root, nginx's workers are another account."""
    made = Path(tempfile.mkdtemp(prefix="kaohe-nginx-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@asynccontextmanager
async def proxy(folder: Path, api: Service, ingest: Service) -> AsyncIterator[int]:
    """The file as it is, but for its addresses, and a second where it waits ten."""
    port = free_port()
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    for found, put in (
        ("server api:8000", f"server 127.0.0.1:{api.port}"),
        ("server ingest:8000", f"server 127.0.0.1:{ingest.port}"),
        ("listen 8000", f"listen 127.0.0.1:{port}"),
        ("worker_processes auto", "worker_processes 1"),
        (" 10s;", " 1s;"),
        (" 30s;", " 1s;"),
    ):
        assert found in text
        text = text.replace(found, put)
    (folder / "nginx.conf").write_text(text)
    assert NGINX is not None
    process = await asyncio.create_subprocess_exec(
        *(NGINX, "-p", folder, "-c", folder / "nginx.conf", "-e", "stderr", "-g", "daemon off;"),
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(10):
            while not (folder / "nginx.pid").exists():
                await asyncio.sleep(0.02)
        yield port
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def behind_proxy(folder: Path) -> AsyncIterator[tuple[int, Heard, Heard]]:
    api, ingest = Heard(), Heard()
    async with (
        service("api", api.answer) as first,
        service("ingest", ingest.answer) as second,
        proxy(folder, first, second) as port,
    ):
        yield port, api, ingest


def post(path: str, length: int) -> bytes:
    lines = (
        f"POST {path} HTTP/1.1",
        "Host: here",
        "Connection: close",
        f"Content-Length: {length}",
    )
    return "\r\n".join([*lines, "", ""]).encode()


def get(path: str, *lines: str) -> bytes:
    head = (f"GET {path} HTTP/1.1", "Host: here", "Connection: close", *lines, "", "")
    return "\r\n".join(head).encode()


async def test_each_path_finds_its_service(folder: Path) -> None:
    async with behind_proxy(folder) as (port, api, ingest):
        for_ingest = [
            "/v1/facts",
            "/v1/facts/orders",
            "/v1/feeds/1/backfill",
            "/v1/rejected?a=1",
            "/v1/exclusions",
            "/v1/mappings/sycm_shop",
            "/v1/reconciliations",
            "/v1/shops/tm-1/account",
        ]
        for_api = [
            "/",
            "/v1/shops/tm-1",
            "/v1/shops/account",
            "/v1/factsheet",
            "/v1/feedsx",
            "/v1/scorecards",
            "/graphql",
        ]
        for path in [*for_ingest, *for_api]:
            assert (await ask(port, get(path))).endswith(b"ok"), path
    assert [raw.split(b" ")[1].decode() for raw in ingest.requests] == for_ingest
    assert [raw.split(b" ")[1].decode() for raw in api.requests] == for_api


async def test_the_caller_is_named_by_the_proxy(folder: Path) -> None:
    forged = ("X-Forwarded-For: 6.6.6.6", "X-Forwarded-Host: 6.6.6.6", "Forwarded: for=6.6.6.6")
    async with behind_proxy(folder) as (port, api, _):
        await ask(port, get("/", *forged, "X-Real-IP: 6.6.6.6", "X-Forwarded-Proto: 6.6.6.6"))
    assert b"X-Forwarded-For: 127.0.0.1\r\n" in api.requests[0]
    assert b"X-Forwarded-Proto: http\r\n" in api.requests[0]
    assert b"6.6.6.6" not in api.requests[0]


async def test_a_body_has_1_mib_and_a_batch_64(folder: Path) -> None:
    mib = 1024 * 1024
    async with behind_proxy(folder) as (port, api, ingest):
        assert (await ask(port, post("/v1/x", mib), b"a" * mib)).endswith(b"ok")
        assert problem(await ask(port, post("/v1/x", mib + 1))) == (413, "too_large")
        assert problem(await ask(port, post("/v1/feeds", mib + 1))) == (413, "too_large")
        assert (await ask(port, post("/v1/facts/orders", 2 * mib), b"a" * 2 * mib)).endswith(b"ok")
        assert problem(await ask(port, post("/v1/facts/x", 64 * mib + 1))) == (413, "too_large")
    assert (len(api.requests), len(ingest.requests)) == (1, 1)


async def test_slow_callers_are_ended_before_a_service_hears(folder: Path) -> None:
    async with behind_proxy(folder) as (port, api, ingest):
        silent, head, body = await asyncio.wait_for(
            asyncio.gather(
                ask(port),
                ask(port, GET[:-2]),
                ask(port, post("/v1/facts/orders", 10) + b"abc"),
            ),
            5,
        )
    assert (silent, head) == (b"", b"")
    assert body == b"" or problem(body) == (408, "slow")
    assert api.requests == ingest.requests == []


async def test_what_two_readers_might_read_differently_is_refused(folder: Path) -> None:
    both = post("/", 3)[:-2] + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    twice = post("/", 3)[:-2] + b"Content-Length: 3\r\n\r\nabc"
    blank = get("/", "A : b")
    async with behind_proxy(folder) as (port, api, _):
        for raw in (both, twice, b"abc\r\n\r\n", b"\x16\x03\x01\r\n\r\n"):
            assert problem(await ask(port, raw)) == (400, "bad_request")
        assert problem(await ask(port, blank)) == (400, "bad_request")
        answer = await ask(port, get("/", "A: b" + "x" * 9000))
        assert problem(answer) == (431, "head_too_large")
        assert problem(await ask(port, get("/" + "x" * 9000))) == (431, "head_too_large")
        assert problem(await ask(port, get("/problem/slow"))) == (404, "not_found")
    assert api.requests == []


async def test_services_that_are_away_or_silent(folder: Path) -> None:
    silent = Heard()
    away = Service("api", free_port(), 5)
    async with (
        service("ingest", silent.say_nothing) as ingest,
        proxy(folder, away, ingest) as port,
    ):
        assert problem(await ask(port, get("/"))) == (503, "service_away")
        assert problem(await ask(port, get("/v1/feeds"))) == (504, "service_slow")
    assert silent.requests == []


async def test_a_websocket_passes_and_no_other_upgrade(folder: Path) -> None:
    heads: list[bytes] = []

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        if b"websocket" in heads[-1]:
            writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n")
            writer.write(b"Connection: upgrade\r\n\r\n")
            writer.write(await reader.readexactly(3))
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with service("api", echo) as api, proxy(folder, api, api) as port:
        opened = await ask(
            port,
            b"GET /graphql HTTP/1.1\r\nHost: here\r\nConnection: upgrade\r\n"
            b"Upgrade: websocket\r\n\r\nabc",
        )
        await ask(
            port, b"GET / HTTP/1.0\r\nHost: here\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"
        )
    assert opened.startswith(b"HTTP/1.1 101 ")
    assert opened.endswith(b"\r\n\r\nabc")
    assert not re.search(rb"(?i)\r\nupgrade:", heads[1])
