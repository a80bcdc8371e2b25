"""The fast twin gives what the cores give, or nothing."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.core.bodies import Posted, read_row
from services.ingest.core.buyers import sealer
from services.ingest.core.facts import check_row
from services.ingest.core.fields import Unfit
from services.ingest.core.records import Place, Record, record_of
from services.ingest.fast.orders import OrderRecords
from services.schema.shapes.facts import LINE_TAGS, Order
from services.schema.words import FactKind
from tests.ingest import rows

PLACES = {
    "s-1": Place(ZoneInfo("Asia/Shanghai"), "CNY"),
    "s-2": Place(ZoneInfo("Asia/Kolkata"), "INR"),
    "s-3": Place(ZoneInfo("America/New_York"), "USD"),
}
SEAL = sealer(b"k" * 32, 7)
FULL = rows.full(FactKind.ORDERS)


def both(row: Any) -> tuple[Record | None, Record | None]:
    """What the twin makes of a row, and what the cores make of it."""
    body = json.dumps(row, ensure_ascii=False)
    document = read_row(body)
    quick = OrderRecords(PLACES, SEAL).read(Posted(1, body))
    return quick, slow_record(document)


def slow_record(document: object) -> Record | None:
    try:
        order = check_row(FactKind.ORDERS, document)
    except Unfit:
        return None
    assert isinstance(order, Order)
    place = PLACES.get(order.shop)
    return None if place is None else record_of(FactKind.ORDERS, order, place, SEAL)


def test_a_plain_row_is_made_at_once() -> None:
    quick, slow = both(FULL)
    assert quick == slow is not None


@pytest.mark.parametrize(
    "change",
    [
        {"paid_amount": 128},
        {"paid_at": "2026-11-01T00:10:00.5+08:00"},
        {"paid_at": "2026-10-31T21:40:00+05:30"},
        {"channel": 'a"b'},
        {"channel": "a\\b"},
        {"paid_amount": "0128.00"},
    ],
)
def test_an_unusual_row_is_left_to_the_cores(change: dict[str, Any]) -> None:
    quick, slow = both(FULL | change)
    assert quick is None
    assert slow is not None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"id": "SO-1"', '"id": "SO-1", "id": "SO-1"'),
        ('"id": "SO-1"', '"id": "SO-1", "id" : null'),
        ('"sku": "A"', '"sku": "B", "sku" :"A"'),
        ('"currency": "CNY"', '"currency": "CNY", "exclusion": null'),
        ('"lines": [', '"lines": null, "lines": ['),
        ('"tags": ["new", "hit"]', '"tags": ["new", "hit"], "tags": null'),
        ('"quantity": 2', '"quantity": 1, "quantity": 2'),
        ('"quantity": 2', '"quantity": 2.0'),
        ('"source"', '"colour": null, "source"'),
        ('"channel": "search"', '"channel": "None"'),
        ('"paid_amount": "128.00"', '"paid_amount": "None"'),
        ('"exclusion": null', '"exclusion": "UNSET"'),
        ('{"source"', '[{"source"'),
    ],
)
def test_names_that_stand_twice_and_words_of_ours_are_left_to_the_cores(old: str, new: str) -> None:
    body = json.dumps(FULL, ensure_ascii=False)
    assert old in body
    assert OrderRecords(PLACES, SEAL).read(Posted(1, body)) is not None
    assert OrderRecords(PLACES, SEAL).read(Posted(1, body.replace(old, new, 1))) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [('": ', '" :\t'), ('"exclusion": null, ', ""), (', "tags": ["new", "hit"]', "")],
)
def test_spaces_and_what_is_left_out_make_no_row_unusual(old: str, new: str) -> None:
    body = json.dumps(FULL, ensure_ascii=False).replace(old, new)
    assert OrderRecords(PLACES, SEAL).read(Posted(1, body)) == slow_record(read_row(body))


def test_an_hour_with_a_midnight_in_it_is_left_to_the_cores() -> None:
    at = "2026-10-31T18:40:00Z"  # ten past midnight in Kolkata
    quick, slow = both(FULL | {"shop": "s-2", "paid_at": at})
    assert quick is None
    assert slow is not None
    assert slow.day == "2026-11-01"


TEXTS = st.sampled_from(
    ["search", "梅花", "a b", "", "a" * 128, "a" * 129, "\0", "\u202e", 7, True]
)
CODES = st.sampled_from(["e-1", "e 1", "", "A" * 64, "A" * 65, [], 0, False])
AMOUNTS = st.sampled_from(
    ["0", "-0", "-0.00", "0.00", "1", "12.50", "12.5000", "99999999999999.9999", "1.00001",
     "007", "-1", "NaN", "1e3", "１", "", 3, True, None]
)  # fmt: skip
INSTANTS = st.sampled_from(
    ["2026-10-31T15:59:59Z", "2026-10-31T16:00:00Z", "2026-10-31T23:59:59+08:00",
     "2026-02-30T00:00:00Z", "2026-10-31T24:00:00Z", "2026-10-31T10:60:00Z", "2026-10-31",
     "1899-12-31T23:00:00Z", "2200-01-01T00:00:00Z", "2199-12-31T23:00:00-11:00",
     "2026-03-08T07:00:00Z", "2026-11-01T06:30:00Z", "2026-10-31T18:10:00Z",
     "2026-10-31T16:00:00+99:00", 0, None]
)  # fmt: skip
TAGS = st.one_of(
    st.none(),
    st.sampled_from(["", "new", 0, {}]),
    st.lists(st.sampled_from([*LINE_TAGS, "x", "", 7]), max_size=4),
    st.just(["new"] * 33),
)
LINES = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["1", "2", "", 1]),
        "sku": st.sampled_from(["A", "B", "商品", "\t"]),
        "quantity": st.sampled_from([0, 1, 3, -1, True, "1", 10**9, 10**9 + 1]),
        "amount": AMOUNTS,
    },
    optional={"tags": TAGS, "colour": st.none()},
)
ROWS = st.fixed_dictionaries(
    {},
    optional={
        "source": st.sampled_from(["erp", "taobao:tm-1", "", "a b", None, 7]),
        "id": TEXTS,
        "shop": st.sampled_from(["s-1", "s-2", "s-3", "unknown", "", None]),
        "status": st.sampled_from(
            ["unpaid", "paid", "shipped", "completed", "cancelled", "refunded", "gone", None]
        ),
        "modified_at": INSTANTS,
        "created_at": INSTANTS,
        "paid_at": INSTANTS,
        "shipped_at": INSTANTS,
        "completed_at": INSTANTS,
        "buyer": TEXTS,
        "salesperson": CODES,
        "channel": TEXTS,
        "campaign": TEXTS,
        "payment_method": TEXTS,
        "currency": st.sampled_from(["CNY", "cny", "", None, 7]),
        "paid_amount": AMOUNTS,
        "discount_amount": AMOUNTS,
        "cost_amount": AMOUNTS,
        "exclusion": st.sampled_from(["brushing", "test", "staff", "none", "", None, False]),
        "lines": st.one_of(
            st.none(), st.sampled_from(["", 0, {}, [7]]), st.lists(LINES, max_size=3)
        ),
        "colour": st.none(),
    },
)


@settings(max_examples=2000, deadline=None)
@given(change=ROWS)
def test_whatever_is_made_is_what_the_cores_make(change: dict[str, Any]) -> None:
    quick, slow = both(FULL | change)
    assert quick is None or quick == slow
