"""How Amazon states an order, visits, stock and its own counts, traps and all."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sandbox.articles import ARTICLES
from sandbox.daily import feedback_of, visits_of
from sandbox.sales import Line, Sale
from sandbox.shops import Shop

Row = dict[str, Any]
_ZERO = Decimal(0)
_OLD_WORDS = {
    "PENDING": "Pending",
    "UNSHIPPED": "Unshipped",
    "PARTIALLY_SHIPPED": "PartiallyShipped",
    "SHIPPED": "Shipped",
    "CANCELLED": "Canceled",
}
_OFF_POSTAGE = Decimal("1.00")
"""What a promotion takes off the postage of some orders; it is none of the articles' discount."""


def word_of(sale: Sale, at: datetime) -> str:
    """Where an order stands; of refunds and of an end Amazon's orders know nothing."""
    words = {
        "unpaid": "PENDING",
        "cancelled": "CANCELLED",
        "paid": "UNSHIPPED",
        "part_shipped": "PARTIALLY_SHIPPED",
    }
    return words.get(sale.status(at), "SHIPPED")


def modified_at(sale: Sale, at: datetime, touched: Mapping[int, datetime]) -> datetime:
    """When an order last changed, which a refund does not do."""
    moments = [sale.created_at, sale.paid_at, sale.part_shipped_at, sale.shipped_at]
    moments += [touched.get(sale.id), None if sale.paid_at else sale.closed_at]
    return max(moment for moment in moments if moment and moment <= at)


def new_row(
    sale: Sale, at: datetime, modified: datetime, data: Collection[str], marketplace: str
) -> Row:
    """An order of the interface of 2026, with the data that were asked for."""
    word = word_of(sale, at)
    row: Row = {
        "orderId": sale.number,
        "createdTime": _text(sale.created_at),
        "lastUpdatedTime": _text(modified),
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": marketplace},
        "orderItems": [_new_line(sale, line, place, word, data) for place, line in _placed(sale)],
    }
    if "BUYER" in data:
        row["buyer"] = {"buyerName": "张三", "buyerEmail": _email(sale)}
    if "RECIPIENT" in data:
        row["recipient"] = {"deliveryAddress": {"name": "张三", "phone": "13800138000"}}
    if "PROCEEDS" in data and word not in {"PENDING", "CANCELLED"}:
        row["proceeds"] = {"grandTotal": _money(sale.paid_amount, sale)}
    if "FULFILLMENT" in data:
        row["fulfillment"] = {"fulfillmentStatus": word, "fulfilledBy": _by(sale)}
    if "PACKAGES" in data and word == "SHIPPED" and _by(sale) == "MERCHANT":
        assert sale.shipped_at is not None, "what was sent was sent once"
        package = {"packageReferenceId": "1", "shipTime": _text(sale.shipped_at)}
        row["packages"] = [{**package, "trackingNumber": "SF13800138000"}]
    return row


def old_row(sale: Sale, at: datetime, modified: datetime, marketplace: str) -> Row:
    """An order of the old interface, whose lines are asked for apart."""
    word = word_of(sale, at)
    row: Row = {
        "AmazonOrderId": sale.number,
        "PurchaseDate": _text(sale.created_at),
        "LastUpdateDate": _text(modified),
        "OrderStatus": _OLD_WORDS[word],
        "FulfillmentChannel": "MFN" if _by(sale) == "MERCHANT" else "AFN",
        "MarketplaceId": marketplace,
        "PaymentMethod": "Other",
        "BuyerInfo": {"BuyerEmail": _email(sale), "BuyerName": "张三"},
    }
    if word not in {"PENDING", "CANCELLED"}:
        row["OrderTotal"] = _old_money(sale.paid_amount, sale)
    return row


def old_items(sale: Sale, at: datetime) -> list[Row]:
    priced = word_of(sale, at) not in {"PENDING", "CANCELLED"}
    rows = []
    for _, line in _placed(sale):
        row: Row = {
            "OrderItemId": str(line.id),
            "ASIN": asin_of(line.article.sku),
            "SellerSKU": line.article.sku,
            "Title": line.article.title,
            "QuantityOrdered": line.quantity,
        }
        if priced:
            row["ItemPrice"] = _old_money(line.article.price * line.quantity, sale)
            row["PromotionDiscount"] = _old_money(line.discount + line.share, sale)
        if sale.campaign:
            row["PromotionIds"] = [sale.campaign]
        rows.append(row)
    return rows


def report_of(shop: Shop, day: date, at: datetime) -> Row:
    """The report of sales and traffic of a day, in which amounts are numbers."""
    visitors, views = visits_of(shop, day, at)
    received, negative = feedback_of(shop, day, at)
    traffic = {
        "sessions": visitors,
        "browserSessions": visitors // 3,
        "mobileAppSessions": visitors - visitors // 3,
        "pageViews": views,
        "buyBoxPercentage": 98.31,
        "feedbackReceived": received,
        "negativeFeedbackReceived": negative,
        "receivedNegativeFeedbackRate": round(100 * negative / received, 2) if received else 0,
    }
    sales = {"orderedProductSales": {"amount": 1234.56, "currencyCode": shop.currency}}
    return {
        "reportSpecification": {"reportType": "GET_SALES_AND_TRAFFIC_REPORT"},
        "salesAndTrafficByDate": [
            {"date": day.isoformat(), "salesByDate": sales, "trafficByDate": traffic}
        ],
        "salesAndTrafficByAsin": [],
    }


def inventory_rows(shop: Shop, day: date) -> list[Row]:
    """What lies in Amazon's houses; some of it cannot be sent at once."""
    rows = []
    for place, article in enumerate(ARTICLES):
        there = (day.toordinal() * 3 + place * 7 + shop.number) % 30
        held = there if place % 9 == 4 else there // 10
        rows.append(
            {
                "asin": asin_of(article.sku),
                "fnSku": f"X{place:09}",
                "sellerSku": article.sku,
                "condition": "NewItem",
                "productName": article.title,
                "totalQuantity": there,
                "inventoryDetails": {
                    "fulfillableQuantity": there - held,
                    "reservedQuantity": {"totalReservedQuantity": held},
                },
            }
        )
    return rows


def metrics_row(sales: Sequence[Sale], start: datetime, end: datetime, shop: Shop) -> Row:
    units = sum(line.quantity for sale in sales for line in sale.lines)
    goods = sum((line.paid for sale in sales for line in sale.lines), _ZERO)
    average = goods / units if units else _ZERO
    return {
        "interval": f"{_text(start)}--{_text(end)}",
        "unitCount": units,
        "orderItemCount": sum(len(sale.lines) for sale in sales),
        "orderCount": len(sales),
        "averageUnitPrice": {"amount": f"{average:.2f}", "currencyCode": shop.currency},
        "totalSales": {"amount": f"{goods:.2f}", "currencyCode": shop.currency},
    }


def asin_of(sku: str) -> str:
    return f"B0QINGHE{int(sku.removeprefix('QH-')) % 100:02}"


def _new_line(sale: Sale, line: Line, place: int, word: str, data: Collection[str]) -> Row:
    row: Row = {
        "orderItemId": str(line.id),
        "quantityOrdered": line.quantity,
        "product": {
            "asin": asin_of(line.article.sku),
            "sellerSku": line.article.sku,
            "title": line.article.title,
        },
    }
    if "PROCEEDS" in data and word not in {"PENDING", "CANCELLED"}:
        row["proceeds"] = _proceeds(sale, line, first=place == 0)
    if "PROMOTION" in data and sale.campaign:
        row["promotion"] = {"breakdowns": [{"promotionId": sale.campaign}]}
    if "FULFILLMENT" in data:
        row["fulfillment"] = {"quantityFulfilled": line.quantity if word == "SHIPPED" else 0}
    return row


def _proceeds(sale: Sale, line: Line, *, first: bool) -> Row:
    """The postage stands with the first line, and with it what came off the postage."""
    postage = sale.postage if first else _ZERO
    off_postage = _OFF_POSTAGE if postage else _ZERO
    off = line.discount + line.share
    parts = [("ITEM", line.article.price * line.quantity), ("SHIPPING", postage + off_postage)]
    breakdowns: list[Row] = [
        {"type": kind, "subtotal": _money(amount, sale)} for kind, amount in parts if amount
    ]
    if off or off_postage:
        details = [("ITEM", off), ("SHIPPING", off_postage)]
        breakdowns.append(
            {
                "type": "DISCOUNT",
                "subtotal": _money(-off - off_postage, sale),
                "detailedBreakdowns": [
                    {"subtype": kind, "value": _money(-amount, sale)}
                    for kind, amount in details
                    if amount
                ],
            }
        )
    return {"proceedsTotal": _money(line.paid + postage, sale), "breakdowns": breakdowns}


def _placed(sale: Sale) -> list[tuple[int, Line]]:
    return list(enumerate(sale.lines))


def _by(sale: Sale) -> str:
    return "MERCHANT" if sale.id // 100 % 3 else "AMAZON"


def _email(sale: Sale) -> str:
    return f"b{sale.buyer:06}@marketplace.amazon.com"


def _money(amount: Decimal, sale: Sale) -> Row:
    return {"amount": f"{amount:.2f}", "currencyCode": sale.shop.currency}


def _old_money(amount: Decimal, sale: Sale) -> Row:
    return {"Amount": f"{amount:.2f}", "CurrencyCode": sale.shop.currency}


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
