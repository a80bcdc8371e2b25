"""Requests in a plain loop: as many connections as wanted, each waiting for its answer."""

import asyncio
import time
from http.client import HTTPConnection
from typing import cast

CONNECTIONS = 32
POST_SECONDS = 300


class _Caller(asyncio.Protocol):
    """One connection that sends the same request again as soon as it is answered."""

    def __init__(self, request: bytes, turns: asyncio.Queue[None], status: bytes) -> None:
        self._request = request
        self._turns = turns
        self._status = status
        self._answer = bytearray()
        self._wanted = -1
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if self._wanted < 0:
            self._read_head()
        if 0 <= self._wanted <= len(self._answer):
            self._answer.clear()
            self._wanted = -1
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server hung up"))

    def _read_head(self) -> None:
        end = self._answer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._answer[:end]).lower()
        if not head.startswith(b"http/1.1 " + self._status):
            self.done.set_exception(AssertionError(bytes(self._answer[:500])))
            self._transport.close()
            return
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        self._wanted = end + 4 + int(length or 0)

    def _send(self) -> None:
        try:
            self._turns.get_nowait()
        except asyncio.QueueEmpty:
            if not self.done.done():
                self.done.set_result(None)
            self._transport.close()
            return
        self._transport.write(self._request)


async def gets_per_second(
    port: int, path: str, *, key: str, count: int, status: int = 200, etag: str | None = None
) -> float:
    """How many GETs of one path are answered a second."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {key}"]
    lines += [] if etag is None else [f"If-None-Match: {etag}"]
    request = "\r\n".join([*lines, "", ""]).encode()
    turns: asyncio.Queue[None] = asyncio.Queue()
    for _ in range(count):
        turns.put_nowait(None)
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    callers = [
        (
            await loop.create_connection(
                lambda: _Caller(request, turns, str(status).encode()), "127.0.0.1", port
            )
        )[1]
        for _ in range(CONNECTIONS)
    ]
    await asyncio.gather(*(caller.done for caller in callers))
    return count / (time.perf_counter() - began)


async def post(port: int, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """One POST in a thread; anything but 200 is an error."""
    return await asyncio.to_thread(_post, port, path, body, headers)


def _post(port: int, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    connection = HTTPConnection("127.0.0.1", port, timeout=POST_SECONDS)
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == 200, content[:2000]
        return content
    finally:
        connection.close()
