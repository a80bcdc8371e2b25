"""How we speak to any marketplace: paced, bounded, patient, and only to hosts that it owns.

Clock, sleep and transport are arguments, so that a simulation can be the world.
"""

import asyncio
import re
import zlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import random
from typing import TypeVar
from urllib.parse import urlencode

import httpx
import stamina
import structlog
from aiolimiter import AsyncLimiter

from services.door.outgoing import AddressRefused, NameUnknown, PublicTransport
from services.ingest.sources.errors import SourceError, TooOften, TryLater, Unreadable

CONNECT_SECONDS = 10
TOTAL_SECONDS = 30
LARGEST_ANSWER = 20 * 1024 * 1024
"""Bytes after unpacking, counted while they arrive."""
LONGEST_WAIT_SECONDS = 60
"""A longer ban is not sat out: the schedule comes back, and other shops go on."""
LONGEST_BAN_SECONDS = 3600
"""No answer, however absurd, silences us for longer."""
ATTEMPTS = 5

_log = structlog.get_logger()
# Its own lines would name a block of code; ours name the problem.
stamina.instrumentation.set_on_retry_hooks([])

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Question:
    """One request, whole and signed."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer read whole; the names of its headers are in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Pace:
    """How fast one application may call; a ban stops all of its calls, whoever met it."""

    def __init__(
        self,
        calls_per_second: int,
        *,
        sleep: Sleep = asyncio.sleep,
        chance: Callable[[], float] = random,
    ) -> None:
        self._limiter = AsyncLimiter(calls_per_second, 1)
        self._sleep = sleep
        self._chance = chance
        self._free_at = 0.0

    async def turn(self) -> None:
        """Wait until the next call may be made; too long a ban is left to the schedule."""
        await self._limiter.acquire()
        while (left := self._left()) > 0:
            if left > LONGEST_WAIT_SECONDS:
                raise TryLater("the application is banned for a while", seconds=left)
            # Not all at once when it ends.
            await self._sleep(left * (1 + self._chance() / 10))

    async def rest(self, seconds: float) -> None:
        """Wait, and let others call meanwhile."""
        await self._sleep(seconds)

    def forbid(self, seconds: float) -> None:
        """Make no call for so long."""
        until = asyncio.get_running_loop().time() + min(seconds, LONGEST_BAN_SECONDS)
        self._free_at = max(self._free_at, until)

    def _left(self) -> float:
        return self._free_at - asyncio.get_running_loop().time()


class Client:
    """Asks one marketplace for one application."""

    def __init__(
        self,
        hosts: Collection[str],
        pace: Pace,
        *,
        now: Callable[[], datetime],
        sandbox: Collection[str] = (),
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`hosts` are the marketplace's own; `sandbox` names `host:port` pairs of ours."""
        self._hosts = frozenset(hosts)
        self._sandbox = frozenset(sandbox)
        self._pace = pace
        self._now = now
        self._client = httpx.AsyncClient(
            transport=transport or PublicTransport(unchecked=self._sandbox),
            timeout=httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
            headers={"Accept-Encoding": "gzip", "User-Agent": "kaohe"},
            follow_redirects=False,
            trust_env=False,
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def wait(self, seconds: float) -> None:
        """Sit out so many seconds; others may call meanwhile."""
        await self._pace.rest(seconds)

    def rest(self, seconds: float) -> None:
        """Make no call for so long: for a marketplace that says beforehand what it can take."""
        self._pace.forbid(seconds)

    async def post_form(
        self, url: str, form: Callable[[], Mapping[str, str]], read: Callable[[Answer], T]
    ) -> T:
        """The reading of the answer to a form; any status but 200 is none."""

        def make() -> Question:
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            return Question("POST", url, headers, urlencode(form()).encode())

        def read_well(answer: Answer) -> T:
            refuse_unwell(answer)
            return read(answer)

        return await self.ask(make, read_well)

    async def ask(
        self,
        make: Callable[[], Question],
        read: Callable[[Answer], T],
        *,
        counts_calls: bool = False,
    ) -> T:
        """The reading of an answer; the question is made, and signed, anew for every attempt.

        `read` sees every answer but those of status 429 and from 500 on; it raises TryLater or
        Unreadable for what is worth another attempt. Who counts calls knows himself how long to
        wait after a TooOften: it is raised at once.
        """

        def patience(error: Exception) -> bool | float:
            is_counted = counts_calls and isinstance(error, TooOften)
            return False if is_counted else self._patience(error)

        attempts = stamina.retry_context(
            on=patience, attempts=ATTEMPTS, timeout=None, wait_initial=0.5, wait_max=20
        )
        async for attempt in attempts:
            with attempt:
                await self._pace.turn()
                return read(await self._send(make()))
        raise AssertionError("the last attempt returns or raises")

    async def look_until(self, look: Callable[[], Awaitable[T | None]], *, what: str) -> T:
        """What a look finds at last: less and less often, and for a minute at most."""
        waited, wait = 0.0, 1.0
        while (found := await look()) is None:
            if waited + wait > LONGEST_WAIT_SECONDS:
                raise TryLater(f"{what} is not ready yet", seconds=wait)
            await self._pace.rest(wait)
            waited, wait = waited + wait, wait * 2
        return found

    def _patience(self, error: Exception) -> bool | float:
        """Whether, and after how many seconds, to ask again."""
        if not isinstance(error, TryLater | Unreadable):
            return False
        seconds = error.seconds if isinstance(error, TryLater) else None
        _log.info("marketplace.asked_again", problem=str(error), seconds=seconds)
        if seconds is None:
            return True
        self._pace.forbid(seconds)
        # The pace lets nobody through before; it alone waits.
        return 0.0 if seconds <= LONGEST_WAIT_SECONDS else False

    async def _send(self, question: Question) -> Answer:
        self._check_host(question.url)
        stream = self._client.stream(
            question.method,
            question.url,
            headers=dict(question.headers),
            content=question.body or None,
        )
        try:
            async with asyncio.timeout(TOTAL_SECONDS), stream as response:
                self._refuse_busy(response)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status_code, await _read_bounded(response), headers)
        except TimeoutError as error:
            raise TryLater(f"no answer within {TOTAL_SECONDS} seconds") from error
        except AddressRefused as error:
            problem = "the marketplace's name leads to an address that is not public"
            raise SourceError(problem) from error
        except (httpx.TransportError, NameUnknown) as error:
            raise TryLater(f"the connection failed: {type(error).__name__}") from error

    def _check_host(self, url: str) -> None:
        check_address(url, self._hosts, self._sandbox)

    def _refuse_busy(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == 429 or status >= 500:
            seconds = _retry_after(response.headers.get("Retry-After"), self._now())
            if status == 429 and seconds is None:
                raise TooOften(f"HTTP status {status}")
            raise TryLater(f"HTTP status {status}", seconds=seconds)


def check_address(url: str, hosts: Collection[str], sandbox: Collection[str]) -> None:
    """Refuse any address but the marketplace's own by https, and the sandbox that we named."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise SourceError("the address is not one of the marketplace's own") from error
    if f"{parsed.host}:{parsed.port}" in sandbox and not parsed.userinfo:
        return
    own = bool(parsed.host) and parsed.host in hosts and parsed.port is None
    if parsed.scheme != "https" or not own or parsed.userinfo:
        raise SourceError("the address is not one of the marketplace's own")


def refuse_unwell(answer: Answer) -> None:
    """For a marketplace that says everything with status 200: any other is somebody else's."""
    if answer.status != 200:
        raise Unreadable(f"HTTP status {answer.status}")


def unpacked(body: bytes) -> bytes:
    """What a gzip file holds; refused as soon as it is too large, before it is in memory."""
    unpack = zlib.decompressobj(wbits=31)
    try:
        whole = unpack.decompress(body, LARGEST_ANSWER + 1)
    except zlib.error as error:
        raise Unreadable("the packing is torn") from error
    if len(whole) > LARGEST_ANSWER:
        raise Unreadable(f"more than {LARGEST_ANSWER} bytes")
    if not unpack.eof:
        raise Unreadable("the packing is torn")
    return whole


async def _read_bounded(response: httpx.Response) -> bytes:
    """The body unpacked; refused as soon as it is too large, before it is in memory."""
    packing = response.headers.get("Content-Encoding", "identity").lower()
    if packing not in {"identity", "gzip"}:
        raise Unreadable(f"an unknown packing: {packing[:20]!r}")
    unpack = zlib.decompressobj(wbits=31) if packing == "gzip" else None
    parts: list[bytes] = []
    size = 0
    async for chunk in response.aiter_raw():
        part = chunk
        if unpack:
            try:
                part = unpack.decompress(chunk, LARGEST_ANSWER + 1 - size)
            except zlib.error as error:
                raise Unreadable("the packing is torn") from error
        size += len(part)
        if size > LARGEST_ANSWER or (unpack and unpack.unconsumed_tail):
            raise Unreadable(f"more than {LARGEST_ANSWER} bytes")
        parts.append(part)
    if unpack and not unpack.eof:
        raise Unreadable("the packing is torn")
    return b"".join(parts)


def _retry_after(text: str | None, at: datetime) -> float | None:
    """Seconds to wait as a header says them, or a date; nonsense says nothing."""
    if text is None:
        return None
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text, re.ASCII):
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - at).total_seconds())
