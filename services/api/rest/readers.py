"""REST of readers: whom a scorecard was shown to, for its subject and HR."""

from datetime import UTC, datetime
from typing import Annotated, Protocol

from fastapi import Request, Response
from pydantic import Field

from services.api.auth import view_of
from services.api.store.readers import Place, read_page_of_readers
from services.api.store.scorecards import read_card
from services.door.callers import claim_of
from services.door.pages import LIMIT, Cursor, Limit, Listed, decode_cursor, page_of
from services.door.requests import StrictRequest
from services.door.routes import Asking, Handler, Reading, TransactionRoute, router_of
from services.door.wire import Code, Day, Instant, Model
from services.schema.errors import Forbidden, NotFound
from services.schema.shapes.readers import Reader
from services.schema.words import Role


class PutsDown(Protocol):
    """Who knows what was shown just now; the app has one."""

    async def put_down(self, tenant: int) -> None: ...


class ReadersRoute(TransactionRoute):
    """What was shown before a request is put down before it reads."""

    async def serve(self, request: StrictRequest, handler: Handler) -> Response:
        seen: PutsDown = request.app.state.seen
        await seen.put_down(claim_of(request).tenant)
        return await super().serve(request, handler)


router = router_of(ReadersRoute)


class ReaderDocument(Model):
    """A day on which somebody was shown the scorecard, alone or in a list."""

    day: Day
    """In UTC."""
    reader: str
    """The key or token that asked."""
    role: Role
    employee: Code | None
    """Whose key or token it is."""
    route: str
    """What was asked."""
    read_at: Instant
    """The first time of the day."""

    @classmethod
    def from_shape(cls, found: Reader) -> "ReaderDocument":
        return cls(
            day=found.day,
            reader=found.reader,
            role=found.role,
            employee=found.employee,
            route=found.route,
            read_at=found.read_at,
        )


@router.get("/v1/scorecards/{id}/readers")
async def list_readers(
    request: Request,
    id: Annotated[str, Field(max_length=64)],
    caller: Asking,
    session: Reading,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
) -> Listed[ReaderDocument]:
    """Whom a scorecard was shown to besides its subject, newest first: a row for each day.

    Readings through other processes come within seconds. Payroll is told every result by its feed
    and its exports; what it pulls there is no row.
    """
    card = await read_card(session, id)
    view = await view_of(session, caller, datetime.now(UTC))
    if card is None or not view.sees(card.subject):
        raise NotFound("scorecard")
    if not view.may_see_readers(card.subject):
        raise Forbidden("forbidden", "Who saw a scorecard is for its subject and HR to know.")
    last = decode_cursor(request, cursor, 3)
    after: Place | None = (datetime.fromisoformat(last[0]), last[1], last[2]) if last else None
    found, total = await read_page_of_readers(session, id, after=after, limit=limit + 1)
    return page_of(
        request,
        found,
        limit=limit,
        total=total,
        key=lambda each: [each.read_at.isoformat(), each.reader, each.route],
        document=ReaderDocument.from_shape,
    )
