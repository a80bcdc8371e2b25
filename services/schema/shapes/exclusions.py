"""The ledger of exclusions: which orders were taken out of the sums by people, why, and undone."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from services.schema.words import Exclusion


@dataclass(frozen=True, slots=True)
class SoldOrder:
    """What the ledger needs to know of an order."""

    source: str
    id: str
    shop: str
    salesperson: str
    """Empty where the order names nobody."""
    paid_on: date | None
    paid_amount: Decimal
    currency: str
    exclusion: Exclusion | None
    """What holds: the ledger's reason, or else the source's."""


@dataclass(frozen=True, slots=True)
class Undoing:
    """That an exclusion was taken back."""

    id: str
    note: str
    author: str
    stated_at: datetime


@dataclass(frozen=True, slots=True)
class StatedExclusion:
    """An order that somebody wants to count in gross sales alone."""

    source: str
    order: str
    reason: Exclusion
    note: str
    rule: str | None
    """The rule by which it was found, where one did."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """That an order was excluded, beside whatever its source says of it."""

    id: str
    reason: Exclusion
    note: str
    rule: str | None
    """The code of the rule by which it was found; null where somebody saw it."""
    author: str
    stated_at: datetime
    undone: Undoing | None


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """An entry beside its order as that stands now."""

    entry: LedgerEntry
    order: SoldOrder


@dataclass(frozen=True, slots=True)
class Sold:
    """What orders come to, with the refunds of the same days."""

    orders: int
    paid_amount: Decimal
    refund_amount: Decimal

    @property
    def net_amount(self) -> Decimal:
        return self.paid_amount - self.refund_amount


@dataclass(frozen=True, slots=True)
class ExcludedPart:
    """The excluded orders of one reason, and whether the ledger or their source excludes them."""

    reason: Exclusion
    by_ledger: bool
    orders: int
    paid_amount: Decimal


@dataclass(frozen=True, slots=True)
class BothFigures:
    """What a shop sold in a currency, with its excluded orders and without."""

    shop: str
    currency: str
    whole: Sold
    counted: Sold
    excluded: tuple[ExcludedPart, ...]
