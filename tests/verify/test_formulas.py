"""Values recomputed from measures agree with what the api computes, for every built-in formula."""

from fractions import Fraction
from random import Random

import pytest

from services.api.catalogue import FAMILIES, indicator_entries
from services.api.core.formulas import Leaf, parse_formula
from services.api.core.formulas import NoDenominator as Undefined
from services.verify.arithmetic import Unreadable
from services.verify.formulas import NoDenominator, value_of

Measures = list[dict[str, object]]


def measures_of(text: str, chance: Random) -> tuple[Measures, Fraction | None]:
    """An amount for each measure of a formula, and what the api makes of them."""
    formula = parse_formula(text)
    leaves: list[Leaf] = [*formula.amounts, *formula.calendars]
    values = {leaf: Fraction(chance.randint(0, 4)) for leaf in leaves}
    stated: Measures = [
        {
            "measure": leaf.span.named(leaf.measure),
            "filters": leaf.filters,
            "amount": str(values[leaf]),
        }
        for leaf in formula.amounts
    ]
    stated += [
        {"measure": leaf.span.named(leaf.number), "filters": "", "amount": str(values[leaf])}
        for leaf in formula.calendars
    ]
    try:
        return stated, formula.evaluate(values)
    except Undefined:
        return stated, None


FORMULAS = sorted(
    {
        str(each["formula"])
        for name in FAMILIES
        for each in indicator_entries(name)
        if each["formula"]
    }
)
HARD = [
    "1 - 2 - 3",
    "8 / 4 / 2",
    "-(a - b) * - c",
    "2 * (a + b) / (a - b)",
    'trailing(30, a / b) - previous(a[channel = "x", campaign != ""] + period_days)',
    'a[shop in ("1" , "2","1")] + a[ shop in ("3") and channel="\\"q\\\\"] + 0.25',
]


@pytest.mark.parametrize("text", [*FORMULAS, *HARD])
def test_a_formula_is_counted_as_the_api_counts_it(text: str) -> None:
    chance = Random(len(text))
    for _ in range(20):
        measures, expected = measures_of(text, chance)
        if expected is None:
            with pytest.raises(NoDenominator):
                value_of(text, measures)
        else:
            assert value_of(text, measures) == expected


def test_a_measure_without_an_amount_leaves_no_value() -> None:
    measures = [{"measure": "a", "filters": "", "amount": None}]
    assert value_of("a", measures) is None


@pytest.mark.parametrize("text", ["a b", "a +", "(a", "b", "a[x", "import os", "a(1)", "__x__", ""])
def test_what_is_no_formula_over_these_measures_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        value_of(text, [{"measure": "a", "filters": "", "amount": "1"}])
