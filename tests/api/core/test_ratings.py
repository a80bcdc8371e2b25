"""Ratings and ladders: by role, with roles missing, at both sides of what a rule takes."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.core.raters import HIDDEN, MINIMUM_RATERS
from services.api.core.ratings import (
    behaviours_held,
    chosen_mark,
    climb,
    mark_given,
    marks_by_role,
    rate,
)
from services.api.core.schemes import parse_scheme
from services.api.core.scorecards import score
from services.schema.shapes.schemes import Ladder, Rating, Rubric, Rule
from services.schema.shapes.scorecards import Mark, Score
from services.schema.words import LineStatus, Missing, RaterRole
from tests.api.core import calibrating
from tests.api.core.rated import LEVELS, ladder, rated, rating, rubric, stated_mark
from tests.api.core.scoring import Document, flat, item, lines_of, scored, segment_input
from tests.api.core.scoring import given as put_in

d = Decimal
FIVE, HUNDRED = d(5), d(100)
THREE: list[Document] = [
    {"role": "manager", "weight": "33.3333"},
    {"role": "hr", "weight": "33.3333"},
    {"role": "self", "weight": "33.3334"},
]
CROWD: list[Document] = [THREE[0], {"role": "peer", "weight": "33.3333"}, THREE[2]]
ONE: list[Document] = [{"role": "manager", "weight": "100"}]
QUARTERS: Document = {"from": "2.5", "to": "4.5", "step": "0.25"}


def rule_of(stated: Document) -> Rule:
    return parse_scheme(flat(rated("a", "100", stated))).sections[0].items[0].rule


def rating_of(raters: Sequence[Document] = ONE, **more: object) -> Rating:
    rule = rule_of(rating(raters, **more))
    assert isinstance(rule, Rating)
    return rule


def ladder_of(*marks: str) -> Ladder:
    rule = rule_of(ladder(*marks))
    assert isinstance(rule, Ladder)
    return rule


def by(role: str, mark: str, rater: str = "e-9") -> Mark:
    return stated_mark("a", role, rater, mark=mark)


def card_of(stated: Document, *marks: Mark, missing: str = "block", **more: object) -> Score:
    """A card of a rated item beside a measured one that scores 4 of 5."""
    stated = flat(rated("a", "60", stated, missing=missing), item("b", "40"), full_mark="5", **more)
    return scored(stated, {"a": replace(put_in(None), marks=marks), "b": "4"})


@pytest.mark.parametrize(
    ("missing", "score", "status", "total"),
    [
        ("redistribute", "5", LineStatus.OK, "4.60"),
        ("zero", "3.3333", LineStatus.OK, "3.60"),
        ("full", "5", LineStatus.OK, "4.60"),
        ("block", None, LineStatus.NO_DATA, None),
    ],
)
def test_requirement_02_5_and_5_with_the_third_absent(
    missing: str, score: str | None, status: LineStatus, total: str | None
) -> None:
    """5.00 where its weight goes to the others, 3.33 as zero, no result where it blocks."""
    card = card_of(rating(THREE), by("manager", "5"), by("hr", "5"), missing=missing)
    line = lines_of(card)["a"]
    assert line.status is status
    assert line.score == (None if score is None else d(score))
    assert card.total == (None if total is None else d(total))
    assert (line.step, line.policy) == (("mean of marks", None) if score else (None, Missing.BLOCK))


@pytest.mark.parametrize(
    ("missing", "score", "weight", "total"),
    [
        ("redistribute", None, "0", "4.00"),
        ("zero", "0", "60", "1.60"),
        ("full", "5", "60", "4.60"),
        ("block", None, "60", None),
    ],
)
def test_requirement_02_where_nobody_rates_the_line_has_no_data(
    missing: str, score: str | None, weight: str, total: str | None
) -> None:
    card = card_of(rating(THREE), missing=missing)
    line = lines_of(card)["a"]
    assert (line.status, line.policy) == (LineStatus.NO_DATA, Missing(missing))
    assert (line.score, line.weight) == (None if score is None else d(score), d(weight))
    assert card.total == (None if total is None else d(total))


def test_several_of_one_role_are_their_mean_however_many_they_are() -> None:
    raters: list[Document] = [
        {"role": "self", "weight": "20"},
        {"role": "manager", "weight": "80"},
    ]
    rule = rating_of(raters)
    marks = [by("self", "100"), by("manager", "80", "e-1"), by("manager", "81", "e-2")]
    made = rate(rule, marks, own_mark=HUNDRED, missing=Missing.BLOCK)
    assert made is not None
    assert made.after == Fraction("84.4")
    # A third has no end in decimals: it stays exact until the line rounds it.
    marks.append(by("manager", "80", "e-3"))
    made = rate(rule, marks, own_mark=HUNDRED, missing=Missing.BLOCK)
    assert made is not None
    assert made.after == Fraction(20) + Fraction(80, 100) * Fraction(241, 3)
    roles = marks_by_role(rule, marks, own_mark=HUNDRED, missing=Missing.BLOCK)
    assert [(each.role, each.raters, each.sum) for each in roles] == [
        (RaterRole.SELF, 1, d(100)),
        (RaterRole.MANAGER, 3, d(241)),
    ]


TOO_FEW = MINIMUM_RATERS - 1


@pytest.mark.parametrize("role", sorted(HIDDEN))
@pytest.mark.parametrize(
    ("missing", "of_two", "of_three"),
    [
        # Peers and the like give 1 each, the manager 5: of two the policy decides.
        (Missing.BLOCK, None, Fraction(3)),
        (Missing.REDISTRIBUTE, Fraction(5), Fraction(3)),
        (Missing.ZERO, Fraction(5, 2), Fraction(3)),
        (Missing.FULL, Fraction(5), Fraction(3)),
    ],
)
def test_requirement_24_a_role_of_many_counts_from_three_raters_on(
    role: RaterRole, missing: Missing, of_two: Fraction | None, of_three: Fraction
) -> None:
    rule = rating_of([{"role": "manager", "weight": "50"}, {"role": role, "weight": "50"}])
    for raters, after in ((TOO_FEW, of_two), (MINIMUM_RATERS, of_three)):
        marks = [by(role, "1", f"e-{at}") for at in range(raters)]
        made = rate(rule, [by("manager", "5"), *marks], own_mark=FIVE, missing=missing)
        assert (None if made is None else made.after) == after
        _, crowd = marks_by_role(rule, marks, own_mark=FIVE, missing=missing)
        assert (crowd.raters, crowd.needed) == (raters, MINIMUM_RATERS)
        assert crowd.sum == (None if raters < MINIMUM_RATERS else d(raters))
    # Where nobody else has rated either, the line has no data, whatever the policy.
    few = [by(role, "1", f"e-{at}") for at in range(TOO_FEW)]
    assert rate(rule, few, own_mark=FIVE, missing=missing) is None


@pytest.mark.parametrize("role", sorted(set(RaterRole) - HIDDEN))
def test_who_rates_in_person_or_by_an_office_counts_alone(role: RaterRole) -> None:
    rule = rating_of([{"role": role, "weight": "100"}])
    made = rate(rule, [by(role, "3")], own_mark=FIVE, missing=Missing.BLOCK)
    assert made is not None
    assert made.after == 3
    (told,) = marks_by_role(rule, [by(role, "3")], own_mark=FIVE, missing=Missing.BLOCK)
    assert (told.raters, told.needed, told.sum) == (1, 1, d(3))


def test_marks_that_the_rule_does_not_take_are_none_of_the_three() -> None:
    rule = rating_of([{"role": "peer", "weight": "100"}])
    marks = [by("peer", "5", "e-1"), by("peer", "5.0001", "e-2"), by("peer", "5", "e-3")]
    assert rate(rule, marks, own_mark=FIVE, missing=Missing.ZERO) is None
    marks.append(by("peer", "2", "e-4"))
    made = rate(rule, marks, own_mark=FIVE, missing=Missing.ZERO)
    assert made is not None
    assert made.after == 4


@given(
    st.lists(st.integers(0, 50_000), min_size=TOO_FEW, max_size=TOO_FEW),
    st.lists(st.integers(0, 50_000), min_size=TOO_FEW, max_size=TOO_FEW),
    st.sampled_from(list(Missing)),
)
def test_requirement_24_of_too_few_no_document_tells_which_marks_they_gave(
    some: list[int], others: list[int], missing: Missing
) -> None:
    """Whatever two peers give, card, explanation and fingerprint stay as they are to the byte."""
    stated = flat(rated("a", "100", rating(CROWD), missing=missing), full_mark="5")

    def documents(given_marks: list[int]) -> tuple[bytes, bytes]:
        peers = [by("peer", f"{mark / 10_000:.4f}", f"p-{mark}") for mark in given_marks]
        marks = (by("manager", "4"), by("self", "5"), *peers)
        card = calibrating.card_of(
            "ann", [segment_input(stated, {"a": replace(put_in(None), marks=marks)})]
        )
        return card.document, card.explanation

    assert documents(some) == documents(others)
    assert b'"raters":2,"needed":3,"sum":null' in documents(some)[1]


def test_a_role_that_the_rule_does_not_ask_for_changes_nothing() -> None:
    marks = [by("manager", "4"), by("peer", "1"), by("customer", "0")]
    made = rate(rating_of(), marks, own_mark=FIVE, missing=Missing.BLOCK)
    assert made is not None
    assert made.after == 4
    assert rate(rating_of(), marks[1:], own_mark=FIVE, missing=Missing.ZERO) is None


@pytest.mark.parametrize(
    ("mark", "fits"),
    [
        ("0", True), ("0.0001", True), ("5", True),
        ("5.0001", False), ("-0.0001", False), ("4.00001", False),
    ],
)  # fmt: skip
def test_any_mark_is_one_from_0_to_the_full_mark(mark: str, fits: bool) -> None:  # noqa: FBT001
    assert mark_given(rating_of(), by("manager", mark), FIVE) == (d(mark) if fits else None)


@pytest.mark.parametrize(
    ("mark", "fits"),
    [
        ("2.5", True), ("2.75", True), ("3.50", True), ("4.5", True),
        ("2.25", False), ("2.4999", False), ("3.6", False), ("4.75", False), ("4.5001", False),
    ],
)  # fmt: skip
def test_quarter_step_marks(mark: str, fits: bool) -> None:  # noqa: FBT001
    rule = rating_of(marks=QUARTERS)
    assert mark_given(rule, by("manager", mark), FIVE) == (d(mark) if fits else None)


@pytest.mark.parametrize(
    ("level", "mark"), [(1, "100"), (2, "60"), (3, "0"), (0, None), (4, None), (None, None)]
)
def test_a_level_has_its_mark_and_a_bare_mark_is_none(level: int | None, mark: str | None) -> None:
    rule = rating_of(levels=LEVELS)
    stated = stated_mark("a", "manager", level=level, mark="60")
    assert mark_given(rule, stated, HUNDRED) == (None if mark is None else d(mark))


@pytest.mark.parametrize("full_mark", ["5", "100", "30"])
def test_an_item_of_its_own_full_mark_is_brought_to_the_scale(full_mark: str) -> None:
    stated = flat(rated("a", "100", rating(ONE), full_mark="30"), full_mark=full_mark, grades=[])
    line = lines_of(scored(stated, {"a": replace(put_in(None), marks=(by("manager", "26"),))}))["a"]
    assert (line.before, line.after) == (d(26), d(26))
    assert line.score == {"5": d("4.3333"), "100": d("86.6667"), "30": d(26)}[full_mark]


@given(
    st.lists(
        st.tuples(st.sampled_from(["self", "manager", "peer"]), st.integers(0, 50_000)),
        max_size=12,
    ),
    st.sampled_from(list(Missing)),
    st.randoms(use_true_random=False),
)
def test_the_order_of_raters_does_not_matter(
    stated: list[tuple[str, int]], missing: Missing, chance: Random
) -> None:
    rule = rating_of(CROWD)
    marks = [by(role, f"{mark / 10_000:.4f}", f"e-{at}") for at, (role, mark) in enumerate(stated)]
    shuffled = [*marks]
    chance.shuffle(shuffled)
    made = rate(rule, marks, own_mark=FIVE, missing=missing)
    assert made == rate(rule, shuffled, own_mark=FIVE, missing=missing)
    if made is not None:
        assert 0 <= made.after <= 5


@pytest.mark.parametrize(
    ("behaviours", "score", "step"),
    [
        ((), "0", "no behaviour"),
        ((1,), "1", "behaviour 1"),
        ((1, 2), "2", "behaviour 2"),
        ((2, 1), "2", "behaviour 2"),
        ((1, 2, 3, 4, 5), "5", "behaviour 5"),
        # The third is not there, so that the fourth and fifth count for nothing.
        ((1, 2, 4, 5), "2", "behaviour 2"),
        ((2, 3, 4, 5), "0", "no behaviour"),
        ((5,), "0", "no behaviour"),
    ],
)
def test_a_ladder_counts_as_high_as_no_lower_rung_is_missing(
    behaviours: tuple[int, ...], score: str, step: str
) -> None:
    rule = ladder_of("1", "2", "3", "4", "5")
    made = climb(rule, [stated_mark("a", "manager", behaviours=behaviours)])
    assert made is not None
    assert (made.after, made.step) == (Fraction(score), step)


@pytest.mark.parametrize(("level", "held"), [(0, ()), (1, (1,)), (3, (1, 2, 3))])
def test_a_level_of_a_ladder_stands_for_all_up_to_it(level: int, held: tuple[int, ...]) -> None:
    rule = ladder_of("10", "50", "100")
    assert behaviours_held(rule, [stated_mark("a", "manager", level=level)]) == held


def test_a_ladder_is_judged_by_manager_or_hr_and_the_last_of_them_counts() -> None:
    rule = ladder_of("10", "50", "100")
    marks = [
        stated_mark("a", "manager", "e-1", level=1),
        stated_mark("a", "hr", "key", level=3),
        stated_mark("a", "self", "e-2", level=2),
        stated_mark("a", "manager", "e-3", level=4),
        stated_mark("a", "manager", "e-3", behaviours=(1, 4)),
        stated_mark("a", "manager", "e-3", mark="10"),
    ]
    assert behaviours_held(rule, marks) == (1, 2, 3)
    assert behaviours_held(rule, marks[:1]) == (1,)
    assert climb(rule, marks[2:]) is None
    assert climb(rule, []) is None


def test_a_choice_lies_in_a_range_or_is_none() -> None:
    holds: Document = {"indicator": "a", "at_least": "1"}
    stated = rubric(
        {"all": [holds], "range": ["3", "3.25"]},
        {"all": [holds], "score": "2"},
        {"any": [holds], "range": ["0", "1"]},
    )
    rule = parse_scheme(flat(item("a", "100", stated))).sections[0].items[0].rule
    assert isinstance(rule, Rubric)
    for mark, counts in (
        ("3", True), ("3.25", True), ("3.2", True), ("1", True), ("0", True),
        ("2.9999", False), ("3.2501", False), ("2", False), ("1.0001", False),
    ):  # fmt: skip
        assert chosen_mark(rule, [by("manager", mark)]) == (d(mark) if counts else None)
    both = [by("manager", "3"), by("hr", "1"), by("self", "3.25"), by("manager", "9")]
    assert chosen_mark(rule, both) == 1


@given(
    st.lists(st.integers(0, 50_000), min_size=1, max_size=12),
    st.integers(0, 11),
    st.integers(0, 50_000),
    st.sampled_from(list(Missing)),
)
def test_a_better_mark_never_lowers_the_score(
    marks: list[int], at: int, better: int, missing: Missing
) -> None:
    rule = rating_of(CROWD)
    roles = ("self", "manager", "peer")

    def score_of(given_marks: list[int]) -> Fraction:
        stated = [
            by(roles[number % 3], f"{mark / 10_000:.4f}", f"e-{number}")
            for number, mark in enumerate(given_marks)
        ]
        made = rate(rule, stated, own_mark=FIVE, missing=missing)
        return Fraction(-1) if made is None else made.after

    raised = [*marks]
    raised[at % len(marks)] = max(better, marks[at % len(marks)])
    assert score_of(raised) >= score_of(marks)


def test_each_segment_counts_the_marks_that_its_own_rule_takes() -> None:
    """An item of one code in two schemes: 80 is a mark on the scale of 100 alone."""
    marks = (by("manager", "80"),)
    whole = flat(rated("a", "100", rating(ONE)))
    small = flat(rated("a", "100", rating(ONE), full_mark="5", missing="zero"))
    segments = [
        segment_input(stated, {"a": replace(put_in(None), marks=marks)}, days=days, after=after)
        for stated, days, after in ((whole, 15, 0), (small, 16, 15))
    ]
    card = score(segments)
    assert [each.lines[0].status for each in card.segments] == [LineStatus.OK, LineStatus.NO_DATA]
    # 80 x 15 days and 0 x 16 days of 31.
    assert card.total == d("38.71")
