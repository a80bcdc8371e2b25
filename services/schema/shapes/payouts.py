"""Payouts: the money of a result by one pay plan, and the entry that payroll pulls."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.schema.shapes.indicators import Value
from services.schema.shapes.levels import LevelInForce
from services.schema.words import EntryKind, PayPlan


@dataclass(frozen=True, slots=True)
class PayBasis:
    """What a card's pay is computed from besides the card, as it was when data closed."""

    bases: Mapping[str, Value]
    """What commissions are paid on, by indicator."""
    outputs: Mapping[str, Mapping[str, Value]]
    """What a leader's team put out, by indicator and by whose it is: `unit:u-1`, `employee:e-1`."""
    members: tuple[str, ...]
    """Whom the person led at the period's end, where the scheme pays for it."""
    levels: Mapping[str, LevelInForce | None]
    """The level that the person has, by ladder; null where nobody assessed it."""


@dataclass(frozen=True, slots=True)
class MemberPay:
    """What a member of a team earned by business: the commissions of one cycle, as they stand."""

    employee: str
    cycle: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PayAdjustment:
    """A reward or a penalty in money; it is never edited, but withdrawn by one more."""

    id: str
    amount: Decimal
    reason: str
    author: str
    stated_at: datetime
    withdraws: str | None
    """The one that this takes back, with the opposite amount."""


@dataclass(frozen=True, slots=True)
class Payout:
    """An amount in the currency's own unit, half up, with what it was computed from."""

    plan: PayPlan
    amount: Decimal
    currency: str
    inputs: Mapping[str, object]
    """Terms of the formula of `domain.md`, section 8, as a document: its decimals are text."""


@dataclass(frozen=True, slots=True)
class Owed:
    """What a result makes payroll owe by one plan; a result without a plan owes 0 by none."""

    number: int
    """The place of the plan in its scheme."""
    plan: PayPlan | None
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class PayChange:
    """What one plan pays, and what it would pay."""

    place: int
    plan: PayPlan | None
    before: Decimal
    after: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class EntryContent:
    """Everything that an entry of the payroll feed states."""

    seq: int
    id: str
    corrects: str | None
    """The id of the original; null where this is one."""
    employee: str
    cycle: str
    period: str
    owed: Owed
    grade: str | None
    total: Decimal
    reason: str | None
    """Why it corrects."""
    fingerprint: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """A numbered entry of the payroll feed; its document is served as it was stored."""

    seq: int
    id: str
    kind: EntryKind
    corrects: str | None
    employee: str
    cycle: str
    plan: PayPlan | None
    amount: Decimal
    currency: str
    document: bytes
