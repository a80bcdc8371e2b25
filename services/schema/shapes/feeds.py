"""Feeds that are pulled: how a marketplace lets itself be read, and who reads at the moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from services.schema.shapes.facts import PostedMeasure, Stock, Traffic
from services.schema.words import FactKind


@dataclass(frozen=True, slots=True)
class Stream:
    """How one kind of fact is asked for, in windows of the time at which its rows changed."""

    longest: timedelta
    """The longest window that a marketplace answers."""
    overlap: timedelta
    """Read again each time: rows that were stamped before they could be seen."""
    lag: timedelta
    """Left for the next time: rows whose second is not over yet."""
    reach: timedelta
    """How far back a marketplace remembers."""
    every: timedelta
    """How often to look for news."""
    fill: timedelta | None = None
    """The longest window of a first reading that goes by another time than that of change; null
    where the first one is like any other."""
    maturity: timedelta = timedelta(0)
    """How long after its end a day may still fill in; so long it is read again."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a source's time; whole seconds, the end is exclusive."""

    start: datetime
    end: datetime
    filling: bool = False
    """Part of a first reading of what was there before (`Stream.fill`)."""

    def halves(self) -> tuple["Window", "Window"]:
        """Two windows that touch, in order; only of more than a second."""
        middle = self.start + timedelta(seconds=int((self.end - self.start).total_seconds()) // 2)
        assert self.start < middle, "a window of a second cannot be halved"
        return replace(self, end=middle), replace(self, start=middle)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one worker to read a feed for a while; every write of it names the token."""

    feed: str
    shop: str
    kind: FactKind
    source: str
    token: int
    """Raised by whoever claims the feed; a lower one writes nothing."""
    until: datetime
    cursor: datetime | None
    """Everything that changed before it has been read; null at first."""
    attempts: int
    """Claims since the last success."""


@dataclass(frozen=True, slots=True)
class Backfill:
    """Days of a feed to be read again."""

    job: str
    feed: str
    spans: tuple[tuple[date, date], ...]
    """Stretches of local days in their order; each end is exclusive."""

    @property
    def days(self) -> int:
        return sum((end - start).days for start, end in self.spans)

    def holds(self, day: date) -> bool:
        return any(start <= day < end for start, end in self.spans)


@dataclass(frozen=True, slots=True)
class Trail:
    """How far a pull or a backfill has come; whoever takes it up goes on from there."""

    until: datetime | None = None
    """Everything before it has landed; null at first."""
    days: int = 0
    """Local days read whole."""
    rows: int = 0
    """Rows that said something new."""


@dataclass(frozen=True, slots=True)
class Article:
    """What a seller knows of an article and its marketplace does not state."""

    cost: Decimal
    """Of one piece, in the shop's currency."""
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Supplement:
    """What a seller states beside its marketplaces."""

    articles: Mapping[str, Article] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    """Employees by the names that marketplaces have for who sells."""


@dataclass(frozen=True, slots=True)
class PaidOrder:
    """What was learned of an order when it was first seen paid; later rows may have lost it."""

    paid_amount: Decimal
    cost_amount: Decimal
    campaign: str | None
    tags: Mapping[str, tuple[str, ...]]
    """By line."""
    shipped_at: datetime | None = None
    """Where only the first sight of an order that was sent tells when."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored already of some rows, by their numbers."""

    modified: Mapping[str, datetime]
    """When they had last changed."""
    orders: Mapping[str, PaidOrder]
    refunds: Mapping[str, datetime]
    """When the refunds that have succeeded did so."""
    daily: Mapping[str, Traffic | Stock | PostedMeasure] = field(default_factory=dict)
    """What is stored of a shop's days, whose figures come again until they stand."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose page is being read."""

    source: str
    shop: str
    articles: Mapping[str, Article]
    people: Mapping[str, str] = field(default_factory=dict)
    """Employees by the names that marketplaces have for who sells."""
