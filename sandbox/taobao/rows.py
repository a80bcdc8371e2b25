"""How TOP (Taobao/Tmall) states an order, a refund and a rating, traps and all."""

from datetime import datetime
from decimal import Decimal

from sandbox.sales import Claim, Line, Review, Sale
from sandbox.shops import ZONE, Shop

Row = dict[str, object]

STATUS = {
    "unpaid": "WAIT_BUYER_PAY",
    "paid": "WAIT_SELLER_SEND_GOODS",
    "part_shipped": "SELLER_CONSIGNED_PART",
    "shipped": "WAIT_BUYER_CONFIRM_GOODS",
    "completed": "TRADE_FINISHED",
    "cancelled": "TRADE_CLOSED_BY_TAOBAO",
    "refunded": "TRADE_CLOSED",
}


def trade_row(sale: Sale, at: datetime, modified: datetime) -> Row:
    """A trade as it stands at an instant; what has no value is left out."""
    paid = sale.paid_at is not None and sale.paid_at <= at
    # After a refund the payment shrinks: what was paid once is told no more.
    payment = sale.paid_amount - sale.refunded_by(at)
    end = max((m for m in (sale.completed_at, sale.closed_at) if m and m <= at), default=None)
    row: dict[str, object | None] = {
        "tid": sale.id,
        "status": STATUS[sale.status(at)],
        "type": sale.type,
        "created": _text(sale.created_at),
        "pay_time": _by(sale.paid_at, at),
        "consign_time": _by(sale.shipped_at, at),
        "end_time": _text(end) if end else None,
        "modified": _text(modified),
        "payment": _yuan(payment),
        "total_fee": _yuan(sum((line.article.price * line.quantity for line in sale.lines), _ZERO)),
        "discount_fee": _yuan(sum((line.share for line in sale.lines), _ZERO)),
        "adjust_fee": "0.00",
        "post_fee": _yuan(sale.postage),
        "received_payment": _yuan(payment) if sale.status(at) == "completed" else "0.00",
        # Of several lines the trade's own count says nothing.
        "num": sale.lines[0].quantity if len(sale.lines) == 1 else 0,
        "buyer_nick": f"买**{sale.buyer % 10}",
        "buyer_open_uid": _open_uid(sale),
        "receiver_name": "收货人",
        "receiver_mobile": "13800138000",
        "seller_nick": sale.shop.name,
        "buyer_rate": bool(sale.reviews),
        "trade_from": "WAP,WAP" if sale.id % 300 else "TAOBAO",
        "o2o_guide_id": sale.guide,
        "orders": {"order": [_order_row(sale, line, at, paid=paid) for line in sale.lines]},
    }
    return {name: value for name, value in row.items() if value is not None}


def promotions_of(sale: Sale) -> Row | None:
    """Which promotion took how much off; only the full information of a trade tells."""
    if sale.campaign is None:
        return None
    whole = sum((line.share for line in sale.lines), _ZERO)
    return {
        "promotion_detail": [
            {
                "id": sale.id,
                "promotion_name": "满减",
                "promotion_id": f"{sale.campaign}_{sale.id % 1000}",
                "discount_fee": _yuan(whole),
            }
        ]
    }


def refund_row(sale: Sale, claim: Claim, at: datetime) -> Row:
    """A refund as the list tells it: without the instant at which it succeeded."""
    returns = claim.agreed_at is not None
    onsale = sale.completed_at is None or claim.requested_at < sale.completed_at
    return {
        "refund_id": claim.id,
        "tid": sale.id,
        "oid": claim.line.id,
        "status": _refund_status(claim, at),
        "refund_fee": _yuan(claim.amount),
        "payment": _yuan(claim.line.paid - claim.amount),
        "created": _text(claim.requested_at),
        "modified": _text(claim.modified_at(at)),
        "refund_phase": "onsale" if onsale else "aftersale",
        "dispute_type": "REFUND_AND_RETURN" if returns else "REFUND",
        "good_status": "BUYER_RETURNED_GOODS" if returns else "BUYER_NOT_RECEIVED",
        "has_good_return": returns,
        "num": claim.line.quantity,
        "buyer_nick": f"买**{sale.buyer % 10}",
    }


def refund_end(claim: Claim, at: datetime) -> str | None:
    """When the money went back; only a single refund's own page tells."""
    return _text(claim.settled_at) if claim.settled_at <= at else None


def rating_row(sale: Sale, review: Review) -> Row:
    """A buyer's rating of one line."""
    return {
        "tid": sale.id,
        "oid": review.line.id,
        "role": "buyer",
        "nick": f"买**{sale.buyer % 10}",
        "result": review.result,
        "created": _text(review.created_at),
        "rated_nick": sale.shop.name,
        "item_title": review.line.article.title,
        "item_price": _yuan(review.line.article.price),
        "content": "请打 13800138000 联系我",
        "valid_score": True,
    }


def staff_rows(shop: Shop) -> list[Row]:
    """The accounts that work in a shop."""
    return [
        {"sub_id": shop.number * 1000 + n, "nick": account_name(shop, code), "status": 1}
        for n, code in enumerate(shop.guides)
    ]


def account_name(shop: Shop, code: str) -> str:
    """Of the account in which somebody works under the seller's own."""
    return f"{shop.name}:{code}"


_ZERO = Decimal(0)


def _order_row(sale: Sale, line: Line, at: datetime, *, paid: bool) -> Row:
    refunded = sum(
        (c.amount for c in sale.claims if c.line.id == line.id and c.succeeded_by(at)), _ZERO
    )
    # Alone in its trade a line's payment has the postage in it, and the whole order's discount out.
    payment = line.paid + sale.postage if len(sale.lines) == 1 else line.total
    row: dict[str, object | None] = {
        "oid": line.id,
        "num_iid": int(line.article.sku.removeprefix("QH-")) + 600_000_000_000,
        "outer_iid": line.article.sku,
        "outer_sku_id": line.article.sku,
        "title": line.article.title,
        "num": line.quantity,
        "price": _yuan(line.article.price),
        "total_fee": _yuan(line.total),
        "payment": _yuan(payment - refunded),
        "discount_fee": _yuan(line.discount),
        "part_mjz_discount": _yuan(line.share) if line.share else None,
        "divide_order_fee": _yuan(line.paid) if paid else None,
        "status": STATUS[sale.status(at)],
        "refund_status": _line_refund(sale, line, at),
    }
    return {name: value for name, value in row.items() if value is not None}


def _line_refund(sale: Sale, line: Line, at: datetime) -> str:
    claims = [c for c in sale.claims if c.line.id == line.id and c.requested_at <= at]
    return _refund_status(claims[-1], at) if claims else "NO_REFUND"


def _refund_status(claim: Claim, at: datetime) -> str:
    if claim.settled_at <= at:
        return "SUCCESS" if claim.succeeds else "CLOSED"
    if not claim.succeeds:
        return "SELLER_REFUSE_BUYER"
    if claim.agreed_at and claim.agreed_at <= at:
        return "WAIT_BUYER_RETURN_GOODS"
    return "WAIT_SELLER_AGREE"


def _open_uid(sale: Sale) -> str:
    return f"AAHqinghe{sale.shop.number}{sale.buyer:06}"


def _yuan(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _by(moment: datetime | None, at: datetime) -> str | None:
    return _text(moment) if moment and moment <= at else None


def _text(moment: datetime) -> str:
    return moment.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")
