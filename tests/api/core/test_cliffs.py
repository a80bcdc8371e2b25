"""Cliffs: where a score jumps, who stands just short of it, and what they would gain."""

from dataclasses import replace
from decimal import Decimal

import pytest

from services.api.core.cliffs import NearEdge, edges_of, near_edge
from services.api.core.scorecards import score
from services.schema.shapes.scorecards import ItemInput
from services.schema.words import Better, Of, TargetLevel
from tests.api.core.scoring import Document, flat, given, item, segment_input

STEPS: Document = {
    "kind": "steps",
    "of": "attainment",
    "steps": [
        {"level": "challenge", "at_least": "1", "score": "100"},
        {"at_least": "1", "score": "80"},
        {"at_least": "0", "score": "75"},
    ],
}
AT_MOST: Document = {
    "kind": "steps",
    "steps": [{"at_most": "35", "score": "100"}, {"at_most": "45", "score": "80"}],
}
PASS: Document = {"kind": "pass", "at_least": "200"}
STEEP: Document = {"kind": "curve", "points": [["100", "0"], ["104", "60"], ["200", "61"]]}
FALLING: Document = {"kind": "curve", "points": [["24", "100"], ["25", "60"], ["72", "0"]]}


def found(
    rule: Document, inputs: ItemInput, weight: str = "50"
) -> dict[tuple[str, str, bool], NearEdge]:
    """The edges that a line stands just short of, by level or `value`, figure and side."""
    stated = flat(item("i", weight, rule), item("rest", str(100 - int(weight))))
    segment = segment_input(stated, {"i": inputs, "rest": "1"})
    line = score([segment]).segments[0].lines[0]
    section = segment.scheme.sections[0]
    own = section.items[0]
    near = {
        (edge.level or "value", str(edge.at), edge.upward): near_edge(
            segment.scheme, own, edge, inputs, line
        )
        for edge in edges_of(segment.scheme, section, own)
    }
    return {key: each for key, each in near.items() if each is not None}


@pytest.mark.parametrize(
    ("value", "percent"),
    [
        ("189.999999", None),
        ("190", "5"),
        ("195.999999", "5"),
        ("196", "2"),
        ("197.999999", "2"),
        ("198", "1"),
        ("199.999999", "1"),
        ("200", None),
        ("200.000001", None),
    ],
)
def test_how_far_short_of_a_figure(value: str, percent: str | None) -> None:
    near = found(PASS, given(value))
    expected = (
        {} if percent is None else {("value", "200", True): NearEdge(Decimal(percent), Decimal(50))}
    )
    assert near == expected


@pytest.mark.parametrize(
    ("value", "edges"),
    [
        ("35", {}),
        ("35.000001", {("value", "35", False): ("1", "10.0000")}),
        ("36.75", {("value", "35", False): ("5", "10.0000")}),
        ("36.750001", {}),
        ("45.9", {("value", "45", False): ("2", "40.0000")}),
    ],
)
def test_lower_is_reached_from_above(
    value: str, edges: dict[tuple[str, str, bool], tuple[str, str]]
) -> None:
    near = found(AT_MOST, given(value, better=Better.LOWER))
    assert {key: (str(each.percent), str(each.gain)) for key, each in near.items()} == edges


def test_the_gain_is_what_the_whole_rule_gives_at_the_edge() -> None:
    """97 of a budget of 98 and a challenge of 100: the budget gains little, the challenge much."""
    near = found(STEPS, given("97", budget="98", challenge="100"))
    assert near == {("challenge", "1", True): NearEdge(Decimal(5), Decimal("12.5"))}


@pytest.mark.parametrize(
    ("budget", "value", "better"),
    [
        ("7", "2.3333", Better.HIGHER),
        ("333.333333", "110.1", Better.HIGHER),
        ("7", "11.67", Better.LOWER),
        ("-7", "-2.3", Better.HIGHER),
    ],
)
def test_an_attainment_is_reached_by_the_next_value_that_is_kept(
    budget: str, value: str, better: Better
) -> None:
    """A third of such a target is no value that is kept; the next better one is."""
    rule: Document = {"kind": "pass", "of": "attainment", "at_least": "0.333334"}
    near = found(rule, given(value, budget=budget, better=better))
    assert [each.gain for each in near.values()] == [Decimal(50)]


@pytest.mark.parametrize(
    ("rule", "value", "edges"),
    [
        (STEEP, "102", {"104": "15.0000"}),
        (STEEP, "96", {}),
        (STEEP, "195", {}),
        (FALLING, "24.5", {"24": "10.0000"}),
        (FALLING, "24.1", {}),
        (FALLING, "26", {}),
    ],
)
def test_only_what_is_steep_of_a_curve(rule: Document, value: str, edges: dict[str, str]) -> None:
    near = found(rule, given(value))
    assert {at: str(each.gain) for (_, at, _), each in near.items()} == edges


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "ratio"},
        {"kind": "deduct", "per_occurrence": "9.9999"},
        {"kind": "steps", "steps": [{"at_most": "0", "score": "100"}]},
    ],
)
def test_what_has_no_edge(rule: Document) -> None:
    segment = segment_input(flat(item("i", "100", rule)), {"i": given("1", budget="1")})
    section = segment.scheme.sections[0]
    assert list(edges_of(segment.scheme, section, section.items[0])) == []


def test_edges_say_what_they_are_of_and_are_named_once() -> None:
    segment = segment_input(flat(item("i", "100", STEPS)), {"i": given("1", budget="1")})
    section = segment.scheme.sections[0]
    assert [
        (edge.of, edge.level, str(edge.at))
        for edge in edges_of(segment.scheme, section, section.items[0])
    ] == [
        (Of.ATTAINMENT, TargetLevel.CHALLENGE, "1"),
        (Of.ATTAINMENT, TargetLevel.BUDGET, "1"),
    ]
    twice: Document = {
        "kind": "steps",
        "steps": [{"at_least": "5", "score": "100"}, {"at_least": "5", "score": "90"}],
    }
    segment = segment_input(flat(item("i", "100", twice)), {"i": given("1")})
    section = segment.scheme.sections[0]
    assert len(list(edges_of(segment.scheme, section, section.items[0]))) == 1


@pytest.mark.parametrize(
    ("value", "near"),
    [
        ("2", {}),
        ("2.25", {"2": "5.0000"}),
        ("2.24", {}),
        ("3", {"2": "20.0000"}),
        ("3.5", {"3": "10.0000"}),
        ("4", {"3": "20.0000"}),
        ("4.5", {"4": "5.0000"}),
        ("5", {"4": "5.0000"}),
        ("6", {}),
    ],
)
def test_of_a_deduction_whoever_has_one_more_stands_short(value: str, near: dict[str, str]) -> None:
    """Two are free, each more costs 40 of 100 down to 10: the third and last but 10."""
    rule: Document = {"kind": "deduct", "per_occurrence": "40", "free": "2", "floor": "10"}
    edges = found(rule, given(value))
    assert {at: str(each.gain) for (_, at, _), each in edges.items()} == near
    assert all(each.percent is None for each in edges.values())
    exact = [
        found({**rule, "per_occurrence": each}, given("3")).keys() for each in ("10", "9.9999")
    ]
    assert exact == [{("value", "2", False)}, set()]


@pytest.mark.parametrize("value", [None, "99"])
def test_who_has_no_data_or_no_attainment_is_near_nothing(value: str | None) -> None:
    rule: Document = {"kind": "pass", "of": "attainment", "at_least": "1"}
    assert found(rule, given(value)) == {}


@pytest.mark.parametrize("bound", ["at_most", "below"])
def test_a_rubric_has_an_edge_at_each_bound_of_the_items_own_indicator(bound: str) -> None:
    rule: Document = {
        "kind": "rubric",
        "levels": [
            {"all": [{"indicator": "i", bound: "5"}, {"indicator": "other", bound: "9"}],
             "score": "100"},
            {"any": [{"indicator": "i", "of": "attainment", "at_least": "0.8"}], "score": "50"},
        ],
    }  # fmt: skip
    inputs = replace(given("1", budget="1"), others={"other": given("1")})
    segment = segment_input(flat(item("i", "100", rule)), {"i": inputs})
    section = segment.scheme.sections[0]
    assert [
        (edge.of, edge.level, str(edge.at), edge.upward)
        for edge in edges_of(segment.scheme, section, section.items[0])
    ] == [
        (Of.VALUE, None, "5", False),
        (Of.ATTAINMENT, TargetLevel.BUDGET, "0.8", True),
    ]
