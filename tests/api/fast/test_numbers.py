"""Fixed point in columns: rounding half up, division by hand, and what does not fit."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from services.api.fast.numbers import (
    MOST_READ,
    Unfit,
    first_at_least,
    half_up,
    last_at_most,
    quotients,
    read_column,
    units_of,
)
from services.schema.money import round_half_up


@pytest.mark.parametrize(
    ("numerator", "rounded"), [(14, 1), (15, 2), (-14, -1), (-15, -2), (0, 0), (4, 0), (5, 1)]
)
def test_halves_go_away_from_zero(numerator: int, rounded: int) -> None:
    assert half_up(np.array([numerator]), 10).tolist() == [rounded]


@pytest.mark.parametrize("numerator", [1, 2, 3_000_001, 2**41 - 1, 2**41, 2**55, 3 * 2**60 - 1])
@pytest.mark.parametrize("divisor", [1, 3, 7_000_000, 2**51 + 1, MOST_READ - 1])
@pytest.mark.parametrize("sign", [1, -1])
def test_quotients_are_those_of_fractions_or_said_not_to_fit(
    numerator: int, divisor: int, sign: int
) -> None:
    found, unfit = quotients(np.array([sign * numerator, 1]), np.array([divisor, -2]))
    assert found.tolist()[1] == -500_000
    exact = int(round_half_up(Fraction(sign * numerator, divisor), 6).scaleb(6))
    assert unfit[0] or found.tolist()[0] == exact
    fits = numerator < 2**41 + 1 or (divisor < 2**52 and numerator // divisor < 2**42)
    assert unfit[0] != fits
    assert not unfit[1]


def test_what_does_not_fit_is_said() -> None:
    stated = ["1.000001", None, "1152921504606.846975", "1152921504606.846976", "0.0000001", "-2"]
    figures = [None if text is None else Decimal(text) for text in stated]
    units, known, unfit = read_column(figures)
    assert units.tolist() == [1_000_001, 0, MOST_READ - 1, 0, 0, -2_000_000]
    assert known.tolist() == [True, False, True, True, True, True]
    assert unfit.tolist() == [False, False, False, True, True, False]


def test_bounds_between_two_units() -> None:
    assert (first_at_least(Decimal("0.125"), 2), last_at_most(Decimal("0.125"), 2)) == (13, 12)
    assert (first_at_least(Decimal("-0.125"), 2), last_at_most(Decimal("-0.125"), 2)) == (-12, -13)
    assert first_at_least(Decimal("1E30"), 6) == 2**62
    assert units_of(Decimal("0.12"), 2) == 12
    with pytest.raises(Unfit):
        units_of(Decimal("0.125"), 2)
    with pytest.raises(Unfit):
        units_of(Decimal(MOST_READ), 0)
