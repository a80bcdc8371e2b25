"""Reconciliations: a day as another tool states it, beside ours, the difference split by cause."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class Basis(StrEnum):
    """By which day a total counts orders (`docs/reconciliations.md`)."""

    PAID = "paid"
    PLACED = "placed"
    CREATED = "created"


class DifferenceCause(StrEnum):
    """Why a tool's total of a day is another than ours (`docs/reconciliations.md`)."""

    EXCLUSIONS = "exclusions"
    ZONE = "zone"
    LATE = "late"
    REFUNDS = "refunds"
    MISSING = "missing"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class DayStatement:
    """What a marketplace or a tool says of a shop's day."""

    source: str
    """The tool: `sycm`, or the marketplace itself."""
    shop: str
    day: date
    basis: Basis
    timezone: str
    """By whose midnight the tool cuts its days."""
    stated_at: datetime
    """What happened later it cannot know."""
    orders: int | None
    amount: Decimal | None
    """In the shop's currency."""
    net_of_refunds: bool = False
    """Whether what was paid back on the day is taken off the amount."""
    with_excluded: bool = True
    """Whether orders count that we exclude: a marketplace does not know that they are none."""
    rows: Mapping[str, Decimal] | None = None
    """Its orders by number with their amounts, where it names them."""
    statuses: Mapping[str, int] | None = None
    """How many of its orders stand where; a word of the marketplace that we do not know stays."""


@dataclass(frozen=True, slots=True)
class OwnOrder:
    """An order as we hold it, by the time that a basis counts it."""

    id: str
    at: datetime
    day: date
    """Ours: of the shop's zone."""
    amount: Decimal
    excluded: bool
    status: str


@dataclass(frozen=True, slots=True)
class OwnRefund:
    """A refund that has succeeded."""

    id: str
    order: str | None
    at: datetime
    amount: Decimal
    counts: bool
    """Not of an excluded order."""


@dataclass(frozen=True, slots=True)
class OwnDay:
    """All that we hold around a shop's day, in its zone and in the tool's."""

    orders: tuple[OwnOrder, ...]
    refunds: tuple[OwnRefund, ...]
    known: frozenset[str] = frozenset()
    """Of the orders that a tool names, those of which we hold anything."""
    read_until: datetime | None = None
    """Up to when a pulled feed has been read; null where its source posts."""
    lacks_day: bool = False
    rejected: int = 0
    """Rows of the shop's orders that were refused and wait."""


@dataclass(frozen=True, slots=True)
class Named:
    """What one order, or nothing that has a name, adds to a difference."""

    id: str | None
    orders: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Part:
    """What one cause adds to a difference: theirs less ours."""

    cause: DifferenceCause
    orders: int
    amount: Decimal
    named: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class StatusCount:
    """How many orders stand somewhere, by their count and by ours."""

    status: str
    theirs: int
    ours: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A day's two totals; the parts sum to the difference in each figure that the tool states."""

    statement: DayStatement
    currency: str
    orders: int
    """Ours."""
    amount: Decimal
    parts: tuple[Part, ...] = field(default=())
    statuses: tuple[StatusCount, ...] = field(default=())

    @property
    def orders_off(self) -> int | None:
        """Theirs less ours."""
        stated = self.statement.orders
        return None if stated is None else stated - self.orders

    @property
    def amount_off(self) -> Decimal | None:
        stated = self.statement.amount
        return None if stated is None else stated - self.amount

    @property
    def agrees(self) -> bool:
        """Whether nothing differs, also not where orders stand."""
        moved = any(each.theirs != each.ours for each in self.statuses)
        return not self.orders_off and not self.amount_off and not moved and not self.parts
