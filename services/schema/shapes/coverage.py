"""How much of what a score hangs on has come in, what is missing, and whether it may still move."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from services.schema.words import FactKind


@dataclass(frozen=True, slots=True)
class Need:
    """Days of a kind of fact that values are made of; the end is exclusive."""

    kind: FactKind
    shops: frozenset[str] | None
    """Null: whichever shop."""
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class FeedDays:
    """What has come of a feed in some days."""

    feed: str
    shop: str
    kind: FactKind
    source: str
    is_pulled: bool
    timezone: str
    maturity: timedelta
    """How long after its end a day may still fill in."""
    first: date | None
    """The first day that ever came."""
    last: date | None
    """The last one; of a source that posts to us, of any of its kinds for the shop."""
    days: frozenset[date]
    """Those that came; of a source that posts, on which it was heard of any kind for the shop."""


@dataclass(frozen=True, slots=True)
class Gap:
    """The days that a feed lacks."""

    feed: str
    shop: str
    kind: FactKind
    source: str
    days: tuple[date, ...]
    is_pulled: bool
    """Whether we can read them again; else their source has to post."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The part of its feeds' days that a score has."""

    share: Decimal = Decimal(1)
    """From 0 to 1, at 4 decimals, cut: 1 says that nothing is missing."""
    provisional: bool = False
    """Whether a day that counts may still fill in."""
    matures_at: datetime | None = None
    """When none may any more; null without feeds."""
    feeds: int = 0
    wanted: int = 0
    """Days of feeds that should be there."""
    complete: int = 0
    gaps: Sequence[Gap] = ()
    look_again_at: datetime | None = None
    """When this may come to be otherwise although nothing arrives."""


WHOLE = Coverage()
"""Of a score that hangs on no feed."""
