"""What days weigh: exactly, inside and across stretches, and parts sum to the whole."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.core.calendars import make_calendar, weight_of
from services.schema.errors import Fault, Invalid
from services.schema.shapes.calendars import TargetCalendar, WeighedDays

d = Decimal


def day(number: int, month: int = 11) -> date:
    return date(2026, month, number)


def stretch(first: date, end: date, weight: str = "2", note: str | None = None) -> WeighedDays:
    return WeighedDays(first, end, d(weight), note)


DOUBLE_ELEVEN = make_calendar(
    [stretch(day(11), day(12), "8", "双11"), stretch(day(1), day(4), "0.5")]
)


@pytest.mark.parametrize(
    ("first", "end", "weight"),
    [
        (day(1), day(1, 12), "35.5"),
        (day(11), day(12), "8"),
        (day(10), day(11), "1"),
        (day(12), day(13), "1"),
        (day(10), day(13), "10"),
        (day(31, 10), day(2), "1.5"),
        (day(3), day(5), "1.5"),
        (day(2), day(3), "0.5"),
    ],
)
def test_days_weigh_1_unless_a_stretch_says_otherwise(first: date, end: date, weight: str) -> None:
    assert weight_of(DOUBLE_ELEVEN, first, end) == d(weight)
    assert weight_of(TargetCalendar(), first, end) == (end - first).days


def test_stretches_are_kept_by_their_first_day() -> None:
    assert [each.note for each in DOUBLE_ELEVEN.stretches] == [None, "双11"]
    assert make_calendar([]) == TargetCalendar()
    # One may begin where another ends.
    assert len(make_calendar([stretch(day(2), day(3)), stretch(day(1), day(2))]).stretches) == 2


@pytest.mark.parametrize(
    ("stated", "fault"),
    [
        (
            [stretch(day(1), day(2), "0")],
            Fault("/stretches/0/weight", "weight_not_positive", "A day's weight is above 0."),
        ),
        (
            [stretch(day(2), day(2))],
            Fault(
                "/stretches/0/to",
                "stretch_empty",
                "A stretch ends after it starts; its end is exclusive.",
            ),
        ),
        (
            [stretch(day(5), day(7)), stretch(day(1), day(6))],
            Fault(
                "/stretches/0/from",
                "stretches_overlap",
                "2026-11-05 stands in another stretch already.",
            ),
        ),
        (
            [stretch(day(1), day(9)), stretch(day(2), day(3)), stretch(day(9), day(10))],
            Fault(
                "/stretches/1/from",
                "stretches_overlap",
                "2026-11-02 stands in another stretch already.",
            ),
        ),
    ],
)
def test_a_senseless_calendar_is_refused_with_its_place(
    stated: list[WeighedDays], fault: Fault
) -> None:
    with pytest.raises(Invalid) as refusal:
        make_calendar(stated)
    assert refusal.value.faults == (fault,)
    assert (refusal.value.code, refusal.value.detail) == (fault.code, fault.detail)


STRETCHES = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 9), st.decimals("0.0001", "99", places=4)),
    max_size=6,
)


@given(STRETCHES, st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_requirement_21_the_weights_of_parts_sum_to_that_of_the_whole(
    stretches: list[tuple[int, int, Decimal]], first: int, second: int, third: int
) -> None:
    start = day(1, 10)
    kept: list[WeighedDays] = []
    for offset, days, weight in stretches:
        begin = max(start + timedelta(days=offset), kept[-1].end if kept else start)
        kept.append(WeighedDays(begin, begin + timedelta(days=days), weight, None))
    calendar = make_calendar(kept)
    one = start + timedelta(days=first)
    two = one + timedelta(days=second)
    three = two + timedelta(days=third)
    parts = weight_of(calendar, one, two) + weight_of(calendar, two, three)
    assert parts == weight_of(calendar, one, three)
    assert weight_of(calendar, one, one) == 0
