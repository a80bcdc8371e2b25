"""A row is a fact when what it says has happened is stated, and nothing in it contradicts."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from services.ingest.core.facts import FIELDS, REQUIRED, check_row, key_of, row_schema
from services.ingest.core.fields import Unfit
from services.schema.shapes.facts import SHAPE_OF, Chat, ChatTotals, Order, OrderLine, Refund
from services.schema.words import FactKind, OrderStatus, RefundKind
from tests.ingest import rows

AT = "2026-10-31T16:30:00+08:00"
KINDS = tuple(FactKind)


def refusal(kind: FactKind, row: object) -> tuple[str, str]:
    with pytest.raises(Unfit) as unfit:
        check_row(kind, row)
    return unfit.value.code, unfit.value.pointer


@pytest.mark.parametrize("kind", KINDS)
def test_the_rows_of_the_contract_are_facts(kind: FactKind) -> None:
    fact = check_row(kind, rows.full(kind))
    assert type(fact) is SHAPE_OF[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_the_shape_can_be_posted(kind: FactKind) -> None:
    assert set(FIELDS[kind]) == set(SHAPE_OF[kind].__dataclass_fields__)


@pytest.mark.parametrize("kind", KINDS)
def test_each_required_field_is_required(kind: FactKind) -> None:
    for name in REQUIRED[kind]:
        for row in (rows.full(kind) | {name: None}, rows.full(kind)):
            if row[name] is not None:
                del row[name]
            assert refusal(kind, row) == ("missing", f"/{name}")


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_fields_are_refused_also_when_null(kind: FactKind) -> None:
    assert refusal(kind, rows.full(kind) | {"colour": None}) == ("unknown_field", "/colour")


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_one_field_too_many_are_refused_by_the_contract_too(kind: FactKind) -> None:
    schema = row_schema(kind)
    beside = {"events"} if kind is FactKind.CHATS else set()
    assert set(schema["properties"]) == set(FIELDS[kind]) | beside
    assert schema["required"] == list(REQUIRED[kind])
    assert schema["additionalProperties"] is False


def test_an_order_is_read_to_the_last_digit() -> None:
    order = check_row(
        FactKind.ORDERS,
        {
            "source": "erp", "id": "SO-1", "shop": "s-1", "status": "shipped", "modified_at": AT,
            "paid_at": "2026-10-30T23:59:59Z", "paid_amount": Decimal("12.50"), "shipped_at": AT,
            "created_at": None,
            "lines": [{"id": "1", "sku": "A", "quantity": 2, "amount": "-1.0001", "tags": ["x"]}],
        },
    )  # fmt: skip
    assert order == Order(
        source="erp",
        id="SO-1",
        shop="s-1",
        status=OrderStatus.SHIPPED,
        modified_at=datetime(2026, 10, 31, 8, 30, tzinfo=UTC),
        paid_at=datetime(2026, 10, 30, 23, 59, 59, tzinfo=UTC),
        shipped_at=datetime(2026, 10, 31, 8, 30, tzinfo=UTC),
        paid_amount=Decimal("12.5"),
        lines=(
            OrderLine(id="1", sku="A", quantity=2, amount=Decimal("-1.0001"), tags=("x",)),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "needed"),
    [
        ("paid", ("paid_at", "paid_amount")),
        ("shipped", ("paid_at", "paid_amount", "shipped_at")),
        ("completed", ("paid_at", "paid_amount", "completed_at")),
        ("refunded", ("paid_at", "paid_amount")),
        ("cancelled", ()),
        ("unpaid", ()),
    ],
)
def test_what_an_orders_status_says_has_happened_is_required(
    status: str, needed: tuple[str, ...]
) -> None:
    least: dict[str, Any] = {
        "source": "erp", "id": "1", "shop": "s", "status": status, "modified_at": AT,
    }  # fmt: skip
    for name in needed:
        assert refusal(FactKind.ORDERS, least) == ("missing", f"/{name}")
        least[name] = "0" if name == "paid_amount" else AT
    check_row(FactKind.ORDERS, least)


def test_a_payment_has_an_amount_whatever_the_status() -> None:
    cancelled = {
        "source": "erp", "id": "1", "shop": "s", "status": "cancelled", "modified_at": AT,
        "paid_at": AT,
    }  # fmt: skip
    assert refusal(FactKind.ORDERS, cancelled) == ("missing", "/paid_amount")
    check_row(FactKind.ORDERS, cancelled | {"paid_amount": "0"})
    unpaid = cancelled | {"status": "unpaid", "paid_amount": "1"}
    assert refusal(FactKind.ORDERS, unpaid) == ("status_contradicts", "/paid_at")
    check_row(FactKind.ORDERS, unpaid | {"paid_at": None, "shipped_at": AT})


@pytest.mark.parametrize(
    ("status", "needed"),
    [
        ("succeeded", ("refunded_at", "amount")),
        ("requested", ("requested_at", "amount")),
        ("closed", ()),
    ],
)
def test_what_a_refunds_status_says_has_happened_is_required(
    status: str, needed: tuple[str, ...]
) -> None:
    least: dict[str, Any] = {
        "source": "erp", "id": "1", "shop": "s", "status": status, "modified_at": AT,
    }  # fmt: skip
    for name in needed:
        assert refusal(FactKind.REFUNDS, least) == ("missing", f"/{name}")
        least[name] = "0" if name == "amount" else AT
    check_row(FactKind.REFUNDS, least)


def test_an_exchange_moves_no_money_unless_it_says_so() -> None:
    exchange = {
        "source": "erp", "id": "1", "shop": "s", "status": "succeeded", "kind": "exchange",
        "refunded_at": AT, "modified_at": AT,
    }  # fmt: skip
    fact = check_row(FactKind.REFUNDS, exchange)
    assert isinstance(fact, Refund)
    assert (fact.kind, fact.amount) == (RefundKind.EXCHANGE, Decimal(0))


def test_what_contradicts_itself_is_refused() -> None:
    rating = rows.full(FactKind.RATINGS)
    check_row(FactKind.RATINGS, rating | {"score": "5", "scale": 5})
    assert refusal(FactKind.RATINGS, rating | {"score": "5.0001", "scale": 5}) == (
        "score_beyond_scale",
        "/score",
    )
    campaign = rows.full(FactKind.CAMPAIGNS)
    check_row(FactKind.CAMPAIGNS, campaign | {"ends_on": campaign["starts_on"]})
    early = {"starts_on": "2026-11-02", "ends_on": "2026-11-01"}
    assert refusal(FactKind.CAMPAIGNS, campaign | early) == ("ends_before_start", "/ends_on")
    measure = rows.full(FactKind.MEASURES)
    for subjects in ({"shop": None}, {"unit": "u"}, {"employee": "e"}):
        assert refusal(FactKind.MEASURES, measure | subjects) == ("one_subject", "")


@pytest.mark.parametrize(
    ("kind", "change", "code", "pointer"),
    [
        (FactKind.ORDERS, {"paid_amount": "-1"}, "amount_negative", "/paid_amount"),
        (FactKind.ORDERS, {"status": "PAID"}, "word_unknown", "/status"),
        (FactKind.ORDERS, {"exclusion": "brushed"}, "word_unknown", "/exclusion"),
        (FactKind.ORDERS, {"id": 7}, "text_invalid", "/id"),
        (FactKind.ORDERS, {"lines": [{"id": "1"}]}, "missing", "/lines/0/sku"),
        (FactKind.ORDERS, {"lines": [[]]}, "object_expected", "/lines/0"),
        (FactKind.REFUNDS, {"amount": "-0.01"}, "amount_negative", "/amount"),
        (FactKind.RATINGS, {"scale": 7}, "number_unknown", "/scale"),
        (FactKind.CHATS, {"answered": "yes"}, "flag_invalid", "/answered"),
        (FactKind.CHATS, {"responses": 10**9 + 1}, "count_invalid", "/responses"),
        (FactKind.TRAFFIC, {"visitors": -1}, "count_invalid", "/visitors"),
        (FactKind.STOCK, {"skus": "3"}, "count_invalid", "/skus"),
        (FactKind.MEASURES, {"measure": "A"}, "code_invalid", "/measure"),
    ],
)
def test_a_bad_field_is_named(
    kind: FactKind, change: dict[str, Any], code: str, pointer: str
) -> None:
    assert refusal(kind, rows.full(kind) | change) == (code, pointer)


def test_what_may_be_below_zero() -> None:
    check_row(FactKind.STOCK, rows.full(FactKind.STOCK) | {"stock_value": "-494"})
    check_row(FactKind.MEASURES, rows.full(FactKind.MEASURES) | {"amount": "-3"})


def test_keys_are_ids_or_days_with_their_dimensions() -> None:
    keys = {kind: key_of(kind, check_row(kind, rows.full(kind))) for kind in KINDS}
    assert keys == {
        FactKind.ORDERS: "SO-1",
        FactKind.REFUNDS: "R-1",
        FactKind.RATINGS: "T-1",
        FactKind.CHATS: "C-1",
        FactKind.TRAFFIC: "s-1/2026-10-31/search/double-11",
        FactKind.STOCK: "s-1/2026-10-31",
        FactKind.CAMPAIGNS: "double-11",
        FactKind.MEASURES: f"registrations/{date(2026, 10, 31)}/s-1///search/",
    }


TOTALS = {
    "chats": 57, "answered": 54, "inquiries": 30, "inquiry_orders": 12, "first_responses": 54,
    "satisfaction_answers": 10, "satisfied_answers": 9, "complaints": 1,
}  # fmt: skip
DAY_OF_AN_AGENT = {
    "source": "kefu:s-1", "id": "2026-11-03 e-1", "shop": "s-1", "employee": "e-1",
    "started_at": AT, "modified_at": AT, "response_seconds": "1736.1", "responses": 54,
    "first_response_seconds": "540", "totals": TOTALS,
}  # fmt: skip


def test_a_chat_may_stand_for_all_of_an_agent_s_day() -> None:
    chat = check_row(FactKind.CHATS, DAY_OF_AN_AGENT)
    assert isinstance(chat, Chat)
    assert chat.totals == ChatTotals(**TOTALS)
    least = {
        **DAY_OF_AN_AGENT,
        "first_response_seconds": None,
        "totals": {"chats": 1, "answered": 1},
    }
    chat = check_row(FactKind.CHATS, least)
    assert isinstance(chat, Chat)
    assert chat.totals == ChatTotals(chats=1, answered=1)


@pytest.mark.parametrize(
    ("changes", "totals", "code", "pointer"),
    [
        ({"buyer": "b"}, {}, "totals_alone", "/totals"),
        ({"inquiry": True}, {}, "totals_alone", "/totals"),
        ({"events": []}, {}, "totals_alone", "/totals"),
        ({"satisfied": False}, {}, "totals_alone", "/totals"),
        ({"response_seconds": None}, {}, "missing", "/responses"),
        ({"first_response_seconds": None}, {}, "missing", "/totals/first_responses"),
        ({}, {"first_responses": None}, "missing", "/totals/first_responses"),
        ({}, {"chats": None}, "missing", "/totals/chats"),
        ({}, {"answered": None}, "missing", "/totals/answered"),
        ({}, {"inquiry_orders": None}, "missing", "/totals/inquiry_orders"),
        ({}, {"inquiries": None}, "missing", "/totals/inquiries"),
        ({}, {"satisfied_answers": None}, "missing", "/totals/satisfied_answers"),
        ({}, {"answered": 58}, "part_beyond_whole", "/totals/answered"),
        ({}, {"inquiry_orders": 31}, "part_beyond_whole", "/totals/inquiry_orders"),
        ({}, {"satisfied_answers": 11}, "part_beyond_whole", "/totals/satisfied_answers"),
        ({}, {"first_responses": 55}, "part_beyond_whole", "/totals/first_responses"),
        ({}, {"chats": -1}, "count_invalid", "/totals/chats"),
        ({}, {"phone": 1}, "unknown_field", "/totals/phone"),
    ],
)
def test_totals_of_chats_that_would_say_a_false_rate_are_refused(
    changes: dict[str, Any], totals: dict[str, Any], code: str, pointer: str
) -> None:
    row = {**DAY_OF_AN_AGENT, **changes, "totals": {**TOTALS, **totals}}
    assert refusal(FactKind.CHATS, row) == (code, pointer)
