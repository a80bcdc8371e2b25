"""What may be stated for a card, at both sides of each bound, and what of it is in force."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from services.api.core.schemes import parse_scheme
from services.api.core.statements import (
    MOST_ADJUSTMENTS,
    MOST_RATINGS,
    check_count,
    check_mark,
    check_points,
    check_takes,
    counterpart_of,
    in_force,
)
from services.schema.days import Calendar, parse_period
from services.schema.errors import Closed, Conflict, Fault
from services.schema.shapes.cycles import Cycle, Population
from services.schema.shapes.ratings import KeptAdjustment
from services.schema.shapes.schemes import Bounds, Item
from services.schema.shapes.scorecards import Mark
from services.schema.words import CycleStatus, WeekStart
from tests.api.core.rated import LEVELS, ladder, rated, rating, rubric, stated_mark
from tests.api.core.scoring import Document, flat, item

d = Decimal
AT = datetime(2026, 11, 2, tzinfo=UTC)
BOUNDS = Bounds(d(-10), d("5.5"))
ONE: list[Document] = [{"role": "manager", "weight": "100"}]


def kept(number: int, points: str, withdraws: str | None = None) -> KeptAdjustment:
    return KeptAdjustment(f"adj_{number}", number, d(points), f"r{number}", "key:1", AT, withdraws)


def item_of(rule: Document, full_mark: str = "100") -> tuple[Item, Decimal]:
    stated = flat(rated("a", "100", rule, full_mark=full_mark))
    return parse_scheme(stated).sections[0].items[0], d(full_mark)


@pytest.mark.parametrize("status", list(CycleStatus))
def test_people_rate_from_opening_until_the_review_ends(status: CycleStatus) -> None:
    cycle = Cycle(
        code="jan",
        scheme="front",
        scheme_version=1,
        period=parse_period("2026-01", Calendar("Asia/Shanghai", WeekStart.MONDAY, "01-01")),
        population=Population(),
        timezone="Asia/Shanghai",
        grace_days=0,
        status=status,
        revision=1,
        version=1,
        closed_at=None,
        published_at=None,
    )
    if status in {CycleStatus.OPEN, CycleStatus.CLOSED, CycleStatus.REVIEW}:
        check_takes(cycle)
        return
    with pytest.raises(Closed) as refusal:
        check_takes(cycle)
    assert refusal.value.code == "cycle_not_open"


def test_a_mark_is_taken_where_any_segment_of_the_card_takes_it() -> None:
    """Somebody who changed position is rated by two schemes, each on a scale of its own."""
    hundred, five = item_of(rating(ONE)), item_of(rating(ONE), "5")
    stated = stated_mark("a", "manager", mark="80")
    check_mark([hundred, five], stated, earlier=0)
    check_mark([five, hundred], stated, earlier=0)
    check_mark([five], replace(stated, mark=d(5)), earlier=MOST_RATINGS - 1)
    for items, mark, earlier, code in (
        ([five], stated, 0, "mark_out_of_bounds"),
        ([hundred, five], replace(stated, mark=d("100.0001")), 0, "mark_out_of_bounds"),
        ([], stated, 0, "item_unknown"),
        ([hundred], stated, MOST_RATINGS, "too_many_ratings"),
    ):
        with pytest.raises(Conflict) as refusal:
            check_mark(items, mark, earlier=earlier)
        assert refusal.value.code == code


@pytest.mark.parametrize(
    ("points", "earlier", "code"),
    [
        ("5.5", [], None),
        ("5.51", [], "adjustments_out_of_bounds"),
        ("-10", [], None),
        ("-10.01", [], "adjustments_out_of_bounds"),
        ("0", [], "points_zero"),
        ("1.5", ["4"], None),
        ("1.51", ["4"], "adjustments_out_of_bounds"),
        ("15.5", ["-10"], None),
        ("-0.01", ["-10"], "adjustments_out_of_bounds"),
    ],
)
def test_the_sum_of_points_is_bounded(points: str, earlier: list[str], code: str | None) -> None:
    stated = [kept(at, each) for at, each in enumerate(earlier, 1)]
    if code is None:
        check_points(d(points), BOUNDS, stated)
        return
    with pytest.raises(Conflict) as refusal:
        check_points(d(points), BOUNDS, stated)
    assert refusal.value.code == code


def test_without_bounds_there_are_no_points_and_of_many_there_is_an_end() -> None:
    with pytest.raises(Conflict) as refusal:
        check_points(d(1), None, [])
    assert refusal.value.code == "adjustments_not_allowed"
    many = [kept(at, "0.01") for at in range(MOST_ADJUSTMENTS)]
    check_count(many[1:])
    with pytest.raises(Conflict) as refusal:
        check_count(many)
    assert refusal.value.code == "too_many_adjustments"


def test_what_was_withdrawn_is_neither_in_force_nor_withdrawn_again() -> None:
    stated = [kept(1, "5"), kept(2, "-1"), kept(3, "-5", "adj_1")]
    assert [(each.points, each.reason) for each in in_force(stated)] == [(d(-1), "r2")]
    assert counterpart_of("adj_2", stated) == 1
    for withdrawn, code in (
        ("adj_1", "already_withdrawn"),
        ("adj_3", "unknown_adjustment"),
        ("adj_4", "unknown_adjustment"),
    ):
        with pytest.raises(Conflict) as refusal:
            counterpart_of(withdrawn, stated)
        assert refusal.value.code == code


LEVELLED = rating(ONE, levels=LEVELS)
STEPPED = rating(ONE, marks={"from": "2.5", "to": "4.5", "step": "0.25"})
THREE = ladder("10", "50", "100")
CHOSEN = rubric(
    {"all": [{"indicator": "a", "of": "value", "at_least": "1"}], "range": ["3", "3.25"]},
    {"all": [{"indicator": "a", "of": "value", "at_least": "0"}], "score": "0"},
)
LEVELS_EXPECTED = "A level from 1 to 3 is expected."
LADDER_HAS = "The ladder has 3 behaviours."


def by(role: str = "manager", **more: Any) -> Mark:
    return stated_mark("a", role, **more)


@pytest.mark.parametrize(
    ("rule", "stated", "fault"),
    [
        (rating(ONE), by(mark="100"), None),
        (rating(ONE), by(mark="0"), None),
        (
            rating(ONE),
            by(mark="100.01"),
            ("/mark", "mark_out_of_bounds", "A mark from 0 to 100 is expected."),
        ),
        (rating(ONE), by(), ("/mark", "mark_expected", "A mark is expected.")),
        (
            rating(ONE),
            by("peer", mark="1"),
            ("/role", "role_not_asked", "The rating of a does not ask for a peer."),
        ),
        (STEPPED, by(mark="2.5"), None),
        (STEPPED, by(mark="4.5"), None),
        (
            STEPPED,
            by(mark="4.6"),
            ("/mark", "mark_out_of_bounds", "A mark from 2.5 to 4.5 by 0.25 is expected."),
        ),
        (LEVELLED, by(level=1), None),
        (LEVELLED, by(level=3), None),
        (LEVELLED, by(level=4), ("/level", "level_unknown", LEVELS_EXPECTED)),
        (LEVELLED, by(level=0), ("/level", "level_unknown", LEVELS_EXPECTED)),
        (LEVELLED, by(mark="60"), ("/level", "level_expected", LEVELS_EXPECTED)),
        (THREE, by(level=0), None),
        (THREE, by(level=3), None),
        (THREE, by("hr", behaviours=(1, 3)), None),
        (THREE, by(level=4), ("/level", "level_unknown", LADDER_HAS)),
        (THREE, by(behaviours=(4,)), ("/behaviours", "level_unknown", LADDER_HAS)),
        (
            THREE,
            by(mark="50"),
            (
                "/mark",
                "level_expected",
                "Of a ladder it is said how high, or which behaviours hold.",
            ),
        ),
        (
            THREE,
            by("peer", level=1),
            ("/role", "role_not_asked", "Managers and HR judge a, not a peer."),
        ),
        (CHOSEN, by(mark="3.25"), None),
        (CHOSEN, by("hr", mark="3"), None),
        (
            CHOSEN,
            by(mark="3.26"),
            ("/mark", "mark_out_of_bounds", "No level of the rubric leaves this mark to choose."),
        ),
        (
            CHOSEN,
            by("self", mark="3"),
            ("/role", "role_not_asked", "Managers and HR judge a, not a self."),
        ),
        (
            {"kind": "ratio"},
            by(mark="3"),
            ("/item", "item_not_rated", "a is measured: nobody rates it."),
        ),
    ],
)
def test_each_rule_takes_what_it_asks_for_and_says_what_it_does_not(
    rule: Document, stated: Mark, fault: tuple[str, str, str] | None
) -> None:
    is_rated = rule["kind"] in {"rating", "ladder"}
    written = rated("a", "100", rule) if is_rated else item("a", "100", rule)
    one = parse_scheme(flat(written)).sections[0].items[0]
    if fault is None:
        check_mark([(one, d(100))], stated, earlier=0)
        return
    with pytest.raises(Conflict) as refusal:
        check_mark([(one, d(100))], stated, earlier=0)
    assert (refusal.value.code, refusal.value.detail) == fault[1:]
    assert refusal.value.faults == (Fault(*fault),)


def test_a_refusal_names_what_was_asked_and_what_is_allowed() -> None:
    many = [kept(at, "0.01") for at in range(MOST_ADJUSTMENTS)]
    refusals: list[tuple[Callable[[], object], str, str]] = [
        (
            lambda: check_mark([], by(mark="1"), earlier=0),
            "/item",
            "The card has no item a.",
        ),
        (
            lambda: check_points(d(0), BOUNDS, []),
            "/points",
            "A reward is above 0, a penalty below.",
        ),
        (
            lambda: check_points(d("2.51"), BOUNDS, [kept(1, "3")]),
            "/points",
            "Rewards and penalties would come to 5.51; the scheme allows -10 to 5.5.",
        ),
        (
            lambda: counterpart_of("adj_9", [kept(1, "3")]),
            "/withdraws",
            "There is no such reward or penalty on this card.",
        ),
        (
            lambda: counterpart_of("adj_1", [kept(1, "3"), kept(2, "-3", "adj_1")]),
            "/withdraws",
            "It was withdrawn before.",
        ),
    ]
    for refused, pointer, detail in refusals:
        with pytest.raises(Conflict) as refusal:
            refused()
        (fault,) = refusal.value.faults
        assert (fault.pointer, fault.code) == (pointer, refusal.value.code)
        assert fault.detail == refusal.value.detail == detail
    of_the_card: list[tuple[Callable[[], object], str]] = [
        (lambda: check_count(many), "A card has at most 100 rewards and penalties."),
        (
            lambda: check_points(d(1), None, []),
            "The scheme of this card knows no rewards and penalties.",
        ),
        (
            lambda: check_mark([item_of(rating(ONE))], by(mark="1"), earlier=MOST_RATINGS),
            "A card has at most 2000 marks.",
        ),
    ]
    for refused, detail in of_the_card:
        with pytest.raises(Conflict) as refusal:
            refused()
        assert (refusal.value.detail, refusal.value.faults) == (detail, ())
