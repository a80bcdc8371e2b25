"""Where each kind of rule gives more: both sides of every boundary, to the last digit."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from services.schema.money import plain
from services.schema.shapes.indicators import Indicator
from services.schema.shapes.next_steps import LineSteps, NoStep
from services.schema.words import Better, IndicatorUnit
from tests.api.core.scoring import RATIO, Document, flat, given, item, known, segment_input
from tests.api.core.test_next_steps import DEDUCT, MONEY, steps_of, told_card

d = Decimal
COUNTS = known("sales", unit=IndicatorUnit.COUNT)


def one_line(
    rule: Document,
    value: str | None,
    *,
    indicators: Mapping[str, Indicator] = MONEY,
    better: Better = Better.HIGHER,
    budget: str | None = None,
    challenge: str | None = None,
    **more: object,
) -> LineSteps:
    """The steps of a card of one line."""
    inputs = {"sales": given(value, budget=budget, challenge=challenge, better=better)}
    stated = flat(item("sales", "100", rule, **more))
    return steps_of(told_card(segment_input(stated, inputs)), indicators).lines[0]


def brief(line: LineSteps) -> list[tuple[object, ...]]:
    """Kind, number, value, distance, percent, score and gain of each step."""
    return [
        (
            str(step.kind),
            step.number,
            *(
                None if each is None else plain(each)
                for each in (step.value, step.distance, step.percent)
            ),
            plain(step.reached.score),
            plain(step.reached.gain),
        )
        for step in line.steps
    ]


STEPS: Document = {
    "kind": "steps",
    "of": "attainment",
    "steps": [
        {"level": "challenge", "at_least": "1", "score": "30"},
        {"at_least": "1", "score": "26"},
        {"at_least": "0.98", "score": "26"},
        {"at_least": "0.9", "score": "23"},
    ],
}
UP: Document = {
    "kind": "steps",
    "steps": [{"at_least": "100", "score": "100"}, {"at_least": "50", "score": "40"}],
}
DOWN: Document = {
    "kind": "steps",
    "steps": [{"at_most": "2", "score": "100"}, {"at_most": "5", "score": "40"}],
}
FROM_BELOW: Document = {
    "kind": "steps",
    "steps": [{"at_most": "50", "score": "10"}, {"at_least": "0", "score": "80"}],
}
CURVE: Document = {
    "kind": "curve",
    "points": [["10", "0"], ["20", "60"], ["30", "60"], ["40", "100"]],
}
LOW = {"better": Better.LOWER}

CASES: list[tuple[Document, str, dict[str, Any], list[tuple[object, ...]]]] = [
    # Ratio: to the target and to the cap; beyond both nothing is left.
    (RATIO, "900", {"budget": "1000"}, [
        ("target", None, "1000", "100", "11.1111", "100", "10"),
        ("cap", None, "1200", "300", "33.3333", "120", "30"),
    ]),
    (RATIO, "1000", {"budget": "1000"}, [
        ("cap", None, "1200", "200", "20", "120", "20"),
    ]),
    (RATIO, "1200", {"budget": "1000"}, []),
    ({**RATIO, "cap": "100"}, "999.999999", {"budget": "1000"}, []),  # attains 1 as it is kept
    # Nothing yet: percent of what is to be reached.
    ({**RATIO, "cap": "100"}, "0", {"budget": "1000"}, [
        ("target", None, "1000", "1000", "100", "100", "100"),
    ]),
    # Lower is better: 2 - actual / target.
    (RATIO, "12", {"budget": "10", **LOW}, [
        ("target", None, "10", "-2", "16.6667", "100", "20"),
        ("cap", None, "8", "-4", "33.3333", "120", "40"),
    ]),
    # A cap that no attainment of 6 decimals meets exactly is reached by the next one.
    ({**RATIO, "cap": "110"}, "3", {"budget": "3", "full_mark": "30"}, [
        ("cap", None, "11.000001", "8.000001", "266.6667", "366.6667", "266.6667"),
    ]),
    # Steps by value, from both sides of each bound.
    (UP, "49.999999", {}, [
        ("step", 2, "50", "0.000001", "0", "40", "40"),
        ("step", 1, "100", "50.000001", "100", "100", "100"),
    ]),
    (UP, "50", {}, [("step", 1, "100", "50", "100", "100", "60")]),
    (UP, "100", {}, []),
    (DOWN, "5.000001", LOW, [
        ("step", 2, "5", "-0.000001", "0", "40", "40"),
        ("step", 1, "2", "-3.000001", "60", "100", "100"),
    ]),
    (DOWN, "2", LOW, []),
    # A step that is stated from above is left just beyond its bound.
    (FROM_BELOW, "50", {}, [("step", 1, "50.000001", "0.000001", "0", "80", "70")]),
    # Challenge and budget: 98 % exactly earns 26.
    (STEPS, "97", {"budget": "100", "challenge": "120", "full_mark": "30"}, [
        ("step", 3, "98", "1", "1.0309", "86.6667", "10"),
        ("step", 1, "120", "23", "23.7113", "100", "23.3333"),
    ]),
    (STEPS, "98", {"budget": "100", "challenge": "120", "full_mark": "30"}, [
        ("step", 1, "120", "22", "22.449", "100", "13.3333"),
    ]),
    # Curve: each point that lies higher; a level stretch has none.
    (CURVE, "15", {}, [
        ("point", 2, "20", "5", "33.3333", "60", "30"),
        ("point", 4, "40", "25", "166.6667", "100", "70"),
    ]),
    (CURVE, "25", {}, [("point", 4, "40", "15", "60", "100", "40")]),
    (CURVE, "40", {}, []),
    # Deduct: one fewer, and as many as are free; from far below the first that counts again.
    (DEDUCT, "3", LOW, [
        ("occurrence", None, "2", "-1", "33.3333", "85", "15"),
        ("free", None, "1", "-2", "66.6667", "100", "30"),
    ]),
    (DEDUCT, "12", LOW, [
        ("floor", None, "7", "-5", "41.6667", "10", "10"),
        ("free", None, "1", "-11", "91.6667", "100", "100"),
    ]),
    (DEDUCT, "1", LOW, []),
    # Pass.
    ({"kind": "pass", "at_least": "5"}, "4.999999", {}, [
        ("bound", None, "5", "0.000001", "0", "100", "100"),
    ]),
    ({"kind": "pass", "at_least": "5"}, "5", {}, []),
    ({"kind": "pass", "at_most": "5"}, "6", LOW, [
        ("bound", None, "5", "-1", "16.6667", "100", "100"),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "value", "more", "expected"), CASES)
def test_the_way_to_each_better_score(
    rule: Document, value: str, more: dict[str, Any], expected: list[tuple[object, ...]]
) -> None:
    line = one_line(rule, value, **more)
    assert brief(line) == expected
    assert line.reason == (None if expected else NoStep.BEST)


def test_what_is_counted_is_reached_by_whole_things() -> None:
    """There is no half order: 80 % of 7 orders is 6."""
    rule: Document = {
        "kind": "steps",
        "of": "attainment",
        "steps": [{"at_least": "0.8", "score": "100"}],
    }
    whole = one_line(rule, "2", budget="7", indicators=COUNTS)
    assert [step.value for step in whole.steps] == [d(6)]
    assert [step.value for step in one_line(rule, "2", budget="7").steps] == [d("5.6")]


BY_ATTAINMENT: Document = {
    "kind": "curve",
    "of": "attainment",
    "points": [["0", "0"], ["1", "100"]],
}
SLOPES: list[tuple[Document, str, dict[str, Any], str]] = [
    (RATIO, "900", {"budget": "1234"}, "50/617"),
    (RATIO, "1480.8", {"budget": "1234"}, "0"),  # at the cap
    ({**RATIO, "floor": "50"}, "616.999", {"budget": "1234"}, "0"),  # below the floor
    ({**RATIO, "floor": "50"}, "617", {"budget": "1234"}, "50/617"),
    (CURVE, "10", {}, "6"),
    (CURVE, "9.999999", {}, "0"),
    (CURVE, "20", {}, "0"),
    (CURVE, "30", {}, "4"),
    (CURVE, "40", {}, "0"),
    ({"kind": "curve", "points": [["0", "100"], ["10", "0"]]}, "10", LOW, "10"),
    ({"kind": "curve", "points": [["0", "100"], ["10", "0"]]}, "0", LOW, "0"),
    (DEDUCT, "3", LOW, "15"),
    (DEDUCT, "1", LOW, "0"),
    (DEDUCT, "7.666667", LOW, "0"),  # a whole unit better is not below the floor, a little is
    (UP, "70", {}, "0"),
    ({**RATIO}, "0.02", {"budget": "0.03", "full_mark": "30"}, "10000/3"),
    # Of a curve over attainment a unit is its part of the target, in the better direction.
    (BY_ATTAINMENT, "50", {"budget": "200"}, "1/2"),
    (BY_ATTAINMENT, "200", {"budget": "200"}, "0"),
    (BY_ATTAINMENT, "30", {"budget": "20", **LOW}, "5"),
    (BY_ATTAINMENT, "20", {"budget": "20", **LOW}, "0"),
    (RATIO, "12", {"budget": "10", **LOW}, "10"),
    (RATIO, "8", {"budget": "10", **LOW}, "0"),  # at the cap
]


@pytest.mark.parametrize(("rule", "value", "more", "slope"), SLOPES)
def test_points_for_a_unit_are_exact(
    rule: Document, value: str, more: dict[str, Any], slope: str
) -> None:
    assert str(one_line(rule, value, **more).points_per_unit) == slope


def test_without_data_or_target_nothing_is_said() -> None:
    line = one_line(RATIO, None, budget="3", missing="zero")
    assert (line.reason, line.steps, line.points_per_unit) == (NoStep.NO_DATA, (), None)
    line = one_line(RATIO, "3", missing="zero")
    assert (line.reason, line.steps, line.points_per_unit) == (NoStep.NO_TARGET, (), None)
