"""A shop of Shopify in this process, whose clock goes on only when somebody sleeps."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import httpx

from sandbox.gateways import Asked
from sandbox.lives import first_day, midnight
from sandbox.shopify import Gateway
from sandbox.shops import SHOP_OF
from services.ingest.sources.client import Client, Pace
from services.ingest.sources.reading import Credential
from services.ingest.sources.shopify import ShopifySource
from services.schema.shapes.feeds import Window
from services.schema.words import FactKind
from tests.sandbox.test_company import TODAY

NOW = midnight(TODAY) + timedelta(hours=12)
DAY = Window(midnight(TODAY) - timedelta(days=4), midnight(TODAY) - timedelta(days=3))
HISTORY = Window(midnight(TODAY) - timedelta(days=20), midnight(TODAY) - timedelta(days=10))
SHOP = replace(SHOP_OF["tm-life"], code="sp-test", number=51, marketplace="shopify", currency="USD")


class Shopify:
    """The gateway, and a source that asks it."""

    def __init__(self) -> None:
        self.now = NOW
        self.gateway = Gateway(first=first_day(TODAY), now=lambda: self.now)
        token = self.gateway.tokens.add(SHOP)
        self.pace = Pace(10_000, sleep=self.sleep, chance=lambda: 0.0)
        client = Client(
            [],
            self.pace,
            now=lambda: self.now,
            sandbox=["shop.test:8100"],
            transport=httpx.MockTransport(self._answer),
        )
        self.slept: list[float] = []
        credential = Credential("http://shop.test:8100", "k", "s", token, "Asia/Shanghai")
        self.source = ShopifySource(client, credential, now=lambda: self.now)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)
        self.pace._free_at -= seconds

    def _answer(self, request: httpx.Request) -> httpx.Response:
        url = urlsplit(str(request.url))
        headers = dict(request.headers)
        asked = Asked(
            request.method, str(request.url), url.path, url.query.encode(), headers, request.content
        )
        answer = self.gateway.answer(asked)
        if answer.dropped:
            raise httpx.RemoteProtocolError("cut off")
        stream = httpx.ByteStream(answer.body)
        return httpx.Response(answer.status, headers=dict(answer.headers), stream=stream)

    def outcomes(self, name: str = "") -> list[str]:
        calls = self.gateway.trouble.calls
        return [call.outcome for call in calls if name in {"", call.method}]

    def spend(self, left: int) -> None:
        """So many points are left in the bucket."""
        bucket = self.gateway.buckets[SHOP.code]
        bucket.left, bucket.seen_at = Decimal(left), self.now

    async def numbers(self, kind: FactKind = FactKind.ORDERS, window: Window = DAY) -> list[int]:
        rows = (await self.source.read(kind, window)).rows
        return sorted(int(row["id"].rpartition("/")[2]) for row in rows)

    def truth(self, window: Window = DAY) -> list[int]:
        return sorted(
            sale.id
            for modified, sale in self.gateway.books.sales(SHOP, self.now)
            if window.start <= modified < window.end
        )
