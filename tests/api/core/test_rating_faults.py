"""Ratings, ladders and rubrics that could not score: each reason on both sides of its line."""

import pytest

from services.api.core.publishing import faults_of_form
from services.api.core.schemes import parse_scheme
from tests.api.core.rated import LEVELS, SELF_AND_MANAGER, ladder, rated, rating, rubric
from tests.api.core.scoring import Document, flat, item, known

PLACE = "/sections/0/items/0/rule"
MANAGER: Document = {"role": "manager", "weight": "100"}
HOLDS: Document = {"indicator": "a", "at_least": "1"}


def faults_of(stated: Document) -> list[tuple[str, str, str]]:
    return [
        (fault.pointer.removeprefix(PLACE), fault.code, fault.detail)
        for fault in faults_of_form(parse_scheme(flat(stated)), known("a", "b"))
    ]


def scale(start: str, end: str, step: str) -> Document:
    return rating([MANAGER], marks={"from": start, "to": end, "step": step})


def levels(*marks: str) -> Document:
    return rating([MANAGER], levels=[{**LEVELS[0], "mark": mark} for mark in marks])


@pytest.mark.parametrize(
    "rule",
    [
        rating(),
        rating([MANAGER]),
        rating(levels=LEVELS),
        levels("100", "99.9999", "0"),
        scale("0", "100", "100"),
        scale("2.5", "4.5", "0.25"),
        ladder("0", "100"),
        ladder("1"),
    ],
)
def test_what_people_can_rate_may_be_published(rule: Document) -> None:
    assert faults_of(rated("a", "100", rule)) == []


@pytest.mark.parametrize(
    ("rule", "faults"),
    [
        (rating([]), [("/raters", "raters_missing", "A rating needs a rater.")]),
        (
            rating([{**SELF_AND_MANAGER[0], "weight": "19.9999"}, SELF_AND_MANAGER[1]]),
            [("/raters", "weights_not_100", "The raters weigh 99.9999 together, not 100.")],
        ),
        (
            rating([{"role": "self", "weight": "0"}, MANAGER]),
            [("/raters/0/weight", "weight_not_positive", "A weight is above 0, not 0.")],
        ),
        (
            rating([{"role": "peer", "weight": "50"}, {"role": "peer", "weight": "50"}]),
            [("/raters", "rater_repeated", "The rater peer stands there twice.")],
        ),
        (
            levels("100.0001", "0"),
            [("/levels/0/mark", "mark_out_of_bounds", "A mark is from 0 to 100, not 100.0001.")],
        ),
        (
            levels("100", "-0.0001"),
            [("/levels/1/mark", "mark_out_of_bounds", "A mark is from 0 to 100, not -0.0001.")],
        ),
        (
            levels("90", "50", "50"),
            [
                (
                    "/levels/2/mark",
                    "levels_unordered",
                    "Each level has a lower mark than the one before it.",
                )
            ],
        ),
        (
            rating([MANAGER], levels=LEVELS, marks={"from": "0", "to": "1", "step": "1"}),
            [
                (
                    "/marks",
                    "marks_and_levels",
                    "A rating has levels to pick from or a scale of marks, not both.",
                )
            ],
        ),
        (
            scale("-0.25", "100.25", "0.25"),
            [
                ("/marks/from", "mark_out_of_bounds", "A mark is from 0 to 100, not -0.25."),
                ("/marks/to", "mark_out_of_bounds", "A mark is from 0 to 100, not 100.25."),
            ],
        ),
        (
            scale("1", "2", "0"),
            [("/marks/step", "step_not_positive", "A step is above 0.")],
        ),
        (
            scale("2", "2", "1"),
            [("/marks/to", "marks_unordered", "A scale of marks ends above its start.")],
        ),
        (
            scale("1", "2", "0.3"),
            [
                (
                    "/marks/step",
                    "step_uneven",
                    "The steps of a scale lead from its start to its end.",
                )
            ],
        ),
        (
            ladder(),
            [("/behaviours", "behaviours_missing", "A ladder needs a behaviour.")],
        ),
        (
            {**ladder("1", "2"), "marks": ["1"]},
            [
                (
                    "/marks",
                    "marks_not_as_many",
                    "A ladder has a mark for each behaviour: 2, not 1.",
                )
            ],
        ),
        (
            ladder("2", "2"),
            [
                (
                    "/marks/1",
                    "marks_unordered",
                    "Each behaviour has a higher mark than the one before it.",
                )
            ],
        ),
        (
            ladder("-1", "100.0001"),
            [
                ("/marks/0", "mark_out_of_bounds", "A mark is from 0 to 100, not -1."),
                ("/marks/1", "mark_out_of_bounds", "A mark is from 0 to 100, not 100.0001."),
            ],
        ),
    ],
)
def test_what_people_could_not_rate(rule: Document, faults: list[tuple[str, str, str]]) -> None:
    assert faults_of(rated("a", "100", rule)) == faults


def test_marks_are_bounded_by_the_items_own_full_mark() -> None:
    assert faults_of(rated("a", "100", ladder("4", "5"), full_mark="5")) == []
    assert faults_of(rated("a", "100", ladder("4", "5"), full_mark="4.5")) == [
        ("/marks/1", "mark_out_of_bounds", "A mark is from 0 to 4.5, not 5.")
    ]


@pytest.mark.parametrize(
    "rule",
    [
        rubric({"all": [HOLDS], "score": "100"}, {"any": [HOLDS], "range": ["0", "100"]}),
        rubric({"all": [{"indicator": "b", "below": "0.8"}], "score": "0"}),
    ],
)
def test_a_rubric_that_may_be_published(rule: Document) -> None:
    assert faults_of(item("a", "100", rule)) == []


@pytest.mark.parametrize(
    ("rule", "faults"),
    [
        (rubric(), [("/levels", "levels_missing", "A rubric needs a level.")]),
        (
            rubric({"all": [], "score": "1"}),
            [
                (
                    "/levels/0/all",
                    "conditions_missing",
                    "A level needs a condition; what holds otherwise gives 0.",
                )
            ],
        ),
        (
            rubric({"all": [HOLDS], "score": "100.0001"}),
            [("/levels/0/score", "mark_out_of_bounds", "A mark is from 0 to 100, not 100.0001.")],
        ),
        (
            rubric({"all": [HOLDS], "range": ["-1", "101"]}),
            [
                ("/levels/0/range/0", "mark_out_of_bounds", "A mark is from 0 to 100, not -1."),
                ("/levels/0/range/1", "mark_out_of_bounds", "A mark is from 0 to 100, not 101."),
            ],
        ),
        (
            rubric({"all": [HOLDS], "range": ["2", "1"]}),
            [("/levels/0/range", "range_unordered", "A range begins with its low end.")],
        ),
        (
            rubric(
                {"all": [HOLDS], "score": "1"},
                {"any": [HOLDS, {"indicator": "c", "below": "1"}], "score": "0"},
            ),
            [("/levels/1/any/1/indicator", "indicator_unknown", "There is no indicator 'c'.")],
        ),
    ],
)
def test_a_rubric_that_could_not_score(rule: Document, faults: list[tuple[str, str, str]]) -> None:
    assert faults_of(item("a", "100", rule)) == faults
