"""Jobs: work too long for one answer."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from services.schema.words import JobStatus


class JobKind(StrEnum):
    """What work is too long for one answer."""

    BACK_TEST = "back_test"
    BACKFILL = "backfill"


@dataclass(frozen=True, slots=True)
class Job:
    """Long work that somebody asked for."""

    id: str
    kind: JobKind
    status: JobStatus
    progress: Decimal
    """From 0 to 1."""
    result: dict[str, object] | None
    """Null while it runs."""
    caller: str
    """The name of who asked; others than the company's heads do not see it."""
    created_at: datetime
