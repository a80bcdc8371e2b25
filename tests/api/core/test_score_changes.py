"""The change of a score between two cards: each cause by hand, and always the sum to the digit."""

from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from services.api.core.score_change_documents import score_change_document
from services.api.core.score_changes import change_of, marks_between
from services.api.core.told_cards import ToldCard
from services.schema.shapes.indicators import Explained, Value
from services.schema.shapes.score_changes import ChangedPart
from services.schema.shapes.scorecards import Adjustment, ItemInput, SegmentInput
from services.schema.words import Better
from tests.api.core.chance import random_adjustments, random_inputs, random_scheme
from tests.api.core.scoring import (
    RATIO,
    Document,
    document,
    flat,
    given,
    item,
    section,
    segment_input,
)
from tests.api.core.test_explanations import _segment as segment_of
from tests.api.core.test_next_steps import told_card

d = Decimal
RATIO_110: Document = {**RATIO, "cap": "110"}
Causes = list[tuple[str, str]]


def sales_card(
    value: str | None,
    target: str = "100",
    *,
    rule: Document = RATIO,
    weight: str = "60",
    version: int | None = None,
    **more: object,
) -> ToldCard:
    """A card of sales and of care, which is 50 of 100 with the rest of the weight."""
    explained = (
        None
        if version is None or value is None
        else Explained(Value(d(value), None), "paid_amount", version, (), None, ())
    )
    stated = flat(
        item("sales", weight, rule, missing="zero"),
        item("care", str(100 - int(weight))),
        **more,
    )
    inputs: dict[str, ItemInput | str | None] = {
        "sales": given(value, budget=target, explained=explained),
        "care": "50",
    }
    return told_card(segment_input(stated, inputs))


def causes_of(before: ToldCard, after: ToldCard, code: str = "sales") -> tuple[str, Causes]:
    change = change_of(before, after)
    assert change is not None
    (line,) = (line for line in change.lines if line.item == code)
    assert sum((part for _, part in line.causes), d(0)) == line.part
    return str(line.part), [(str(cause), str(part)) for cause, part in line.causes]


CASES: list[tuple[dict[str, Any], dict[str, Any], str, Causes]] = [
    ({"value": "80"}, {"value": "80"}, "0", []),
    ({"value": "80"}, {"value": "95"}, "9.0", [("value", "9.0000")]),
    # 80 of 100 is 80, of 64 it is beyond the cap of 120.
    ({"value": "80"}, {"value": "80", "target": "64"}, "24.0", [("target", "24.0000")]),
    # First the new value under the old target: 90; then the new target: 75.
    (
        {"value": "80"},
        {"value": "90", "target": "120"},
        "-3.0",
        [("value", "6.0000"), ("target", "-9.0000")],
    ),
    # 130 is held at 120, by the new rule at 110.
    (
        {"value": "130"},
        {"value": "130", "rule": RATIO_110},
        "-6.0",
        [("rule", "-6.0000")],
    ),
    # From 80 x 60 to 80 x 70: the weight alone, by the score of both.
    ({"value": "80"}, {"value": "80", "weight": "70"}, "8.0", [("weight", "8.0000")]),
    # 80 x 60 = 48 to 100 x 70 = 70: 20 x 65 and 10 x 90.
    (
        {"value": "80"},
        {"value": "100", "weight": "70"},
        "22.0",
        [("value", "13.0000"), ("weight", "9.0000")],
    ),
    # Another definition: what people did cannot be told from it.
    (
        {"value": "80", "version": 1},
        {"value": "95", "version": 2},
        "9.0",
        [("definition", "9.0000")],
    ),
    ({"value": "80", "version": 1}, {"value": "95", "version": 1}, "9.0", [("value", "9.0000")]),
    # A policy scored one of them.
    ({"value": None}, {"value": "95"}, "57.0", [("missing", "57.0000")]),
]


@pytest.mark.parametrize(("then", "now", "part", "causes"), CASES)
def test_each_cause_by_hand(
    then: dict[str, Any], now: dict[str, Any], part: str, causes: Causes
) -> None:
    found, told = causes_of(sales_card(**then), sales_card(**now))
    assert (d(found), told) == (d(part), causes)


def test_requirement_29_what_is_measured_otherwise_is_marked() -> None:
    before = sales_card("80", "100", version=1)
    after = sales_card("95", "120", rule=RATIO_110, weight="70", version=2)
    marks = {
        (str(mark.what), mark.item, mark.before, mark.after)
        for mark in marks_between(before, after)
    }
    assert marks == {
        ("definition", "sales", "1", "2"),
        ("rule", "sales", None, None),
        ("weight", "sales", "60", "70"),
        ("weight", "care", "40", "30"),
        ("target", "sales", "100", "120"),
    }
    assert marks_between(before, sales_card("95", "100", version=1)) == ()


def test_requirement_29_another_version_scheme_or_length_is_marked() -> None:
    before = sales_card("80")
    given_ = before.segments[0]
    longer = segment_input(
        flat(item("sales", "100", RATIO)), {"sales": given("80", budget="100")}, days=30
    )
    for changed, what in (
        ({"scheme_version": 2}, (ChangedPart.VERSION, "1", "2")),
        ({"scheme": "other"}, (ChangedPart.SCHEME, "front", "other")),
    ):
        segment = replace(given_.segment, **changed)
        after = replace(before, segments=(replace(given_, segment=segment),))
        (mark,) = marks_between(before, after)
        assert (mark.what, mark.before, mark.after) == what
        assert mark.item is None
    marks = marks_between(before, told_card(longer))
    assert ChangedPart.PERIOD in {mark.what for mark in marks}
    assert (ChangedPart.REMOVED, "care") in {(mark.what, mark.item) for mark in marks}


def test_lines_that_come_and_go() -> None:
    before = sales_card("80")
    after = told_card(
        segment_input(
            flat(item("sales", "60", RATIO), item("speed", "40")),
            {"sales": given("80", budget="100"), "speed": "70"},
        )
    )
    change = change_of(before, after)
    assert change is not None
    told = [
        (line.item, str(line.part), [str(cause) for cause, _ in line.causes])
        for line in change.lines
    ]
    assert told == [
        ("sales", "0", []),
        ("speed", "28", ["appeared"]),
        ("care", "-20", ["vanished"]),
    ]
    assert (change.change, change.rounding) == (d("8.00"), d("0"))


def test_adjustments_gates_and_rounding_stand_beside_the_lines() -> None:
    gates: list[Document] = [{"when": {"item": "care", "below": "60"}, "then": {"cap": "60"}}]
    more: Document = {"gates": gates, "adjustments": {"minimum": "-5", "maximum": "5"}}
    stated = flat(item("sales", "60", RATIO), item("care", "40"), **more)

    def card(sales: str, care: str, *points: str) -> ToldCard:
        inputs: dict[str, ItemInput | str | None] = {
            "sales": given(sales, budget="100"),
            "care": care,
        }
        rewards = tuple(Adjustment(d(each), "r", "a") for each in points)
        return told_card(segment_input(stated, inputs), adjustments=rewards)

    # 48 + 20 + 3 is held to 60; then 48.00396 + 26 - 1 = 73.00 as it is shown.
    change = change_of(card("80", "50", "3"), card("80.0066", "65", "-1"))
    assert change is not None
    assert [(line.item, line.part) for line in change.lines] == [
        ("sales", d("0.0040")),
        ("care", d("6.0000")),
    ]
    assert (change.adjustments, change.gates) == (d("-4.00"), d("11.0000"))
    assert (change.before, change.after, change.rounding) == (d("60.00"), d("73.00"), d("-0.0040"))


def test_segments_count_by_their_days() -> None:
    stated = flat(item("sales", "100", RATIO))

    def part(value: str, days: int, after: int) -> SegmentInput:
        return segment_input(stated, {"sales": given(value, budget="100")}, days=days, after=after)

    before = told_card(part("50", 31, 0))
    after = told_card(part("50", 10, 0), part("90", 21, 10))
    change = change_of(before, after)
    assert change is not None
    (line,) = change.lines
    assert line.part == d("27.0968")
    assert [str(cause) for cause, _ in line.causes] == ["segments"]
    assert (change.change, change.rounding) == (d("27.10"), d("0.0032"))


def test_without_a_total_there_is_nothing_to_split() -> None:
    blocked = told_card(segment_input(flat(item("sales", "100", RATIO)), {"sales": None}))
    assert change_of(sales_card("80"), blocked) is None
    written: Any = score_change_document({}, sales_card("80"), {}, blocked)
    assert (written["reason"], written["change"], written["lines"]) == ("incomplete", None, [])
    assert written["words"]["zh"] == "有一张考核表没有总分，无法比较"


def random_card(chance: Random) -> ToldCard:
    segments = []
    for at in range(chance.choice((1, 1, 1, 2))):
        scheme = random_scheme(chance)
        segment = replace(segment_of(chance, at), scheme_version=at + 1)
        segments.append(SegmentInput(segment, scheme, random_inputs(chance, scheme)))
    return told_card(*segments, adjustments=tuple(random_adjustments(chance)))


@pytest.mark.parametrize("seed", range(40))
def test_the_parts_sum_to_the_change_exactly(seed: int) -> None:
    chance = Random(seed)
    for _ in range(5):
        before, after = random_card(chance), random_card(chance)
        change = change_of(before, after)
        if change is None:
            continue
        parts = sum((line.part for line in change.lines), d(0))
        whole = parts + change.adjustments + change.gates + change.rounding
        assert whole == change.change == change.after - change.before
        # Two roundings to 2 decimals on each side, of every segment one, and those of points.
        assert abs(change.rounding) <= d("0.03")
        for line in change.lines:
            assert sum((part for _, part in line.causes), d(0)) == line.part
        back = change_of(after, before)
        assert back is not None
        assert back.change == -change.change


def test_the_document_in_words() -> None:
    before = told_card(
        segment_input(
            document(section("a", "100", item("sales", "100", RATIO))),
            {"sales": given("80", budget="100", better=Better.HIGHER)},
        )
    )
    after = told_card(
        segment_input(
            document(section("a", "100", item("sales", "100", RATIO))),
            {"sales": given("92.5", budget="100")},
        )
    )
    written: Any = score_change_document({"id": "sc_1"}, before, {"id": "sc_2"}, after)
    assert (written["before"], written["after"]) == ({"id": "sc_1"}, {"id": "sc_2"})
    assert (written["change"], written["rounding"], written["marks"]) == ("12.50", "0", [])
    assert written["lines"] == [
        {
            "item": "sales",
            "indicator": "sales",
            "before": {
                "value": "80", "target": "100", "score": "80", "weight": "100", "points": "80",
            },
            "after": {
                "value": "92.5", "target": "100", "score": "92.5", "weight": "100",
                "points": "92.5",
            },
            "part": "12.5",
            "causes": [{"cause": "value", "part": "12.5"}],
        }
    ]  # fmt: skip
    assert written["words"] == {
        "zh": "总分 80.00 → 92.50，主要来自 sales +12.5",
        "en": "total 80.00 → 92.50, most by sales +12.5",
    }
