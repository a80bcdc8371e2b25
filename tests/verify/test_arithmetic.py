"""The numbers of receipts: what is read, how halves are rounded, how leftovers are given."""

from fractions import Fraction

import pytest

from services.verify.arithmetic import (
    Unreadable,
    divided,
    half_up,
    number,
    number_or_null,
    shortened,
    written,
)


@pytest.mark.parametrize(
    ("value", "places", "rounded"),
    [
        ("0.005", 2, "0.01"),
        ("0.0049999", 2, "0.00"),
        ("-0.005", 2, "-0.01"),
        ("-0.0049999", 2, "0.00"),
        ("2.5", 0, "3"),
        ("-12.345", 1, "-12.3"),
        ("100", 2, "100.00"),
    ],
)
def test_a_half_goes_away_from_zero(value: str, places: int, rounded: str) -> None:
    assert written(half_up(Fraction(value), places), places) == rounded


def test_what_is_not_rounded_is_not_written() -> None:
    with pytest.raises(ArithmeticError):
        written(Fraction(1, 3), 4)


@pytest.mark.parametrize(
    ("value", "text"), [("1.5000", "1.5"), ("10", "10"), ("0", "0"), ("-0.25", "-0.25")]
)
def test_trailing_zeros_are_left_out_and_those_of_tens_kept(value: str, text: str) -> None:
    assert shortened(Fraction(value), 4) == text


def test_null_stays_null() -> None:
    assert shortened(None, 4) is None
    assert number_or_null(None) is None
    assert number_or_null("1") == 1


@pytest.mark.parametrize("text", ["", "1e3", "NaN", "+1", " 1", "1/2", ".5", "1.", 1, 1.5, None])
def test_other_numbers_are_refused(text: object) -> None:
    with pytest.raises(Unreadable):
        number(text)


def test_leftovers_go_by_largest_remainder_and_to_the_earlier() -> None:
    thirds = divided(Fraction(100), [Fraction(1)] * 3, 4)
    assert [shortened(each, 4) for each in thirds] == ["33.3334", "33.3333", "33.3333"]
    assert divided(Fraction(1), [Fraction(1), Fraction(2)], 0) == [0, 1]
    assert divided(Fraction(5), [Fraction(0), Fraction(0)], 4) == [0, 0]
