"""A first reading may go by another time; whatever changes while it lasts is read again after."""

import itertools
from collections.abc import Mapping
from datetime import datetime, timedelta

from services.ingest.core.readers import taobao
from services.ingest.flows.pulls import Desk
from services.ingest.sources.errors import WindowTooLarge
from services.ingest.sources.reading import Reading, Row
from services.ingest.workers.windows import windows_up_to_now
from services.schema.shapes.feeds import Origin, Stream, Window
from services.schema.words import FactKind
from tests.ingest.worlds import BUYER_KEYS, NOW

ORDERS = FactKind.ORDERS
HOUR, HALF = timedelta(hours=1), timedelta(minutes=30)


class Slow:
    """Takes ten minutes for each first window, and remembers which it was asked for."""

    def __init__(self) -> None:
        self.now = NOW
        self.asked: list[Window] = []
        stream = Stream(HALF, HALF / 6, timedelta(minutes=4), 9 * HOUR, HALF / 30, fill=24 * HOUR)
        self.streams: Mapping[FactKind, Stream] = {ORDERS: stream}

    async def read(self, kind: FactKind, window: Window) -> Reading:
        if window.filling and window.end - window.start > 20 * HOUR:
            raise WindowTooLarge("so much at once")
        assert kind is ORDERS
        self.now += timedelta(minutes=10 if window.filling else 0)
        self.asked.append(window)
        return Reading("", ())

    async def detail(self, kind: FactKind, row: Row) -> Row:
        raise AssertionError(kind, row)


async def windows(begun: datetime, *, first: bool) -> list[Window]:
    source = Slow()
    desk = Desk(1, "Asia/Shanghai", None, source, taobao, Origin("x:1", "1", {}), BUYER_KEYS)
    pieces = windows_up_to_now(desk, ORDERS, begun, lambda: source.now, first=first)
    ends = [piece.end async for piece in pieces]
    assert ends == [window.end for window in source.asked]
    return source.asked


async def test_a_first_reading_is_followed_by_all_that_changed_since_it_began() -> None:
    asked = await windows(NOW - 60 * HOUR, first=True)
    filled = [window for window in asked if window.filling]
    later = [window for window in asked if not window.filling]
    # Two days in halves, and the rest.
    assert len(filled) == 5
    assert filled[0].start == NOW - 60 * HOUR
    assert all(one.end == two.start for one, two in itertools.pairwise(filled))
    assert filled[-1].end == NOW - timedelta(minutes=4)
    # It took fifty minutes: they are gone over again by time of change.
    assert later[0].start < filled[-1].end
    assert len(later) > 1
    assert all(window.end - window.start <= HALF for window in later)


async def test_one_that_was_cut_short_is_gone_on_with_by_time_of_change() -> None:
    asked = await windows(NOW - 2 * HOUR, first=False)
    assert not any(window.filling for window in asked)
    assert asked[0].start < NOW - 2 * HOUR < asked[0].end


async def test_what_was_over_long_before_it_was_read_is_not_read_twice() -> None:
    """Only a window's first neighbour, and those of the last minutes, overlap."""
    asked = await windows(NOW - 5 * HOUR, first=False)
    overlaps = [one.end - two.start for one, two in itertools.pairwise(asked)]
    assert asked[0].start == NOW - 5 * HOUR - HALF / 6
    assert overlaps[:-1] == [timedelta(0)] * (len(overlaps) - 1)
    assert asked[-1].end == NOW - timedelta(minutes=4)
    assert len(asked) == 11


async def test_what_was_asked_for_in_an_earlier_attempt_is_not_over_long_before_it() -> None:
    """A file that was begun when its window had just ended, and comes hours later."""

    class Begun(Slow):
        async def read(self, kind: FactKind, window: Window) -> Reading:
            assert kind is ORDERS
            self.asked.append(window)
            return Reading("", (), until=window.end)

    source = Begun()
    desk = Desk(1, "Asia/Shanghai", None, source, taobao, Origin("x:1", "1", {}), BUYER_KEYS)
    pieces = windows_up_to_now(desk, ORDERS, NOW - HALF * 3, lambda: source.now, first=False)
    assert [piece async for piece in pieces]
    overlap = source.streams[ORDERS].overlap
    assert NOW - source.asked[0].end > HOUR
    assert all(two.start == one.end - overlap for one, two in itertools.pairwise(source.asked))
