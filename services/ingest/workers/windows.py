"""Which windows of a feed are read one after another, and how one that is too much is cut."""

from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from services.ingest.core.cursors import days_completed, next_window, shorter, windows_of_days
from services.ingest.flows.pulls import Desk
from services.ingest.sources.errors import WindowTooLarge
from services.ingest.sources.reading import Reading
from services.schema.days import start_of_day
from services.schema.shapes.feeds import Backfill, Window
from services.schema.words import FactKind

LONGEST_WORK = timedelta(days=1)
"""On one window, over several attempts: a file that is made, pages that have to wait."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A window that was read whole."""

    reading: Reading
    end: datetime
    """Everything that had changed before is read by now."""
    days: list[date]
    """The local days that this completes."""


async def windows_up_to_now(
    desk: Desk, kind: FactKind, begun: datetime, now: Callable[[], datetime], *, first: bool
) -> AsyncGenerator[Piece, None]:
    """From a cursor on, as long windows as the marketplace answers, the last up to now."""
    stream = usual = desk.source.streams[kind]
    if first and stream.fill:
        async for piece in _filled(desk, kind, begun, now() - stream.lag, stream.fill):
            yield piece
            begun = piece.end
    cursor, longest = begun, stream.longest
    while window := next_window(stream, cursor=cursor, at=now(), longest=longest):
        if cursor > begun and window.end - cursor < stream.every:
            # What has come while we were reading is left to the next time.
            return
        asked_at = now()
        try:
            reading = await desk.source.read(kind, window)
        except WindowTooLarge:
            half = shorter(window)
            if half is None:
                raise
            longest = half
            continue
        end = reading.until or window.end
        yield _piece(reading, cursor, end, desk)
        cursor, longest = end, min(stream.longest, longest * 2)
        # Of a time that was over long before it was asked about nothing can be late. What says
        # itself up to when it tells may have been asked for in an attempt long before this one.
        older = LONGEST_WORK if reading.until else timedelta(0)
        is_settled = asked_at - cursor > usual.overlap + usual.lag + older
        stream = replace(usual, overlap=timedelta(0)) if is_settled else usual


async def _filled(
    desk: Desk, kind: FactKind, begun: datetime, settled: datetime, longest: timedelta
) -> AsyncGenerator[Piece, None]:
    """All that there is, each row as it stands when it is read.

    Up to the instant at which this begins: what changes while it is read is read again after it.
    One that was cut short is not gone on with: from its cursor on everything has changed since.
    """
    settled = settled.replace(microsecond=0)
    cursor = begun
    windows = deque(_windows_between(begun, settled, longest))
    while windows:
        window = windows.popleft()
        try:
            reading = await desk.source.read(kind, window)
        except WindowTooLarge:
            if shorter(window) is None:
                raise
            windows.extendleft(reversed(window.halves()))
            continue
        yield _piece(reading, cursor, window.end, desk)
        cursor = window.end


def _windows_between(start: datetime, end: datetime, longest: timedelta) -> Iterator[Window]:
    while start < end:
        following = min(start + longest, end)
        yield Window(start, following, filling=True)
        start = following


async def windows_of_backfill(
    desk: Desk,
    kind: FactKind,
    backfill: Backfill,
    now: Callable[[], datetime],
    *,
    after: datetime | None,
) -> AsyncGenerator[Piece, None]:
    """The days that are to be read again, and nothing beside them.

    What is not settled yet is left to the schedule, which reads it as soon as it is. `after` says
    that all before it has been read in an earlier attempt.
    """
    for start, end in backfill.spans:
        async for piece in _stretch(desk, kind, start, end, now, after):
            yield piece


async def _stretch(
    desk: Desk,
    kind: FactKind,
    start: date,
    end: date,
    now: Callable[[], datetime],
    after: datetime | None,
) -> AsyncGenerator[Piece, None]:
    stream = desk.source.streams[kind]
    settled = now() - stream.lag
    done = start_of_day(start, desk.timezone)
    if after is not None:
        done = max(done, after)
    windows = deque(
        replace(window, start=max(window.start, done))
        for window in windows_of_days(
            start, end, desk.timezone, longest=stream.longest, settled=settled
        )
        if window.end > done
    )
    while windows:
        window = windows.popleft()
        try:
            reading = await desk.source.read(kind, window)
        except WindowTooLarge:
            if shorter(window) is None:
                raise
            windows.extendleft(reversed(window.halves()))
            continue
        end = reading.until or window.end
        yield _piece(reading, done, end, desk)
        done = end
        if end < window.end:
            windows.appendleft(Window(end, window.end))


def _piece(reading: Reading, done: datetime, end: datetime, desk: Desk) -> Piece:
    days = reading.days
    return Piece(
        reading, end, days_completed(done, end, desk.timezone) if days is None else list(days)
    )
