"""Numbers of receipts: read from text, counted as fractions, rounded half up, written back."""

import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,20})?")

Json = Mapping[str, Any]


class Unreadable(ValueError):
    """What was given is no receipt: a part is missing, or is not what it should be."""


def number(text: object) -> Fraction:
    """A number as receipts write them: a text in decimal notation."""
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        raise Unreadable(f"{text!r} is not a number as receipts write them")
    return Fraction(text)


def number_or_null(text: object) -> Fraction | None:
    return None if text is None else number(text)


def half_up(value: Fraction, places: int) -> Fraction:
    """The nearest multiple of a power of ten; what lies in the middle goes away from zero."""
    scale = 10**places
    units = int(abs(value) * scale + Fraction(1, 2))
    return Fraction(units if value >= 0 else -units, scale)


def written(value: Fraction, places: int) -> str:
    """A rounded figure with exactly so many decimals."""
    units = value * 10**places
    if units.denominator != 1:
        raise ArithmeticError(f"{value} is not rounded to {places} decimals")
    digits = f"{abs(units.numerator):0{places + 1}}"
    sign = "-" if units < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def shortened(value: Fraction | None, places: int) -> str | None:
    """The same without trailing zeros; null stays null."""
    if value is None:
        return None
    return written(value, places).rstrip("0").rstrip(".") if places else written(value, 0)


def divided(whole: Fraction, weights: Sequence[Fraction], places: int) -> list[Fraction]:
    """A whole in parts as their weights, by largest remainder; equal remainders to the earlier."""
    together = sum(weights, Fraction(0))
    if not together:
        return [Fraction(0) for _ in weights]
    unit = Fraction(1, 10**places)
    exact = [whole * weight / together for weight in weights]
    parts = [each // unit * unit for each in exact]
    missing = (whole - sum(parts, Fraction(0))) / unit
    order = sorted(range(len(parts)), key=lambda at: (parts[at] - exact[at], at))
    for at in order[: int(missing)]:
        parts[at] += unit
    return parts


def total(values: Iterable[Fraction]) -> Fraction:
    return sum(values, Fraction(0))
