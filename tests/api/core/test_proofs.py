"""Better performance never lowers a score: what is refused, with which counter-example."""

from collections.abc import Mapping

import pytest

from services.api.core.proofs import faults_of_proof
from services.api.core.schemes import parse_scheme
from services.schema.shapes.indicators import Indicator
from services.schema.words import Better, IndicatorUnit
from tests.api.core.scoring import RATIO, Document, document, flat, item, known, section

KNOWN = {
    **known("sales", "profit", "gain"),
    **known("cost", better=Better.LOWER),
    **known("visits", unit=IndicatorUnit.COUNT),
    **known("slips", unit=IndicatorUnit.COUNT, better=Better.LOWER),
    **known("rate", unit=IndicatorUnit.RATIO),
    **known("seconds", unit=IndicatorUnit.SECONDS, better=Better.LOWER),
}
FIXED: Document = {"kind": "fixed", "value": "200", "challenge": "250"}


def proofs_of(
    stated: Document, indicators: Mapping[str, Indicator] = KNOWN
) -> list[tuple[str, str, str]]:
    return [
        (fault.pointer, fault.code, fault.detail)
        for fault in faults_of_proof(parse_scheme(stated), indicators)
    ]


def of_rule(indicator: str, rule: Document, **more: object) -> list[tuple[str, str, str]]:
    at = "/sections/0/items/0"
    found = proofs_of(flat(item(indicator, "100", rule, **more), grades=[]))
    assert all(pointer.startswith(at) for pointer, _, _ in found)
    return [(pointer.removeprefix(at), code, detail) for pointer, code, detail in found]


def steps(*stated: tuple[str, str, str], of: str = "value", level: str = "budget") -> Document:
    levels = {} if of == "value" else {"level": level}
    return {
        "kind": "steps",
        "of": of,
        "steps": [{name: bound, "score": score, **levels} for name, bound, score in stated],
    }


def two_levels(*stated: tuple[str, str, str]) -> Document:
    listed = [{"level": level, "at_least": bound, "score": score} for level, bound, score in stated]
    return {"kind": "steps", "of": "attainment", "steps": listed}


def curve(*points: tuple[str, str], of: str = "value") -> Document:
    return {"kind": "curve", "of": of, "points": [list(point) for point in points]}


LEADER = two_levels(
    ("challenge", "1", "30"),
    ("challenge", "0.98", "26"),
    ("challenge", "0.95", "23"),
    ("budget", "1", "20"),
    ("budget", "0.98", "16"),
    ("budget", "0.95", "13"),
)
"""`domain.md`, 6.5."""


@pytest.mark.parametrize(
    ("indicator", "rule", "more"),
    [
        ("sales", RATIO, {}),
        ("cost", RATIO, {}),
        ("sales", RATIO, {"target": FIXED}),
        ("cost", RATIO, {"target": FIXED}),
        ("seconds", {"kind": "ratio", "cap": "200"}, {}),
        ("sales", steps(("at_least", "2", "9"), ("at_least", "1", "9")), {}),
        ("sales", steps(("at_most", "1", "3"), ("at_least", "0", "9")), {}),
        ("cost", steps(("at_most", "1", "9"), ("at_most", "2", "8")), {}),
        ("cost", steps(("at_least", "2", "1"), ("at_most", "9", "8")), {}),
        ("cost", steps(("at_least", "1", "9"), of="attainment"), {}),
        ("sales", LEADER, {"full_mark": "30"}),
        ("sales", LEADER, {"full_mark": "30", "target": FIXED}),
        ("cost", LEADER, {"full_mark": "30"}),
        ("cost", LEADER, {"full_mark": "30", "target": {**FIXED, "challenge": "150"}}),
        ("sales", curve(("1", "5"), ("2", "5"), ("3", "6")), {}),
        ("cost", curve(("24", "100"), ("48", "60"), ("72", "0")), {}),
        ("cost", curve(("0", "0"), ("1", "100"), of="attainment"), {}),
        ("slips", {"kind": "deduct", "per_occurrence": "5", "free": "2", "floor": "10"}, {}),
        ("sales", {"kind": "pass", "at_least": "5"}, {}),
        ("cost", {"kind": "pass", "at_most": "5"}, {}),
        ("cost", {"kind": "pass", "of": "attainment", "at_least": "1"}, {}),
    ],
)
def test_what_is_never_worse_for_being_better_is_accepted(
    indicator: str, rule: Document, more: dict[str, object]
) -> None:
    assert of_rule(indicator, rule, **more) == []


@pytest.mark.parametrize(
    ("indicator", "rule", "more", "place", "detail"),
    [
        (
            "sales",
            steps(("at_least", "90", "80"), ("at_least", "80", "85")),
            {},
            "/steps/0",
            "sales 85 gives 85, sales 90 gives 80",
        ),
        (
            "cost",
            steps(("at_least", "2", "9"), ("at_least", "1", "8")),
            {},
            "/steps/1",
            "cost 2 gives 9, cost 1.5 gives 8",
        ),
        (
            "sales",
            steps(("at_most", "1", "9")),
            {},
            "",
            "sales 1 gives 9, sales 2 gives 0",
        ),
        (
            "cost",
            steps(("at_most", "1", "1"), of="attainment"),
            {},
            "",
            "cost at 1 of its budget gives 1, cost at 2 of its budget gives 0",
        ),
        (
            "sales",
            two_levels(("challenge", "1", "20"), ("budget", "1", "30")),
            {},
            "/steps/0",
            (
                "sales at 1 of its budget, sales at 0 of its challenge gives 30,"
                " sales at 1 of its budget, sales at 1 of its challenge gives 20"
            ),
        ),
        (
            "sales",
            two_levels(("challenge", "1", "20"), ("budget", "1", "30")),
            {"target": FIXED},
            "/steps/0",
            "sales 225 gives 30, sales 250 gives 20",
        ),
        (
            "sales",
            curve(("1", "5"), ("2", "7"), ("3", "6.5"), ("4", "6"), ("5", "9")),
            {},
            "",
            "sales 2 gives 7, sales 4 gives 6",
        ),
        (
            "cost",
            curve(("1", "0"), ("2", "7")),
            {},
            "",
            "cost 2 gives 7, cost 1 gives 0",
        ),
        (
            "visits",
            {"kind": "deduct", "per_occurrence": "30", "free": "1", "floor": "10"},
            {},
            "",
            "visits 1 gives 100, visits 4 gives 10",
        ),
        (
            "cost",
            {"kind": "pass", "at_least": "5"},
            {},
            "",
            "cost 5 gives 100, cost 4 gives 0",
        ),
        (
            "sales",
            RATIO,
            {"target": {"kind": "fixed", "value": "-10"}},
            "",
            "sales -12 gives 120, sales 0 gives 0",
        ),
    ],
)
def test_a_score_that_falls_is_refused_with_a_counter_example(
    indicator: str, rule: Document, more: dict[str, object], place: str, detail: str
) -> None:
    found = of_rule(indicator, rule, **more)
    assert [each for each in found if each[1] == "score_falls"] == [
        (f"/rule{place}", "score_falls", f"Better performance scores less: {detail}.")
    ]


def level(quantifier: str, score: object, *stated: tuple[str, str, str]) -> Document:
    """Conditions by indicator, name of bound and bound."""
    conditions = [{"indicator": code, name: bound} for code, name, bound in stated]
    mark = {"score": score} if isinstance(score, str) else {"range": score}
    return {quantifier: conditions, **mark}


def rubric(*levels: Document) -> Document:
    return {"kind": "rubric", "levels": list(levels)}


CONVERSION = (
    level("all", "3.5", ("rate", "at_least", "0.036"), ("visits", "at_least", "140")),
    level("all", "2.5", ("rate", "below", "0.036"), ("visits", "below", "140")),
    level("all", "3.25", ("rate", "at_least", "0.0288"), ("visits", "at_least", "112")),
    level("any", ["3", "3.25"], ("rate", "at_least", "0.036"), ("visits", "at_least", "140")),
)
"""`domain.md`, 6.6: one short by less than a fifth, by more, or both short."""


def test_a_rubric_over_two_indicators_is_proved_in_both() -> None:
    assert of_rule("rate", rubric(*CONVERSION), full_mark="5") == []


def test_a_rubric_falls_in_one_of_its_indicators() -> None:
    generous = (CONVERSION[1] | {"score": "3.1"}, CONVERSION[0], *CONVERSION[2:])
    assert of_rule("rate", rubric(*generous), full_mark="5") == [
        (
            "/rule/levels/3",
            "score_falls",
            (
                "Better performance scores less: rate -0.9712, visits 126 gives 3.1,"
                " rate -0.9712, visits 140 gives 3."
            ),
        )
    ]


def test_a_choice_of_the_manager_may_not_outdo_a_better_level() -> None:
    first = level("all", "3.5", ("rate", "at_least", "0.5"))
    rest = level("any", ["3", "3.5"], ("rate", "below", "0.5"))
    assert of_rule("rate", rubric(first, rest), full_mark="5") == []
    over = rest | {"range": ["3", "3.75"]}
    assert of_rule("rate", rubric(first, over), full_mark="5") == [
        (
            "/rule/levels/0",
            "score_falls",
            "Better performance scores less: rate -0.5 gives 3.75, rate 0.5 gives 3.5.",
        )
    ]


def test_a_rubric_of_attainments() -> None:
    of_target = {"indicator": "rate", "of": "attainment", "at_least": "0.8"}
    of_value = {"indicator": "rate", "of": "value", "at_least": "0.9"}
    good = rubric({"all": [of_value], "score": "5"}, {"all": [of_target], "score": "4"})
    bad = rubric({"all": [of_target], "score": "4"}, {"all": [of_value], "score": "5"})
    fixed: Document = {"kind": "fixed", "value": "1"}
    for target in ({"kind": "set"}, fixed):
        assert of_rule("rate", good, full_mark="5", target=target) == []
    assert of_rule("rate", bad, full_mark="5", target=fixed) == [
        ("/rule/levels/1", "level_unreachable", "No figures of rate lead to level 2.")
    ]
    assert of_rule("rate", bad, full_mark="5") == [
        (
            "/rule/levels/0",
            "score_falls",
            (
                "Better performance scores less: rate at -0.2 of its budget, rate 0.9 gives 5,"
                " rate at 0.8 of its budget, rate 0.9 gives 4."
            ),
        )
    ]
    other = {"indicator": "sales", "of": "attainment", "at_most": "1"}
    found = of_rule("rate", rubric({"all": [other], "score": "4"}), full_mark="5", target=fixed)
    assert found == [
        (
            "/rule",
            "score_falls",
            (
                "Better performance scores less: sales at 1 of its budget gives 4,"
                " sales at 2 of its budget gives 0."
            ),
        )
    ]


def test_steps_that_no_figure_reaches() -> None:
    assert of_rule("slips", steps(("at_most", "0", "9"), ("at_most", "1", "8"))) == []
    below: Document = steps(("at_least", "0", "9"), ("at_least", "-1", "8"))
    assert ("/rule/steps/1", "step_unreachable", "No figures of visits lead to step 2.") in of_rule(
        "visits", below
    )
    assert of_rule("sales", below) == []
    fixed: Document = {"kind": "fixed", "value": "100", "challenge": "120"}
    hidden = two_levels(("budget", "0.9", "9"), ("challenge", "1", "9"))
    assert of_rule("sales", hidden, target=fixed) == [
        ("/rule/steps/1", "step_unreachable", "No figures of sales lead to step 2.")
    ]
    assert of_rule("sales", hidden) == []


def test_a_cap_that_no_figure_reaches() -> None:
    """Lower is better: at nothing at all the attainment is 2."""
    assert of_rule("seconds", {"kind": "ratio", "cap": "200"}) == []
    assert of_rule("seconds", {"kind": "ratio", "cap": "200.0001"}) == [
        ("/rule/cap", "cap_unreachable", "The cap of seconds is 200.0001, and 200 the most.")
    ]
    assert of_rule("cost", {"kind": "ratio", "cap": "200.0001"}) == []


def test_a_rule_with_too_many_places_to_turn_is_refused_unproved() -> None:
    codes = ("sales", "profit", "rate", "gain")
    levels = [
        level("all", "1", *((code, "at_least", str(bound)) for code in codes))
        for bound in range(9, 3, -1)
    ]
    assert of_rule("rate", rubric(*levels[:5])) == []  # 11 ** 4
    assert of_rule("rate", rubric(*levels)) == [  # 13 ** 4
        ("/rule", "rule_too_wide", "The rule of rate can turn at more than 20000 places.")
    ]


def test_every_item_is_proved_at_its_place() -> None:
    falls = steps(("at_most", "1", "9"))
    stated = document(
        section("x", "50", item("sales", "100")),
        section("y", "50", item("profit", "40", falls), item("cost", "60", {"kind": "ratio"})),
        grades=[],
    )
    assert [(pointer, code) for pointer, code, _ in proofs_of(stated)] == [
        ("/sections/1/items/0/rule", "score_falls")
    ]
