"""A pretend marketplace in this process, and a source that asks it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from sandbox.gateways import Asked, Gateway
from sandbox.lives import midnight
from services.ingest.sources.client import Client, Pace
from services.ingest.sources.reading import Credential, Source
from services.schema.shapes.feeds import Window
from services.schema.words import FactKind
from tests.sandbox.test_company import TODAY

ORDERS, REFUNDS, RATINGS = FactKind.ORDERS, FactKind.REFUNDS, FactKind.RATINGS
NOW = midnight(TODAY) + timedelta(hours=12)
BASE = "http://place.test:8100"


class Open(Protocol):
    def __call__(
        self, client: Client, credential: Credential, *, now: Callable[[], datetime]
    ) -> Source: ...


class Place:
    """Its clock goes on only when somebody sleeps."""

    def __init__(
        self, open_gateway: Callable[..., Gateway], open_source: Open, credential: Credential
    ) -> None:
        self.now = NOW
        self.gateway = open_gateway(first=(NOW - timedelta(days=59)).date(), now=lambda: self.now)
        self.credential = credential
        self.asked: list[httpx.Request] = []
        self.pace = Pace(10_000, sleep=self.sleep, chance=lambda: 0.0)
        self.source = open_source(
            client_of(self._answer, self.pace, lambda: self.now), credential, now=lambda: self.now
        )

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.pace._free_at -= seconds

    def outcomes(self) -> list[str]:
        return [call.outcome for call in self.gateway.trouble.calls]

    async def read(self, kind: FactKind, *windows: Window) -> dict[str, object]:
        """The rows of some windows by the number that each source knows them by."""
        rows: dict[str, object] = {}
        for window in windows:
            for row in (await self.source.read(kind, window)).rows:
                rows[str(next(row[name] for name in NUMBERS[kind] if name in row))] = row
        return rows

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        url = urlsplit(str(request.url))
        asked = Asked(
            request.method,
            url._replace(query="").geturl(),
            url.path,
            url.query.encode(),
            dict(request.headers),
            request.content,
        )
        answer = self.gateway.answer(asked)
        if answer.dropped:
            raise httpx.RemoteProtocolError("cut off")
        stream = httpx.ByteStream(answer.body)
        return httpx.Response(answer.status, headers=dict(answer.headers), stream=stream)


NUMBERS = {
    ORDERS: ("order_sn", "orderId", "order_id"),
    REFUNDS: ("aftersale_id", "number", "id"),
}


def client_of(
    answer: Callable[[httpx.Request], httpx.Response],
    pace: Pace,
    now: Callable[[], datetime] = lambda: NOW,
) -> Client:
    return Client(
        [], pace, now=now, sandbox=["place.test:8100"], transport=httpx.MockTransport(answer)
    )


def saying(body: bytes, status: int = 200) -> Client:
    """A marketplace that says one thing."""
    return client_of(
        lambda _: httpx.Response(status, stream=httpx.ByteStream(body)),
        Pace(10_000, sleep=_no_sleep),
    )


async def _no_sleep(_: float) -> None:
    pass


def halves_of_hours(start: datetime, hours: int) -> list[Window]:
    """Windows of half an hour that touch."""
    half = timedelta(minutes=30)
    return [Window(start + n * half, start + (n + 1) * half) for n in range(2 * hours)]
