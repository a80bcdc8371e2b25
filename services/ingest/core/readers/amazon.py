"""What the rows of Amazon mean, as facts: orders of either interface; of a day visits, stock, and
how much feedback came in.

Times are of Greenwich, money is a text in the marketplace's currency, but a number in reports.
Raises Unfit for a row that cannot be read, with the place in the fact that it would have been.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from services.ingest.core.buyers import Seal
from services.ingest.core.facts import check_row
from services.ingest.core.fields import Unfit
from services.ingest.core.readers.rows import (
    Document,
    Row,
    Shelf,
    amount_in,
    as_it_stands,
    buyer_to_keep,
    count_in,
    figure_in,
    instant_in,
    kept,
    learn,
    number_in,
    objects_in,
    stock_of,
    text_in,
)
from services.schema.money import plain
from services.schema.shapes.facts import Fact
from services.schema.shapes.feeds import Known, Origin
from services.schema.words import FactKind, OrderStatus

_STATUSES = {
    "PENDING_AVAILABILITY": OrderStatus.UNPAID,
    "PENDING": OrderStatus.UNPAID,
    "UNSHIPPED": OrderStatus.PAID,
    "PARTIALLY_SHIPPED": OrderStatus.PAID,
    "UNFULFILLABLE": OrderStatus.PAID,
    "SHIPPED": OrderStatus.SHIPPED,
    "CANCELLED": OrderStatus.CANCELLED,
}
# As the old interface spells them.
_OLD_STATUSES = {
    "PendingAvailability": "PENDING_AVAILABILITY",
    "Pending": "PENDING",
    "Unshipped": "UNSHIPPED",
    "PartiallyShipped": "PARTIALLY_SHIPPED",
    "Unfulfillable": "UNFULFILLABLE",
    "Shipped": "SHIPPED",
    "InvoiceUnconfirmed": "SHIPPED",
    "Canceled": "CANCELLED",
}
_WITHOUT_PAYMENT = {OrderStatus.UNPAID, OrderStatus.CANCELLED}
_PRICE = {"ITEM", "GIFT_WRAP"}
# Feedback is counted by the day, and told of no buyer and no order.
_COUNTERS = {"feedbackReceived": "feedback", "negativeFeedbackReceived": "negative_feedback"}

# Everything else that a marketplace may put into a row is dropped before the row is kept.
_KEPT = {
    *("orderId", "createdTime", "lastUpdatedTime", "completedTime", "salesChannel"),
    *("marketplaceId", "channelName", "proceeds", "grandTotal", "amount", "currencyCode"),
    *("breakdowns", "type", "subtotal", "detailedBreakdowns", "subtype", "value"),
    *("fulfillment", "fulfillmentStatus", "fulfilledBy", "packages", "shipTime", "orderItems"),
    *("orderItemId", "quantityOrdered", "product", "asin", "sellerSku", "proceedsTotal"),
    *("promotion", "promotionId", "AmazonOrderId", "PurchaseDate", "LastUpdateDate"),
    *("OrderStatus", "OrderTotal", "Amount", "CurrencyCode", "PaymentMethod", "OrderItems"),
    *("OrderItemId", "SellerSKU", "ASIN", "QuantityOrdered", "ItemPrice", "PromotionDiscount"),
    *("PromotionIds", "FulfillmentChannel", "day", "readAt", "trafficByDate", "sessions"),
    *("pageViews", "inventorySummaries", "totalQuantity", "inventoryDetails"),
    *("fulfillableQuantity", "counter", *_COUNTERS),
}


def number_of(kind: FactKind, row: Row) -> str:
    """What a row is known by; empty where it does not say."""
    if kind is FactKind.MEASURES:
        return f"{number_in(row, 'day')}/{_COUNTERS.get(number_in(row, 'counter'), '')}"
    if kind is not FactKind.ORDERS:
        return number_in(row, "day")
    return number_in(row, "orderId") or number_in(row, "AmazonOrderId")


def changed_at(kind: FactKind, row: Row) -> datetime | None:
    """When a row last changed; null where that cannot be read."""
    if kind is not FactKind.ORDERS:
        return instant_in(row, "readAt")
    names = ("completedTime", "lastUpdatedTime", "LastUpdateDate")
    return next((at for name in names if (at := instant_in(row, name))), None)


def read_fact(kind: FactKind, row: Row, origin: Origin, known: Known) -> Fact:
    """The fact that a row states, through the same checks as a posted one."""
    fact = check_row(kind, _READERS[kind](row, origin, known))
    return as_it_stands(fact, number_of(kind, row), known)


def lacks_detail(kind: FactKind, row: Row, known: Known) -> bool:  # noqa: ARG001 - one form for all
    """Whether its lines are missing, which the old interface gives for one order alone."""
    return kind is FactKind.ORDERS and "AmazonOrderId" in row and "OrderItems" not in row


def row_to_keep(row: Row, origin: Origin, seal: Seal) -> dict[str, Any]:
    """The row without anything that names a buyer, whatever came with it."""
    document = cast("Document", kept(row, _KEPT))
    if (buyer := buyer_to_keep(row, _buyer, origin, seal)) is not None:
        document["buyer"] = {"buyerEmail": buyer}
    return document


def _order(row: Row, origin: Origin, known: Known) -> Document:
    row = _as_new(row) if "AmazonOrderId" in row else row
    status, completed_at = _status(row), row.get("completedTime")
    lines = objects_in(row, "orderItems", "/lines")
    total = _object_in(_object_in(row, "proceeds"), "grandTotal")
    document: Document = {
        "source": origin.source,
        "id": text_in(row, "orderId"),
        "shop": origin.shop,
        "status": status.value,
        # What time alone has completed is as new as that.
        "modified_at": completed_at or row.get("lastUpdatedTime"),
        "created_at": row.get("createdTime"),
        "buyer": _buyer(row),
        "payment_method": text_in(row, "paymentMethod"),
        "currency": total.get("currencyCode"),
    }
    if status in _WITHOUT_PAYMENT:
        # Amazon takes the money when it sends the goods: what is cancelled before was never paid.
        return {**document, "lines": [_line(line, {}) for line in lines]}
    if not total:
        raise Unfit("missing", "The order does not say what it costs.", "/paid_amount")
    paid = known.orders.get(number_of(FactKind.ORDERS, row)) or learn(
        ((number_in(line, "orderItemId"), _sku(line), _quantity(line)) for line in lines),
        origin.articles,
        paid_amount=amount_in(total, "amount", "/paid_amount"),
        campaign=_promotion(lines),
    )
    if any(_price(line) is None for line in lines):
        raise Unfit("missing", "A line does not say what it costs.", "/lines")
    off = sum((_discount(line) for line in lines), Decimal(0))
    return {
        **document,
        # No time of payment is told: an order counts on the day it was placed, as in Amazon's own
        # figures.
        "paid_at": row.get("createdTime"),
        "shipped_at": None if status is OrderStatus.PAID else _shipped_at(row),
        "completed_at": completed_at if status is OrderStatus.COMPLETED else None,
        "campaign": paid.campaign,
        "paid_amount": plain(amount_in(total, "amount", "/paid_amount")),
        "discount_amount": plain(off),
        "cost_amount": plain(paid.cost_amount),
        "lines": [_line(line, paid.tags) for line in lines],
    }


def _traffic(row: Row, origin: Origin, _known: Known) -> Document:
    """Amazon counts a visitor once a day, and calls that a session."""
    traffic = _object_in(row, "trafficByDate")
    return {
        "source": origin.source,
        "shop": origin.shop,
        "day": text_in(row, "day"),
        "visitors": figure_in(traffic, "sessions", "/visitors"),
        "page_views": figure_in(traffic, "pageViews", "/page_views"),
        "modified_at": row.get("readAt"),
    }


def _feedback(row: Row, origin: Origin, _known: Known) -> Document:
    counter = number_in(row, "counter")
    if counter not in _COUNTERS:
        raise Unfit("word_unknown", "This count of feedback is not known.", "/measure")
    return {
        "source": origin.source,
        "shop": origin.shop,
        "day": text_in(row, "day"),
        "measure": _COUNTERS[counter],
        "amount": figure_in(_object_in(row, "trafficByDate"), counter, "/amount"),
        "modified_at": row.get("readAt"),
    }


def _stock(row: Row, origin: Origin, _known: Known) -> Document:
    shelves = objects_in(row, "inventorySummaries", "/skus")
    return stock_of(
        row, origin, ((number_in(shelf, "sellerSku"), _shelf(shelf)) for shelf in shelves)
    )


def _shelf(row: Row) -> Shelf:
    """What can be sent at once is a part of what is there."""
    details = _object_in(row, "inventoryDetails")
    return Shelf(
        amount_in(row, "totalQuantity", "/stock_value"),
        amount_in(details, "fulfillableQuantity", "/skus_out"),
    )


_READERS: dict[FactKind, Callable[[Row, Origin, Known], Document]] = {
    FactKind.ORDERS: _order,
    FactKind.TRAFFIC: _traffic,
    FactKind.MEASURES: _feedback,
    FactKind.STOCK: _stock,
}


def _status(row: Row) -> OrderStatus:
    word = _object_in(row, "fulfillment").get("fulfillmentStatus")
    status = _STATUSES.get(str(word))
    if status is None:
        raise Unfit("word_unknown", "This state of an order is not known.", "/status")
    if status is OrderStatus.SHIPPED and row.get("completedTime"):
        return OrderStatus.COMPLETED
    return status


def _shipped_at(row: Row) -> object:
    """When the last parcel left; of what Amazon sends itself only the change is known."""
    sent = [
        str(each["shipTime"])
        for each in objects_in(row, "packages", "/shipped_at")
        if each.get("shipTime")
    ]
    return max(sent, default=row.get("lastUpdatedTime"))


def _line(line: Row, tags: Mapping[str, tuple[str, ...]]) -> Document:
    number = number_in(line, "orderItemId")
    # Before payment no price is told.
    price = _price(line) or Decimal(0)
    return {
        "id": number,
        "sku": _sku(line),
        "quantity": _quantity(line),
        "amount": plain(price - _discount(line)),
        "tags": list(tags.get(number, ())),
    }


def _price(line: Row) -> Decimal | None:
    """Of the articles alone, without postage and tax; null where nothing is said of it yet."""
    found = [_subtotal(each) for each in _breakdowns(line) if str(each.get("type")) in _PRICE]
    if found:
        return sum(found, Decimal(0))
    total = _object_in(_object_in(line, "proceeds"), "proceedsTotal")
    return amount_in(total, "amount", "/lines", signed=True) if total else None


def _discount(line: Row) -> Decimal:
    """What came off the articles, whichever sign it has; the postage's discount is not theirs."""
    off = Decimal(0)
    for each in _breakdowns(line):
        if each.get("type") != "DISCOUNT":
            continue
        parts = [
            abs(amount_in(_object_in(part, "value"), "amount", "/discount_amount", signed=True))
            for part in objects_in(each, "detailedBreakdowns", "/discount_amount")
            if part.get("subtype") != "SHIPPING"
        ]
        named = each.get("detailedBreakdowns")
        off += sum(parts, Decimal(0)) if named else abs(_subtotal(each))
    return off


def _breakdowns(line: Row) -> list[Row]:
    return objects_in(_object_in(line, "proceeds"), "breakdowns", "/lines")


def _subtotal(part: Row) -> Decimal:
    return amount_in(_object_in(part, "subtotal"), "amount", "/lines", signed=True)


def _promotion(lines: Iterable[Row]) -> str | None:
    """The first that is named; how much each took off is not told."""
    for line in lines:
        for each in objects_in(_object_in(line, "promotion"), "breakdowns", "/campaign"):
            if found := text_in(each, "promotionId"):
                return found
    return None


def _buyer(row: Row) -> str | None:
    """An address that Amazon made up for the buyer."""
    return text_in(_object_in(row, "buyer"), "buyerEmail") or text_in(
        _object_in(row, "BuyerInfo"), "BuyerEmail"
    )


def _sku(line: Row) -> str | None:
    """The seller's own number of an article, else Amazon's."""
    product = _object_in(line, "product")
    return text_in(product, "sellerSku") or text_in(product, "asin")


def _quantity(line: Row) -> int:
    return count_in(line, "quantityOrdered", "/lines")


def _object_in(row: Row, name: str) -> Row:
    """What may be left out is empty."""
    found = row.get(name)
    return found if isinstance(found, Mapping) else {}


def _as_new(row: Row) -> Row:
    """A row of the old interface in the words of the new one."""
    total = _object_in(row, "OrderTotal")
    word = str(row.get("OrderStatus"))
    return {
        "orderId": row.get("AmazonOrderId"),
        "createdTime": row.get("PurchaseDate"),
        "lastUpdatedTime": row.get("LastUpdateDate"),
        "completedTime": row.get("completedTime"),
        "fulfillment": {"fulfillmentStatus": _OLD_STATUSES.get(word, word)},
        "proceeds": {"grandTotal": _new_money(total)} if total else {},
        "paymentMethod": row.get("PaymentMethod"),
        "buyer": {"buyerEmail": _buyer(row)},
        "orderItems": [_new_line(line) for line in objects_in(row, "OrderItems", "/lines")],
    }


def _new_line(line: Row) -> Row:
    names = {"ITEM": "ItemPrice", "DISCOUNT": "PromotionDiscount"}
    stated = {kind: _object_in(line, name) for kind, name in names.items()}
    promotions = line.get("PromotionIds")
    return {
        "orderItemId": line.get("OrderItemId"),
        "quantityOrdered": line.get("QuantityOrdered"),
        "product": {"sellerSku": line.get("SellerSKU"), "asin": line.get("ASIN")},
        "proceeds": {
            "breakdowns": [
                {"type": kind, "subtotal": _new_money(money)}
                for kind, money in stated.items()
                if money
            ]
        },
        "promotion": {
            "breakdowns": [
                {"promotionId": each}
                for each in (promotions if isinstance(promotions, list) else ())
            ]
        },
    }


def _new_money(money: Row) -> Row:
    return {"amount": money.get("Amount"), "currencyCode": money.get("CurrencyCode")}
