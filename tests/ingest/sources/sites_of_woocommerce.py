"""A WooCommerce site in this process, whose clock goes on only when somebody sleeps."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox.gateways import Asked
from sandbox.lives import first_day, midnight
from sandbox.shops import SHOP_OF
from sandbox.woocommerce import Gateway
from services.ingest.sources import woocommerce
from services.ingest.sources.client import Client, Pace
from services.ingest.sources.reading import Credential
from services.ingest.sources.woocommerce import WooCommerceSource
from services.schema.shapes.feeds import Window
from services.schema.words import FactKind
from tests.sandbox.test_company import TODAY

NOW = midnight(TODAY) + timedelta(hours=12)
DAY = Window(midnight(TODAY) - timedelta(days=4), midnight(TODAY) - timedelta(days=3))
SHOP = replace(SHOP_OF["tm-qinghe"], code="wc-qinghe", number=41, marketplace="woocommerce")


class Site:
    """The gateway, and a source that asks it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(woocommerce, "PAGE_ROWS", 7)
        self.now = NOW
        self.gateway = Gateway(first=first_day(TODAY), now=lambda: self.now)
        key, secret = self.gateway.keys.add(SHOP)
        self.credential = Credential("http://site.test:8100", key, secret, "")
        self.pages: list[str] = []
        pace = Pace(10_000, sleep=self.sleep, chance=lambda: 0.0)
        client = Client(
            [],
            pace,
            now=lambda: self.now,
            sandbox=["site.test:8100"],
            transport=httpx.MockTransport(self._answer),
        )
        self.pace = pace
        self.source = WooCommerceSource(client, self.credential, now=lambda: self.now)

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.pace._free_at -= seconds

    def _answer(self, request: httpx.Request) -> httpx.Response:
        url = urlsplit(str(request.url))
        self.pages += parse_qs(url.query).get("page", [])
        plain = url._replace(query="").geturl()
        headers = dict(request.headers)
        asked = Asked("GET", plain, url.path, url.query.encode(), headers, request.content)
        answer = self.gateway.answer(asked)
        if answer.dropped:
            raise httpx.RemoteProtocolError("cut off")
        stream = httpx.ByteStream(answer.body)
        return httpx.Response(answer.status, headers=dict(answer.headers), stream=stream)

    async def numbers(self, kind: FactKind = FactKind.ORDERS, window: Window = DAY) -> list[int]:
        return sorted(row["id"] for row in (await self.source.read(kind, window)).rows)

    def truth(self, window: Window = DAY) -> list[int]:
        return sorted(
            sale.id
            for modified, sale in self.gateway.books.sales(SHOP, self.now)
            if window.start <= modified < window.end
        )
