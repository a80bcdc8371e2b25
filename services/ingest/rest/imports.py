"""Files over REST: an export posted as it is and read by a mapping, or only tried."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any

from fastapi import Query, Request, Response

from services.door.problems import Unreadable
from services.door.wire import Code, DecimalText, Instant, Model
from services.ingest.core.mappings import BoundMapping, numbers_of, totals_of
from services.ingest.core.tables import DELIMITERS, encoding_of, read_cells
from services.ingest.flows.landing import Tally
from services.ingest.flows.mappings import FileRows, Rows, read_forms, say_of_file
from services.ingest.rest.mappings import find_mapping
from services.ingest.rest.sheets import read_sheet
from services.ingest.rest.spool import Spool
from services.schema.db import ReadSession
from services.schema.errors import Fault, Invalid
from services.schema.money import plain
from services.schema.shapes.mappings import FileMapping
from services.schema.words import FactKind, Outcome

TABLE = "text/csv"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OLD_SHEET = "application/vnd.ms-excel"
SHEETS = frozenset({SHEET, OLD_SHEET})
"""Which of the two a spreadsheet is, it says itself."""
SHOWN_LENGTH = 200
"""Characters of a cell that an answer shows."""


@dataclass(frozen=True, slots=True)
class FileQuery:
    """How a file is read: by which mapping, of which shop, as of when."""

    mapping: Annotated[
        Code | None, Query(description="Read a file, `text/csv`, XLSX or XLS, by this mapping.")
    ] = None
    shop: Annotated[Code | None, Query(description="Whose the rows are that name no shop.")] = None
    stated_at: Annotated[
        Instant | None, Query(description="When the file was written; now unless stated.")
    ] = None
    check: Annotated[
        bool, Query(description="Only say what would become of the file; nothing changes.")
    ] = False

    def check_alone(self) -> None:
        """Refuse what means nothing without a mapping."""
        for name in ("shop", "stated_at", "check"):
            if self.mapping is None and getattr(self, name):
                fault = Fault(f"?{name}", "mapping_missing", f"{name} needs a mapping.")
                raise Invalid("mapping_missing", fault.detail, [fault])

    def written_at(self) -> datetime:
        now = datetime.now(UTC)
        return min(self.stated_at or now, now)


class CheckedColumn(Model):
    """A column of the file, or one of the mapping that the file is without."""

    column: str
    place: str | None
    """As a spreadsheet names it: `C`; null is not in the file."""
    fields: list[str]
    """What it becomes; nothing where it is left out."""
    sample: str | None
    note: str | None


class CheckedSum(Model):
    """What the rows that are not refused state of a field, or of a measure, together."""

    field: str
    rows: int
    sum: DecimalText


class CheckedRow(Model):
    """A row that would be refused: where, why, and what stands there."""

    row: int
    """As the file's own rows are numbered, from 1."""
    outcome: Outcome
    code: str
    pointer: str
    detail: str
    column: str | None
    value: str | None


class CheckAnswer(Model):
    """What would become of a file. Nothing has changed."""

    mapping: Code
    kind: FactKind
    note: str | None
    header_row: int
    columns: list[CheckedColumn]
    received: int
    """Facts: a row of posted measures may bring several."""
    created: int
    updated: int
    duplicate: int
    stale: int
    invalid: int
    conflict: int
    skipped: int
    """Rows that are no fact: empty ones, totals."""
    days_stated: int
    """Days of shops of which the file says something new, to be held against ours."""
    sums: list[CheckedSum]
    rows: list[CheckedRow]


async def open_file(
    session: ReadSession, kind: FactKind, query: FileQuery, media_type: str, spool: Spool
) -> FileRows:
    """The posted file, ready to be read; nothing of it is yet."""
    assert query.mapping is not None, "only with a mapping a body is a file"
    mapping = await find_mapping(session, query.mapping)
    stated = await say_of_file(session, mapping, kind, shop=query.shop, at=query.written_at())
    forms = await read_forms(session, mapping, query.shop)
    return FileRows(mapping, _ways(mapping, media_type, spool), stated, forms)


def check_media_type(request: Request) -> str:
    """Which of them a file is."""
    media_type = request.headers.get("content-type", "").lower().partition(";")[0].strip()
    if media_type != TABLE and media_type not in SHEETS:
        raise Unreadable(f"A file is read as {TABLE}, {SHEET} or {OLD_SHEET}.")
    return media_type


async def answer_check(file: FileRows, tally: Tally, days_stated: int) -> Response:
    """What was found, from a second reading of the file: the first one was undone."""
    answer = await asyncio.to_thread(_checked, file, tally, days_stated)
    return Response(answer.model_dump_json(), media_type="application/json")


def _ways(mapping: FileMapping, media_type: str, spool: Spool) -> list[Callable[[], Rows]]:
    """How the file may be meant: a table without a word about it by each delimiter."""
    if media_type in SHEETS:
        return [partial(read_sheet, spool.file, mapping.sheet)]
    delimiters = DELIMITERS if mapping.delimiter is None else (mapping.delimiter,)
    encoding: list[str] = [] if mapping.encoding is None else [mapping.encoding]

    def read(delimiter: str) -> Rows:
        if not encoding:
            encoding.append(encoding_of(spool.blocks))
        return read_cells(spool.blocks, encoding[0], delimiter)

    return [partial(read, delimiter) for delimiter in delimiters]


def _checked(file: FileRows, tally: Tally, days_stated: int) -> CheckAnswer:
    refused = {row.number: row for row in tally.rows}
    bound, rows = file.read()
    sums: dict[str, list[Decimal]] = {}
    found: list[CheckedRow] = []
    number = 0
    for row in rows:
        for document in row.documents:
            number += 1
            fault = refused.get(number)
            if fault is not None:
                column, value = _place_of(bound, fault.fault.pointer, document, row.unfit)
                found.append(
                    CheckedRow(
                        row=row.line,
                        outcome=fault.outcome,
                        code=fault.fault.code,
                        pointer=fault.fault.pointer,
                        detail=fault.fault.detail,
                        column=column,
                        value=value,
                    )
                )
            else:
                for field, amount in (
                    *numbers_of(file.mapping.kind, document),
                    *totals_of(row.said),
                ):
                    sums.setdefault(field, []).append(amount)
    return CheckAnswer(
        mapping=file.mapping.code,
        kind=file.mapping.kind,
        note=file.mapping.note,
        header_row=bound.header_row,
        columns=list(_columns(bound)),
        received=tally.received,
        **{outcome.value: tally.counts[outcome] for outcome in Outcome},
        skipped=file.skipped,
        days_stated=days_stated,
        sums=[
            CheckedSum(field=field, rows=len(amounts), sum=plain(sum(amounts, Decimal(0))))
            for field, amounts in sums.items()
        ],
        rows=found,
    )


def _place_of(
    bound: BoundMapping, pointer: str, document: dict[str, Any], unfit: Any
) -> tuple[str | None, str | None]:
    """The column of a fault and what stands in it."""
    field = pointer.removeprefix("/")
    if unfit is not None:
        column = unfit.column or _column_of(bound, field)
        return column, unfit.cell[:SHOWN_LENGTH]
    if field == "amount" and "measure" in document:
        field, value = document["measure"], document["amount"]
    else:
        value = document.get(field)
    return _column_of(bound, field), None if value is None else str(value)[:SHOWN_LENGTH]


def _column_of(bound: BoundMapping, field: str) -> str | None:
    return next((each.heading for each in bound.columns() if field in each.fields), None)


def _columns(bound: BoundMapping) -> Iterator[CheckedColumn]:
    for column in bound.columns():
        yield CheckedColumn(
            column=column.heading,
            place=None if column.place is None else _letters(column.place),
            fields=list(column.fields),
            sample=None if column.sample is None else column.sample[:SHOWN_LENGTH],
            note=column.note,
        )


def _letters(place: int) -> str:
    """`A` to `Z`, then `AA` ..."""
    letters, left = "", place + 1
    while left:
        left, letter = divmod(left - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters
