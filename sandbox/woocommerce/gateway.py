"""A WordPress site's door: who calls, whether the signature holds, pages, refusals, what breaks."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import cast
from urllib.parse import parse_qsl, quote, urlencode

from sandbox.books import Books
from sandbox.faults import Call, Fault, Trouble
from sandbox.gateways import Answer, Asked, Ban, broken_answer, stall_seconds
from sandbox.shops import MARKETPLACE_SHOPS, Shop
from sandbox.woocommerce.rows import (
    Row,
    order_row,
    product_rows,
    refund_row,
    review_row,
    variation_rows,
)

PATH = "/wp-json/wc/v3/"
LARGEST_PAGE = 100
_CLOCK_SKEW = timedelta(minutes=15)
_SIGNED_WITH = ("oauth_timestamp", "oauth_nonce", "oauth_signature", "oauth_signature_method")


class Refusal(Exception):
    """An error document with a real HTTP status."""

    def __init__(self, status: int, code: str, message: str, *, seconds: int = 0) -> None:
        super().__init__(message)
        self.status, self.code = status, code
        self._headers = {"Retry-After": str(seconds)} if seconds else {}

    def answer(self) -> Answer:
        document = {"code": self.code, "message": str(self), "data": {"status": self.status}}
        return Answer(json.dumps(document).encode(), self.status, self._headers)


@dataclass(slots=True)
class Keys:
    """The consumer keys that the sites have given out, each with its secret and its shop."""

    secrets: dict[str, str] = field(default_factory=dict)
    shops: dict[str, Shop] = field(default_factory=dict)
    nonces: set[str] = field(default_factory=set)

    def add(self, shop: Shop) -> tuple[str, str]:
        key, secret = key_of(shop.code)
        self.secrets[key], self.shops[key] = secret, shop
        return key, secret


def key_of(shop: str) -> tuple[str, str]:
    """The consumer key and secret that a shop's site gave to Kaohe."""
    return (
        "ck_" + sha256(f"qinghe sandbox key {shop}".encode()).hexdigest()[:40],
        "cs_" + sha256(f"qinghe sandbox secret {shop}".encode()).hexdigest()[:40],
    )


class Gateway:
    """All sites of the company behind one address: the consumer key tells which."""

    def __init__(self, *, first: date, now: Callable[[], datetime]) -> None:
        self.now = now
        self.trouble = Trouble()
        self.books = Books(first)
        self.keys = Keys()
        self._ban = Ban()
        for shop in MARKETPLACE_SHOPS:
            if shop.marketplace == "woocommerce":
                self.keys.add(shop)

    def answer(self, asked: Asked) -> Answer:
        name = asked.path.partition(PATH)[2]
        fault = self.trouble.next(name)
        shop, outcome = "", "ok"
        try:
            self._refuse_in_trouble(fault)
            of = self._shop_of(asked, expired=fault is not None and fault.kind == "expired")
            shop = of.code
            answer = self._list(asked, name, of, fault)
        except Refusal as refusal:
            answer, outcome = refusal.answer(), refusal.code
        self.trouble.calls.append(Call(self.now(), name, shop, fault.kind if fault else outcome))
        return broken_answer(fault) or answer

    def _refuse_in_trouble(self, fault: Fault | None) -> None:
        """WooCommerce itself bans nobody; the host that a site stands on does."""
        if seconds := self._ban.seconds_left(fault, self.now()):
            raise Refusal(429, "too_many_requests", "Too Many Requests", seconds=seconds)
        if fault and fault.kind in {"busy", "heavy"}:
            raise Refusal(503, "internal_server_error", "There has been a critical error.")

    def _shop_of(self, asked: Asked, *, expired: bool) -> Shop:
        """Where the way is closed key and secret come along; on an open one a call is signed."""
        if asked.url.startswith("https://"):
            return self._shop_of_pair(asked, expired=expired)
        params = dict(parse_qsl(asked.query.decode(), keep_blank_values=True))
        key = params.get("oauth_consumer_key", "")
        secret = self.keys.secrets.get(key)
        if secret is None or expired:
            message = "Sorry, you cannot list resources."
            raise Refusal(401, "woocommerce_rest_cannot_view", message)
        for name in _SIGNED_WITH:
            if not params.get(name):
                message = f"Missing OAuth parameter {name}"
                raise Refusal(401, "woocommerce_rest_authentication_missing_parameter", message)
        stamp = params["oauth_timestamp"]
        off = self.now() - datetime.fromtimestamp(int(stamp) if stamp.isdigit() else 0, UTC)
        if abs(off) > _CLOCK_SKEW:
            message = "Invalid timestamp."
            raise Refusal(401, "woocommerce_rest_authentication_error", message)
        if params["oauth_nonce"] in self.keys.nonces:
            message = "Invalid nonce - nonce has already been used."
            raise Refusal(401, "woocommerce_rest_authentication_error", message)
        given = params.pop("oauth_signature")
        if not hmac.compare_digest(given, signature_of(asked.method, asked.url, params, secret)):
            message = "Invalid signature - provided signature does not match."
            raise Refusal(401, "woocommerce_rest_authentication_error", message)
        self.keys.nonces.add(params["oauth_nonce"])
        return self.keys.shops[key]

    def _shop_of_pair(self, asked: Asked, *, expired: bool) -> Shop:
        kind, _, pair = asked.headers.get("authorization", "").partition(" ")
        try:
            key, _, given = base64.b64decode(pair, validate=True).decode().partition(":")
        except ValueError:
            kind, key, given = "", "", ""
        secret = self.keys.secrets.get(key)
        if kind != "Basic" or secret is None or expired:
            message = "Sorry, you cannot list resources."
            raise Refusal(401, "woocommerce_rest_cannot_view", message)
        if not hmac.compare_digest(given.encode(), secret.encode()):
            message = "Consumer secret is invalid."
            raise Refusal(401, "woocommerce_rest_authentication_error", message)
        return self.keys.shops[key]

    def _list(self, asked: Asked, name: str, shop: Shop, fault: Fault | None) -> Answer:
        params = dict(parse_qsl(asked.query.decode()))
        at, place = self.now(), name.split("/")
        match place:
            case ["orders"]:
                rows = _orders(self.books, shop, params, at)
            case ["orders", number, "refunds", refund]:
                return Answer(_written(_refund(self.books, shop, number, refund, at)))
            case ["products", "reviews"]:
                rows = _reviews(self.books, shop, params, at)
            case ["products"]:
                rows = _on_sale(product_rows(at), params)
            case ["products", number, "variations"]:
                rows = _on_sale(variation_rows(int(number), at), params)
            case _:
                raise Refusal(404, "rest_no_route", "No route was found matching the URL.")
        size, page = _number(params, "per_page", 10), _number(params, "page", 1)
        if size > LARGEST_PAGE:
            raise _invalid("per_page")
        found = _ordered(rows, params, page)[(page - 1) * size : page * size]
        if fault:
            self._disturb(fault, found)
        if names := params.get("_fields"):
            found = [{name: row[name] for name in names.split(",") if name in row} for row in found]
        pages = -(-len(rows) // size)
        headers = {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(pages)}
        if link := _link(asked, params, page, pages):
            headers["Link"] = link
        return Answer(_written(found), headers=headers, wait_seconds=stall_seconds(fault))

    def _disturb(self, fault: Fault, rows: list[Row]) -> None:
        """Spoil a good page, or the books behind it once the page is made."""
        if fault.kind == "duplicate" and rows:
            rows.append(rows[0])
        elif fault.kind == "shuffle":
            Random(fault.detail).shuffle(rows)
        elif fault.kind == "move" and rows:
            self.books.touched[cast("int", rows[0]["id"])] = self.now()
        elif fault.kind == "late":
            self.books.held.discard(int(fault.detail))


def signature_of(method: str, url: str, params: Mapping[str, str], secret: str) -> str:
    """OAuth 1.0a over the query; the secret of a token that there is not is empty."""
    pairs = "&".join(
        f"{_escaped(name)}={_escaped(value)}" for name, value in sorted(params.items())
    )
    base = f"{method}&{_escaped(url)}&{_escaped(pairs)}"
    way = {"HMAC-SHA256": "sha256", "HMAC-SHA1": "sha1"}.get(params["oauth_signature_method"])
    if way is None:
        message = "Invalid signature - signature method is invalid."
        raise Refusal(401, "woocommerce_rest_authentication_error", message)
    digest = hmac.new(f"{secret}&".encode(), base.encode(), getattr(hashlib, way)).digest()
    return base64.b64encode(digest).decode()


def _orders(books: Books, shop: Shop, params: Mapping[str, str], at: datetime) -> list[Row]:
    if params.get("dates_are_gmt") != "true":
        raise Refusal(400, "sandbox_zone", "the site's own zone is for those who know it")
    after, before = _time(params, "modified_after"), _time(params, "modified_before")
    wanted = set(params.get("status", "any").split(","))
    rows = [
        order_row(sale, at, modified)
        for modified, sale in books.sales(shop, at)
        if (after is None or modified > after) and (before is None or modified < before)
    ]
    # What was thrown away is not just any.
    return [
        row
        for row in rows
        if row["status"] in wanted or ("any" in wanted and row["status"] != "trash")
    ]


def _refund(books: Books, shop: Shop, number: str, refund: str, at: datetime) -> Row:
    sale = books.sale(shop, int(number), at) if number.isdigit() else None
    for claim in sale.claims if sale else ():
        if claim.id == refund and claim.succeeded_by(at):
            return refund_row(claim)
    raise Refusal(404, "woocommerce_rest_shop_order_refund_invalid_id", "Invalid ID.")


def _reviews(books: Books, shop: Shop, params: Mapping[str, str], at: datetime) -> list[Row]:
    """By the site's own clock, which no parameter turns."""
    after, before = params.get("after", ""), params.get("before", "9")
    rows = [review_row(sale, review) for sale, review in books.reviews(shop, at)]
    return [row for row in rows if after < str(row["date_created"]) < before]


def _on_sale(rows: list[Row], params: Mapping[str, str]) -> list[Row]:
    status = params.get("status", "any")
    return [row for row in rows if status in {"any", row["status"]}]


def _ordered(rows: list[Row], params: Mapping[str, str], page: int) -> list[Row]:
    """By date, the newest first, unless by number: there is no order by the time of change.

    Of what has one date a database promises no order, and keeps to none from page to page.
    """
    by, way = params.get("orderby", "date"), params.get("order", "desc")
    if by not in {"date", "id"}:
        raise _invalid("orderby")
    if way not in {"asc", "desc"}:
        raise _invalid("order")

    def number(row: Row) -> int:
        return cast("int", row["id"])

    if by == "id":
        return sorted(rows, key=number, reverse=way == "desc")
    drawn = sorted(rows, key=number, reverse=page % 2 == 0)
    return sorted(drawn, key=lambda row: str(row["date_created"]), reverse=way == "desc")


def _link(asked: Asked, params: Mapping[str, str], page: int, pages: int) -> str:
    """The pages before and after, as a header names them."""
    shown = {name: value for name, value in params.items() if not name.startswith("oauth_")}
    places = [("prev", page - 1), ("next", page + 1)]
    return ", ".join(
        f'<{asked.url}?{urlencode({**shown, "page": place})}>; rel="{way}"'
        for way, place in places
        if 1 <= place <= pages
    )


def _number(params: Mapping[str, str], name: str, usual: int) -> int:
    text = params.get(name, str(usual))
    if not text.isdigit() or int(text) < 1:
        raise _invalid(name)
    return int(text)


def _time(params: Mapping[str, str], name: str) -> datetime | None:
    text = params.get(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise _invalid(name) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _invalid(name: str) -> Refusal:
    return Refusal(400, "rest_invalid_param", f"Invalid parameter(s): {name}")


def _written(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def _escaped(text: str) -> str:
    return quote(text, safe="-._~")
