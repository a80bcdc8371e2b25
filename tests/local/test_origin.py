"""The one origin, before services that are a few lines each."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.cli.tree import INGEST_PATHS
from services.local.exchange import Deadlines, Service
from services.local.origin import CONNECTIONS, Routes, open_origin
from services.local.processes import free_port
from tests.local.doubles import GET, OK, Heard, Serve, ask, problem, service

QUICK = Deadlines(head_seconds=0.2, body_seconds=0.2, connect_seconds=0.2, linger_seconds=0.2)


@asynccontextmanager
async def origin(
    serve: Serve, *, deadlines: Deadlines = QUICK, answer_seconds: float = 5
) -> AsyncIterator[int]:
    async with (
        service("api", serve, answer_seconds) as api,
        open_origin(0, Routes(api), deadlines=deadlines) as port,
    ):
        yield port


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "api"),
        ("/v1/facts", "ingest"),
        ("/v1/facts/orders?x=/", "ingest"),
        ("/v1/factsheet", "api"),
        ("/v1/feeds/1/backfill", "ingest"),
        ("/v1/exclusions/figures?shop=a", "ingest"),
        ("/v1/mappings/sycm_shop", "ingest"),
        ("/v1/reconciliations", "ingest"),
        ("/v1/shops/tm-1/account", "ingest"),
        ("/v1/shops/tm-1/account?x=1", "ingest"),
        ("/v1/shops/tm-1", "api"),
        ("/v1/shops/account", "api"),
        ("/v1/shops/tm-1/accounts", "api"),
        ("/v1/scorecards?next=/v1/facts", "api"),
    ],
)
async def test_a_path_finds_its_service(path: str, name: str) -> None:
    heard = {"api": Heard(), "ingest": Heard()}
    async with (
        service("api", heard["api"].answer) as api,
        service("ingest", heard["ingest"].answer) as ingest,
    ):
        prefixes = dict.fromkeys(INGEST_PATHS, ingest)
        async with open_origin(0, Routes(api, prefixes)) as port:
            request = f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode()
            assert (await ask(port, request)).endswith(b"ok")
    assert {who: len(it.requests) for who, it in heard.items() if it.requests} == {name: 1}
    assert heard[name].requests[0].startswith(f"GET {path} HTTP/1.1\r\n".encode())


async def test_the_caller_is_named_by_us() -> None:
    heard = Heard()
    async with origin(heard.answer) as port:
        await ask(port, b"GET / HTTP/1.1\r\nHost: here\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n")
    assert b"X-Forwarded-For: 127.0.0.1\r\n" in heard.requests[0]
    assert b"6.6.6.6" not in heard.requests[0]


async def test_a_body_arrives_whole_however_it_is_cut() -> None:
    heard = Heard()
    head = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 200000\r\n\r\n"
    async with origin(heard.answer) as port:
        answer = await ask(port, head[:7], head[7:], b"a" * 70000, b"b" * 130000, pause=0.01)
    assert answer == OK
    assert heard.requests[0].endswith(b"\r\n\r\n" + b"a" * 70000 + b"b" * 130000)


async def test_chunks_arrive_without_extensions_and_trailers() -> None:
    heard = Heard()
    async with origin(heard.answer) as port:
        answer = await ask(
            port,
            b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"0003;x=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n",
        )
    assert answer == OK
    assert heard.requests[0].endswith(b"\r\n\r\n3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n")


@pytest.mark.parametrize("chunk", [b"3\r\nabcd\r\n", b"x\r\n", b"-1\r\n", b"\r\n", b"3 3\r\n"])
async def test_a_wrong_chunk_is_refused(chunk: bytes) -> None:
    async with origin(Heard().answer) as port:
        answer = await ask(
            port, b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk
        )
    assert problem(answer) == (400, "bad_chunk")


async def test_a_second_request_is_not_smuggled_behind_the_first() -> None:
    heard = Heard()
    async with origin(heard.answer) as port:
        evil = b"GET /evil HTTP/1.1\r\nHost: here\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n"
        assert await ask(port, GET + evil) == OK
    assert len(heard.requests) == 1
    assert b"evil" not in heard.requests[0]


async def test_both_framings_at_once_are_refused_before_a_service_hears() -> None:
    heard = Heard()
    raw = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with origin(heard.answer) as port:
        assert problem(await ask(port, raw + b"0\r\n\r\n")) == (400, "bad_framing")
    assert heard.requests == []


async def test_a_head_of_16_kib_passes_and_one_byte_more_does_not() -> None:
    async with origin(Heard().answer) as port:
        room = 16 * 1024 - len(GET) - len(b"A: \r\n")
        for size, expected in ((room, b"HTTP/1.1 200"), (room + 1, b"HTTP/1.1 431")):
            filled = GET[:-2] + b"A: " + b"x" * size + b"\r\n\r\n"
            assert (await ask(port, filled)).startswith(expected), size


async def test_a_slow_head_is_ended() -> None:
    async with origin(Heard().answer) as port:
        assert problem(await ask(port, b"GET / HT")) == (408, "slow_head")
        assert problem(await ask(port, b"G", b"E", b"T", b" ", pause=0.1)) == (408, "slow_head")


async def test_a_body_that_halts_is_ended() -> None:
    head = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n"
    async with origin(Heard().answer) as port:
        assert problem(await ask(port, head + b"abc")) == (408, "slow_body")


async def test_a_service_that_is_away() -> None:
    async with open_origin(0, Routes(Service("api", free_port(), 5)), deadlines=QUICK) as port:
        assert problem(await ask(port, GET)) == (503, "service_away")


async def test_a_service_that_breaks_off() -> None:
    async with origin(Heard().hang_up) as port:
        assert problem(await ask(port, GET)) == (502, "service_failed")


async def test_a_service_that_says_nothing() -> None:
    heard = Heard()
    async with origin(heard.say_nothing, answer_seconds=0.2) as port:
        assert problem(await ask(port, GET)) == (504, "service_slow")
        await asyncio.wait_for(heard.ended.wait(), 5)


async def test_an_early_answer_is_heard_by_a_caller_who_still_sends() -> None:
    async with origin(Heard().refuse_early) as port:
        head = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 10000000\r\n\r\n"
        answer = await ask(port, head, *[b"x" * 10000] * 10, pause=0.01)
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_a_caller_who_leaves_frees_the_service() -> None:
    heard = Heard()
    async with origin(heard.say_nothing) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET)
        await asyncio.sleep(0.05)
        assert not heard.ended.is_set()
        writer.close()
        await asyncio.wait_for(heard.ended.wait(), 5)


async def test_a_websocket_passes_both_ways() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert b"Upgrade: websocket" in await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
        while piece := await reader.read(100):
            writer.write(piece.upper())

    async with origin(echo) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET[:-2] + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        for word in (b"one", b"two"):
            await asyncio.sleep(0.3)  # longer than any deadline for requests here
            writer.write(word)
            assert await reader.readexactly(3) == word.upper()
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()


async def test_a_caller_who_does_not_read_holds_back_the_service() -> None:
    written = 0

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while written < 200_000_000:
            writer.write(b"x" * 100_000)
            await writer.drain()
            written += 100_000

    async with origin(pour, deadlines=Deadlines(body_seconds=0.3)) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET)
        await asyncio.sleep(1)
        writer.close()
    assert written < 100_000_000


async def test_too_many_connections_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CONNECTIONS == 1000
    monkeypatch.setattr("services.local.origin.CONNECTIONS", 2)
    async with origin(Heard().answer, deadlines=Deadlines()) as port:
        waiting = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        await asyncio.sleep(0.05)
        assert problem(await ask(port, GET)) == (503, "too_busy")
        for _, writer in waiting:
            writer.close()
        await asyncio.sleep(0.05)
        assert await ask(port, GET) == OK
