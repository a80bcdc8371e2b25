"""A card from its inputs: lines, policies and section scores, to the last digit."""

from decimal import Decimal

import pytest

from services.api.core.scorecards import status_of
from services.schema.shapes.scorecards import Score
from services.schema.words import Better, CycleStatus, LineStatus, Missing, ScorecardStatus
from tests.api.core.scoring import (
    RATIO,
    Document,
    document,
    flat,
    given,
    item,
    lines_of,
    scored,
    section,
)

d = Decimal


def section_scores(card: Score) -> list[str | None]:
    return [
        None if each.score is None else str(each.score)
        for segment in card.segments
        for each in segment.sections
    ]


def test_the_line_of_the_contract() -> None:
    stated = flat(item("share", "15", RATIO), item("rest", "85"))
    card = scored(stated, {"share": given("0.4712", budget="0.45"), "rest": "94.757"})
    line = lines_of(card)["share"]
    assert (line.value, line.target, line.attainment) == (d("0.4712"), d("0.45"), d("1.047111"))
    assert (line.score, line.weight, line.points) == (d("104.7111"), d("15"), d("15.7067"))
    assert (line.status, line.policy, line.step) == (LineStatus.OK, None, "ratio")
    # 15.7067 and 80.5435 (94.757 x 85 / 100 = 80.54345) are 96.2502.
    assert lines_of(card)["rest"].points == d("80.5435")
    assert card.total == d("96.25")
    assert (card.grade, card.coefficient) == ("A", d("1.2"))


def test_each_figure_is_rounded_once_from_the_kept_figures_before_it() -> None:
    thirds = [item(code, "33.3333", RATIO) for code in "ab"]
    stated = flat(*thirds, item("c", "33.3334", RATIO), full_mark="100")
    card = scored(stated, {code: given("2", budget="3") for code in "abc"})
    lines = lines_of(card)
    assert lines["a"].attainment == d("0.666667")
    # The score is 100 x 0.666667 and not 66.6667 from two thirds.
    assert lines["a"].score == d("66.6667")
    assert lines["a"].points == d("22.2222")
    assert lines["c"].points == d("22.2223")
    assert card.total == d("66.67")
    assert section_scores(card) == ["66.67"]


def test_the_total_is_the_sum_of_shown_points_even_where_scores_would_say_otherwise() -> None:
    # Each line has 1.00005 points, shown as 1.0001: fifty of them are 50.005, shown as 50.01.
    stated = flat(*(item(f"i{at}", "2") for at in range(50)))
    card = scored(stated, {f"i{at}": "50.0025" for at in range(50)})
    assert {line.points for line in lines_of(card).values()} == {d("1.0001")}
    assert card.total == d("50.01")


def test_requirement_02_an_absent_line_by_each_policy() -> None:
    def card(missing: str) -> Score:
        weights = ("33.3333", "33.3333", "33.3334")
        items = (
            item(code, weight, missing=missing) for code, weight in zip("abc", weights, strict=True)
        )
        return scored(flat(*items, full_mark="5"), {"a": "5", "b": "5", "c": None})

    assert str(card("redistribute").total) == "5.00"
    assert str(card("zero").total) == "3.33"
    assert str(card("full").total) == "5.00"
    blocked = card("block")
    assert (blocked.total, blocked.grade, blocked.coefficient) == (None, None, None)
    assert not blocked.complete


def test_a_line_redistributed_weighs_nothing_and_a_blocked_one_keeps_its_weight() -> None:
    stated = flat(
        item("a", "60"),
        item("b", "30", missing="redistribute"),
        item("c", "10", missing="block"),
    )
    card = scored(stated, {"a": "80", "b": None, "c": None})
    lines = lines_of(card)
    # 30 is shared 60 : 10 between the two lines that keep theirs: 25.7143 and 4.2857.
    assert (lines["a"].weight, lines["a"].points) == (d("85.7143"), d("68.5714"))
    assert (lines["b"].weight, lines["b"].score, lines["b"].points) == (d("0"), None, None)
    assert (lines["c"].weight, lines["c"].score, lines["c"].points) == (d("14.2857"), None, None)
    assert (lines["b"].policy, lines["c"].policy) == (Missing.REDISTRIBUTE, Missing.BLOCK)
    assert card.total is None
    assert section_scores(card) == [None]


def test_a_section_without_data_gives_its_weight_to_the_others() -> None:
    stated = document(
        section("x", "40", item("a", "100", missing="redistribute")),
        section("y", "30", item("b", "100")),
        section("z", "30", item("c", "100")),
    )
    card = scored(stated, {"a": None, "b": "90", "c": "80"})
    assert [each.weight for each in card.segments[0].sections] == [d("0"), d("50"), d("50")]
    assert section_scores(card) == [None, "90.00", "80.00"]
    assert card.total == d("85")


def test_a_card_with_no_line_left_is_incomplete() -> None:
    stated = flat(item("a", "50", missing="redistribute"), item("b", "50", missing="redistribute"))
    card = scored(stated, {"a": None, "b": None})
    assert (card.total, card.complete) == (None, False)
    assert card.segments[0].points is None
    assert section_scores(card) == [None]


def test_a_blocked_section_leaves_the_scores_of_the_others() -> None:
    stated = document(section("x", "40", item("a", "100")), section("y", "60", item("b", "100")))
    card = scored(stated, {"a": None, "b": "90"})
    assert section_scores(card) == [None, "90.00"]
    assert card.total is None


TO_CHALLENGE: Document = {
    "kind": "steps",
    "of": "attainment",
    "steps": [
        {"level": "challenge", "at_least": "1", "score": "30"},
        {"at_least": "1", "score": "20"},
    ],
}


@pytest.mark.parametrize(
    ("rule", "value", "budget", "challenge", "status", "attainment"),
    [
        (RATIO, "5", "10", None, LineStatus.OK, "0.5"),
        (RATIO, "5", None, None, LineStatus.NO_TARGET, None),
        (RATIO, "5", "0", None, LineStatus.NO_TARGET, None),
        (RATIO, None, "10", None, LineStatus.NO_DATA, None),
        (RATIO, None, None, None, LineStatus.NO_DATA, None),
        (TO_CHALLENGE, "5", "10", "20", LineStatus.OK, "0.5"),
        (TO_CHALLENGE, "5", "10", None, LineStatus.NO_TARGET, "0.5"),
        (TO_CHALLENGE, "5", None, "20", LineStatus.NO_TARGET, None),
        (TO_CHALLENGE, "5", "10", "0", LineStatus.NO_TARGET, "0.5"),
        # A rule of the value alone needs no target, and shows the attainment where there is one.
        (None, "5", None, None, LineStatus.OK, None),
        (None, "5", "0", None, LineStatus.OK, None),
        (None, "5", "10", None, LineStatus.OK, "0.5"),
        ({"kind": "deduct", "per_occurrence": "5"}, "5", "0", None, LineStatus.OK, None),
    ],
)
def test_no_data_comes_before_no_target(
    rule: Document | None,
    value: str | None,
    budget: str | None,
    challenge: str | None,
    status: LineStatus,
    attainment: str | None,
) -> None:
    stated = flat(item("a", "100", rule, missing="zero"))
    card = scored(stated, {"a": given(value, budget=budget, challenge=challenge)})
    line = lines_of(card)["a"]
    assert (line.status, line.attainment) == (status, attainment and d(attainment))
    assert line.target == (None if budget is None else d(budget))
    assert (line.policy is None) == (status is LineStatus.OK)
    assert (line.step is None) == (status is not LineStatus.OK)
    assert card.complete


def test_a_line_shows_the_challenge_where_its_rule_knows_nothing_else() -> None:
    rule = {**TO_CHALLENGE, "steps": [{"level": "challenge", "at_least": "1", "score": "30"}]}
    card = scored(flat(item("a", "100", rule)), {"a": given("9", budget="3", challenge="9")})
    line = lines_of(card)["a"]
    assert (line.target, line.attainment, line.score) == (d("9"), d("1"), d("30"))


def test_requirement_06_98_percent_of_the_challenge_exactly() -> None:
    rule: Document = {
        "kind": "steps",
        "of": "attainment",
        "steps": [
            {"level": "challenge", "at_least": "1", "score": "30"},
            {"level": "challenge", "at_least": "0.98", "score": "26"},
            {"level": "challenge", "at_least": "0.95", "score": "23"},
        ],
    }
    stated = flat(item("a", "100", rule, full_mark="30"), full_mark="30")

    def total(value: str) -> str:
        return str(scored(stated, {"a": given(value, challenge="100000")}).total)

    assert (total("100000"), total("98000"), total("97999")) == ("30.00", "26.00", "23.00")


def test_requirement_04_the_line_keeps_what_the_rule_caps() -> None:
    card = scored(flat(item("a", "100", RATIO)), {"a": given("130", budget="100")})
    line = lines_of(card)["a"]
    assert (line.attainment, line.before, line.after) == (d("1.3"), d("130"), d("120"))
    assert (line.score, line.step) == (d("120"), "cap")


def test_an_own_full_mark_is_scaled_to_the_scheme_s() -> None:
    stated = flat(item("a", "50", TO_CHALLENGE, full_mark="30"), item("b", "50"))
    card = scored(stated, {"a": given("10", budget="10", challenge="20"), "b": "0"})
    line = lines_of(card)["a"]
    assert (line.before, line.after, line.score) == (d("20"), d("20"), d("66.6667"))
    assert card.total == d("33.33")


def test_a_full_policy_gives_the_scheme_s_full_mark_whatever_the_item_s() -> None:
    stated = flat(item("a", "100", missing="full", full_mark="30"))
    assert lines_of(scored(stated, {"a": None}))["a"].score == d("100")


def test_lower_is_better() -> None:
    stated = flat(item("a", "100", RATIO))
    card = scored(stated, {"a": given("80", budget="100", better=Better.LOWER)})
    assert (lines_of(card)["a"].attainment, card.total) == (d("1.2"), d("120"))


@pytest.mark.parametrize(
    ("cycle", "complete", "status"),
    [
        (CycleStatus.DRAFT, True, ScorecardStatus.LIVE),
        (CycleStatus.OPEN, True, ScorecardStatus.LIVE),
        (CycleStatus.OPEN, False, ScorecardStatus.INCOMPLETE),
        (CycleStatus.CLOSED, True, ScorecardStatus.IN_REVIEW),
        (CycleStatus.REVIEW, True, ScorecardStatus.IN_REVIEW),
        (CycleStatus.REVIEW, False, ScorecardStatus.INCOMPLETE),
        (CycleStatus.CALIBRATION, True, ScorecardStatus.IN_REVIEW),
        (CycleStatus.APPROVED, True, ScorecardStatus.APPROVED),
        (CycleStatus.PUBLISHED, True, ScorecardStatus.PUBLISHED),
    ],
)
def test_the_status_of_a_card(
    cycle: CycleStatus,
    complete: bool,  # noqa: FBT001  a column of the table
    status: ScorecardStatus,
) -> None:
    card = scored(flat(item("a", "100")), {"a": "80" if complete else None})
    assert status_of(cycle, card) is status


def test_requirement_05_5_9_of_10_is_0_59() -> None:
    card = scored(flat(item("a", "100", RATIO)), {"a": given("5.9", budget="10")})
    assert str(lines_of(card)["a"].attainment) == "0.590000"
    assert card.total == d("59")
