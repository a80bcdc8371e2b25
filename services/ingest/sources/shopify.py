"""How a Shopify shop is asked: GraphQL paid for in points, pages by cursor, history as one file.

What its rows mean is known in `core/readers/shopify.py`, what is sent in `shopify_documents.py`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from services.ingest.sources import shopify_documents as documents
from services.ingest.sources.client import LARGEST_ANSWER, Answer, Client, Question
from services.ingest.sources.errors import NotPermitted, Unreadable, WindowTooLarge
from services.ingest.sources.opening import Opening
from services.ingest.sources.passes import Pages, Unfinished, as_last_seen
from services.ingest.sources.reading import (
    MOST_SHELVES,
    SHELVES,
    Credential,
    Reading,
    Row,
    days_that_end,
    read_shelves,
)
from services.ingest.sources.shopify_answers import (
    FieldDenied,
    FileFailed,
    Object,
    finished_file,
    number_of_file,
    object_in,
    objects_in,
    rows_of_file,
    rows_of_table,
    seconds_until_paid,
    unwrap,
)
from services.schema.shapes.feeds import Stream, Window
from services.schema.words import FactKind, Marketplace

FILES = ("storage.googleapis.com",)
"""Where Shopify puts the files that it makes."""
MOST_ROWS = 5000
"""Of one window, so that it fits in memory and in one transaction; more is asked for in parts."""
BULK_FROM = timedelta(days=2)
"""A longer window comes as one file: it costs no points, however much is in it."""

_DAY = timedelta(days=1)
_OVERLAP, _LAG = timedelta(minutes=10), timedelta(seconds=5)
# Without a scope of its own an application is shown no older orders, and is not told so.
_SHOWN = 60 * _DAY
_ALL_ORDERS = "read_all_orders"

T = TypeVar("T")

_FILLING = 3 * _DAY
"""Visits of a day are counted for a while after it."""
_ON_SALE = {"ACTIVE", "UNLISTED"}

STREAMS: Mapping[FactKind, Stream] = {
    FactKind.ORDERS: Stream(30 * _DAY, _OVERLAP, _LAG, _SHOWN, timedelta(minutes=1)),
    FactKind.REFUNDS: Stream(30 * _DAY, _OVERLAP, _LAG, _SHOWN, timedelta(minutes=1)),
    # The last days are read again, for as long as they fill in.
    FactKind.TRAFFIC: Stream(
        31 * _DAY, _FILLING, timedelta(hours=1), 730 * _DAY, _DAY / 4, maturity=_FILLING
    ),
    FactKind.STOCK: SHELVES,
}


@dataclass(slots=True)
class _Bulk:
    """A file that Shopify is asked to make; null before it is asked."""

    number: str | None = None


class ShopifySource:
    """One shop."""

    streams = STREAMS

    def __init__(
        self, client: Client, credential: Credential, *, now: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._credential = credential
        self._now = now
        self._gateway = (credential.gateway or "").rstrip("/")
        self._without: set[str] = set()
        self._unfinished = Unfinished[_Bulk]()

    async def read(self, kind: FactKind, window: Window) -> Reading:
        """Every row that changed in a window. A row that changes meanwhile leaves it, and hides
        no other: pages are named by the row before them.
        """
        if kind is FactKind.TRAFFIC:
            return await self._read_sessions(window)
        if kind is FactKind.STOCK:
            timezone = self._credential.timezone
            return await read_shelves(window, timezone, self._now(), self._shelves)
        # What is shown ends at no full second.
        if window.start < self._now() - _SHOWN - timedelta(minutes=1):
            await self._check_scope(_ALL_ORDERS)
        if window.end - window.start >= BULK_FROM:
            bulk, window = self._unfinished.take_up(kind, window, _Bulk)
            found = await self._read_bulk(kind, window, bulk)
            self._unfinished.drop(kind, window)
        else:
            found = await self._read_pages(kind, window)
        rows = as_last_seen(found, number="id", changed="updatedAt")
        if kind is FactKind.REFUNDS:
            rows = _refunds_in(rows)
        return Reading(f"{kind} {_search(window)}", rows, until=window.end)

    async def detail(self, kind: FactKind, row: Row) -> Row:
        """The lines that did not fit on the page; of a refund, what came back."""
        if kind is FactKind.REFUNDS:
            variables = {"id": row["id"]}
            refund = await self._ask(
                documents.RETURNED, variables, lambda data: _same(data.get("refund"), row["id"])
            )
            return {**row, "refundLineItems": refund.get("refundLineItems")}
        lines, page = await self._rest_of(row["lineItems"], "lineItems", row["id"])
        return {**row, "lineItems": {"nodes": lines, "pageInfo": page}}

    async def _rest_of(self, shown: Object, name: str, number: str) -> tuple[list[Row], Object]:
        """A list of something whose page holds its beginning, and the last page's place in it."""
        document, of = {
            "lineItems": (documents.MORE_LINES, "order"),
            "inventoryLevels": (documents.MORE_PLACES, "inventoryItem"),
        }[name]
        rows, info = objects_in(shown, "nodes"), object_in(shown, "pageInfo")
        seen = set()
        while info.get("hasNextPage"):
            if info.get("endCursor") in seen:
                raise Unreadable(f"a page of {name} names itself as the next")
            seen.add(info.get("endCursor"))
            variables = {"id": number, "after": info.get("endCursor")}
            more = await self._ask(document, variables, lambda data: _same(data.get(of), number))
            rows = rows + objects_in(more[name], "nodes")
            info = object_in(more[name], "pageInfo")
        return rows, info

    async def _shelves(self) -> list[Row]:
        """The articles that are on sale; two that share their pieces are one."""

        async def read_page(after: str | None) -> tuple[list[Row], str | None]:
            variables = {"first": documents.PAGE_SHELVES, "after": after}
            return await self._ask(
                documents.shelves_page(), variables, lambda data: _page(data, "productVariants")
            )

        found: dict[str, Row] = {}
        for row in await Pages().read_on(read_page, most=MOST_SHELVES):
            item = object_in(row, "inventoryItem")
            number = str(item.get("id"))
            if object_in(row, "product").get("status") in _ON_SALE and number not in found:
                found[number] = await self._shelf(row, item, number)
        return list(found.values())

    async def _shelf(self, row: Row, item: Row, number: str) -> Row:
        """What lies of an article at all places; of one that nobody counts nothing is told."""
        shelf = {"id": number, "sku": row.get("sku"), "variant": {"id": row.get("id")}}
        if item.get("tracked") is not True:
            return shelf
        shown = object_in(item, "inventoryLevels")
        levels, _ = await self._rest_of(shown, "inventoryLevels", number)
        counted = [each for level in levels for each in objects_in(level, "quantities")]
        return {
            **shelf,
            "available": _pieces(counted, "available"),
            "onHand": _pieces(counted, "on_hand"),
        }

    async def _read_pages(self, kind: FactKind, window: Window) -> list[Row]:
        async def read_page(after: str | None) -> tuple[list[Row], str | None]:
            first = documents.PAGE_ORDERS
            variables = {"first": first, "after": after, "query": _search(window)}
            return await self._ask_allowed(
                lambda without: (
                    documents.orders_page(without)
                    if kind is FactKind.ORDERS
                    else documents.refunds_page()
                ),
                variables,
                lambda data: _page(data, "orders"),
            )

        return await Pages().read_on(read_page, most=MOST_ROWS)

    async def _read_bulk(self, kind: FactKind, window: Window, bulk: _Bulk) -> list[Row]:
        """A file with all rows; it is asked for once, however often we have to look for it."""
        if bulk.number is None:
            search = _search(window)
            query = (
                documents.bulk_orders(self._without, search)
                if kind is FactKind.ORDERS
                else documents.bulk_refunds(search)
            )

            async def start() -> str | None:
                return await self._ask(documents.START_BULK, {"query": query}, number_of_file)

            what = "another file, one of which is made at a time,"
            bulk.number = await self._client.look_until(start, what=what)
        number = bulk.number

        async def look() -> Object | None:
            return await self._ask(documents.LOOK_AT_BULK, {"id": number}, finished_file)

        try:
            node = await self._client.look_until(look, what="the file of a shop's history")
        except FileFailed as failed:
            # The next attempt asks for a new one; one that lost its lease may look for it still.
            if bulk.number == number:
                bulk.number = None
            if failed.denied and self._without != documents.FORBIDDABLE:
                self._without |= documents.FORBIDDABLE
            raise failed.error from failed
        return await self._download(node)

    async def _download(self, node: Object) -> list[Row]:
        """The rows of a file; one of an empty window does not exist."""
        if node.get("url") is None and str(node.get("objectCount")) == "0":
            return []
        if int(node.get("fileSize") or 0) > LARGEST_ANSWER:
            raise WindowTooLarge("the file of a shop's history is too large")
        url = str(node.get("url"))

        def read(answer: Answer) -> list[Row]:
            if answer.status != 200:
                raise Unreadable(f"a file answers with status {answer.status}")
            if not answer.body.strip() and str(node.get("objectCount")) != "0":
                # It has a place because there is something in it.
                raise Unreadable("a file with rows comes empty")
            return rows_of_file(answer.body)

        rows = await self._client.ask(lambda: Question("GET", url), read)
        if len(rows) > MOST_ROWS:
            raise WindowTooLarge(f"{len(rows)} orders in one window")
        return rows

    async def _read_sessions(self, window: Window) -> Reading:
        """Visits of the days that end in a window, by the shop's own clock."""
        days = days_that_end(window, self._credential.timezone)
        if not days:
            return Reading("sessions", ())
        query = documents.sessions(days[0].isoformat(), days[-1].isoformat())
        rows = await self._ask(documents.SESSIONS, {"query": query}, rows_of_table)
        asked = {day.isoformat() for day in days}
        read_at = _text(self._now())
        return Reading(
            query, tuple({**row, "readAt": read_at} for row in rows if row.get("day") in asked)
        )

    async def _check_scope(self, scope: str) -> None:
        granted = await self._ask(documents.SCOPES, {}, _scopes)
        if scope not in granted:
            raise NotPermitted(
                f"orders of more than {_SHOWN.days} days ago are shown with {scope} alone"
            )

    async def _ask_allowed(
        self,
        make: Callable[[set[str]], str],
        variables: Mapping[str, object],
        read: Callable[[Object], T],
    ) -> T:
        """Ask without the parts that this application may not see; the first refusal tells."""
        while True:
            try:
                return await self._ask(make(self._without), variables, read)
            except FieldDenied as denied:
                if denied.field in self._without:
                    raise
                self._without.add(denied.field)

    async def _ask(
        self, document: str, variables: Mapping[str, object], read: Callable[[Object], T]
    ) -> T:
        body = json.dumps({"query": document, "variables": variables}).encode()
        headers = {
            "Content-Type": "application/json",
            "X-Shopify-Access-Token": self._credential.session,
        }
        url = f"{self._gateway}/admin/api/{documents.VERSION}/graphql.json"

        def read_data(answer: Answer) -> T:
            content = unwrap(answer)
            # What is left pays for a question like this, or we wait until it does.
            if (seconds := seconds_until_paid(content)) > 0:
                self._client.rest(seconds)
            data = content.get("data")
            if not isinstance(data, dict):
                raise Unreadable("the answer has no data")
            return read(data)

        return await self._client.ask(lambda: Question("POST", url, headers, body), read_data)


def hosts_of(credential: Credential) -> tuple[str, ...]:
    """A shop has a host of its own, and files lie at one of all shops."""
    host = urlsplit(credential.gateway or "").hostname or ""
    return (host, *FILES) if host.endswith(".myshopify.com") else FILES


def _search(window: Window) -> str:
    return f"updated_at:>='{_text(window.start)}' AND updated_at:<'{_text(window.end)}'"


def _page(data: Object, name: str) -> tuple[list[Row], str | None]:
    """The rows of a page, and what names the next one."""
    page = object_in(data, name)
    rows, info = objects_in(page, "nodes"), object_in(page, "pageInfo")
    if type(info.get("hasNextPage")) is not bool:
        raise Unreadable("a page does not say whether another follows")
    return rows, str(info.get("endCursor")) if info["hasNextPage"] else None


def _scopes(data: Object) -> set[object]:
    scopes = objects_in(data.get("currentAppInstallation"), "accessScopes")
    return {each.get("handle") for each in scopes}


def _refunds_in(orders: tuple[Row, ...]) -> tuple[Row, ...]:
    """The refunds that orders name; whatever is paid back changes its order."""
    return tuple(
        {**refund, "order": {"id": order.get("id")}, "test": order.get("test")}
        for order in orders
        for refund in order.get("refunds") or ()
    )


def _pieces(counted: list[Row], name: str) -> int:
    """So many at all places; one may lack what another has."""
    pieces = 0
    for each in counted:
        if each.get("name") == name:
            quantity = each.get("quantity")
            if type(quantity) is not int:
                raise Unreadable(f"the pieces that are {name} cannot be told")
            pieces += quantity
    return pieces


def _same(found: object, number: object) -> Object:
    if not isinstance(found, dict) or found.get("id") != number:
        raise Unreadable("a page is about something else")
    return found


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


OPENING = Opening((Marketplace.SHOPIFY,), ShopifySource, hosts_of, names_gateway=True)
