"""Numbers are exact, rounded once half up, and shared out without a loss."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.schema.money import (
    Money,
    fixed,
    minor_places,
    places_of,
    plain,
    round_half_up,
    round_percent,
    round_quotient,
    share_out,
)

amounts = st.decimals(-(10**14), 10**14, allow_nan=False, places=4)


@pytest.mark.parametrize(
    ("value", "places", "rounded"),
    [
        ("2.5", 0, "3"),
        ("-2.5", 0, "-3"),
        ("0.00005", 4, "0.0001"),
        ("0.000049999999", 4, "0.0000"),
        ("-0.00001", 4, "0"),
        ("96.245", 2, "96.25"),
        ("96.2449", 2, "96.24"),
        ("12345678901234567.89", 1, "12345678901234567.9"),
    ],
)
def test_rounding_is_half_up_away_from_zero(value: str, places: int, rounded: str) -> None:
    assert round_half_up(Decimal(value), places) == Decimal(rounded)
    assert not round_half_up(Decimal(value), places).is_signed() or Decimal(rounded) < 0


def test_a_third_is_rounded_once_from_the_exact_quotient() -> None:
    assert round_half_up(Fraction(1, 3), 6) == Decimal("0.333333")
    # 0.4999999999999999999...5 must not become 0.5 on the way.
    assert round_half_up(Fraction(10**30 // 2 - 1, 10**30), 0) == 0


@given(amounts, st.integers(0, 6))
def test_a_rounded_number_is_the_nearest(value: Decimal, places: int) -> None:
    assert abs(round_half_up(value, places) - value) * 2 <= Decimal(1).scaleb(-places)


@given(amounts, amounts.filter(bool), st.integers(0, 6))
def test_a_quotient_and_a_percentage_are_rounded_from_the_exact_one(
    value: Decimal, other: Decimal, places: int
) -> None:
    exact = Fraction(value) / Fraction(other)
    assert str(round_quotient(value, other, places)) == str(round_half_up(exact, places))
    part = Fraction(value) * Fraction(other) / 100
    assert str(round_percent(value, other, places)) == str(round_half_up(part, places))


@pytest.mark.parametrize(
    ("value", "other", "quotient"),
    [("1", "-3", "-0.333333"), ("-1", "-3", "0.333333"), ("1", "2000000", "0.000001")],
)
def test_a_quotient_has_the_sign_of_both(value: str, other: str, quotient: str) -> None:
    assert str(round_quotient(Decimal(value), Decimal(other), 6)) == quotient


@pytest.mark.parametrize(
    ("value", "text"),
    [("100.00", "100"), ("1E+3", "1000"), ("0E-10", "0"), ("-0.50", "-0.5"), ("0.0001", "0.0001")],
)
def test_plain_has_no_exponent_and_no_trailing_zeros(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


def test_fixed_has_exactly_the_decimals_and_hides_none() -> None:
    assert fixed(Decimal("128.5"), 2) == "128.50"
    assert fixed(Decimal("-0"), 2) == "0.00"
    with pytest.raises(AssertionError):
        fixed(Decimal("1.005"), 2)


def test_leftovers_go_by_largest_remainder_and_equal_ones_to_the_earlier() -> None:
    assert share_out(Decimal(100), [1, 1, 1], 4) == (
        Decimal("33.3334"),
        Decimal("33.3333"),
        Decimal("33.3333"),
    )
    assert share_out(Decimal("0.01"), [1, 3], 2) == (Decimal(0), Decimal("0.01"))


@given(amounts, st.lists(st.integers(0, 1000), min_size=1).filter(any))
def test_parts_sum_to_the_whole(total: Decimal, weights: list[int]) -> None:
    assert sum(share_out(total, weights, 4)) == total


@given(amounts, st.lists(st.integers(0, 1000), min_size=1).filter(any))
def test_a_part_is_less_than_a_unit_from_its_share(total: Decimal, weights: list[int]) -> None:
    for part, weight in zip(share_out(total, weights, 4), weights, strict=True):
        share = Fraction(total) * weight / sum(weights)
        assert abs(Fraction(part) - share) < Fraction(1, 10**4)


def test_money_of_two_currencies_is_never_added() -> None:
    assert Money(Decimal(1), "CNY") + Money(Decimal(2), "CNY") == Money(Decimal(3), "CNY")
    with pytest.raises(ValueError, match="without a rate"):
        Money(Decimal(1), "CNY") + Money(Decimal(1), "USD")


def test_money_is_rounded_to_its_currency() -> None:
    assert Money(Decimal("1.005"), "CNY").rounded().to_wire() == "1.01"
    assert Money(Decimal("100.5"), "JPY").rounded().to_wire() == "101"
    assert Money(Decimal("1.0005"), "KWD").rounded().to_wire() == "1.001"
    assert minor_places("XYZ") == 2


@pytest.mark.parametrize(
    ("value", "places"),
    [("0", 0), ("0E-9", 0), ("1.500", 1), ("1E+9", 0), ("0.0001", 4), ("1E-9999999", 9999999)],
)
def test_places_are_those_that_are_needed(value: str, places: int) -> None:
    assert places_of(Decimal(value)) == places
