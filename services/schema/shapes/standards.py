"""Standards: what an indicator of every shop, unit or person has to keep to, day after day."""

from dataclasses import dataclass
from decimal import Decimal

from services.schema.words import CycleKind, Scope, SubjectKind


@dataclass(frozen=True, slots=True)
class Basis:
    """What there must be of another indicator before a standard says anything."""

    indicator: str
    at_least: Decimal


@dataclass(frozen=True, slots=True)
class Standard:
    """A bound on an indicator, held against each day that ends, or each day as it goes."""

    code: str
    zh: str
    en: str
    indicator: str
    subject_kind: SubjectKind
    subjects: tuple[str, ...] | None
    """Codes, sorted; null is whoever of the kind is there on the day."""
    scope: Scope
    at_least: Decimal | None
    at_most: Decimal | None
    """One of the two."""
    days: int | None
    """The value is of so many days, of which the day looked at is the last."""
    period: CycleKind | None
    """Or of the period so far in which the day lies; one of the two."""
    basis: Basis | None
    active: bool
    version: int
    """0 is built in; the tenant's own count from 1."""
