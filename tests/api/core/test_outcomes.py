"""Rubrics over several indicators, and why an item has no score: no data before no target."""

from dataclasses import replace
from decimal import Decimal

import pytest

from services.api.core.outcomes import indicators_of, levels_needed, outcome_of
from services.api.core.rules import Outcome
from services.api.core.schemes import parse_scheme
from services.schema.shapes.schemes import Item
from services.schema.shapes.scorecards import ItemInput, Mark
from services.schema.words import Better, LineStatus, TargetLevel
from tests.api.core.rated import rubric, stated_mark
from tests.api.core.scoring import Document, flat, given, item, lines_of, scored

FIVE = Decimal(5)
SHOP = "conversion_rate"


def bound(indicator: str, **bounds: str) -> Document:
    return {"indicator": indicator, **bounds}


# `domain.md`, 6.6: 3.6 % and 140 s; 20 % less than these are 2.88 % and 112 s.
CONVERSION = rubric(
    {"all": [bound(SHOP, at_least="0.036"), bound("dwell", at_least="140")], "score": "3.5"},
    {"all": [bound(SHOP, below="0.036"), bound("dwell", below="140")], "score": "2.5"},
    {"any": [bound(SHOP, at_most="0.0288"), bound("dwell", at_most="112")], "range": ["3", "3.25"]},
    {"any": [bound(SHOP, below="0.036"), bound("dwell", below="140")], "score": "3.25"},
)


def item_of(rule: Document, **more: object) -> Item:
    stated = {**item("conversion", "100", rule), "indicator": SHOP, **more}
    return parse_scheme(flat(stated, full_mark="5")).sections[0].items[0]


def inputs(shop: str | None, dwell: str | None, *marks: Mark) -> ItemInput:
    return replace(given(shop), others={"dwell": given(dwell)}, marks=marks)


def judged(shop: str, dwell: str, *marks: Mark) -> tuple[str, str]:
    made = outcome_of(item_of(CONVERSION), FIVE, inputs(shop, dwell, *marks))
    assert isinstance(made, Outcome)
    return str(float(made.after)), made.step


@pytest.mark.parametrize(
    ("shop", "dwell", "score", "step"),
    [
        ("0.036", "140", "3.5", "level 1"),
        ("0.035999", "140", "3.25", "level 4"),
        ("0.036", "139.999999", "3.25", "level 4"),
        ("0.028801", "140", "3.25", "level 4"),
        ("0.0288", "140", "3.0", "level 3, low end"),
        ("0.036", "112.000001", "3.25", "level 4"),
        ("0.036", "112", "3.0", "level 3, low end"),
        ("0.035999", "139.999999", "2.5", "level 2"),
        ("0", "0", "2.5", "level 2"),
    ],
)
def test_the_first_level_of_a_rubric_that_holds(
    shop: str, dwell: str, score: str, step: str
) -> None:
    assert judged(shop, dwell) == (score, step)


def test_a_range_gives_its_low_end_until_the_manager_chooses() -> None:
    chosen = stated_mark("conversion", "manager", mark="3.25")
    assert judged("0.02", "140") == ("3.0", "level 3, low end")
    assert judged("0.02", "140", chosen) == ("3.25", "level 3, chosen")
    # What was chosen counts for nothing where another level holds.
    assert judged("0.036", "140", chosen) == ("3.5", "level 1")
    own = stated_mark("conversion", "self", mark="3.25")
    assert judged("0.02", "140", own) == ("3.0", "level 3, low end")
    beyond = stated_mark("conversion", "manager", mark="3.2501")
    assert judged("0.02", "140", chosen, beyond) == ("3.25", "level 3, chosen")


def test_no_level_that_holds_gives_0() -> None:
    rule = rubric({"all": [bound(SHOP, at_least="1"), bound("dwell", at_least="1")], "score": "5"})
    made = outcome_of(item_of(rule), FIVE, inputs("1", "0.999999"))
    assert isinstance(made, Outcome)
    assert (int(made.after), made.step) == (0, "no level")


@pytest.mark.parametrize(
    ("shop", "dwell", "status"),
    [(None, "140", LineStatus.NO_DATA), ("0.04", None, LineStatus.NO_DATA)],
)
def test_an_indicator_without_data_leaves_the_rubric_without(
    shop: str | None, dwell: str | None, status: LineStatus
) -> None:
    """Even where a level would hold by the other alone."""
    assert outcome_of(item_of(CONVERSION), FIVE, inputs(shop, dwell)) is status


RELATIVE = rubric(
    {
        "all": [bound(SHOP, of="attainment", at_least="1"), bound("dwell", at_least="100")],
        "score": "4",
    },
    {"any": [bound("dwell", of="attainment", below="0.8")], "score": "1"},
)


@pytest.mark.parametrize(
    ("shop", "dwell", "answer"),
    [
        (given("0.04", budget="0.04"), given("100", budget="100"), (4, "level 1")),
        (given("0.039999", budget="0.04"), given("80", budget="100"), (0, "no level")),
        (given("0.04", budget="0.04"), given("79.999900", budget="100"), (1, "level 2")),
        # Where lower is better 120 of 100 is 0.8, which is not below it.
        (
            given("0.04", budget="0.04"),
            given("120", budget="100", better=Better.LOWER),
            (4, "level 1"),
        ),
        (given("0.04"), given("80", budget="100"), LineStatus.NO_TARGET),
        (given("0.04", budget="0"), given("80", budget="100"), LineStatus.NO_TARGET),
        (given("0.04", budget="0.04"), given("80"), LineStatus.NO_TARGET),
        (given("0.04", budget="0.04"), given("80", challenge="100"), LineStatus.NO_TARGET),
        (given("0.04"), given(None), LineStatus.NO_DATA),
        (given(None), given("80"), LineStatus.NO_DATA),
    ],
)
def test_attainment_is_of_the_item_s_target_or_of_the_one_set_for_another(
    shop: ItemInput, dwell: ItemInput, answer: tuple[int, str] | LineStatus
) -> None:
    made = outcome_of(item_of(RELATIVE), FIVE, replace(shop, others={"dwell": dwell}))
    if isinstance(made, Outcome):
        assert (int(made.after), made.step) == answer
    else:
        assert made is answer


def test_which_targets_and_indicators_an_item_asks_for() -> None:
    assert indicators_of(item_of(CONVERSION)) == (SHOP, "dwell")
    assert levels_needed(item_of(CONVERSION)) == frozenset()
    assert levels_needed(item_of(RELATIVE)) == {TargetLevel.BUDGET}
    other = rubric({"all": [bound("dwell", of="attainment", below="1")], "score": "1"})
    assert levels_needed(item_of(other)) == frozenset()


def test_a_rubric_s_line_shows_its_own_indicator_and_scores_on_the_scale() -> None:
    stated = {**item("conversion", "100", CONVERSION), "indicator": SHOP, "full_mark": "5"}
    card = scored(flat(stated), {"conversion": inputs("0.02", "140")})
    line = lines_of(card)["conversion"]
    assert (line.value, line.before, line.score) == (Decimal("0.02"), Decimal(3), Decimal(60))
    assert (card.total, card.grade) == (Decimal("60.00"), "C")
