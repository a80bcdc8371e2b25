"""What a formula comes to as a value: rounded once, and no value where it cannot be kept."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from services.api.core.formulas import Formula, Leaf, NoDenominator
from services.schema.money import VALUE_PLACES, round_half_up
from services.schema.shapes.indicators import Value
from services.schema.words import NoValue

BEYOND = Decimal(10) ** 20
"""The least that no column of values holds."""


def computed(formula: Formula, leaves: Mapping[Leaf, Fraction]) -> Value:
    """The value, or why there is none though every leaf has a number."""
    try:
        exact = formula.evaluate(leaves)
    except NoDenominator:
        return Value(None, NoValue.NO_DENOMINATOR)
    value = round_half_up(exact, VALUE_PLACES)
    return Value(None, NoValue.TOO_LARGE) if abs(value) >= BEYOND else Value(value, None)
