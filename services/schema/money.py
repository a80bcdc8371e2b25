"""Exact decimals: how they are read, rounded half up, shared out and written; and currencies."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from fractions import Fraction

Exact = Decimal | Fraction | int

VALUE_PLACES = 6
"""Decimals kept of values and attainments (`domain.md`, section 5)."""
SCORE_PLACES = 4
"""Decimals kept of weights, scores and points of lines."""
TOTAL_PLACES = 2
"""Decimals kept of section scores and totals."""
AMOUNT_PLACES = 4
"""Decimals taken of an amount in a fact."""
AMOUNT_DIGITS = 14
"""Digits before the point of an amount in a fact."""

_WIDE = Context(prec=400, rounding=ROUND_HALF_UP)

# ISO 4217 currencies whose smallest unit is not a hundredth.
_MINOR_PLACES = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND"), 0
    ),
    **dict.fromkeys(("VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


def round_half_up(value: Exact, places: int) -> Decimal:
    """Round exactly once, half away from zero; never returns a negative zero."""
    return _rounded(*value.as_integer_ratio(), places)


def round_quotient(dividend: Decimal, divisor: Decimal, places: int) -> Decimal:
    """A division, rounded exactly once as above; several times as fast as by fractions."""
    numerator, scale = dividend.as_integer_ratio()
    denominator, divisor_scale = divisor.as_integer_ratio()
    numerator, denominator = numerator * divisor_scale, denominator * scale
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    return _rounded(numerator, denominator, places)


def round_percent(value: Decimal, percent: Decimal, places: int) -> Decimal:
    """So many percent of a value, rounded exactly once as above."""
    numerator, denominator = value.as_integer_ratio()
    weight, scale = percent.as_integer_ratio()
    return _rounded(numerator * weight, denominator * scale * 100, places)


def _rounded(numerator: int, denominator: int, places: int) -> Decimal:
    """A ratio of whole numbers, the lower one above 0, half away from zero."""
    units = (2 * abs(numerator) * 10**places + denominator) // (2 * denominator)
    signed = units if numerator >= 0 else -units
    return Decimal(signed).scaleb(-places, _WIDE)


def minor_places(currency: str) -> int:
    """Decimals of a currency's own smallest unit."""
    return _MINOR_PLACES.get(currency, 2)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency; amounts of two currencies cannot be added."""

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            message = f"{self.currency} and {other.currency} cannot be added without a rate"
            raise ValueError(message)
        return Money(self.amount + other.amount, self.currency)

    def rounded(self) -> "Money":
        """The amount in the currency's own smallest unit, half up."""
        return Money(round_half_up(self.amount, minor_places(self.currency)), self.currency)

    def to_wire(self) -> str:
        """The amount with exactly the currency's decimals; refuses to hide a finer one."""
        return fixed(self.amount, minor_places(self.currency))


def places_of(value: Decimal) -> int:
    """Decimals that a number needs, trailing zeros left out."""
    if value and value.adjusted() < -_WIDE.prec:
        return -value.adjusted()  # beyond what can be written out; there are at least so many
    exponent = value.normalize(_WIDE).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def plain(value: Decimal) -> str:
    """Decimal notation without an exponent and without trailing zeros; zero is `0`."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def fixed(value: Decimal, places: int) -> str:
    """Decimal notation with exactly so many decimals; more than that is a programmer's mistake."""
    assert places_of(value) <= places, f"{value} has more than {places} decimals"
    with localcontext(_WIDE):
        return format(value.quantize(Decimal(1).scaleb(-places)) + 0, "f")


def share_out(total: Decimal, weights: Sequence[Exact], places: int) -> tuple[Decimal, ...]:
    """Split a total by weights at so many decimals; the parts sum to the total exactly.

    Leftover units go by largest remainder, equal remainders to the earlier part. The total must not
    be finer than `places`; weights are not negative and not all zero.
    """
    whole = sum((Fraction(weight) for weight in weights), Fraction(0))
    assert whole > 0, "the weights of a split must sum to more than zero"
    assert all(weight >= 0 for weight in weights), "a weight of a split must not be negative"
    units = Fraction(total) * 10**places
    assert units.denominator == 1, f"{total} is finer than {places} decimals"
    quotas = [units * Fraction(weight) / whole for weight in weights]
    floors = [quota.numerator // quota.denominator for quota in quotas]
    left = units.numerator - sum(floors)
    by_remainder = sorted(range(len(quotas)), key=lambda i: (floors[i] - quotas[i], i))
    for index in by_remainder[:left]:
        floors[index] += 1
    return tuple(Decimal(count).scaleb(-places, _WIDE) for count in floors)


def split_signed(total: Decimal, parts: Sequence[Exact], places: int) -> tuple[Decimal, ...]:
    """Parts of either sign brought to so many decimals, so that they sum to the total exactly.

    Each is cut down and leftover units go by largest remainder, equal remainders to the earlier
    part. What the parts and the total differ by is shared alike. The total must not be finer.
    """
    units = Fraction(total) * 10**places
    assert units.denominator == 1, f"{total} is finer than {places} decimals"
    exact = [Fraction(part) * 10**places for part in parts]
    floors = [part.numerator // part.denominator for part in exact]
    each, left = divmod(units.numerator - sum(floors), len(floors))
    by_remainder = sorted(range(len(exact)), key=lambda i: (floors[i] - exact[i], i))
    for index in by_remainder[:left]:
        floors[index] += 1
    return tuple(Decimal(count + each).scaleb(-places, _WIDE) for count in floors)
