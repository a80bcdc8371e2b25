"""Results: the immutable outcome of a scorecard."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.schema.shapes.people import Subject


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
