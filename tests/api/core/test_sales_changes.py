"""The change of sales by factors: by hand, safe at zero, and to the last cent."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.core.sales_change_documents import sales_change_document
from services.api.core.sales_changes import sales_then, shapley, split_sales
from services.schema.days import Period
from services.schema.money import split_signed
from services.schema.shapes.indicators import Explained, MeasureAmount, Value
from services.schema.shapes.people import Subject
from services.schema.shapes.sales_changes import Factor, SalesChange, SalesThen
from services.schema.words import Scope, SubjectKind

d = Decimal
PERIOD = Period("2026-10", date(2026, 10, 1), date(2026, 11, 1), 1)
Counts = tuple[str | None, str | None, str | None]


def then(sales: str | None, orders: str | None, visitors: str | None) -> SalesThen:
    return SalesThen(
        PERIOD, *(None if each is None else d(each) for each in (sales, orders, visitors))
    )


def split(before: Counts, after: Counts) -> SalesChange:
    return split_sales(then(*before), then(*after), places=2)


CASES: list[tuple[Counts, Counts, list[tuple[str, str]]]] = [
    # One factor alone.
    (("1000", "10", "100"), ("1500", "15", "150"), [
        ("visitors", "500.00"), ("conversion", "0.00"), ("order_value", "0.00"),
    ]),
    (("1000", "10", "100"), ("1500", "15", "100"), [
        ("visitors", "0.00"), ("conversion", "500.00"), ("order_value", "0.00"),
    ]),
    (("1000", "10", "100"), ("1500", "10", "100"), [
        ("visitors", "0.00"), ("conversion", "0.00"), ("order_value", "500.00"),
    ]),
    # 1 x 1 x 1 to 2 x 2 x 2: alike. 700 leaves a cent, which goes to the first.
    (("1", "1", "1"), ("8", "4", "2"), [
        ("visitors", "2.34"), ("conversion", "2.33"), ("order_value", "2.33"),
    ]),
    # All gone: visitors did it, what they would have bought is not known.
    (("1000", "10", "100"), ("0", "0", "0"), [
        ("visitors", "-1000.00"), ("conversion", "0.00"), ("order_value", "0.00"),
    ]),
    # From nothing at all.
    (("0", "0", "0"), ("1000", "10", "100"), [
        ("visitors", "1000.00"), ("conversion", "0.00"), ("order_value", "0.00"),
    ]),
    # Visitors who buy nothing.
    (("1000", "10", "100"), ("0", "0", "100"), [
        ("visitors", "0.00"), ("conversion", "-1000.00"), ("order_value", "0.00"),
    ]),
    # Orders that gave nothing.
    (("1000", "10", "100"), ("0", "10", "100"), [
        ("visitors", "0.00"), ("conversion", "0.00"), ("order_value", "-1000.00"),
    ]),
    (("0", "0", "0"), ("0", "0", "0"), [
        ("visitors", "0.00"), ("conversion", "0.00"), ("order_value", "0.00"),
    ]),
    # Nobody counts visitors, or orders came without any: orders stand in their place.
    (("1000", "10", None), ("1500", "15", "100"), [
        ("orders", "500.00"), ("order_value", "0.00"),
    ]),
    (("1000", "10", "100"), ("1500", "15", "0"), [
        ("orders", "500.00"), ("order_value", "0.00"),
    ]),
    # Sales without an order are no product of anything.
    (("1000", "10", "100"), ("5", "0", "100"), []),
    (("1000", "10", "100"), ("1000", None, "100"), []),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "parts"), CASES)
def test_the_part_of_each_factor(
    before: Counts, after: Counts, parts: list[tuple[str, str]]
) -> None:
    found = split(before, after)
    assert [(str(factor), str(part)) for factor, part in found.parts] == parts
    assert found.change is not None
    assert not parts or sum(part for _, part in found.parts) == found.change


def test_without_data_there_is_no_change() -> None:
    for before, after in (
        ((None, None, "3"), ("1", "1", "1")),
        (("1", "1", "1"), (None, "1", "1")),
    ):
        found = split(before, after)
        assert (found.change, found.parts) == (None, ())


def test_the_midpoints_by_the_closed_form() -> None:
    """Da x ((b0 c0 + b1 c1) / 3 + (b0 c1 + b1 c0) / 6), and the same for b and c."""
    (a0, b0, c0), (a1, b1, c1) = (then_, now) = (
        [Fraction(3), Fraction(5), Fraction(7)],
        [Fraction(4), Fraction(2), Fraction(11)],
    )
    assert shapley(then_, now) == (
        (a1 - a0) * ((b0 * c0 + b1 * c1) / 3 + (b0 * c1 + b1 * c0) / 6),
        (b1 - b0) * ((a0 * c0 + a1 * c1) / 3 + (a0 * c1 + a1 * c0) / 6),
        (c1 - c0) * ((a0 * b0 + a1 * b1) / 3 + (a0 * b1 + a1 * b0) / 6),
    )


COUNT = st.integers(0, 10**7)
SALES = st.decimals(0, 10**10, places=2)


@given(st.tuples(SALES, COUNT, COUNT), st.tuples(SALES, COUNT, COUNT))
def test_parts_sum_to_the_change_and_back_to_its_opposite(
    before: tuple[Decimal, int, int], after: tuple[Decimal, int, int]
) -> None:
    one, other = (
        SalesThen(PERIOD, sales, d(orders), d(visitors))
        for sales, orders, visitors in (before, after)
    )
    found = split_sales(one, other, places=2)
    assert found.change == after[0] - before[0]
    if found.parts:
        assert sum((part for _, part in found.parts), d(0)) == found.change
        for factor, part in found.parts:
            then_, now = one.factor(factor), other.factor(factor)
            if then_ is None or now is None or then_ == now:
                # What did not change, or is not known, did nothing; a cent may be left over.
                assert abs(part) <= d("0.01"), factor


@given(
    st.lists(st.fractions(-(10**6), 10**6), min_size=1, max_size=6),
    st.decimals(-(10**6), 10**6, places=2),
)
def test_a_signed_split_sums_whatever_its_parts_are(parts: list[Fraction], total: Decimal) -> None:
    assert sum(split_signed(total, parts, 2), d(0)) == total
    exact = sum(parts, Fraction(0))
    if exact == Fraction(total):
        for share, part in zip(split_signed(total, parts, 2), parts, strict=True):
            assert abs(Fraction(share) - part) < Fraction(1, 100)


def test_what_a_period_says_is_read_off_the_measures() -> None:
    def explained(value: str | None, *measures: tuple[str, str | None]) -> Explained:
        amounts = tuple(
            MeasureAmount(name, "", None if amount is None else d(amount), 1)
            for name, amount in measures
        )
        return Explained(
            Value(None if value is None else d(value), None), "f", 0, amounts, None, ()
        )

    paid = explained("33.333333", ("paid_amount", "100.005"), ("paid_orders", "3"))
    read = sales_then(PERIOD, paid, explained("50", ("visitors", "50")), places=2)
    assert (read.sales, read.orders, read.visitors) == (d("100.01"), d("3"), d("50"))
    none = explained(None, ("paid_amount", None), ("paid_orders", None))
    read = sales_then(PERIOD, none, explained(None, ("visitors", None)), places=2)
    assert (read.sales, read.orders, read.visitors) == (None, None, None)


def test_the_document_in_words() -> None:
    subject = Subject(SubjectKind.SHOP, "a")
    change = split(("1000", "10", "100"), ("1650", "15", "150"))
    written: Any = sales_change_document(subject, Scope.OWN, change, currency="CNY", places=2)
    assert written["parts"] == [
        {"factor": "visitors", "before": "100", "after": "150", "part": "525.00"},
        {"factor": "conversion", "before": "0.1", "after": "0.1", "part": "0.00"},
        {"factor": "order_value", "before": "100", "after": "110", "part": "125.00"},
    ]
    assert written["words"] == {
        "zh": "销售额 1000.00 → 1650.00 (+650.00)：访客数 +525.00，转化率 +0.00，客单价 +125.00",
        "en": "sales 1000.00 → 1650.00 (+650.00): visitors +525.00, conversion +0.00,"
        " order value +125.00",
    }
    none: Any = sales_change_document(
        subject, Scope.OWN, split((None, None, None), ("1", "1", "1")), currency="CNY", places=2
    )
    assert (none["reason"], none["change"], none["parts"]) == ("no_data", None, [])
    assert Factor.VISITORS not in none["words"]["zh"]
