"""Marketplaces over ledgers of truth, that treat their callers as weather says."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from random import Random
from typing import Any, Protocol

import httpx

from tests.simulation.ledgers import Ledger, Version
from tests.simulation.weathers import Weather

LONGEST_LAG = 240.0
"""Seconds that a copy of the marketplace's books may be behind."""
LONGEST_OBEYED = 3600.0
HTML = "<html><body>系统繁忙</body></html>"


@dataclass(slots=True)
class Marketplace:
    """One for all shops; a session names the shop."""

    weather: Weather
    chance: Random
    ledgers: dict[str, Ledger]
    now: Callable[[], datetime]
    tell: Callable[[str], None]
    unsafe: Callable[[str], None]
    speak: "Callable[[Marketplace, Call], Speaker]"
    is_fair: bool = False
    """Nothing goes wrong any more."""
    banned_until: float = 0.0
    calls: int = 0
    revoked: dict[str, int] = field(default_factory=dict)
    """Calls after a session was revoked, since its credentials were last changed."""
    bulks: dict[str, Any] = field(default_factory=dict)
    """Files that were asked for, by number."""
    excuses: int = 0
    """Since then: workers fell asleep, commits were lost, days were asked for. Each may let a feed
    be tried anew."""

    def seconds(self) -> float:
        return asyncio.get_running_loop().time()

    def happens(self, share: float) -> bool:
        return not self.is_fair and share > 0 and self.chance.random() < share

    def is_within(self, span: tuple[float, float] | None) -> bool:
        return span is not None and span[0] <= self.seconds() < span[1]

    def until(self, seconds: float) -> float:
        """Up to when no call may be made by whoever is told to wait for so long."""
        return self.seconds() + min(seconds, LONGEST_OBEYED)

    def lag(self) -> float:
        """How many seconds the copy that answers is behind."""
        return self.chance.uniform(1, LONGEST_LAG) if self.happens(self.weather.lagging) else 0.0

    def disturbed(
        self,
        ledger: Ledger,
        kind: str,
        here: list[Version],
        rows: list[dict[str, Any]],
        write: Callable[[str, Version], dict[str, Any] | None],
    ) -> list[dict[str, Any]]:
        """Rows of a page: doubled, beside an older self, shuffled, and changed as soon as read.

        `write` gives null for what a marketplace does not tell.
        """
        if not rows:
            return rows
        if self.happens(self.weather.doubled):
            version = self.chance.choice(here)
            known = ledger.versions[kind][version.state.number]
            older = self.chance.choice(known[: 1 + known.index(version)])
            rows = [*rows, rows[0], *filter(None, [write(kind, older)])]
        if self.happens(self.weather.shuffled):
            self.chance.shuffle(rows)
        if kind != "ratings" and self.happens(self.weather.moving):
            number = self.chance.choice(here).state.number
            known = ledger.versions[kind][number]
            if known[-1].seen_from <= self.seconds():
                ledger.touch(kind, number, self.seconds())
        return rows


@dataclass(slots=True)
class Response:
    """What a call brings, as far as ingest's client looks at it."""

    status_code: int
    content: bytes
    headers: dict[str, str] = field(default_factory=dict)
    until: float = 0.0
    """Up to when no call may be made by whoever hears this."""

    async def aiter_raw(self) -> AsyncIterator[bytes]:
        yield self.content


@dataclass(frozen=True, slots=True)
class Call:
    """What somebody asks."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Speaker(Protocol):
    """A call in the language of its marketplace."""

    shop: str

    def refuse_session(self) -> Response | None:
        """Its credentials are revoked; null where that is nobody's concern."""
        ...

    def refuse_for(self, seconds: float) -> Response | None: ...

    def refuse_heavy(self) -> Response | None: ...

    def garbage(self, whole: bytes) -> tuple[bytes, ...]:
        """What may come instead of an answer."""
        ...

    def answer(self) -> Response: ...


class Door(httpx.AsyncBaseTransport):
    """The way of one client to the marketplace; it remembers what the client was told to leave."""

    def __init__(
        self, market: Marketplace, gate: Callable[[], Any], sleep: Callable[[], None]
    ) -> None:
        self._market = market
        self._gate = gate
        self._sleep = sleep
        self._forbidden_until = 0.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.call(Call(str(request.url), request.headers, request.content))
        # As it would come from a connection: to be read once, while it arrives.
        stream = httpx.ByteStream(answer.content)
        return httpx.Response(answer.status_code, headers=answer.headers, stream=stream)

    async def call(self, call: Call) -> Response:
        market = self._market
        # What is known when a call is made; whoever then sleeps makes it later, and may be told
        # meanwhile to make none.
        if market.seconds() < self._forbidden_until - 0.001:
            market.unsafe(f"S01: a call {self._forbidden_until - market.seconds():.0f} s too early")
        await self._gate()
        speaker = market.speak(market, call)
        market.calls += 1
        await asyncio.sleep(market.chance.uniform(0.02, 1.5))
        answer = await self._answer(speaker)
        if market.happens(market.weather.asleep):
            self._sleep()
        await self._gate()
        # What was said is known once it was heard.
        self._forbidden_until = max(self._forbidden_until, answer.until)
        market.tell(f"{speaker}: {answer.status_code}")
        return answer

    async def _answer(self, speaker: Speaker) -> Response:
        market, weather = self._market, self._market.weather
        if (broken := await self._broken()) is not None:
            return broken
        if market.is_within(weather.revoked) and (refusal := speaker.refuse_session()) is not None:
            market.revoked[speaker.shop] = market.revoked.get(speaker.shop, 0) + 1
            return refusal
        left = market.banned_until - market.seconds()
        if market.happens(weather.throttled):
            left = market.chance.choice((1.0, 5.0, 61.0, 400.0))
            market.banned_until = market.seconds() + left
        if left > 0 and (refusal := speaker.refuse_for(left)) is not None:
            return refusal
        if market.happens(weather.heavy) and (refusal := speaker.refuse_heavy()) is not None:
            return refusal
        answer = speaker.answer()
        if market.happens(weather.garbled):
            answer.content = market.chance.choice(speaker.garbage(answer.content))
        return answer

    async def _broken(self) -> Response | None:
        """What the network, or whoever stands in between, makes of a call."""
        market, weather = self._market, self._market.weather
        is_out = not market.is_fair and market.is_within(weather.outage)
        if market.happens(weather.stalled):
            await asyncio.sleep(60)
        if market.happens(weather.cut) or (is_out and market.chance.random() < 0.3):
            raise market.chance.choice((httpx.ConnectError, httpx.ReadError))("cut")
        if market.happens(weather.failing) or is_out:
            return Response(market.chance.choice((500, 502, 503, 504)), HTML.encode())
        if market.happens(weather.too_many):
            return self._too_many()
        return None

    def _too_many(self) -> Response:
        market = self._market
        seconds = market.chance.choice((1, 7, 90, 10**9, 10**30))
        at = market.now() + timedelta(seconds=min(seconds, 10**6))
        form = market.chance.choice(("seconds", "date", "none", "nonsense"))
        headers = {
            "seconds": {"Retry-After": str(seconds)},
            "date": {"Retry-After": format_datetime(at.replace(microsecond=0), usegmt=True)},
            "none": {},
            "nonsense": {"Retry-After": "soon"},
        }[form]
        # A date is in whole seconds, and so may be a second early.
        is_said = form in {"seconds", "date"}
        until = market.until(seconds - (form == "date")) if is_said else 0.0
        return Response(429, HTML.encode(), headers, until)


class Line:
    """A door in the place of httpx's client."""

    def __init__(self, door: Door) -> None:
        self._door = door

    @asynccontextmanager
    async def stream(
        self, _method: str, url: str, *, headers: Mapping[str, str], content: bytes | None
    ) -> AsyncIterator[Response]:
        yield await self._door.call(Call(url, headers, content or b""))

    async def aclose(self) -> None:
        """Nothing is open."""


def open_market(market: Marketplace) -> None:
    """The end phase: nothing goes wrong any more."""
    market.is_fair = True
    market.weather = replace(market.weather, outage=None, revoked=None)
