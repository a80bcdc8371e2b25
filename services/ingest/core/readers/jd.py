"""What the rows of JD mean, as facts: orders, refunds of both of its lists, service by the day.

Times are text in GMT+8, amounts text in yuan. Raises Unfit for a row that cannot be read, with the
place in the fact that it would have been.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from services.ingest.core.buyers import Seal
from services.ingest.core.facts import check_row
from services.ingest.core.fields import Unfit
from services.ingest.core.readers.desks import service_of
from services.ingest.core.readers.rows import (
    Document,
    Row,
    amount_in,
    buyer_to_keep,
    chinese_time,
    instant_in,
    kept,
    learn,
    number_in,
    objects_in,
    shared,
    text_in,
    whole_in,
)
from services.schema.money import plain
from services.schema.shapes.facts import Fact
from services.schema.shapes.feeds import Known, Origin
from services.schema.words import FactKind, OrderStatus, RefundKind, RefundStatus

_STATUSES = {
    "NOT_PAY": OrderStatus.UNPAID,
    "WAIT_SELLER_STOCK_OUT": OrderStatus.PAID,
    "WAIT_SELLER_DELIVERY": OrderStatus.PAID,
    "PAUSE": OrderStatus.PAID,
    "POP_ORDER_PAUSE": OrderStatus.PAID,
    "LOCKED": OrderStatus.PAID,
    "WAIT_GOODS_RECEIVE_CONFIRM": OrderStatus.SHIPPED,
    # Refused at the door and on its way back: sent, and not paid back yet.
    "DELIVERY_RETURN": OrderStatus.SHIPPED,
    "FINISHED_L": OrderStatus.COMPLETED,
    "TRADE_CANCELED": OrderStatus.CANCELLED,
    # The same in another of its languages.
    "DengDaiChuKu": OrderStatus.PAID,
    "DengDaiFaHuo": OrderStatus.PAID,
    "ZanTing": OrderStatus.PAID,
    "DengDaiQueRenShouHuo": OrderStatus.SHIPPED,
    "PeiSongTuiHuo": OrderStatus.SHIPPED,
    "WanCheng": OrderStatus.COMPLETED,
}
_NEVER = "0001-01-01 00:00:00"

_CANCELLED = "jingdong.pop.afs.soa.refundapply.queryPageList"
# Of what is cancelled before it is sent: agreed to by the seller, by JD's cashier, by force.
_CANCELLED_STATUSES = {
    **dict.fromkeys(("0", "6", "7", "10"), RefundStatus.REQUESTED),
    **dict.fromkeys(("1", "3", "5", "9"), RefundStatus.SUCCEEDED),
    **dict.fromkeys(("2", "4", "8", "11"), RefundStatus.CLOSED),
}
_RETURNED_STATUSES = {"13": RefundStatus.SUCCEEDED, "14": RefundStatus.CLOSED}
_KINDS = {"10": RefundKind.RETURN, "20": RefundKind.EXCHANGE}
"""By what the buyer wants done; what was never sent has nothing to come back."""

# Everything else that a marketplace may put into a row is dropped before the row is kept.
_KEPT = {
    *("orderId", "orderState", "orderStartTime", "paymentConfirmTime", "orderEndTime", "modified"),
    *("actualPay", "orderTotalPrice", "freightPrice", "couponDetailList", "couponPrice", "payType"),
    *("salesPin", "itemInfoList", "skuId", "wareId", "outerSkuId", "itemTotal", "jdPrice"),
    *("list", "number", "id", "status", "applyTime", "checkTime", "applyRefundSum"),
    *("afsRefundId", "serviceId", "customerExpect", "approveTime", "completeTime", "refoundAmount"),
    *("actualRefundAmount", "day", "waiter", "replied", "unreplied", "avgTime", "marks", "score"),
    *("count", "readAt"),
}
_SATISFIED = 75
"""Of the marks 0, 25, 50, 75 and 100 the lowest that is called so."""
_BUYER = ("open_id_buyer", "xid_buyer", "pin")


def number_of(kind: FactKind, row: Row) -> str:
    """What a row is known by; empty where it does not say."""
    return number_in(row, "orderId" if kind is FactKind.ORDERS else "number")


def changed_at(kind: FactKind, row: Row) -> datetime | None:
    """When a row last changed; null where that cannot be read."""
    if kind is FactKind.CHATS:
        return instant_in(row, "readAt")
    return instant_in(row, "modified", _time)


def read_fact(kind: FactKind, row: Row, origin: Origin, known: Known) -> Fact:
    """The fact that a row states, through the same checks as a posted one."""
    return check_row(kind, _READERS[kind](row, origin, known))


def lacks_detail(kind: FactKind, row: Row, known: Known) -> bool:
    """Whether only a call for this refund alone tells what went back in the end."""
    if kind is not FactKind.REFUNDS or row.get("list") == _CANCELLED:
        return False
    succeeded = str(row.get("status")) == "13"
    return succeeded and number_in(row, "number") not in known.refunds


def row_to_keep(row: Row, origin: Origin, seal: Seal) -> dict[str, Any]:
    """The row without anything that names a buyer, whatever came with it."""
    document = cast("Document", kept(row, _KEPT))
    if (buyer := buyer_to_keep(row, _buyer, origin, seal)) is not None:
        document["open_id_buyer"] = buyer
    return document


def _order(row: Row, origin: Origin, known: Known) -> Document:
    status, paid_at = _status_and_payment(row)
    lines = objects_in(row, "itemInfoList", "/lines")
    if not lines:
        raise Unfit("missing", "An order has at least one line.", "/lines")
    document: Document = {
        "source": origin.source,
        "id": text_in(row, "orderId"),
        "shop": origin.shop,
        "status": status.value,
        "modified_at": _time(row, "modified"),
        "created_at": _time(row, "orderStartTime"),
        "buyer": _buyer(row),
        # JD's own name of who sold means nobody until a seller says who that is.
        "salesperson": origin.people.get(text_in(row, "salesPin") or ""),
        "currency": "CNY",
    }
    if not paid_at:
        # Nothing of it counts yet, and its prices may still change.
        return {**document, "lines": _lines(row, lines, None, {})}
    paid = known.orders.get(number_in(row, "orderId")) or learn(
        ((_number(n, line), _sku(line), _count(line)) for n, line in enumerate(lines)),
        origin.articles,
        paid_amount=amount_in(row, "actualPay", "/paid_amount"),
        campaign=None,
    )
    freight = _freight(row)
    listed = sum((_price(line) for line in lines), freight)
    sent_at = paid.shipped_at.isoformat() if paid.shipped_at else None
    if status is OrderStatus.SHIPPED and not sent_at:
        # No field says when it was sent: it was its last change when it was first seen.
        sent_at = _time(row, "modified")
    return {
        **document,
        "paid_at": paid_at,
        "shipped_at": sent_at,
        "completed_at": _ended_at(row) if status is OrderStatus.COMPLETED else None,
        "paid_amount": plain(paid.paid_amount),
        "discount_amount": plain(max(listed - paid.paid_amount, Decimal(0))),
        "cost_amount": plain(paid.cost_amount),
        "lines": _lines(row, lines, paid.paid_amount - freight, paid.tags),
    }


def _refund(row: Row, origin: Origin, known: Known) -> Document:
    number = number_in(row, "number")
    cancelled = row.get("list") == _CANCELLED
    status, ended_at = _refund_status(row, cancelled=cancelled)
    named = "applyRefundSum" if cancelled else "refoundAmount"
    if row.get("actualRefundAmount") is not None:
        named = "actualRefundAmount"
    document: Document = {
        "source": origin.source,
        "id": number,
        "order": text_in(row, "orderId"),
        "shop": origin.shop,
        "status": status.value,
        "kind": _KINDS.get(str(row.get("customerExpect")), RefundKind.REFUND).value,
        "amount": plain(amount_in(row, named, "/amount")),
        "requested_at": _time(row, "applyTime"),
        "modified_at": _time(row, "modified"),
    }
    if status is RefundStatus.SUCCEEDED:
        known_end = known.refunds.get(number)
        document["refunded_at"] = known_end.isoformat() if known_end else ended_at
    return document


def _service(row: Row, origin: Origin, _known: Known) -> Document:
    return service_of(row, origin, agent="waiter", is_satisfied=lambda score: score >= _SATISFIED)


_READERS: dict[FactKind, Callable[[Row, Origin, Known], Document]] = {
    FactKind.ORDERS: _order,
    FactKind.REFUNDS: _refund,
    FactKind.CHATS: _service,
}


def _status_and_payment(row: Row) -> tuple[OrderStatus, str | None]:
    """Where an order stands, and when it was paid; who pays at the door pays when it is done."""
    status = _STATUSES.get(str(row.get("orderState")))
    if status is None:
        raise Unfit("word_unknown", "This state of an order is not known.", "/status")
    paid_at = _time(row, "paymentConfirmTime")
    if status is OrderStatus.UNPAID:
        return status, None
    if status is OrderStatus.COMPLETED:
        return status, paid_at or _ended_at(row)
    if not paid_at and status is not OrderStatus.CANCELLED:
        return OrderStatus.UNPAID, None
    return status, paid_at


def _refund_status(row: Row, *, cancelled: bool) -> tuple[RefundStatus, str | None]:
    """Where a refund stands, and when it came to its end."""
    word = str(row.get("status"))
    if cancelled:
        status = _CANCELLED_STATUSES.get(word)
        if status is None:
            raise Unfit("word_unknown", "This state of a refund is not known.", "/status")
        return status, _time(row, "checkTime")
    return _RETURNED_STATUSES.get(word, RefundStatus.REQUESTED), _time(row, "completeTime")


def _lines(
    row: Row, lines: list[Row], paid: Decimal | None, tags: Mapping[str, tuple[str, ...]]
) -> list[Document]:
    """Only the whole order says what was paid: a line has its share after its own coupons."""
    coupons: dict[str, Decimal] = {}
    for coupon in objects_in(row, "couponDetailList", "/lines"):
        of, off = number_in(coupon, "skuId"), amount_in(coupon, "couponPrice", "/lines")
        coupons[of] = coupons.get(of, Decimal(0)) + off
    prices = []
    for line in lines:
        off = min(_price(line), coupons.get(number_in(line, "skuId"), Decimal(0)))
        coupons[number_in(line, "skuId")] = Decimal(0)
        prices.append(_price(line) - off)
    shares = shared(sum(prices, Decimal(0)) if paid is None else paid, prices)
    return [
        {
            "id": _number(place, line),
            "sku": _sku(line),
            "quantity": _count(line),
            "amount": plain(share),
            "tags": list(tags.get(_number(place, line), ())),
        }
        for place, (line, share) in enumerate(zip(lines, shares, strict=True))
    ]


def _number(place: int, line: Row) -> str:
    """Lines have no number of their own; the same article may stand in an order twice."""
    return f"{number_in(line, 'skuId')}-{place + 1}"


def _sku(line: Row) -> str | None:
    """The seller's own number of an article, else JD's."""
    names = ("outerSkuId", "skuId", "wareId")
    return next((text for name in names if (text := text_in(line, name))), None)


def _count(line: Row) -> int:
    return whole_in(line, "itemTotal", "/lines")


def _price(line: Row) -> Decimal:
    return amount_in(line, "jdPrice", "/lines") * _count(line)


def _freight(row: Row) -> Decimal:
    return amount_in(row, "freightPrice", "/paid_amount") if row.get("freightPrice") else Decimal(0)


def _ended_at(row: Row) -> str | None:
    return _time(row, "orderEndTime") or _time(row, "modified")


def _time(row: Row, name: str) -> str | None:
    """What has not happened has a time all the same."""
    return None if row.get(name) == _NEVER else chinese_time(row, name)


def _buyer(row: Row) -> str | None:
    return next((text for name in _BUYER if (text := text_in(row, name))), None)
