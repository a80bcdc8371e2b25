"""A pretend marketplace in this process, and a source that asks it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from sandbox.articles import article_list
from sandbox.gateways import Asked, Gateway
from sandbox.lives import midnight
from sandbox.truth import Sums
from services.ingest.flows.connectors import Reader
from services.ingest.sources.client import Client, Pace
from services.ingest.sources.reading import Credential, Source
from services.schema.shapes.facts import Order, Refund
from services.schema.shapes.feeds import Article, Known, Origin, Window
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


async def add_up(place: Place, reader: Reader, origin: Origin, *windows: Window) -> Sums:
    """What the facts in some windows come to."""
    found, nothing = Sums(), Known({}, {}, {})
    for window in windows:
        for row in (await place.source.read(ORDERS, window)).rows:
            order = reader.read_fact(ORDERS, row, origin, nothing)
            assert isinstance(order, Order)
            if order.paid_at:
                found.orders += 1
                found.paid_amount += order.paid_amount or 0
                found.cost_amount += order.cost_amount or 0
                found.discount_amount += order.discount_amount or 0
                found.units += sum(line.quantity for line in order.lines)
        for row in (await place.source.read(REFUNDS, window)).rows:
            whole = row
            if reader.lacks_detail(REFUNDS, row, nothing):
                whole = await place.source.detail(REFUNDS, row)
            refund = reader.read_fact(REFUNDS, whole, origin, nothing)
            assert isinstance(refund, Refund)
            if refund.refunded_at:
                found.refunds += 1
                found.refund_amount += refund.amount or 0
    return found


def articles() -> dict[str, Article]:
    """The made-up company's, with what they cost."""
    return {
        sku: Article(Decimal(str(article["cost"])), ()) for sku, article in article_list().items()
    }


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
