"""What every marketplace's source gives, whatever its protocol: the rows of a window."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from services.ingest.sources.errors import Unreadable
from services.ingest.sources.tokens import Pairs
from services.schema.days import local_day, start_of_day
from services.schema.shapes.feeds import Stream, Window
from services.schema.words import FactKind
from services.schema.written import NoNumber, read_written

Row = Mapping[str, Any]
"""A row as a marketplace states it: names, texts, whole numbers and Decimals."""

_DAY = timedelta(days=1)
SHELVES = Stream(400 * _DAY, timedelta(0), timedelta(0), _DAY, _DAY / 8)
"""Stock: only what is there now is told; the last look of a day stands for its end."""
MOST_SHELVES = 100_000


@dataclass(frozen=True, slots=True)
class Credential:
    """How a shop's marketplace is reached; kept sealed alone, never shown."""

    gateway: str | None
    """The marketplace's own address unless stated."""
    app_key: str
    secret: str = field(repr=False)
    session: str = field(repr=False)
    timezone: str = "UTC"
    """The shop's, by whose days a daily figure is asked for."""
    refresh: str | None = field(default=None, repr=False)
    """What gives the next session, where sessions come in pairs."""
    pairs: Pairs | None = field(default=None, compare=False, repr=False)
    """Where pairs are kept once they have been renewed; null: they cannot be."""
    also: frozenset[str] = frozenset()
    """What is asked for beside the usual, where a seller wants it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A window read until it was quiet."""

    request: str
    """What was asked, for people."""
    rows: tuple[Row, ...]
    """Each row once, as it was last seen."""
    until: datetime | None = None
    """Up to when it has been read, where that is before the end of the window."""
    days: tuple[date, ...] | None = None
    """The local days of which this tells, where those that the window completes are not meant."""


class Source(Protocol):
    """One shop of one marketplace. All errors are of `sources/errors.py`."""

    streams: Mapping[FactKind, Stream]

    async def read(self, kind: FactKind, window: Window) -> Reading:
        """Every row that changed in a window, or an error: never a part of it."""
        ...

    async def detail(self, kind: FactKind, row: Row) -> Row:
        """The row with what only a call for it alone tells."""
        ...


def days_that_end(window: Window, timezone: str) -> list[date]:
    """The local days that are over when a window ends, and were not when it began."""
    day, found = local_day(window.start, timezone), []
    while start_of_day(day + timedelta(days=1), timezone) <= window.end:
        found.append(day)
        day += timedelta(days=1)
    return found


async def read_shelves(
    window: Window,
    timezone: str,
    at: datetime,
    read: Callable[[], Awaitable[Sequence[Row]]],
    *,
    name: str = "shelves",
) -> Reading:
    """All shelves at this moment, as one row for today: of days gone by nothing can be told."""
    today = local_day(at, timezone)
    if start_of_day(today, timezone) >= window.end:
        return Reading("stock of days gone by", (), days=())
    read_at = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    row = {"day": today.isoformat(), "readAt": read_at, name: list(await read())}
    return Reading(f"stock of {today}", (row,), days=(today,))


def read_document(body: bytes) -> object:
    """What a text in JSON says, so that it can be written as it came."""
    try:
        document = read_written(body.decode())
    except (ValueError, RecursionError) as error:
        raise Unreadable("the answer is no JSON") from error
    if isinstance(document, NoNumber):
        raise Unreadable("the answer is no JSON")
    return document
