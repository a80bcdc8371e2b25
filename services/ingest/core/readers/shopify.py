"""What the rows of Shopify mean, as facts: orders, refunds, visits and stock of a day.

Ids are addresses that end in a number, times have their offset, money is a text in the shop's
currency. Raises Unfit for a row that cannot be read, with the place in the fact that it would have
been.
"""

from collections.abc import Callable, Mapping
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
    objects_in,
    stock_of,
    text_in,
)
from services.schema.money import plain
from services.schema.shapes.facts import Fact
from services.schema.shapes.feeds import Known, Origin
from services.schema.words import Exclusion, FactKind, OrderStatus, RefundKind, RefundStatus

_UNPAID = {"PENDING", "AUTHORIZED", "PARTIALLY_PAID"}
_NEVER_PAID = {"VOIDED", "EXPIRED"}
_PAID = {"PAID", "PARTIALLY_REFUNDED"}
_TAKEN = {"SALE", "CAPTURE"}
"""Kinds of transaction by which money comes in; an authorization only promises it."""
_CAME_BACK = {"RETURN", "LEGACY_RESTOCK"}

# Everything else that an application may have put into a row is dropped before the row is kept.
_KEPT = {
    *("id", "createdAt", "processedAt", "updatedAt", "cancelledAt", "closedAt", "test"),
    *("displayFinancialStatus", "displayFulfillmentStatus", "totalPriceSet", "shopMoney"),
    *("originalTotalPriceSet", "totalDiscountsSet", "amount", "currencyCode", "discountCodes"),
    *("paymentGatewayNames", "sourceName", "retailLocation", "staffMember", "fulfillments"),
    *("deliveredAt", "transactions", "kind", "status", "amountSet", "lineItems", "nodes", "sku"),
    *("quantity", "variant", "originalTotalSet", "discountAllocations", "allocatedAmountSet"),
    *("order", "totalRefundedSet", "refundLineItems", "restockType", "day", "sessions"),
    *("online_store_visitors", "pageviews", "readAt", "pageInfo", "hasNextPage", "shelves"),
    *("available", "onHand"),
}


def number_of(kind: FactKind, row: Row) -> str:
    """What a row is known by; empty where it does not say."""
    name = "day" if kind in {FactKind.TRAFFIC, FactKind.STOCK} else "id"
    try:
        return _tail(text_in(row, name)) or ""
    except Unfit:
        return ""


def changed_at(kind: FactKind, row: Row) -> datetime | None:
    """When a row last changed; null where that cannot be read."""
    names = {FactKind.ORDERS: "updatedAt", FactKind.REFUNDS: "createdAt"}
    return instant_in(row, names.get(kind, "readAt"))


def read_fact(kind: FactKind, row: Row, origin: Origin, known: Known) -> Fact:
    """The fact that a row states, through the same checks as a posted one."""
    fact = check_row(kind, _READERS[kind](row, origin, known))
    return as_it_stands(fact, number_of(kind, row), known)


def lacks_detail(kind: FactKind, row: Row, known: Known) -> bool:
    """Whether an order has more lines than fit on its page, or a new refund's goods are unknown."""
    if kind is FactKind.REFUNDS:
        return number_of(kind, row) not in known.refunds
    if kind is FactKind.ORDERS:
        lines = row.get("lineItems")
        page = lines.get("pageInfo") if isinstance(lines, Mapping) else None
        return isinstance(page, Mapping) and page.get("hasNextPage") is True
    return False


def row_to_keep(row: Row, origin: Origin, seal: Seal) -> dict[str, Any]:
    """The row without anything that names a buyer, whatever came with it."""
    document = cast("Document", kept(row, _KEPT))
    if (buyer := buyer_to_keep(row, _buyer, origin, seal)) is not None:
        document["customer"] = {"id": buyer}
    return document


def _order(row: Row, origin: Origin, known: Known) -> Document:
    paid_at = _paid_at(row)
    status = _status(row)
    lines = objects_in(_object_in(row, "lineItems", "/lines"), "nodes", "/lines")
    document: Document = {
        "source": origin.source,
        "id": _tail(text_in(row, "id")),
        "shop": origin.shop,
        "status": status.value,
        "modified_at": row.get("updatedAt"),
        "created_at": row.get("createdAt"),
        "buyer": _buyer(row),
        "salesperson": _id_in(row, "staffMember"),
        "channel": text_in(row, "sourceName"),
        "payment_method": _first(row, "paymentGatewayNames"),
        "currency": _money_in(row, "totalPriceSet", "/currency").get("currencyCode"),
        "exclusion": Exclusion.TEST.value if row.get("test") is True else None,
    }
    if status is OrderStatus.UNPAID or (status is OrderStatus.CANCELLED and paid_at is None):
        # Nothing of it counts yet, and its prices may still change.
        return {**document, "lines": [_line(line, {}) for line in lines]}
    paid = known.orders.get(number_of(FactKind.ORDERS, row)) or learn(
        ((_line_id(line), _sku(line), count_in(line, "quantity", "/lines")) for line in lines),
        origin.articles,
        paid_amount=_amount(row, "totalPriceSet", "/paid_amount"),
        campaign=_first(row, "discountCodes"),
    )
    return {
        **document,
        # An order that costs nothing is never paid for.
        "paid_at": paid_at or row.get("processedAt"),
        "shipped_at": _shipped_at(row),
        "completed_at": row.get("closedAt") if status is OrderStatus.COMPLETED else None,
        "campaign": paid.campaign,
        # The current price shrinks with a refund; this one is as it was before any.
        "paid_amount": plain(_amount(row, "totalPriceSet", "/paid_amount")),
        "discount_amount": plain(_amount(row, "totalDiscountsSet", "/discount_amount")),
        "cost_amount": plain(paid.cost_amount),
        "lines": [_line(line, paid.tags) for line in lines],
    }


def _refund(row: Row, origin: Origin, _known: Known) -> Document:
    """Shopify writes a refund down when the money goes back."""
    at = row.get("createdAt")
    goods = row.get("refundLineItems")
    back = objects_in(goods, "nodes", "/kind") if isinstance(goods, Mapping) else []
    came_back = any(str(line.get("restockType")) in _CAME_BACK for line in back)
    return {
        "source": origin.source,
        "id": _tail(text_in(row, "id")),
        "order": _id_in(row, "order"),
        "shop": origin.shop,
        "status": RefundStatus.SUCCEEDED.value,
        "kind": (RefundKind.RETURN if came_back else RefundKind.REFUND).value,
        "amount": plain(_amount(row, "totalRefundedSet", "/amount")),
        "requested_at": at,
        "refunded_at": at,
        "modified_at": at,
    }


def _traffic(row: Row, origin: Origin, _known: Known) -> Document:
    return {
        "source": origin.source,
        "shop": origin.shop,
        "day": text_in(row, "day"),
        "visitors": figure_in(row, "online_store_visitors", "/visitors"),
        "page_views": figure_in(row, "pageviews", "/page_views"),
        "modified_at": row.get("readAt"),
    }


def _stock(row: Row, origin: Origin, _known: Known) -> Document:
    shelves = objects_in(row, "shelves", "/skus")
    return stock_of(row, origin, ((_sku(each), _shelf(each)) for each in shelves))


def _shelf(row: Row) -> Shelf:
    """What nobody counts is always sold."""
    if row.get("available") is None:
        return Shelf(None, None)
    return Shelf(
        amount_in(row, "onHand", "/stock_value", signed=True),
        amount_in(row, "available", "/skus_out", signed=True),
    )


_READERS: dict[FactKind, Callable[[Row, Origin, Known], Document]] = {
    FactKind.ORDERS: _order,
    FactKind.REFUNDS: _refund,
    FactKind.TRAFFIC: _traffic,
    FactKind.STOCK: _stock,
}


def _status(row: Row) -> OrderStatus:
    """In the order in which one thing outweighs another."""
    money, goods = str(row.get("displayFinancialStatus")), row.get("displayFulfillmentStatus")
    if money not in _UNPAID | _NEVER_PAID | _PAID | {"REFUNDED"}:
        raise Unfit("word_unknown", "This state of a payment is not known.", "/status")
    if row.get("cancelledAt"):
        return OrderStatus.CANCELLED
    if money == "REFUNDED":
        return OrderStatus.REFUNDED
    if money in _NEVER_PAID:
        return OrderStatus.CANCELLED
    if money in _UNPAID:
        return OrderStatus.UNPAID
    if goods != "FULFILLED":
        return OrderStatus.PAID
    return OrderStatus.COMPLETED if row.get("closedAt") else OrderStatus.SHIPPED


def _paid_at(row: Row) -> str | None:
    """When what the order cost at first had come in; later additions do not move the day."""
    taken = sorted(
        (str(each.get("processedAt")), _amount(each, "amountSet", "/paid_at"))
        for each in objects_in(row, "transactions", "/paid_at")
        if str(each.get("kind")) in _TAKEN and each.get("status") == "SUCCESS"
    )
    cost, received = _amount(row, "originalTotalPriceSet", "/paid_at"), Decimal(0)
    for at, amount in taken:
        received += amount
        if received >= cost:
            return at
    return taken[-1][0] if taken else None


def _shipped_at(row: Row) -> object:
    """When the last parcel left; a part that was sent is not the order."""
    if row.get("displayFulfillmentStatus") != "FULFILLED":
        return None
    sent = [str(each.get("createdAt")) for each in objects_in(row, "fulfillments", "/shipped_at")]
    return max(sent, default=row.get("updatedAt"))


def _line(line: Row, tags: Mapping[str, tuple[str, ...]]) -> Document:
    """What was paid for a line: its price less its share of every discount, whatever its kind."""
    off = sum(
        (
            _amount(each, "allocatedAmountSet", "/lines")
            for each in objects_in(line, "discountAllocations", "/lines")
        ),
        Decimal(0),
    )
    return {
        "id": _line_id(line),
        "sku": _sku(line),
        "quantity": count_in(line, "quantity", "/lines"),
        "amount": plain(_amount(line, "originalTotalSet", "/lines") - off),
        "tags": list(tags.get(_line_id(line), ())),
    }


def _line_id(line: Row) -> str:
    return _tail(text_in(line, "id")) or ""


def _sku(line: Row) -> str:
    """The seller's own number of an article, else the shop's; what is sold but once has neither."""
    return text_in(line, "sku") or _id_in(line, "variant") or _line_id(line)


def _amount(row: Row, name: str, pointer: str) -> Decimal:
    return amount_in(_money_in(row, name, pointer), "amount", pointer)


def _money_in(row: Row, name: str, pointer: str) -> Row:
    """Of an amount in two currencies, that of the shop."""
    return _object_in(_object_in(row, name, pointer), "shopMoney", pointer)


def _object_in(row: Row, name: str, pointer: str) -> Row:
    found = row.get(name)
    if not isinstance(found, Mapping):
        raise Unfit("object_expected", f"{name} is an object.", pointer)
    return found


def _buyer(row: Row) -> str | None:
    return _id_in(row, "customer")


def _id_in(row: Row, name: str) -> str | None:
    """The number of what a row points to; null where it points to nothing."""
    found = row.get(name)
    return _tail(text_in(found, "id")) if isinstance(found, Mapping) else None


def _tail(address: str | None) -> str | None:
    """`gid://shopify/Order/727` is number 727."""
    return address.rpartition("/")[2] or None if address else None


def _first(row: Row, name: str) -> str | None:
    found = row.get(name)
    return str(found[0]) if isinstance(found, list) and found else None
