"""The one origin behind `make run`: a small HTTP/1.1 front with deadlines, sending each request to
its service. Deployed, a real proxy stands here; the rules are the same.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

from services.local.exchange import Deadlines, Exchange, Service, linger
from services.local.requests import Head, Refused, read_head

END = b"\r\n\r\n"
HEAD_BYTES = 16 * 1024
# More connections than requests are served at once: slow ones wait here, not in a service.
CONNECTIONS = 1000
RETRY_SECONDS = 1


@dataclass(frozen=True)
class Routes:
    """The first prefix that fits wins, a `*` in it for any one part; `otherwise` takes the rest."""

    otherwise: Service
    prefixes: Mapping[str, Service] = field(default_factory=dict)

    def find(self, path: bytes) -> Service:
        parts = path.split(b"/")
        for prefix, service in self.prefixes.items():
            wanted = prefix.encode().split(b"/")
            if len(wanted) <= len(parts) and all(
                want in (b"*", part) for want, part in zip(wanted, parts, strict=False)
            ):
                return service
        return self.otherwise


@asynccontextmanager
async def open_origin(
    port: int, routes: Routes, *, host: str = "127.0.0.1", deadlines: Deadlines | None = None
) -> AsyncIterator[int]:
    """Listens until the block ends, and gives the port: a free one when 0 was asked for."""
    origin = _Origin(routes, deadlines or Deadlines())
    limit = HEAD_BYTES - len(END)  # the reader counts what stands before the end
    server = await asyncio.start_server(origin.serve, host, port, limit=limit, backlog=1024)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await origin.end()


class _Origin:
    def __init__(self, routes: Routes, deadlines: Deadlines) -> None:
        self._routes = routes
        self._deadlines = deadlines
        self._open: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._answer(reader, writer)
        except Refused as refusal:
            await self._refuse(reader, writer, refusal)
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError):
            pass  # the caller went away or stopped taking
        finally:
            self._open.discard(task)
            writer.close()

    async def end(self) -> None:
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) > CONNECTIONS:
            raise Refused(503, "too_busy", "Too many connections are open: try again.")
        head = await self._read_head(reader)
        service = self._routes.find(head.path)
        try:
            async with asyncio.timeout(self._deadlines.connect_seconds):
                connection = await asyncio.open_connection("127.0.0.1", service.port)
        except (OSError, TimeoutError) as error:
            detail = f"{service.name} is starting or away: try again."
            raise Refused(503, "service_away", detail) from error
        exchange = Exchange(head, service, self._deadlines, (reader, writer), connection)
        await exchange.run()

    async def _read_head(self, reader: asyncio.StreamReader) -> Head:
        try:
            async with asyncio.timeout(self._deadlines.head_seconds):
                raw = await reader.readuntil(END)
        except TimeoutError:
            raise Refused(408, "slow_head", "The request's head took too long.") from None
        except asyncio.LimitOverrunError:
            detail = f"A request's head has at most {HEAD_BYTES} bytes."
            raise Refused(431, "head_too_large", detail) from None
        return read_head(raw)

    async def _refuse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, refusal: Refused
    ) -> None:
        try:
            writer.write(_problem(refusal))
            await linger(reader, writer, self._deadlines.linger_seconds)
        except (ConnectionError, TimeoutError):
            pass  # nobody is there to be told


def _problem(refusal: Refused) -> bytes:
    title = HTTPStatus(refusal.status).phrase
    problem = {
        "type": "about:blank",
        "title": title,
        "status": refusal.status,
        "detail": refusal.detail,
        "code": refusal.code,
        "errors": [],
    }
    body = json.dumps(problem).encode()
    lines = [
        f"HTTP/1.1 {refusal.status} {title}",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
        *([f"Retry-After: {RETRY_SECONDS}"] if refusal.status in {502, 503, 504} else []),
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
