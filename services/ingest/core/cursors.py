"""Which stretch of a source's time to read next, and which local days that completes."""

from collections.abc import Iterable, Iterator
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
    start: date, end: date, timezone: str, *, longest: timedelta, settled: datetime
) -> Iterator[Window]:
    """Windows over local days that touch, each as long as may be asked at once.

    They end where a marketplace tells nothing yet: it refuses to be asked for what is to come.
    """
    first = start_of_day(start, timezone)
    last = min(start_of_day(end, timezone), settled.replace(microsecond=0))
    while first < last:
        following = min(first + longest, last)
        yield Window(first, following)
        first = following


def stretches_of(days: Iterable[date]) -> tuple[tuple[date, date], ...]:
    """Days in any order as stretches that do not touch; each end is exclusive."""
    found: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if found and found[-1][1] == day:
            found[-1] = found[-1][0], day + timedelta(days=1)
        else:
            found.append((day, day + timedelta(days=1)))
    return tuple(found)


def wait_after(attempts: int) -> timedelta:
    """How long a feed rests after so many failures in a row."""
    return min(_FIRST_WAIT * (1 << min(attempts - 1, 10)), _LONGEST_WAIT)
