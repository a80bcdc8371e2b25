"""What the rows of WooCommerce mean, as facts: orders, refunds, reviews and the stock of a day.

Times are text in Greenwich's time without an offset, amounts text in the order's currency. Raises
Unfit for a row that cannot be read, with the place in the fact that it would have been.
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
from services.schema.words import FactKind, OrderStatus, RefundKind, RefundStatus

_STATUSES = {
    "pending": OrderStatus.UNPAID,
    "on-hold": OrderStatus.UNPAID,
    "checkout-draft": OrderStatus.UNPAID,
    "processing": OrderStatus.PAID,
    "completed": OrderStatus.COMPLETED,
    "cancelled": OrderStatus.CANCELLED,
    "failed": OrderStatus.CANCELLED,
    "trash": OrderStatus.CANCELLED,
    "refunded": OrderStatus.REFUNDED,
}
# Where sites keep what the shop system has no field for.
_SALESPERSON = ("salesperson", "_salesperson")
_CHANNEL = ("_wc_order_attribution_source_type",)

# Everything else that a site may put into a row is dropped before the row is kept.
_KEPT = {
    *("id", "order_id", "number", "status", "currency", "date_created_gmt", "date_modified_gmt"),
    *("date_paid_gmt", "date_completed_gmt", "total", "shipping_total", "discount_total"),
    *("payment_method", "line_items", "sku", "product_id", "variation_id", "quantity", "subtotal"),
    *("coupon_lines", "code", "discount", "refunds", "amount", "rating", "day", "readAt"),
    *("shelves", "manage_stock", "stock_quantity", "stock_status"),
}


def number_of(kind: FactKind, row: Row) -> str:
    """What a row is known by; empty where it does not say."""
    return number_in(row, "day" if kind is FactKind.STOCK else "id")


def changed_at(kind: FactKind, row: Row) -> datetime | None:
    """When a row last changed; null where that cannot be read."""
    if kind is FactKind.STOCK:
        return instant_in(row, "readAt")
    name = "date_modified_gmt" if kind is FactKind.ORDERS else "date_created_gmt"
    return instant_in(row, name, _time)


def read_fact(kind: FactKind, row: Row, origin: Origin, known: Known) -> Fact:
    """The fact that a row states, through the same checks as a posted one."""
    fact = check_row(kind, _READERS[kind](row, origin, known))
    return as_it_stands(fact, number_of(kind, row), known)


def lacks_detail(kind: FactKind, row: Row, known: Known) -> bool:
    """Whether only a refund's own page can tell when it was made, and it is not known yet."""
    return kind is FactKind.REFUNDS and number_in(row, "id") not in known.refunds


def row_to_keep(row: Row, origin: Origin, seal: Seal) -> dict[str, Any]:
    """The row without anything that names a buyer, whatever came with it."""
    document = cast("Document", kept(row, _KEPT))
    if (buyer := buyer_to_keep(row, _buyer, origin, seal)) is not None:
        document["customer_id"] = buyer
    document["meta_data"] = _meta_to_keep(row)
    return document


def _order(row: Row, origin: Origin, known: Known) -> Document:
    paid_at, completed_at = _time(row, "date_paid_gmt"), _time(row, "date_completed_gmt")
    status = _status(row, paid_at)
    lines = objects_in(row, "line_items", "/lines")
    document: Document = {
        "source": origin.source,
        "id": text_in(row, "id"),
        "shop": origin.shop,
        "status": status.value,
        "modified_at": _time(row, "date_modified_gmt"),
        "created_at": _time(row, "date_created_gmt"),
        "buyer": _buyer(row),
        "salesperson": _meta(row, _SALESPERSON),
        "channel": _meta(row, _CHANNEL),
        "payment_method": text_in(row, "payment_method"),
        "currency": text_in(row, "currency"),
    }
    if status is OrderStatus.UNPAID or (status is OrderStatus.CANCELLED and not paid_at):
        # Nothing of it counts yet, and its prices may still change.
        return {**document, "lines": [_line(line, {}) for line in lines]}
    paid = known.orders.get(number_in(row, "id")) or learn(
        ((number_in(line, "id"), _sku(line), _quantity(line)) for line in lines),
        origin.articles,
        paid_amount=amount_in(row, "total", "/paid_amount"),
        campaign=_campaign(row),
    )
    return {
        **document,
        # Who pays at the door has paid when the order is complete.
        "paid_at": paid_at or completed_at,
        "completed_at": completed_at if status is OrderStatus.COMPLETED else None,
        "campaign": paid.campaign,
        # Here a refund never shrinks it; what a seller corrects is what was paid.
        "paid_amount": plain(amount_in(row, "total", "/paid_amount")),
        "discount_amount": plain(amount_in(row, "discount_total", "/discount_amount")),
        "cost_amount": plain(paid.cost_amount),
        "lines": [_line(line, paid.tags) for line in lines],
    }


def _refund(row: Row, origin: Origin, known: Known) -> Document:
    """WooCommerce writes a refund down when the money has gone back; an order's list shows it
    below zero, its own page above.
    """
    number = number_in(row, "id")
    named = "amount" if row.get("amount") is not None else "total"
    made_at = known.refunds.get(number)
    at = made_at.isoformat() if made_at else _time(row, "date_created_gmt")
    came_back = any(line.get("quantity") for line in row.get("line_items") or ())
    return {
        "source": origin.source,
        "id": number,
        "order": text_in(row, "order_id"),
        "shop": origin.shop,
        "status": RefundStatus.SUCCEEDED.value,
        "kind": (RefundKind.RETURN if came_back else RefundKind.REFUND).value,
        "amount": plain(abs(amount_in(row, named, "/amount", signed=True))),
        "requested_at": at,
        "refunded_at": at,
        "modified_at": at,
    }


def _review(row: Row, origin: Origin, _known: Known) -> Document:
    """A review belongs to an article and names no order; its words are not kept."""
    return {
        "source": origin.source,
        "id": text_in(row, "id"),
        "shop": origin.shop,
        "score": str(count_in(row, "rating", "/score")),
        "scale": 5,
        "rated_at": _time(row, "date_created_gmt"),
        "modified_at": _time(row, "date_created_gmt"),
    }


def _stock(row: Row, origin: Origin, _known: Known) -> Document:
    shelves = objects_in(row, "shelves", "/skus")
    named = ((_article(each) or "", _shelf(each)) for each in shelves)
    return stock_of(row, origin, named)


def _shelf(row: Row) -> Shelf:
    """A site says itself what is there. Pieces that several variations share are nobody's own."""
    word = text_in(row, "stock_status")
    if word is None:
        raise Unfit("missing", "An article does not say whether it is there.", "/skus_out")
    pieces = None
    if row.get("manage_stock") is True and row.get("stock_quantity") is not None:
        pieces = amount_in(row, "stock_quantity", "/stock_value", signed=True)
    return Shelf(pieces, None if word == "instock" else Decimal(0))


def _article(row: Row) -> str | None:
    """The seller's own number, else the site's: as on the line of an order."""
    return text_in(row, "sku") or text_in(row, "id")


_READERS: dict[FactKind, Callable[[Row, Origin, Known], Document]] = {
    FactKind.ORDERS: _order,
    FactKind.REFUNDS: _refund,
    FactKind.RATINGS: _review,
    FactKind.STOCK: _stock,
}


def _status(row: Row, paid_at: str | None) -> OrderStatus:
    status = _STATUSES.get(str(row.get("status")))
    if status is None:
        raise Unfit("word_unknown", "This state of an order is not known.", "/status")
    if status is OrderStatus.PAID and not paid_at:
        # To be paid at the door: sent off, and yet unpaid.
        return OrderStatus.UNPAID
    if status is OrderStatus.UNPAID and paid_at:
        # Paid, and put aside until somebody has looked at it.
        return OrderStatus.PAID
    return status


def _line(line: Row, tags: Mapping[str, tuple[str, ...]]) -> Document:
    number = number_in(line, "id")
    return {
        "id": number,
        "sku": _sku(line),
        "quantity": _quantity(line),
        "amount": plain(amount_in(line, "total", "/lines", signed=True)),
        "tags": list(tags.get(number, ())),
    }


def _campaign(row: Row) -> str | None:
    """The coupon that took most off."""
    best, most = None, Decimal(0)
    for coupon in objects_in(row, "coupon_lines", "/campaign"):
        code, off = text_in(coupon, "code"), amount_in(coupon, "discount", "/campaign")
        if code and off > most:
            best, most = code, off
    return best


def _buyer(row: Row) -> str | None:
    """A guest is nobody who could be known again."""
    buyer = row.get("customer_id")
    return None if buyer in (0, "0") else text_in(row, "customer_id")


def _meta(row: Row, names: tuple[str, ...]) -> str | None:
    """What a plugin has noted under the first of some names."""
    for entry in objects_in(row, "meta_data", ""):
        if entry.get("key") in names and isinstance(entry.get("value"), str | int):
            return str(entry["value"]) or None
    return None


def _meta_to_keep(row: Row) -> Row | list[Row]:
    """What is read of what plugins have noted; what cannot be read stays so: an object."""
    try:
        noted = {name: _meta(row, (name,)) for name in (*_SALESPERSON, *_CHANNEL)}
    except Unfit:
        return {}
    return [{"key": name, "value": value} for name, value in noted.items() if value]


def _sku(line: Row) -> str | None:
    """The seller's own number of an article, else the site's."""
    own = text_in(line, "sku")
    if own:
        return own
    variation = text_in(line, "variation_id")
    return variation if variation not in (None, "0") else text_in(line, "product_id")


def _quantity(line: Row) -> int:
    return count_in(line, "quantity", "/lines")


def _time(row: Row, name: str) -> str | None:
    """A time of Greenwich, made complete; the check of the fact reads it."""
    value = text_in(row, name)
    return f"{value}Z" if value else None
