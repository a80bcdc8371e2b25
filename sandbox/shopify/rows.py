"""How Shopify states an order, its refunds and the visits of a day, traps and all."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sandbox.daily import visits_of
from sandbox.sales import Claim, Line, Sale
from sandbox.shops import Shop

Row = dict[str, Any]
_ZERO = Decimal(0)
_GOODS = {
    "unpaid": "UNFULFILLED",
    "paid": "UNFULFILLED",
    "part_shipped": "PARTIALLY_FULFILLED",
    "shipped": "FULFILLED",
    "completed": "FULFILLED",
    "cancelled": "UNFULFILLED",
}


def order_row(sale: Sale, at: datetime, modified: datetime) -> Row:
    """An order as it stands at an instant, with the buyer's words that nobody asked for."""
    paid = sale.paid_at if sale.paid_at and sale.paid_at <= at else None
    shipped = sale.shipped_at if sale.shipped_at and sale.shipped_at <= at else None
    cancelled = sale.status(at) == "cancelled"
    money = _money_of(sale)
    refunded = sale.refunded_by(at)
    goods = "FULFILLED" if shipped else _GOODS.get(sale.status(at), "RESTOCKED")
    done = (sale.completed_at, sale.closed_at if paid else None)
    return {
        "__typename": "Order",
        "id": f"gid://shopify/Order/{sale.id}",
        "name": f"#{sale.id % 100_000}",
        "createdAt": _text(sale.created_at),
        "processedAt": _text(sale.created_at),
        "updatedAt": _text(modified),
        "cancelledAt": _text(sale.closed_at) if cancelled and sale.closed_at else None,
        "closedAt": next((_text(moment) for moment in done if moment and moment <= at), None),
        "test": sale.exclusion == "test",
        "displayFinancialStatus": financial_status(sale, at),
        "displayFulfillmentStatus": goods,
        "totalPriceSet": money(sale.paid_amount),
        "originalTotalPriceSet": money(sale.paid_amount),
        # What is left after refunds is told under a name much like the other.
        "currentTotalPriceSet": money(sale.paid_amount - refunded),
        "totalDiscountsSet": money(sum((line.discount + line.share for line in sale.lines), _ZERO)),
        "totalRefundedSet": money(refunded),
        "discountCodes": [sale.campaign] if sale.campaign else [],
        "paymentGatewayNames": ["shopify_payments"] if paid else [],
        "sourceName": "web" if sale.id % 300 else "pos",
        "note": "请打 13800138000 联系我",
        "customer": _customer(sale),
        "staffMember": _named("StaffMember", sale.guide),
        "retailLocation": None if sale.id % 300 else _named("Location", "1"),
        "fulfillments": _fulfillments(sale, shipped, at),
        "transactions": _transactions(sale, at),
        "refunds": [refund_row(sale, c) for c in sale.claims if c.succeeded_by(at)],
        "lineItems": [_line(sale, line, at) for line in sale.lines],
    }


def financial_status(sale: Sale, at: datetime) -> str:
    """Where the money of an order stands."""
    status, refunded = sale.status(at), sale.refunded_by(at)
    if status == "cancelled":
        return "EXPIRED"
    if status == "unpaid":
        return "PENDING"
    if status == "refunded" or refunded == sale.paid_amount:
        return "REFUNDED"
    return "PARTIALLY_REFUNDED" if refunded else "PAID"


def refund_row(sale: Sale, claim: Claim) -> Row:
    """A refund; Shopify writes it down when the money has gone back, and not before."""
    restock = "RETURN" if claim.agreed_at else "NO_RESTOCK"
    return {
        "__typename": "Refund",
        "id": f"gid://shopify/Refund/{claim.id}",
        "createdAt": _text(claim.settled_at),
        "note": "请打 13800138000 联系我",
        "totalRefundedSet": _money_of(sale)(claim.amount),
        "refundLineItems": {"nodes": [{"quantity": claim.line.quantity, "restockType": restock}]},
    }


def visits(shop: Shop, day: date, at: datetime) -> Row:
    """The visits of a day; numbers come as texts."""
    visitors, views = visits_of(shop, day, at)
    return {
        "day": day.isoformat(),
        "sessions": str(visitors * 11 // 10),
        "online_store_visitors": str(visitors),
        "pageviews": str(views),
    }


def _line(sale: Sale, line: Line, at: datetime) -> Row:
    back = sum(c.line.quantity for c in sale.claims if c.line.id == line.id and c.succeeded_by(at))
    money = _money_of(sale)
    return {
        "id": f"gid://shopify/LineItem/{line.id}",
        "sku": line.article.sku,
        "title": line.article.title,
        "quantity": line.quantity,
        "currentQuantity": max(line.quantity - back, 0),
        "variant": _named("ProductVariant", line.article.sku.removeprefix("QH-")),
        "originalTotalSet": money(line.article.price * line.quantity),
        # An order's discount is not in it, only in the line's own share.
        "discountedTotalSet": money(line.total),
        "discountAllocations": [
            {"allocatedAmountSet": money(off)} for off in (line.discount, line.share) if off
        ],
    }


def _transactions(sale: Sale, at: datetime) -> list[Row]:
    """A promise and a failure come before the money, and refunds after it."""
    rows: list[Row] = []
    money = _money_of(sale)
    paid = sale.paid_at if sale.paid_at and sale.paid_at <= at else None

    def add(kind: str, status: str, moment: datetime, amount: Decimal) -> None:
        rows.append(
            {
                "id": f"gid://shopify/OrderTransaction/{sale.id}{len(rows)}",
                "kind": kind,
                "status": status,
                "processedAt": _text(moment),
                "amountSet": money(amount),
            }
        )

    add("AUTHORIZATION", "SUCCESS", sale.created_at, sale.paid_amount)
    if sale.id % 200 == 0:
        add("SALE", "FAILURE", sale.created_at, sale.paid_amount)
    if paid:
        add("CAPTURE", "SUCCESS", paid, sale.paid_amount)
    for claim in sale.claims:
        if claim.succeeded_by(at):
            add("REFUND", "SUCCESS", claim.settled_at, claim.amount)
    return rows


def _fulfillments(sale: Sale, shipped: datetime | None, at: datetime) -> list[Row]:
    part = sale.part_shipped_at if sale.part_shipped_at and sale.part_shipped_at <= at else None
    sent: Sequence[datetime] = [moment for moment in (part, shipped) if moment]
    return [
        {
            "id": f"gid://shopify/Fulfillment/{sale.id}{number}",
            "createdAt": _text(moment),
            "deliveredAt": None,
        }
        for number, moment in enumerate(sent)
    ]


def _customer(sale: Sale) -> Row | None:
    if sale.buyer % 7 == 0:
        return None
    return {
        "id": f"gid://shopify/Customer/{7_000_000 + sale.buyer}",
        "displayName": "张三",
        "email": "a@b.c",
        "phone": "13800138000",
    }


def _named(kind: str, number: str | None) -> Row | None:
    return {"id": f"gid://shopify/{kind}/{number}", "name": "张三"} if number else None


def _money_of(sale: Sale) -> Callable[[Decimal], Row]:
    def money(amount: Decimal) -> Row:
        stated = {"amount": f"{amount:.2f}", "currencyCode": sale.shop.currency}
        # The buyer saw another currency.
        seen = {"amount": f"{amount * 2:.2f}", "currencyCode": "CAD"}
        return {"shopMoney": stated, "presentmentMoney": seen}

    return money


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
