"""What the rows of Doudian mean, as facts: orders and refunds.

Times are Unix seconds, where 0 is never; amounts are whole fen. Raises Unfit for a row that cannot
be read, with the place in the fact that it would have been.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

from services.ingest.core.buyers import Seal
from services.ingest.core.facts import check_row
from services.ingest.core.fields import Unfit
from services.ingest.core.readers.rows import (
    Document,
    Row,
    buyer_to_keep,
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

_STATUSES = {
    "1": OrderStatus.UNPAID,
    "105": OrderStatus.PAID,
    "2": OrderStatus.PAID,
    # A part that was sent is not the order.
    "101": OrderStatus.PAID,
    "3": OrderStatus.SHIPPED,
    "5": OrderStatus.COMPLETED,
    "4": OrderStatus.CANCELLED,
}
_REFUNDED = 3
_CLOSED = {"7", "28", "29"}
_KINDS = {"0": RefundKind.RETURN, "3": RefundKind.EXCHANGE}
_EXCHANGED = "14"
_NUMBERS = {
    FactKind.ORDERS: "order_id",
    FactKind.REFUNDS: "aftersale_id",
    FactKind.RATINGS: "day",
}

# Everything else that a marketplace may put into a row is dropped before the row is kept.
_KEPT = {
    *("order_id", "order_status", "create_time", "pay_time", "ship_time", "finish_time"),
    *("update_time", "order_amount", "pay_amount", "post_amount", "promotion_amount"),
    *("promotion_pay_amount", "shop_cost_amount", "platform_cost_amount", "sku_order_list"),
    *("product_id_str", "sku_id", "out_sku_id", "item_num", "origin_amount", "after_sale_info"),
    *("after_sale_status", "refund_status", "given_product_type", "author_id", "room_id_str"),
    *("video_id", "theme_type", "c_biz", "ad_env_type", "aftersale_id", "aftersale_status"),
    *("aftersale_type", "refund_amount", "apply_time", "shop_order_id", "real_refund_amount"),
    *("refund_time", "day", "service_score"),
}


def number_of(kind: FactKind, row: Row) -> str:
    """What a row is known by; empty where it does not say."""
    return number_in(row, _NUMBERS[kind])


def changed_at(_kind: FactKind, row: Row) -> datetime | None:
    """When a row last changed; null where that cannot be read."""
    return instant_in(row, "update_time", _time)


def read_fact(kind: FactKind, row: Row, origin: Origin, known: Known) -> Fact:
    """The fact that a row states, through the same checks as a posted one."""
    return check_row(kind, _READERS[kind](row, origin, known))


def lacks_detail(kind: FactKind, row: Row, _known: Known) -> bool:
    """Whether only a call for this refund alone tells what really went back, and when."""
    done = kind is FactKind.REFUNDS and row.get("refund_status") == _REFUNDED
    return done and "real_refund_amount" not in row


def row_to_keep(row: Row, origin: Origin, seal: Seal) -> dict[str, Any]:
    """The row without anything that names a buyer, whatever came with it."""
    document = cast("Document", kept(row, _KEPT))
    if (buyer := buyer_to_keep(row, _buyer, origin, seal)) is not None:
        document["doudian_open_id"] = buyer
    return document


def _order(row: Row, origin: Origin, known: Known) -> Document:
    lines = objects_in(row, "sku_order_list", "/lines")
    if not lines:
        raise Unfit("missing", "An order has at least one line.", "/lines")
    sold = [line for line in lines if line.get("given_product_type") != "FREE"]
    status, paid_at = _status(row, lines), _time(row, "pay_time")
    paid_amount = _fen(row, "pay_amount") - _fen(row, "promotion_pay_amount")
    document: Document = {
        "source": origin.source,
        "id": text_in(row, "order_id"),
        "shop": origin.shop,
        "status": status.value,
        "modified_at": _time(row, "update_time"),
        "created_at": _time(row, "create_time"),
        "buyer": _buyer(row),
        "salesperson": _salesperson(lines, origin),
        "channel": _channel(lines),
        "currency": "CNY",
    }
    if status is OrderStatus.UNPAID or not paid_at:
        # Nothing of it counts yet, and its prices may still change.
        return {**document, "lines": _lines(sold, paid_amount - _fen(row, "post_amount"), {})}
    # A gift costs the seller something, and yet nobody has bought it.
    paid = known.orders.get(number_in(row, "order_id")) or learn(
        ((number_in(line, "order_id"), _sku(line), _count(line)) for line in lines),
        origin.articles,
        paid_amount=paid_amount,
        campaign=None,
    )
    off = _fen(row, "promotion_amount") + _fen(row, "promotion_pay_amount")
    return {
        **document,
        "paid_at": paid_at,
        "shipped_at": None if status is OrderStatus.PAID else _time(row, "ship_time"),
        "completed_at": _finished_at(row) if status is OrderStatus.COMPLETED else None,
        "paid_amount": plain(paid.paid_amount),
        "discount_amount": plain(off),
        "cost_amount": plain(paid.cost_amount),
        "lines": _lines(sold, paid.paid_amount - _fen(row, "post_amount"), paid.tags),
    }


def _refund(row: Row, origin: Origin, _known: Known) -> Document:
    kind = _KINDS.get(str(row.get("aftersale_type")), RefundKind.REFUND)
    status = RefundStatus.REQUESTED
    word, refunded = str(row.get("aftersale_status")), row.get("refund_status") == _REFUNDED
    if refunded or (kind is RefundKind.EXCHANGE and word == _EXCHANGED):
        status = RefundStatus.SUCCEEDED
    elif word in _CLOSED:
        status = RefundStatus.CLOSED
    succeeded = status is RefundStatus.SUCCEEDED
    # What is in the list was only asked for.
    named = "real_refund_amount" if refunded else "refund_amount"
    ended_at = _time(row, "refund_time") or _time(row, "update_time")
    return {
        "source": origin.source,
        "id": text_in(row, "aftersale_id"),
        "order": text_in(row, "shop_order_id"),
        "shop": origin.shop,
        "status": status.value,
        "kind": kind.value,
        "amount": plain(_fen(row, named)),
        "requested_at": _time(row, "apply_time"),
        "refunded_at": ended_at if succeeded else None,
        "modified_at": _time(row, "update_time"),
    }


def _reputation(row: Row, origin: Origin, _known: Known) -> Document:
    """The day's score of a shop's service: the first that was seen on it, at its beginning."""
    day = number_in(row, "day")
    return {
        "source": origin.source,
        "id": day,
        "shop": origin.shop,
        "score": text_in(row, "service_score"),
        "scale": 5,
        "rated_at": f"{day}T00:00:00+08:00",
        "modified_at": f"{day}T00:00:00+08:00",
    }


_READERS: dict[FactKind, Callable[[Row, Origin, Known], Document]] = {
    FactKind.ORDERS: _order,
    FactKind.REFUNDS: _refund,
    FactKind.RATINGS: _reputation,
}


def _buyer(row: Row) -> str | None:
    return text_in(row, "doudian_open_id")


def _status(row: Row, lines: list[Row]) -> OrderStatus:
    status = _STATUSES.get(str(row.get("order_status")))
    if status is None:
        raise Unfit("word_unknown", "This state of an order is not known.", "/status")
    if status is OrderStatus.CANCELLED and row.get("pay_time"):
        # Closed after it was paid: by refunds of all that was in it, or by something else.
        bought = [line for line in lines if line.get("given_product_type") != "FREE"]
        if bought and all(_is_refunded(line) for line in bought):
            return OrderStatus.REFUNDED
    return status


def _is_refunded(line: Row) -> bool:
    info = line.get("after_sale_info")
    return isinstance(info, Mapping) and info.get("refund_status") == _REFUNDED


def _lines(lines: list[Row], paid: Decimal, tags: Mapping[str, tuple[str, ...]]) -> list[Document]:
    """What was paid for the goods, shared by what each line was to cost."""
    shares = shared(paid, [_fen(line, "pay_amount") for line in lines])
    return [
        {
            "id": text_in(line, "order_id"),
            "sku": _sku(line),
            "quantity": _count(line),
            "amount": plain(share),
            "tags": list(tags.get(number_in(line, "order_id"), ())),
        }
        for line, share in zip(lines, shares, strict=True)
    ]


def _salesperson(lines: list[Row], origin: Origin) -> str | None:
    """The employee behind whoever presented the goods; strangers present them, too."""
    names = (number_in(line, "author_id") for line in lines)
    return next((origin.people[name] for name in names if name in origin.people), None)


def _channel(lines: list[Row]) -> str | None:
    """Where the buyer came from: a live room, a video, or neither."""
    for line in lines:
        if text_in(line, "room_id_str") not in (None, "0"):
            return "live"
        if text_in(line, "video_id") not in (None, "0"):
            return "video"
    return None


def _sku(line: Row) -> str | None:
    """The seller's own number of an article, else the marketplace's."""
    names = ("out_sku_id", "sku_id", "product_id_str")
    return next((text for name in names if (text := text_in(line, name)) not in (None, "0")), None)


def _count(line: Row) -> int:
    return count_in(line, "item_num", "/lines")


def _finished_at(row: Row) -> str | None:
    return _time(row, "finish_time") or _time(row, "update_time")


def _fen(row: Row, name: str) -> Decimal:
    """Yuan from whole fen; left out it is nothing."""
    value = row.get(name)
    if value is None:
        return Decimal(0)
    return Decimal(count_in(row, name, "")).scaleb(-2)


def _time(row: Row, name: str) -> str | None:
    """A time from Unix seconds; 0 is never."""
    value = row.get(name)
    if value in (None, 0):
        return None
    if type(value) is not int:
        raise Unfit("time_invalid", f"{name}: whole seconds are expected.")
    try:
        return datetime.fromtimestamp(value, UTC).isoformat()
    except (ValueError, OverflowError, OSError) as error:
        raise Unfit("time_invalid", f"{name}: seconds since 1970 are expected.") from error
