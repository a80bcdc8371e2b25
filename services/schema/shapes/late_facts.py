"""Facts that came after data were closed, what was decided of them, and drifts of results."""

from dataclasses import dataclass
from datetime import date, datetime

from services.schema.ids import IdKind, is_id
from services.schema.shapes.people import Subject
from services.schema.words import FactKind, LateBasis, LateDecision


@dataclass(frozen=True, slots=True)
class LateFact:
    """A fact as it counts on a day under a name; empty texts are nobody."""

    kind: FactKind
    source: str
    fact: str
    """Its id, or of a daily kind its key as one text."""
    day: date
    shop: str
    unit: str
    employee: str
    basis: LateBasis
    modified_at: datetime
    came_at: datetime


@dataclass(frozen=True, slots=True)
class LateMark:
    """That facts of a kind came late for a day and under a name; empty texts are nobody."""

    kind: FactKind
    day: date
    shop: str
    unit: str
    employee: str
    basis: LateBasis
    came_at: datetime
    """The last of them."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What HR decided of the late facts of a card, or of what was contested of it."""

    id: str
    scorecard: str
    cycle: str
    decision: LateDecision
    reason: str
    author: str
    decided_at: datetime
    """By the database's own clock, as when facts came."""
    document: bytes
    """What HR saw: the facts, and what they change."""
    scorecard_document: bytes | None
    """The card as it is with what was accepted."""
    bases: bytes | None
    """What it is paid by then, and how it came about."""

    @property
    def is_of_dispute(self) -> bool:
        """Whether it is what upholding a dispute made of the card; its id is the dispute's."""
        return is_id(IdKind.DISPUTE, self.id)


@dataclass(frozen=True, slots=True)
class Drift:
    """A published card that comes out otherwise today."""

    id: str
    result: str
    cycle: str
    subject: Subject
    revision: int
    recomputed: str
    """What the recomputed figures are known by."""
    document: bytes
