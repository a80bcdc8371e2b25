"""Pages shift while they are read: a window is read again until a pass brings nothing new.

A row that changes leaves its window and pulls the rows behind it one place forward, perhaps over
the edge of a page that has been read. No single pass can tell; two that agree can, mostly.
"""

import hashlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

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
PASSES_A_PAGE = 8
"""More for each of its pages where it is cut: rows of a few seconds are many cuts away."""


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
) -> Pass:
    """Read a window's pages once, from place 1 on; `number` names that of a row.

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
    if pages <= 1:
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
        lambda _: read_pass(), _WHOLE, number=number, changed=changed, what=what
    )


async def read_window(
    read_pass: Callable[[Window], Awaitable[Pass]],
    window: Window,
    *,
    number: str,
    changed: str,
    what: str,
) -> tuple[Row, ...]:
    """Every row of a window once, as it was last seen.

    `number` and `changed` name the places in a row of its number and its time of change, which
    sorts as a text. A single page is one moment's truth, several are as many moments: they have
    to be said twice, alike. Where they are not, rows have moved or copies disagree, and no number
    of passes is sure: the window is cut until its parts have a page each.
    """
    known: dict[str, tuple[str, Row]] = {}
    waiting, restless, most = [window], 0, MOST_PASSES
    while waiting:
        part, was_quiet, is_first = waiting.pop(), False, True
        while restless < most:
            found = await read_pass(part)
            seen, fresh = _take_in(known, found.rows, number=number, changed=changed)
            is_quiet = not is_first and not fresh and (found.is_one or was_quiet)
            if seen >= found.total and (found.pages <= 1 or is_quiet):
                break
            restless += 1
            can_be_cut = found.pages > 1 and part.end - part.start > _SECOND
            if can_be_cut and not (is_first and found.is_one):
                waiting += reversed(part.halves())
                most = max(most, MOST_PASSES + PASSES_A_PAGE * found.pages)
                break
            was_quiet, is_first = not fresh, False
        else:
            raise TryLater(f"{what} is not quiet after {restless} passes")
    return tuple(row for _, row in known.values())


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
