"""TOP's rows become exactly the facts that they state, and every trap of them has its cure."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from services.ingest.core.fields import Unfit
from services.schema.shapes.facts import Order, OrderLine
from services.schema.shapes.feeds import Known, PaidOrder
from services.schema.words import OrderStatus
from tests.ingest.core.readers.trades import (
    Row,
    line,
    promotion,
    read,
    trade,
    two_lines,
)


def test_a_paid_trade_is_read_whole() -> None:
    assert read(trade()) == Order(
        source="tmall:tm-1",
        id="3007398770110000100",
        shop="tm-1",
        status=OrderStatus.PAID,
        modified_at=datetime(2026, 10, 31, 16, 0, 1, tzinfo=UTC),
        created_at=datetime(2026, 10, 31, 15, 59, 59, tzinfo=UTC),
        paid_at=datetime(2026, 10, 31, 16, 0, 1, tzinfo=UTC),
        buyer="AAH1",
        salesperson="e-1",
        currency="CNY",
        paid_amount=Decimal(98),
        discount_amount=Decimal(12),
        cost_amount=Decimal(61),
        lines=(
            OrderLine(
                id="3007398770110000100",
                sku="A-1",
                quantity=2,
                amount=Decimal(88),
                tags=("new", "hit"),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("TRADE_NO_CREATE_PAY", OrderStatus.UNPAID),
        ("WAIT_BUYER_PAY", OrderStatus.UNPAID),
        ("PAY_PENDING", OrderStatus.UNPAID),
        ("WAIT_PRE_AUTH_CONFIRM", OrderStatus.UNPAID),
        ("WAIT_SELLER_SEND_GOODS", OrderStatus.PAID),
        ("PAID_FORBID_CONSIGN", OrderStatus.PAID),
        ("SELLER_CONSIGNED_PART", OrderStatus.PAID),
        ("WAIT_BUYER_CONFIRM_GOODS", OrderStatus.SHIPPED),
        ("TRADE_BUYER_SIGNED", OrderStatus.COMPLETED),
        ("TRADE_FINISHED", OrderStatus.COMPLETED),
        ("TRADE_CLOSED", OrderStatus.REFUNDED),
        ("TRADE_CLOSED_BY_TAOBAO", OrderStatus.CANCELLED),
    ],
)
def test_every_state_has_its_word(word: str, status: OrderStatus) -> None:
    times = {"consign_time": "2026-11-02 08:00:00", "end_time": "2026-11-09 08:00:00"}
    assert read(trade(status=word, **times)).status is status


@pytest.mark.parametrize("word", ["", "TRADE_NEW_STATE", None, 5])
def test_an_unknown_state_is_refused(word: object) -> None:
    """S12: no silent default."""
    with pytest.raises(Unfit) as caught:
        read(trade(status=word))
    assert (caught.value.code, caught.value.pointer) == ("word_unknown", "/status")


def test_a_number_of_nineteen_digits_keeps_its_last() -> None:
    assert read(trade(tid=9223372036854775807)).id == "9223372036854775807"
    assert read(trade(tid="1234567890123456789012345")).id == "1234567890123456789012345"


def test_times_are_of_the_marketplaces_zone_and_each_stage_has_its_own() -> None:
    order = read(
        trade(
            status="TRADE_FINISHED",
            consign_time="2026-11-01 09:00:00",
            end_time="2026-11-08 00:00:00",
            modified="2026-11-08 00:00:00",
        )
    )
    assert order.shipped_at == datetime(2026, 11, 1, 1, tzinfo=UTC)
    assert order.completed_at == datetime(2026, 11, 7, 16, tzinfo=UTC)


def test_a_part_sent_is_not_shipped() -> None:
    order = read(trade(status="SELLER_CONSIGNED_PART", consign_time="2026-11-01 09:00:00"))
    assert (order.status, order.shipped_at) == (OrderStatus.PAID, None)


def test_what_the_buyer_signed_for_is_completed_at_its_last_change() -> None:
    order = read(trade(status="TRADE_BUYER_SIGNED", modified="2026-11-05 10:00:00"))
    assert order.completed_at == datetime(2026, 11, 5, 2, tzinfo=UTC)


def test_cash_on_delivery_is_unpaid_until_it_is_paid() -> None:
    sent = trade(type="cod", status="WAIT_BUYER_CONFIRM_GOODS", consign_time="2026-11-01 09:00:00")
    del sent["pay_time"]
    assert read(sent).status is OrderStatus.UNPAID
    assert read({**sent, "pay_time": "2026-11-03 09:00:00"}).status is OrderStatus.SHIPPED
    with pytest.raises(Unfit) as caught:
        read({**sent, "type": "fixed"})
    assert caught.value.pointer == "/paid_at"


def test_nothing_counts_of_what_is_not_paid() -> None:
    row = trade(status="WAIT_BUYER_PAY")
    row["orders"]["order"][0].pop("divide_order_fee")
    order = read(row)
    assert (order.paid_at, order.paid_amount, order.cost_amount) == (None, None, None)
    # One line's payment has the postage in it.
    assert order.lines[0].amount == Decimal(88)
    assert order.lines[0].tags == ()


def test_the_count_of_a_trade_of_several_lines_is_that_of_its_lines() -> None:
    order = read(two_lines())
    assert [item.quantity for item in order.lines] == [1, 3]
    assert [item.amount for item in order.lines] == [Decimal(54), Decimal(54)]
    assert order.paid_amount == Decimal(118)
    assert order.discount_amount == Decimal(12)
    assert order.cost_amount == Decimal("30.50") + 12


@pytest.mark.parametrize("make", [trade, two_lines])
def test_a_line_without_a_share_takes_its_payment_without_postage_and_discount(
    make: Callable[[], Row],
) -> None:
    row = make()
    shares = [item.amount for item in read(row).lines]
    for each in row["orders"]["order"]:
        del each["divide_order_fee"]
    assert [item.amount for item in read(row).lines] == shares


@pytest.mark.parametrize("word", ["SUCCESS", "WAIT_SELLER_AGREE", "CLOSED", "SELLER_REFUSE_BUYER"])
def test_a_payment_that_shrank_by_a_refund_before_it_was_seen_is_made_up_for(word: str) -> None:
    """A line tells of its last refund alone: behind one that is wanted another may have been."""
    row = trade(payment="10.00")
    row["orders"]["order"][0].update(refund_status=word, payment="10.00")
    assert read(row).paid_amount == Decimal(98)
    assert read({**row, "payment": "98.00"}).paid_amount == Decimal(98)


def test_a_payment_of_a_trade_without_refunds_stands() -> None:
    row = trade(payment="97.50")
    row["orders"]["order"][0].update(refund_status="NO_REFUND", payment="97.50")
    assert read(row).paid_amount == Decimal("97.50")


def test_what_was_learned_when_it_was_first_seen_paid_stays() -> None:
    """The payment, the cost of that day, the tags of that day, the promotion."""
    paid = PaidOrder(
        Decimal("98.00"), Decimal("55.00"), "mjs-1", {"3007398770110000100": ("core",)}
    )
    known = Known({}, {"3007398770110000100": paid}, {})
    row = trade(payment="0.00", status="TRADE_CLOSED", end_time="2026-11-03 00:00:00")
    order = read(row, known)
    assert order.paid_amount == Decimal(98)
    assert order.cost_amount == Decimal(55)
    assert order.campaign == "mjs-1"
    assert order.lines[0].tags == ("core",)
    assert order.discount_amount == Decimal(12)


@pytest.mark.parametrize(
    ("promotions", "campaign"),
    [
        ([], None),
        ([promotion("mjs-94359682_454327123", "12.00")], "mjs-94359682"),
        ([promotion("a-1_1", "3.00"), promotion("b-2_7", "9.00")], "b-2"),
        ([promotion("a-1_1", "9.00"), promotion("b-2_7", "9.00")], "a-1"),
        ([promotion("gift-1_1", "0.00")], None),
        ([promotion(None, "9.00")], None),
    ],
)
def test_the_promotion_that_took_most_off_is_the_campaign(
    promotions: list[Row], campaign: str | None
) -> None:
    row = trade(promotion_details={"promotion_detail": promotions})
    assert read(row).campaign == campaign
    assert read(trade(promotion_details={})).campaign is None


def test_an_article_without_a_known_cost_costs_nothing_and_has_no_tags() -> None:
    order = read(trade(orders={"order": [line(outer_sku_id="Z-9")]}))
    assert order.cost_amount == 0
    assert order.lines[0].tags == ()


@pytest.mark.parametrize(
    ("names", "sku"),
    [
        ({"outer_sku_id": "S", "outer_iid": "I"}, "S"),
        ({"outer_sku_id": "", "outer_iid": "I"}, "I"),
        ({"outer_sku_id": None, "sku_id": "77", "num_iid": 5}, "77"),
        ({"outer_sku_id": None, "num_iid": 600000001001}, "600000001001"),
    ],
)
def test_the_sellers_own_number_of_an_article_comes_first(names: Row, sku: str) -> None:
    assert read(trade(orders={"order": [line(**names)]})).lines[0].sku == sku


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"tid": None}, "/id"),
        ({"tid": 1.5}, ""),
        ({"tid": True}, ""),
        ({"tid": "x" * 129}, "/id"),
        ({"modified": None}, "/modified_at"),
        ({"modified": "2026-13-01 00:00:00"}, "/modified_at"),
        ({"modified": "2026-11-01"}, "/modified_at"),
        ({"modified": "0000-00-00 00:00:00"}, "/modified_at"),
        ({"pay_time": None}, "/paid_at"),
        ({"pay_time": "yesterday"}, "/paid_at"),
        ({"payment": None}, "/paid_amount"),
        ({"payment": "-1.00"}, "/paid_amount"),
        ({"payment": "1e3"}, "/paid_amount"),
        ({"payment": "1.00001"}, "/paid_amount"),
        ({"payment": "１２.00"}, "/paid_amount"),
        ({"payment": "123456789012345.00"}, "/paid_amount"),
        ({"payment": True}, "/paid_amount"),
        ({"o2o_guide_id": "林 深"}, "/salesperson"),
        ({"orders": None}, "/lines"),
        ({"orders": {}}, "/lines"),
        ({"orders": {"order": []}}, "/lines"),
        ({"orders": {"order": [7]}}, "/lines"),
        ({"orders": {"order": [line(num=None)]}}, "/lines"),
        ({"orders": {"order": [line(num=-1)]}}, "/lines"),
        ({"orders": {"order": [line(price="free")]}}, "/lines"),
        ({"orders": {"order": [line(divide_order_fee="-5")]}}, "/lines"),
        ({"orders": {"order": [line(oid=None)]}}, "/lines/0/id"),
        ({"buyer_open_uid": "a\0b"}, "/buyer"),
    ],
)
def test_a_row_that_cannot_be_read_says_where(changes: Row, pointer: str) -> None:
    """S11, S12: exact or refused."""
    with pytest.raises(Unfit) as caught:
        read(trade(**changes))
    assert caught.value.pointer == pointer
