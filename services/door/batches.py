"""What a batch of rows is answered with, wherever it was posted (`api.md`, section 2)."""

from services.door.wire import Model
from services.schema.words import Outcome


class RowAnswer(Model):
    """A row that was not created, updated or duplicate, and what speaks against it."""

    row: int
    """Counted from 1; the header of a table is none."""
    outcome: Outcome
    code: str
    pointer: str
    detail: str


class BatchAnswer(Model):
    """What became of a batch."""

    batch: str
    received: int
    created: int
    updated: int
    duplicate: int
    stale: int
    invalid: int
    conflict: int
    rows: list[RowAnswer]
