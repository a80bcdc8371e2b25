"""Calibration: who is ranked with whom, by what, and how people moved the grades."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.schema.shapes.people import Subject
from services.schema.words import Better


@dataclass(frozen=True, slots=True)
class TieBreaker:
    """An indicator by which people of equal totals are told apart."""

    indicator: str
    better: Better


@dataclass(frozen=True, slots=True)
class Population:
    """People who are ranked together: the cycle's, or those of some units."""

    code: str
    """The cycle's code; of units `unit:` and the lowest that holds them, or `company`."""
    units: tuple[str, ...] | None
    """The units whose people are in it; null where the whole cycle is."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Someone who is ranked: what stands on a card that has a total."""

    scorecard: str
    subject: Subject
    population: str
    total: Decimal
    tie_breakers: tuple[Decimal | None, ...]
    """As they were when data closed; none before that."""
    band: str | None
    """The grade that the total reaches; null where the scheme has no grades."""
    limit: str | None
    """No better than this, say gates; null where none says so."""
    before: str | None
    """The band's grade, or the lower one that a gate sets."""
    score: Decimal | None
    """What the score bands are about: the total, or the score of a section."""


@dataclass(frozen=True, slots=True)
class Round:
    """All that a calibration begins with, as it was then."""

    tie_breakers: tuple[TieBreaker, ...]
    populations: tuple[Population, ...]
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class WantedMove:
    """A grade that somebody is to have, and why."""

    scorecard: str
    grade: str
    reason: str


@dataclass(frozen=True, slots=True)
class CalibrationMove:
    """A grade that people moved in a round."""

    number: int
    scorecard: str
    from_grade: str
    to_grade: str
    reason: str
    author: str
    moved_at: datetime
