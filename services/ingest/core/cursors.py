"""Which stretch of a source's time to read next, and which local days that completes."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from services.schema.days import local_day, start_of_day
from services.schema.shapes.feeds import Stream, Window

_FIRST_WAIT = timedelta(seconds=10)
_LONGEST_WAIT = timedelta(minutes=15)


def next_window(
    stream: Stream, *, cursor: datetime, at: datetime, longest: timedelta
) -> Window | None:
    """From a little before the cursor up to now, or for as long as may be asked at once.

    Null while nothing after the cursor is settled. The window ends after the cursor.
    """
    settled = (at - stream.lag).replace(microsecond=0)
    if settled <= cursor:
        return None
    # A shrunken window must still get on.
    back = min(stream.overlap, timedelta(seconds=int(longest.total_seconds()) // 2))
    return Window(cursor - back, min(settled, cursor - back + longest))


def shorter(window: Window) -> timedelta | None:
    """Half of a window's length in whole seconds; null where it cannot be shortened."""
    seconds = int((window.end - window.start).total_seconds())
    return timedelta(seconds=seconds // 2) if seconds > 1 else None


def days_completed(before: datetime, after: datetime, timezone: str) -> list[date]:
    """The local days whose last instant lies between two cursors; the first starts with its day."""
    day, found = local_day(before, timezone), []
    while start_of_day(day + timedelta(days=1), timezone) <= after:
        found.append(day)
        day += timedelta(days=1)
    return found


def windows_of_days(
    start: date, end: date, timezone: str, *, longest: timedelta
) -> Iterator[Window]:
    """Windows over local days that touch, each as long as may be asked at once."""
    first, last = start_of_day(start, timezone), start_of_day(end, timezone)
    while first < last:
        following = min(first + longest, last)
        yield Window(first, following)
        first = following


def wait_after(attempts: int) -> timedelta:
    """How long a feed rests after so many failures in a row."""
    return min(_FIRST_WAIT * (1 << min(attempts - 1, 10)), _LONGEST_WAIT)
