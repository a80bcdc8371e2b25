"""JD's rows become exactly the facts that they state, and every trap of them has its cure."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from services.ingest.core.buyers import sealer
from services.ingest.core.fields import Unfit
from services.ingest.core.readers.jd import number_of, read_fact, row_to_keep
from services.schema.shapes.facts import Order, OrderLine, Refund
from services.schema.shapes.feeds import Article, Known, Origin, PaidOrder
from services.schema.words import FactKind, OrderStatus, RefundKind, RefundStatus

ORDERS, REFUNDS = FactKind.ORDERS, FactKind.REFUNDS
NOTHING = Known({}, {}, {})
ORIGIN = Origin(
    "jd:jd-1",
    "jd-1",
    {"A-1": Article(Decimal("30.50"), ("new", "hit"))},
    {"shop_ann": "e-1"},
)
NEVER = "0001-01-01 00:00:00"
PAID = datetime(2026, 10, 31, 16, 0, 1, tzinfo=UTC)
Row = dict[str, Any]


def order(**changes: object) -> Row:
    row: Row = {
        "orderId": "345678901234",
        "orderState": "WAIT_SELLER_STOCK_OUT",
        "orderStartTime": "2026-10-31 23:59:59",
        "paymentConfirmTime": "2026-11-01 00:00:01",
        "orderEndTime": NEVER,
        "modified": "2026-11-01 00:00:01",
        "actualPay": "98.10",
        "orderPayment": "0.00",
        "orderTotalPrice": "100.00",
        "freightPrice": "10.00",
        "couponDetailList": [],
        "open_id_buyer": "OPEN1",
        "salesPin": "shop_ann",
        "itemInfoList": [line()],
    }
    return {**row, **changes}


def line(**changes: object) -> Row:
    row: Row = {
        "skuId": "900",
        "wareId": "893",
        "outerSkuId": "A-1",
        "itemTotal": "2",
        "jdPrice": "50.00",
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


def test_a_paid_order_is_read_whole() -> None:
    assert read(order()) == Order(
        source="jd:jd-1",
        id="345678901234",
        shop="jd-1",
        status=OrderStatus.PAID,
        modified_at=PAID,
        created_at=datetime(2026, 10, 31, 15, 59, 59, tzinfo=UTC),
        paid_at=PAID,
        buyer="OPEN1",
        salesperson="e-1",
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
    ("word", "paid", "unpaid"),
    [
        ("NOT_PAY", OrderStatus.UNPAID, OrderStatus.UNPAID),
        ("WAIT_SELLER_STOCK_OUT", OrderStatus.PAID, OrderStatus.UNPAID),
        ("WAIT_SELLER_DELIVERY", OrderStatus.PAID, OrderStatus.UNPAID),
        ("PAUSE", OrderStatus.PAID, OrderStatus.UNPAID),
        ("POP_ORDER_PAUSE", OrderStatus.PAID, OrderStatus.UNPAID),
        ("LOCKED", OrderStatus.PAID, OrderStatus.UNPAID),
        ("WAIT_GOODS_RECEIVE_CONFIRM", OrderStatus.SHIPPED, OrderStatus.UNPAID),
        ("FINISHED_L", OrderStatus.COMPLETED, OrderStatus.COMPLETED),
        ("TRADE_CANCELED", OrderStatus.CANCELLED, OrderStatus.CANCELLED),
        ("DengDaiChuKu", OrderStatus.PAID, OrderStatus.UNPAID),
        ("DengDaiFaHuo", OrderStatus.PAID, OrderStatus.UNPAID),
        ("ZanTing", OrderStatus.PAID, OrderStatus.UNPAID),
        ("DengDaiQueRenShouHuo", OrderStatus.SHIPPED, OrderStatus.UNPAID),
        ("PeiSongTuiHuo", OrderStatus.SHIPPED, OrderStatus.UNPAID),
        ("WanCheng", OrderStatus.COMPLETED, OrderStatus.COMPLETED),
    ],
)
def test_each_state_is_one_of_ours_in_either_language_and_the_year_one_is_unpaid(
    word: str, paid: OrderStatus, unpaid: OrderStatus
) -> None:
    found = read(order(orderState=word))
    assert found.status is paid
    assert found.paid_at == (None if word == "NOT_PAY" else PAID)
    door = read(order(orderState=word, paymentConfirmTime=NEVER, modified="2026-11-03 08:00:00"))
    assert door.status is unpaid
    # Who pays at the door has paid when the order is done.
    done = datetime(2026, 11, 3, tzinfo=UTC)
    assert door.paid_at == (done if unpaid is OrderStatus.COMPLETED else None)


def test_an_unknown_state_is_refused_with_its_place() -> None:
    with pytest.raises(Unfit) as caught:
        read(order(orderState="JIU_JIU"))
    assert (caught.value.code, caught.value.pointer) == ("word_unknown", "/status")


def test_an_order_given_up_after_it_was_paid_was_a_sale_all_the_same() -> None:
    found = read(order(orderState="TRADE_CANCELED"))
    assert (found.status, found.paid_at, found.paid_amount) == (
        OrderStatus.CANCELLED, PAID, Decimal("98.1")
    )  # fmt: skip


def test_when_it_was_sent_is_when_it_was_first_seen_sent() -> None:
    row = order(orderState="WAIT_GOODS_RECEIVE_CONFIRM", modified="2026-11-02 09:00:00")
    sent = read(row).shipped_at
    assert sent == datetime(2026, 11, 2, 1, tzinfo=UTC)
    paid = PaidOrder(Decimal("98.10"), Decimal("7.50"), None, {"900-1": ("core",)}, sent)
    known = Known({}, {row["orderId"]: paid}, {})
    done = read(order(orderState="FINISHED_L", orderEndTime="2026-11-09 08:00:00"), known)
    assert (done.shipped_at, done.completed_at) == (sent, datetime(2026, 11, 9, tzinfo=UTC))
    # What was learned when it was paid stays.
    assert (done.cost_amount, done.lines[0].tags) == (Decimal("7.5"), ("core",))
    # Of one that was never seen sent nobody knows.
    assert (
        read(order(orderState="FINISHED_L", orderEndTime="2026-11-09 08:00:00")).shipped_at is None
    )


def test_the_payment_that_was_kept_up_until_october_2024_is_not_read() -> None:
    assert read(order(orderPayment="77.00")).paid_amount == Decimal("98.1")


def test_a_name_that_no_seller_explains_is_nobody() -> None:
    assert read(order(salesPin="jd_stranger")).salesperson is None
    assert read(order(salesPin="买家的名字")).salesperson is None
    assert read(order(salesPin="")).salesperson is None


@pytest.mark.parametrize("name", ["open_id_buyer", "xid_buyer", "pin"])
def test_a_buyer_is_known_by_whichever_name_comes(name: str) -> None:
    row = order()
    del row["open_id_buyer"]
    row[name] = "who"
    assert read(row).buyer == "who"


def test_lines_share_what_was_paid_after_their_own_coupons() -> None:
    coupons = [
        {"skuId": "900", "couponPrice": "20.00"},
        {"skuId": "901", "couponPrice": "0.00"},
    ]
    lines = [line(), line(skuId="901", outerSkuId="", jdPrice="80.00", itemTotal=1)]
    found = read(order(itemInfoList=lines, couponDetailList=coupons, actualPay="130.01"))
    # Goods for 120.01, by 80 and 80.
    assert [each.amount for each in found.lines] == [Decimal("60.01"), Decimal(60)]
    assert [each.sku for each in found.lines] == ["A-1", "901"]
    assert found.discount_amount == Decimal("59.99")


def cancelled(**changes: object) -> Row:
    row: Row = {
        "list": "jingdong.pop.afs.soa.refundapply.queryPageList",
        "number": "cancel-42",
        "id": 42,
        "orderId": "345678901234",
        "applyTime": "2026-11-03 10:00:00",
        "checkTime": "2026-11-03 12:00:00",
        "modified": "2026-11-03 12:00:00",
        "applyRefundSum": "98.10",
        "status": 3,
    }
    return {**row, **changes}


def returned(**changes: object) -> Row:
    row: Row = {
        "list": "jingdong.asc.serviceAndRefund.view",
        "number": "return-43",
        "afsRefundId": "43",
        "serviceId": 7,
        "orderId": "345678901234",
        "applyTime": "2026-11-03 10:00:00",
        "approveTime": "2026-11-04 10:00:00",
        "completeTime": "2026-11-05 10:00:00",
        "modified": "2026-11-05 10:00:00",
        "refoundAmount": "2050.00",
        "actualRefundAmount": "20.50",
        "customerExpect": 10,
        "status": 13,
    }
    return {**row, **changes}


@pytest.mark.parametrize(
    ("state", "status"),
    [
        *((state, RefundStatus.SUCCEEDED) for state in (1, 3, 5, 9)),
        *((state, RefundStatus.CLOSED) for state in (2, 4, 8, 11)),
        (0, RefundStatus.REQUESTED),
    ],
)
def test_what_was_given_up_before_it_was_sent_goes_back_when_it_was_checked(
    state: int, status: RefundStatus
) -> None:
    found = read_refund(cancelled(status=state))
    assert (found.id, found.kind, found.status) == ("cancel-42", RefundKind.REFUND, status)
    assert found.amount == Decimal("98.1")
    checked = datetime(2026, 11, 3, 4, tzinfo=UTC)
    assert found.refunded_at == (checked if status is RefundStatus.SUCCEEDED else None)


def test_what_came_back_counts_by_the_end_of_its_refund_and_its_amount_in_yuan() -> None:
    found = read_refund(returned())
    assert (found.amount, found.kind) == (Decimal("20.5"), RefundKind.RETURN)
    assert found.refunded_at == datetime(2026, 11, 5, 2, tzinfo=UTC)
    known = Known({}, {}, {"return-43": PAID})
    assert read_refund(returned(), known).refunded_at == PAID
    row = returned(status=10, completeTime=None)
    del row["actualRefundAmount"]
    assert read_refund(row).status is RefundStatus.REQUESTED
    assert read_refund(returned(status=14)).status is RefundStatus.CLOSED
    assert read_refund(returned(customerExpect=20)).kind is RefundKind.EXCHANGE
    assert read_refund(returned(customerExpect=None)).kind is RefundKind.REFUND


def test_the_two_lists_never_name_a_refund_alike() -> None:
    assert number_of(REFUNDS, cancelled()) != number_of(REFUNDS, returned(number="return-42"))


def test_nothing_that_names_a_buyer_is_kept_and_what_is_can_be_read_again() -> None:
    seal = sealer(b"0" * 32, 1)
    row = {**order(), "pin": "买家的名字", "consigneeInfo": {"mobile": "13800138000"}}
    kept = json.dumps(row_to_keep(row, ORIGIN, seal), ensure_ascii=False, default=str)
    for word in ("买家的名字", "13800138000", "OPEN1"):
        assert word not in kept
    again = read(json.loads(kept))
    assert again.buyer == "sealed:" + seal(ORIGIN.source, "OPEN1")
    assert again.salesperson == "e-1"
    assert read_refund(row_to_keep(returned(), ORIGIN, seal)) == read_refund(returned())
