"""Pages shift while they are read: a window is cut so that only first pages are asked for.

A row that changes leaves its window and pulls the rows behind it one place forward, perhaps over
the edge of a page that has been read; and each page may come from another copy of the books. One
page is one moment's truth. Of several no number of passes is sure, not even where they agree: that
is left for what cannot be cut.
"""

import hashlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Generic, Protocol, TypeVar
from zoneinfo import ZoneInfo

from services.ingest.sources.errors import TryLater, Unreadable, WindowTooLarge
from services.ingest.sources.reading import Row
from services.schema.shapes.feeds import Window
from services.schema.words import FactKind

W = TypeVar("W")

MOST_ROWS = 5000
"""Of one window, so that it fits in memory and in one transaction; more is asked for in parts."""
MOST_UNFINISHED = 8
_SECOND = timedelta(seconds=1)
_WHOLE = Window(datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
MOST_PASSES = 8
"""A window that is not quiet after so many readings is left to the schedule."""
PASSES_A_PAGE = 20
"""More for each of its pages where it is cut: rows of a few seconds are many cuts away."""
_CHINA = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Page:
    """What one call shows of a window."""

    rows: list[Row]
    total: int | None
    """How many rows the marketplace counts in the window; null where this call does not say it."""
    more_follow: bool
    """Whether there are pages behind this one."""


@dataclass(frozen=True, slots=True)
class Pass:
    """A window read once."""

    rows: Iterable[Row]
    total: int
    """How many rows the marketplace has counted in it."""
    pages: int
    is_one: bool = True
    """Whether its pages show as many rows as were counted, and none twice: those of one moment."""


class ReadPass(Protocol):
    """Reads a part of a window once; its first page alone unless it is wanted whole."""

    def __call__(self, part: Window, *, whole: bool) -> Awaitable[Pass]: ...


def counted_page(rows: list[Row], total: int, *, place: int, size: int) -> Page:
    """A page that states the count of all rows, its place counted from 1.

    Raises Unreadable for one that must have rows and comes without them: it is asked for again.
    """
    if not rows and total > (place - 1) * size:
        raise Unreadable("a page comes without its rows")
    return Page(rows, total, total > place * size)


async def read_pages(
    ask: Callable[[int], Awaitable[Page]],
    *,
    size: int,
    what: str,
    number: str,
    most: int | None = None,
    backwards: bool = False,
    whole: bool,
) -> Pass:
    """Read a window's pages once, from place 1 on; `number` names that of a row.

    Unless it is wanted whole a window of several pages is only counted: the first one is read.

    Where the one that should be the last says that more follow, another copy of the marketplace's
    books had counted: what that one does not show, or no more, pushes rows onto pages that nobody
    would ask for. Backwards is for lists with the newest first: what is new then pushes rows onto
    pages that are still to be read.
    """
    counted = await ask(1)
    assert counted.total is not None
    most = MOST_ROWS if most is None else most
    if counted.total > most:
        raise WindowTooLarge(f"{what} counts {counted.total} rows in one window")
    pages = -(-counted.total // size)
    if pages <= 1 or not whole:
        return Pass(counted.rows, counted.total, pages)
    found, last = ([] if backwards else [counted]), (pages if backwards else 2)
    found.append(await ask(last))
    while last < pages or found[-1].more_follow:
        last += 1
        if last > -(-most // size):
            raise WindowTooLarge(f"{what} shows more rows than it counts")
        found.append(await ask(last))
    if backwards:
        found += [await ask(place) for place in range(pages - 1, 0, -1)]
    rows = [row for page in found for row in page.rows]
    numbers = {number_in(row, number) for row in rows}
    is_one = len(numbers) == len(rows) == counted.total and all(
        page.total in (None, counted.total) for page in found
    )
    # What came with the count has been seen, too.
    return Pass([*counted.rows, *rows] if backwards else rows, counted.total, last, is_one)


async def read_until_quiet(
    read_pass: Callable[[], Awaitable[Pass]], *, number: str, changed: str, what: str
) -> tuple[Row, ...]:
    """Every row of a list that cannot be cut: as those of a single second."""
    return await read_window(
        lambda *_, **__: read_pass(), _WHOLE, number=number, changed=changed, by=None, what=what
    )


async def read_window(
    read_pass: ReadPass,
    window: Window,
    *,
    number: str,
    changed: str,
    by: str | None,
    what: str,
) -> tuple[Row, ...]:
    """Every row of a window once, as it was last seen.

    `number` and `changed` name the places in a row of its number and its time of change, which
    sorts as a text; `by` that of the time by which it is in the window, null where its rows do not
    stand in the order of it. Of what cannot be cut a pass has to say the same twice, and once more
    where its pages show another number of rows than they count.
    """
    known: dict[str, tuple[str, Row]] = {}
    waiting, restless, most = [(window, False)], 0, MOST_PASSES
    while waiting:
        (part, is_shown), was_quiet, is_first = waiting.pop(), False, True
        can_be_cut = part.end - part.start > _SECOND
        while restless < most:
            found = await read_pass(part, whole=not can_be_cut)
            seen, fresh = _take_in(known, found.rows, number=number, changed=changed)
            is_quiet = not is_first and not fresh and (found.is_one or was_quiet)
            if seen >= found.total and (found.pages <= 1 or is_quiet):
                break
            restless += 1
            if found.pages > 1 and can_be_cut:
                waiting += reversed(_cut(part, found, None if is_shown else by))
                most = max(most, MOST_PASSES + PASSES_A_PAGE * found.pages)
                break
            was_quiet, is_first = not fresh, False
        else:
            raise TryLater(f"{what} is not quiet after {restless} passes")
    return tuple(row for _, row in known.values())


def _cut(part: Window, found: Pass, by: str | None) -> list[tuple[Window, bool]]:
    """Parts that touch, in order, of one whose first page was read: two, cut where that page ends.

    With each part, whether it is what that page shows, and so should have a single page. Without
    times they are even: any cut is right, these need few calls.
    """
    start, end = part.start, part.end
    times = [_moment(row.get(by)) for row in found.rows] if by else []
    inside = [time for time in times if time and start < time < end]
    if inside:
        is_newest_first = inside[0] >= inside[-1]
        at = min(inside) if is_newest_first else max(inside)
        before, after = replace(part, end=at), replace(part, start=at)
        return [(before, not is_newest_first), (after, is_newest_first)]
    seconds = int((end - start).total_seconds())
    # A few more than pages, which are not all full: fewer calls than by halves.
    count = min(found.pages * 4 // 3 + 1, seconds)
    edges = [start + n * seconds // count * _SECOND for n in range(count)]
    pairs = zip(edges, [*edges[1:], end], strict=True)
    return [(replace(part, start=here, end=there), False) for here, there in pairs]


def _moment(value: object) -> datetime | None:
    """A number of seconds or a text of China's time, as lists with numbered pages write it."""
    try:
        if type(value) is int:
            return datetime.fromtimestamp(value, UTC)
        return datetime.strptime(str(value), "%Y-%m-%d %H:%M:%S").replace(tzinfo=_CHINA)
    except (ValueError, OverflowError, OSError):
        return None


def _take_in(
    known: dict[str, tuple[str, Row]], rows: Iterable[Row], *, number: str, changed: str
) -> tuple[int, bool]:
    """How many rows a pass has shown, and whether any of them says something new."""
    seen, fresh = set(), False
    for row in rows:
        name, at = number_in(row, number), _text(row.get(changed))
        seen.add(name)
        if name not in known or known[name][0] < at:
            known[name] = (at, row)
            fresh = True
    return len(seen), fresh


@dataclass(slots=True)
class Pages:
    """Pages of which each names the next one: as far as they have been read."""

    rows: list[Row] = field(default_factory=list)
    following: str | None = None
    """Names the page to be read next; null before the first one."""
    finished: bool = False
    _seen: set[str] = field(default_factory=set)

    async def read_on(
        self,
        read_page: Callable[[str | None], Awaitable[tuple[list[Row], str | None]]],
        *,
        most: int,
    ) -> list[Row]:
        """Every row; what was read stays if a page fails, for whoever goes on from there."""
        while not self.finished:
            found, following = await read_page(self.following)
            if following is not None and following in self._seen:
                raise Unreadable("a page names one that was read already as the next")
            self.rows += found
            if len(self.rows) > most:
                raise WindowTooLarge(f"more than {most} rows in one window")
            self.finished = following is None
            if following is not None:
                self._seen.add(following)
                self.following = following
        return self.rows


class Unfinished(Generic[W]):
    """Work on windows that outlives an attempt at it: a pull's, and a backfill's beside it."""

    def __init__(self) -> None:
        self._works: dict[tuple[FactKind, datetime], tuple[Window, W]] = {}

    def take_up(self, kind: FactKind, window: Window, begin: Callable[[], W]) -> tuple[W, Window]:
        """What was begun from the same start, and for which window.

        A feed's last window ends now, and so later at each attempt: what was begun is finished
        first, and is a reading of its own.
        """
        known = self._works.get((kind, window.start))
        if known is None or known[0].end > window.end:
            known = window, begin()
            self.drop(kind, window)
            self._works[kind, window.start] = known
            if len(self._works) > MOST_UNFINISHED:
                # Somebody has given it up.
                del self._works[next(iter(self._works))]
        begun, work = known
        return work, begun

    def drop(self, kind: FactKind, window: Window) -> None:
        """It is finished."""
        self._works.pop((kind, window.start), None)


def as_last_seen(
    rows: Iterable[Row], *, number: str, changed: str | None = None
) -> tuple[Row, ...]:
    """Each row once, of two that differ the one that changed later; where none says, came later."""
    known: dict[str, tuple[str, Row]] = {}
    for row in rows:
        name, at = number_in(row, number), _text(row.get(changed)) if changed else ""
        if name not in known or known[name][0] <= at:
            known[name] = (at, row)
    return tuple(row for _, row in known.values())


def number_in(row: Row, name: str) -> str:
    """A row's number; a row without one is known by its content, for the reader to refuse."""
    value = row.get(name)
    if isinstance(value, str | int) and value:
        return str(value)
    return "?" + hashlib.sha256(repr(sorted(row.items())).encode()).hexdigest()


def _text(value: object) -> str:
    """Numbers of seconds sort as texts of one length."""
    if type(value) is int:
        return f"{value:020}"
    return value if isinstance(value, str) else ""
