"""Shopify's rows become exactly the facts that they state, and every trap of them has its cure."""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox import truth
from sandbox.articles import article_list
from sandbox.lives import first_day, midnight, sales_until
from sandbox.shopify.rows import financial_status, order_row, refund_row
from services.ingest.core.buyers import sealer
from services.ingest.core.fields import Unfit
from services.ingest.core.readers.shopify import (
    lacks_detail,
    number_of,
    read_fact,
    row_to_keep,
)
from services.schema.shapes.facts import Order, OrderLine, Refund, Traffic
from services.schema.shapes.feeds import Article, Known, Origin, PaidOrder
from services.schema.words import Exclusion, FactKind, OrderStatus, RefundKind, RefundStatus
from tests.ingest.sources.shops_of_shopify import SHOP
from tests.sandbox.test_company import TODAY

ORDERS, REFUNDS, TRAFFIC = FactKind.ORDERS, FactKind.REFUNDS, FactKind.TRAFFIC
NOTHING = Known({}, {}, {})
ORIGIN = Origin("shopify:sp-1", "sp-1", {"A-1": Article(Decimal("30.50"), ("new", "hit"))})
NOW = midnight(TODAY)
PAID = datetime(2026, 11, 1, 0, 0, 1, tzinfo=UTC)
Row = dict[str, Any]


def money(amount: str) -> Row:
    return {
        "shopMoney": {"amount": amount, "currencyCode": "USD"},
        "presentmentMoney": {"amount": "1.0", "currencyCode": "CAD"},
    }


def taken(amount: str, at: str = "2026-11-01T00:00:01Z", **changes: object) -> Row:
    row = {"kind": "SALE", "status": "SUCCESS", "processedAt": at, "amountSet": money(amount)}
    return {**row, **changes}


def order(**changes: object) -> Row:
    row: Row = {
        "id": "gid://shopify/Order/727",
        "createdAt": "2026-10-31T23:59:59Z",
        "processedAt": "2026-10-31T23:59:58Z",
        "updatedAt": "2026-11-01T00:00:01Z",
        "cancelledAt": None,
        "closedAt": None,
        "test": False,
        "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "UNFULFILLED",
        "totalPriceSet": money("98.0"),
        "originalTotalPriceSet": money("98.0"),
        "currentTotalPriceSet": money("38.0"),
        "totalDiscountsSet": money("12.0"),
        "discountCodes": ["spring", "other"],
        "paymentGatewayNames": ["shopify_payments"],
        "sourceName": "web",
        "customer": {"id": "gid://shopify/Customer/26"},
        "staffMember": {"id": "gid://shopify/StaffMember/9"},
        "fulfillments": [],
        "transactions": [taken("98.0")],
        "lineItems": {"nodes": [line()], "pageInfo": {"hasNextPage": False}},
    }
    return {**row, **changes}


def line(**changes: object) -> Row:
    row: Row = {
        "id": "gid://shopify/LineItem/315",
        "sku": "A-1",
        "quantity": 2,
        "currentQuantity": 0,
        "variant": {"id": "gid://shopify/ProductVariant/93"},
        "originalTotalSet": money("100.0"),
        "discountAllocations": [
            {"allocatedAmountSet": money("2.0")},
            {"allocatedAmountSet": money("10.0")},
        ],
    }
    return {**row, **changes}


def read(row: Row, known: Known = NOTHING) -> Order:
    fact = read_fact(ORDERS, row, ORIGIN, known)
    assert isinstance(fact, Order)
    return fact


def test_a_paid_order_is_read_whole() -> None:
    assert read(order()) == Order(
        source="shopify:sp-1",
        id="727",
        shop="sp-1",
        status=OrderStatus.PAID,
        modified_at=PAID,
        created_at=PAID - timedelta(seconds=2),
        paid_at=PAID,
        buyer="26",
        salesperson="9",
        channel="web",
        campaign="spring",
        payment_method="shopify_payments",
        currency="USD",
        paid_amount=Decimal(98),
        discount_amount=Decimal(12),
        cost_amount=Decimal(61),
        lines=(
            OrderLine(id="315", sku="A-1", quantity=2, amount=Decimal(88), tags=("new", "hit")),
        ),
    )


CLOSED, CANCELLED = {"closedAt": "2026-11-04T00:00:00Z"}, {"cancelledAt": "2026-11-04T00:00:00Z"}


@pytest.mark.parametrize(
    ("money_word", "goods", "changes", "status"),
    [
        ("PENDING", "UNFULFILLED", {}, OrderStatus.UNPAID),
        ("AUTHORIZED", "FULFILLED", {}, OrderStatus.UNPAID),
        ("PARTIALLY_PAID", "UNFULFILLED", {}, OrderStatus.UNPAID),
        ("VOIDED", "UNFULFILLED", {}, OrderStatus.CANCELLED),
        ("EXPIRED", "UNFULFILLED", {}, OrderStatus.CANCELLED),
        ("PAID", "UNFULFILLED", {}, OrderStatus.PAID),
        ("PAID", "PARTIALLY_FULFILLED", CLOSED, OrderStatus.PAID),
        ("PAID", "FULFILLED", {}, OrderStatus.SHIPPED),
        ("PAID", "FULFILLED", CLOSED, OrderStatus.COMPLETED),
        ("PARTIALLY_REFUNDED", "FULFILLED", {}, OrderStatus.SHIPPED),
        ("REFUNDED", "FULFILLED", CLOSED, OrderStatus.REFUNDED),
        # One thing outweighs another, in this order.
        ("REFUNDED", "FULFILLED", {**CLOSED, **CANCELLED}, OrderStatus.CANCELLED),
        ("PAID", "UNFULFILLED", CANCELLED, OrderStatus.CANCELLED),
    ],
)
def test_each_state_is_one_of_ours(
    money_word: str, goods: str, changes: Row, status: OrderStatus
) -> None:
    came = money_word not in {"PENDING", "AUTHORIZED", "PARTIALLY_PAID", "VOIDED", "EXPIRED"}
    row = order(
        displayFinancialStatus=money_word,
        displayFulfillmentStatus=goods,
        transactions=[taken("98.0")] if came else [taken("98.0", kind="AUTHORIZATION")],
        **changes,
    )
    found = read(row)
    assert found.status is status
    # A sale counts on the day it was paid, whatever becomes of it.
    assert (found.paid_at, found.paid_amount) == ((PAID, Decimal(98)) if came else (None, None))


@pytest.mark.parametrize("word", ["SOLD", None])
def test_an_unknown_state_is_refused_with_its_place(word: str | None) -> None:
    with pytest.raises(Unfit) as caught:
        read(order(displayFinancialStatus=word))
    assert (caught.value.code, caught.value.pointer) == ("word_unknown", "/status")


@pytest.mark.parametrize(
    ("transactions", "paid_at"),
    [
        ([taken("98.0")], "2026-11-01T00:00:01Z"),
        # A promise, a failure and a refund are no payment.
        (
            [
                taken("98.0", "2026-10-30T00:00:00Z", kind="AUTHORIZATION"),
                taken("98.0", "2026-10-31T00:00:00Z", status="FAILURE"),
                taken("98.0", "2026-11-02T00:00:00Z", kind="CAPTURE"),
                taken("98.0", "2026-11-03T00:00:00Z", kind="REFUND"),
            ],
            "2026-11-02T00:00:00Z",
        ),
        # Paid in parts: on the day of the last one; what was added later does not move it.
        (
            [
                taken("10.0", "2026-11-09T00:00:00Z"),
                taken("58.0", "2026-11-03T00:00:00Z"),
                taken("40.0", "2026-11-02T00:00:00Z"),
            ],
            "2026-11-03T00:00:00Z",
        ),
        # A part of the price is for nothing: what there was, was paid then.
        ([taken("5.0", "2026-11-03T00:00:00Z")], "2026-11-03T00:00:00Z"),
        # What costs nothing is never paid for.
        ([], "2026-10-31T23:59:58Z"),
    ],
)
def test_an_order_is_paid_when_its_price_has_come_in(transactions: list[Row], paid_at: str) -> None:
    assert read(order(transactions=transactions)).paid_at == datetime.fromisoformat(paid_at)


def test_a_test_order_is_excluded_and_said_to_be_one() -> None:
    assert read(order(test=True)).exclusion is Exclusion.TEST
    assert read(order()).exclusion is None


def test_what_was_paid_is_not_what_is_left_after_refunds() -> None:
    """`currentTotalPriceSet` and `currentQuantity` shrink; the sale does not."""
    found = read(order(displayFinancialStatus="PARTIALLY_REFUNDED"))
    assert found.paid_amount == Decimal(98)
    assert found.lines[0].quantity == 2


def test_sent_when_the_last_parcel_was() -> None:
    parcels = [{"createdAt": "2026-11-03T00:00:00Z"}, {"createdAt": "2026-11-02T00:00:00Z"}]
    sent = read(order(displayFulfillmentStatus="FULFILLED", fulfillments=parcels))
    assert sent.shipped_at == datetime(2026, 11, 3, tzinfo=UTC)
    part = read(order(displayFulfillmentStatus="PARTIALLY_FULFILLED", fulfillments=parcels))
    assert part.shipped_at is None


@pytest.mark.parametrize(
    ("changes", "sku"),
    [({}, "A-1"), ({"sku": ""}, "93"), ({"sku": None, "variant": None}, "315")],
)
def test_an_article_has_the_sellers_number_else_the_shops(changes: Row, sku: str) -> None:
    row = order(lineItems={"nodes": [line(**changes)]})
    assert read(row).lines[0].sku == sku


def test_what_was_learned_of_an_order_stays() -> None:
    paid = PaidOrder(Decimal(98), Decimal("7.50"), "autumn", {"315": ("core",)})
    found = read(order(), Known({}, {"727": paid}, {}))
    assert (found.cost_amount, found.campaign) == (Decimal("7.50"), "autumn")
    assert found.lines[0].tags == ("core",)


def test_only_what_does_not_stand_on_the_page_is_asked_for() -> None:
    assert not lacks_detail(ORDERS, order(), NOTHING)
    long = {"nodes": [line()], "pageInfo": {"hasNextPage": True}}
    assert lacks_detail(ORDERS, order(lineItems=long), NOTHING)
    refund = {"id": "gid://shopify/Refund/9"}
    assert lacks_detail(REFUNDS, refund, NOTHING)
    assert not lacks_detail(REFUNDS, refund, Known({}, {}, {"9": PAID}))
    assert not lacks_detail(TRAFFIC, {"day": "2026-11-01"}, NOTHING)


@pytest.mark.parametrize(
    ("restock", "kind"),
    [
        ("RETURN", RefundKind.RETURN),
        ("LEGACY_RESTOCK", RefundKind.RETURN),
        ("NO_RESTOCK", RefundKind.REFUND),
        ("CANCEL", RefundKind.REFUND),
    ],
)
def test_a_refund_counts_when_it_is_written_down(restock: str, kind: RefundKind) -> None:
    row = {
        "id": "gid://shopify/Refund/9",
        "order": {"id": "gid://shopify/Order/727"},
        "createdAt": "2026-11-05T10:00:00Z",
        "totalRefundedSet": money("12.5"),
        "refundLineItems": {"nodes": [{"quantity": 1, "restockType": restock}]},
    }
    fact = read_fact(REFUNDS, row, ORIGIN, NOTHING)
    assert isinstance(fact, Refund)
    assert (fact.id, fact.order, fact.amount, fact.kind) == ("9", "727", Decimal("12.5"), kind)
    assert fact.status is RefundStatus.SUCCEEDED
    assert fact.refunded_at == fact.modified_at == datetime(2026, 11, 5, 10, tzinfo=UTC)


def visits(**changes: object) -> Row:
    row: Row = {
        "day": "2026-11-05",
        "sessions": "400",
        "online_store_visitors": "340",
        "pageviews": 1200,
        "readAt": "2026-11-06T01:00:00Z",
    }
    return {**row, **changes}


def test_visits_of_a_day_come_again_until_they_stand() -> None:
    """First 0, then 340; read again without a change they are as old as they were."""
    first = read_fact(TRAFFIC, visits(online_store_visitors="0"), ORIGIN, NOTHING)
    assert isinstance(first, Traffic)
    assert (first.day, first.visitors, first.page_views) == (date(2026, 11, 5), 0, 1200)
    known = Known({}, {}, {}, {"2026-11-05": first})
    later = visits(readAt="2026-11-07T01:00:00Z")
    second = read_fact(TRAFFIC, later, ORIGIN, known)
    assert isinstance(second, Traffic)
    assert (second.visitors, second.modified_at) == (340, datetime(2026, 11, 7, 1, tzinfo=UTC))
    known = Known({}, {}, {}, {"2026-11-05": second})
    third = read_fact(TRAFFIC, visits(readAt="2026-11-08T01:00:00Z"), ORIGIN, known)
    assert third == second


@pytest.mark.parametrize("count", ["1.5", "-1", "many"])
def test_a_count_that_is_none_is_refused(count: str) -> None:
    with pytest.raises(Unfit) as caught:
        read_fact(TRAFFIC, visits(online_store_visitors=count), ORIGIN, NOTHING)
    assert caught.value.pointer == "/visitors"


def test_a_count_that_is_not_stated_is_not_zero() -> None:
    fact = read_fact(TRAFFIC, visits(online_store_visitors=None), ORIGIN, NOTHING)
    assert isinstance(fact, Traffic)
    assert fact.visitors is None


def test_nothing_that_names_a_buyer_is_kept() -> None:
    seal = sealer(b"0" * 32, 1)
    sale = next(s for s in sales_until(SHOP, first_day(TODAY), NOW) if s.buyer % 7)
    row = order_row(sale, NOW, NOW)
    row["lineItems"] = {"nodes": row["lineItems"]}
    text = json.dumps(row_to_keep(row, ORIGIN, seal), ensure_ascii=False)
    buyer = str(7_000_000 + sale.buyer)
    for word in ("13800138000", "a@b.c", "张三", buyer, "CAD"):
        assert word not in text
    assert seal(ORIGIN.source, buyer) in text


def test_a_row_that_is_kept_can_be_read_again() -> None:
    seal = sealer(b"0" * 32, 1)
    kept = json.loads(json.dumps(row_to_keep(order(), ORIGIN, seal), default=str))
    again = read(kept)
    assert again.buyer == "sealed:" + seal(ORIGIN.source, "26")
    assert read(order()).lines == again.lines
    assert (again.salesperson, again.channel, again.campaign) == ("9", "web", "spring")
    day = row_to_keep(visits(), ORIGIN, seal)
    assert read_fact(TRAFFIC, day, ORIGIN, NOTHING) == read_fact(TRAFFIC, visits(), ORIGIN, NOTHING)


def test_all_rows_of_a_shop_add_up_to_its_books() -> None:
    """To the cent, over sixty days of orders and refunds; test orders are left out of both."""
    first = first_day(TODAY)
    articles = {
        sku: Article(Decimal(str(article["cost"])), tuple(article["tags"]))  # type: ignore[arg-type]  # of the sandbox's own making
        for sku, article in article_list().items()
    }
    origin = Origin("shopify:sp", SHOP.code, articles)
    found, states, expected = truth.Sums(), Counter[str](), Counter[str]()
    for sale in sales_until(SHOP, first, NOW):
        row = order_row(sale, NOW, sale.modified_at(NOW))
        row["lineItems"] = {"nodes": row["lineItems"]}
        fact = read_fact(ORDERS, row, origin, NOTHING)
        assert isinstance(fact, Order)
        states[fact.status] += 1
        whole = financial_status(sale, NOW) == "REFUNDED"
        status = sale.status(NOW).replace("part_shipped", "paid")
        expected["refunded" if whole else status] += 1
        if fact.paid_at and fact.exclusion is None:
            found.orders += 1
            found.paid_amount += fact.paid_amount or 0
            found.cost_amount += fact.cost_amount or 0
            found.discount_amount += fact.discount_amount or 0
            found.units += sum(each.quantity for each in fact.lines)
            assert sum(each.amount for each in fact.lines) + sale.postage == fact.paid_amount
        for claim in sale.claims:
            if claim.succeeded_by(NOW) and fact.exclusion is None:
                given = {**refund_row(sale, claim), "order": {"id": row["id"]}}
                refund = read_fact(REFUNDS, given, origin, NOTHING)
                assert isinstance(refund, Refund)
                assert number_of(REFUNDS, given) == refund.id
                assert refund.order == fact.id
                found.refunds += 1
                found.refund_amount += refund.amount or 0
    assert found == truth.total(truth.books(SHOP, first, NOW))
    assert found.orders > 1000
    assert states == expected
