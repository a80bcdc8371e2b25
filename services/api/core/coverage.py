"""Coverage: which feeds a score hangs on, the share of their days that came, and its maturity.

A feed's day is wanted from the feed's first day on: of a pulled feed until half a day after its
end, of a source that posts to us up to the last day of which it was heard. Before that nothing is
known to be missing. A source that posts is silent about what did not happen, so that a day on which
it posted anything for the shop lacks nothing.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from services.api.core.documents import instant_text
from services.api.core.values import Prepared
from services.schema.days import local_day, start_of_day
from services.schema.money import plain
from services.schema.shapes.coverage import WHOLE, Coverage, FeedDays, Gap, Need
from services.schema.shapes.indicators import Selection, Slice
from services.schema.words import FactKind

DAILY = frozenset(
    {
        FactKind.ORDERS,
        FactKind.REFUNDS,
        FactKind.RATINGS,
        FactKind.CHATS,
        FactKind.TRAFFIC,
        FactKind.STOCK,
    }
)
"""Of these something comes each day; posted measures and campaigns come when there are any."""
PATIENCE = timedelta(hours=12)
"""After the end of a day that is to be pulled; then it is missing."""
WHILE_MISSING = timedelta(hours=1)
"""A day that turns out to be empty marks no card: coverage is looked at again."""
MOST_GAPS = 100
"""Feeds with gaps that an explanation names."""
_ONE_DAY, _PLACES = timedelta(days=1), Decimal("0.0001")


def needs_of(prepared: Iterable[Prepared]) -> frozenset[Need]:
    """The days of each kind of fact that some values are made of."""
    return frozenset(
        Need(part.measure.kind, _shops_of(one, selection), one.start, one.end)
        for value in prepared
        for part in value.parts
        if part.measure.kind in DAILY
        for selection in (part.selection, part.earlier)
        if selection is not None
        for one in selection.slices
    )


def span_of(needs: Collection[Need]) -> tuple[date, date]:
    """From the first day that is needed to the last; the end is exclusive."""
    return min(need.start for need in needs), max(need.end for need in needs)


def cover(needs: Collection[Need], feeds: Iterable[FeedDays], *, at: datetime) -> Coverage:
    """How much of what is needed has come."""
    wanted = complete = asked = 0
    gaps: list[Gap] = []
    ends: list[datetime] = []
    nights: list[datetime] = []
    for feed in feeds:
        own = [need for need in needs if _is_of(feed, need)]
        if not own:
            continue
        asked += 1
        days = {day for need in own for day in _wanted(feed, need, at)}
        missing = sorted(days - feed.days)
        wanted, complete = wanted + len(days), complete + len(days) - len(missing)
        if missing:
            gaps.append(_gap(feed, missing))
        end = max(need.end for need in own)
        ends.append(start_of_day(end, feed.timezone) + feed.maturity)
        if feed.is_pulled and _until(feed, at) < end:
            night = start_of_day(_until(feed, at) + _ONE_DAY, feed.timezone)
            nights.append(night + PATIENCE)
    if not asked:
        return WHOLE
    matures_at = max(ends)
    looks = [*nights, *([matures_at] if at < matures_at else [])]
    if gaps:
        looks.append(at + WHILE_MISSING)
    return Coverage(
        share=_share(complete, wanted),
        provisional=at < matures_at,
        matures_at=matures_at,
        feeds=asked,
        wanted=wanted,
        complete=complete,
        gaps=tuple(gaps),
        look_again_at=min(looks, default=None),
    )


def coverage_to_wire(coverage: Coverage) -> dict[str, object]:
    """What an explanation says of it: enough to see what is missing, and to say so again."""
    matures_at = coverage.matures_at
    return {
        "share": plain(coverage.share),
        "provisional": coverage.provisional,
        "matures_at": None if matures_at is None else instant_text(matures_at),
        "feeds": coverage.feeds,
        "wanted": coverage.wanted,
        "complete": coverage.complete,
        "gaps": [
            {
                "feed": gap.feed,
                "shop": gap.shop,
                "kind": gap.kind,
                "source": gap.source,
                "days": [day.isoformat() for day in gap.days],
                "repair": f"/v1/feeds/{gap.feed}/backfill" if gap.is_pulled else None,
            }
            for gap in coverage.gaps[:MOST_GAPS]
        ],
    }


def told_coverage(explanation: Mapping[str, Any]) -> Coverage:
    """What an explanation says, as it was when it was written."""
    told = explanation.get("coverage")
    if told is None:
        return WHOLE
    return Coverage(
        share=Decimal(told["share"]),
        provisional=told["provisional"],
        matures_at=None if told["matures_at"] is None else _instant(told["matures_at"]),
        feeds=told["feeds"],
        wanted=told["wanted"],
        complete=told["complete"],
        gaps=tuple(_told_gap(each) for each in told["gaps"]),
    )


def _told_gap(told: Mapping[str, Any]) -> Gap:
    days = tuple(date.fromisoformat(day) for day in told["days"])
    return Gap(
        told["feed"],
        told["shop"],
        FactKind(told["kind"]),
        told["source"],
        days,
        told["repair"] is not None,
    )


def _gap(feed: FeedDays, days: Sequence[date]) -> Gap:
    return Gap(feed.feed, feed.shop, feed.kind, feed.source, tuple(days), feed.is_pulled)


def _instant(told: str) -> datetime:
    return datetime.fromisoformat(told)


def _shops_of(one: Slice, selection: Selection) -> frozenset[str] | None:
    """Of facts that name people alone: the shops that these answer for, or any."""
    if one.shops:
        return one.shops
    beside: Sequence[Slice] = () if one.shops is None else selection.presence
    shops = frozenset(
        shop
        for each in beside
        if each.start < one.end and one.start < each.end
        for shop in each.shops or ()
    )
    return shops or None


def _is_of(feed: FeedDays, need: Need) -> bool:
    return feed.kind is need.kind and (need.shops is None or feed.shop in need.shops)


def _wanted(feed: FeedDays, need: Need, at: datetime) -> Iterator[date]:
    day = need.start if feed.first is None else max(need.start, feed.first)
    end = min(need.end, _until(feed, at))
    while day < end:
        yield day
        day += _ONE_DAY


def _until(feed: FeedDays, at: datetime) -> date:
    """The first day that need not be there yet."""
    if feed.is_pulled:
        return local_day(at - PATIENCE, feed.timezone)
    return date.min if feed.last is None else feed.last + _ONE_DAY


def _share(complete: int, wanted: int) -> Decimal:
    """Cut, so that what is missing never rounds away."""
    if complete == wanted:
        return Decimal(1)
    return (Decimal(complete) / wanted).quantize(_PLACES, ROUND_DOWN)
