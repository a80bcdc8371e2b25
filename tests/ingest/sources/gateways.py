"""A sandbox gateway in this process, and a source that asks it."""

from datetime import date, timedelta
from urllib.parse import parse_qs

import httpx
import pytest
from starlette.applications import Starlette

from sandbox.accounts import APP_KEY, APP_SECRET, session_of
from sandbox.app import make_app
from sandbox.lives import midnight
from sandbox.taobao import PATH, Gateway
from services.ingest.sources.client import Client, Pace
from services.ingest.sources.reading import Credential
from services.ingest.sources.taobao import TaobaoSource
from services.schema.shapes.feeds import Window
from services.schema.words import FactKind
from tests.sandbox.test_company import TODAY

NOW = midnight(TODAY) + timedelta(hours=12)
DAY = Window(midnight(TODAY) - timedelta(days=4), midnight(TODAY) - timedelta(days=3))
ORDERS, REFUNDS, RATINGS = FactKind.ORDERS, FactKind.REFUNDS, FactKind.RATINGS


class Recorder(httpx.ASGITransport):
    """Remembers which pages were asked for."""

    def __init__(self, app: Starlette) -> None:
        super().__init__(app=app)
        self.pages: list[int] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        params = parse_qs((await request.aread()).decode())
        self.pages += [int(page) for page in params.get("page_no", [])]
        return await super().handle_async_request(request)


class World:
    """A gateway whose clock goes on only when somebody sleeps, and a source that asks it."""

    def __init__(self, first: date | None = None) -> None:
        self.now = NOW
        app = make_app(lambda: self.now, first=first)
        self.gateway: Gateway = app.state.gateways["taobao"]
        self.transport = Recorder(app)
        client = Client(
            [],
            Pace(10_000, sleep=self.sleep, chance=lambda: 0.0),
            now=lambda: self.now,
            sandbox=["sandbox.test:8100"],
            transport=self.transport,
        )
        self.credential = Credential(
            f"http://sandbox.test:8100{PATH}", APP_KEY, APP_SECRET, session_of("tm-qinghe")
        )
        self.client = client
        self.source = TaobaoSource(client, self.credential, now=lambda: self.now)
        self.pace = client._pace

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.pace._free_at -= seconds

    def outcomes(self) -> list[str]:
        return [call.outcome for call in self.gateway.trouble.calls]

    async def numbers(self, kind: FactKind = ORDERS, window: Window = DAY) -> list[str]:
        key = {ORDERS: "tid", REFUNDS: "refund_id", RATINGS: "oid"}[kind]
        reading = await self.source.read(kind, window)
        return sorted(str(row[key]) for row in reading.rows)


def truth(world: World, window: Window = DAY, shop: str = "tm-qinghe") -> list[str]:
    """What the gateway's own books hold of a window."""
    from sandbox.shops import SHOP_OF  # noqa: PLC0415  only here

    return sorted(
        str(sale.id)
        for modified, sale in world.gateway.books.sales(SHOP_OF[shop], world.now)
        if window.start <= modified <= window.end
    )


def small_pages(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    from dataclasses import replace  # noqa: PLC0415  only here

    from services.ingest.sources import taobao  # noqa: PLC0415  its lists are changed

    lists = {kind: replace(asked, page_size=size) for kind, asked in taobao._LISTS.items()}
    monkeypatch.setattr(taobao, "_LISTS", lists)


def source_with(world: World, transport: httpx.AsyncBaseTransport) -> TaobaoSource:
    client = Client(
        [],
        Pace(10_000),
        now=lambda: NOW,
        sandbox=["sandbox.test:8100"],
        transport=transport,
    )
    return TaobaoSource(client, world.credential, now=lambda: NOW)
