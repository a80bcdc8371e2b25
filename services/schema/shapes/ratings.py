"""Ratings and adjustments as people stated them, with author and time; they are never edited."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.schema.shapes.people import Subject
from services.schema.shapes.scorecards import Mark
from services.schema.words import RaterRole

About = tuple[str, Subject]
"""A cycle and whom its card is about: what was stated stays when the cycle is opened again."""


@dataclass(frozen=True, slots=True)
class StatedMark:
    """What a caller says of an item: a mark, a level or the behaviours that hold."""

    item: str
    role: RaterRole
    mark: Decimal | None
    level: int | None
    behaviours: tuple[int, ...] | None
    comment: str | None
    rater: str | None
    """Of a person outside, for whom HR enters the mark: how they are told apart."""


@dataclass(frozen=True, slots=True)
class KeptRating:
    """A mark as it is kept; of one rater in one role of an item the last holds."""

    id: str
    number: int
    """Of the card, from 1 on, in the order in which they were stated."""
    stated: Mark
    author: str
    is_withdrawn: bool = False
    """By a dispute that was upheld: it holds no longer, and what it replaced does not again."""
    replaces: str | None = None
    """The id of the mark in whose place HR stated this one as it upheld a dispute."""


@dataclass(frozen=True, slots=True)
class ShownRating:
    """A mark as far as a reader may know it; null is what would name the rater."""

    id: str | None
    item: str
    role: RaterRole
    rater: str | None
    mark: Decimal | None
    level: int | None
    behaviours: tuple[int, ...] | None
    comment: str | None
    author: str | None
    stated_at: datetime | None
    holds: bool
    """Whether it counts: no later one of the same rater has taken its place."""
    withheld: bool
    """Whether too few of the role have rated for what they gave to be told one by one."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """Somebody who is asked to rate in a role."""

    role: RaterRole
    employee: str
    author: str
    invited_at: datetime


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody is asked to rate: a card of which they need see nothing else."""

    scorecard: str
    cycle: str
    subject: Subject
    role: RaterRole
    document: bytes
    """The card's, which says by which schemes it is scored."""


@dataclass(frozen=True, slots=True)
class KeptAdjustment:
    """A reward (above 0) or a penalty (below) in points; one that withdraws has the opposite."""

    id: str
    number: int
    points: Decimal
    """At 2 decimals."""
    reason: str
    author: str
    stated_at: datetime
    withdraws: str | None
