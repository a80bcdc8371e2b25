"""Services of a few lines and a caller of raw bytes, for the tests of what stands between them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from services.local.exchange import Service

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


@dataclass
class Heard:
    """A service that keeps what it was sent."""

    requests: list[bytes] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        body = b""
        if b"chunked" in head.lower():
            body = await reader.readuntil(b"\r\n0\r\n\r\n")
        elif b"Content-Length: " in head:
            body = await reader.readexactly(
                int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
            )
        self.requests.append(head + body)
        writer.write(OK)

    async def say_nothing(self, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        while await reader.read(1024):
            pass
        self.ended.set()

    async def refuse_early(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")

    async def hang_up(self, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")


@asynccontextmanager
async def service(name: str, serve: Serve, answer_seconds: float = 5) -> AsyncIterator[Service]:
    async def serve_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve_and_close, "127.0.0.1", 0)
    async with server:
        yield Service(name, server.sockets[0].getsockname()[1], answer_seconds)


async def ask(port: int, *pieces: bytes, pause: float = 0) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(pause)
        return await reader.read()
    finally:
        writer.close()


def problem(answer: bytes) -> tuple[int, str]:
    head, body = answer.split(b"\r\n\r\n", 1)
    assert b"Content-Type: application/problem+json" in head
    document = json.loads(body)
    assert document.keys() == {"type", "title", "status", "detail", "code", "errors"}
    assert head.startswith(f"HTTP/1.1 {document['status']} ".encode())
    assert (b"Retry-After: 1" in head) == (document["status"] >= 500)
    return document["status"], document["code"]
