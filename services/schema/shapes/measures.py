"""Measures: what is added up of each kind of fact, in which table, on whose day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from services.schema.shapes.indicators import Slice
from services.schema.words import FactKind, IndicatorUnit


class Adds(StrEnum):
    """How a measure comes together over days, shops and people."""

    # `domain.md`, section 4

    SUM = "sum"
    DISTINCT = "distinct"
    """Counted exactly over the whole period and selection; never the sum of parts."""
    LAST = "last"
    """Each shop's last day of the period that states it, added over shops."""
    POSTED = "posted"
    """A sum of posted amounts, of a name the tenant or the catalogue declares."""


@dataclass(frozen=True, slots=True)
class Measure:
    """An entry of the catalogue of measures."""

    code: str
    kind: FactKind
    """The kind of fact that it is made of."""
    adds: Adds
    unit: IndicatorUnit
    zh: str
    en: str
    day: str
    """On which day a fact counts, in a word: `paid`, `refunded`, `shipped` ..."""
    built_in: bool = True
    records: tuple[str, ...] = ()
    """The columns whose sum says how many facts stand behind it; none: every row's own count."""
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """What a fact must be for a formula's filter; several of one filter must all hold."""

    dimension: str
    """`shop`, `channel`, `campaign`; in formulas also what a shop or a campaign is."""
    values: tuple[str, ...]
    """One of these."""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class SumsQuery:
    """Which daily sums of one kind are to be read."""

    kind: FactKind
    codes: tuple[str, ...]
    """Of posted measures: which."""
    columns: tuple[str, ...]
    spans: tuple[tuple[date, date], ...]
    """The stretches of days to be told apart, end exclusive; they do not overlap."""
    dimensions: frozenset[str]
    """What is to be told apart besides: shop, employee, unit, channel, campaign."""
    shops: frozenset[str] | None
    employees: frozenset[str] | None
    units: frozenset[str]
    """Whose facts; null shops and employees together are everyone's."""
    daily_codes: frozenset[str] = frozenset()
    """Of posted measures: those that count by their last day."""


@dataclass(frozen=True, slots=True)
class DailySum:
    """Facts of one key added up from a day on, until the next day that was asked for.

    Texts are empty where the kind does not keep them, or nobody asked.
    """

    start: date
    shop: str
    employee: str
    unit: str
    channel: str
    campaign: str
    currency: str
    day: date | None
    """Set where the days must be told apart: foreign amounts, and what counts by its last day."""
    records: int
    amounts: tuple[Decimal | int | None, ...]
    """In the order of the columns asked for."""


@dataclass(frozen=True, slots=True)
class FactSum:
    """What a fact that changes adds to the daily sums of one key, or takes from them.

    Texts are empty where the kind does not keep them.
    """

    day: date
    shop: str
    employee: str
    unit: str
    channel: str
    campaign: str
    currency: str
    measure: str
    """Of posted measures: which."""
    records: int
    amounts: Mapping[str, Decimal | int | None]
    """By column."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Orders whose buyers are told apart: those of any slice that meet all conditions."""

    slices: tuple[Slice, ...]
    conditions: tuple[Condition, ...]
    tag: str | None
    """Set: only orders that have a line with this tag."""
    since: date
    """Whoever bought before this day is a returning buyer."""
    earlier: tuple[Slice, ...] = ()
    """The orders of the period before: whoever has one was retained."""


@dataclass(frozen=True, slots=True)
class CrowdCount:
    """The distinct buyers of a crowd."""

    orders: int = 0
    buyers: int = 0
    repeat_buyers: int = 0
    """With two orders of the crowd or more."""
    new_buyers: int = 0
    """Whose first order ever is one of the crowd's."""
    returning_buyers: int = 0
    retained_buyers: int = 0
