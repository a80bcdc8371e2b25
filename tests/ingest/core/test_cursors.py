"""Windows touch, overlap and get on; days are complete when their last instant has been read."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest

from services.ingest.core.cursors import (
    days_completed,
    next_window,
    shorter,
    stretches_of,
    wait_after,
    windows_of_days,
)
from services.schema.days import start_of_day
from services.schema.shapes.feeds import Stream, Window

DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)
STREAM = Stream(DAY, 10 * MINUTE, 3 * SECOND, 90 * DAY, MINUTE)
AT = datetime(2026, 11, 22, 4, 0, 0, 700_000, tzinfo=UTC)
SETTLED = datetime(2026, 11, 22, 3, 59, 57, tzinfo=UTC)
SHANGHAI = "Asia/Shanghai"


def test_a_window_reaches_back_by_the_overlap_and_up_to_what_is_settled() -> None:
    cursor = SETTLED - MINUTE
    window = next_window(STREAM, cursor=cursor, at=AT, longest=DAY)
    assert window == Window(cursor - 10 * MINUTE, SETTLED)


def test_nothing_is_asked_for_while_nothing_is_settled() -> None:
    assert next_window(STREAM, cursor=SETTLED, at=AT, longest=DAY) is None
    before = next_window(STREAM, cursor=SETTLED - SECOND, at=AT, longest=DAY)
    assert before is not None
    assert before.end == SETTLED


def test_an_outage_is_caught_up_day_by_day() -> None:
    cursor = SETTLED - 3 * DAY
    seen = []
    while window := next_window(STREAM, cursor=cursor, at=AT, longest=DAY):
        assert window.end - window.start <= DAY
        assert window.start <= cursor < window.end
        seen.append(window)
        cursor = window.end
    assert cursor == SETTLED
    assert len(seen) == 4


@pytest.mark.parametrize("seconds", [1, 2, 3, 59, 600, 601, 1199])
def test_a_shrunken_window_gets_on_and_stays_short(seconds: int) -> None:
    longest = timedelta(seconds=seconds)
    cursor = SETTLED - DAY
    window = next_window(STREAM, cursor=cursor, at=AT, longest=longest)
    assert window is not None
    assert window.end - window.start <= longest
    assert window.end > cursor


def test_a_window_of_a_second_cannot_be_shortened() -> None:
    assert shorter(Window(SETTLED, SETTLED + SECOND)) is None
    assert shorter(Window(SETTLED, SETTLED + 3 * SECOND)) == SECOND
    assert shorter(Window(SETTLED, SETTLED + DAY)) == DAY / 2


def test_a_day_is_complete_with_its_last_instant_in_the_shops_zone() -> None:
    start = start_of_day(date(2026, 11, 1), SHANGHAI)
    assert days_completed(start, start + DAY - SECOND, SHANGHAI) == []
    assert days_completed(start, start + DAY, SHANGHAI) == [date(2026, 11, 1)]
    middle = start + DAY / 2
    assert days_completed(middle, start + 2 * DAY, SHANGHAI) == [
        date(2026, 11, 1),
        date(2026, 11, 2),
    ]
    assert days_completed(start + DAY, start + DAY, SHANGHAI) == []


def test_days_of_a_change_of_clock_have_their_own_length() -> None:
    """2026-03-29 has 23 hours in Berlin."""
    windows = list(
        windows_of_days(
            date(2026, 3, 28), date(2026, 3, 31), "Europe/Berlin", longest=DAY, settled=SETTLED
        )
    )
    assert windows[0].start == start_of_day(date(2026, 3, 28), "Europe/Berlin")
    assert windows[-1].end == start_of_day(date(2026, 3, 31), "Europe/Berlin")
    for before, after in itertools.pairwise(windows):
        assert before.end == after.start
    total = sum(((window.end - window.start) for window in windows), timedelta(0))
    assert total == timedelta(hours=71)


def test_no_days_are_no_windows() -> None:
    day = date(2026, 11, 1)
    assert list(windows_of_days(day, day, SHANGHAI, longest=DAY, settled=SETTLED)) == []


def test_days_are_read_again_as_far_as_their_marketplace_tells_of_them() -> None:
    """Pinduoduo refuses a window that ends in its last three minutes or in the future."""
    day, midnight = date(2026, 11, 1), start_of_day(date(2026, 11, 1), SHANGHAI)

    def ends(settled: datetime) -> list[datetime]:
        two_days = (day, date(2026, 11, 3))
        windows = windows_of_days(*two_days, SHANGHAI, longest=DAY, settled=settled)
        return [window.end for window in windows]

    assert ends(midnight) == []
    assert ends(midnight + SECOND) == [midnight + SECOND]
    assert ends(midnight + DAY) == [midnight + DAY]
    within = midnight + DAY + timedelta(hours=9, microseconds=5)
    assert ends(within) == [midnight + DAY, midnight + DAY + timedelta(hours=9)]
    assert ends(midnight + 2 * DAY + SECOND) == [midnight + DAY, midnight + 2 * DAY]


def test_days_that_are_missing_are_stretches_that_do_not_touch() -> None:
    first, second, fourth = (date(2026, 10, 30) + timedelta(days=n) for n in (0, 1, 3))
    assert stretches_of([]) == ()
    assert stretches_of([fourth, second, first, second]) == (
        (first, date(2026, 11, 1)),
        (fourth, date(2026, 11, 3)),
    )


def test_a_feed_rests_longer_after_each_failure_and_never_for_ever() -> None:
    waits = [wait_after(attempts).total_seconds() for attempts in (1, 2, 3, 8, 1000)]
    assert waits == [10, 20, 40, 900, 900]
