"""Levels of `domain.md`, section 6.7: windows, criteria at both sides of each bound, standing."""

from datetime import date
from decimal import Decimal

import pytest

from services.api.core.indicators import built_in_indicators
from services.api.core.levels import (
    check,
    is_assessed,
    months_of,
    stand,
    sum_of_targets,
    sum_of_values,
    sums_by_month,
    wanted_for,
    window_of,
)
from services.schema.shapes.indicators import Value
from services.schema.shapes.levels import Criterion, Figure, LadderLevel, LevelLadder, Seen
from services.schema.shapes.people import Assignment, Employee
from services.schema.shapes.schemes import Name
from services.schema.words import Better, LineStatus, NoValue, Of, Scope
from tests.api.core.ladders import (
    BEST,
    CALENDAR,
    OCTOBER,
    SEPTEMBER,
    observed,
    person,
    service_agent,
)
from tests.api.facts import person as subject_of

NAME = Name("标准", "Criterion")


def level_of(ladder: LevelLadder, code: str) -> LadderLevel:
    return next(level for level in ladder.levels if level.code == code)


# What gold just takes and just does not, and the same of silver.
BOUNDS: tuple[tuple[str, str, str, str, str], ...] = (
    ("attendance", "0", "1", "3", "4"),
    ("sales", "0.9", "0.899999", "0.7", "0.699999"),
    ("inquiry_conversion", "0.5", "0.499999", "0.45", "0.449999"),
    ("average_response", "30", "30.000001", "35", "35.000001"),
    ("service_slips", "3", "4", "5", "6"),
    ("product_knowledge", "2", "3", "4", "5"),
)


@pytest.mark.parametrize(("code", "gold", "not_gold", "silver", "not_silver"), BOUNDS)
def test_each_bound_holds_at_its_figure_and_not_beyond(
    code: str, gold: str, not_gold: str, silver: str, not_silver: str
) -> None:
    ladder = service_agent()
    for text, level, missed in (
        (gold, "gold", None),
        (not_gold, "silver", "gold"),
        (silver, "silver", "gold"),
        (not_silver, "bronze", "silver"),
    ):
        standing = person(ladder, {code: text})
        assert (standing.level, standing.next) == (level, missed), text
        assert [each.criterion.code for each in standing.missing] == ([code] if missed else [])
        for each in standing.missing:
            assert each.actual == Decimal(text)
            assert (each.status, each.holds) == (LineStatus.OK, False)
            asked = level_of(ladder, str(missed))
            bound = next(one for one in asked.criteria if one.code == code)
            assert (each.criterion.at_least, each.criterion.at_most) == (
                bound.at_least,
                bound.at_most,
            )


@pytest.mark.parametrize("code", ["service_awareness", "team_activities", "communication"])
@pytest.mark.parametrize(("said", "status"), [(False, LineStatus.OK), (None, LineStatus.NO_DATA)])
def test_a_behaviour_that_was_not_seen_keeps_from_gold_and_silver(
    code: str, *, said: bool | None, status: LineStatus
) -> None:
    standing = person(service_agent(), {}, {code: said})
    assert (standing.level, standing.next) == ("bronze", "silver")
    assert [(each.criterion.code, each.status) for each in standing.missing] == [(code, status)]


@pytest.mark.parametrize("code", list(BEST))
def test_what_has_no_data_does_not_hold_and_says_so(code: str) -> None:
    standing = person(service_agent(), {code: None})
    assert (standing.level, standing.next) == ("bronze", "silver")
    (missing,) = standing.missing
    assert (missing.criterion.code, missing.actual) == (code, None)
    assert (missing.status, missing.holds) == (LineStatus.NO_DATA, False)


def test_the_best_have_no_level_above_and_miss_nothing() -> None:
    standing = person(service_agent(), {})
    assert (standing.level, standing.next, standing.missing) == ("gold", None, ())
    assert [checked.holds for checked in standing.levels] == [True, True, True]


def test_every_criterion_that_is_missed_is_named_in_the_order_of_the_ladder() -> None:
    worst = dict.fromkeys(BEST)
    standing = person(service_agent(), worst, {"communication": False})
    silver = level_of(service_agent(), "silver")
    held = {"service_awareness", "team_activities"}
    assert [each.criterion for each in standing.missing] == [
        each for each in silver.criteria if each.code not in held
    ]


def test_a_level_is_skipped_when_only_a_higher_one_holds() -> None:
    """Silver looks back one month for sales, gold two: the better window may carry a person."""
    gold = Criterion("sales", NAME, 2, indicator="net_sales", at_least=Decimal(90))
    silver = Criterion("sales", NAME, 1, indicator="net_sales", at_least=Decimal(70))
    ladder = LevelLadder(
        NAME, (), (LadderLevel("gold", NAME, (gold,)), LadderLevel("silver", NAME, (silver,))), None
    )
    checks = {
        ("gold", "sales"): check(gold, window_of(OCTOBER, 2), of("95"), Better.HIGHER),
        ("silver", "sales"): check(silver, OCTOBER, of("60"), Better.HIGHER),
    }
    assert stand(ladder, checks).level == "gold"


def of(text: str, target: str | None = None) -> Figure:
    return Figure(Value(Decimal(text), None), None if target is None else Decimal(target))


def test_whoever_reaches_no_level_has_none_and_is_told_of_the_lowest() -> None:
    asked = Criterion("sales", NAME, 1, indicator="net_sales", at_least=Decimal(70))
    ladder = LevelLadder(NAME, (), (LadderLevel("only", NAME, (asked,)),), None)
    missed = check(asked, OCTOBER, of("69.999999"), Better.HIGHER)
    standing = stand(ladder, {("only", "sales"): missed})
    assert (standing.level, standing.next, standing.missing) == (None, "only", (missed,))


def test_windows_end_with_the_month_and_have_whole_months() -> None:
    assert window_of(OCTOBER, 1) is OCTOBER
    two = window_of(OCTOBER, 2)
    assert (two.code, two.start, two.end) == (
        "2026-09-01/2026-11-01",
        date(2026, 9, 1),
        date(2026, 11, 1),
    )
    assert months_of(two, CALENDAR) == (SEPTEMBER, OCTOBER)
    year = window_of(OCTOBER, 12)
    assert (year.start, len(months_of(year, CALENDAR))) == (date(2025, 11, 1), 12)


def test_only_a_month_can_be_assessed() -> None:
    with pytest.raises(AssertionError):
        window_of(window_of(OCTOBER, 2), 1)


@pytest.mark.parametrize(
    ("indicator", "periods"),
    [
        ("attendance_faults", ["2026-09", "2026-10"]),  # posted counts of months
        ("service_slips", ["2026-09", "2026-10"]),  # a posted measure: values may be posted too
        ("net_sales", ["2026-09-01/2026-11-01"]),  # facts of the whole window
        ("quality_inspection_score", ["2026-09-01/2026-11-01"]),  # the ratio of its sums
        ("buyers", ["2026-09-01/2026-11-01"]),  # who bought in both months is one buyer
    ],
)
def test_what_is_read_for_a_window(indicator: str, periods: list[str]) -> None:
    known = built_in_indicators()[indicator]
    criterion = Criterion("c", NAME, 2, indicator=indicator, scope=Scope.SHOPS)
    wanted = wanted_for(criterion, subject_of("e-1"), window_of(OCTOBER, 2), known, CALENDAR)
    assert [one.period.code for one in wanted] == periods
    assert sums_by_month(known) == (len(periods) == 2)
    for one in wanted:
        assert (one.indicator, one.subject, one.scope) == (
            indicator,
            subject_of("e-1"),
            Scope.SHOPS,
        )
        assert (one.start, one.end) == (one.period.start, one.period.end)


def test_months_are_added_and_one_without_a_value_leaves_none() -> None:
    three, none = Value(Decimal("3.5"), None), Value(None, NoValue.FX_RATE_MISSING)
    assert sum_of_values([three]) == Value(Decimal("3.500000"), None)
    assert sum_of_values([three, Value(Decimal("0.25"), None)]) == Value(Decimal("3.75"), None)
    assert sum_of_values([three, none]) == none


def test_targets_are_added_and_a_month_without_one_leaves_none() -> None:
    assert sum_of_targets([Decimal(100)]) == Decimal(100)
    assert sum_of_targets([Decimal(100), Decimal("50.5")]) == Decimal("150.5")
    assert sum_of_targets([Decimal(100), None]) is None
    assert sum_of_targets([None]) is None


ATTAINED = Criterion("sales", NAME, 1, indicator="x", of=Of.ATTAINMENT, at_least=Decimal("0.9"))


@pytest.mark.parametrize(
    ("value", "target", "better", "actual", "status", "holds"),
    [
        ("90", "100", Better.HIGHER, "0.9", LineStatus.OK, True),
        ("89.9999", "100", Better.HIGHER, "0.899999", LineStatus.OK, False),
        ("110", "100", Better.LOWER, "0.9", LineStatus.OK, True),
        ("110.0001", "100", Better.LOWER, "0.899999", LineStatus.OK, False),
        ("90", "0", Better.HIGHER, None, LineStatus.NO_TARGET, False),
        ("90", None, Better.HIGHER, None, LineStatus.NO_TARGET, False),
    ],
)
def test_an_attainment_is_held_against_the_bound(
    value: str,
    target: str | None,
    better: Better,
    actual: str | None,
    status: LineStatus,
    *,
    holds: bool,
) -> None:
    made = check(ATTAINED, OCTOBER, of(value, target), better)
    assert made.actual == (None if actual is None else Decimal(actual))
    assert (made.status, made.holds) == (status, holds)


def test_no_data_comes_before_no_target() -> None:
    made = check(ATTAINED, OCTOBER, Figure(Value(None, NoValue.NO_ROWS)), Better.HIGHER)
    assert made.status is LineStatus.NO_DATA


def test_a_value_needs_no_target() -> None:
    criterion = Criterion("c", NAME, 1, indicator="x", at_most=Decimal(3))
    assert check(criterion, OCTOBER, of("3"), Better.LOWER).holds
    assert not check(criterion, OCTOBER, of("3.000001"), Better.LOWER).holds


@pytest.mark.parametrize(
    ("first", "last", "status", "holds"),
    [
        (True, True, LineStatus.OK, True),
        (False, True, LineStatus.OK, False),
        (True, False, LineStatus.OK, False),
        (None, True, LineStatus.NO_DATA, False),
        (True, None, LineStatus.NO_DATA, False),
    ],
)
def test_a_behaviour_is_seen_in_every_month_of_its_window(
    *, first: bool | None, last: bool | None, status: LineStatus, holds: bool
) -> None:
    criterion = Criterion("team", NAME, 2, behaviour="team")
    said = Seen(
        tuple(
            (month, None if held is None else observed("team", month, holds=held))
            for month, held in (("2026-09", first), ("2026-10", last))
        )
    )
    made = check(criterion, window_of(OCTOBER, 2), said, None)
    assert (made.status, made.holds, made.actual) == (status, holds, None)


def employee(start: date, end: date | None, *, joined: date | None, left: date | None) -> Employee:
    held = Assignment("agent", "front", (), start, end)
    return Employee("e-1", "e-1", None, joined, left, (held,))


@pytest.mark.parametrize(
    ("start", "end", "joined", "left", "assessed"),
    [
        (date(2026, 1, 1), None, None, None, True),
        (date(2026, 10, 31), None, None, None, True),
        (date(2026, 11, 1), None, None, None, False),
        (date(2026, 1, 1), date(2026, 10, 2), None, None, True),
        (date(2026, 1, 1), date(2026, 10, 1), None, None, False),
        (date(2026, 1, 1), None, date(2026, 10, 31), None, True),
        (date(2026, 1, 1), None, date(2026, 11, 1), None, False),
        (date(2026, 1, 1), None, None, date(2026, 10, 1), True),
        (date(2026, 1, 1), None, None, date(2026, 9, 30), False),
    ],
)
def test_whoever_works_a_day_of_the_month_is_assessed(
    start: date, end: date | None, joined: date | None, left: date | None, *, assessed: bool
) -> None:
    ladder = service_agent()
    someone = employee(start, end, joined=joined, left=left)
    assert is_assessed(ladder, someone, OCTOBER) is assessed


def test_a_ladder_that_names_positions_is_for_these_alone() -> None:
    someone = employee(date(2026, 1, 1), None, joined=None, left=None)
    levels = service_agent().levels
    assert is_assessed(LevelLadder(NAME, ("agent",), levels, None), someone, OCTOBER)
    assert not is_assessed(LevelLadder(NAME, ("host",), levels, None), someone, OCTOBER)
