"""Results: the immutable outcome of a scorecard."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.schema.shapes.people import Subject
from services.schema.words import Approver


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved a scorecard, in which part, and when."""

    part: Approver
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ResultHead:
    """What a result states besides its score and its pay."""

    id: str
    cycle: str
    period: str
    subject: Subject
    revision: int
    unit: str
    scorecard: str
    rank: int | None
    approvals: tuple[Approval, ...]
    fingerprint: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """What was published; the document is served as it was stored."""

    id: str
    cycle: str
    period: str
    subject: Subject
    revision: int
    unit: str
    scorecard: str
    scheme: str
    scheme_version: int
    total: Decimal
    grade: str | None
    """Null where the scheme has no grades."""
    document: bytes
    fingerprint: str
    published_at: datetime
