"""Pages shift while they are read: a window is read again until a pass brings nothing new.

A row that changes leaves its window and pulls the rows behind it one place forward, perhaps over
the edge of a page that has been read. No single pass can tell; two that agree can.
"""

import hashlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from services.ingest.sources.errors import TryLater
from services.ingest.sources.reading import Row

MOST_PASSES = 8
"""A window that is not quiet after so many readings is left to the schedule."""


@dataclass(frozen=True, slots=True)
class Pass:
    """A window read once."""

    rows: Iterable[Row]
    total: int
    """How many rows the marketplace has counted in it."""
    pages: int


async def read_until_quiet(
    read_pass: Callable[[], Awaitable[Pass]], *, number: str, changed: str, what: str
) -> tuple[Row, ...]:
    """Every row of a window once, as it was last seen.

    `number` and `changed` name the places in a row of its number and its time of change, which
    sorts as a text.
    """
    known: dict[str, tuple[str, Row]] = {}
    for _ in range(MOST_PASSES):
        found = await read_pass()
        seen, fresh = set(), False
        for row in found.rows:
            name, at = number_in(row, number), _text(row.get(changed))
            seen.add(name)
            if name not in known or known[name][0] < at:
                known[name] = (at, row)
                fresh = True
        # A single page is one moment's truth; several are as many moments.
        if len(seen) >= found.total and (found.pages <= 1 or not fresh):
            return tuple(row for _, row in known.values())
    raise TryLater(f"{what} is not quiet after {MOST_PASSES} passes")


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
