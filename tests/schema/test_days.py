"""Days belong to zones, periods to calendars, and nothing falls between them."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from services.schema.days import (
    Calendar,
    add_months,
    is_fiscal_start,
    is_timezone,
    kept_period,
    local_day,
    parse_day,
    parse_period,
    period_around,
    periods_over,
    previous,
    split,
    start_of_day,
)
from services.schema.errors import Invalid
from services.schema.words import Grain, WeekStart

PLAIN = Calendar("Asia/Shanghai", WeekStart.MONDAY, "01-01")
FISCAL = Calendar("Asia/Shanghai", WeekStart.SUNDAY, "04-01")


@pytest.mark.parametrize(
    ("code", "start", "end"),
    [
        ("2026-10", "2026-10-01", "2026-11-01"),
        ("2026-12", "2026-12-01", "2027-01-01"),
        ("2026-Q4", "2026-10-01", "2027-01-01"),
        ("2026-H2", "2026-07-01", "2027-01-01"),
        ("2026", "2026-01-01", "2027-01-01"),
        ("2026-02-28", "2026-02-28", "2026-03-01"),
        ("2010-12-29/2011-03-31", "2010-12-29", "2011-03-31"),
    ],
)
def test_periods_of_a_calendar_year(code: str, start: str, end: str) -> None:
    period = parse_period(code, PLAIN)
    assert (period.code, str(period.start), str(period.end)) == (code, start, end)


@pytest.mark.parametrize(
    ("code", "start", "end"),
    [
        ("2026", "2026-04-01", "2027-04-01"),
        ("2026-Q4", "2027-01-01", "2027-04-01"),
        ("2026-H1", "2026-04-01", "2026-10-01"),
        ("2026-02", "2026-02-01", "2026-03-01"),
    ],
)
def test_quarters_halves_and_years_are_fiscal_and_months_are_not(
    code: str, start: str, end: str
) -> None:
    period = parse_period(code, FISCAL)
    assert (str(period.start), str(period.end)) == (start, end)


@pytest.mark.parametrize(
    "code",
    ["2026-13", "2026-00", "2026-Q5", "2026-H3", "26-10", "", "2026-1", "2026-10-32", "2026-02-30",
     "2026-10-02/2026-10-01", "2026-10-01/2026-10-01", "2000-01-01/2020-01-01", "２０２６"],
)  # fmt: skip
def test_what_is_no_period_is_refused(code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_period(code, PLAIN)
    assert refusal.value.code in {"period_invalid", "day_invalid"}


@pytest.mark.parametrize("calendar", [PLAIN, FISCAL, Calendar("UTC", WeekStart.MONDAY, "12-29")])
@pytest.mark.parametrize(
    "codes", [[f"{{y}}-{m:02}" for m in range(1, 13)], ["{y}-Q1", "{y}-Q2", "{y}-Q3", "{y}-Q4"],
              ["{y}-H1", "{y}-H2"], ["{y}"]]
)  # fmt: skip
def test_requirement_18_consecutive_periods_touch_over_ten_years(
    calendar: Calendar, codes: list[str]
) -> None:
    periods = [
        parse_period(code.format(y=year), calendar) for year in range(2020, 2031) for code in codes
    ]
    for before, after in pairwise(periods):
        assert before.end == after.start
        assert previous(after, calendar) == before


def test_the_period_before_a_range_has_its_length() -> None:
    before = previous(parse_period("2026-10-11/2026-10-21", PLAIN), PLAIN)
    assert (str(before.start), str(before.end)) == ("2026-10-01", "2026-10-11")


def test_requirement_17_a_day_belongs_to_the_shops_zone() -> None:
    instant = datetime(2026, 10, 31, 16, 30, tzinfo=UTC)
    assert local_day(instant, "Asia/Shanghai") == date(2026, 11, 1)
    assert local_day(instant, "Europe/Berlin") == date(2026, 10, 31)
    assert local_day(instant - timedelta(milliseconds=30 * 60_000 + 1), "Asia/Shanghai") == date(
        2026, 10, 31
    )


def test_a_day_starts_once_even_where_clocks_change_at_midnight() -> None:
    # Beirut skips midnight of 2026-03-29: its day begins at 01:00 local time.
    starts = [start_of_day(date(2026, 3, day), "Asia/Beirut") for day in (28, 29, 30)]
    assert [b - a for a, b in pairwise(starts)] == [
        timedelta(hours=24),
        timedelta(hours=23),
    ]


def test_days_and_months_fill_a_period_and_weeks_are_cut_at_its_edges() -> None:
    october = parse_period("2026-10", PLAIN)
    assert [p.code for p in split(october, Grain.DAY, PLAIN)][::30] == ["2026-10-01", "2026-10-31"]
    weeks = split(october, Grain.WEEK, PLAIN)
    assert [(p.start.day, p.days) for p in weeks] == [(1, 4), (5, 7), (12, 7), (19, 7), (26, 6)]
    sundays = split(october, Grain.WEEK, FISCAL)
    assert [(p.start.day, p.days) for p in sundays] == [(1, 3), (4, 7), (11, 7), (18, 7), (25, 7)]
    quarter = parse_period("2026-Q4", PLAIN)
    assert [p.code for p in split(quarter, Grain.MONTH, PLAIN)] == ["2026-10", "2026-11", "2026-12"]


@pytest.mark.parametrize("grain", list(Grain))
def test_requirement_17_parts_add_up_to_the_period_across_a_clock_change(grain: Grain) -> None:
    berlin = Calendar("Europe/Berlin", WeekStart.MONDAY, "01-01")
    parts = split(parse_period("2026-10", berlin), grain, berlin)
    assert sum(part.days for part in parts) == 31
    hours = [(p.ends_at("Europe/Berlin") - start_of_day(p.start, "Europe/Berlin")) for p in parts]
    assert sum(hours, timedelta()) == timedelta(hours=31 * 24 + 1)


@pytest.mark.parametrize(
    ("day", "months", "there"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2026-12-29", 3, "2027-03-29"),
        ("2026-03-31", -1, "2026-02-28"),
        ("2026-01-01", 0, "2026-01-01"),
    ],
)
def test_months_are_added_to_the_same_day_or_the_last(day: str, months: int, there: str) -> None:
    assert str(add_months(date.fromisoformat(day), months)) == there


def test_only_real_days_zones_and_starts_are_taken() -> None:
    assert parse_day("2024-02-29") == date(2024, 2, 29)
    for text in ("2026-02-29", "20260228", "2026-2-8", "2026-02-28T00:00"):
        with pytest.raises(Invalid):
            parse_day(text)
    assert is_timezone("Asia/Shanghai")
    assert not is_timezone("Asia/Nowhere")
    assert not is_timezone("../../etc/passwd")
    assert is_fiscal_start("04-06")
    assert not is_fiscal_start("02-29")
    assert not is_fiscal_start("13-01")
    assert not is_fiscal_start("1-1")


@pytest.mark.parametrize("code", ["2026-10", "2026-Q4", "2026-H2", "2026", "2026-10-31"])
def test_a_kept_period_is_the_one_that_was_parsed(code: str) -> None:
    period = parse_period(code, FISCAL)
    assert kept_period(code, period.start, period.end) == period


@pytest.mark.parametrize("code", ["1899", "1899-12", "2200-Q1", "9999-12", "0000", "9999-12-31"])
def test_a_period_of_a_year_beyond_reason_is_refused(code: str) -> None:
    with pytest.raises(Invalid, match="1900 to 2199"):
        parse_period(code, Calendar("UTC", WeekStart.MONDAY, "12-01"))


@pytest.mark.parametrize("code", ["1900", "1900-Q1", "2199", "2199-H2", "2199-12"])
def test_the_first_and_last_years_have_periods(code: str) -> None:
    assert parse_period(code, Calendar("UTC", WeekStart.MONDAY, "12-01")).code == code


def test_the_period_around_a_day_is_the_one_that_holds_it_by_the_fiscal_year() -> None:
    march, april = (
        [period_around(day, months, FISCAL).code for months in (1, 3, 6, 12)]
        for day in (date(2026, 3, 31), date(2026, 4, 1))
    )
    assert march == ["2026-03", "2025-Q4", "2025-H2", "2025"]
    assert april == ["2026-04", "2026-Q1", "2026-H1", "2026"]


def test_the_periods_over_some_days_are_those_of_the_first_and_last_and_all_between() -> None:
    first, last = date(2026, 3, 31), date(2026, 7, 1)
    found = {
        months: [each.code for each in periods_over(first, last, months, FISCAL)]
        for months in (1, 3, 12)
    }
    assert found == {
        1: ["2026-03", "2026-04", "2026-05", "2026-06", "2026-07"],
        3: ["2025-Q4", "2026-Q1", "2026-Q2"],
        12: ["2025", "2026"],
    }
    assert [each.code for each in periods_over(last, last, 1, FISCAL)] == ["2026-07"]
