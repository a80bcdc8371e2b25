"""Gates that can bite and can be passed, and grades that somebody can reach."""

import pytest

from services.api.core.proofs import faults_of_proof
from services.api.core.schemes import parse_scheme
from services.schema.words import Better, IndicatorUnit
from tests.api.core.scoring import GRADES, RATIO, Document, document, flat, item, known, section

KNOWN = {
    **known("sales"),
    **known("cost", better=Better.LOWER),
    **known("visits", unit=IndicatorUnit.COUNT),
    **known("slips", unit=IndicatorUnit.COUNT, better=Better.LOWER),
}
RATING: Document = {"kind": "rating", "raters": [{"role": "manager", "weight": "100"}]}


def found_in(stated: Document) -> list[tuple[str, str, str]]:
    found = faults_of_proof(parse_scheme(stated), KNOWN)
    return [(fault.pointer, fault.code, fault.detail) for fault in found]


def rated(code: str, weight: str, **more: object) -> Document:
    return {**item(code, weight, RATING, target=None, **more), "indicator": None}


def scheme_with(when: Document, then: Document | None = None) -> Document:
    """Two sections; scores of ratios lie from 0 to 120, of the steps from 20 to 100."""
    floor: Document = {
        "kind": "steps",
        "steps": [{"at_least": "1", "score": "100"}, {"at_least": "0", "score": "20"}],
    }
    return document(
        section("a", "60", item("sales", "100", RATIO)),
        section("b", "40", item("cost", "50", RATIO), item("visits", "50", floor, target=None)),
        gates=[{"when": when, "then": {"cap": "50"} if then is None else then}],
    )


@pytest.mark.parametrize(
    "when",
    [
        {"section": "a", "below": "0.01"},
        {"section": "a", "below": "120"},
        {"section": "b", "below": "10.01"},
        {"section": "b", "below": "110"},
        {"section": "b", "at_most": "10"},
        {"section": "b", "at_most": "109.99"},
        {"item": "sales", "below": "0.0001"},
        {"item": "sales", "below": "120"},
        {"item": "sales", "at_most": "0"},
        {"item": "sales", "at_most": "119.9999"},
        {"item": "visits", "below": "20.0001"},
        {"item": "visits", "below": "100"},
        {"item": "visits", "of": "value", "below": "0.000001"},
        {"item": "visits", "of": "value", "at_most": "0"},
        {"item": "sales", "of": "value", "below": "-5"},
        {"item": "cost", "of": "value", "at_least": "5"},
        {"item": "sales", "of": "attainment", "below": "0"},
        {"item": "cost", "of": "attainment", "below": "2.5"},
    ],
)
def test_a_gate_that_some_trip_and_some_pass_is_accepted(when: Document) -> None:
    assert found_in(scheme_with(when)) == []


@pytest.mark.parametrize(
    ("when", "place", "code", "detail"),
    [
        (
            {"section": "b", "below": "10"},
            "below",
            "gate_never_trips",
            "No gate of 10 trips here: scores of section b lie from 10 to 110.",
        ),
        (
            {"section": "b", "at_most": "9.99"},
            "at_most",
            "gate_never_trips",
            "No gate of 9.99 trips here: scores of section b lie from 10 to 110.",
        ),
        (
            {"section": "b", "below": "110.01"},
            "below",
            "gate_always_trips",
            "A gate of 110.01 trips for all: scores of section b lie from 10 to 110.",
        ),
        (
            {"section": "b", "at_most": "110"},
            "at_most",
            "gate_always_trips",
            "A gate of 110 trips for all: scores of section b lie from 10 to 110.",
        ),
        (
            {"item": "visits", "at_least": "20"},
            "at_least",
            "gate_always_trips",
            "A gate of 20 trips for all: scores of visits lie from 20 to 100.",
        ),
        (
            {"item": "visits", "at_least": "100.0001"},
            "at_least",
            "gate_never_trips",
            "No gate of 100.0001 trips here: scores of visits lie from 20 to 100.",
        ),
        (
            {"item": "visits", "of": "value", "below": "0"},
            "below",
            "gate_never_trips",
            "No gate of 0 trips here: values of visits lie from 0.",
        ),
        (
            {"item": "visits", "of": "value", "at_least": "0"},
            "at_least",
            "gate_always_trips",
            "A gate of 0 trips for all: values of visits lie from 0.",
        ),
    ],
)
def test_a_gate_that_nobody_or_everybody_trips_is_refused(
    when: Document, place: str, code: str, detail: str
) -> None:
    assert found_in(scheme_with(when)) == [(f"/gates/0/when/{place}", code, detail)]


@pytest.mark.parametrize(
    ("when", "place", "detail"),
    [
        (
            {"section": "a", "at_least": "120"},
            "at_least",
            "scores of section a, 119.99 passes and 120",
        ),
        (
            {"section": "a", "at_least": "50"},
            "at_least",
            "scores of section a, 49.99 passes and 50",
        ),
        ({"item": "sales", "at_least": "50"}, "at_least", "scores of sales, 49.9999 passes and 50"),
        (
            {"item": "sales", "of": "value", "at_least": "5"},
            "at_least",
            "values of sales, 4.999999 passes and 5",
        ),
        (
            {"item": "cost", "of": "value", "below": "5"},
            "below",
            "values of cost, 5 passes and 4.999999",
        ),
        (
            {"item": "cost", "of": "value", "at_most": "5"},
            "at_most",
            "values of cost, 5.000001 passes and 5",
        ),
        (
            {"item": "cost", "of": "attainment", "at_least": "0.9"},
            "at_least",
            "attainments of cost, 0.899999 passes and 0.9",
        ),
    ],
)
def test_a_gate_never_trips_for_being_better(when: Document, place: str, detail: str) -> None:
    assert found_in(scheme_with(when)) == [
        (
            f"/gates/0/when/{place}",
            "gate_punishes",
            f"Better performance trips this gate: of the {detail} trips it.",
        )
    ]


def test_attainments_of_what_is_never_below_0() -> None:
    def found(code: str, **bound: str) -> list[str]:
        gate = {"when": {"item": code, "of": "attainment", **bound}, "then": {"cap": "50"}}
        stated = flat(item("visits", "50", RATIO), item("slips", "50", RATIO), gates=[gate])
        return [code for _, code, _ in found_in(stated)]

    assert found("visits", below="0") == ["gate_never_trips"]
    assert found("visits", at_most="0") == []
    assert found("slips", at_most="2") == ["gate_always_trips"]
    assert found("slips", below="2") == []
    assert found("slips", below="-9") == []


@pytest.mark.parametrize("of", ["value", "attainment"])
def test_what_people_rate_has_a_score_alone(of: str) -> None:
    gate = {"when": {"item": "conduct", "of": of, "below": "1"}, "then": {"cap": "50"}}
    stated = flat(rated("conduct", "100"), gates=[gate])
    assert found_in(stated) == [
        (
            "/gates/0/when",
            "gate_never_trips",
            f"The item conduct has no {of} that a gate could read.",
        )
    ]


def test_without_a_target_there_is_no_attainment() -> None:
    gate = {"when": {"item": "sales", "of": "attainment", "below": "1"}, "then": {"cap": "50"}}
    for target, count in ((None, 1), ({"kind": "fixed", "value": "0"}, 1), ({"kind": "set"}, 0)):
        stated = flat(item("sales", "100", target=target), gates=[gate])
        assert len(found_in(stated)) == count


@pytest.mark.parametrize(
    ("then", "faults"),
    [
        ({"cap": "115.99"}, []),
        (
            {"cap": "116"},
            [
                (
                    "/gates/0/then/cap",
                    "gate_without_effect",
                    "A cap of 116 takes nothing: totals lie from 4 to 116.",
                )
            ],
        ),
        ({"grade": "B"}, []),
        ({"grade": "C"}, []),
        ({"fail": True}, []),
        (
            {"grade": "A"},
            [
                (
                    "/gates/0/then/grade",
                    "gate_without_effect",
                    "No better than A, which is the best grade, takes nothing.",
                )
            ],
        ),
    ],
)
def test_what_a_gate_takes(then: Document, faults: list[tuple[str, str, str]]) -> None:
    assert found_in(scheme_with({"section": "a", "below": "60"}, then)) == faults


def test_of_one_grade_there_is_nothing_to_fail() -> None:
    gate = {"when": {"item": "sales", "below": "1"}, "then": {"fail": True}}
    stated = flat(item("sales", "100", RATIO), gates=[gate], grades=GRADES[2:])
    assert found_in(stated) == [
        (
            "/gates/0/then/fail",
            "gate_without_effect",
            "Where there is one grade alone, to fail takes nothing.",
        )
    ]
    assert found_in({**stated, "grades": GRADES[1:]}) == []


def grade(name: str, start: str, coefficient: str = "1") -> Document:
    return {"grade": name, "from": start, "coefficient": coefficient}


def test_a_grade_that_no_total_reaches() -> None:
    def found(start: str, **more: object) -> list[tuple[str, str, str]]:
        grades = [grade("A", start), grade("B", "0")]
        return found_in(flat(item("sales", "100", RATIO), grades=grades, **more))

    def refused(start: str, most: str) -> list[tuple[str, str, str]]:
        detail = f"Grade A is from {start}; totals lie from 0 to {most}."
        return [("/grades", "grade_unreachable", detail)]

    assert found("120") == []
    assert found("120.01") == refused("120.01", "120")
    bounded = {"minimum": "-5", "maximum": "3"}
    assert found("123", adjustments=bounded) == []
    assert found("123.01", adjustments=bounded) == refused("123.01", "123")


def test_a_grade_that_every_total_is_above() -> None:
    floor: Document = {"kind": "ratio", "floor": "60"}
    grades = [grade("A", "90"), grade("B", "60"), grade("C", "0")]
    stated = flat(item("sales", "100", floor), grades=grades)
    refused = ("/grades", "grade_unreachable", "Grade C ends at 60; totals lie from 60 to 120.")
    assert found_in(stated) == [refused]
    grades[1] = grade("B", "60.01")
    assert found_in({**stated, "grades": grades}) == []
    grades[1] = grade("B", "60")
    assert found_in({**stated, "adjustments": {"minimum": "-0.01", "maximum": "0"}}) == []
    gate = {"when": {"item": "sales", "below": "70"}, "then": {"fail": True}}
    assert found_in({**stated, "gates": [gate]}) == []
    shares = [{"grade": "A", "share": "50"}, {"grade": "C", "share": "50"}]
    assert found_in({**stated, "distribution": {"shares": shares}}) == []


def test_a_better_grade_pays_no_less() -> None:
    grades = [grade("A", "90", "1"), grade("B", "60", "1"), grade("C", "0", "1.000001")]
    assert found_in(flat(item("sales", "100", RATIO), grades=grades)) == [
        (
            "/grades",
            "coefficient_falls",
            "The better grade pays less: B gives 1, C gives 1.000001.",
        )
    ]
