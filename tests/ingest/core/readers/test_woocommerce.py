"""A site's rows become exactly the facts that they state, and every trap of them has its cure."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox import truth
from sandbox.articles import article_list
from sandbox.lives import first_day, midnight, sales_until
from sandbox.woocommerce.rows import order_row, refund_row, review_row
from services.ingest.core.buyers import sealer
from services.ingest.core.fields import Unfit
from services.ingest.core.readers.woocommerce import (
    lacks_detail,
    number_of,
    read_fact,
    row_to_keep,
)
from services.schema.shapes.facts import Order, OrderLine, Rating, Refund
from services.schema.shapes.feeds import Article, Known, Origin, PaidOrder
from services.schema.words import FactKind, OrderStatus, RefundKind, RefundStatus
from tests.ingest.sources.sites_of_woocommerce import SHOP
from tests.sandbox.test_company import TODAY

ORDERS, REFUNDS, RATINGS = FactKind.ORDERS, FactKind.REFUNDS, FactKind.RATINGS
NOTHING = Known({}, {}, {})
ORIGIN = Origin("woocommerce:wc-1", "wc-1", {"A-1": Article(Decimal("30.50"), ("new", "hit"))})
NOW = midnight(TODAY)
PAID = datetime(2026, 11, 1, 0, 0, 1, tzinfo=UTC)
Row = dict[str, Any]


def order(**changes: object) -> Row:
    row: Row = {
        "id": 727,
        "number": "WEB-727",
        "status": "processing",
        "currency": "EUR",
        "date_created_gmt": "2026-10-31T23:59:59",
        "date_modified_gmt": "2026-11-01T00:00:01",
        "date_paid_gmt": "2026-11-01T00:00:01",
        "date_completed_gmt": None,
        "total": "98.00",
        "discount_total": "12.00",
        "shipping_total": "10.00",
        "customer_id": 26,
        "payment_method": "stripe",
        "meta_data": [
            {"id": 1, "key": "_wc_order_attribution_source_type", "value": "organic"},
            {"id": 2, "key": "salesperson", "value": "e-1"},
            {"id": 3, "key": "other", "value": {"a": [1]}},
        ],
        "line_items": [line()],
        "coupon_lines": [
            {"code": "spring", "discount": "2.00"},
            {"code": "members", "discount": "10.00"},
        ],
        "refunds": [],
    }
    return {**row, **changes}


def line(**changes: object) -> Row:
    row: Row = {
        "id": 315,
        "product_id": 93,
        "variation_id": 0,
        "sku": "A-1",
        "quantity": 2,
        "total": "88.00",
    }
    return {**row, **changes}


def read(row: Row, known: Known = NOTHING) -> Order:
    fact = read_fact(ORDERS, row, ORIGIN, known)
    assert isinstance(fact, Order)
    return fact


def test_a_paid_order_is_read_whole() -> None:
    assert read(order()) == Order(
        source="woocommerce:wc-1",
        id="727",
        shop="wc-1",
        status=OrderStatus.PAID,
        modified_at=PAID,
        created_at=PAID - timedelta(seconds=2),
        paid_at=PAID,
        buyer="26",
        salesperson="e-1",
        channel="organic",
        campaign="members",
        payment_method="stripe",
        currency="EUR",
        paid_amount=Decimal(98),
        discount_amount=Decimal(12),
        cost_amount=Decimal(61),
        lines=(
            OrderLine(id="315", sku="A-1", quantity=2, amount=Decimal(88), tags=("new", "hit")),
        ),
    )


@pytest.mark.parametrize(
    ("word", "paid", "status"),
    [
        ("pending", None, OrderStatus.UNPAID),
        ("on-hold", None, OrderStatus.UNPAID),
        ("on-hold", "2026-11-01T00:00:01", OrderStatus.PAID),
        ("checkout-draft", None, OrderStatus.UNPAID),
        ("processing", "2026-11-01T00:00:01", OrderStatus.PAID),
        # Cash at the door: sent off, and yet unpaid.
        ("processing", None, OrderStatus.UNPAID),
        ("cancelled", None, OrderStatus.CANCELLED),
        ("failed", None, OrderStatus.CANCELLED),
        ("trash", None, OrderStatus.CANCELLED),
        ("trash", "2026-11-01T00:00:01", OrderStatus.CANCELLED),
        ("refunded", "2026-11-01T00:00:01", OrderStatus.REFUNDED),
    ],
)
def test_each_state_is_one_of_ours(word: str, paid: str | None, status: OrderStatus) -> None:
    found = read(order(status=word, date_paid_gmt=paid))
    assert found.status is status
    # A sale counts on the day it was paid, whatever becomes of it.
    assert found.paid_at == (PAID if paid else None)
    assert found.paid_amount == (Decimal(98) if paid else None)


def test_an_unknown_state_is_refused_with_its_place() -> None:
    with pytest.raises(Unfit) as caught:
        read(order(status="wc-lost"))
    assert (caught.value.code, caught.value.pointer) == ("word_unknown", "/status")


def test_who_pays_at_the_door_has_paid_when_the_order_is_complete() -> None:
    found = read(
        order(status="completed", date_paid_gmt=None, date_completed_gmt="2026-11-03T08:00:00")
    )
    assert found.paid_at == found.completed_at == datetime(2026, 11, 3, 8, tzinfo=UTC)


def test_only_the_times_of_greenwich_are_read() -> None:
    row = order(date_paid="2026-11-01T08:00:01", date_modified="2026-11-01T08:00:01")
    assert read(row).paid_at == PAID


def test_guests_are_nobody_who_could_come_again() -> None:
    assert read(order(customer_id=0)).buyer is None


@pytest.mark.parametrize(
    ("changes", "sku"),
    [
        ({}, "A-1"),
        ({"sku": ""}, "93"),
        ({"sku": "", "variation_id": 7}, "7"),
    ],
)
def test_an_article_has_the_sellers_number_else_the_sites(changes: Row, sku: str) -> None:
    assert read(order(line_items=[line(**changes)])).lines[0].sku == sku


def test_what_was_learned_of_an_order_stays() -> None:
    """Cost and tags are those of the day it was paid, whatever the accounts file says today."""
    paid = PaidOrder(Decimal(98), Decimal("7.50"), "spring", {"315": ("core",)})
    found = read(order(), Known({}, {"727": paid}, {}))
    assert (found.cost_amount, found.campaign) == (Decimal("7.50"), "spring")
    assert found.lines[0].tags == ("core",)


def test_a_refund_is_positive_on_its_own_page_and_negative_in_its_order() -> None:
    """Both are the same money, and only its own page tells when."""
    stub = {"id": 9, "order_id": 727, "total": "-12.50"}
    page = {**stub, "date_created_gmt": "2026-11-05T10:00:00", "amount": "12.50"}
    for row, kind in (
        (page, RefundKind.REFUND),
        ({**page, "line_items": [{"quantity": -1}]}, RefundKind.RETURN),
    ):
        fact = read_fact(REFUNDS, row, ORIGIN, NOTHING)
        assert isinstance(fact, Refund)
        assert (fact.order, fact.amount, fact.kind) == ("727", Decimal("12.5"), kind)
        assert fact.status is RefundStatus.SUCCEEDED
        assert fact.refunded_at == fact.modified_at == datetime(2026, 11, 5, 10, tzinfo=UTC)
    assert lacks_detail(REFUNDS, stub, NOTHING)
    known = Known({}, {}, {"9": datetime(2026, 11, 5, 10, tzinfo=UTC)})
    assert not lacks_detail(REFUNDS, stub, known)
    again = read_fact(REFUNDS, stub, ORIGIN, known)
    assert isinstance(again, Refund)
    assert (again.amount, again.refunded_at) == (Decimal("12.5"), known.refunds["9"])


def test_a_review_is_read_without_its_words() -> None:
    row = {"id": 22, "rating": 4, "date_created_gmt": "2026-11-05T10:00:00", "review": "138..."}
    fact = read_fact(RATINGS, row, ORIGIN, NOTHING)
    assert isinstance(fact, Rating)
    assert (fact.score, fact.scale, fact.comment) == (Decimal(4), 5, None)


def test_nothing_that_names_a_buyer_is_kept() -> None:
    sale = sales_until(SHOP, first_day(TODAY), NOW)[0]
    seal = sealer(b"0" * 32, 1)
    rows = [
        order_row(sale, NOW, NOW),
        {**order(), "billing": {"email": "a@b.c"}, "customer_note": "13800138000"},
    ]
    for row in rows:
        row["customer_id"] = 987_654_321
        text = json.dumps(row_to_keep(row, ORIGIN, seal), ensure_ascii=False)
        for word in ("13800138000", "a@b.c", "三", "987654321", "_a_plugin_of_theirs"):
            assert word not in text
        assert seal(ORIGIN.source, "987654321") in text
        assert "salesperson" in text or not sale.guide


def test_a_row_that_is_kept_can_be_read_again() -> None:
    seal = sealer(b"0" * 32, 1)
    kept = json.loads(json.dumps(row_to_keep(order(), ORIGIN, seal), default=str))
    again = read(kept)
    assert again.buyer == "sealed:" + seal(ORIGIN.source, "26")
    assert (again.salesperson, again.channel, again.campaign) == ("e-1", "organic", "members")


def test_all_rows_of_a_site_add_up_to_its_books() -> None:
    """To the cent, over sixty days of orders and refunds."""
    first = first_day(TODAY)
    articles = {
        sku: Article(Decimal(str(article["cost"])), tuple(article["tags"]))  # type: ignore[arg-type]  # of the sandbox's own making
        for sku, article in article_list().items()
    }
    origin = Origin("woocommerce:wc", SHOP.code, articles)
    found = truth.Sums()
    for sale in sales_until(SHOP, first, NOW):
        fact = read_fact(ORDERS, order_row(sale, NOW, sale.modified_at(NOW)), origin, NOTHING)
        assert isinstance(fact, Order)
        if fact.paid_at:
            found.orders += 1
            found.paid_amount += fact.paid_amount or 0
            found.cost_amount += fact.cost_amount or 0
            found.discount_amount += fact.discount_amount or 0
            found.units += sum(each.quantity for each in fact.lines)
        for claim in sale.claims:
            if claim.succeeded_by(NOW):
                row = {**refund_row(claim), "order_id": sale.id}
                refund = read_fact(REFUNDS, row, origin, NOTHING)
                assert isinstance(refund, Refund)
                assert number_of(REFUNDS, row) == refund.id
                found.refunds += 1
                found.refund_amount += refund.amount or 0
        for review in sale.reviews:
            read_fact(RATINGS, review_row(sale, review), origin, NOTHING)
    assert found == truth.total(truth.books(SHOP, first, NOW))
    assert found.orders > 1000
