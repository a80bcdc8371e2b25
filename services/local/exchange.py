"""One request and its answer on their way: the body goes up while the answer comes down, neither
faster than the other side takes it.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable
from dataclasses import dataclass

from services.local.requests import Framing, Head, Refused

PIECE = 64 * 1024
TRAILERS = 20
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[\x20-\x7e\x80-\xff\t]{0,200})?\r\n")

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, kw_only=True)
class Deadlines:
    head_seconds: float = 10
    """From the connection to the end of the request's head."""
    body_seconds: float = 10
    """Between two pieces of the body, and for the caller to take a piece of the answer."""
    connect_seconds: float = 2
    linger_seconds: float = 2
    """After an early answer, so that a caller who still sends may read it."""


@dataclass(frozen=True)
class Service:
    name: str
    port: int
    answer_seconds: float
    """From the request's last byte to the answer's first."""


class _ServiceDeaf(Exception):
    """The service takes no more of the body: its answer, if any, says why."""


class Exchange:
    def __init__(
        self,
        head: Head,
        service: Service,
        deadlines: Deadlines,
        caller: Stream,
        connection: Stream,
    ) -> None:
        self._head = head
        self._service = service
        self._deadlines = deadlines
        self._from_caller, self._to_caller = caller
        self._from_service, self._to_service = connection
        self._first_byte = asyncio.timeout(None)
        self._answered = False
        self._sent = False

    async def run(self) -> None:
        """Ends when the answer has, or when the caller leaves or breaks a rule."""
        receiving = asyncio.create_task(self._receive())
        sending = asyncio.create_task(self._send())
        try:
            await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
            await receiving
        except Refused as refusal:
            if self._answered:  # nothing may be said into the middle of another answer
                raise ConnectionAbortedError(refusal.detail) from refusal
            raise
        finally:
            sending.cancel()
            receiving.cancel()
            await asyncio.gather(sending, receiving, return_exceptions=True)
            self._to_service.close()
        if not self._sent:
            await linger(self._from_caller, self._to_caller, self._deadlines.linger_seconds)

    async def _receive(self) -> None:
        try:
            async with self._first_byte:
                piece = await self._from_service.read(PIECE)
        except TimeoutError:
            raise Refused(504, "service_slow", f"{self._service.name} did not answer.") from None
        except ConnectionError:
            piece = b""
        if not piece:
            raise Refused(502, "service_failed", f"{self._service.name} broke off: try again.")
        self._answered = True
        while piece:
            self._to_caller.write(piece)
            async with asyncio.timeout(self._deadlines.body_seconds):
                await self._to_caller.drain()
            piece = await self._from_service.read(PIECE)

    async def _send(self) -> None:
        caller = self._to_caller.get_extra_info("peername")[0]
        try:
            await self._put(self._head.forwarded(caller))
            if self._head.framing is Framing.LENGTH:
                await self._send_bytes(self._head.length)
            elif self._head.framing is Framing.CHUNKED:
                await self._send_chunks()
            self._sent = True
            if not self._answered:
                now = asyncio.get_running_loop().time()
                self._first_byte.reschedule(now + self._service.answer_seconds)
            if self._head.upgrade:
                await self._send_until_end()
            # Whatever comes after one request is not looked at; only that the caller stays.
            elif not await self._from_caller.read(1):
                raise ConnectionAbortedError("the caller left")
        except _ServiceDeaf:
            return

    async def _send_bytes(self, count: int) -> None:
        while count:
            piece = await self._take(self._from_caller.read(min(PIECE, count)))
            if not piece:
                raise ConnectionAbortedError("the caller left in the middle of the body")
            await self._put(piece)
            count -= len(piece)

    async def _send_chunks(self) -> None:
        """Written anew, without extensions and trailers, so that both sides see the same end."""
        while size := await self._take_chunk_size():
            self._to_service.write(b"%x\r\n" % size)
            await self._send_bytes(size)
            if await self._take(self._from_caller.readexactly(2)) != b"\r\n":
                raise Refused(400, "bad_chunk", "A chunk is longer than it says.")
            self._to_service.write(b"\r\n")
        for _ in range(TRAILERS):
            if await self._take_line() == b"\r\n":
                await self._put(b"0\r\n\r\n")
                return
        raise Refused(431, "too_many_trailers", f"A body has at most {TRAILERS} trailers.")

    async def _send_until_end(self) -> None:
        while piece := await self._from_caller.read(PIECE):
            await self._put(piece)
        self._to_service.write_eof()

    async def _take_chunk_size(self) -> int:
        size = _CHUNK.fullmatch(await self._take_line())
        if size is None:
            raise Refused(400, "bad_chunk", "A chunk does not say its size.")
        return int(size[1], 16)

    async def _take_line(self) -> bytes:
        try:
            return await self._take(self._from_caller.readuntil(b"\r\n"))
        except asyncio.LimitOverrunError:
            raise Refused(400, "bad_chunk", "A chunk does not say its size.") from None

    async def _take(self, piece: Awaitable[bytes]) -> bytes:
        try:
            async with asyncio.timeout(self._deadlines.body_seconds):
                return await piece
        except TimeoutError:
            raise Refused(408, "slow_body", "The body came to a halt.") from None

    async def _put(self, piece: bytes) -> None:
        try:
            async with asyncio.timeout(self._service.answer_seconds):
                self._to_service.write(piece)
                await self._to_service.drain()
        except TimeoutError:
            raise Refused(504, "service_slow", f"{self._service.name} does not read.") from None
        except ConnectionError as error:
            raise _ServiceDeaf from error


async def linger(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float
) -> None:
    """Closing while the caller still sends would throw the answer away before it is read."""
    with contextlib.suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(seconds):
            await writer.drain()
            writer.write_eof()
            while await reader.read(PIECE):
                pass
