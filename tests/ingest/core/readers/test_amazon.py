"""Amazon's rows become exactly the facts that they state, and every trap of them has its cure."""

import json
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from sandbox import truth
from sandbox.amazon.rows import new_row, old_items, old_row, word_of
from sandbox.articles import article_list
from sandbox.lives import first_day, midnight, sales_until
from services.ingest.core.buyers import sealer
from services.ingest.core.fields import Unfit
from services.ingest.core.readers.amazon import (
    lacks_detail,
    number_of,
    read_fact,
    row_to_keep,
)
from services.schema.shapes.facts import Order, OrderLine, Stock, Traffic
from services.schema.shapes.feeds import Article, Known, Origin, PaidOrder
from services.schema.words import FactKind, OrderStatus
from tests.ingest.sources.shops_of_amazon import SHOP
from tests.sandbox.test_company import TODAY

ORDERS, TRAFFIC, STOCK = FactKind.ORDERS, FactKind.TRAFFIC, FactKind.STOCK
NOTHING = Known({}, {}, {})
ORIGIN = Origin("amazon:az-1", "az-1", {"A-1": Article(Decimal("30.50"), ("new", "hit"))})
NOW = midnight(TODAY)
PLACED = datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC)
CHANGED = datetime(2026, 11, 1, 0, 0, 1, tzinfo=UTC)
ALL = {"BUYER", "PROCEEDS", "PROMOTION", "CANCELLATION", "FULFILLMENT", "PACKAGES"}
Row = dict[str, Any]


def money(amount: str) -> Row:
    return {"amount": amount, "currencyCode": "USD"}


def part(kind: str, amount: str, **details: str) -> Row:
    row: Row = {"type": kind, "subtotal": money(amount)}
    if details:
        row["detailedBreakdowns"] = [
            {"subtype": name, "value": money(value)} for name, value in details.items()
        ]
    return row


def order(status: str = "UNSHIPPED", **changes: object) -> Row:
    row: Row = {
        "orderId": "902-7654321-0000001",
        "createdTime": "2026-10-31T23:59:59Z",
        "lastUpdatedTime": "2026-11-01T00:00:01Z",
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "ATVPDKIKX0DER"},
        "buyer": {"buyerEmail": "x1@marketplace.amazon.com"},
        "proceeds": {"grandTotal": money("98.00")},
        "fulfillment": {"fulfillmentStatus": status},
        "orderItems": [line()],
    }
    return {**row, **changes}


def line(*parts: Row, **changes: object) -> Row:
    usual = (
        part("ITEM", "100.00"),
        part("SHIPPING", "11.00"),
        part("TAX", "9.00"),
        part("DISCOUNT", "-13.00", ITEM="-12.00", SHIPPING="-1.00"),
    )
    row: Row = {
        "orderItemId": "315",
        "quantityOrdered": 2,
        "product": {"asin": "B01", "sellerSku": "A-1"},
        "proceeds": {"proceedsTotal": money("98.00"), "breakdowns": list(parts or usual)},
        "promotion": {"breakdowns": [{"promotionId": "spring"}, {"promotionId": "other"}]},
    }
    return {**row, **changes}


def read(row: Row, known: Known = NOTHING) -> Order:
    fact = read_fact(ORDERS, row, ORIGIN, known)
    assert isinstance(fact, Order)
    return fact


def test_a_paid_order_is_read_whole() -> None:
    assert read(order()) == Order(
        source="amazon:az-1",
        id="902-7654321-0000001",
        shop="az-1",
        status=OrderStatus.PAID,
        modified_at=CHANGED,
        created_at=PLACED,
        paid_at=PLACED,
        buyer="x1@marketplace.amazon.com",
        campaign="spring",
        currency="USD",
        paid_amount=Decimal(98),
        discount_amount=Decimal(12),
        cost_amount=Decimal(61),
        lines=(
            OrderLine(id="315", sku="A-1", quantity=2, amount=Decimal(88), tags=("new", "hit")),
        ),
    )


@pytest.mark.parametrize(
    ("word", "old", "status"),
    [
        ("PENDING_AVAILABILITY", "PendingAvailability", OrderStatus.UNPAID),
        ("PENDING", "Pending", OrderStatus.UNPAID),
        ("UNSHIPPED", "Unshipped", OrderStatus.PAID),
        ("PARTIALLY_SHIPPED", "PartiallyShipped", OrderStatus.PAID),
        ("UNFULFILLABLE", "Unfulfillable", OrderStatus.PAID),
        ("SHIPPED", "Shipped", OrderStatus.SHIPPED),
        ("SHIPPED", "InvoiceUnconfirmed", OrderStatus.SHIPPED),
        ("CANCELLED", "Canceled", OrderStatus.CANCELLED),
    ],
)
def test_each_state_is_one_of_ours(word: str, old: str, status: OrderStatus) -> None:
    for found in (read(order(word)), read(old_order(old))):
        assert found.status is status
        # Amazon takes the money when it sends the goods.
        counts = status not in {OrderStatus.UNPAID, OrderStatus.CANCELLED}
        assert found.paid_at == (PLACED if counts else None)
        assert found.paid_amount == (Decimal(98) if counts else None)
        assert (found.shipped_at is not None) == (status is OrderStatus.SHIPPED)


@pytest.mark.parametrize("word", ["SOLD", ""])
def test_an_unknown_state_is_refused_with_its_place(word: str) -> None:
    with pytest.raises(Unfit) as caught:
        read(order(word))
    assert (caught.value.code, caught.value.pointer) == ("word_unknown", "/status")


def test_what_time_has_completed_is_as_new_as_that() -> None:
    """So it outranks what Amazon said when it sent the goods, and not what Amazon says later."""
    found = read(order("SHIPPED", completedTime="2026-12-01T00:00:01Z"))
    assert found.status is OrderStatus.COMPLETED
    assert found.completed_at == found.modified_at == datetime(2026, 12, 1, 0, 0, 1, tzinfo=UTC)
    assert found.paid_at == PLACED


def test_sent_when_the_last_parcel_was_else_when_it_last_changed() -> None:
    parcels = [{"shipTime": "2026-11-02T00:00:00Z"}, {"shipTime": "2026-11-01T00:00:00Z"}, {}]
    assert read(order("SHIPPED", packages=parcels)).shipped_at == datetime(2026, 11, 2, tzinfo=UTC)
    assert read(order("SHIPPED")).shipped_at == CHANGED
    assert read(order("PARTIALLY_SHIPPED", packages=parcels)).shipped_at is None


@pytest.mark.parametrize(
    ("parts", "amount"),
    [
        # Whether what comes off stands below zero is said nowhere: it comes off.
        ([part("ITEM", "100.00"), part("DISCOUNT", "-12.00")], "88"),
        ([part("ITEM", "100.00"), part("DISCOUNT", "12.00")], "88"),
        ([part("ITEM", "100.00"), part("GIFT_WRAP", "3.00"), part("TAX", "9.00")], "103"),
        ([part("ITEM", "100.00"), part("DISCOUNT", "-4.00", SHIPPING="-4.00")], "100"),
        ([part("SHIPPING", "10.00")], "98"),
    ],
)
def test_a_line_is_its_articles_less_what_came_off_them(parts: list[Row], amount: str) -> None:
    assert read(order(orderItems=[line(*parts)])).lines[0].amount == Decimal(amount)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"proceeds": {}}, "/paid_amount"),
        ({"orderItems": [line(proceeds={})]}, "/lines"),
        ({"orderItems": [line(part("ITEM", "many"))]}, "/lines"),
    ],
)
def test_a_price_that_is_not_told_is_not_zero(changes: Row, pointer: str) -> None:
    with pytest.raises(Unfit) as caught:
        read(order(**changes))
    assert caught.value.pointer == pointer
    # Before payment it need not be.
    if "orderItems" not in changes or not changes["orderItems"][0]["proceeds"]:
        assert read(order("PENDING", **changes)).paid_amount is None


def test_an_article_has_the_sellers_number_else_amazons() -> None:
    assert read(order()).lines[0].sku == "A-1"
    row = order(orderItems=[line(product={"asin": "B01"})])
    assert read(row).lines[0].sku == "B01"


def test_what_was_learned_of_an_order_stays() -> None:
    paid = PaidOrder(Decimal(98), Decimal("7.50"), "autumn", {"315": ("core",)})
    found = read(order(), Known({}, {"902-7654321-0000001": paid}, {}))
    assert (found.cost_amount, found.campaign) == (Decimal("7.50"), "autumn")
    assert found.lines[0].tags == ("core",)


def old_order(status: str = "Unshipped", **changes: object) -> Row:
    row: Row = {
        "AmazonOrderId": "902-7654321-0000001",
        "PurchaseDate": "2026-10-31T23:59:59Z",
        "LastUpdateDate": "2026-11-01T00:00:01Z",
        "OrderStatus": status,
        "OrderTotal": {"Amount": "98.00", "CurrencyCode": "USD"},
        "PaymentMethod": "Other",
        "BuyerInfo": {"BuyerEmail": "x1@marketplace.amazon.com"},
        "OrderItems": [
            {
                "OrderItemId": "315",
                "ASIN": "B01",
                "SellerSKU": "A-1",
                "QuantityOrdered": 2,
                "ItemPrice": {"Amount": "100.00", "CurrencyCode": "USD"},
                "PromotionDiscount": {"Amount": "12.00", "CurrencyCode": "USD"},
                "PromotionIds": ["spring", "other"],
            }
        ],
    }
    return {**row, **changes}


def test_both_interfaces_state_the_same_order() -> None:
    old, new = read(old_order()), read(order())
    assert old.payment_method == "Other"
    assert {name: getattr(old, name) for name in Order.__slots__ if name != "payment_method"} == {
        name: getattr(new, name) for name in Order.__slots__ if name != "payment_method"
    }


def test_lines_are_asked_for_only_where_they_are_missing() -> None:
    assert lacks_detail(ORDERS, {"AmazonOrderId": "1"}, NOTHING)
    assert not lacks_detail(ORDERS, old_order(), NOTHING)
    assert not lacks_detail(ORDERS, order(), NOTHING)
    assert not lacks_detail(TRAFFIC, {"day": "2026-11-05"}, NOTHING)
    assert number_of(ORDERS, old_order()) == number_of(ORDERS, order()) == "902-7654321-0000001"


def visits(sessions: object, at: str = "2026-11-06T01:00:00Z") -> Row:
    traffic = {"sessions": sessions, "pageViews": Decimal("1200.0"), "buyBoxPercentage": "98.31"}
    return {"day": "2026-11-05", "trafficByDate": traffic, "readAt": at}


def test_visits_of_a_day_come_again_until_they_stand() -> None:
    first = read_fact(TRAFFIC, visits(0), ORIGIN, NOTHING)
    assert isinstance(first, Traffic)
    assert (first.day, first.visitors, first.page_views) == (date(2026, 11, 5), 0, 1200)
    known = Known({}, {}, {}, {"2026-11-05": first})
    second = read_fact(TRAFFIC, visits(340, "2026-11-07T01:00:00Z"), ORIGIN, known)
    assert isinstance(second, Traffic)
    assert second.visitors == 340
    assert second.modified_at > first.modified_at
    known = Known({}, {}, {}, {"2026-11-05": second})
    again = read_fact(TRAFFIC, visits(340, "2026-11-08T01:00:00Z"), ORIGIN, known)
    assert again == second


@pytest.mark.parametrize("count", [Decimal("1.5"), -1, "many", True])
def test_a_count_that_is_none_is_refused(count: object) -> None:
    with pytest.raises(Unfit) as caught:
        read_fact(TRAFFIC, visits(count), ORIGIN, NOTHING)
    assert caught.value.pointer == "/visitors"


def shelf(sku: str, there: int, here: int) -> Row:
    details = {"fulfillableQuantity": here}
    return {"sellerSku": sku, "totalQuantity": there, "inventoryDetails": details}


def stock(*shelves: Row) -> Stock:
    row = {"day": "2026-11-05", "readAt": "2026-11-05T21:00:00Z", "inventorySummaries": shelves}
    fact = read_fact(STOCK, {**row, "inventorySummaries": list(shelves)}, ORIGIN, NOTHING)
    assert isinstance(fact, Stock)
    return fact


def test_shelves_of_one_article_are_one_article() -> None:
    """Empty is what has nothing to send; worth, what is there at what it cost."""
    found = stock(shelf("A-1", 3, 0), shelf("A-1", 2, 1))
    assert (found.skus, found.skus_out, found.stock_value) == (1, 0, Decimal("152.50"))
    found = stock(shelf("A-1", 3, 0))
    assert (found.skus, found.skus_out, found.stock_value) == (1, 1, Decimal("91.50"))


def test_shelves_whose_cost_is_not_known_are_worth_nobody_knows_what() -> None:
    found = stock(shelf("A-1", 3, 1), shelf("B-1", 1, 1))
    assert (found.skus, found.skus_out, found.stock_value) == (2, 0, None)
    assert found.skus_new is None


def test_nothing_that_names_a_buyer_is_kept() -> None:
    seal = sealer(b"0" * 32, 1)
    sale = next(s for s in sales_until(SHOP, first_day(TODAY), NOW) if s.shipped_at)
    email = f"b{sale.buyer:06}@marketplace.amazon.com"
    new = new_row(sale, NOW, NOW, {*ALL, "RECIPIENT"}, "A1")
    old = {**old_row(sale, NOW, NOW, "A1"), "OrderItems": old_items(sale, NOW)}
    for row in (new, old):
        text = json.dumps(row_to_keep(row, ORIGIN, seal), ensure_ascii=False)
        for word in ("13800138000", "张三", email):
            assert word not in text
        assert seal(ORIGIN.source, email) in text


@pytest.mark.parametrize(
    "row", [order(), old_order(), order("SHIPPED", completedTime="2026-12-01T00:00:01Z")]
)
def test_a_row_that_is_kept_can_be_read_again(row: Row) -> None:
    seal = sealer(b"0" * 32, 1)
    again = read(json.loads(json.dumps(row_to_keep(row, ORIGIN, seal), default=str)))
    assert again.buyer == "sealed:" + seal(ORIGIN.source, "x1@marketplace.amazon.com")
    first = read(row)
    assert (again.lines, again.campaign, again.status) == (
        first.lines,
        first.campaign,
        first.status,
    )


@pytest.mark.parametrize("is_old", [False, True])
def test_all_rows_of_a_seller_add_up_to_its_books(is_old: bool) -> None:  # noqa: FBT001  a case
    """To the cent, over sixty days of orders; refunds are not among them."""
    first = first_day(TODAY)
    articles = {
        sku: Article(Decimal(str(article["cost"])), tuple(article["tags"]))  # type: ignore[arg-type]  # of the sandbox's own making
        for sku, article in article_list().items()
    }
    origin = Origin("amazon:az", SHOP.code, articles)
    found, states, expected = truth.Sums(), Counter[str](), Counter[str]()
    for sale in sales_until(SHOP, first, NOW):
        if is_old:
            row = {**old_row(sale, NOW, NOW, "A1"), "OrderItems": old_items(sale, NOW)}
        else:
            row = new_row(sale, NOW, NOW, ALL, "A1")
        fact = read_fact(ORDERS, row, origin, NOTHING)
        assert isinstance(fact, Order)
        states[fact.status] += 1
        expected[
            {"PENDING": "unpaid", "CANCELLED": "cancelled", "SHIPPED": "shipped"}.get(
                word_of(sale, NOW), "paid"
            )
        ] += 1
        if fact.paid_at:
            assert fact.paid_at == sale.created_at
            found.orders += 1
            found.paid_amount += fact.paid_amount or 0
            found.cost_amount += fact.cost_amount or 0
            found.discount_amount += fact.discount_amount or 0
            found.units += sum(each.quantity for each in fact.lines)
            assert sum(each.amount for each in fact.lines) + sale.postage == fact.paid_amount
    books = truth.total(truth.books(SHOP, first, NOW))
    books.refunds, books.refund_amount = 0, Decimal(0)
    assert found == books
    assert found.orders > 1000
    assert states == expected
