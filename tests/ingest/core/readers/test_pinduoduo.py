"""Pinduoduo's rows become exactly the facts that they state; every trap of them has its cure."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sandbox import truth
from sandbox.articles import article_list
from sandbox.lives import first_day, midnight, sales_until
from sandbox.pinduoduo.rows import is_seen, order_row, refund_row
from sandbox.shops import SHOP_OF
from services.ingest.core.buyers import sealer
from services.ingest.core.fields import Unfit
from services.ingest.core.readers.pinduoduo import lacks_detail, number_of, read_fact, row_to_keep
from services.ingest.sources.reading import read_document
from services.schema.shapes.facts import Order, OrderLine, Refund
from services.schema.shapes.feeds import Article, Known, Origin, PaidOrder
from services.schema.words import FactKind, OrderStatus, RefundKind, RefundStatus
from services.schema.written import write_again
from tests.sandbox.test_company import TODAY

ORDERS, REFUNDS = FactKind.ORDERS, FactKind.REFUNDS
NOTHING = Known({}, {}, {})
ORIGIN = Origin("pinduoduo:pdd-1", "pdd-1", {"A-1": Article(Decimal("30.50"), ("new", "hit"))})
NOW = midnight(TODAY)
Row = dict[str, Any]


def order(**changes: object) -> Row:
    row: Row = {
        "order_sn": "261101-123456789012345",
        "order_status": 1,
        "refund_status": 1,
        "confirm_status": 1,
        "pay_amount": Decimal("98.10"),
        "goods_amount": 100,
        "discount_amount": Decimal("11.9"),
        "postage": 10,
        "created_time": "2026-10-31 23:59:59",
        "pay_time": "2026-11-01 00:00:01",
        "confirm_time": "2026-11-01 00:20:00",
        "updated_at": "2026-11-01 00:20:00",
        "item_list": [item()],
    }
    return {**row, **changes}


def item(**changes: object) -> Row:
    row: Row = {
        "goods_id": 300,
        "sku_id": 900,
        "outer_id": "A-1",
        "goods_price": 50,
        "goods_count": 2,
    }
    return {**row, **changes}


def refund(**changes: object) -> Row:
    row: Row = {
        "id": 42,
        "order_sn": "261101-123456789012345",
        "after_sales_status": 10,
        "after_sales_type": 3,
        "refund_amount": "20.50",
        "created_time": "2026-11-03 10:00:00",
        "updated_time": "2026-11-05 10:00:00",
    }
    return {**row, **changes}


def read(row: Row, known: Known = NOTHING) -> Order:
    fact = read_fact(ORDERS, row, ORIGIN, known)
    assert isinstance(fact, Order)
    return fact


def read_refund(row: Row, known: Known = NOTHING) -> Refund:
    fact = read_fact(REFUNDS, row, ORIGIN, known)
    assert isinstance(fact, Refund)
    return fact


def test_a_paid_order_is_read_whole_and_has_no_buyer() -> None:
    assert read(order()) == Order(
        source="pinduoduo:pdd-1",
        id="261101-123456789012345",
        shop="pdd-1",
        status=OrderStatus.PAID,
        modified_at=datetime(2026, 10, 31, 16, 20, tzinfo=UTC),
        created_at=datetime(2026, 10, 31, 15, 59, 59, tzinfo=UTC),
        paid_at=datetime(2026, 10, 31, 16, 0, 1, tzinfo=UTC),
        currency="CNY",
        paid_amount=Decimal("98.1"),
        discount_amount=Decimal("11.9"),
        cost_amount=Decimal(61),
        lines=(
            OrderLine(
                id="900-1", sku="A-1", quantity=2, amount=Decimal("88.1"), tags=("new", "hit")
            ),
        ),
    )


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("98.1", "98.1"),
        ("1234567890.12", "1234567890.12"),
        ("0.07", "0.07"),
        ("100", "100"),
        ("0.1000", "0.1"),
    ],
)
def test_a_number_of_yuan_is_read_to_its_last_digit(text: str, amount: str) -> None:
    document = json.dumps(order(pay_amount="@"), default=str).replace('"@"', text)
    found = read_document(document.replace('"postage": 10', '"postage": 0').encode())
    assert isinstance(found, dict)
    assert read(found).paid_amount == Decimal(amount)


def test_a_number_that_was_rounded_on_the_way_is_refused() -> None:
    with pytest.raises(Unfit, match="pay_amount"):
        read(order(pay_amount=98.1))


@pytest.mark.parametrize(
    ("confirm", "refunded", "state", "status"),
    [
        (1, 1, 1, OrderStatus.PAID),
        (1, 2, 1, OrderStatus.PAID),
        (1, 3, 2, OrderStatus.SHIPPED),
        (1, 1, 3, OrderStatus.COMPLETED),
        (1, 4, 1, OrderStatus.REFUNDED),
        (1, 4, 3, OrderStatus.REFUNDED),
        (0, 1, 1, OrderStatus.UNPAID),
        # Paid back because no group came together: it never was a sale, and so no refund.
        (0, 4, 1, OrderStatus.UNPAID),
        (2, 4, 1, OrderStatus.CANCELLED),
        (2, 1, 1, OrderStatus.CANCELLED),
    ],
)
def test_the_group_comes_before_the_refund_and_the_refund_before_the_order(
    confirm: int, refunded: int, state: int, status: OrderStatus
) -> None:
    times = {"shipping_time": "2026-11-02 08:00:00", "receive_time": "2026-11-09 08:00:00"}
    row = order(confirm_status=confirm, refund_status=refunded, order_status=state, **times)
    assert read(row).status is status


def test_a_group_that_failed_counts_nothing_and_an_order_given_up_later_does() -> None:
    failed = read(order(confirm_status=2, confirm_time=None))
    assert (failed.status, failed.paid_at, failed.paid_amount) == (
        OrderStatus.CANCELLED,
        None,
        None,
    )
    assert read(order(confirm_status=0)).paid_at is None
    later = read(order(confirm_status=2))
    assert (later.status, later.paid_amount) == (OrderStatus.CANCELLED, Decimal("98.1"))


@pytest.mark.parametrize(
    "changes", [{"order_status": 7}, {"confirm_status": None}, {"confirm_status": 3}]
)
def test_an_unknown_state_is_refused_with_its_place(changes: Row) -> None:
    with pytest.raises(Unfit) as caught:
        read(order(**changes))
    assert (caught.value.code, caught.value.pointer) == ("word_unknown", "/status")


def test_lines_share_what_was_paid_by_their_prices_to_the_cent() -> None:
    """Only the whole order says what was paid."""
    items = [item(), item(), item(sku_id=901, outer_id="", goods_price=Decimal("33.33"))]
    found = read(order(item_list=items, pay_amount=Decimal("200.01")))
    assert sum((each.amount for each in found.lines), Decimal(0)) == Decimal("190.01")
    assert [each.id for each in found.lines] == ["900-1", "900-2", "901-3"]
    assert found.lines[2].sku == "901"
    # The cent that is left over goes to the earlier one.
    assert [each.amount for each in found.lines[:2]] == [Decimal("71.26"), Decimal("71.25")]


def test_what_was_learned_of_an_order_stays() -> None:
    paid = PaidOrder(Decimal("98.10"), Decimal("7.50"), None, {"900-1": ("core",)})
    found = read(order(pay_amount=0, refund_status=4), Known({}, {order()["order_sn"]: paid}, {}))
    assert (found.paid_amount, found.cost_amount) == (Decimal("98.1"), Decimal("7.5"))
    assert found.lines[0].tags == ("core",)
    assert found.lines[0].amount == Decimal("88.1")


def test_only_a_refund_of_state_ten_has_gone_back() -> None:
    done = read_refund(refund())
    assert (done.id, done.order, done.amount) == ("42", refund()["order_sn"], Decimal("20.5"))
    assert (done.status, done.kind) == (RefundStatus.SUCCEEDED, RefundKind.RETURN)
    assert done.refunded_at == done.modified_at == datetime(2026, 11, 5, 2, tzinfo=UTC)
    for state, status in ((2, RefundStatus.REQUESTED), (7, RefundStatus.REQUESTED),
                          (11, RefundStatus.CLOSED)):  # fmt: skip
        found = read_refund(refund(after_sales_status=state))
        assert (found.status, found.refunded_at) == (status, None)
    with pytest.raises(Unfit):
        read_refund(refund(after_sales_status=99))
    assert not lacks_detail(REFUNDS, refund(), NOTHING)


def test_a_refund_keeps_the_day_on_which_it_was_first_seen_done() -> None:
    ended = datetime(2026, 11, 4, 2, tzinfo=UTC)
    assert read_refund(refund(), Known({}, {}, {"42": ended})).refunded_at == ended


def test_goods_for_goods_move_no_money() -> None:
    found = read_refund(refund(after_sales_type=4, after_sales_status=16, refund_amount="0.00"))
    assert (found.kind, found.status) == (RefundKind.EXCHANGE, RefundStatus.SUCCEEDED)
    assert found.amount == 0


def test_nothing_that_names_a_buyer_is_kept_and_what_is_can_be_read_again() -> None:
    row = {**order(), "receiver_name": "收货人", "receiver_phone": "13800138000"}
    kept = row_to_keep(row, ORIGIN, sealer(b"0" * 32, 1))
    assert kept["withheld"][-2:] == ["receiver_name", "receiver_phone"]
    text = write_again(kept)
    assert "收货人" not in text
    assert "13800138000" not in text
    assert read(json.loads(text, parse_float=Decimal)) == read(order())


def test_all_rows_of_a_shop_add_up_to_its_books() -> None:
    """To the cent, over sixty days of orders and refunds."""
    shop, first = SHOP_OF["pdd-qinghe"], first_day(TODAY)
    articles = {
        sku: Article(Decimal(str(article["cost"])), ()) for sku, article in article_list().items()
    }
    origin = Origin(shop.source, shop.code, articles)
    found = truth.Sums()
    for sale in sales_until(shop, first, NOW):
        if not is_seen(sale, NOW):
            continue
        written = json.dumps(order_row(sale, NOW, sale.modified_at(NOW))).encode()
        row = read_document(written)
        assert isinstance(row, dict)
        fact = read_fact(ORDERS, row, origin, NOTHING)
        assert isinstance(fact, Order)
        assert number_of(ORDERS, row) == fact.id
        assert fact.status == sale.status(NOW).replace("part_shipped", "paid")
        if fact.paid_at:
            found.orders += 1
            found.paid_amount += fact.paid_amount or 0
            found.cost_amount += fact.cost_amount or 0
            found.discount_amount += fact.discount_amount or 0
            found.units += sum(each.quantity for each in fact.lines)
            lines = sum((each.amount for each in fact.lines), sale.postage)
            assert lines == fact.paid_amount
        for claim in sale.claims:
            if claim.requested_at <= NOW:
                back = read_fact(REFUNDS, refund_row(sale, claim, NOW), origin, NOTHING)
                assert isinstance(back, Refund)
                if back.refunded_at:
                    found.refunds += 1
                    found.refund_amount += back.amount or 0
    assert found == truth.total(truth.books(shop, first, NOW))
    assert found.orders > 200
    assert found.refunds > 5
