"""Tenants, shops, units, employees with their dated assignments, and callers."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from services.schema.days import Calendar
from services.schema.words import Marketplace, Role, ShopKind, SubjectKind, WeekStart


@dataclass(frozen=True, slots=True)
class Tenant:
    """A company; it owns everything."""

    id: int
    name: str
    currency: str
    timezone: str
    week_start: WeekStart
    fiscal_start: str

    @property
    def calendar(self) -> Calendar:
        return Calendar(self.timezone, self.week_start, self.fiscal_start)


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of a currency is worth in another, from a day until a later one is stated."""

    from_currency: str
    to_currency: str
    day: date
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Shop:
    """A place that sells; its zone says on which day a fact counts."""

    code: str
    name: str
    marketplace: Marketplace | None
    timezone: str
    currency: str
    kind: ShopKind
    opened_on: date | None


@dataclass(frozen=True, slots=True)
class Unit:
    """A department or team in a tree."""

    code: str
    name: str
    parent: str | None
    lead: str | None
    """Code of the employee who leads it."""


@dataclass(frozen=True, slots=True)
class ShopShare:
    """A shop that somebody answers for, and the percentage of it."""

    shop: str
    share: Decimal


@dataclass(frozen=True, slots=True)
class Assignment:
    """A position in a unit for a time; the end is exclusive, null is open."""

    position: str
    unit: str
    shops: tuple[ShopShare, ...]
    start: date
    end: date | None


@dataclass(frozen=True, slots=True)
class Employee:
    """A person; the first and the last day of work both count."""

    code: str
    name: str
    manager: str | None
    joined_on: date | None
    left_on: date | None
    assignments: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """Whom or what a figure is about; the company has an empty code."""

    kind: SubjectKind
    code: str

    def __hash__(self) -> int:
        """By the code alone: few subjects of unlike kinds share one, and a word is slow to hash."""
        return hash(self.code)

    def __str__(self) -> str:
        return self.kind.value if self.kind is SubjectKind.COMPANY else f"{self.kind}:{self.code}"


def parse_subject(text: str) -> Subject:
    """The subject of a text as `str` writes it, checked before: `employee:e-1`, `company`."""
    kind, _, code = text.partition(":")
    return Subject(SubjectKind(kind), code)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the tenant, the role, for people the employee, and a name for the audit."""

    tenant: int
    role: Role
    employee: str | None
    name: str
    """`key:key_...`, `token:<subject>` or `system:<what>`."""


@dataclass(frozen=True, slots=True)
class TokenRevocation:
    """From when on the tokens of a subject open: those that were issued before are over."""

    subject: str
    issued_before: datetime
    reason: str
    author: str


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept; the secret itself is shown once and never stored."""

    id: str
    role: Role
    employee: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    previous_until: datetime | None = None
    """Until when the secret before the last renewal opens too."""
