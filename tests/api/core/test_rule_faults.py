"""Items and rules that could not score: passes and refusals on both sides of each line."""

from collections.abc import Mapping

import pytest

from services.api.core.publishing import faults_of_form
from services.api.core.schemes import parse_scheme
from services.schema.shapes.indicators import Indicator
from tests.api.core.scoring import RATIO, Document, flat, item, known

KNOWN = known("a")


def faults_of(
    stated: Document, indicators: Mapping[str, Indicator] = KNOWN
) -> list[tuple[str, str]]:
    return [
        (fault.pointer, fault.code) for fault in faults_of_form(parse_scheme(stated), indicators)
    ]


def test_indicators_must_be_known() -> None:
    assert faults_of(flat(item("a", "100")), {}) == [
        ("/sections/0/items/0/indicator", "indicator_unknown")
    ]


@pytest.mark.parametrize("full_mark", ["0", "-5"])
def test_a_full_mark_is_above_0(full_mark: str) -> None:
    places = [pointer for pointer, _ in faults_of(flat(item("a", "100"), full_mark=full_mark))]
    assert places == ["/full_mark"]
    own = faults_of(flat(item("a", "100", full_mark=full_mark)))
    assert own == [("/sections/0/items/0/full_mark", "full_mark_not_positive")]


TO_CHALLENGE: Document = {
    "kind": "steps",
    "of": "attainment",
    "steps": [{"level": "challenge", "at_least": "1", "score": "30"}],
}


@pytest.mark.parametrize(
    ("rule", "target", "codes"),
    [
        (RATIO, {"kind": "set"}, []),
        (RATIO, {"kind": "fixed", "value": "0.000001"}, []),
        (RATIO, {"kind": "fixed", "value": "0"}, ["target_missing"]),
        (RATIO, None, ["target_missing"]),
        (TO_CHALLENGE, {"kind": "set"}, []),
        (TO_CHALLENGE, {"kind": "fixed", "value": "1"}, ["target_missing"]),
        (TO_CHALLENGE, {"kind": "fixed", "value": "1", "challenge": "2"}, []),
        ({"kind": "deduct", "per_occurrence": "5"}, None, []),
        ({"kind": "deduct", "per_occurrence": "5"}, {"kind": "fixed", "value": "0"}, []),
    ],
)
def test_a_rule_of_attainment_needs_a_target(
    rule: Document, target: Document | None, codes: list[str]
) -> None:
    expected = [("/sections/0/items/0/target", code) for code in codes]
    assert faults_of(flat(item("a", "100", rule, target=target))) == expected


def steps(*bounds: tuple[str, str], of: str = "value") -> Document:
    """Steps by name of bound and number, each giving a lower score."""
    return {
        "kind": "steps",
        "of": of,
        "steps": [
            {name: bound, "score": str(100 - number)} for number, (name, bound) in enumerate(bounds)
        ],
    }


@pytest.mark.parametrize(
    ("rule", "faults"),
    [
        ({"kind": "ratio", "floor": "119.9999"}, []),
        ({"kind": "ratio", "floor": "120"}, [("/floor", "floor_above_cap")]),
        ({"kind": "ratio", "floor": "-1"}, [("/floor", "floor_above_cap")]),
        ({"kind": "ratio", "cap": "0"}, [("/floor", "floor_above_cap")]),
        (steps(), [("/steps", "steps_missing")]),
        (steps(("at_least", "2"), ("at_least", "1")), []),
        (
            steps(("at_least", "1"), ("at_least", "1")),
            [("/steps/1", "step_unreachable")],
        ),
        (steps(("at_least", "1"), ("at_least", "2")), [("/steps/1", "step_unreachable")]),
        (steps(("at_most", "1"), ("at_most", "2")), []),
        (steps(("at_most", "2"), ("at_most", "2")), [("/steps/1", "step_unreachable")]),
        (steps(("at_most", "3"), ("at_least", "0")), []),
        (steps(("at_most", "3"), ("at_least", "3")), []),
        (steps(("at_most", "3"), ("at_least", "3.000001")), [("/steps", "steps_gap")]),
        (
            steps(("at_most", "3"), ("at_least", "0"), ("at_least", "-9")),
            [("/steps/2", "step_unreachable")],
        ),
        (
            steps(("at_most", "3"), ("at_least", "9"), ("at_least", "3"), ("at_most", "4")),
            [("/steps/3", "step_unreachable")],
        ),
        (
            {"kind": "steps", "steps": [{"at_least": "0", "score": "-1"}]},
            [("/steps/0/score", "score_negative")],
        ),
        ({"kind": "curve", "points": []}, [("/points", "points_missing")]),
        ({"kind": "curve", "points": [["1", "1"]]}, [("/points", "points_missing")]),
        ({"kind": "curve", "points": [["1", "1"], ["1.000001", "0"]]}, []),
        (
            {"kind": "curve", "points": [["1", "1"], ["1", "2"]]},
            [("/points/1/0", "points_unordered")],
        ),
        (
            {"kind": "curve", "points": [["1", "1"], ["2", "-0.0001"]]},
            [("/points/1/1", "score_negative")],
        ),
        ({"kind": "deduct", "per_occurrence": "0.0001", "floor": "99.9999"}, []),
        (
            {"kind": "deduct", "per_occurrence": "0"},
            [("/per_occurrence", "deduction_not_positive")],
        ),
        (
            {"kind": "deduct", "per_occurrence": "1", "free": "-1"},
            [("/free", "free_negative")],
        ),
        (
            {"kind": "deduct", "per_occurrence": "1", "floor": "100"},
            [("/floor", "floor_above_cap")],
        ),
        ({"kind": "pass", "at_least": "1"}, []),
    ],
)
def test_requirement_06_rules_without_overlap_or_gap(
    rule: Document, faults: list[tuple[str, str]]
) -> None:
    at = "/sections/0/items/0/rule"
    expected = [(f"{at}{pointer}", code) for pointer, code in faults]
    assert faults_of(flat(item("a", "100", rule))) == expected


def test_requirement_06_steps_of_two_levels_are_held_apart() -> None:
    rule: Document = {
        "kind": "steps",
        "of": "attainment",
        "steps": [
            {"level": "challenge", "at_least": "1", "score": "30"},
            {"level": "budget", "at_least": "1", "score": "20"},
            {"level": "challenge", "at_least": "1", "score": "10"},
        ],
    }
    assert faults_of(flat(item("a", "100", rule))) == [
        ("/sections/0/items/0/rule/steps/2", "step_unreachable")
    ]


def test_own_full_marks_bound_their_own_rules() -> None:
    rule: Document = {"kind": "ratio", "floor": "36"}
    assert faults_of(flat(item("a", "100", rule))) == []
    assert faults_of(flat(item("a", "100", rule, full_mark="30"))) == [
        ("/sections/0/items/0/rule/floor", "floor_above_cap")
    ]
