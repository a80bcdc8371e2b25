"""What the rows of Pinduoduo mean, as facts: orders and refunds.

Times are text in GMT+8, amounts yuan: JSON numbers in orders, texts in refunds. Nobody is named who
bought. Raises Unfit for a row that cannot be read, with the place in the fact.
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
    amount_in,
    chinese_time,
    count_in,
    instant_in,
    kept,
    learn,
    number_in,
    objects_in,
    shared,
    text_in,
)
from services.schema.money import plain
from services.schema.shapes.facts import Fact
from services.schema.shapes.feeds import Known, Origin
from services.schema.words import FactKind, OrderStatus, RefundKind, RefundStatus

_STATUSES = {"1": OrderStatus.PAID, "2": OrderStatus.SHIPPED, "3": OrderStatus.COMPLETED}
_CONFIRMATIONS = {"0": OrderStatus.UNPAID, "1": None, "2": OrderStatus.CANCELLED}
"""Whether a group of buyers has come together: until it has, there is no sale."""
_REFUNDED = "4"

_REFUND_STATUSES = {
    **dict.fromkeys(("2", "3", "4", "5", "6", "7", "8", "14", "15", "18"), RefundStatus.REQUESTED),
    **dict.fromkeys(("21", "22", "27", "31", "32"), RefundStatus.REQUESTED),
    **dict.fromkeys(("9", "11", "12", "13", "17", "24"), RefundStatus.CLOSED),
    # Money back; goods sent for goods; goods mended.
    **dict.fromkeys(("10", "16", "25"), RefundStatus.SUCCEEDED),
}
_REFUND_KINDS = {"3": RefundKind.RETURN, "4": RefundKind.EXCHANGE}
_NUMBERS = {FactKind.ORDERS: "order_sn", FactKind.REFUNDS: "id"}

# Everything else that a marketplace may put into a row is dropped before the row is kept.
_KEPT = {
    *("order_sn", "order_status", "refund_status", "confirm_status", "group_status", "pay_amount"),
    *("goods_amount", "discount_amount", "platform_discount", "seller_discount", "postage"),
    *("capital_free_discount", "created_time", "pay_time", "confirm_time", "shipping_time"),
    *("receive_time", "updated_at", "item_list", "goods_id", "sku_id", "outer_id", "goods_price"),
    *("goods_count", "id", "after_sales_status", "after_sales_type", "refund_amount"),
    "updated_time",
}


def number_of(kind: FactKind, row: Row) -> str:
    """What a row is known by; empty where it does not say."""
    return number_in(row, _NUMBERS[kind])


def changed_at(kind: FactKind, row: Row) -> datetime | None:
    """When a row last changed; null where that cannot be read."""
    name = "updated_at" if kind is FactKind.ORDERS else "updated_time"
    return instant_in(row, name, chinese_time)


def read_fact(kind: FactKind, row: Row, origin: Origin, known: Known) -> Fact:
    """The fact that a row states, through the same checks as a posted one."""
    return check_row(kind, _READERS[kind](row, origin, known))


def lacks_detail(_kind: FactKind, _row: Row, _known: Known) -> bool:
    """The lists say all that there is to know."""
    return False


def row_to_keep(row: Row, _origin: Origin, _seal: Seal) -> dict[str, Any]:
    """The row without anything that names a buyer, whatever came with it."""
    return cast("Document", kept(row, _KEPT))


def _order(row: Row, origin: Origin, known: Known) -> Document:
    status = _status(row)
    items = objects_in(row, "item_list", "/lines")
    document: Document = {
        "source": origin.source,
        "id": text_in(row, "order_sn"),
        "shop": origin.shop,
        "status": status.value,
        "modified_at": chinese_time(row, "updated_at"),
        "created_at": chinese_time(row, "created_time"),
        "currency": "CNY",
    }
    pay_amount = amount_in(row, "pay_amount", "/paid_amount")
    postage = amount_in(row, "postage", "/paid_amount")
    confirmed_at = chinese_time(row, "confirm_time")
    if status is OrderStatus.UNPAID or (status is OrderStatus.CANCELLED and not confirmed_at):
        # The group never came together: what was paid goes back by itself, and was no sale.
        return {**document, "lines": _lines(items, pay_amount - postage, {})}
    paid = known.orders.get(number_in(row, "order_sn")) or learn(
        ((_number(n, item), _sku(item), _count(item)) for n, item in enumerate(items)),
        origin.articles,
        paid_amount=pay_amount,
        campaign=None,
    )
    received_at = chinese_time(row, "receive_time") or document["modified_at"]
    return {
        **document,
        "paid_at": chinese_time(row, "pay_time") or confirmed_at,
        "shipped_at": chinese_time(row, "shipping_time"),
        "completed_at": received_at if status is OrderStatus.COMPLETED else None,
        "paid_amount": plain(paid.paid_amount),
        "discount_amount": plain(amount_in(row, "discount_amount", "/discount_amount")),
        "cost_amount": plain(paid.cost_amount),
        "lines": _lines(items, paid.paid_amount - postage, paid.tags),
    }


def _refund(row: Row, origin: Origin, known: Known) -> Document:
    status = _REFUND_STATUSES.get(str(row.get("after_sales_status")))
    if status is None:
        raise Unfit("word_unknown", "This state of a refund is not known.", "/status")
    number = number_in(row, "id")
    kind = _REFUND_KINDS.get(str(row.get("after_sales_type")), RefundKind.REFUND)
    document: Document = {
        "source": origin.source,
        "id": number,
        "order": text_in(row, "order_sn"),
        "shop": origin.shop,
        "status": status.value,
        "kind": kind.value,
        "amount": plain(amount_in(row, "refund_amount", "/amount")),
        "requested_at": chinese_time(row, "created_time"),
        "modified_at": chinese_time(row, "updated_time"),
    }
    if status is RefundStatus.SUCCEEDED:
        # It was its last change when it was first seen; a later one is not its own day.
        ended = known.refunds.get(number)
        document["refunded_at"] = ended.isoformat() if ended else document["modified_at"]
    return document


_READERS: dict[FactKind, Callable[[Row, Origin, Known], Document]] = {
    FactKind.ORDERS: _order,
    FactKind.REFUNDS: _refund,
}


def _status(row: Row) -> OrderStatus:
    """The group first: an order that has not come about is in no other state."""
    confirmation = str(row.get("confirm_status"))
    if confirmation not in _CONFIRMATIONS:
        raise Unfit("word_unknown", "This state of a group is not known.", "/status")
    if found := _CONFIRMATIONS[confirmation]:
        return found
    if str(row.get("refund_status")) == _REFUNDED:
        return OrderStatus.REFUNDED
    status = _STATUSES.get(str(row.get("order_status")))
    if status is None:
        raise Unfit("word_unknown", "This state of an order is not known.", "/status")
    return status


def _lines(items: list[Row], paid: Decimal, tags: Mapping[str, tuple[str, ...]]) -> list[Document]:
    """Only the whole order says what was paid: each line has the share of its price in it."""
    prices = [amount_in(item, "goods_price", "/lines") * _count(item) for item in items]
    return [
        {
            "id": _number(place, item),
            "sku": _sku(item),
            "quantity": _count(item),
            "amount": plain(share),
            "tags": list(tags.get(_number(place, item), ())),
        }
        for place, (item, share) in enumerate(zip(items, shared(paid, prices), strict=True))
    ]


def _number(place: int, item: Row) -> str:
    """Lines have no number of their own; the same article may stand in an order twice."""
    return f"{number_in(item, 'sku_id')}-{place + 1}"


def _sku(item: Row) -> str | None:
    """The seller's own number of an article, else the marketplace's."""
    names = ("outer_id", "sku_id", "goods_id")
    return next((text for name in names if (text := text_in(item, name))), None)


def _count(item: Row) -> int:
    return count_in(item, "goods_count", "/lines")
