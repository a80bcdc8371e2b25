"""How Amazon's Selling Partner API is asked: by a token of an hour, seldom, one page after another.

What its rows mean is known in `core/readers/amazon.py`. An account's gateway ends in the number of
the marketplace that the shop is on: `https://sellingpartnerapi-na.amazon.com/ATVPDKIKX0DER`.

Orders know of no refund, and reports only how many pieces a day's refunds were of: what was paid
back is posted, by file or from the ERP, with the source `amazon:<shop>`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from services.ingest.sources.amazon_calls import (
    Calls,
    Forbidden,
    NoSuchPath,
    hosts_of,
    object_in,
    rows_in,
    token_in,
)
from services.ingest.sources.client import Answer, Client, Question, unpacked
from services.ingest.sources.errors import Refused, SourceError, TryLater, Unreadable
from services.ingest.sources.opening import Opening
from services.ingest.sources.passes import Pages, Unfinished, as_last_seen
from services.ingest.sources.reading import (
    MOST_SHELVES,
    SHELVES,
    Credential,
    Reading,
    Row,
    days_that_end,
    read_document,
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

_FILLING = 3 * _DAY
"""Visits of a day are counted for a while after it."""

STREAMS: Mapping[FactKind, Stream] = {
    FactKind.ORDERS: Stream(14 * _DAY, _OVERLAP, _LAG, 730 * _DAY, timedelta(minutes=10)),
    # The last days are read again, for as long as they fill in.
    FactKind.TRAFFIC: Stream(
        31 * _DAY, _FILLING, timedelta(hours=1), 730 * _DAY, _DAY / 4, maturity=_FILLING
    ),
    FactKind.STOCK: SHELVES,
}

_INCLUDED = "BUYER,PROCEEDS,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES"
_REPORT = "GET_SALES_AND_TRAFFIC_REPORT"


@dataclass(slots=True)
class _Orders:
    """The pages of a window, and those of the orders that it completes."""

    changed: Pages = field(default_factory=Pages)
    completed: Pages = field(default_factory=Pages)


@dataclass(slots=True)
class _Reports:
    """Reports that were asked for, and the days that have been read."""

    numbers: dict[date, str] = field(default_factory=dict)
    rows: dict[date, Row | None] = field(default_factory=dict)
    """Null for a day without any."""


class _PlaceClosed(SourceError):
    """The address of a report's document has run out."""


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
        self._reports = Unfinished[_Reports]()
        self._only_old = False

    async def read(self, kind: FactKind, window: Window) -> Reading:
        """Every row of a window. What was read of it stays while Amazon lets us wait: a call may
        have to wait for three minutes, and so the pages of one window for hours.
        """
        if kind is FactKind.TRAFFIC:
            return await self._read_traffic(window)
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

    async def _read_traffic(self, window: Window) -> Reading:
        """One report a day: what it says of articles is of its whole range."""
        work, window = self._reports.take_up(FactKind.TRAFFIC, window, _Reports)
        days = days_that_end(window, self._credential.timezone)
        for day in days:
            if day not in work.rows and day not in work.numbers:
                work.numbers[day] = await self._create_report(day)
        for day in days:
            if day not in work.rows:
                work.rows[day] = await self._report(work, day)
        self._reports.drop(FactKind.TRAFFIC, window)
        rows = tuple(row for day in days if (row := work.rows[day]) is not None)
        shown = f"{days[0]} to {days[-1]}" if days else "no day"
        return Reading(f"{_REPORT} {shown}", rows, until=window.end)

    async def _create_report(self, day: date) -> str:
        body = {
            "reportType": _REPORT,
            "marketplaceIds": [self._marketplace],
            "dataStartTime": f"{day}T00:00:00Z",
            "dataEndTime": f"{day}T00:00:00Z",
            "reportOptions": {"dateGranularity": "DAY", "asinGranularity": "PARENT"},
        }

        def read(document: Row) -> str:
            number = document.get("reportId")
            if not isinstance(number, str) or not number:
                raise Unreadable("a report that was asked for has no number")
            return number

        return await self._calls.call("createReport", "/reports/2021-06-30/reports", {}, read, body)

    async def _report(self, work: _Reports, day: date) -> Row | None:
        path = f"/reports/2021-06-30/reports/{work.numbers[day]}"

        async def look() -> Row | None:
            report = await self._calls.call(
                "getReport", path, {}, lambda found: _with(found, "processingStatus")
            )
            waiting = report["processingStatus"] in {"IN_QUEUE", "IN_PROGRESS"}
            return None if waiting else report

        report = await self._client.look_until(look, what=f"the report of {day}")
        if report.get("processingStatus") == "CANCELLED":
            # So Amazon says that there is nothing to tell.
            return None
        if report.get("processingStatus") != "DONE":
            del work.numbers[day]
            raise TryLater(f"the report of {day} was not made")
        document = f"/reports/2021-06-30/documents/{report.get('reportDocumentId')}"
        for _ in range(2):
            try:
                return await self._read_document(document, day)
            except _PlaceClosed:
                # It was open for five minutes, and what went wrong took longer: a new one is told.
                continue
        raise TryLater(f"the report of {day} is not given out")

    async def _read_document(self, path: str, day: date) -> Row:
        place = await self._calls.call(
            "getReportDocument", path, {}, lambda found: _with(found, "url")
        )

        def read(answer: Answer) -> Row:
            if answer.status == 403:
                raise _PlaceClosed("a report's document is shown no longer")
            if answer.status != 200:
                raise Unreadable(f"a report's document answers with status {answer.status}")
            packed = place.get("compressionAlgorithm") == "GZIP"
            content = read_document(unpacked(answer.body) if packed else answer.body)
            return _day_of(content, day, read_at=_text(self._now()))

        return await self._client.ask(lambda: Question("GET", place["url"]), read)

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


def _day_of(content: object, day: date, *, read_at: str) -> Row:
    """What a report says of its day."""
    for each in rows_in(content, "salesAndTrafficByDate"):
        if each.get("date") == day.isoformat():
            return {
                "day": day.isoformat(),
                "trafficByDate": object_in(each, "trafficByDate"),
                "readAt": read_at,
            }
    raise Unreadable(f"the report of {day} is about other days")


def _with(document: Row, name: str) -> Row:
    """An answer that says what it was asked for."""
    if not isinstance(document.get(name), str):
        raise Unreadable(f"the answer has no {name}")
    return document


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
