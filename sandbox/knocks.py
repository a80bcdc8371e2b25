"""What shops send of their own accord when an order changes: signed, and again if nobody hears.

Shopify and Douyin send a message again for hours; WooCommerce asks first whether anybody is there,
sends each message once, and gives up after five that were not taken.
"""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

import httpx

from sandbox import doudian, shopify, woocommerce
from sandbox.accounts import APP_KEY, APP_SECRET
from sandbox.books import Books
from sandbox.doors import door_of
from sandbox.gateways import Gateway
from sandbox.sales import Sale
from sandbox.shops import MARKETPLACE_SHOPS, Shop

ANSWER_SECONDS = 5
PAUSES = tuple(timedelta(seconds=pause) for pause in (5, 10, 30, 60, 300, 900, 3600, 9000))
"""Before each further attempt: eight in four hours."""
MOST_FAILURES = 5
_LOOK_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Message:
    """What is posted."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A message that nobody has taken yet."""

    shop: Shop
    message: Message
    attempts: int
    due_at: datetime


def of_shopify(shop: Shop, sale: Sale, at: datetime, modified: datetime) -> Message:
    """An order as the older interface tells it, by a topic for what has become of it."""
    document = {
        "id": sale.id,
        "admin_graphql_api_id": f"gid://shopify/Order/{sale.id}",
        "name": f"#{sale.id % 100_000}",
        "created_at": _text(sale.created_at),
        "updated_at": _text(modified),
        "currency": shop.currency,
        "total_price": f"{sale.paid_amount:.2f}",
        "note": "请打 13800138000 联系我",
    }
    body = json.dumps(document, ensure_ascii=False).encode()
    words = {"unpaid": "create", "cancelled": "cancelled", "shipped": "fulfilled"}
    return Message(
        body,
        {
            "Content-Type": "application/json",
            "X-Shopify-Topic": f"orders/{words.get(sale.status(at), 'updated')}",
            "X-Shopify-Shop-Domain": f"{shop.code}.myshopify.com",
            "X-Shopify-API-Version": "2026-07",
            "X-Shopify-Webhook-Id": _name(shop, sale, modified),
            "X-Shopify-Hmac-Sha256": _signed(body, shopify.secret_of(shop.code)),
        },
    )


def of_woocommerce(shop: Shop, sale: Sale, at: datetime, modified: datetime) -> Message:
    """The order as its own page shows it."""
    body = json.dumps(woocommerce.order_row(sale, at, modified), ensure_ascii=False).encode()
    event = "created" if sale.created_at == modified else "updated"
    return Message(
        body,
        {
            "Content-Type": "application/json",
            "X-WC-Webhook-Source": f"https://{shop.code}.example/",
            "X-WC-Webhook-Topic": f"order.{event}",
            "X-WC-Webhook-Resource": "order",
            "X-WC-Webhook-Event": event,
            "X-WC-Webhook-ID": "1",
            "X-WC-Webhook-Delivery-ID": _name(shop, sale, modified),
            "X-WC-Webhook-Signature": _signed(body, woocommerce.key_of(shop.code)[1]),
        },
    )


def of_douyin(shop: Shop, sale: Sale, _at: datetime, modified: datetime) -> Message:
    """A list of messages, each with its content as a text."""
    data = {"p_id": sale.id, "shop_id": int(doudian.number_of(shop)), "order_type": 0}
    message = {"tag": "100", "msg_id": _name(shop, sale, modified), "data": json.dumps(data)}
    body = json.dumps([message], separators=(",", ":")).encode()
    signed = APP_KEY.encode() + body + APP_SECRET.encode()
    made = hashlib.md5(signed).hexdigest()  # noqa: S324 - theirs
    headers = {"Content-Type": "application/json", "app-id": APP_KEY, "event-sign": made}
    return Message(body, headers)


_MAKERS: Mapping[str, Callable[[Shop, Sale, datetime, datetime], Message]] = {
    "douyin": of_douyin,
    "shopify": of_shopify,
    "woocommerce": of_woocommerce,
}
SHOPS = tuple(shop for shop in MARKETPLACE_SHOPS if shop.marketplace in _MAKERS)
_PING = Message(b"webhook_id=1", {"Content-Type": "application/x-www-form-urlencoded"})


@asynccontextmanager
async def knocking(
    hooks: str, gateways: Mapping[str, Gateway], now: Callable[[], datetime]
) -> AsyncIterator[None]:
    """Shops send what changes to an address until the block ends."""
    async with httpx.AsyncClient(trust_env=False) as client:
        task = asyncio.create_task(Knocker(hooks, gateways, now, client).knock_for_ever())
        try:
            yield
        finally:
            task.cancel()


class Knocker:
    """Sends what has changed to one address and a shop's code behind it, from its start on.

    The last order that had changed before is told of at once, so that whoever listens sees that
    it is heard.
    """

    def __init__(
        self,
        hooks: str,
        gateways: Mapping[str, Gateway],
        now: Callable[[], datetime],
        client: httpx.AsyncClient,
    ) -> None:
        self._hooks = hooks.rstrip("/")
        self._books: Mapping[str, Books] = {
            shop.code: gateways[door_of(shop)].books for shop in SHOPS
        }
        self._now = now
        self._client = client
        self._told_until: dict[str, datetime] = {}
        self._waiting: list[_Waiting] = []
        self._open = {shop.code for shop in SHOPS if shop.marketplace != "woocommerce"}
        self._failures = dict.fromkeys(self._books, 0)
        self.is_given_up: set[str] = set()
        """Shops whose site has stopped sending."""

    async def knock_for_ever(self) -> None:
        while True:
            await self.knock()
            await asyncio.sleep(_LOOK_SECONDS)

    async def knock(self) -> None:
        """Send what has changed since the last time, and what was not taken and is due again."""
        at = self._now()
        for shop in SHOPS:
            if shop.code not in self._open and await self._is_taken(shop, _PING):
                self._open.add(shop.code)
            if shop.code in self._open and shop.code not in self.is_given_up:
                for message in self._changes(shop, at):
                    self._waiting.append(_Waiting(shop, message, 0, at))
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            if each.due_at > at:
                self._waiting.append(each)
            elif not await self._is_taken(each.shop, each.message):
                self._wait(each, at)

    def _changes(self, shop: Shop, at: datetime) -> list[Message]:
        known = self._books[shop.code].sales(shop, at)
        moved = sorted(((modified, sale) for modified, sale in known), key=lambda each: each[0])
        since = self._told_until.get(shop.code)
        self._told_until[shop.code] = at
        news = moved[-1:] if since is None else [each for each in moved if each[0] > since]
        make = _MAKERS[door_of(shop)]
        return [make(shop, sale, at, modified) for modified, sale in news]

    def _wait(self, each: _Waiting, at: datetime) -> None:
        if each.shop.marketplace == "woocommerce":
            self._failures[each.shop.code] += 1
            if self._failures[each.shop.code] > MOST_FAILURES:
                self.is_given_up.add(each.shop.code)
        elif each.attempts < len(PAUSES):
            due_at = at + PAUSES[each.attempts]
            self._waiting.append(_Waiting(each.shop, each.message, each.attempts + 1, due_at))

    async def _is_taken(self, shop: Shop, message: Message) -> bool:
        try:
            answer = await self._client.post(
                f"{self._hooks}/{shop.code}",
                content=message.body,
                headers=dict(message.headers),
                timeout=ANSWER_SECONDS,
            )
        except httpx.TransportError:
            return False
        if shop.marketplace == "douyin":
            return answer.status_code == 200 and answer.content == b'{"code":0,"msg":"success"}'
        if message is _PING:
            return answer.status_code == 200
        taken = answer.is_success
        if taken:
            self._failures[shop.code] = 0
        return taken


def _signed(body: bytes, secret: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def _name(shop: Shop, sale: Sale, modified: datetime) -> str:
    """The same whenever the message is sent again."""
    return str(uuid5(NAMESPACE_URL, f"{shop.code}/{sale.id}/{modified.isoformat()}"))


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
