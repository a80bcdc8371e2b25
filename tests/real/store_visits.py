"""The merchandise store's hits as traffic by day and channel: a visit is one visitor, id and day.

The file's licence is not verified: tests read it, nothing of it is kept here.
"""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.real.published import read_columns

FILE = "store_visits/hits.csv.gz"
SOURCE = "analytics"
SHOP = "merchandise"
CHANNELS = {
    "(Other)": "other",
    "Affiliates": "affiliates",
    "Direct": "direct",
    "Display": "display",
    "Organic Search": "organic-search",
    "Paid Search": "paid-search",
    "Referral": "referral",
    "Social": "social",
}
# A few visits state no pages, a third no time: means are over those that do.
CONVERTING, PAGED, TIMED = "converting_visits", "paged_visits", "timed_visits"


@dataclass
class Visit:
    """What all hits of a visit say together."""

    channel: str
    first: bool
    pages: int | None = None
    seconds: int | None = None
    bounced: bool = False
    bought: bool = False


@dataclass
class Day:
    """The visits of a channel on a day, added up."""

    visits: int = 0
    new: int = 0
    bounces: int = 0
    pages: int = 0
    seconds: int = 0
    converting: int = 0
    paged: int = 0
    timed: int = 0

    def add(self, visit: Visit) -> None:
        self.visits += 1
        self.new += visit.first
        self.bounces += visit.bounced
        self.pages += visit.pages or 0
        self.seconds += visit.seconds or 0
        self.converting += visit.bought
        self.paged += visit.pages is not None
        self.timed += visit.seconds is not None


def read_days(data: Path) -> dict[tuple[str, str], Day]:
    """By day and our code of the channel."""
    days: dict[tuple[str, str], Day] = defaultdict(Day)
    for (_, _, day), visit in _read_visits(data).items():
        days[f"{day[:4]}-{day[4:6]}-{day[6:]}", CHANNELS[visit.channel]].add(visit)
    return days


def traffic_rows(days: dict[tuple[str, str], Day]) -> list[dict[str, Any]]:
    return [
        {
            "source": SOURCE,
            "shop": SHOP,
            "day": day,
            "channel": channel,
            "visitors": sums.visits,
            "new_visitors": sums.new,
            "page_views": sums.pages,
            "bounces": sums.bounces,
            "dwell_seconds": sums.seconds,
            "modified_at": f"{day}T23:59:59Z",
        }
        for (day, channel), sums in sorted(days.items())
    ]


def measure_rows(days: dict[tuple[str, str], Day]) -> list[dict[str, Any]]:
    """What a traffic row has no word for, as the tenant's own measures."""
    return [
        {
            "source": SOURCE,
            "day": day,
            "measure": measure,
            "amount": amount,
            "shop": SHOP,
            "channel": channel,
            "modified_at": f"{day}T23:59:59Z",
        }
        for (day, channel), sums in sorted(days.items())
        for measure, amount in (
            (CONVERTING, sums.converting),
            (PAGED, sums.paged),
            (TIMED, sums.timed),
        )
    ]


def _read_visits(data: Path) -> dict[tuple[str, str, str], Visit]:
    visits: dict[tuple[str, str, str], Visit] = {}
    columns = ("full_visitor_id", "visit_id", "visit_date", "channel_grouping", "visit_number")
    last: tuple[str, ...] = ()
    for hit in read_columns(
        data / FILE, *columns, "page_views", "time_on_site", "bounces", "units_sold"
    ):
        if hit == last:
            continue  # more than half of the file repeats the line above
        last = hit
        visitor, number, day, channel, ordinal, pages, seconds, bounces, units = hit
        visit = visits.get((visitor, number, day))
        if visit is None:
            visit = visits[visitor, number, day] = Visit(channel, first=False)
        visit.channel = min(visit.channel, channel)
        visit.first = visit.first or int(ordinal) == 1
        visit.pages = _larger(visit.pages, pages)
        visit.seconds = _larger(visit.seconds, seconds)
        visit.bounced = visit.bounced or bounces == "1"
        visit.bought = visit.bought or int(units or 0) > 0
    return visits


def _larger(known: int | None, stated: str) -> int | None:
    if not stated:
        return known
    return int(stated) if known is None else max(known, int(stated))
