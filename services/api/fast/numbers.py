"""Decimals in columns of 64-bit integers: exact, or said not to fit."""

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction
from itertools import repeat
from typing import cast

import numpy as np
from numpy.typing import NDArray

from services.schema.money import VALUE_PLACES, Exact

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

MOST = 2**62
"""What no product may reach, so that twice of it still has its sign."""
MOST_READ = 2**60
"""What no figure may reach that is read: three of them together stay under `MOST`."""
_DIGITS = 1000
_TURNS = VALUE_PLACES // 3
_ONE = 10**VALUE_PLACES
_MILLION = Decimal(1).scaleb(VALUE_PLACES)
_UNIT = Decimal(1).scaleb(-VALUE_PLACES)
_KEPT = Context(prec=18, traps=[Inexact, InvalidOperation])
"""In which a figure of more than 6 decimals, or more than 18 digits in all, raises: none is cut.

18 digits stay under `MOST_READ`; a few more would too, and are read one by one.
"""


class Unfit(Exception):
    """A figure that 64 bits do not hold; what it is of takes the way of the core."""


def units_of(value: Exact, places: int) -> int:
    """A figure of a scheme as a whole number of its smallest units."""
    units = Fraction(value) * 10**places
    if units.denominator != 1 or abs(units) >= MOST_READ:
        raise Unfit
    return int(units.numerator)


def first_at_least(bound: Decimal, places: int) -> int:
    """The smallest number of units that reaches a bound, which may be finer than they are."""
    units = Fraction(bound) * 10**places
    return _fitting(-((-units.numerator) // units.denominator))


def last_at_most(bound: Decimal, places: int) -> int:
    """The largest number of units that keeps within a bound."""
    units = Fraction(bound) * 10**places
    return _fitting(units.numerator // units.denominator)


def read_column(figures: Sequence[Decimal | None]) -> tuple[Integers, Flags, Flags]:
    """Millionths, where a figure is known, and which figures do not fit; 0 where there is none."""
    try:
        units = _fitting_column(figures)
    except (TypeError, Inexact, InvalidOperation):
        return _read_each(figures)
    count = len(figures)
    return units, np.ones(count, np.bool_), np.zeros(count, np.bool_)


def read_repeated(figures: Sequence[Decimal | None]) -> tuple[Integers, Flags, Flags]:
    """The same of figures of which many are alike, as targets are: each is turned once."""
    distinct = list(set(figures))
    places = dict(zip(distinct, range(len(distinct)), strict=True))
    at = np.fromiter(map(places.__getitem__, figures), np.int64, len(figures))
    units, known, unfit = read_column(distinct)
    return units[at], known[at], unfit[at]


def half_up(numerators: Integers, divisor: int | Integers) -> Integers:
    """Divide and round once, half away from zero; the divisor is above 0."""
    by = np.asarray(divisor, np.int64)
    rounded = (2 * np.abs(numerators) + by) // (2 * by)
    return np.where(numerators < 0, -rounded, rounded)


def quotients(numerators: Integers, divisors: Integers) -> tuple[Integers, Flags]:
    """Quotients in millionths, half up, and which of them do not fit; no divisor is 0."""
    above, below = np.where(divisors < 0, -numerators, numerators), np.abs(divisors)
    if np.abs(above).max(initial=0) < MOST // (2 * _ONE):
        return half_up(above * _ONE, below), np.zeros(len(above), np.bool_)
    return _long_division(above, below)


def _fitting(units: int) -> int:
    """A bound beyond every figure that fits may as well be the nearest such."""
    return max(-MOST, min(MOST, units))


def _long_division(numerators: Integers, divisors: Integers) -> tuple[Integers, Flags]:
    """The same by hand, three digits at a time, so that no remainder outgrows its column."""
    whole, rest = np.divmod(np.abs(numerators), divisors)
    unfit = (divisors >= MOST // _DIGITS) | (whole >= MOST // _ONE)
    whole = np.where(unfit, 0, whole)
    rest = np.where(unfit, 0, rest)
    for _ in range(_TURNS):
        digits, rest = np.divmod(rest * _DIGITS, divisors)
        whole = whole * _DIGITS + digits
    whole += 2 * rest >= divisors
    return np.where(numerators < 0, -whole, whole), unfit


def _fitting_column(figures: Iterable[Decimal | None]) -> Integers:
    """Millionths of figures that all are known and fit; one that does not, and a null, raises."""
    kept = map(_KEPT.quantize, cast("Iterable[Decimal]", figures), repeat(_UNIT))
    return np.fromiter(map(int, map(_KEPT.multiply, kept, repeat(_MILLION))), np.int64)


def _read_each(figures: Sequence[Decimal | None]) -> tuple[Integers, Flags, Flags]:
    """One by one, for a column in which some figure is missing or does not fit."""
    count = len(figures)
    known = np.fromiter((figure is not None for figure in figures), np.bool_, count)
    read = [0 if figure is None else _millionths(figure) for figure in figures]
    unfit = np.fromiter((each is None for each in read), np.bool_, count)
    return np.fromiter((each or 0 for each in read), np.int64, count), known, unfit


def _millionths(figure: Decimal) -> int | None:
    scaled = figure * _MILLION
    units = int(scaled)
    return units if units == scaled and -MOST_READ < units < MOST_READ else None
