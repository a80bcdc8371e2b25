"""Doudian's rows become exactly the facts that they state, and every trap of them has its cure."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from services.ingest.core.buyers import sealer
from services.ingest.core.fields import Unfit
from services.ingest.core.readers.doudian import lacks_detail, read_fact, row_to_keep
from services.schema.shapes.facts import Order, OrderLine, Refund
from services.schema.shapes.feeds import Article, Known, Origin, PaidOrder
from services.schema.words import FactKind, OrderStatus, RefundKind, RefundStatus

ORDERS, REFUNDS = FactKind.ORDERS, FactKind.REFUNDS
NOTHING = Known({}, {}, {})
ORIGIN = Origin(
    "douyin:dy-1",
    "dy-1",
    {"A-1": Article(Decimal("30.50"), ("new", "hit")), "GIFT": Article(Decimal(3), ())},
    {"6800000000016": "e-016"},
)
CREATED, PAID = 1_793_462_399, 1_793_462_401
PAID_AT = datetime.fromtimestamp(PAID, UTC)
Row = dict[str, Any]


def order(**changes: object) -> Row:
    row: Row = {
        "order_id": "6496679971677798670",
        "order_status": 2,
        "create_time": CREATED,
        "pay_time": PAID,
        "ship_time": 0,
        "finish_time": 0,
        "update_time": PAID,
        "order_amount": 11000,
        "pay_amount": 9910,
        "post_amount": 1000,
        "promotion_amount": 1090,
        "promotion_pay_amount": 100,
        "doudian_open_id": "1@#abc",
        "sku_order_list": [line()],
    }
    return {**row, **changes}


def line(**changes: object) -> Row:
    row: Row = {
        "order_id": "6496679971677798671",
        "product_id_str": "360",
        "sku_id": 170,
        "out_sku_id": "A-1",
        "item_num": 2,
        "origin_amount": 5000,
        "pay_amount": 8910,
        "author_id": 6800000000016,
        "room_id_str": "9000001",
        "given_product_type": "",
    }
    return {**row, **changes}


def gift() -> Row:
    return line(
        order_id="6496679971677798699", out_sku_id="GIFT", item_num=1, pay_amount=0,
        author_id=0, room_id_str="0", given_product_type="FREE",
    )  # fmt: skip


def refund(**changes: object) -> Row:
    row: Row = {
        "aftersale_id": "71",
        "aftersale_status": 12,
        "aftersale_type": 0,
        "refund_status": 3,
        "refund_amount": 9810,
        "real_refund_amount": 2050,
        "apply_time": PAID + 100,
        "update_time": PAID + 900,
        "refund_time": PAID + 500,
        "shop_order_id": "6496679971677798670",
    }
    return {**row, **changes}


def read(row: Row, known: Known = NOTHING) -> Order:
    fact = read_fact(ORDERS, row, ORIGIN, known)
    assert isinstance(fact, Order)
    return fact


def read_refund(row: Row) -> Refund:
    fact = read_fact(REFUNDS, row, ORIGIN, NOTHING)
    assert isinstance(fact, Refund)
    return fact


def test_a_paid_order_is_read_whole_from_fen_and_what_the_buyer_paid() -> None:
    """What a way of payment takes off is in `pay_amount`, and the buyer did not pay it."""
    assert read(order()) == Order(
        source="douyin:dy-1",
        id="6496679971677798670",
        shop="dy-1",
        status=OrderStatus.PAID,
        modified_at=PAID_AT,
        created_at=datetime.fromtimestamp(CREATED, UTC),
        paid_at=PAID_AT,
        buyer="1@#abc",
        salesperson="e-016",
        channel="live",
        currency="CNY",
        paid_amount=Decimal("98.1"),
        discount_amount=Decimal("11.9"),
        cost_amount=Decimal(61),
        lines=(
            OrderLine(
                id="6496679971677798671",
                sku="A-1",
                quantity=2,
                amount=Decimal("88.1"),
                tags=("new", "hit"),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (105, OrderStatus.PAID),
        (2, OrderStatus.PAID),
        (101, OrderStatus.PAID),
        (3, OrderStatus.SHIPPED),
        (5, OrderStatus.COMPLETED),
        (4, OrderStatus.CANCELLED),
    ],
)
def test_each_state_is_one_of_ours(state: int, status: OrderStatus) -> None:
    found = read(order(order_status=state, ship_time=PAID + 50, finish_time=PAID + 90))
    assert found.status is status
    assert found.paid_at == PAID_AT
    # A part that was sent is not the order.
    assert (found.shipped_at is None) == (status is OrderStatus.PAID)
    assert (found.completed_at is None) == (status is not OrderStatus.COMPLETED)


def test_nought_is_never() -> None:
    for state, status in ((1, OrderStatus.UNPAID), (4, OrderStatus.CANCELLED)):
        found = read(order(order_status=state, pay_time=0))
        assert (found.status, found.paid_at, found.paid_amount) == (status, None, None)


def test_what_was_closed_after_it_was_paid_is_refunded_if_all_of_it_was() -> None:
    back = {"after_sale_info": {"refund_status": 3}}
    lines = [line(**back), line(order_id="2", **back), gift()]
    assert read(order(order_status=4, sku_order_list=lines)).status is OrderStatus.REFUNDED
    lines[1] = line(order_id="2")
    assert read(order(order_status=4, sku_order_list=lines)).status is OrderStatus.CANCELLED


def test_an_unknown_state_is_refused_with_its_place() -> None:
    with pytest.raises(Unfit) as caught:
        read(order(order_status=77))
    assert (caught.value.code, caught.value.pointer) == ("word_unknown", "/status")


@pytest.mark.parametrize("amount", ["9910", "99.10", Decimal("99.1"), -1, True])
def test_only_whole_fen_are_money(amount: object) -> None:
    with pytest.raises(Unfit, match="pay_amount"):
        read(order(pay_amount=amount))


def test_a_gift_costs_and_is_not_sold() -> None:
    found = read(order(sku_order_list=[line(), gift()]))
    assert [each.sku for each in found.lines] == ["A-1"]
    assert found.cost_amount == 61 + 3
    assert found.lines[0].amount == Decimal("88.1")


def test_lines_share_what_was_paid_by_what_each_was_to_cost() -> None:
    lines = [line(pay_amount=3000), line(order_id="2", pay_amount=6000, out_sku_id="0")]
    found = read(order(sku_order_list=lines))
    assert [each.amount for each in found.lines] == [Decimal("29.37"), Decimal("58.73")]
    assert [each.sku for each in found.lines] == ["A-1", "170"]


def test_a_stranger_who_presents_goods_is_nobodys_employee() -> None:
    found = read(order(sku_order_list=[line(author_id=7)]))
    assert (found.salesperson, found.channel) == (None, "live")
    video = line(author_id=0, room_id_str="0", video_id="v1")
    assert read(order(sku_order_list=[video])).channel == "video"
    assert read(order(sku_order_list=[line(room_id_str="0")])).channel is None


def test_what_was_learned_of_an_order_stays() -> None:
    paid = PaidOrder(Decimal("98.10"), Decimal("7.50"), None, {line()["order_id"]: ("core",)})
    found = read(order(pay_amount=0), Known({}, {order()["order_id"]: paid}, {}))
    assert (found.paid_amount, found.cost_amount) == (Decimal("98.1"), Decimal("7.5"))
    assert found.lines[0].tags == ("core",)


def test_a_refund_is_what_really_went_back_when_it_did() -> None:
    found = read_refund(refund())
    assert (found.amount, found.kind, found.order) == (
        Decimal("20.5"), RefundKind.RETURN, "6496679971677798670"
    )  # fmt: skip
    assert found.status is RefundStatus.SUCCEEDED
    assert found.refunded_at == datetime.fromtimestamp(PAID + 500, UTC)
    assert found.modified_at == datetime.fromtimestamp(PAID + 900, UTC)


def test_what_is_in_the_list_was_only_asked_for() -> None:
    listed = refund()
    del listed["real_refund_amount"]
    assert lacks_detail(REFUNDS, listed, NOTHING)
    assert not lacks_detail(REFUNDS, refund(), NOTHING)
    assert not lacks_detail(REFUNDS, {**listed, "refund_status": 1}, NOTHING)
    asked = read_refund({**listed, "refund_status": 1, "aftersale_status": 6})
    assert (asked.status, asked.amount) == (RefundStatus.REQUESTED, Decimal("98.1"))
    assert asked.refunded_at is None
    closed = read_refund({**listed, "refund_status": 1, "aftersale_status": 28})
    assert closed.status is RefundStatus.CLOSED


def test_goods_for_goods_are_done_when_they_are_exchanged() -> None:
    row = refund(aftersale_type=3, aftersale_status=14, refund_status=0, refund_amount=0)
    found = read_refund(row)
    assert (found.kind, found.status, found.amount) == (
        RefundKind.EXCHANGE, RefundStatus.SUCCEEDED, Decimal(0)
    )  # fmt: skip


def test_nothing_that_names_a_buyer_is_kept_and_what_is_can_be_read_again() -> None:
    seal = sealer(b"0" * 32, 1)
    row = {**order(), "mask_post_receiver": "收*人", "encrypt_post_tel": "13800138000"}
    kept = json.dumps(row_to_keep(row, ORIGIN, seal), ensure_ascii=False, default=str)
    for word in ("收", "13800138000", "1@#abc"):
        assert word not in kept
    again = read(json.loads(kept))
    assert again.buyer == "sealed:" + seal(ORIGIN.source, "1@#abc")
    assert read_refund(row_to_keep(refund(), ORIGIN, seal)) == read_refund(refund())
