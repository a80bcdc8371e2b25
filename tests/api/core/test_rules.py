"""Each rule at both sides of each of its boundaries."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.core.rules import (
    Measured,
    Outcome,
    apply_rule,
    attainment_of,
    levels_of,
    to_scale,
)
from services.schema.shapes.schemes import Curve, Deduct, Pass, Ratio, Step, Steps
from services.schema.words import Better, Of, TargetLevel

HUNDRED = Decimal(100)
BUDGET, CHALLENGE = TargetLevel.BUDGET, TargetLevel.CHALLENGE
d = Decimal


def of_value(rule: Measured, value: str, full_mark: str = "100") -> tuple[Fraction, str]:
    outcome = apply_rule(rule, d(full_mark), d(value), {})
    return outcome.after, outcome.step


def of_attainment(rule: Measured, budget: str, challenge: str = "0") -> tuple[Fraction, str]:
    attainments = {BUDGET: d(budget), CHALLENGE: d(challenge)}
    outcome = apply_rule(rule, HUNDRED, d("999"), attainments)
    return outcome.after, outcome.step


@pytest.mark.parametrize(
    ("value", "target", "better", "attainment"),
    [
        ("130", "100", Better.HIGHER, "1.3"),
        ("0", "100", Better.HIGHER, "0"),
        ("1", "3", Better.HIGHER, "0.333333"),
        ("2", "3", Better.HIGHER, "0.666667"),
        ("0.4712", "0.45", Better.HIGHER, "1.047111"),
        ("1", "2000000", Better.HIGHER, "0.000001"),
        ("1", "2000001", Better.HIGHER, "0"),
        ("100", "100", Better.LOWER, "1"),
        ("80", "100", Better.LOWER, "1.2"),
        ("200", "100", Better.LOWER, "0"),
        ("201", "100", Better.LOWER, "-0.01"),
        ("1", "3", Better.LOWER, "1.666667"),
    ],
)
def test_attainment_is_actual_against_target(
    value: str, target: str, better: Better, attainment: str
) -> None:
    assert attainment_of(d(value), d(target), better) == d(attainment)


def test_a_target_of_zero_has_no_attainment() -> None:
    assert attainment_of(d("5"), d("0"), Better.HIGHER) is None
    assert attainment_of(d("5"), d("0.000000"), Better.LOWER) is None


def test_requirement_04_over_achievement_is_kept_and_only_the_rule_caps_it() -> None:
    attainment = attainment_of(d("130"), d("100"), Better.HIGHER)
    assert attainment == d("1.30")
    outcome = apply_rule(Ratio(), HUNDRED, d("130"), {BUDGET: attainment})
    assert outcome == Outcome(Fraction(130), Fraction(120), "cap")


@pytest.mark.parametrize(
    ("rule", "attainment", "score", "step"),
    [
        (Ratio(), "1", "100", "ratio"),
        (Ratio(), "0.555555", "55.5555", "ratio"),
        (Ratio(), "1.199999", "119.9999", "ratio"),
        (Ratio(), "1.2", "120", "ratio"),
        (Ratio(), "1.200001", "120", "cap"),
        (Ratio(), "0", "0", "ratio"),
        (Ratio(), "-0.000001", "0", "floor"),
        (Ratio(cap=d("100")), "1", "100", "ratio"),
        (Ratio(cap=d("100")), "1.000001", "100", "cap"),
        (Ratio(floor=d("40")), "0.4", "40", "ratio"),
        (Ratio(floor=d("40")), "0.399999", "40", "floor"),
        (Ratio(cap=d("0")), "1", "0", "cap"),
    ],
)
def test_ratio(rule: Ratio, attainment: str, score: str, step: str) -> None:
    assert of_attainment(rule, attainment) == (Fraction(score), step)


CHALLENGE_AND_BUDGET = Steps(
    (
        Step(d("30"), at_least=d("1"), level=CHALLENGE),
        Step(d("26"), at_least=d("0.98"), level=CHALLENGE),
        Step(d("23"), at_least=d("0.95"), level=CHALLENGE),
        Step(d("20"), at_least=d("1")),
        Step(d("16"), at_least=d("0.98")),
        Step(d("13"), at_least=d("0.95")),
    ),
    Of.ATTAINMENT,
)


@pytest.mark.parametrize(
    ("budget", "challenge", "score", "step"),
    [
        ("1.3", "1.000001", "30", "step 1"),
        ("1.3", "1", "30", "step 1"),
        ("1.3", "0.999999", "26", "step 2"),
        ("1.3", "0.98", "26", "step 2"),
        ("1.3", "0.97999", "23", "step 3"),
        ("1.3", "0.95", "23", "step 3"),
        ("1.3", "0.949999", "20", "step 4"),
        ("1", "0.5", "20", "step 4"),
        ("0.999999", "0.5", "16", "step 5"),
        ("0.98", "0.5", "16", "step 5"),
        ("0.979999", "0.5", "13", "step 6"),
        ("0.95", "0.5", "13", "step 6"),
        ("0.949999", "0.5", "0", "no step"),
    ],
)
def test_requirement_06_tiers_are_inclusive_and_without_holes(
    budget: str, challenge: str, score: str, step: str
) -> None:
    assert of_attainment(CHALLENGE_AND_BUDGET, budget, challenge) == (Fraction(score), step)


@pytest.mark.parametrize(
    ("value", "score", "step"),
    [
        ("34.999999", "100", "step 1"),
        ("35", "100", "step 1"),
        ("35.000001", "80", "step 2"),
        ("45", "80", "step 2"),
        ("45.000001", "60", "step 3"),
        ("999999", "60", "step 3"),
        ("-1", "100", "step 1"),
    ],
)
def test_steps_downward_with_a_last_that_takes_the_rest(value: str, score: str, step: str) -> None:
    rule = Steps(
        (
            Step(d("100"), at_most=d("35")),
            Step(d("80"), at_most=d("45")),
            Step(d("60"), at_least=d("0")),
        )
    )
    assert of_value(rule, value) == (Fraction(score), step)


@pytest.mark.parametrize(
    ("value", "score", "step"),
    [
        ("0.05", "80", "before point 1"),
        ("0.06", "80", "point 1 to 2"),
        ("0.095", "90", "point 1 to 2"),
        ("0.13", "100", "point 1 to 2"),
        ("0.130001", "100", "after point 2"),
    ],
)
def test_curve_is_straight_between_points_and_flat_outside(
    value: str, score: str, step: str
) -> None:
    rule = Curve(((d("0.06"), d("80")), (d("0.13"), d("100"))))
    assert of_value(rule, value) == (Fraction(score), step)


def test_curve_through_several_points_and_downward() -> None:
    rule = Curve(((d("24"), HUNDRED), (d("48"), d("60")), (d("72"), d("0"))))
    assert of_value(rule, "23") == (Fraction(100), "before point 1")
    assert of_value(rule, "36") == (Fraction(80), "point 1 to 2")
    assert of_value(rule, "48") == (Fraction(60), "point 1 to 2")
    assert of_value(rule, "48.000001")[1] == "point 2 to 3"
    assert of_value(rule, "60") == (Fraction(30), "point 2 to 3")
    assert of_value(rule, "73") == (Fraction(0), "after point 3")
    # 40 over 24 hours has no end in decimals: it stays exact until the line rounds it.
    assert of_value(rule, "25") == (Fraction(100) - Fraction(5, 3), "point 1 to 2")


def test_curve_of_attainment() -> None:
    rule = Curve(((d("0.8"), d("0")), (d("1"), HUNDRED)), Of.ATTAINMENT)
    assert of_attainment(rule, "0.9", "0.1") == (Fraction(50), "point 1 to 2")


@pytest.mark.parametrize(
    ("occurrences", "score", "step"),
    [
        ("0", "100", "0 beyond the free"),
        ("1", "100", "0 beyond the free"),
        ("1.000001", "99.999995", "0.000001 beyond the free"),
        ("2", "95", "1 beyond the free"),
        ("17", "20", "16 beyond the free"),
        ("17.000001", "20", "floor"),
        ("18", "20", "floor"),
        ("-3", "100", "0 beyond the free"),
    ],
)
def test_deduct(occurrences: str, score: str, step: str) -> None:
    rule = Deduct(per_occurrence=d("5"), free=d("1"), floor=d("20"))
    assert of_value(rule, occurrences) == (Fraction(score), step)


def test_deduct_shows_what_it_was_before_the_floor() -> None:
    outcome = apply_rule(Deduct(d("25")), HUNDRED, d("5"), {})
    assert outcome == Outcome(Fraction(-25), Fraction(0), "floor")


@pytest.mark.parametrize(
    ("rule", "value", "score", "step"),
    [
        (Pass(at_least=d("1.5")), "1.5", "100", "passed"),
        (Pass(at_least=d("1.5")), "1.499999", "0", "not passed"),
        (Pass(at_most=d("0.05")), "0.05", "100", "passed"),
        (Pass(at_most=d("0.05")), "0.050001", "0", "not passed"),
    ],
)
def test_pass(rule: Pass, value: str, score: str, step: str) -> None:
    assert of_value(rule, value) == (Fraction(score), step)


def test_pass_of_attainment() -> None:
    rule = Pass(at_least=d("1"), of=Of.ATTAINMENT)
    assert of_attainment(rule, "1") == (Fraction(100), "passed")
    assert of_attainment(rule, "0.999999", "2") == (Fraction(0), "not passed")


def test_the_levels_that_a_rule_needs() -> None:
    points = ((d("0"), d("0")), (d("1"), d("1")))
    assert levels_of(Ratio()) == {BUDGET}
    assert levels_of(CHALLENGE_AND_BUDGET) == {BUDGET, CHALLENGE}
    assert levels_of(Steps(CHALLENGE_AND_BUDGET.steps[:3], Of.ATTAINMENT)) == {CHALLENGE}
    assert levels_of(Steps((Step(d("1"), at_least=d("1")),))) == frozenset()
    assert levels_of(Curve(points)) == frozenset()
    assert levels_of(Curve(points, Of.ATTAINMENT)) == {BUDGET}
    assert levels_of(Pass(at_least=d("1"))) == frozenset()
    assert levels_of(Pass(at_least=d("1"), of=Of.ATTAINMENT)) == {BUDGET}
    assert levels_of(Deduct(d("5"))) == frozenset()


@pytest.mark.parametrize(
    ("after", "own_mark", "full_mark", "score"),
    [
        (Fraction(26), "30", "100", "86.6667"),
        (Fraction(23), "30", "5", "3.8333"),
        (Fraction(100), "100", "100", "100"),
        (Fraction(1, 3), "100", "100", "0.3333"),
        (Fraction(1, 20000), "100", "100", "0.0001"),
        (Fraction(99, 2000000), "100", "100", "0"),
        # Rounded at the item's own scale first, this would be 80.002.
        (Fraction("4.00005"), "5", "100", "80.001"),
    ],
)
def test_an_item_s_own_full_mark_is_scaled_and_rounded_once(
    after: Fraction, own_mark: str, full_mark: str, score: str
) -> None:
    outcome = Outcome(after, after, "")
    assert to_scale(outcome, own_mark=d(own_mark), full_mark=d(full_mark)) == d(score)


@given(
    st.decimals("-2", "3", places=6),
    st.sampled_from(("5", "100", "30")),
    st.sampled_from(("0", "1", "3")),
)
def test_a_ratio_keeps_between_floor_and_cap(
    attainment: Decimal, full_mark: str, floor: str
) -> None:
    outcome = apply_rule(Ratio(d(floor)), d(full_mark), d("0"), {BUDGET: attainment})
    assert Fraction(floor) <= outcome.after <= Fraction(full_mark) * 6 / 5
    assert outcome.before == Fraction(full_mark) * Fraction(attainment)
