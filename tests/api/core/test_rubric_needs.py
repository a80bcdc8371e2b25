"""What a rubric's level waits for: the conversion item of `domain.md`, 6.6, and its neighbours."""

from dataclasses import replace
from decimal import Decimal

import pytest

from services.api.core.rubric_needs import needs_of, percent_of
from services.schema.shapes.schemes import RubricCondition, RubricLevel
from services.schema.shapes.scorecards import ItemInput
from services.schema.words import Better, Of, Quantifier
from tests.api.core.scoring import given

d = Decimal


def level(quantifier: Quantifier, *conditions: RubricCondition) -> RubricLevel:
    return RubricLevel(quantifier, conditions, d("3.5"), d("3.5"))


def bound(indicator: str, of: Of = Of.VALUE, **stated: str) -> RubricCondition:
    return RubricCondition(indicator, of, **{name: d(each) for name, each in stated.items()})


BOTH = level(
    Quantifier.ALL, bound("conversion_rate", at_least="0.036"), bound("dwell", at_least="140")
)


def held(conversion: str | None, dwell: str | None, budget: str | None = None) -> ItemInput:
    own = given(conversion, budget=budget)
    return replace(own, others={"dwell": given(dwell)})


def needs(of: RubricLevel, given_: ItemInput) -> list[tuple[str, str, str, str]]:
    return [
        (need.indicator, str(need.value), str(need.distance), str(need.percent))
        for need in needs_of(of, "conversion_rate", given_)
    ]


def test_all_that_is_short_of_a_level_is_named() -> None:
    both = [
        ("conversion_rate", "0.036000", "0.006000", "20.0000"),
        ("dwell", "140.000000", "40.000000", "40.0000"),
    ]
    assert needs(BOTH, held("0.030", "100")) == both
    assert needs(BOTH, held("0.030", "140")) == both[:1]
    assert needs(BOTH, held("0.036", "139.999999")) == [
        ("dwell", "140.000000", "0.000001", "0.0000")
    ]
    assert needs(BOTH, held("0.036", "140")) == []


def test_without_data_nothing_can_be_told() -> None:
    assert needs(BOTH, held("0.030", None)) == []
    assert needs(BOTH, held(None, "100")) == []
    unknown = level(Quantifier.ALL, bound("elsewhere", at_least="1"))
    assert needs(unknown, held("0.030", "100")) == []


def test_of_any_that_suffices_the_nearest_is_named() -> None:
    either = replace(BOTH, quantifier=Quantifier.ANY)
    assert [need[0] for need in needs(either, held("0.030", "100"))] == ["conversion_rate"]
    assert [need[0] for need in needs(either, held("0.018", "100"))] == ["dwell"]
    assert needs(either, held("0.036", "100")) == []


def test_against_a_target_and_without_one() -> None:
    near = level(Quantifier.ALL, bound("conversion_rate", Of.ATTAINMENT, at_least="0.8"))
    assert needs(near, held("0.03", "1", budget="0.05")) == [
        ("conversion_rate", "0.040000", "0.010000", "33.3333")
    ]
    assert needs(near, held("0.04", "1", budget="0.05")) == []
    (need,) = needs_of(near, "conversion_rate", held("0.03", "1"))
    assert (need.value, need.distance, need.percent) == (None, None, None)


@pytest.mark.parametrize(
    ("better", "condition", "value", "expected"),
    [
        (Better.LOWER, {"at_most": "30"}, "45", ("30.000000", "-15.000000", "33.3333")),
        (Better.LOWER, {"below": "30"}, "30", ("29.999999", "-0.000001", "0.0000")),
        # To become worse is no way ahead.
        (Better.HIGHER, {"below": "30"}, "30", None),
        (Better.HIGHER, {"at_most": "30"}, "45", None),
        (Better.LOWER, {"at_least": "30"}, "10", None),
    ],
)
def test_lower_is_better_and_worse_is_no_way(
    better: Better, condition: dict[str, str], value: str, expected: tuple[str, str, str] | None
) -> None:
    stated = level(Quantifier.ALL, bound("conversion_rate", Of.VALUE, **condition))
    found = needs(stated, given(value, better=better))
    assert found == ([] if expected is None else [("conversion_rate", *expected)])


def test_a_percent_is_of_the_present_value_or_of_what_is_to_be_reached() -> None:
    assert percent_of(d(25), d(50), d(75)) == 50
    assert percent_of(d(-25), d(-50), d(-75)) == 50
    assert percent_of(d(75), d(0), d(75)) == 100
    assert percent_of(d(0), d(0), d(0)) is None
