"""Rows that were refused: listed as they were posted, and tried again."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated

from fastapi import Path, Request, Response

from services.door.batches import BatchAnswer
from services.door.pages import LIMIT, Cursor, Limit, Listed, decode_cursor, page_of
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import Code, Instant, Model
from services.ingest.core.buyers import resealer
from services.ingest.flows.buyers import BuyerKeys
from services.ingest.flows.rejected import retry_row
from services.ingest.rest.batches import answer_batch
from services.ingest.rest.mappings import find_mapping
from services.ingest.sources.accounts import read_supplement
from services.ingest.store.buyer_keys import has_buyer_key
from services.ingest.store.rejected import KeptRow, read_rejected
from services.schema.db import ReadSession
from services.schema.errors import NotFound
from services.schema.ids import IdKind, is_id
from services.schema.shapes.mappings import FileMapping
from services.schema.words import FactKind, Outcome

router = new_router()


class RejectedDocument(Model):
    """A refused row; it stays until it is retried or replaced by a good one."""

    id: str
    batch: str
    row: int
    """Counted from 1 in its batch."""
    kind: FactKind
    source: str | None
    shop: str | None
    """Null where the row names none that is known."""
    fact: str | None
    """What its source knows it by: the id, or day and dimensions."""
    outcome: Outcome
    code: str
    pointer: str
    detail: str
    body: str | None
    """As it came, to the letter, but for a hashed buyer and for what fields that do not exist held.
    Of a marketplace's row what is not kept stands by its names under `withheld`; one of a file has
    under `came` its mapping and what stood in the columns that are read. Null once that has
    expired, and then the row cannot be retried.
    """
    received_at: Instant

    @classmethod
    def from_shape(cls, kept: KeptRow) -> "RejectedDocument":
        row = kept.rejected
        return cls(
            id=row.id,
            batch=kept.batch,
            row=row.row,
            kind=kept.kind,
            source=row.source or None,
            shop=row.shop or None,
            fact=row.fact or None,
            outcome=row.outcome,
            code=row.fault.code,
            pointer=row.fault.pointer,
            detail=row.fault.detail,
            body=row.body,
            received_at=kept.received_at,
        )


@router.get("/v1/rejected")
async def list_rejected(
    request: Request,
    session: Reading,
    kind: FactKind | None = None,
    shop: Code | None = None,
    batch: Code | None = None,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
) -> Listed[RejectedDocument]:
    """The refused rows that are kept, oldest first."""
    last = decode_cursor(request, cursor, 1)
    rows, total = await read_rejected(
        session,
        kind=kind,
        shop=shop,
        batch=batch,
        after=last[0] if last else None,
        limit=limit + 1,
    )
    return page_of(
        request,
        rows,
        limit=limit,
        total=total,
        key=lambda row: [row.rejected.id],
        document=RejectedDocument.from_shape,
    )


@router.post("/v1/rejected/{id}/retry", response_model=BatchAnswer)
async def retry_rejected(
    request: Request,
    id: Annotated[str, Path(max_length=64)],
    caller: Asking,
    session: Writing,
) -> Response:
    """Take a refused row as if it were posted now; answered as a batch of one.

    It is no longer kept unless it is refused again, which keeps it anew.
    """
    if not is_id(IdKind.REJECTED, id):
        raise NotFound("refused row")
    keys: BuyerKeys = request.app.state.buyer_keys
    if not await has_buyer_key(session):
        await keys.begin(session, at=datetime.now(UTC))
    tally = await retry_row(
        session,
        id,
        caller=caller,
        seal=resealer(await keys.hold(session), caller.tenant),
        supplement=partial(read_supplement, request.app.state.settings.marketplaces),
        find=partial(_find_mapping, session),
        at=datetime.now(UTC),
    )
    return answer_batch(tally)


async def _find_mapping(session: ReadSession, code: str) -> FileMapping | None:
    try:
        return await find_mapping(session, code)
    except NotFound:
        return None
