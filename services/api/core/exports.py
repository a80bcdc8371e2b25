"""How payroll entries are written for spreadsheets: exact amounts, and no text that acts."""

import csv
import io
import json
from collections.abc import Iterable

COLUMNS = (
    "seq",
    "id",
    "kind",
    "corrects",
    "employee",
    "cycle",
    "period",
    "plan",
    "amount",
    "currency",
    "grade",
    "total",
    "reason",
    "fingerprint",
    "published_at",
)
"""In the order of the feed (`api.md`, section 6)."""
_FIGURES = frozenset({"seq", "amount", "total"})
_DIGITS = 15
_ACTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula."""


def cells_of(document: bytes) -> list[str]:
    """An entry as text, column by column; what it leaves null is empty."""
    entry = json.loads(document)
    return ["" if entry[column] is None else str(entry[column]) for column in COLUMNS]


def is_number(column: str, text: str) -> bool:
    """Whether a spreadsheet may take a cell for a number: it keeps 15 digits, and no more."""
    return column in _FIGURES and 0 < sum(letter.isdigit() for letter in text) <= _DIGITS


def csv_head() -> bytes:
    return _csv([list(COLUMNS)])


def csv_rows(documents: Iterable[bytes]) -> bytes:
    """Entries as lines of CSV. A text that would act is quoted; an amount is never altered."""
    return _csv(
        [
            text if column in _FIGURES else disarm(text)
            for column, text in zip(COLUMNS, cells_of(document), strict=True)
        ]
        for document in documents
    )


def disarm(text: str) -> str:
    """A text that a spreadsheet shows and does not compute."""
    return f"'{text}" if text.startswith(_ACTS) else text


def _csv(rows: Iterable[list[str]]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue().encode()
