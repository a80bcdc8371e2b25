"""Schemes as they are kept: the draft that HR edits, and the versions that never change."""

from dataclasses import dataclass
from datetime import datetime


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


@dataclass(frozen=True, slots=True)
class Published:
    """A version of a scheme, as it was published."""

    code: str
    version: int
    document: str
    fingerprint: str
    author: str
    published_at: datetime
