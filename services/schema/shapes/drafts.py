"""Schemes as they are kept: the draft that HR edits, and the versions that never change."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """What may still be edited, whatever was published of it before."""

    code: str
    document: str
    """The scheme as JSON text."""
    version: int
    """Counts the edits; says nothing of published versions."""
    latest: int | None
    """The newest published version."""
    template: str | None
    """What it was copied from."""
    changed_at: datetime
    writer: str | None
    """Who changed it last: a person's code, or the key of nobody's; null if that was not kept."""


@dataclass(frozen=True, slots=True)
class DraftReview:
    """Somebody other than its writer has looked at a draft as it stood."""

    code: str
    draft: int
    """The edit that was looked at."""
    reviewer: str
    comment: str | None
    reviewed_at: datetime


@dataclass(frozen=True, slots=True)
class Published:
    """A version of a scheme, as it was published."""

    code: str
    version: int
    document: str
    fingerprint: str
    author: str
    """Who approved it by publishing it."""
    published_at: datetime
    draft: int | None
    """The edit of the draft that it was; null, as its writer, where that was not kept yet."""
    writer: str | None
    written_at: datetime | None
    in_force_from: date | None
    """The first day of periods that it may score; null: any."""
