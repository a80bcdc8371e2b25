"""What may be stated for a card, at both sides of each bound, and what of it is in force."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

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
from services.schema.errors import Closed, Conflict
from services.schema.shapes.cycles import Cycle, Population
from services.schema.shapes.ratings import KeptAdjustment
from services.schema.shapes.schemes import Bounds, Item
from services.schema.words import CycleStatus, WeekStart
from tests.api.core.rated import rated, rating, stated_mark
from tests.api.core.scoring import Document, flat

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
