"""What the rows of TOP (Taobao/Tmall) mean, as facts: trades, refunds, ratings, service.

Times are text in GMT+8, amounts text in yuan, numbers up to 19 digits. Raises Unfit for a row that
cannot be read, with the place in the fact that it would have been.
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
    count_in,
    instant_in,
    kept,
    learn,
    number_in,
    text_in,
)
from services.schema.money import plain
from services.schema.shapes.facts import Fact
from services.schema.shapes.feeds import Article, Known, Origin, PaidOrder
from services.schema.words import FactKind, OrderStatus, RefundKind, RefundStatus

_STATUSES = {
    "TRADE_NO_CREATE_PAY": OrderStatus.UNPAID,
    "WAIT_BUYER_PAY": OrderStatus.UNPAID,
    "PAY_PENDING": OrderStatus.UNPAID,
    "WAIT_PRE_AUTH_CONFIRM": OrderStatus.UNPAID,
    "WAIT_SELLER_SEND_GOODS": OrderStatus.PAID,
    "PAID_FORBID_CONSIGN": OrderStatus.PAID,
    "SELLER_CONSIGNED_PART": OrderStatus.PAID,
    "WAIT_BUYER_CONFIRM_GOODS": OrderStatus.SHIPPED,
    "TRADE_BUYER_SIGNED": OrderStatus.COMPLETED,
    "TRADE_FINISHED": OrderStatus.COMPLETED,
    "TRADE_CLOSED": OrderStatus.REFUNDED,
    "TRADE_CLOSED_BY_TAOBAO": OrderStatus.CANCELLED,
}
_WITHOUT_PAYMENT = {OrderStatus.UNPAID, OrderStatus.CANCELLED}
_CLOSED = {OrderStatus.CANCELLED, OrderStatus.REFUNDED}
_ON_DELIVERY = {"cod", "b2c_cod", "super_market_cod_trade"}
"""Kinds of trade that are paid to the carrier: sent off, and yet unpaid."""

_REFUND_STATUSES = {
    "WAIT_SELLER_AGREE": RefundStatus.REQUESTED,
    "WAIT_BUYER_RETURN_GOODS": RefundStatus.REQUESTED,
    "WAIT_SELLER_CONFIRM_GOODS": RefundStatus.REQUESTED,
    "SELLER_REFUSE_BUYER": RefundStatus.REQUESTED,
    "CLOSED": RefundStatus.CLOSED,
    "SUCCESS": RefundStatus.SUCCEEDED,
}
_NO_REFUND = (None, "", "NO_REFUND")
_NUMBERS = {
    FactKind.ORDERS: "tid",
    FactKind.REFUNDS: "refund_id",
    FactKind.RATINGS: "oid",
    FactKind.CHATS: "number",
}
_SATISFIED = 1
"""Of the marks of service, from 0 (best) to 4, the last that is called so."""
_SCORES = {"good": "5", "neutral": "3", "bad": "1"}

# Everything else that a marketplace may put into a row is dropped before the row is kept.
_KEPT = {
    *("tid", "oid", "refund_id", "status", "type", "created", "pay_time", "consign_time"),
    *("end_time", "modified", "payment", "discount_fee", "post_fee", "o2o_guide_id", "orders"),
    *("order", "num", "price", "total_fee", "divide_order_fee", "part_mjz_discount"),
    *("refund_status", "outer_sku_id", "outer_iid", "sku_id", "num_iid", "promotion_details"),
    *("promotion_detail", "promotion_id", "refund_fee", "refund_phase", "dispute_type"),
    *("good_status", "has_good_return", "result", "number", "day", "staff", "replied"),
    *("unreplied", "avgTime", "marks", "score", "count", "readAt"),
}


def status_of(word: str) -> OrderStatus | None:
    """Where a trade stands, by a word of TOP's; null for one that it has learned since."""
    return _STATUSES.get(word)


def number_of(kind: FactKind, row: Row) -> str:
    """What a row is known by; empty where it does not say."""
    return number_in(row, _NUMBERS[kind])


def changed_at(kind: FactKind, row: Row) -> datetime | None:
    """When a row last changed; null where that cannot be read."""
    if kind is FactKind.CHATS:
        return instant_in(row, "readAt")
    return instant_in(row, "created" if kind is FactKind.RATINGS else "modified", chinese_time)


def read_fact(kind: FactKind, row: Row, origin: Origin, known: Known) -> Fact:
    """The fact that a row states, through the same checks as a posted one."""
    return check_row(kind, _READERS[kind](row, origin, known))


def lacks_detail(kind: FactKind, row: Row, known: Known) -> bool:
    """Whether only a call for this row alone can tell what is not known of it yet.

    Of an order that is which promotion took something off, of a refund when it succeeded.
    """
    if kind is FactKind.ORDERS:
        status = _STATUSES.get(str(row.get("status")), OrderStatus.UNPAID)
        reduced = row.get("discount_fee") not in (None, "", "0", "0.00")
        new = str(row.get("tid")) not in known.orders
        return status not in _WITHOUT_PAYMENT and reduced and new
    if kind is FactKind.REFUNDS:
        return row.get("status") == "SUCCESS" and str(row.get("refund_id")) not in known.refunds
    return False


def row_to_keep(row: Row, origin: Origin, seal: Seal) -> dict[str, Any]:
    """The row without anything that names a buyer, whatever came with it."""
    document = cast("Document", kept(row, _KEPT))
    if (buyer := buyer_to_keep(row, _buyer, origin, seal)) is not None:
        document["buyer_open_uid"] = buyer
    return document


def _order(row: Row, origin: Origin, known: Known) -> Document:
    status = _status(row)
    lines = _lines(row)
    document: Document = {
        "source": origin.source,
        "id": text_in(row, "tid"),
        "shop": origin.shop,
        "status": status.value,
        "modified_at": chinese_time(row, "modified"),
        "created_at": chinese_time(row, "created"),
        "buyer": _buyer(row),
        "salesperson": text_in(row, "o2o_guide_id"),
        "currency": "CNY",
    }
    if status in _WITHOUT_PAYMENT:
        # Nothing of it counts yet, and its prices may still change.
        return {**document, "lines": [_line(row, line, {}) for line in lines]}
    paid = known.orders.get(str(row.get("tid"))) or _learn(row, lines, origin.articles)
    listed = sum((_price(line) * count_in(line, "num", "/lines") for line in lines), Decimal(0))
    shares = sum((_share(row, line) for line in lines), Decimal(0))
    return {
        **document,
        "paid_at": chinese_time(row, "pay_time"),
        # A part that was sent is not the order.
        "shipped_at": None if status is OrderStatus.PAID else chinese_time(row, "consign_time"),
        "completed_at": _completed_at(row) if status is OrderStatus.COMPLETED else None,
        "campaign": paid.campaign,
        "paid_amount": plain(paid.paid_amount),
        "discount_amount": plain(max(listed - shares, Decimal(0))),
        "cost_amount": plain(paid.cost_amount),
        "lines": [_line(row, line, paid.tags) for line in lines],
    }


def _refund(row: Row, origin: Origin, known: Known) -> Document:
    status = _REFUND_STATUSES.get(str(row.get("status")))
    if status is None:
        raise Unfit("word_unknown", "This state of a refund is not known.", "/status")
    document: Document = {
        "source": origin.source,
        "id": text_in(row, "refund_id"),
        "order": text_in(row, "tid"),
        "shop": origin.shop,
        "status": status.value,
        "kind": _refund_kind(row).value,
        "amount": row.get("refund_fee"),
        "requested_at": chinese_time(row, "created"),
        "modified_at": chinese_time(row, "modified"),
    }
    if status is RefundStatus.SUCCEEDED:
        ended = known.refunds.get(str(row.get("refund_id")))
        document["refunded_at"] = ended.isoformat() if ended else chinese_time(row, "end_time")
    return document


def _rating(row: Row, origin: Origin, _known: Known) -> Document:
    """A line's rating; its words are not asked for, they may name anybody."""
    score = _SCORES.get(str(row.get("result")))
    if score is None:
        raise Unfit("word_unknown", "good, neutral or bad is expected.", "/score")
    return {
        "source": origin.source,
        "id": text_in(row, "oid"),
        "shop": origin.shop,
        "order": text_in(row, "tid"),
        "score": score,
        "scale": 5,
        "rated_at": chinese_time(row, "created"),
        "modified_at": chinese_time(row, "created"),
    }


def _service(row: Row, origin: Origin, _known: Known) -> Document:
    return service_of(row, origin, agent="staff", is_satisfied=lambda score: score <= _SATISFIED)


_READERS: dict[FactKind, Callable[[Row, Origin, Known], Document]] = {
    FactKind.ORDERS: _order,
    FactKind.REFUNDS: _refund,
    FactKind.RATINGS: _rating,
    FactKind.CHATS: _service,
}


def _buyer(row: Row) -> str | None:
    return text_in(row, "buyer_open_uid")


def _status(row: Row) -> OrderStatus:
    status = _STATUSES.get(str(row.get("status")))
    if status is None:
        raise Unfit("word_unknown", "This state of a trade is not known.", "/status")
    if str(row.get("type")) in _ON_DELIVERY and not row.get("pay_time") and status not in _CLOSED:
        return OrderStatus.UNPAID
    return status


def _lines(row: Row) -> list[Row]:
    """The order lines; every trade has some, so none is a page that lost them."""
    wrapper = row.get("orders")
    lines = wrapper.get("order") if isinstance(wrapper, dict) else None
    if not isinstance(lines, list) or not lines or not all(isinstance(x, dict) for x in lines):
        raise Unfit("missing", "A trade has at least one order line.", "/lines")
    return lines


def _line(row: Row, line: Row, tags: Mapping[str, tuple[str, ...]]) -> Document:
    number = text_in(line, "oid")
    return {
        "id": number,
        "sku": _sku(line),
        "quantity": count_in(line, "num", "/lines"),
        "amount": plain(_share(row, line)),
        "tags": list(tags.get(number or "", ())),
    }


def _learn(row: Row, lines: list[Row], articles: Mapping[str, Article]) -> PaidOrder:
    """What is to be remembered of an order that is seen paid for the first time."""
    payment = amount_in(row, "payment", "/paid_amount")
    # Once a refund has succeeded the payment has shrunk; the lines' shares have not. A line says
    # how its last refund stands alone: one that is wanted, or refused, hides one before it.
    wanted = any(line.get("refund_status") not in _NO_REFUND for line in lines)
    if wanted and all(line.get("divide_order_fee") for line in lines):
        shares = sum((_share(row, line) for line in lines), Decimal(0))
        payment = shares + amount_in(row, "post_fee", "/paid_amount")
    return learn(
        ((str(line.get("oid")), _sku(line), count_in(line, "num", "/lines")) for line in lines),
        articles,
        paid_amount=payment,
        campaign=_campaign(row),
    )


def _campaign(row: Row) -> str | None:
    """The promotion that took most off; its number is the activity's, `_` and a part of it."""
    wrapper = row.get("promotion_details")
    promotions = wrapper.get("promotion_detail") if isinstance(wrapper, dict) else None
    best, most = None, Decimal(0)
    for promotion in promotions if isinstance(promotions, list) else ():
        if not isinstance(promotion, dict):
            raise Unfit("object_expected", "A promotion is an object.", "/campaign")
        name = text_in(promotion, "promotion_id")
        off = amount_in(promotion, "discount_fee", "/campaign")
        if name and off > most:
            best, most = name.partition("_")[0], off
    return best


def _share(row: Row, line: Row) -> Decimal:
    """What was paid for a line after all discounts, postage left out."""
    if line.get("divide_order_fee"):
        return amount_in(line, "divide_order_fee", "/lines")
    payment = amount_in(line, "payment", "/lines")
    # Before payment there is no share yet. One line's payment has the postage in it and the whole
    # order's discount out; that of several lines the other way round.
    if len(_lines(row)) == 1:
        return payment - amount_in(row, "post_fee", "/lines")
    off = line.get("part_mjz_discount")
    return payment - (amount_in(line, "part_mjz_discount", "/lines") if off else 0)


def _refund_kind(row: Row) -> RefundKind:
    dispute = str(row.get("dispute_type", ""))
    if "EXCHANGE" in dispute:
        return RefundKind.EXCHANGE
    came_back = row.get("has_good_return")
    if dispute == "REFUND_AND_RETURN" or came_back is True or came_back == "true":
        return RefundKind.RETURN
    return RefundKind.REFUND


def _completed_at(row: Row) -> str | None:
    """A trade that the buyer signed for at the door has no end yet; that was its last change."""
    return chinese_time(row, "end_time") or chinese_time(row, "modified")


def _sku(line: Row) -> str | None:
    """The seller's own number of an article, else the marketplace's."""
    names = ("outer_sku_id", "outer_iid", "sku_id", "num_iid")
    return next((text for name in names if (text := text_in(line, name))), None)


def _price(line: Row) -> Decimal:
    return amount_in(line, "price", "/lines")
