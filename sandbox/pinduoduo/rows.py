"""How Pinduoduo states an order and a refund, traps and all."""

from datetime import datetime
from decimal import Decimal

from sandbox.gateways import chinese_text
from sandbox.sales import Claim, Sale

Row = dict[str, object]

_STATUS = {"paid": 1, "part_shipped": 1, "shipped": 2, "completed": 3}
_ZERO = Decimal(0)


def is_group(sale: Sale) -> bool:
    """An order for which no group of buyers came together: paid, and paid back by itself."""
    return sale.paid_at is None and (sale.id // 100) % 3 == 0


def is_seen(sale: Sale, at: datetime) -> bool:
    """Who has not paid is never heard of."""
    return is_group(sale) or (sale.paid_at is not None and sale.paid_at <= at)


def confirmed_at(sale: Sale) -> datetime | None:
    return sale.paid_at


def order_row(sale: Sale, at: datetime, modified: datetime) -> Row:
    """An order as it stands at an instant; its amounts are JSON numbers."""
    off = sum((line.discount + line.share for line in sale.lines), _ZERO)
    goods = sum((line.article.price * line.quantity for line in sale.lines), _ZERO)
    by_platform = (off / 3).quantize(Decimal("0.01"))
    word = sale.status(at)
    confirmed = 1
    if sale.paid_at is None:
        confirmed = 2 if word == "cancelled" else 0
    return {
        "order_sn": order_number(sale),
        "order_status": _STATUS.get(word, 1 if sale.shipped_at is None else 2),
        "refund_status": _refund_status(sale, word, at),
        "confirm_status": confirmed,
        "group_status": confirmed,
        "pay_amount": float(sale.paid_amount),
        "goods_amount": float(goods),
        "discount_amount": float(off),
        "platform_discount": float(by_platform),
        "seller_discount": float(off - by_platform),
        "capital_free_discount": 0,
        "postage": float(sale.postage),
        "created_time": chinese_text(sale.created_at),
        "pay_time": chinese_text(sale.paid_at or sale.created_at),
        "confirm_time": chinese_text(sale.paid_at) if sale.paid_at else None,
        "shipping_time": _by(sale.shipped_at, at),
        "receive_time": _by(sale.completed_at, at),
        "updated_at": chinese_text(modified),
        # They are emptied once an order has been sent.
        "receiver_name": "收货人" if word == "paid" else "",
        "receiver_phone": "13800138000" if word == "paid" else "",
        "item_list": [
            {
                "goods_id": int(line.article.sku.removeprefix("QH-")) + 300_000_000_000,
                "sku_id": int(line.article.sku.removeprefix("QH-")) + 900_000_000_000,
                "outer_id": line.article.sku,
                "goods_name": line.article.title,
                "goods_spec": "标准",
                "goods_price": float(line.article.price),
                "goods_count": line.quantity,
            }
            for line in sale.lines
        ],
    }


def refund_row(sale: Sale, claim: Claim, at: datetime) -> Row:
    """A refund; its amount is a text."""
    return {
        "id": int(claim.id),
        "order_sn": order_number(sale),
        "after_sales_status": _after_sales_status(claim, at),
        "after_sales_type": 3 if claim.agreed_at else 2,
        "refund_amount": f"{claim.amount:.2f}",
        "created_time": chinese_text(claim.requested_at),
        "updated_time": chinese_text(claim.modified_at(at)),
        "after_sale_reason": "请打 13800138000 联系我",
    }


def order_number(sale: Sale) -> str:
    """The day, and fifteen digits."""
    return f"{sale.created_at:%y%m%d}-{sale.id % 10**15:015}"


def _refund_status(sale: Sale, word: str, at: datetime) -> int:
    if word == "refunded":
        return 4
    pending = any(c.requested_at <= at < c.settled_at for c in sale.claims)
    return 2 if pending else 1


def _after_sales_status(claim: Claim, at: datetime) -> int:
    if claim.settled_at <= at:
        return 10 if claim.succeeds else 11
    return 7 if claim.agreed_at and claim.agreed_at <= at else 2


def _by(moment: datetime | None, at: datetime) -> str | None:
    return chinese_text(moment) if moment and moment <= at else None
