"""What parts weigh by calendar and by history: which periods are looked at, and what is refused."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.core.breakdown import share_target
from services.api.core.target_weights import (
    grown,
    make_weighing,
    mean_of,
    past_of,
    weights_by_calendar,
    weights_by_past,
)
from services.schema.days import Calendar, parse_period, year_before
from services.schema.errors import Conflict, Invalid
from services.schema.shapes.calendars import TargetCalendar, WeighedDays
from services.schema.shapes.targets import Basis, Weighing
from services.schema.words import Parts, Scope, WeekStart

d = Decimal
Past = Mapping[str, Sequence[Decimal | None]]
PLAIN = Calendar("Asia/Shanghai", WeekStart.MONDAY, "01-01")
FISCAL = Calendar("Asia/Shanghai", WeekStart.MONDAY, "04-01")
DOUBLE_ELEVEN = TargetCalendar((WeighedDays(date(2026, 11, 11), date(2026, 11, 12), d(8), None),))
Q4 = {"2026-10": "2026-10", "2026-11": "2026-11", "2026-12": "2026-12"}


@pytest.mark.parametrize(
    ("code", "before"),
    [
        ("2026-10", "2025-10"),
        ("2026-Q4", "2025-Q4"),
        ("2026-H1", "2025-H1"),
        ("2026", "2025"),
        ("2026-11-01/2026-11-12", "2025-11-01/2025-11-12"),
        ("2026-10-31", "2025-10-31/2025-11-01"),
        ("2024-02-29", "2023-02-28/2023-03-01"),
        ("2024-02-28", "2023-02-28/2023-03-01"),
        ("2024-02-01/2024-03-01", "2023-02-01/2023-03-01"),
        ("2025-02-01/2025-03-01", "2024-02-01/2024-02-29"),
    ],
)
def test_the_same_period_a_year_before(code: str, before: str) -> None:
    found = year_before(parse_period(code, FISCAL), FISCAL)
    assert found == parse_period(before, FISCAL)


def test_what_history_is_made_of() -> None:
    def past(code: str, by: Basis, count: int = 3) -> list[str]:
        return [each.code for each in past_of(parse_period(code, FISCAL), by, count, FISCAL)]

    assert past("2026-01", Basis.LAST_YEAR) == ["2025-01"]
    assert past("2026-01", Basis.LAST_PERIODS) == ["2025-12", "2025-11", "2025-10"]
    assert past("2026-Q1", Basis.LAST_PERIODS, 2) == ["2025-Q4", "2025-Q3"]
    assert past("2026-10-01/2026-10-11", Basis.LAST_PERIODS, 2) == [
        "2026-09-21/2026-10-01",
        "2026-09-11/2026-09-21",
    ]


def test_the_calendar_weighs_the_days_of_months_and_quarters() -> None:
    found = weights_by_calendar(Q4, Parts.MONTHS, days=DOUBLE_ELEVEN, calendar=PLAIN)
    assert found == {"2026-10": 31, "2026-11": 37, "2026-12": 31}
    year = {code: code for code in ("2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4")}
    found = weights_by_calendar(year, Parts.QUARTERS, days=DOUBLE_ELEVEN, calendar=PLAIN)
    assert list(found.values()) == [90, 91, 92, 99]
    # 99,000 by 31 : 37 : 31 of 99, the whole to the last digit.
    shares = share_target(
        d("99000.000001"),
        weights_by_calendar(Q4, Parts.MONTHS, days=DOUBLE_ELEVEN, calendar=PLAIN),
    )
    assert shares == {"2026-10": 31000, "2026-11": d("37000.000001"), "2026-12": 31000}


@pytest.mark.parametrize("into", [Parts.UNITS, Parts.EMPLOYEES, Parts.SHOPS])
def test_people_and_shops_have_no_days_in_the_calendar(into: Parts) -> None:
    with pytest.raises(Conflict) as refused:
        weights_by_calendar({"a": "2026-10"}, into, days=DOUBLE_ELEVEN, calendar=PLAIN)
    assert [fault.pointer for fault in refused.value.faults] == ["/by"]


def test_a_past_is_the_mean_of_the_periods_that_have_one() -> None:
    assert mean_of([d(10), None, d(20)]) == 15
    assert mean_of([d(1), d(1), d(0)]) == d("0.666667")
    assert mean_of([d(0)]) == 0
    assert mean_of([None, None]) is None
    assert mean_of([]) is None


def test_parts_weigh_what_they_had() -> None:
    past: Past = {"a": [d(300)], "b": [d(100), d(0)], "c": [None]}
    assert weights_by_past(past, {"c": d(50)}) == {"a": 300, "b": 50, "c": 50}
    # What is stated stands for a past that there is, too.
    assert weights_by_past(past, {"c": d(0), "a": d(1)}) == {"a": 1, "b": 50, "c": 0}


def test_a_part_without_a_past_is_refused_and_not_given_nothing() -> None:
    past: Past = {"a": [d(300)], "b": [d("-0.000001")], "c": [None]}
    with pytest.raises(Conflict) as refused:
        weights_by_past(past, {})
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [
        ("/weights/b", "history_negative"),
        ("/weights/c", "no_history"),
    ]
    with pytest.raises(Conflict, match="z is not a part"):
        weights_by_past(past, {"z": d(1)})
    assert weights_by_past({"a": [d(0)]}, {}) == {"a": 0}


W = {"a": d(1)}


@pytest.mark.parametrize(
    ("stated", "made"),
    [
        ((None, None, None, None), Weighing(Basis.EQUAL, {}, 3, None)),
        ((None, W, None, None), Weighing(Basis.WEIGHTS, W, 3, None)),
        ((Basis.WEIGHTS, W, None, None), Weighing(Basis.WEIGHTS, W, 3, None)),
        ((Basis.CALENDAR, None, None, None), Weighing(Basis.CALENDAR, {}, 3, None)),
        ((Basis.LAST_YEAR, W, None, Scope.OWN), Weighing(Basis.LAST_YEAR, W, 3, Scope.OWN)),
        ((Basis.LAST_PERIODS, None, 1, None), Weighing(Basis.LAST_PERIODS, {}, 1, None)),
    ],
)
def test_what_is_asked_for(
    stated: tuple[Basis | None, dict[str, Decimal] | None, int | None, Scope | None],
    made: Weighing,
) -> None:
    assert make_weighing(*stated) == made


@pytest.mark.parametrize(
    ("stated", "places"),
    [
        ((Basis.WEIGHTS, None, None, None), ["/weights"]),
        ((Basis.EQUAL, W, None, None), ["/weights"]),
        ((Basis.CALENDAR, W, 2, Scope.OWN), ["/weights", "/periods", "/scope"]),
        ((None, None, 2, None), ["/periods"]),
        ((Basis.LAST_YEAR, None, 2, None), ["/periods"]),
        ((None, W, None, Scope.SHOPS), ["/scope"]),
    ],
)
def test_what_would_not_be_looked_at_is_refused(
    stated: tuple[Basis | None, dict[str, Decimal] | None, int | None, Scope | None],
    places: list[str],
) -> None:
    with pytest.raises(Invalid) as refused:
        make_weighing(*stated)
    assert [fault.pointer for fault in refused.value.faults] == places


def test_growth_is_exact_and_rounded_once() -> None:
    assert grown(d("100000.000001"), d("0.15")) == d("115000.000001")
    assert grown(d("0.000001"), d("-0.5")) == d("0.000001")
    assert grown(d("0.000001"), d("-0.5001")) == 0
    # 20 digits by 8: more than a decimal context would keep.
    assert grown(d("12345678901234.123456"), d("9999.9999")) == d("123469133456674578.560044")


@given(
    value=st.decimals(min_value=-(10**9), max_value=10**9, places=6),
    past=st.lists(
        st.lists(st.decimals(min_value=0, max_value=10**9, places=6), min_size=1, max_size=3),
        min_size=1,
        max_size=30,
    ).filter(lambda parts: any(any(part) for part in parts)),
)
def test_parts_by_history_always_sum_to_the_whole(
    value: Decimal, past: list[list[Decimal]]
) -> None:
    weights = weights_by_past({str(number): each for number, each in enumerate(past)}, {})
    if any(weights.values()):
        assert sum(share_target(value, weights).values()) == value
