"""How JD states an order, what is paid back before it is sent and what after, traps and all."""

from datetime import datetime
from decimal import Decimal

from sandbox.gateways import chinese_text
from sandbox.sales import Claim, Line, Sale
from sandbox.shops import SHOPS

Row = dict[str, object]

STATUS = {
    "unpaid": "NOT_PAY",
    "paid": "WAIT_SELLER_STOCK_OUT",
    "part_shipped": "WAIT_SELLER_DELIVERY",
    "shipped": "WAIT_GOODS_RECEIVE_CONFIRM",
    "completed": "FINISHED_L",
    # Paid or not, JD has one word for both.
    "cancelled": "TRADE_CANCELED",
    "refunded": "TRADE_CANCELED",
}
_HELD = ("PAUSE", "POP_ORDER_PAUSE", "LOCKED")
"""Somebody looks at some orders before they are sent."""
_IN_PINYIN = {
    "PAUSE": "ZanTing",
    "DELIVERY_RETURN": "PeiSongTuiHuo",
    "WAIT_SELLER_STOCK_OUT": "DengDaiChuKu",
    "WAIT_SELLER_DELIVERY": "DengDaiFaHuo",
    "WAIT_GOODS_RECEIVE_CONFIRM": "DengDaiQueRenShouHuo",
    "FINISHED_L": "WanCheng",
}
NEVER = "0001-01-01 00:00:00"
_ZERO = Decimal(0)


def state_of(sale: Sale, at: datetime) -> str:
    """What it can be asked for by, whatever the row calls it."""
    word, place = sale.status(at), sale.id // 100
    if word == "paid" and place % 3 == 0:
        return _HELD[place // 3 % 3]
    if word == "shipped" and any(claim.requested_at <= at for claim in sale.claims):
        return "DELIVERY_RETURN"
    return STATUS[word]


def order_row(sale: Sale, at: datetime, modified: datetime) -> Row:
    """An order as it stands at an instant; counts are texts, and now and then the state pinyin."""
    state = state_of(sale, at)
    listed = sum((line.article.price * line.quantity for line in sale.lines), _ZERO)
    ended = sale.completed_at if sale.completed_at and sale.completed_at <= at else None
    return {
        "orderId": str(sale.id),
        "venderId": str(10_000 + sale.shop.number),
        "orderState": _IN_PINYIN.get(state, state) if (sale.id // 100) % 5 == 0 else state,
        "orderStartTime": chinese_text(sale.created_at),
        "paymentConfirmTime": _by(sale.paid_at, at),
        "orderEndTime": _by(ended, at),
        "modified": chinese_text(modified),
        "actualPay": _yuan(sale.paid_amount),
        "shouldPay": _yuan(sale.paid_amount),
        "orderTotalPrice": _yuan(listed),
        # No longer kept up.
        "orderPayment": "0.00",
        "freightPrice": _yuan(sale.postage),
        "sellerDiscount": _yuan(sum((line.share for line in sale.lines), _ZERO)),
        "couponDetailList": [
            {
                "orderId": str(sale.id),
                "skuId": str(number_of(line)),
                "couponType": "100-店铺优惠",
                "couponPrice": _yuan(line.discount),
            }
            for line in sale.lines
            if line.discount
        ],
        "payType": "4-在线支付",
        "open_id_buyer": f"JDqinghe{sale.shop.number}{sale.buyer:06}",
        "pin": "买家的名字",
        "salesPin": sales_pin(sale.guide) if sale.guide else "",
        "consigneeInfo": {"fullname": "收货人", "mobile": "13800138000"},
        "itemInfoList": [
            {
                "skuId": str(number_of(line)),
                "wareId": str(number_of(line) - 7),
                "outerSkuId": line.article.sku,
                "skuName": line.article.title,
                "itemTotal": str(line.quantity),
                "jdPrice": _yuan(line.article.price),
            }
            for line in sale.lines
        ],
    }


def sales_pin(employee: str) -> str:
    """JD's own name of somebody who sells."""
    return f"qinghe_{employee.replace('-', '')}"


def people() -> dict[str, str]:
    """Who is meant by them."""
    return {
        sales_pin(code): code for shop in SHOPS if shop.marketplace == "jd" for code in shop.guides
    }


def number_of(line: Line) -> int:
    return int(line.article.sku.removeprefix("QH-")) + 100_000_000


def is_cancelled(sale: Sale) -> bool:
    """Whether its money goes back because it is given up before it is sent."""
    return bool(sale.claims) and sale.shipped_at is None


def cancelled_row(sale: Sale, claim: Claim, at: datetime) -> Row:
    """Money back for what was never sent."""
    settled = claim.settled_at <= at
    return {
        "id": int(claim.id),
        "orderId": str(sale.id),
        "buyerName": "买家的名字",
        "applyTime": chinese_text(claim.requested_at),
        "checkTime": chinese_text(claim.settled_at) if settled else None,
        "applyRefundSum": _yuan(claim.amount),
        "status": (3 if claim.succeeds else 2) if settled else 0,
        "reason": "请打 13800138000 联系我",
    }


def approved_at(claim: Claim) -> datetime:
    """When the seller agreed; the money goes back later."""
    return claim.agreed_at or claim.settled_at


def returned_row(sale: Sale, claim: Claim, at: datetime) -> Row:
    """Money back after a parcel was sent; in the end in a unit that nobody states."""
    settled = claim.settled_at <= at
    status = (13 if claim.succeeds else 14) if settled else 10
    return {
        "afsRefundId": claim.id,
        "status": status,
        "refoundAmount": _yuan(claim.amount * (100 if status == 13 else 1)),
        "completeTime": chinese_text(claim.settled_at) if settled else None,
        "sameOrderServiceBill": {
            "serviceId": service_number(claim),
            "orderId": str(sale.id),
            "applyTime": chinese_text(claim.requested_at),
            "approveTime": chinese_text(approved_at(claim)) if approved_at(claim) <= at else None,
            "customerExpect": 10 if claim.agreed_at else 60,
            "customerName": "买家的名字",
        },
    }


def service_number(claim: Claim) -> int:
    return int(claim.id) % 10**14


def refund_detail(claim: Claim) -> Row:
    """What went back, in yuan; what was only estimated is in another place."""
    return {"afsActualRefundDetail": {"actualRefundAmount": _yuan(claim.amount)}}


def _by(moment: datetime | None, at: datetime) -> str:
    return chinese_text(moment) if moment and moment <= at else NEVER


def _yuan(amount: Decimal) -> str:
    return f"{amount:.2f}"
