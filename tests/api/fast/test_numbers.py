"""Fixed point in columns: rounding half up, division by hand, and what does not fit."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from services.api.fast.numbers import (
    MOST_READ,
    Flags,
    Integers,
    Unfit,
    first_at_least,
    half_up,
    last_at_most,
    quotients,
    read_column,
    read_repeated,
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


@pytest.mark.parametrize("read", [read_column, read_repeated])
@pytest.mark.parametrize(
    ("figure", "units"),
    [
        ("0", 0),
        ("-0.000001", -1),
        ("1E+5", 10**11),
        ("1.50000000", 1_500_000),
        ("999999999999.999999", 10**18 - 1),
        ("-999999999999.999999", 1 - 10**18),
        ("1000000000000", 10**18),
        ("1000000000000.000000000", 10**18),
        ("1152921504606.846975", MOST_READ - 1),
        ("0.0000005", None),
        ("99999999999999999999999999999", None),
    ],
)
def test_a_column_is_read_whole_or_one_by_one_alike(
    read: Callable[[Sequence[Decimal | None]], tuple[Integers, Flags, Flags]],
    figure: str,
    units: int | None,
) -> None:
    """At both sides of 18 digits: what one figure needs changes nothing of those beside it."""
    for others in ([], [None], [Decimal("7.000001")], [None, Decimal("0.0000001")]):
        found, known, unfit = read([Decimal(figure), *others, Decimal(figure)])
        assert found.tolist()[0] == found.tolist()[-1] == (units or 0)
        assert unfit.tolist()[0] == (units is None)
        assert known.tolist()[1:-1] == [other is not None for other in others]
        if others and others[0] == Decimal("7.000001"):
            assert found.tolist()[1] == 7_000_001


def test_bounds_between_two_units() -> None:
    assert (first_at_least(Decimal("0.125"), 2), last_at_most(Decimal("0.125"), 2)) == (13, 12)
    assert (first_at_least(Decimal("-0.125"), 2), last_at_most(Decimal("-0.125"), 2)) == (-12, -13)
    assert first_at_least(Decimal("1E30"), 6) == 2**62
    assert units_of(Decimal("0.12"), 2) == 12
    with pytest.raises(Unfit):
        units_of(Decimal("0.125"), 2)
    with pytest.raises(Unfit):
        units_of(Decimal(MOST_READ), 0)
