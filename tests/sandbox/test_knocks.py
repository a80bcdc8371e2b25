"""Shops of the sandbox knock as real ones do: signed, again or not, and until they give up."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import httpx
import pytest

from sandbox.doors import open_all
from sandbox.knocks import MOST_FAILURES, PAUSES, SHOPS, Knocker
from sandbox.lives import first_day, midnight
from sandbox.shops import SHOP_OF
from tests.sandbox.test_company import TODAY

NOW = midnight(TODAY) + timedelta(hours=12)
HOOKS = "http://kaohe.test/v1/feeds/hooks/demo"
HEARD = b'{"code":0,"msg":"success"}'
SHOPIFY, WOOCOMMERCE, DOUYIN = "sp-qinghe", "wc-qinghe", "dy-qinghe"


class Listener:
    """Takes what is sent, or does not, and knows what came."""

    def __init__(self) -> None:
        self.now = NOW
        self.came: list[tuple[datetime, str, httpx.Request]] = []
        self.status: Callable[[str, bytes], int] = lambda _shop, _body: 200
        self.knocker = Knocker(
            HOOKS,
            open_all(first_day(TODAY), lambda: self.now),
            lambda: self.now,
            httpx.AsyncClient(transport=httpx.MockTransport(self._answer)),
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        shop = request.url.path.removeprefix("/v1/feeds/hooks/demo/")
        self.came.append((self.now, shop, request))
        status = self.status(shop, request.content)
        if not status:
            raise httpx.ConnectError("nobody is there")
        stream = httpx.ByteStream(HEARD if shop == DOUYIN else b"")
        return httpx.Response(status, stream=stream)

    def of(self, shop: str) -> list[tuple[datetime, httpx.Request]]:
        """The messages of a shop, pings left out."""
        return [
            (at, request)
            for at, who, request in self.came
            if who == shop and not request.content.startswith(b"webhook_id=")
        ]

    async def knock(self, seconds: float = 0) -> None:
        self.now += timedelta(seconds=seconds)
        await self.knocker.knock()


@pytest.fixture
def listener() -> Listener:
    return Listener()


async def test_the_last_change_is_told_at_once_and_then_each_as_it_comes(
    listener: Listener,
) -> None:
    await listener.knock()
    assert [len(listener.of(shop.code)) for shop in SHOPS] == [1, 1, 1]
    await listener.knock(1)
    start = listener.now
    for _ in range(24):
        await listener.knock(3600)
    gateways = open_all(first_day(TODAY), lambda: listener.now)
    for shop in SHOPS:
        name = shop.marketplace
        assert name is not None
        changed = {
            sale.id
            for modified, sale in gateways[name].books.sales(SHOP_OF[shop.code], listener.now)
            if start < modified
        }
        told = [json.loads(request.content) for _, request in listener.of(shop.code)[1:]]
        numbers = {
            json.loads(each[0]["data"])["p_id"] if isinstance(each, list) else each["id"]
            for each in told
        }
        assert changed <= numbers
        assert len(changed) > 5


async def test_a_message_that_nobody_takes_comes_again_eight_times_in_four_hours(
    listener: Listener,
) -> None:
    """At Shopify and Douyin, under the name that it had."""
    listener.status = lambda shop, _: 0 if shop in {SHOPIFY, DOUYIN} else 200
    await listener.knock()
    for pause in PAUSES:
        await listener.knock(pause.total_seconds() - 1)
        await listener.knock(1)
    for shop, name in ((SHOPIFY, "X-Shopify-Webhook-Id"), (DOUYIN, "event-sign")):
        first = listener.of(shop)[0][1]
        times = [at for at, each in listener.of(shop) if each.headers[name] == first.headers[name]]
        assert [after - before for before, after in pairwise(times)] == list(PAUSES)
    assert sum(PAUSES, timedelta(0)) < timedelta(hours=4)
    count = len(listener.of(SHOPIFY))
    await listener.knock(9000)
    names = [each.headers["X-Shopify-Webhook-Id"] for _, each in listener.of(SHOPIFY)[count:]]
    assert listener.of(SHOPIFY)[0][1].headers["X-Shopify-Webhook-Id"] not in names


async def test_douyin_hears_success_in_its_own_words_alone(listener: Listener) -> None:
    listener.status = lambda shop, _: 204 if shop == DOUYIN else 200
    await listener.knock()
    await listener.knock(PAUSES[0].total_seconds())
    assert len(listener.of(DOUYIN)) == 2


async def test_a_site_asks_whether_anybody_is_there_and_then_sends_once(
    listener: Listener,
) -> None:
    listener.status = lambda _shop, body: 401 if body.startswith(b"webhook_id=") else 200
    await listener.knock()
    await listener.knock(60)
    assert listener.of(WOOCOMMERCE) == []
    assert [who for _, who, each in listener.came if each.content == b"webhook_id=1"] == [
        WOOCOMMERCE, WOOCOMMERCE,
    ]  # fmt: skip
    listener.status = lambda _shop, body: 200 if body.startswith(b"webhook_id=") else 500
    await listener.knock(60)
    await listener.knock(60)
    names = [each.headers["X-WC-Webhook-Delivery-ID"] for _, each in listener.of(WOOCOMMERCE)]
    assert len(names) == len(set(names)) >= 1
    while WOOCOMMERCE not in listener.knocker.is_given_up:
        await listener.knock(3600)
    sent = len(listener.of(WOOCOMMERCE))
    assert sent > MOST_FAILURES
    await listener.knock(86_400)
    assert len(listener.of(WOOCOMMERCE)) == sent
