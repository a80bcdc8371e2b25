"""How Amazon's Selling Partner API is asked: by a token of an hour, seldom, one page after another.

What its rows mean is known in `core/readers/amazon.py`. An account's gateway ends in the number of
the marketplace that the shop is on: `https://sellingpartnerapi-na.amazon.com/ATVPDKIKX0DER`.

How the report of a day is asked for stands in `amazon_reports.py`. Orders know of no refund, and
reports only how many pieces a day's refunds were of: what was paid back is posted, by file or from
the ERP, with the source `amazon:<shop>`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from services.ingest.sources.amazon_calls import (
    Calls,
    Forbidden,
    NoSuchPath,
    hosts_of,
    object_in,
    rows_in,
    token_in,
)
from services.ingest.sources.amazon_reports import STREAM, Reports
from services.ingest.sources.client import Client
from services.ingest.sources.errors import Refused
from services.ingest.sources.opening import Opening
from services.ingest.sources.passes import Pages, Unfinished, as_last_seen
from services.ingest.sources.reading import (
    MOST_SHELVES,
    SHELVES,
    Credential,
    Reading,
    Row,
    read_shelves,
)
from services.schema.shapes.feeds import Stream, Window
from services.schema.words import FactKind, Marketplace

__all__ = ["COMPLETED_AFTER", "STREAMS", "AmazonSource", "hosts_of"]

MOST_ROWS = 5000
"""Of one window, so that it fits in memory and in one transaction; more is asked for in parts."""
COMPLETED_AFTER = timedelta(days=30)
"""Amazon knows no end of an order: what was sent and has not changed for so long is complete."""

_DAY, _OVERLAP = timedelta(days=1), timedelta(minutes=10)
# Orders are not told of the last two minutes.
_LAG = timedelta(minutes=2, seconds=5)

STREAMS: Mapping[FactKind, Stream] = {
    FactKind.ORDERS: Stream(14 * _DAY, _OVERLAP, _LAG, 730 * _DAY, timedelta(minutes=10)),
    FactKind.TRAFFIC: STREAM,
    FactKind.MEASURES: STREAM,
    FactKind.STOCK: SHELVES,
}

_INCLUDED = "BUYER,PROCEEDS,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES"


@dataclass(slots=True)
class _Orders:
    """The pages of a window, and those of the orders that it completes."""

    changed: Pages = field(default_factory=Pages)
    completed: Pages = field(default_factory=Pages)


class AmazonSource:
    """One shop: a seller on one marketplace."""

    streams = STREAMS

    def __init__(
        self, client: Client, credential: Credential, *, now: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._credential = credential
        self._now = now
        self._gateway, _, self._marketplace = (credential.gateway or "").rpartition("/")
        self._calls = Calls(client, credential, self._gateway, now=now)
        self._orders = Unfinished[_Orders]()
        self._reports = Reports(
            client, self._calls, self._marketplace, credential.timezone, now=now
        )
        self._only_old = False

    async def read(self, kind: FactKind, window: Window) -> Reading:
        """Every row of a window. What was read of it stays while Amazon lets us wait: a call may
        have to wait for three minutes, and so the pages of one window for hours.
        """
        if STREAMS[kind] is STREAM:
            return await self._reports.read(kind, window)
        if kind is FactKind.STOCK:
            zone, name = self._credential.timezone, "inventorySummaries"
            return await read_shelves(window, zone, self._now(), self._shelves, name=name)
        work, window = self._orders.take_up(kind, window, _Orders)
        try:
            found = await self._read_orders(work, window)
        except Refused:
            # What names the next page is good for a day: after a longer wait it begins anew.
            self._orders.drop(kind, window)
            raise
        self._orders.drop(kind, window)
        number, changed = "orderId", "lastUpdatedTime"
        if self._only_old:
            number, changed = "AmazonOrderId", "LastUpdateDate"
        rows = as_last_seen(found, number=number, changed=changed)
        request = f"orders {_text(window.start)} to {_text(window.end)}"
        return Reading(request, rows, until=window.end)

    async def detail(self, kind: FactKind, row: Row) -> Row:
        """The lines of an order, which the old interface gives for one order alone."""
        if kind is not FactKind.ORDERS or "AmazonOrderId" not in row:
            return row

        async def read_page(token: str | None) -> tuple[list[Row], str | None]:
            path = f"/orders/v0/orders/{row['AmazonOrderId']}/orderItems"
            params = {"NextToken": token} if token else {}

            def read(document: Row) -> tuple[list[Row], str | None]:
                payload = object_in(document, "payload")
                return rows_in(payload, "OrderItems"), token_in(payload, "NextToken")

            return await self._calls.call("getOrderItems", path, params, read)

        lines = await Pages().read_on(read_page, most=MOST_ROWS)
        return {**row, "OrderItems": list(as_last_seen(lines, number="OrderItemId"))}

    async def metrics(self, window: Window) -> tuple[Row, ...]:
        """Amazon's own counts by day of the shop's zone, to hold ours against."""
        zone = self._credential.timezone
        params = {
            "marketplaceIds": self._marketplace,
            "interval": f"{_text(window.start)}--{_text(window.end)}",
            "granularity": "Day",
            "granularityTimeZone": zone,
        }

        def read(document: Row) -> list[Row]:
            return rows_in(document, "payload")

        return tuple(
            await self._calls.call("getOrderMetrics", "/sales/v1/orderMetrics", params, read)
        )

    async def _read_orders(self, work: _Orders, window: Window) -> Sequence[Row]:
        changed = await self._read_pages(work.changed, window, sent=False)
        # What changed so long ago and not since is complete by now.
        back = Window(window.start - COMPLETED_AFTER, window.end - COMPLETED_AFTER)
        completed = await self._read_pages(work.completed, back, sent=True)
        # What is sent for a shop elsewhere was sold there.
        return [row for row in (*changed, *map(_completed, completed)) if _is_sale(row)]

    async def _read_pages(self, pages: Pages, window: Window, *, sent: bool) -> list[Row]:
        async def read_page(token: str | None) -> tuple[list[Row], str | None]:
            if not self._only_old:
                try:
                    return await self._new_page(window, token, sent=sent)
                except (Forbidden, NoSuchPath):
                    if token is not None:
                        raise
                    # This application, or this region, is not let in there yet.
                    self._only_old = True
            return await self._old_page(window, token, sent=sent)

        return await pages.read_on(read_page, most=MOST_ROWS)

    async def _new_page(
        self, window: Window, token: str | None, *, sent: bool
    ) -> tuple[list[Row], str | None]:
        params = {
            "marketplaceIds": self._marketplace,
            "lastUpdatedAfter": _text(window.start),
            "lastUpdatedBefore": _text(window.end),
            "maxResultsPerPage": "100",
            "includedData": _INCLUDED,
            **({"fulfillmentStatuses": "SHIPPED"} if sent else {}),
            **({"paginationToken": token} if token else {}),
        }

        def read(document: Row) -> tuple[list[Row], str | None]:
            return rows_in(document, "orders"), token_in(document.get("pagination"), "nextToken")

        return await self._calls.call("searchOrders", "/orders/2026-01-01/orders", params, read)

    async def _old_page(
        self, window: Window, token: str | None, *, sent: bool
    ) -> tuple[list[Row], str | None]:
        params = {
            "MarketplaceIds": self._marketplace,
            "LastUpdatedAfter": _text(window.start),
            "LastUpdatedBefore": _text(window.end),
            "MaxResultsPerPage": "100",
            **({"OrderStatuses": "Shipped,InvoiceUnconfirmed"} if sent else {}),
            **({"NextToken": token} if token else {}),
        }

        def read(document: Row) -> tuple[list[Row], str | None]:
            payload = object_in(document, "payload")
            return rows_in(payload, "Orders"), token_in(payload, "NextToken")

        return await self._calls.call("getOrders", "/orders/v0/orders", params, read)

    async def _shelves(self) -> list[Row]:
        async def read_page(token: str | None) -> tuple[list[Row], str | None]:
            params = {
                "granularityType": "Marketplace",
                "granularityId": self._marketplace,
                "marketplaceIds": self._marketplace,
                "details": "true",
                **({"nextToken": token} if token else {}),
            }

            def read(document: Row) -> tuple[list[Row], str | None]:
                summaries = rows_in(object_in(document, "payload"), "inventorySummaries")
                return summaries, token_in(document.get("pagination"), "nextToken")

            path = "/fba/inventory/v1/summaries"
            return await self._calls.call("getInventorySummaries", path, params, read)

        found = await Pages().read_on(read_page, most=MOST_SHELVES)
        # What a page shows again is no second shelf; an article has one of each condition.
        return list({_shelf_of(row): row for row in found}.values())


def _shelf_of(row: Row) -> tuple[str, ...]:
    return tuple(str(row.get(name)) for name in ("sellerSku", "fnSku", "condition"))


def _completed(row: Row) -> Row:
    """A row that says when it was complete by our policy."""
    name = "LastUpdateDate" if "AmazonOrderId" in row else "lastUpdatedTime"
    try:
        moment = datetime.fromisoformat(str(row.get(name)))
    except ValueError:
        # Its reader will say what is wrong with it.
        return row
    return {**row, "completedTime": _text(moment + COMPLETED_AFTER)}


def _is_sale(row: Row) -> bool:
    channel = row.get("salesChannel")
    return not (isinstance(channel, dict) and channel.get("channelName") == "NON_AMAZON")


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


OPENING = Opening((Marketplace.AMAZON,), AmazonSource, hosts_of, names_gateway=True)
