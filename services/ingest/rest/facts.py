"""Facts in and out: batches posted to us, and the facts that figures are explained by."""

import asyncio
import json
import random
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Annotated, Any

import structlog
from fastapi import Depends, Query, Request, Response

from services.door.batches import BatchAnswer
from services.door.callers import check_claim, claim_of
from services.door.pages import LIMIT, Cursor, Limit, decode_cursor, page_of
from services.door.problems import DoorError, Unreadable
from services.door.routes import Asking, Reading, new_router, new_streaming_router, once
from services.door.wire import Code, Day, FormulaCode, Text
from services.ingest.auth import view_of
from services.ingest.core.bodies import BodyBroken, BodyForm, RowTooLong, read_rows
from services.ingest.core.buyers import Seal, sealer
from services.ingest.core.facts import row_schema
from services.ingest.core.mappings import HeadingsMissing
from services.ingest.core.rejections import scrub_row
from services.ingest.flows.arrivals import Arrival
from services.ingest.flows.audit import put_down_batch
from services.ingest.flows.batches import add_facts
from services.ingest.flows.landing import REFUSED, Batch, Tally, lane_of
from services.ingest.flows.mappings import FileRows
from services.ingest.flows.reconciliations import state_file
from services.ingest.rest.batches import FileAnswer, answer_batch
from services.ingest.rest.documents import fact_document, fact_schema
from services.ingest.rest.imports import (
    OLD_SHEET,
    SHEET,
    CheckAnswer,
    FileQuery,
    answer_check,
    check_media_type,
    open_file,
)
from services.ingest.rest.spool import Spool, spooled
from services.ingest.rest.turns import Turns
from services.ingest.store.buyer_keys import has_buyer_key
from services.ingest.store.facts import (
    FactFilter,
    filters_of,
    length_of_place,
    place_of,
    read_facts,
)
from services.ingest.store.sources import lock_lane
from services.schema.db import Database, WriteSession
from services.schema.errors import Fault, Invalid, Unavailable
from services.schema.ids import IdKind, new_id
from services.schema.shapes.people import Caller
from services.schema.words import FactKind

ROW_COUNT_LIMIT = 100_000
ATTEMPTS = 6
_WAIT_SECONDS = 0.2
_FORMS = {form.value: form for form in BodyForm}
_CHARSET = re.compile(r'charset="?([^";\s]*)')

_log = structlog.get_logger("kaohe.facts")

router = new_streaming_router()
reading = new_router()


class TooManyRows(DoorError):
    """A batch of more rows than one may have."""

    status = 413
    code = "too_many_rows"


class RowTooLarge(DoorError):
    """A row that is longer than any row may be."""

    status = 413
    code = "row_too_large"


def _body_schema() -> dict[str, Any]:
    """The contract of a body, whose path alone says which kind of row it holds."""
    rows = [{"title": kind.value, **row_schema(kind)} for kind in FactKind]
    text = {"schema": {"type": "string"}}
    file = {"schema": {"type": "string", "format": "binary"}}
    return {
        "required": True,
        "content": {
            BodyForm.ARRAY.value: {"schema": {"type": "array", "items": {"anyOf": rows}}},
            BodyForm.LINES.value: text,
            BodyForm.TABLE.value: text,
            SHEET: file,
            OLD_SHEET: file,
        },
    }


_LIST = {
    "application/json": {
        "schema": {
            "type": "object",
            "properties": {
                "items": {
                    "type": "array",
                    "items": {"anyOf": [fact_schema(kind) for kind in FactKind]},
                },
                "total": {"type": "integer"},
                "next_cursor": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            },
            "required": ["items", "total", "next_cursor"],
        }
    }
}


@router.post(
    "/v1/facts/{kind}",
    response_model=BatchAnswer | FileAnswer | CheckAnswer,
    openapi_extra={"requestBody": _body_schema()},
)
async def post_facts(
    request: Request, kind: FactKind, query: Annotated[FileQuery, Depends()], caller: Asking
) -> Response:
    """Take a batch of facts: a JSON array, NDJSON or CSV, plain or gzip; or a file by a mapping.

    Up to 100,000 rows and 64 MiB unpacked. Rows count as if posted one after another; valid ones
    land whatever the others are, and all is durable and counted before the answer leaves. With
    `mapping` the body is an export as it is, CSV, XLSX or XLS, and `row` in the answer is the
    file's own number; what the mapping `states` of shops' days is kept for `/v1/reconciliations`.
    With `check` nothing changes, and the answer says what each column became,
    which rows would be refused and why, and the sums that would land.
    """
    query.check_alone()
    body = check_media_type(request) if query.mapping else _form_of(request)
    turns: Turns = request.app.state.turns
    with turns.place(caller.tenant):
        async with spooled(request) as spool, turns.turn(caller.tenant, lane_of(kind)):
            coming = Coming(kind, caller, query, body, spool)
            await _begin_key(request, coming)
            return await (_try(request, coming) if query.check else _take(request, coming))


@dataclass(frozen=True, slots=True)
class FactQuery:
    """Which facts are wanted; each kind can be chosen by what it has."""

    shop: Code | None = None
    employee: Code | None = None
    unit: Code | None = None
    channel: Text | None = None
    campaign: Text | None = None
    measure: FormulaCode | None = None
    from_: Annotated[Day | None, Query(alias="from")] = None
    to: Day | None = None

    def to_filter(self, kind: FactKind) -> FactFilter:
        """Refuses what facts of the kind do not have."""
        stated = {
            "shop": self.shop,
            "employee": self.employee,
            "unit": self.unit,
            "channel": self.channel,
            "campaign": self.campaign,
            "measure": self.measure,
        }
        equal = {name: value for name, value in stated.items() if value is not None}
        for name in sorted(equal.keys() - filters_of(kind)):
            fault = Fault(f"?{name}", "filter_unknown", f"Facts of {kind} have no {name}.")
            raise Invalid("invalid", fault.detail, [fault])
        return FactFilter(self.from_, self.to, equal)


@reading.get("/v1/facts/{kind}", responses={200: {"content": _LIST}}, response_model=None)
async def list_facts(
    request: Request,
    kind: FactKind,
    query: Annotated[FactQuery, Depends()],
    caller: Asking,
    session: Reading,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
) -> Response:
    """The facts that figures are made of, by the day they count on; `to` is exclusive."""
    rows, total = await read_facts(
        session,
        kind,
        query.to_filter(kind),
        await view_of(session, caller, datetime.now(UTC)),
        after=decode_cursor(request, cursor, length_of_place(kind)),
        limit=limit + 1,
    )
    page = page_of(
        request,
        rows,
        limit=limit,
        total=total,
        key=partial(place_of, kind),
        document=partial(fact_document, kind),
    )
    body = json.dumps(page.model_dump(), ensure_ascii=False, separators=(",", ":"))
    return Response(body, media_type="application/json")


@dataclass(frozen=True, slots=True)
class Coming:
    """A body that has arrived, and what is known of it."""

    kind: FactKind
    caller: Caller
    query: FileQuery
    form: str
    """Its media type."""
    spool: Spool


class _Undone(Exception):
    """Ends a transaction that was only to show what it would do."""


async def _take(request: Request, coming: Coming) -> Response:
    """Land a body in one transaction; again if another transaction stood in the way."""
    database: Database = request.app.state.database

    async def attempt() -> Response:
        async with database.write(coming.caller.tenant) as session:
            await _check_still(request, session)
            land = partial(_answered, request, session, coming)
            return await once(request, session, coming.spool.sha256, land)

    return await _again(coming, attempt)


async def _begin_key(request: Request, coming: Coming) -> None:
    """A company's first rows make its key for buyers, before the transaction that takes long."""
    database: Database = request.app.state.database
    async with database.read(coming.caller.tenant) as session:
        if await has_buyer_key(session):
            return
    async with database.write(coming.caller.tenant) as session:
        await _check_still(request, session)
        await request.app.state.buyer_keys.begin(session, at=datetime.now(UTC))


async def _try(request: Request, coming: Coming) -> Response:
    """Land a file, and undo it: what it says of conflicts and duplicates is what would be so."""
    database: Database = request.app.state.database

    async def attempt() -> Response:
        landed: list[tuple[FileRows, Tally, int]] = []
        try:
            async with database.write(coming.caller.tenant) as session:
                await _check_still(request, session)
                file = await _file_of(session, coming)
                tally = await _land(request, session, coming, file)
                landed.append((file, tally, await _state(session, coming, file, tally)))
                raise _Undone
        except _Undone:
            return await answer_check(*landed[0])

    return await _again(coming, attempt)


async def _check_still(request: Request, session: WriteSession) -> None:
    """The body took its time: a key that was revoked, or deleted with its company meanwhile, lands
    nothing any more.
    """
    await check_claim(session, claim_of(request), at=datetime.now(UTC))


async def _again(coming: Coming, attempt: Callable[[], Awaitable[Response]]) -> Response:
    for number in count(1):
        try:
            return await attempt()
        except Unavailable as error:
            if not error.contended or number == ATTEMPTS:
                cause = type(error.__cause__).__name__
                kind = coming.kind.value
                _log.warning("batch.put_off", kind=kind, attempt=number, cause=cause)
                raise
        await asyncio.sleep(_WAIT_SECONDS * number * random.uniform(0.5, 1.5))  # noqa: S311  jitter
    raise AssertionError("the last attempt returns or raises")


async def _answered(request: Request, session: WriteSession, coming: Coming) -> Response:
    file = await _file_of(session, coming) if coming.query.mapping else None
    tally = await _land(request, session, coming, file)
    days_stated: int | None = None
    if file is not None:
        days_stated = await _state(session, coming, file, tally)
        tally.rows = [replace(row, number=file.line_of(row.number)) for row in tally.rows]
    await put_down_batch(
        session,
        tally,
        coming.kind,
        caller=coming.caller,
        sha256=coming.spool.sha256,
        at=datetime.now(UTC),
    )
    return await asyncio.to_thread(answer_batch, tally, days_stated)


async def _state(session: WriteSession, coming: Coming, file: FileRows, tally: Tally) -> int:
    """Keep what the rows say of their shops' days; a row that is not taken says nothing."""
    refused = {row.number for row in tally.rows if row.outcome in REFUSED}
    return await state_file(session, file.said(refused), caller=coming.caller, at=datetime.now(UTC))


async def _file_of(session: WriteSession, coming: Coming) -> FileRows:
    # What stands must not change before the rows that are held against it have landed.
    await lock_lane(session, lane_of(coming.kind))
    return await open_file(session, coming.kind, coming.query, coming.form, coming.spool)


async def _land(
    request: Request, session: WriteSession, coming: Coming, file: FileRows | None
) -> Tally:
    kind, spool = coming.kind, coming.spool
    seal: Seal = sealer(await request.app.state.buyer_keys.hold(session), coming.caller.tenant)
    arrivals: Iterator[Arrival] = (
        read_rows(kind, BodyForm(coming.form), spool.blocks()) if file is None else file.arrivals()
    )
    restates = file is not None and "modified_at" not in file.mapping.fields
    try:
        return await add_facts(
            session,
            kind,
            _counted(arrivals),
            batch=Batch(new_id(IdKind.BATCH), coming.caller.name, datetime.now(UTC), restates),
            seal=seal,
            scrub=lambda body: scrub_row(kind, body, seal, of_file=file is not None),
        )
    except RowTooLong as error:
        raise RowTooLarge(str(error)) from error
    except BodyBroken as error:
        raise Unreadable(str(error)) from error
    except HeadingsMissing as error:
        detail = str(error)
        fault = Fault("", "headings_missing", detail)
        raise Invalid("headings_missing", detail, [fault]) from error


def _counted(rows: Iterator[Arrival]) -> Iterator[Arrival]:
    for row in rows:
        if row.number > ROW_COUNT_LIMIT:
            raise TooManyRows(f"A batch has at most {ROW_COUNT_LIMIT} rows.")
        yield row


def _form_of(request: Request) -> BodyForm:
    media_type, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    form = _FORMS.get(media_type.strip())
    if form is None:
        raise Unreadable(f"Facts are read as {', '.join(_FORMS.values())}.")
    charset = _CHARSET.search(parameters)
    if charset is not None and charset[1] not in {"utf-8", "utf8", "us-ascii"}:
        raise Unreadable("Facts are read as UTF-8.")
    return form
