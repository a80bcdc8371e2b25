"""What every marketplace's source gives, whatever its protocol: the rows of a window."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from services.schema.shapes.feeds import Stream, Window
from services.schema.words import FactKind

Row = Mapping[str, Any]
"""A row as a marketplace states it: names, texts, whole numbers and Decimals."""


@dataclass(frozen=True, slots=True)
class Credential:
    """How a shop's marketplace is reached; never kept in the database, never shown."""

    gateway: str | None
    """The marketplace's own address unless stated."""
    app_key: str
    secret: str = field(repr=False)
    session: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """A window read until it was quiet."""

    request: str
    """What was asked, for people."""
    rows: tuple[Row, ...]
    """Each row once, as it was last seen."""


class Source(Protocol):
    """One shop of one marketplace. All errors are of `sources/errors.py`."""

    streams: Mapping[FactKind, Stream]

    async def read(self, kind: FactKind, window: Window) -> Reading:
        """Every row that changed in a window, or an error: never a part of it."""
        ...

    async def detail(self, kind: FactKind, row: Row) -> Row:
        """The row with what only a call for it alone tells."""
        ...
