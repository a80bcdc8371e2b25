"""What each operation of the Selling Partner API answers, with its windows, pages and oddities."""

import base64
import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from sandbox.amazon.rows import (
    Row,
    inventory_rows,
    metrics_row,
    modified_at,
    new_row,
    old_items,
    old_row,
    report_of,
    word_of,
)
from sandbox.books import Books
from sandbox.gateways import Answer
from sandbox.sales import Sale
from sandbox.shops import ZONE, Shop

LARGEST_PAGE = PAGE = 100
_NOT_TOLD = timedelta(minutes=2)
_TOKEN_LASTS = timedelta(hours=24)
_MAKING = timedelta(seconds=1)
"""How long a report takes, half of it in the queue."""
_URL_LASTS = timedelta(minutes=5)
_INVENTORY_PAGE = 10


class Refusal(Exception):
    """An error document with a real HTTP status, and without the header that tells the rate."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code

    def answer(self) -> Answer:
        error = {"code": self.code, "message": str(self), "details": ""}
        return Answer(json.dumps({"errors": [error]}).encode(), self.status)


@dataclass(slots=True)
class Content:
    """What goes back, and the rows in it that a test may spoil."""

    document: Any
    rows: list[Row] = field(default_factory=list)
    status: int = 200
    media_type: str = "application/json"

    def written(self) -> bytes:
        if isinstance(self.document, bytes):
            return self.document
        return json.dumps(self.document, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Asking:
    """One call, with the books that it is about."""

    shop: Shop
    params: Mapping[str, str]
    place: str
    body: bytes
    at: datetime
    books: Books
    reports: dict[str, Any]
    address: str
    marketplace: str


@dataclass(slots=True)
class Report:
    """A report that was asked for; what it tells is what was known when it was."""

    number: str
    shop: Shop
    day: date
    begun_at: datetime
    fate: str = "DONE"

    def status(self, at: datetime) -> str:
        if at < self.begun_at + _MAKING / 2:
            return "IN_QUEUE"
        return "IN_PROGRESS" if at < self.begun_at + _MAKING else self.fate

    @property
    def is_packed(self) -> bool:
        """Amazon packs what it likes, and says so."""
        return int(self.number) % 2 == 0

    def written(self) -> bytes:
        document = json.dumps(report_of(self.shop, self.day, self.begun_at)).encode()
        return gzip.compress(document, mtime=0) if self.is_packed else document

    def query(self, until: int) -> str:
        """What opens its file up to a second, which nobody else can make."""
        made = sha256(f"qinghe sandbox file {self.number} {until}".encode()).hexdigest()
        return f"Expires={until}&Signature={made[:32]}"


def search_orders(asking: Asking) -> Content:
    """Orders 2026-01-01."""
    params = asking.params
    if ("createdAfter" in params) == ("lastUpdatedAfter" in params):
        raise Refusal(400, "InvalidInput", "Exactly one of createdAfter and lastUpdatedAfter.")
    _check_marketplace(asking, "marketplaceIds")
    found, token = _page(asking, "lastUpdated", "paginationToken", "maxResultsPerPage")
    words = set(filter(None, params.get("fulfillmentStatuses", "").split(",")))
    data = set(params.get("includedData", "").split(","))
    rows = [
        new_row(sale, asking.at, modified, data, asking.marketplace)
        for modified, sale in found
        if not words or word_of(sale, asking.at) in words
    ]
    document: Row = {"orders": rows, "lastUpdatedBefore": _text(asking.at - _NOT_TOLD)}
    if token:
        document["pagination"] = {"nextToken": token}
    return Content(document, rows)


def get_orders(asking: Asking) -> Content:
    """Orders v0."""
    params = asking.params
    if ("CreatedAfter" in params) == ("LastUpdatedAfter" in params):
        raise Refusal(400, "InvalidInput", "Exactly one of CreatedAfter and LastUpdatedAfter.")
    _check_marketplace(asking, "MarketplaceIds")
    found, token = _page(asking, "LastUpdated", "NextToken", "MaxResultsPerPage")
    words = set(filter(None, params.get("OrderStatuses", "").split(",")))
    rows = [old_row(sale, asking.at, modified, asking.marketplace) for modified, sale in found]
    rows = [row for row in rows if not words or row["OrderStatus"] in words]
    payload: Row = {"Orders": rows}
    # A last page may name an empty one instead of none.
    payload["NextToken"] = token or ""
    return Content({"payload": payload}, rows)


def get_order_items(asking: Asking) -> Content:
    number = int("30" + asking.place.replace("-", ""))
    sale = asking.books.sale(asking.shop, number, asking.at)
    if sale is None:
        raise Refusal(404, "NotFound", "Order not found")
    rows = old_items(sale, asking.at)
    return Content({"payload": {"AmazonOrderId": asking.place, "OrderItems": rows}}, rows)


def create_report(asking: Asking) -> Content:
    try:
        body = json.loads(asking.body)
        kind, marketplaces = body["reportType"], body["marketplaceIds"]
        first, last = body["dataStartTime"][:10], body["dataEndTime"][:10]
        by_day = body["reportOptions"]["dateGranularity"] == "DAY"
    except (ValueError, KeyError, TypeError) as error:
        raise Refusal(400, "InvalidInput", "Something of the report is not named.") from error
    if kind != "GET_SALES_AND_TRAFFIC_REPORT":
        raise Refusal(400, "InvalidInput", "The sandbox makes one kind of report.")
    if marketplaces != [asking.marketplace]:
        raise Refusal(400, "InvalidInput", "Invalid marketplaceIds")
    if first != last or not by_day:
        raise Refusal(400, "InvalidInput", "The sandbox makes reports of a day.")
    number = f"{50_000 + len(asking.reports)}"
    asking.reports[number] = Report(number, asking.shop, date.fromisoformat(first), asking.at)
    return Content({"reportId": number}, status=202)


def get_report(asking: Asking) -> Content:
    report = asking.reports.get(asking.place)
    if report is None:
        raise Refusal(404, "NotFound", "Report not found")
    status = report.status(asking.at)
    row: Row = {
        "reportId": report.number,
        "reportType": "GET_SALES_AND_TRAFFIC_REPORT",
        "createdTime": _text(report.begun_at),
        "processingStatus": status,
    }
    if status == "DONE":
        row["reportDocumentId"] = f"amzn1.spdoc.1.{report.number}"
    return Content(row)


def get_report_document(asking: Asking) -> Content:
    number = asking.place.rpartition(".")[2]
    if number not in asking.reports:
        raise Refusal(404, "NotFound", "Document not found")
    report = asking.reports[number]
    query = report.query(int((asking.at + _URL_LASTS).timestamp()))
    row = {
        "reportDocumentId": asking.place,
        "url": f"{asking.address}/amazon-files/{number}?{query}",
    }
    if report.is_packed:
        row["compressionAlgorithm"] = "GZIP"
    return Content(row)


def get_inventory(asking: Asking) -> Content:
    params = asking.params
    for name in ("granularityType", "granularityId", "marketplaceIds"):
        if name not in params:
            raise Refusal(400, "InvalidInput", f"{name} is required")
    rows = inventory_rows(asking.shop, asking.at.astimezone(ZONE).date())
    start = int(params.get("nextToken", "0"))
    page = rows[start : start + _INVENTORY_PAGE]
    document: Row = {
        "payload": {
            "granularity": {
                "granularityType": "Marketplace",
                "granularityId": asking.marketplace,
            },
            "inventorySummaries": page,
        }
    }
    if start + _INVENTORY_PAGE < len(rows):
        document["pagination"] = {"nextToken": str(start + _INVENTORY_PAGE)}
    return Content(document, page)


def get_metrics(asking: Asking) -> Content:
    """What Amazon itself counts: orders on the day they were placed."""
    _check_marketplace(asking, "marketplaceIds")
    first, _, last = asking.params.get("interval", "").partition("--")
    if asking.params.get("granularity") != "Day" or not last:
        raise Refusal(400, "InvalidInput", "The sandbox counts by days.")
    start, end = _moment(first, "interval"), _moment(last, "interval")
    rows = []
    while start < end:
        following = min(start + timedelta(days=1), end)
        sales = [
            sale
            for _, sale in asking.books.sales(asking.shop, asking.at)
            if start <= sale.created_at < following
            and word_of(sale, asking.at) not in {"PENDING", "CANCELLED"}
        ]
        rows.append(metrics_row(sales, start, following, asking.shop))
        start = following
    return Content({"payload": rows}, rows)


OPERATIONS: Mapping[str, Callable[[Asking], Content]] = {
    "searchOrders": search_orders,
    "getOrders": get_orders,
    "getOrderItems": get_order_items,
    "createReport": create_report,
    "getReport": get_report,
    "getReportDocument": get_report_document,
    "getInventorySummaries": get_inventory,
    "getOrderMetrics": get_metrics,
}


def _check_marketplace(asking: Asking, name: str) -> None:
    if asking.params.get(name) != asking.marketplace:
        raise Refusal(400, "InvalidInput", f"Invalid {name}")


def _page(
    asking: Asking, window: str, token_name: str, size_name: str
) -> tuple[list[tuple[datetime, Sale]], str | None]:
    """A page of a list that stays as it was when its first page was asked for."""
    params = asking.params
    start, at = 0, asking.at
    if token := params.get(token_name):
        try:
            begun, number = base64.b64decode(token).decode().split("|")
            start, at = int(number), datetime.fromisoformat(begun)
        except ValueError as error:
            raise Refusal(400, "InvalidInput", "The token is none of ours.") from error
        if asking.at - at > _TOKEN_LASTS:
            raise Refusal(400, "InvalidInput", "The token has expired.")
    if f"{window}After" not in params:
        raise Refusal(400, "InvalidInput", "The sandbox lists by the time of change.")
    first = _moment(params[f"{window}After"], f"{window}After")
    last = _moment(params.get(f"{window}Before", _text(asking.at - _NOT_TOLD)), f"{window}Before")
    if last > asking.at - _NOT_TOLD:
        raise Refusal(400, "InvalidInput", f"{window}Before is later than two minutes ago.")
    text = params.get(size_name, "100")
    size = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= size <= LARGEST_PAGE:
        raise Refusal(400, "InvalidInput", f"Invalid {size_name}")
    # A page may hold less than was asked for.
    size = min(size, PAGE)
    found = sorted(
        (
            (modified, sale)
            for _, sale in asking.books.sales(asking.shop, at)
            if first <= (modified := modified_at(sale, at, asking.books.touched)) <= last
        ),
        key=lambda each: (each[0], each[1].id),
    )
    following = None
    if start + size < len(found):
        following = base64.b64encode(f"{at.isoformat()}|{start + size}".encode()).decode()
    return found[start : start + size], following


def _moment(text: str, name: str) -> datetime:
    """A time with its offset, as is written everywhere here."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal(400, "InvalidInput", f"Invalid {name}") from error
    if moment.tzinfo is None:
        raise Refusal(400, "InvalidInput", f"Invalid {name}")
    return moment


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
