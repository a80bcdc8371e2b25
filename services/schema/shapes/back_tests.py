"""Back-tests: what a draft scheme would have made of past periods, beside what they came to."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from services.schema.shapes.cycles import Population
from services.schema.shapes.payouts import Payout
from services.schema.shapes.people import Subject
from services.schema.shapes.scorecards import Score, SegmentInput
from services.schema.words import PayPlan, ScorecardStatus

DRAFT_VERSION = 0
"""By which a draft stands among the versions of schemes while it is tried."""

PlanPaid = tuple[PayPlan | None, str]
"""A plan and a currency; what no plan pays is 0."""


class Whom(StrEnum):
    """Where the population of a tried period is from."""

    STATED = "stated"
    """The request named it."""
    CYCLES = "cycles"
    """The cycles of the scheme in the period."""
    NEWEST_CYCLE = "newest_cycle"
    """The scheme has no cycle in the period; its newest one says whom it is for."""
    POSITION = "position"
    """The scheme has no cycle at all: the position of its own code."""


@dataclass(frozen=True, slots=True)
class BackTest:
    """What was asked for: the draft as it was then, so that a later edit changes nothing."""

    job: str
    scheme: str
    document: str
    periods: tuple[str, ...]
    population: Population | None
    """Null: that of the scheme's cycles."""
    attempts: int
    """How often it has been begun."""


@dataclass(frozen=True, slots=True)
class PastCard:
    """What is read of a card that is there."""

    cycle: str
    subject: Subject
    scheme: str
    scheme_version: int
    status: ScorecardStatus
    total: Decimal | None
    grade: str | None


@dataclass(frozen=True, slots=True)
class Before:
    """The card that a subject has in the period, and what payroll has heard of it."""

    cycle: str
    total: Decimal | None
    full_mark: Decimal
    grade: str | None
    grades: tuple[str, ...]
    """Of its own scheme, best first."""
    paid: Mapping[PlanPaid, Decimal] | None
    """Originals and corrections together; null where nothing was published."""


@dataclass(frozen=True, slots=True)
class Price:
    """What somebody would be paid by the draft."""

    payouts: tuple[Payout, ...] | None
    """Null where no amount can be told."""
    unpaid: str | None
    """Why it cannot: the code of the refusal."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One subject in one period under the draft."""

    subject: Subject
    period: str
    inputs: tuple[SegmentInput, ...]
    score: Score
    price: Price | None
    """Null for units, which are not paid."""
    before: Before | None
