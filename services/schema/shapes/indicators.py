"""Indicators: their definitions, their values, and whose measures a value is made of."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.schema.days import Period
from services.schema.shapes.people import Subject
from services.schema.words import Better, IndicatorUnit, NoValue, Scope

OWN_FAMILY = "own"
"""The family of a tenant's own indicators."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """A named formula over measures, or a name under which values are posted."""

    code: str
    zh: str
    en: str
    formula: str | None
    """Null: no measure gives it, its values are posted."""
    unit: IndicatorUnit
    better: Better
    version: int
    """0 for the built-in definition; a tenant's own count from 1."""
    family: str
    """The family of `domain.md`, section 4; `own` for a tenant's."""
    note: str | None = None
    """What a reader must know: the day it counts on, what was decided where sources differ."""
    leading: bool | None = None
    """Whether it moves before sales and profit do; null of a tenant's, of which nobody said it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which value is asked for: an indicator of a subject over some days of a period."""

    indicator: str
    subject: Subject
    scope: Scope
    period: Period
    start: date
    end: date
    """The days of a segment, end exclusive; those of the whole period where there is but one."""

    def __hash__(self) -> int:
        """By what tells most apart: a card looks each of its values up many times."""
        return hash((self.indicator, self.subject.code, self.start))


@dataclass(frozen=True, slots=True)
class Value:
    """An indicator's value for a subject and period, or the reason why there is none."""

    value: Decimal | None
    """At 6 decimals."""
    reason: NoValue | None


@dataclass(frozen=True, slots=True)
class MeasureAmount:
    """One measure that a value was computed from, over the subject's slices."""

    measure: str
    """As the formula names it: `paid_amount`, `previous(paid_amount)`, `period_days`."""
    filters: str
    """As the formula states them: `channel = "search"`; empty without any."""
    amount: Decimal | None
    """Null where none of its facts reached the subject."""
    records: int
    """How many facts or posted rows stand behind the amount."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A value with all that it was computed from."""

    value: Value
    formula: str | None
    """Null: the value was posted."""
    version: int
    """Of the definition; 0 for the built-in one."""
    measures: tuple[MeasureAmount, ...]
    fx: str | None
    """Which rates were used, where any were."""
    links: tuple[str, ...]
    """Where the facts can be read."""


@dataclass(frozen=True, slots=True)
class PostedValue:
    """A value that no measure gives; the last one holds for exactly its subject and period."""

    indicator: str
    subject: Subject
    period: str
    value: Decimal
    source: str
    note: str | None


@dataclass(frozen=True, slots=True)
class Slice:
    """Facts of some days that count for a subject: those of any of the shops or employees, once.

    Slices of a selection never overlap. Null shops and employees together mean every fact.
    """

    start: date
    end: date
    shops: frozenset[str] | None
    employees: frozenset[str] | None
    units: frozenset[str]
    """Units whose posted measures count."""
    share: Decimal
    """Percent of each measure that counts: 100 unless a shop is shared."""


@dataclass(frozen=True, slots=True)
class Selection:
    """All slices whose measures make up a subject's indicator in a period."""

    slices: tuple[Slice, ...]
    presence: tuple[Slice, ...]
    """Where facts of a kind must have come in for a sum to be 0 rather than no data: the
    subject's own slices and those of its shops."""
    by_shop: bool
    """Whether buyers are counted shop by shop, as shares demand."""
