"""Who was shown a scorecard: somebody else than its subject, through one route, first on a day."""

from dataclasses import dataclass
from datetime import date, datetime

from services.schema.words import Role


@dataclass(frozen=True, slots=True)
class Reader:
    """A day on which somebody was shown a scorecard."""

    scorecard: str
    day: date
    """In UTC."""
    reader: str
    """`key:key_...` or `token:<subject>`."""
    route: str
    """What was asked, as the matrix names it: what for is told by nothing else."""
    role: Role
    employee: str | None
    read_at: datetime
    """The first time of the day."""
