"""Paces: forecasts and ranges to the last digit, and what has none."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.core.indicators import built_in_indicators
from services.api.core.measures import built_in_measures
from services.api.core.paces import Counted, counted_by, pace_kind, pace_of
from services.schema.shapes.calendars import TargetCalendar, WeighedDays
from services.schema.shapes.indicators import Value, Wanted
from services.schema.shapes.next_steps import NoPace, Pace, PaceOf
from services.schema.shapes.people import Subject
from services.schema.shapes.scorecards import Segment
from services.schema.words import NoValue, Scope, SubjectKind

d = Decimal
START = date(2026, 11, 1)
FLAT = TargetCalendar(())
PEAK = TargetCalendar((WeighedDays(date(2026, 11, 11), date(2026, 11, 12), d(10), None),))
EMPLOYEE = Subject(SubjectKind.EMPLOYEE, "e-1")


def segment(days: int = 30) -> Segment:
    return Segment(START, START + timedelta(days=days), "guide", "north", "front", 1)


def counted(of: PaceOf, day: int, days: int = 30) -> Counted | NoPace:
    on = START + timedelta(days=day)
    return counted_by("x", EMPLOYEE, Scope.OWN, segment(days), of, on)


def pace(
    of: PaceOf,
    parts: Sequence[str | NoValue],
    so_far: str | None,
    *,
    calendar: TargetCalendar = FLAT,
    present: str | None = None,
    days: int = 30,
) -> Pace | NoPace:
    """The pace after so many whole days, one part each."""
    asked = counted(of, len(parts), days)
    assert isinstance(asked, Counted)
    values: dict[Wanted, Value] = {
        wanted: Value(None, part) if isinstance(part, NoValue) else Value(d(part), None)
        for wanted, part in zip(asked.parts, parts, strict=True)
    }
    values[asked.so_far] = Value(None if so_far is None else d(so_far), None)
    now = so_far if present is None else present
    return pace_of(asked, values, calendar, present=None if now is None else d(now))


def test_a_sum_goes_on_by_the_weight_of_the_days() -> None:
    """10 even days of 30: three times as much, without any scatter."""
    found = pace(PaceOf.SUM, ["7"] * 10, "70")
    assert found == Pace(
        PaceOf.SUM, START, date(2026, 11, 11), 10, 1, d(10), d(30), d(70),
        d("210.000000"), d("210.000000"), d("210.000000"),
    )  # fmt: skip
    # Singles' day is still to come and weighs ten days.
    peak = pace(PaceOf.SUM, ["7"] * 10, "70", calendar=PEAK)
    assert isinstance(peak, Pace)
    assert (peak.weight, peak.of_weight, peak.forecast) == (d(10), d(39), d("273.000000"))
    # Once it is over its ten days' worth is no better pace than any other day's.
    after = pace(PaceOf.SUM, [*["7"] * 10, "70"], "140", calendar=PEAK)
    assert isinstance(after, Pace)
    assert (after.forecast, after.low, after.high) == (d("273.000000"),) * 3


def test_the_range_by_hand() -> None:
    """Days of 4 and 10 in turn: the mean is 7, s2 = 10 x 9 / 9 = 10, R = 20, w = 10.

    1.2816 x sqrt(10 x (20 + 400 / 10)) = 1.2816 x sqrt(600) = 31.392...
    """
    found = pace(PaceOf.SUM, ["4", "10"] * 5, "70")
    assert isinstance(found, Pace)
    assert (found.forecast, found.low, found.high) == (
        d("210.000000"), d("178.607339"), d("241.392661"),
    )  # fmt: skip
    mean = pace(PaceOf.MEAN, ["4", "10"] * 5, "7")
    assert isinstance(mean, Pace)
    assert (mean.forecast, mean.low, mean.high) == (d("7.000000"), d("5.953578"), d("8.046422"))
    assert abs(NormalDist().inv_cdf(0.9) - 1.2816) < 0.0001


def test_what_is_there_is_not_taken_away_again() -> None:
    """The low end is no less than what today has brought already; a sum that may fall is freer."""
    found = pace(PaceOf.SUM, ["0"] * 9 + ["70"], "70", present="75")
    assert isinstance(found, Pace)
    assert (found.low, found.forecast) == (d("75.000000"), d("210.000000"))
    falling = pace(PaceOf.SUM, ["-1"] * 5 + ["10"] * 5, "45", present="45")
    assert isinstance(falling, Pace)
    assert falling.low < 135 < falling.high
    # A rate of nothing at all is not below zero either.
    rate = pace(PaceOf.MEAN, ["0"] * 9 + ["1"], "0.1")
    assert isinstance(rate, Pace)
    assert rate.low == d("0.000000")


def test_a_day_without_rows_adds_nothing_to_a_sum_and_is_none_of_a_mean() -> None:
    parts: list[str | NoValue] = [NoValue.NO_ROWS, *["7"] * 10]
    summed = pace(PaceOf.SUM, parts, "70")
    assert isinstance(summed, Pace)
    assert (summed.parts, summed.forecast) == (11, d("190.909091"))
    mean = pace(PaceOf.MEAN, [NoValue.NO_DENOMINATOR, *["7"] * 10], "7")
    assert isinstance(mean, Pace)
    assert (mean.parts, mean.low, mean.high) == (10, d("7.000000"), d("7.000000"))


def test_too_few_days_and_days_that_are_over() -> None:
    assert counted(PaceOf.SUM, 6) is NoPace.TOO_FEW_DAYS
    assert isinstance(counted(PaceOf.SUM, 7), Counted)
    assert counted(PaceOf.SUM, -3) is NoPace.TOO_FEW_DAYS
    assert isinstance(counted(PaceOf.SUM, 29), Counted)
    assert counted(PaceOf.SUM, 30) is NoPace.OVER
    # Of seven days a mean must know each, of more at least seven.
    assert pace(PaceOf.MEAN, [NoValue.NO_ROWS, *["1"] * 6], "1") is NoPace.TOO_FEW_DAYS
    assert isinstance(pace(PaceOf.MEAN, [NoValue.NO_ROWS, *["1"] * 7], "1"), Pace)
    assert pace(PaceOf.SUM, ["1"] * 7, None) is NoPace.NO_DATA


def test_a_long_period_is_looked_at_by_stretches_of_seven_days() -> None:
    days, stretches = counted(PaceOf.SUM, 62, 90), counted(PaceOf.SUM, 63, 90)
    assert isinstance(days, Counted)
    assert isinstance(stretches, Counted)
    assert (len(days.parts), len(stretches.parts)) == (62, 9)
    assert stretches.parts[-1].end == stretches.so_far.end
    uneven = counted(PaceOf.SUM, 65, 90)
    assert isinstance(uneven, Counted)
    assert [(each.end - each.start).days for each in uneven.parts] == [7] * 9 + [2]


KINDS = [
    ("net_sales", PaceOf.SUM),
    ("orders", PaceOf.SUM),
    ("visitors", PaceOf.SUM),
    ("conversion_rate", PaceOf.MEAN),
    ("roi", PaceOf.MEAN),
    ("inventory_turns", PaceOf.MEAN),
    ("live_hours_per_day", PaceOf.MEAN),
    ("campaign_ctr_index", PaceOf.MEAN),
    ("buyers", NoPace.NOT_BY_DAYS),
    ("search_rank", NoPace.NOT_BY_DAYS),
    ("sales_growth", NoPace.NOT_BY_DAYS),
    ("campaign_quality", NoPace.POSTED),
]


@pytest.mark.parametrize(("code", "kind"), KINDS)
def test_which_indicators_have_a_pace(code: str, kind: PaceOf | NoPace) -> None:
    indicator = built_in_indicators()[code]
    if kind is NoPace.POSTED:
        assert indicator.formula is None
    assert pace_kind(indicator, built_in_measures()) == kind


@given(
    st.lists(st.decimals(0, 10**9, places=4), min_size=7, max_size=29),
    st.integers(0, 20),
)
def test_a_range_holds_its_forecast_whatever_the_days_were(
    parts: list[Decimal], today: int
) -> None:
    total = sum(parts, d(0))
    found = pace(PaceOf.SUM, [str(each) for each in parts], str(total), present=str(total + today))
    assert isinstance(found, Pace)
    assert total + today <= found.low <= found.forecast <= found.high
    exact = Fraction(total) * 30 / len(parts)
    assert abs(Fraction(found.forecast) - max(exact, Fraction(total) + today)) <= Fraction(1, 10**6)
    assert found == pace(
        PaceOf.SUM, [str(each) for each in parts], str(total), present=str(total + today)
    )
