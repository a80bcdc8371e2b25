"""REST of payroll: the feed as it was stored, what was taken of it, and exports of a cycle."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import IO, Annotated

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from pydantic import ConfigDict, Field

from services.api.core.documents import to_bytes
from services.api.core.exports import COLUMNS, cells_of, csv_head, csv_rows, is_number
from services.api.flows.payouts import acknowledge
from services.api.rest.documents import bytes_of
from services.api.rest.scorecard_documents import Fingerprint
from services.api.rest.scorecard_documents import Instant as InstantText
from services.api.rest.workbooks import write_workbook
from services.api.store.payouts import (
    read_acknowledged,
    read_entries,
    read_entries_of_cycle,
    read_epoch,
    read_last_seq,
)
from services.door.etags import tagged
from services.door.pages import LIMIT
from services.door.routes import Asking, Reading, Writing, new_router, new_streaming_router
from services.door.wire import Code, Currency, DecimalText, Model
from services.schema.db import Database
from services.schema.errors import NotFound
from services.schema.shapes.payouts import Entry
from services.schema.words import EntryKind, PayPlan

EPOCH = "Kaohe-Feed-Epoch"
"""The header that changes when a backup was restored: then the feed is read from its start."""
SEQ_MAXIMUM = 2**63 - 1
FEED_LIMIT_MAXIMUM = 1_000
"""Payroll reads a whole company: its pages may be twice as long as those of lists."""
PAGE = 2_000
"""Entries that an export reads at once."""
CHUNK = 1 << 16

# The feed is read in the role of payroll, which can see nothing else of the company: its routes
# check the caller as all do, and open their sessions themselves.
reading = new_streaming_router()
router = new_router()


class ExportFormat(StrEnum):
    """How an export is written."""

    CSV = "csv"
    NDJSON = "ndjson"
    XLSX = "xlsx"


_MEDIA_TYPES = {
    ExportFormat.CSV: "text/csv",
    ExportFormat.NDJSON: "application/x-ndjson",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_FILES: dict[str, object] = {
    "content": {
        media_type: {
            "schema": {"type": "string"}
            if kind is not ExportFormat.XLSX
            else {"type": "string", "format": "binary"}
        }
        for kind, media_type in _MEDIA_TYPES.items()
    }
}


class FeedQuery(Model):
    """Where to go on in the feed: after an entry, `0` for the start."""

    # A query is text: its numbers are read from it.
    model_config = ConfigDict(strict=False)

    after: Annotated[int, Field(ge=0, le=SEQ_MAXIMUM)] = 0
    limit: Annotated[int, Field(ge=1, le=FEED_LIMIT_MAXIMUM)] = LIMIT


class EntryDocument(Model):
    """An entry of the feed; an original and its corrections add up to what is owed."""

    seq: int
    id: str
    kind: EntryKind
    corrects: str | None
    employee: Code
    cycle: Code
    period: str
    plan: PayPlan | None
    amount: DecimalText
    currency: Currency
    grade: str | None
    total: DecimalText
    reason: str | None
    fingerprint: Fingerprint
    published_at: InstantText


class FeedPage(Model):
    """A page of the feed; `next_cursor` is the last `seq` given, or what was asked after."""

    items: list[EntryDocument]
    next_cursor: int


class Acknowledgement(Model):
    """Up to which entry the feed has been taken."""

    through: Annotated[int, Field(ge=0, le=SEQ_MAXIMUM)]


class AcknowledgedDocument(Model):
    """How far payroll says it has read, and how much of the feed it has not taken yet."""

    through: int
    last: int
    """The newest entry's `seq`; those after `through` are read with `after`."""
    unacknowledged: int


@reading.get("/v1/payroll/entries", response_model=FeedPage)
async def list_entries(
    request: Request, query: Annotated[FeedQuery, Query()], caller: Asking
) -> Response:
    """Entries oldest first; a full page asked for again is the same to the last byte."""
    database: Database = request.app.state.payroll
    async with database.read(caller.tenant) as session:
        entries = await read_entries(session, after=query.after, limit=query.limit)
        epoch = await read_epoch(session)
    last = entries[-1].seq if entries else query.after
    items = b",".join(entry.document for entry in entries)
    body = b'{"items":[' + items + b"]," + to_bytes({"next_cursor": last})[1:]
    response = tagged(request, body)
    response.headers[EPOCH] = hashlib.sha256(epoch.encode()).hexdigest()[:16]
    return response


@router.get("/v1/payroll/acknowledgements", response_model=AcknowledgedDocument)
async def get_acknowledged(request: Request, session: Reading) -> Response:
    """How far the feed was taken: what is published and not acknowledged stays in sight."""
    through, last = await read_acknowledged(session), await read_last_seq(session)
    document = AcknowledgedDocument(through=through, last=last, unacknowledged=last - through)
    return tagged(request, bytes_of(document))


@router.post("/v1/payroll/acknowledgements")
async def post_acknowledgement(
    taken: Acknowledgement, caller: Asking, session: Writing
) -> Acknowledgement:
    """Say that the feed was taken up to an entry; saying so again changes nothing."""
    through = await acknowledge(session, taken.through, caller=caller, at=datetime.now(UTC))
    return Acknowledgement(through=through)


@reading.get("/v1/payroll/export", response_class=Response, responses={200: _FILES})
async def export_cycle(
    request: Request, caller: Asking, cycle: Code, format: ExportFormat = ExportFormat.CSV
) -> Response:
    """All entries of a cycle as a file; amounts are written exactly as the feed has them."""
    database: Database = request.app.state.payroll
    async with database.read(caller.tenant) as session:
        last = await read_last_seq(session)
        if not await read_entries_of_cycle(session, cycle, after=0, limit=1):
            raise NotFound("published cycle")
    pages = _pages(database, caller.tenant, cycle, last)
    writers = {
        ExportFormat.CSV: _write_csv,
        ExportFormat.NDJSON: _write_ndjson,
        ExportFormat.XLSX: _write_xlsx,
    }
    name = f'attachment; filename="payroll-{cycle}.{format}"'
    return StreamingResponse(
        writers[format](pages),
        media_type=_MEDIA_TYPES[format],
        headers={"Content-Disposition": name},
    )


async def _pages(
    database: Database, tenant: int, cycle: str, last: int
) -> AsyncIterator[list[Entry]]:
    """A cycle's entries page by page, up to the newest there was; no page holds a transaction."""
    after = 0
    while True:
        async with database.read(tenant) as session:
            page = await read_entries_of_cycle(session, cycle, after=after, limit=PAGE)
        page = [entry for entry in page if entry.seq <= last]
        if not page:
            return
        yield page
        after = page[-1].seq


async def _write_csv(pages: AsyncIterator[list[Entry]]) -> AsyncIterator[bytes]:
    yield csv_head()
    async for page in pages:
        yield csv_rows(entry.document for entry in page)


async def _write_ndjson(pages: AsyncIterator[list[Entry]]) -> AsyncIterator[bytes]:
    async for page in pages:
        yield b"".join(entry.document + b"\n" for entry in page)


async def _write_xlsx(pages: AsyncIterator[list[Entry]]) -> AsyncIterator[bytes]:
    """A workbook in which no text is a formula, and figures are numbers as far as these are exact.

    They are written as the feed has them, digit by digit, never by way of a binary float.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet("payroll")
    sheet.append(list(COLUMNS))
    async for page in pages:
        for entry in page:
            cells = [WriteOnlyCell(sheet, value=text) for text in cells_of(entry.document)]
            for column, cell in zip(COLUMNS, cells, strict=True):
                cell.data_type = "n" if is_number(column, str(cell.value)) else "s"
            sheet.append(cells)
    with tempfile.TemporaryFile() as file:
        await asyncio.to_thread(write_workbook, book, file)
        file.seek(0)
        while chunk := await asyncio.to_thread(_read_chunk, file):
            yield chunk


def _read_chunk(file: IO[bytes]) -> bytes:
    return file.read(CHUNK)
