"""A seller on Amazon in this process, whose clock goes on only when somebody sleeps."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import httpx

from sandbox.amazon.gateway import CLIENT, MARKETPLACE, SECRET, Gateway
from sandbox.amazon.rows import modified_at
from sandbox.gateways import Answer, Asked
from sandbox.lives import first_day, midnight
from sandbox.shops import SHOP_OF
from services.ingest.sources.amazon import AmazonSource
from services.ingest.sources.client import Client, Pace
from services.ingest.sources.reading import Credential
from services.schema.shapes.feeds import Window
from services.schema.words import FactKind
from tests.sandbox.test_company import TODAY

NOW = midnight(TODAY) + timedelta(hours=12)
WEEK = Window(midnight(TODAY) - timedelta(days=12), midnight(TODAY) - timedelta(days=5))
SHOP = replace(SHOP_OF["tm-life"], code="az-test", number=61, marketplace="amazon", currency="USD")
ADDRESS = "http://amazon.test:8100"


class Amazon:
    """The gateway, and a source that asks it."""

    def __init__(self) -> None:
        self.now = NOW
        self.gateway = Gateway(first=first_day(TODAY), now=lambda: self.now)
        self.consent = self.gateway.consents.add(SHOP)
        self.urls: list[str] = []
        self.calls: list[tuple[Asked, Answer]] = []
        self.slept: list[float] = []
        self.pace = Pace(10_000, sleep=self.sleep, chance=lambda: 0.0)
        self.client = Client(
            [],
            self.pace,
            now=lambda: self.now,
            sandbox=["amazon.test:8100"],
            transport=httpx.MockTransport(self._answer),
        )
        self.source = self.make_source()

    def make_source(self) -> AmazonSource:
        gateway = f"{ADDRESS}/{MARKETPLACE}"
        credential = Credential(gateway, CLIENT, SECRET, self.consent, "Asia/Shanghai")
        return AmazonSource(self.client, credential, now=lambda: self.now)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)
        self.pace._free_at -= seconds

    def _answer(self, request: httpx.Request) -> httpx.Response:
        url = urlsplit(str(request.url))
        self.urls.append(str(request.url))
        asked = Asked(
            request.method,
            url._replace(query="").geturl(),
            url.path,
            url.query.encode(),
            dict(request.headers),
            request.content,
        )
        answer = self.gateway.answer(asked)
        self.calls.append((asked, answer))
        if answer.dropped:
            raise httpx.RemoteProtocolError("cut off")
        stream = httpx.ByteStream(answer.body)
        return httpx.Response(answer.status, headers=dict(answer.headers), stream=stream)

    def outcomes(self, name: str = "") -> list[str]:
        calls = self.gateway.trouble.calls
        return [call.outcome for call in calls if name in {"", call.method}]

    async def numbers(self, window: Window = WEEK) -> list[str]:
        rows = (await self.source.read(FactKind.ORDERS, window)).rows
        return sorted(
            row.get("orderId") or row["AmazonOrderId"] for row in rows if "completedTime" not in row
        )

    def truth(self, window: Window = WEEK) -> list[str]:
        books = self.gateway.books
        return sorted(
            sale.number
            for _, sale in books.sales(SHOP, self.now)
            if window.start <= modified_at(sale, self.now, books.touched) <= window.end
        )
