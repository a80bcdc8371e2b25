"""By which methods TOP tells of orders: of three months by their last change, of two years by when
they were placed, and to whom it tells less.

Where three months end is for TOP alone to say: by months of the calendar, or by so many days. So
around it both lists are asked, each without the end that would be on the other's side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.schema.shapes.feeds import Window

HISTORY = "history"
"""A seller may want orders from before three months ago, which not every application is told."""

SIMPLE = {
    "taobao.trades.sold.increment.get": "taobao.trades.simple.sold.increment.get",
    "taobao.trades.sold.get": "taobao.trades.simple.sold.get",
    "taobao.trade.fullinfo.get": "taobao.trade.simple.get",
}
"""By what an application asks that may not ask for whole trades, as one for customer relations."""

_DAY = timedelta(days=1)
REACH = 725 * _DAY
"""Two years, less the days that a first reading may take."""
MOST_OPEN = 50_000
"""Rows of a list that is open at one end, and so holds some days beside those that are meant."""
SURELY_OLD, SURELY_RECENT = 93 * _DAY, 88 * _DAY


@dataclass(frozen=True, slots=True)
class Way:
    """A list by the time of placing, the range that is asked for, and what its ends are called."""

    method: str
    range: Window
    start: str
    """Empty for an end that is left open."""
    end: str

    @property
    def is_open(self) -> bool:
        return not (self.start and self.end)


_OLD, _RECENT = "taobao.trades.sold.history.get", "taobao.trades.sold.get"
_START, _END = "start_created", "end_created"


def ways_of(window: Window, at: datetime) -> Sequence[Way]:
    """How the orders placed in a window are listed; none where all is told by the last change."""
    if window.start >= at - SURELY_RECENT:
        return ()
    if window.end <= at - SURELY_OLD:
        return (Way(_OLD, window, _START, _END),)
    # The ends that are stated are on their list's own side, whatever that is.
    around = Window(min(window.start, at - SURELY_OLD), max(window.end, at - SURELY_RECENT))
    return Way(_OLD, around, _START, ""), Way(_RECENT, around, "", _END)
