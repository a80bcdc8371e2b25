"""How a WooCommerce site is asked: at its own address, signed where the way is open, in windows.

There is no order by time of change, so a window is fixed, and cut evenly until each part of it has
a page. What the rows mean is known in `core/readers/woocommerce.py`.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import quote, urlencode, urlsplit

from services.ingest.sources.client import Answer, Client, Question
from services.ingest.sources.errors import (
    NotAuthorised,
    NotPermitted,
    Refused,
    SourceError,
    TryLater,
    Unreadable,
)
from services.ingest.sources.opening import Opening
from services.ingest.sources.passes import (
    Page,
    Pass,
    counted_page,
    read_pages,
    read_until_quiet,
    read_window,
)
from services.ingest.sources.reading import (
    MOST_SHELVES,
    SHELVES,
    Credential,
    Reading,
    Row,
    read_document,
    read_shelves,
)
from services.schema.shapes.feeds import Stream, Window
from services.schema.words import FactKind, Marketplace

T = TypeVar("T")

PATH = "/wp-json/wc/v3/"
PAGE_ROWS = 100

_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)
_OVERLAP, _LAG = timedelta(minutes=10), timedelta(seconds=3)
# A site remembers everything; nobody is scored for longer ago than this.
_REACH = 730 * _DAY
_SOON, _LATER = timedelta(minutes=1), timedelta(minutes=10)

STREAMS: Mapping[FactKind, Stream] = {
    FactKind.ORDERS: Stream(7 * _DAY, _OVERLAP, _LAG, _REACH, _SOON),
    FactKind.REFUNDS: Stream(7 * _DAY, _OVERLAP, _LAG, _REACH, _SOON),
    FactKind.RATINGS: Stream(30 * _DAY, _OVERLAP, _LAG, _REACH, _LATER),
    FactKind.STOCK: SHELVES,
}

# A site makes only what is asked for, and nothing that names a buyer but a number. One that makes
# all of it nevertheless does no harm.
_REFUND_FIELDS = ("id", "date_modified_gmt", "refunds")
_ORDER_FIELDS = (
    *_REFUND_FIELDS,
    *("number", "status", "currency", "date_created_gmt", "date_paid_gmt", "date_completed_gmt"),
    *("total", "shipping_total", "discount_total", "customer_id", "payment_method", "meta_data"),
    *("line_items", "coupon_lines"),
)
# What else stands on an article's page is long, and nothing to us.
_SHELF = "id,sku,type,manage_stock,stock_quantity,stock_status,date_created_gmt"
_SOLD_ELSEWHERE = {"external", "grouped"}
"""Kinds of article that have no shelf of their own."""


class WooCommerceSource:
    """One site. Its key signs over plain HTTP, and goes along where the way is closed."""

    streams = STREAMS

    def __init__(
        self, client: Client, credential: Credential, *, now: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._credential = credential
        self._now = now

    async def read(self, kind: FactKind, window: Window) -> Reading:
        """Every row that changed in a window."""
        if kind is FactKind.RATINGS:
            return await self._read_reviews(window)
        if kind is FactKind.STOCK:
            return await read_shelves(
                window, self._credential.timezone, self._now(), self._read_articles
            )
        fields = _ORDER_FIELDS if kind is FactKind.ORDERS else _REFUND_FIELDS
        orders = await read_window(
            lambda part, *, whole: self._pass("orders", _order_params(part, fields), whole=whole),
            window,
            number="id",
            changed="date_modified_gmt",
            by=None,
            what="orders",
        )
        rows = orders if kind is FactKind.ORDERS else _refunds_in(orders)
        return Reading(f"{kind} {_text(window.start)} to {_text(window.end)}", rows)

    async def detail(self, kind: FactKind, row: Row) -> Row:
        """A refund's own page: its order says neither when it was made nor what came back."""
        if kind is not FactKind.REFUNDS:
            return row
        number = row["id"]
        found = await self._call(f"orders/{row['order_id']}/refunds/{number}", {}, _object)
        if found.get("id") != number:
            raise Unreadable("a refund's page is about something else")
        return {**row, **found}

    async def _read_reviews(self, window: Window) -> Reading:
        """By the site's own clock, whose zone we do not know: a day more on either side."""
        params = {"after": _text(window.start - _DAY), "before": _text(window.end + _DAY)}
        found = await read_until_quiet(
            lambda: self._pass("products/reviews", params),
            number="id",
            changed="date_created_gmt",
            what="products/reviews",
        )
        first, end = _text(window.start), _text(window.end)
        rows = tuple(
            row for row in found if first <= str(row.get("date_created_gmt")) < end and _rates(row)
        )
        return Reading(f"products/reviews {first} to {end}", rows)

    async def _read_articles(self) -> list[Row]:
        """The articles that are on sale; of one with variations these, each for itself."""
        found: list[Row] = []
        for article in await self._read_shelf("products"):
            kind = str(article.get("type"))
            if kind.startswith("variable"):
                found += await self._read_shelf(f"products/{article.get('id')}/variations")
            elif kind not in _SOLD_ELSEWHERE:
                found.append(article)
        return found

    async def _read_shelf(self, path: str) -> tuple[Row, ...]:
        return await read_until_quiet(
            lambda: self._pass(path, {"status": "publish", "_fields": _SHELF}, most=MOST_SHELVES),
            number="id",
            # What is sold meanwhile changes it: here a list is quiet when nothing comes or goes.
            changed="date_created_gmt",
            what=path,
        )

    async def _pass(
        self, path: str, params: Mapping[str, str], *, most: int | None = None, whole: bool = True
    ) -> Pass:
        """Read pages once, in the order of their numbers."""
        paged = {**params, "orderby": "id", "order": "asc", "per_page": str(PAGE_ROWS)}

        async def page(place: int) -> Page:
            return await self._call(
                path,
                {**paged, "page": str(place)},
                lambda answer: counted_page(*_counted(answer), place=place, size=PAGE_ROWS),
            )

        return await read_pages(
            page, size=PAGE_ROWS, what=path, number="id", most=most, whole=whole
        )

    async def _call(self, path: str, params: Mapping[str, str], read: Callable[[Answer], T]) -> T:
        def make() -> Question:
            return self._question(path, params)

        def read_well(answer: Answer) -> T:
            if answer.status != 200:
                raise _classify(path, answer)
            return read(answer)

        return await self._client.ask(make, read_well)

    def _question(self, path: str, params: Mapping[str, str]) -> Question:
        credential = self._credential
        url = f"{(credential.gateway or '').rstrip('/')}{PATH}{path}"
        if urlsplit(url).scheme == "https":
            pair = f"{credential.app_key}:{credential.secret}".encode()
            headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
            return Question("GET", _with(url, params), headers)
        signed = {
            **params,
            "oauth_consumer_key": credential.app_key,
            "oauth_nonce": secrets.token_hex(20),
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_timestamp": str(int(self._now().timestamp())),
        }
        signature = sign("GET", url, signed, credential.secret)
        return Question("GET", _with(url, {**signed, "oauth_signature": signature}))


def hosts_of(credential: Credential) -> tuple[str, ...]:
    """A site is its own marketplace: the one address that the account names."""
    return (urlsplit(credential.gateway or "").hostname or "",)


def sign(method: str, url: str, params: Mapping[str, str], secret: str) -> str:
    """The signature of OAuth 1.0a by HMAC-SHA256, with the empty secret of no token."""
    pairs = "&".join(f"{_escaped(name)}={_escaped(params[name])}" for name in sorted(params))
    base = f"{method}&{_escaped(url)}&{_escaped(pairs)}"
    digest = hmac.new(f"{secret}&".encode(), base.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _classify(path: str, answer: Answer) -> SourceError:
    """What an error means for us; 429 and 5xx are the client's to wait for."""
    code = ""
    try:
        document = json.loads(answer.body)
        code = str(document.get("code", "")) if isinstance(document, dict) else ""
    except ValueError:
        pass
    problem = f"{path} is refused: {answer.status} {code[:80]}".rstrip()
    if answer.status == 401:
        return NotAuthorised(problem)
    # A site's own shield answers 403 with a page of its own, and may think better of it.
    if answer.status == 403:
        return NotPermitted(problem) if code else TryLater(problem)
    return Refused(problem) if code else Unreadable(problem)


def _order_params(window: Window, fields: tuple[str, ...]) -> dict[str, str]:
    return {
        # An end of its own belongs to no range here, and times are told in whole seconds.
        "modified_after": _text(window.start - _SECOND),
        "modified_before": _text(window.end),
        "dates_are_gmt": "true",
        # Without the second word what was thrown away would never be heard of again.
        "status": "any,trash",
        "_fields": ",".join(fields),
    }


def _counted(answer: Answer) -> tuple[list[Row], int]:
    """The rows of the page, and how many there are."""
    total = answer.headers.get("x-wp-total", "")
    if not total.isascii() or not total.isdigit():
        raise Unreadable("the answer has no count")
    rows = read_document(answer.body)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unreadable("the answer is no list of rows")
    return list(rows), int(total)


def _object(answer: Answer) -> Row:
    document = read_document(answer.body)
    if not isinstance(document, dict):
        raise Unreadable("the answer is no object")
    return document


def _refunds_in(orders: tuple[Row, ...]) -> tuple[Row, ...]:
    """The refunds that orders name; whatever is paid back changes its order."""
    return tuple(
        {**refund, "order_id": order.get("id")}
        for order in orders
        for refund in order.get("refunds") or ()
    )


def _rates(row: Row) -> bool:
    """Whether a review has a mark: zero stands for words alone."""
    return row.get("rating") not in (0, None)


def _with(url: str, params: Mapping[str, str]) -> str:
    return f"{url}?{urlencode(params, quote_via=quote, safe='-._~')}" if params else url


def _escaped(text: str) -> str:
    return quote(text, safe="-._~")


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


OPENING = Opening(
    (Marketplace.WOOCOMMERCE,), WooCommerceSource, hosts_of, names_gateway=True, needs_session=False
)
