"""How Doudian states an order and an after-sale: in fen and Unix seconds, traps and all."""

from datetime import datetime
from decimal import Decimal

from sandbox.sales import Claim, Line, Sale
from sandbox.shops import SHOPS

Row = dict[str, object]

STATUS = {
    "unpaid": 1,
    "paid": 2,
    "part_shipped": 101,
    "shipped": 3,
    "completed": 5,
    "cancelled": 4,
    "refunded": 4,
}
_CHECKED = 105
"""Paid, and not yet the seller's to send."""
_STRANGER = 7_000_000_000_001
"""Somebody who presents goods of many shops."""
_ZERO = Decimal(0)


def order_row(sale: Sale, at: datetime, modified: datetime) -> Row:
    """A shop order as it stands at an instant; what has not happened has the time 0."""
    place = sale.id // 100
    status = STATUS[sale.status(at)]
    off = sum((line.discount + line.share for line in sale.lines), _ZERO)
    # What a way of payment takes off is in the payment, and not paid by the buyer.
    by_payment = min(off, Decimal(1)) if place % 4 == 0 else _ZERO
    lines = [_line(sale, line, at) for line in sale.lines]
    lines[0]["pay_amount"] = fen(sale.lines[0].paid + by_payment)
    return {
        "order_id": str(sale.id),
        "order_status": _CHECKED if status == 2 and place % 11 == 0 else status,
        "create_time": seconds(sale.created_at),
        "pay_time": _by(sale.paid_at, at),
        "ship_time": _by(sale.shipped_at, at),
        "finish_time": _by(sale.completed_at, at),
        "update_time": seconds(modified),
        "order_amount": fen(sale.paid_amount + off),
        "pay_amount": fen(sale.paid_amount + by_payment),
        "post_amount": fen(sale.postage),
        "promotion_amount": fen(off - by_payment),
        "promotion_pay_amount": fen(by_payment),
        "shop_cost_amount": fen(off - by_payment),
        "platform_cost_amount": 0,
        "doudian_open_id": f"1@#qinghe{sale.shop.number}{sale.buyer:06}",
        "mask_post_receiver": "收*人",
        "encrypt_post_tel": "13800138000",
        "sku_order_list": lines + ([_gift(sale)] if place % 7 == 0 else []),
    }


def refund_item(sale: Sale, claim: Claim, at: datetime) -> Row:
    """An after-sale as the list tells it: with what was asked for, not with what went back."""
    return {
        "aftersale_info": {
            "aftersale_id": claim.id,
            "aftersale_status": _aftersale_status(claim, at),
            "aftersale_type": _type(sale, claim),
            "refund_status": 3 if claim.succeeded_by(at) else 1,
            "refund_amount": fen(claim.line.paid + sale.postage),
            "apply_time": seconds(claim.requested_at),
            "update_time": seconds(claim.modified_at(at)),
            "related_id": str(claim.line.id),
        },
        "order_info": {"shop_order_id": str(sale.id), "buyer_name": "收货人"},
    }


def refund_detail(claim: Claim, at: datetime) -> Row:
    """What really went back, and when."""
    done = claim.succeeded_by(at)
    info = {
        "real_refund_amount": fen(claim.amount) if done else 0,
        "refund_time": seconds(claim.settled_at) if done else 0,
        "refund_status": 3 if done else 1,
    }
    return {"process_info": {"after_sale_info": info}}


def reputation_row(at: datetime) -> Row:
    """What buyers think of a shop today; scores are texts."""
    moved = Decimal(at.day % 7) / 100
    return {
        "shop_score": f"{Decimal('4.80') + moved:f}",
        "product_score": f"{Decimal('4.75') + moved:f}",
        "logistics_score": f"{Decimal('4.90') - moved:f}",
        "service_score": f"{Decimal('4.85') + moved:f}",
    }


def people() -> dict[str, str]:
    """Who is meant by the numbers of those who present goods."""
    return {
        str(author_of(code)): code
        for shop in SHOPS
        if shop.marketplace == "douyin"
        for code in shop.guides
    }


def author_of(employee: str) -> int:
    return 6_800_000_000_000 + int(employee.removeprefix("e-"))


def fen(amount: Decimal) -> int:
    return int(amount * 100)


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _line(sale: Sale, line: Line, at: datetime) -> Row:
    refunded = any(c.line.id == line.id and c.succeeded_by(at) for c in sale.claims)
    live = sale.guide is not None
    number = int(line.article.sku.removeprefix("QH-"))
    return {
        "order_id": str(line.id),
        "product_id_str": str(3_600_000_000 + number),
        "sku_id": 1_700_000_000 + number,
        "out_sku_id": line.article.sku,
        "product_name": line.article.title,
        "item_num": line.quantity,
        "origin_amount": fen(line.article.price),
        "pay_amount": fen(line.paid),
        "is_comment": 1 if sale.reviews else 0,
        "after_sale_info": {"after_sale_status": 12, "refund_status": 3} if refunded else {},
        "given_product_type": "",
        "author_id": author_of(sale.guide) if sale.guide else (_STRANGER if live else 0),
        "author_name": "达人",
        "room_id_str": str(9_000_000 + sale.id % 1000) if live else "0",
        "video_id": "v0300" if not live and (sale.id // 100) % 3 == 0 else "",
        "theme_type": "0",
        "c_biz": 8,
    }


def _gift(sale: Sale) -> Row:
    """It comes along, and nobody has bought it."""
    return {
        "order_id": str(sale.id + 99),
        "product_id_str": "3600000001",
        "sku_id": 1_700_000_001,
        "out_sku_id": "GIFT-1",
        "product_name": "赠品 杯垫",
        "item_num": 1,
        "origin_amount": 990,
        "pay_amount": 0,
        "given_product_type": "FREE",
        "author_id": 0,
        "room_id_str": "0",
    }


def _type(sale: Sale, claim: Claim) -> int:
    if claim.agreed_at:
        return 0
    return 1 if sale.shipped_at and sale.shipped_at <= claim.requested_at else 2


def _aftersale_status(claim: Claim, at: datetime) -> int:
    if claim.settled_at <= at:
        return 12 if claim.succeeds else 28
    return 11 if claim.agreed_at and claim.agreed_at <= at else 6


def _by(moment: datetime | None, at: datetime) -> int:
    return seconds(moment) if moment and moment <= at else 0
