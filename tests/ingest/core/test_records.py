"""A record holds a fact as it is stored: exact, on its local days, known again by its content."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.ingest.core.facts import check_row
from services.ingest.core.fields import Unfit
from services.ingest.core.records import COLUMNS, Place, record_of
from services.schema.shapes.facts import Fact, Order, Rating
from services.schema.words import FactKind
from tests.ingest import rows

SHANGHAI = Place(ZoneInfo("Asia/Shanghai"), "CNY")
NEW_YORK = Place(ZoneInfo("America/New_York"), "USD")


def seal(source: str, buyer: str) -> str:
    return f"{source}~{buyer}"


def columns(kind: FactKind, fact: Fact, place: Place = SHANGHAI) -> dict[str, str]:
    """The record's columns as COPY reads them."""
    cells = record_of(kind, fact, place, seal).line.split("\t")
    return dict(zip(COLUMNS[kind], cells, strict=True))


def made(kind: FactKind, **changes: Any) -> dict[str, str]:
    return columns(kind, check_row(kind, rows.full(kind, **changes)))


def content(kind: FactKind, **changes: Any) -> str:
    return made(kind, **changes)["content"]


def test_an_order_with_the_sums_of_its_lines_and_its_local_days() -> None:
    order = made(FactKind.ORDERS)
    assert order.pop("content").startswith("\\\\x")
    assert order == {
        "source": "erp",
        "id": "SO-1",
        "modified_at": "2026-11-05T02:00:00+00:00",
        "shop": "s-1",
        "status": "completed",
        "created_at": "2026-10-31T15:50:00+00:00",
        "paid_at": "2026-10-31T16:10:00+00:00",
        "shipped_at": "2026-11-01T04:10:00+00:00",
        "completed_at": "2026-11-05T02:00:00+00:00",
        "buyer": "erp~b-1",
        "salesperson": "e-1",
        "channel": "search",
        "campaign": "double-11",
        "payment_method": "alipay",
        "paid_amount": "128",
        "discount_amount": "12",
        "cost_amount": "70",
        "exclusion": "\\N",
        "lines": '[{"id":"1","sku":"A","quantity":2,"amount":"100","tags":["hit","new"]},'
        '{"id":"2","sku":"B","quantity":1,"amount":"28","tags":["profit","x"]}]',
        "currency": "CNY",
        "created_on": "2026-10-31",
        "paid_on": "2026-11-01",
        "shipped_on": "2026-11-01",
        "completed_on": "2026-11-05",
        "units_sold": "3",
        "skus": "2",
        "new_amount": "100",
        "profit_amount": "28",
        "hit_amount": "100",
        "core_amount": "0",
        "member_amount": "0",
        "vip_amount": "0",
        "partner_amount": "0",
        "group_buy_amount": "0",
        "exclusive_amount": "0",
    }


def test_the_shops_zone_says_the_day() -> None:
    order = check_row(FactKind.ORDERS, rows.full(FactKind.ORDERS))
    assert columns(FactKind.ORDERS, order)["paid_on"] == "2026-11-01"
    assert columns(FactKind.ORDERS, order, NEW_YORK)["paid_on"] == "2026-10-31"


def test_a_millisecond_around_midnight() -> None:
    before, after = "2026-10-31T15:59:59.999Z", "2026-10-31T16:00:00.000Z"
    assert made(FactKind.ORDERS, paid_at=before)["paid_on"] == "2026-10-31"
    assert made(FactKind.ORDERS, paid_at=after)["paid_on"] == "2026-11-01"


@pytest.mark.parametrize(
    ("changes", "day"),
    [
        ({"created_at": "2026-10-30T10:00:00Z"}, "2026-10-30"),
        ({"created_at": None}, "2026-11-01"),
        (
            {"created_at": None, "paid_at": None, "paid_amount": None, "status": "cancelled"},
            "2026-11-05",
        ),
    ],
)
def test_an_order_is_placed_when_it_was_made_or_paid_or_last_heard_of(
    changes: dict[str, Any], day: str
) -> None:
    assert made(FactKind.ORDERS, **changes)["created_on"] == day


def test_the_currency_is_the_shops_unless_stated() -> None:
    assert made(FactKind.ORDERS, currency=None)["currency"] == "CNY"
    assert made(FactKind.ORDERS, currency="EUR")["currency"] == "EUR"


@pytest.mark.parametrize(
    "same",
    [
        {"paid_amount": 128},
        {"paid_amount": Decimal("128.0")},
        {"paid_amount": "0128.0000"},
        {"paid_at": "2026-10-31T16:10:00Z"},
        {"paid_at": "2026-10-31T16:10:00.000000Z"},
        {"currency": None},
        {"modified_at": "2027-01-01T00:00:00Z"},
    ],
)
def test_content_is_the_same_however_it_is_spelt(same: dict[str, Any]) -> None:
    assert content(FactKind.ORDERS, **same) == content(FactKind.ORDERS)


@pytest.mark.parametrize(
    "other",
    [
        {"paid_amount": "128.0001"},
        {"paid_at": "2026-10-31T16:10:00.000001Z"},
        {"buyer": "b-2"},
        {"buyer": None},
        {"channel": None},
        {"lines": None},
        {"exclusion": "test"},
        {"currency": "EUR"},
        {"campaign": "search", "channel": "double-11"},
    ],
)
def test_other_content_is_told_apart(other: dict[str, Any]) -> None:
    assert content(FactKind.ORDERS, **other) != content(FactKind.ORDERS)


def test_the_order_of_tags_and_of_fields_says_nothing() -> None:
    line = {"id": "1", "sku": "A", "quantity": 2, "amount": "1", "tags": ["a", "b", "a"]}
    other = {"tags": ["b", "a"], "amount": "1.0", "quantity": 2, "sku": "A", "id": "1"}
    assert content(FactKind.ORDERS, lines=[line]) == content(FactKind.ORDERS, lines=[other])


def test_a_refund_waits_for_its_orders_people() -> None:
    refund = made(FactKind.REFUNDS)
    assert (refund["order_id"], refund["amount"], refund["kind"]) == ("SO-1", "28", "return")
    assert (refund["refunded_on"], refund["requested_on"]) == ("2026-11-07", "2026-11-06")
    assert (refund["salesperson"], refund["channel"], refund["campaign"]) == ("", "", "")
    assert refund["counts"] == "t"


def test_daily_facts_are_known_by_day_and_dimensions() -> None:
    traffic = made(FactKind.TRAFFIC, campaign=None, visitors=None, ad_cost="35.20")
    assert (traffic["day"], traffic["channel"], traffic["campaign"]) == ("2026-10-31", "search", "")
    assert (traffic["visitors"], traffic["ad_cost"]) == ("\\N", "35.2")
    measure = made(FactKind.MEASURES)
    assert (measure["measure"], measure["shop"], measure["unit"]) == ("registrations", "s-1", "")
    assert measure["amount"] == "12"


def test_texts_survive_copys_own_signs() -> None:
    rating = made(FactKind.RATINGS, comment="a\\b\tc\nd\re", order="\\N")
    assert rating["comment"] == "a\\\\b\\tc\\nd\\re"
    assert rating["order_id"] == "\\\\N"
    line = {"id": '"', "sku": "\\", "quantity": 0, "amount": "-0", "tags": []}
    assert made(FactKind.ORDERS, lines=[line])["lines"] == (
        '[{"id":"\\\\"","sku":"\\\\\\\\","quantity":0,"amount":"0","tags":[]}]'
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"id": "a\0b"}, "text_invalid"),
        ({"comment": "\ud800"}, "text_invalid"),
        ({"score": Decimal("1.00001")}, "too_many_decimals"),
        ({"score": Decimal("1E-9")}, "too_many_decimals"),
        ({"score": Decimal(123456789012345)}, "amount_too_large"),
        ({"score": Decimal("1E+20")}, "amount_too_large"),
    ],
)
def test_what_a_connector_read_is_refused_if_it_cannot_be_kept(
    change: dict[str, Any], code: str
) -> None:
    rating = check_row(FactKind.RATINGS, rows.full(FactKind.RATINGS))
    assert isinstance(rating, Rating)
    with pytest.raises(Unfit) as unfit:
        columns(FactKind.RATINGS, replace(rating, **change))
    assert unfit.value.code == code


def test_amounts_of_connectors_are_written_plainly() -> None:
    order = check_row(FactKind.ORDERS, rows.full(FactKind.ORDERS))
    assert isinstance(order, Order)
    for amount, written in (("1E+3", "1000"), ("-0", "0"), ("0E-9", "0"), ("1.2300", "1.23")):
        changed = replace(order, discount_amount=Decimal(amount))
        assert columns(FactKind.ORDERS, changed)["discount_amount"] == written


def test_names_of_a_record() -> None:
    fact = check_row(FactKind.TRAFFIC, rows.full(FactKind.TRAFFIC))
    record = record_of(FactKind.TRAFFIC, fact, SHANGHAI, seal)
    assert (record.source, record.shop, record.day) == ("erp", "s-1", "2026-10-31")
    assert record.known_by == "s-1/2026-10-31/search/double-11"
    unpaid = {"status": "unpaid", "paid_at": None, "shipped_at": None, "completed_at": None}
    order = check_row(FactKind.ORDERS, rows.full(FactKind.ORDERS, **unpaid))
    assert record_of(FactKind.ORDERS, order, SHANGHAI, seal).day == "2026-10-31"


def test_days_across_a_change_of_the_clock() -> None:
    fact = check_row(FactKind.ORDERS, rows.full(FactKind.ORDERS))
    assert isinstance(fact, Order)
    assert fact.paid_at is not None
    # In New York the clock went back on the first of November 2026, at two.
    start = fact.paid_at.replace(day=1, hour=12)
    days = [
        columns(FactKind.ORDERS, replace(fact, paid_at=start + timedelta(hours=hour)), NEW_YORK)[
            "paid_on"
        ]
        for hour in range(26)
    ]
    assert days.count("2026-11-01") == 25
