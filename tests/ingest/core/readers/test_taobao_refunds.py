"""Refunds, ratings, what has to be asked for alone, and what is kept of a row."""

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.fields import Unfit
from services.ingest.core.readers.taobao import (
    lacks_detail,
    number_of,
    read_fact,
    row_to_keep,
)
from services.schema.shapes.facts import Rating, Refund
from services.schema.shapes.feeds import Known, PaidOrder
from services.schema.words import RefundKind, RefundStatus
from tests.ingest.core.readers.trades import (
    NOTHING,
    ORDERS,
    ORIGIN,
    RATINGS,
    REFUNDS,
    Row,
    line,
    promotion,
    read,
    read_refund,
    refund,
    trade,
    two_lines,
)


def test_a_refund_that_succeeded_is_read_whole() -> None:
    assert read_refund(refund()) == Refund(
        source="tmall:tm-1",
        id="30073987701100001001",
        shop="tm-1",
        status=RefundStatus.SUCCEEDED,
        order="3007398770110000100",
        kind=RefundKind.REFUND,
        amount=Decimal("20.50"),
        requested_at=datetime(2026, 11, 3, 2, tzinfo=UTC),
        refunded_at=datetime(2026, 11, 5, 2, tzinfo=UTC),
        modified_at=datetime(2026, 11, 5, 2, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("WAIT_SELLER_AGREE", RefundStatus.REQUESTED),
        ("WAIT_BUYER_RETURN_GOODS", RefundStatus.REQUESTED),
        ("WAIT_SELLER_CONFIRM_GOODS", RefundStatus.REQUESTED),
        ("SELLER_REFUSE_BUYER", RefundStatus.REQUESTED),
        ("CLOSED", RefundStatus.CLOSED),
        ("SUCCESS", RefundStatus.SUCCEEDED),
    ],
)
def test_only_success_is_a_refund(word: str, status: RefundStatus) -> None:
    read_one = read_refund(refund(status=word))
    assert read_one.status is status
    assert (read_one.refunded_at is not None) == (status is RefundStatus.SUCCEEDED)


def test_a_success_without_its_end_is_refused_unless_the_end_is_known() -> None:
    row = refund(end_time=None)
    with pytest.raises(Unfit) as caught:
        read_refund(row)
    assert (caught.value.code, caught.value.pointer) == ("missing", "/refunded_at")
    ended = datetime(2026, 11, 5, 2, tzinfo=UTC)
    known = Known({}, {}, {"30073987701100001001": ended})
    assert read_refund(row, known).refunded_at == ended


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, RefundKind.REFUND),
        ({"has_good_return": True}, RefundKind.RETURN),
        ({"has_good_return": "true"}, RefundKind.RETURN),
        ({"has_good_return": "false"}, RefundKind.REFUND),
        ({"dispute_type": "REFUND_AND_RETURN"}, RefundKind.RETURN),
        ({"dispute_type": "TMALL_EXCHANGE"}, RefundKind.EXCHANGE),
        ({"dispute_type": None}, RefundKind.REFUND),
    ],
)
def test_money_goods_and_goods_for_goods_are_told_apart(changes: Row, kind: RefundKind) -> None:
    assert read_refund(refund(**changes)).kind is kind


def test_an_unknown_state_of_a_refund_is_refused() -> None:
    with pytest.raises(Unfit) as caught:
        read_refund(refund(status="MAYBE"))
    assert caught.value.code == "word_unknown"


@pytest.mark.parametrize(("word", "score"), [("good", 5), ("neutral", 3), ("bad", 1)])
def test_a_rating_has_a_score_of_five_and_no_words(word: str, score: int) -> None:
    row = {"oid": 12, "tid": 11, "result": word, "created": "2026-11-09 08:00:00",
           "content": "call 13800138000"}  # fmt: skip
    assert read_fact(RATINGS, row, ORIGIN, NOTHING) == Rating(
        source="tmall:tm-1",
        id="12",
        shop="tm-1",
        score=Decimal(score),
        rated_at=datetime(2026, 11, 9, tzinfo=UTC),
        modified_at=datetime(2026, 11, 9, tzinfo=UTC),
        order="11",
    )


def test_an_unknown_rating_is_refused() -> None:
    row = {"oid": 12, "tid": 11, "result": "superb", "created": "2026-11-09 08:00:00"}
    with pytest.raises(Unfit):
        read_fact(RATINGS, row, ORIGIN, NOTHING)


def test_only_what_is_not_known_is_asked_for_alone() -> None:
    paid = PaidOrder(Decimal(1), Decimal(0), None, {})
    known = Known({}, {"3007398770110000100": paid}, {"9": datetime(2026, 11, 1, tzinfo=UTC)})
    assert lacks_detail(ORDERS, trade(), NOTHING)
    assert not lacks_detail(ORDERS, trade(), known)
    assert not lacks_detail(ORDERS, trade(discount_fee="0.00"), NOTHING)
    assert not lacks_detail(ORDERS, trade(discount_fee=None), NOTHING)
    assert not lacks_detail(ORDERS, trade(status="WAIT_BUYER_PAY"), NOTHING)
    assert lacks_detail(REFUNDS, refund(), NOTHING)
    assert not lacks_detail(REFUNDS, refund(refund_id="9"), known)
    assert not lacks_detail(REFUNDS, refund(status="CLOSED"), NOTHING)
    assert not lacks_detail(RATINGS, {}, NOTHING)


def test_a_number_is_told_where_there_is_one() -> None:
    assert number_of(ORDERS, trade()) == "3007398770110000100"
    assert number_of(REFUNDS, refund()) == "30073987701100001001"
    assert number_of(RATINGS, {"oid": 5}) == "5"
    assert number_of(ORDERS, {}) == ""
    assert number_of(ORDERS, {"tid": [1]}) == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.decimals(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["order", "oid", "num", "promotion_detail"]), inner)
    ),
    max_leaves=5,
)


@given(data=st.data())
def test_whatever_stands_in_a_row_it_is_read_or_refused(data: st.DataObject) -> None:
    """H02: nothing else than Unfit comes out of a reader."""
    kind, row = data.draw(st.sampled_from([(ORDERS, trade()), (ORDERS, two_lines()),
                                           (REFUNDS, refund())]))  # fmt: skip
    changed = {**row, "promotion_details": {"promotion_detail": [promotion("a-1_1", "1.00")]}}
    for name in data.draw(st.lists(st.sampled_from(sorted(changed)), max_size=3)):
        changed[name] = data.draw(JSON)
    first = (changed.get("orders") or {}).get("order") if kind is ORDERS and isinstance(
        changed.get("orders"), dict) else None  # fmt: skip
    if isinstance(first, list) and first and isinstance(first[0], dict):
        first[0][data.draw(st.sampled_from(sorted(line())))] = data.draw(JSON)
    lacks_detail(kind, changed, NOTHING)
    row_to_keep(changed, ORIGIN, lambda _source, _buyer: "h" * 22)
    with suppress(Unfit):
        assert read_fact(kind, changed, ORIGIN, NOTHING).source == "tmall:tm-1"


def test_nothing_kept_of_a_row_names_a_buyer() -> None:
    """X05: whatever comes, only what is used is kept, and the buyer as a hash."""
    row = trade(
        buyer_nick="张三",
        receiver_name="张三",
        receiver_mobile="13800138000",
        receiver_address="湖滨路 1 号",
        buyer_message="请早点发货",
        surprise={"phone": "13800138000"},
        promotion_details={"promotion_detail": [{**promotion("a_1", "1.00"), "buyer": "张三"}]},
    )
    row["orders"]["order"][0]["buyer_nick"] = "张三"
    kept = row_to_keep(row, ORIGIN, lambda source, buyer: f"hash of {source} {buyer}"[:22])
    assert kept["buyer_open_uid"] == "sealed:hash of tmall:tm-1 AAH"
    text = repr(kept)
    for canary in ("张三", "13800138000", "湖滨", "发货", "AAH1"):
        assert canary not in text
    assert {"buyer_nick", "receiver_mobile", "surprise"} <= set(kept["withheld"])
    # And it can be read again as it was.
    assert kept["orders"]["order"] == [{**line(), "withheld": ["buyer_nick"]}]
    assert read(kept).paid_amount == Decimal(98)
