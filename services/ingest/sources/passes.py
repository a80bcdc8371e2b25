"""Pages shift while they are read: a window is read again until a pass brings nothing new.

A row that changes leaves its window and pulls the rows behind it one place forward, perhaps over
the edge of a page that has been read. No single pass can tell; two that agree can.
"""

import hashlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from services.ingest.sources.errors import TryLater, Unreadable, WindowTooLarge
from services.ingest.sources.reading import Row
from services.schema.shapes.feeds import Window
from services.schema.words import FactKind

W = TypeVar("W")

MOST_ROWS = 5000
"""Of one window, so that it fits in memory and in one transaction; more is asked for in parts."""
MOST_UNFINISHED = 8
MOST_PASSES = 8
"""A window that is not quiet after so many readings is left to the schedule."""


@dataclass(frozen=True, slots=True)
class Pass:
    """A window read once."""

    rows: Iterable[Row]
    total: int
    """How many rows the marketplace has counted in it."""
    pages: int
    is_one: bool = True
    """Whether its pages show as many rows as were counted, and none twice: those of one moment."""


async def read_pages(
    ask: Callable[[int], Awaitable[tuple[int, list[Row]]]],
    *,
    size: int,
    what: str,
    first: int = 1,
    backwards: bool = False,
) -> Pass:
    """Read a window's pages once; `ask` gives the count of its rows with the rows of a page.

    Backwards is for lists with the newest first: what is new then pushes rows onto pages that are
    still to be read.
    """
    total, rows = await ask(first)
    if total > MOST_ROWS:
        raise WindowTooLarge(f"{what} counts {total} rows in one window")
    pages = -(-total // size)
    others = range(first + 1, first + pages)
    for page in (*reversed(others), first) if backwards and others else others:
        _, more = await ask(page)
        rows = rows + more
    return Pass(rows, total, pages)


async def read_until_quiet(
    read_pass: Callable[[], Awaitable[Pass]], *, number: str, changed: str, what: str
) -> tuple[Row, ...]:
    """Every row of a window once, as it was last seen.

    `number` and `changed` name the places in a row of its number and its time of change, which
    sorts as a text.
    """
    known: dict[str, tuple[str, Row]] = {}
    was_quiet = False
    for _ in range(MOST_PASSES):
        found = await read_pass()
        seen, fresh = set(), False
        for row in found.rows:
            name, at = number_in(row, number), _text(row.get(changed))
            seen.add(name)
            if name not in known or known[name][0] < at:
                known[name] = (at, row)
                fresh = True
        # A single page is one moment's truth; several are as many moments. Where they overlap or
        # lack something a row has moved, and may hide others twice: they have to agree once more.
        is_quiet = len(seen) >= found.total and not fresh and (found.is_one or was_quiet)
        if is_quiet or (found.pages <= 1 and len(seen) >= found.total):
            return tuple(row for _, row in known.values())
        was_quiet = not fresh
    raise TryLater(f"{what} is not quiet after {MOST_PASSES} passes")


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


def as_last_seen(rows: Iterable[Row], *, number: str, changed: str) -> tuple[Row, ...]:
    """Each row once, of two that differ the one that changed later."""
    known: dict[str, tuple[str, Row]] = {}
    for row in rows:
        name, at = number_in(row, number), _text(row.get(changed))
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
