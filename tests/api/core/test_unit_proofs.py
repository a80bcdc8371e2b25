"""Figures out of the unit of what is held against them."""

import pytest

from services.api.core.schemes import parse_scheme
from services.api.core.unit_proofs import faults_of_units
from services.schema.words import Better, IndicatorUnit
from tests.api.core.scoring import RATIO, Document, flat, item, known

KNOWN = {
    **known("sales"),
    **known("rate", unit=IndicatorUnit.RATIO),
    **known("slips", unit=IndicatorUnit.COUNT, better=Better.LOWER),
    **known("hours", unit=IndicatorUnit.HOURS),
    **known("seconds", unit=IndicatorUnit.SECONDS),
    **known("marks", unit=IndicatorUnit.SCORE),
}


def units_of(stated: Document) -> list[tuple[str, str, str]]:
    found = faults_of_units(parse_scheme(stated), KNOWN)
    return [(fault.pointer, fault.code, fault.detail) for fault in found]


def out_of_unit(place: str, detail: str) -> list[tuple[str, str, str]]:
    return [(place, "figure_out_of_unit", detail)]


def at_least(bound: str, of: str = "value") -> Document:
    step: Document = {"at_least": bound, "score": "1"}
    return {"kind": "steps", "of": of, "steps": [{"at_least": "10", "score": "2"}, step]}


@pytest.mark.parametrize("code", ["sales", "rate", "marks"])
def test_an_attainment_is_a_part_of_1(code: str) -> None:
    at = "/sections/0/items/0/rule/steps/1/at_least"
    assert units_of(flat(item(code, "100", at_least("10", "attainment")))) == []
    assert units_of(flat(item(code, "100", at_least("98", "attainment")))) == out_of_unit(
        at, "An attainment of 98 is 9800 %; 98 % is written 0.98."
    )
    assert units_of(flat(item(code, "100", at_least("10.000001", "attainment")))) != []


def test_a_ratio_is_a_part_of_1() -> None:
    at = "/sections/0/items/0"
    assert units_of(flat(item("rate", "100", at_least("99.999999")))) == []
    assert units_of(flat(item("rate", "100", at_least("100")))) == out_of_unit(
        f"{at}/rule/steps/1/at_least", "rate is a ratio: 100 is 10000 %; 100 % is written 1."
    )
    for code in ("sales", "slips", "hours", "marks"):
        assert units_of(flat(item(code, "100", at_least("100")))) == []
    fixed: Document = {"kind": "fixed", "value": "0.9", "challenge": "120"}
    assert units_of(flat(item("rate", "100", RATIO, target=fixed))) == out_of_unit(
        f"{at}/target/challenge", "rate is a ratio: 120 is 12000 %; 120 % is written 1.2."
    )


@pytest.mark.parametrize("code", ["slips", "hours", "seconds"])
def test_what_is_counted_or_timed_is_never_below_0(code: str) -> None:
    at = "/sections/0/items/0/rule"
    curve: Document = {"kind": "curve", "points": [["-0.000001", "1"], ["0", "2"]]}
    assert units_of(flat(item(code, "100", curve))) == out_of_unit(
        f"{at}/points/0/0", f"{code} is never below 0, as -0.000001 is."
    )
    assert units_of(flat(item(code, "100", {**curve, "of": "attainment"}))) == []
    assert units_of(flat(item("sales", "100", curve))) == []
    assert units_of(flat(item(code, "100", {"kind": "pass", "at_most": "0"}))) == []
    assert units_of(flat(item(code, "100", {"kind": "pass", "at_most": "-1"}))) == out_of_unit(
        f"{at}/at_most", f"{code} is never below 0, as -1 is."
    )


def test_conditions_of_a_rubric_are_each_of_their_own_indicator() -> None:
    conditions: list[Document] = [
        {"indicator": "sales", "at_least": "120"},
        {"indicator": "rate", "below": "120"},
        {"indicator": "rate", "of": "attainment", "at_most": "12"},
    ]
    rule: Document = {"kind": "rubric", "levels": [{"any": conditions, "score": "1"}]}
    at = "/sections/0/items/0/rule/levels/0/any"
    assert units_of(flat(item("sales", "100", rule))) == [
        *out_of_unit(f"{at}/1/below", "rate is a ratio: 120 is 12000 %; 120 % is written 1.2."),
        *out_of_unit(f"{at}/2/at_most", "An attainment of 12 is 1200 %; 12 % is written 0.12."),
    ]


def test_gates_of_values_and_attainments() -> None:
    def gate(of: str, below: str) -> Document:
        return {"when": {"item": "rate", "of": of, "below": below}, "then": {"cap": "50"}}

    gates = [gate("score", "100"), gate("value", "100"), gate("attainment", "100")]
    of_section = {"when": {"section": "all", "below": "100"}, "then": {"cap": "50"}}
    assert units_of(flat(item("rate", "100", RATIO), gates=[*gates, of_section])) == [
        *out_of_unit("/gates/1/when/below", "rate is a ratio: 100 is 10000 %; 100 % is written 1."),
        *out_of_unit("/gates/2/when/below", "An attainment of 100 is 10000 %; 100 % is written 1."),
    ]


def test_what_is_deducted_is_counted() -> None:
    rule: Document = {"kind": "deduct", "per_occurrence": "5"}
    assert units_of(flat(item("slips", "100", rule))) == []
    assert units_of(flat(item("hours", "100", rule))) == [
        (
            "/sections/0/items/0/rule/kind",
            "deduct_not_counted",
            "Occurrences are counted, and the unit of hours is hours.",
        )
    ]


def test_a_commission_is_paid_on_money() -> None:
    def paid(code: str) -> Document:
        return {"plan": "commission", "indicator": code, "rate": "0.01"}

    stated = flat(item("sales", "100"), pay=[paid("sales"), paid("slips")])
    assert units_of(stated) == [
        (
            "/pay/1/indicator",
            "commission_not_of_money",
            "A commission is a part of money, and the unit of slips is count.",
        )
    ]


def test_what_people_rate_has_no_unit() -> None:
    rating: Document = {"kind": "rating", "raters": [{"role": "manager", "weight": "100"}]}
    rated = {**item("conduct", "100", rating), "indicator": None}
    gate = {"when": {"item": "conduct", "of": "value", "below": "100"}, "then": {"cap": "50"}}
    assert units_of(flat(rated, gates=[gate])) == []
