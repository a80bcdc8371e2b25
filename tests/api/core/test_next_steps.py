"""Next steps of a card: exact distances, what they give, and never a step that gives less."""

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from services.api.core.explanations import explanation_document
from services.api.core.next_step_documents import next_steps_document
from services.api.core.next_step_words import card_words
from services.api.core.next_steps import Paces, next_steps_of
from services.api.core.scorecards import score
from services.api.core.told_cards import ToldCard, line_at, line_scoring, read_told, score_with
from services.schema.shapes.indicators import Indicator
from services.schema.shapes.next_steps import NextSteps, NoPace, NoStep, Pace, PaceOf
from services.schema.shapes.schemes import Ladder, Name, Rating, Rubric
from services.schema.shapes.scorecards import Adjustment, SegmentInput
from services.schema.words import Better
from tests.api.core.chance import random_adjustments, random_inputs, random_scheme
from tests.api.core.scoring import (
    RATIO,
    START,
    Document,
    document,
    flat,
    given,
    head,
    item,
    known,
    section,
    segment_input,
)
from tests.api.core.test_explanations import _segment as segment_of

d = Decimal
MONEY = known("sales", "slips", "rate")


def told_card(*segments: SegmentInput, adjustments: tuple[Adjustment, ...] = ()) -> ToldCard:
    """A card as it is read back from its own explanation."""
    made = score(segments, adjustments)
    written = explanation_document(head(segments, adjustments), segments, made)
    schemes = {(each.segment.scheme, each.segment.scheme_version): each.scheme for each in segments}
    card = read_told(json.loads(written), schemes)
    assert score_with(card, {}) == made, "what is read back is what was scored"
    return card


def steps_of(
    card: ToldCard, indicators: Mapping[str, Indicator] = MONEY, paces: Paces | None = None
) -> NextSteps:
    return next_steps_of(card, indicators, paces or {}, day=START)


DEDUCT: Document = {"kind": "deduct", "per_occurrence": "15", "free": "1"}


def two_lines(**more: object) -> Document:
    return document(
        section("work", "60", item("sales", "100", RATIO)),
        section("care", "40", item("slips", "100", DEDUCT)),
        **more,
    )


def test_who_was_graded_by_place_is_not_told_of_bands() -> None:
    inputs = {"sales": given("800", budget="1000"), "slips": given("2", better=Better.LOWER)}
    ranked = replace(told_card(segment_input(two_lines(), inputs)), is_ranked=True)
    steps = steps_of(ranked)
    assert (steps.next_grade, steps.to_next, steps.band, steps.spare) == (None,) * 4
    assert card_words(steps).en == "a total of 82.00"
    assert steps.lines[0].alone is None


def test_the_next_grade_and_the_present_one_in_points_and_by_one_line_alone() -> None:
    inputs = {"sales": given("800", budget="1000"), "slips": given("2", better=Better.LOWER)}
    steps = steps_of(told_card(segment_input(two_lines(), inputs)))
    assert steps.total == d("82.00")
    assert (steps.next_grade and steps.next_grade.grade, steps.to_next) == ("A", d("8.00"))
    assert (steps.band and steps.band.grade, steps.spare) == ("B", d("7.00"))
    sales, slips = steps.lines
    # An attainment of 0.9332495 is 0.93325 as it is kept: 55.995 + 34 is 90.00 as it is shown.
    assert sales.alone is not None
    assert (sales.alone.value, sales.alone.distance) == (d("933.2495"), d("133.2495"))
    assert score_with_sales(inputs, "933.2495") == d("90.00")
    assert score_with_sales(inputs, "933.249499") == d("89.99")
    assert slips.alone is None  # 88 at the best
    # 20 points of score for 25 % more sales, 6 of the total for a half of the slips.
    assert steps.effort == ((1, "sales", 0), (1, "slips", 0))


def score_with_sales(inputs: dict[str, Any], value: str) -> Decimal | None:
    stated = {**inputs, "sales": given(value, budget="1000")}
    return score([segment_input(two_lines(), stated)]).total


@pytest.mark.parametrize("value", range(60, 76))
def test_by_one_line_alone_not_a_millionth_less_would_do(value: int) -> None:
    stated = flat(item("sales", "100", RATIO))

    def card(sales: Decimal) -> ToldCard:
        return told_card(segment_input(stated, {"sales": given(str(sales), budget="97")}))

    steps = steps_of(card(d(value)))
    alone = steps.lines[0].alone
    assert alone is not None
    assert steps.next_grade is not None
    for reached, enough in ((alone.value, True), (alone.value - d("0.000001"), False)):
        total = score_with(card(reached), {}).total
        assert total is not None
        assert (total >= steps.next_grade.start) is enough


def test_by_one_line_alone_a_step_is_reached_at_its_bound() -> None:
    steps: Document = {
        "kind": "steps",
        "of": "attainment",
        "steps": [
            {"at_least": "1", "score": "100"},
            {"at_least": "0.9", "score": "80"},
            {"at_least": "0", "score": "0"},
        ],
    }
    stated = flat(item("sales", "100", steps))
    card = told_card(segment_input(stated, {"sales": given("500", budget="1000")}))
    alone = steps_of(card).lines[0].alone
    assert alone is not None
    assert (alone.value, alone.percent) == (d("900"), d("80"))


def test_a_gate_that_is_left_behind_counts_in_the_total() -> None:
    gates = [{"when": {"item": "slips", "of": "value", "at_least": "2"}, "then": {"cap": "70"}}]
    inputs = {"sales": given("1000", budget="1000"), "slips": given("2", better=Better.LOWER)}
    steps = steps_of(told_card(segment_input(two_lines(gates=gates), inputs)))
    assert (steps.total, len(steps.held_by)) == (d("70.00"), 1)
    (free,) = steps.lines[1].steps
    assert (free.reached.gain, free.reached.total) == (d("6"), d("100.00"))
    assert (free.reached.total_gain, free.reached.grade) == (d("30.00"), "A")


def test_a_segment_that_is_over_says_so_and_counts_by_its_days() -> None:
    stated = flat(item("sales", "100", RATIO))
    first = segment_input(stated, {"sales": given("50", budget="100")}, days=10)
    second = segment_input(stated, {"sales": given("50", budget="100")}, days=21, after=10)
    card = told_card(first, second)
    steps = next_steps_of(card, MONEY, {}, day=second.segment.start)
    assert [line.over for line in steps.lines] == [True, False]
    target = steps.lines[1].steps[0]
    assert (target.reached.gain, target.reached.total) == (d("50"), d("83.87"))
    assert steps.effort == ((2, "sales", 0),)
    ended = next_steps_of(card, MONEY, {}, day=None)
    assert [line.over for line in ended.lines] == [True, True]
    assert [place[0] for place in ended.effort] == [2, 1]


def test_at_the_best_grade_and_at_the_lowest() -> None:
    best = steps_of(told_card(segment_input(flat(item("sales", "100")), {"sales": "95"})))
    assert (best.next_grade, best.to_next, best.spare) == (None, None, d("5.00"))
    low = steps_of(told_card(segment_input(flat(item("sales", "100")), {"sales": "5"})))
    assert (low.spare, low.to_next) == (None, d("70.00"))
    no_grades = flat(item("sales", "100"), grades=[])
    bare = steps_of(told_card(segment_input(no_grades, {"sales": "5"})))
    assert (bare.next_grade, bare.band, bare.spare, bare.total) == (None, None, None, d("5.00"))


def test_a_card_that_is_incomplete_still_tells_the_points_of_its_lines() -> None:
    inputs = {"sales": given("800", budget="1000"), "slips": given(None)}
    steps = steps_of(told_card(segment_input(two_lines(), inputs)))
    assert (steps.total, steps.to_next, steps.expected) == (None, None, None)
    target = steps.lines[0].steps[0]
    assert (target.reached.gain, target.reached.total) == (d("12"), None)
    assert target.effect == d("0.48")
    assert steps.lines[1].reason is NoStep.NO_DATA


def test_a_pace_tells_the_score_at_its_forecast_and_at_both_ends() -> None:
    inputs = {
        "sales": given("300", budget="1000"),
        "slips": given("1", budget="3", better=Better.LOWER),
    }
    pace = Pace(PaceOf.SUM, START, START, 10, 1, d(10), d(31), d(300), d(930), d(800), d(1100))
    slips = Pace(PaceOf.SUM, START, START, 10, 1, d(10), d(31), d(1), d(3), d(1), d(5))
    paces: Paces = {(1, "sales"): pace, (1, "slips"): slips}
    steps = steps_of(told_card(segment_input(two_lines(), inputs)), paces=paces)
    assert steps.lines[0].expected is not None
    assert [each.points for each in steps.lines[0].expected] == [d("55.8"), d("48"), d("66")]
    assert steps.lines[1].expected is not None
    # Fewer slips are better: the low end of the range is the better one.
    assert [each.points for each in steps.lines[1].expected] == [d("28"), d("16"), d("40")]
    assert steps.expected is not None
    totals = [(each.total, each.grade) for each in steps.expected]
    assert totals == [(d("83.80"), "B"), (d("64.00"), "C"), (d("106.00"), "A")]


@pytest.mark.parametrize("seed", range(60))
def test_every_step_is_true(seed: int) -> None:
    """By scoring the card again: the figures are those of it, and less would not do."""
    chance = Random(seed)
    schemes = [random_scheme(chance) for _ in range(chance.choice((1, 1, 2)))]
    segments = [
        SegmentInput(
            replace(segment_of(chance, at), scheme_version=at + 1),
            scheme,
            random_inputs(chance, scheme),
        )
        for at, scheme in enumerate(schemes)
    ]
    card = told_card(*segments, adjustments=tuple(random_adjustments(chance)))
    steps = steps_of(card, {})
    places = {told.place: told for told in card.each_line()}
    for line in steps.lines:
        told = places[line.segment, line.line.item]
        scores = [step.reached.score for step in line.steps]
        assert scores == sorted(set(scores)), "what takes more gives more"
        for step in line.steps:
            # What people give has no value; nor has a level that several indicators lead to.
            at = (
                line_scoring(told, step.reached.score)
                if step.value is None
                else line_at(card, told, step.value)
            )
            again = score_with(card, {told.place: at})
            assert (again.total, again.grade) == (step.reached.total, step.reached.grade)
            assert (at.score, at.points) == (step.reached.score, step.reached.points)
            if step.value is None:
                assert told.item.rule.__class__ in {Rating, Ladder, Rubric}
                continue
            ahead = told.given.better is Better.HIGHER
            assert step.distance is not None
            assert (step.distance > 0) is ahead
            if step.kind in {"step", "bound"}:
                nudge = d("0.000001") if ahead else d("-0.000001")
                before = line_at(card, told, step.value - nudge)
                assert before.score is not None
                assert before.score != step.reached.score or step.attainment is not None


def test_the_document_says_it_in_both_languages() -> None:
    inputs = {"sales": given("800", budget="1000"), "slips": given("2", better=Better.LOWER)}
    card = told_card(segment_input(two_lines(), inputs))
    paces: Paces = {(1, "slips"): NoPace.TOO_FEW_DAYS}
    names = {"sales": Name("销售额", "Sales")}
    written: Any = next_steps_document({"scorecard": "sc_1"}, steps_of(card, paces=paces), names)
    assert written["words"] == {
        "zh": "总分 82.00；距离 A 还差 8.00 分；再低不超过 7.00 分仍为 B",
        "en": "a total of 82.00; 8.00 points short of A; B is kept with up to 7.00 fewer",
    }
    sales, slips = written["lines"]
    assert [step["words"] for step in sales["steps"]] == [
        {
            "zh": "达到 1000（目标），还差 200，即 25 %：总分 +12.00，至 94.00 (A)",
            "en": "1000 (the target), 200 more, 25 %: +12.00, a total of 94.00 (A)",
        },
        {
            "zh": "达到 1200（上限），还差 400，即 50 %：总分 +24.00，至 106.00 (A)",
            "en": "1200 (the cap), 400 more, 50 %: +24.00, a total of 106.00 (A)",
        },
    ]
    assert sales["alone"]["words"]["zh"] == (
        "仅靠「销售额」达到 933.2495（还差 133.2495，即 16.6562 %）即可升级"
    )
    assert (sales["points_per_unit"], sales["points_per_unit_exactly"]) == ("0.06", "3/50")
    assert (sales["points_per_percent"], slips["points_per_percent"]) == ("0.48", "0.12")
    assert slips["steps"][0]["words"]["en"] == (
        "1 (as many as are free), 1 fewer, 50 %: +6.00, a total of 88.00 (B)"
    )
    assert slips["pace"]["words"]["zh"] == "天数太少，还不能预测"
    assert (slips["pace"]["no_pace"], slips["pace"]["forecast"]) == ("too_few_days", None)


def test_the_levels_of_a_rubric_say_what_each_waits_for() -> None:
    """Of all conditions each that is short, of any that suffices the nearest alone."""
    rule: Document = {
        "kind": "rubric",
        "levels": [
            {
                "all": [
                    {"indicator": "sales", "at_least": "10"},
                    {"indicator": "rate", "of": "attainment", "at_least": "0.8"},
                ],
                "score": "100",
            },
            {
                "any": [
                    {"indicator": "slips", "at_most": "3"},
                    {"indicator": "rate", "at_least": "0.4"},
                ],
                "score": "50",
            },
        ],
    }
    others = {"rate": given("0.3", budget="0.5"), "slips": given("5", better=Better.LOWER)}
    inputs = {"sales": replace(given("4", budget="20"), others=others)}
    steps = steps_of(told_card(segment_input(flat(item("sales", "100", rule)), inputs)))
    named = {"rate": Name("转化率", "Conversion")}
    (line,) = json.loads(json.dumps(next_steps_document({}, steps, named)["lines"]))
    near, far = line["steps"]
    rate = {"indicator": "rate", "value": "0.4", "distance": "0.1", "percent": "33.3333"}
    sales = {"indicator": "sales", "value": "10", "distance": "6", "percent": "150"}
    assert (near["kind"], near["number"], near["needs"]) == ("level", 2, [rate])
    assert (far["kind"], far["number"], far["needs"]) == ("level", 1, [sales, rate])
    assert {near[name] for name in ("value", "attainment", "distance", "percent")} == {None}
    assert near["words"] == {
        "zh": "第 2 级：转化率达到 0.4；总分 +50.00，至 50.00 (C)",
        "en": "level 2: Conversion at 0.4; +50.00, a total of 50.00 (C)",
    }
    assert far["words"] == {
        "zh": "第 1 级：sales达到 10、转化率达到 0.4；总分 +100.00，至 100.00 (A)",
        "en": "level 1: sales at 10 and Conversion at 0.4; +100.00, a total of 100.00 (A)",
    }
