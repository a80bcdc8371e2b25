"""A tenant as one file: which tables it holds, and what shows that nothing of them is missing."""

from dataclasses import dataclass
from datetime import datetime

FORM = "kaohe-tenant-1"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of tenants, as the database's own catalogue has it; names are quoted already."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    """Of the primary key: the order in which rows are written down."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What was written down of a table: one JSON object a line."""

    table: str
    rows: int
    sha256: str
    """In hexadecimal digits, of all lines with their ends."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a file holds of whom, at one moment."""

    form: str
    """How the file is written: a reader knows `FORM`, and no other."""
    revision: str
    """Of the schema: rows go back only into tables of the same one."""
    tenant: int
    """The number stays the same for ever: the audit's digests and the keys name it."""
    code: str
    created_at: datetime
    exported_at: datetime
    copied: tuple[Copied, ...]
