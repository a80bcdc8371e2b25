"""REST of results: what was published, served as it was stored."""

import json
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import ConfigDict, Field

from services.api.auth import view_of
from services.api.core.documents import to_bytes
from services.api.core.views import sees_pay
from services.api.flows.units import units_below
from services.api.rest.payout_documents import PayoutDocument
from services.api.rest.scorecard_documents import Fingerprint
from services.api.rest.stored import answer_page
from services.api.store.results import ResultFilter, read_page_of_results, read_result
from services.door.etags import tagged
from services.door.pages import LIMIT, LIMIT_MAXIMUM, Listed, decode_cursor
from services.door.routes import Asking, Reading, new_router
from services.door.wire import Code, DecimalText, Model
from services.schema.errors import NotFound
from services.schema.shapes.people import Caller
from services.schema.words import Approver

router = new_router()

ResultId = Annotated[str, Field(max_length=64)]


class ResultQuery(Model):
    """Which results to list, oldest publication first."""

    # A query is text: its numbers are read from it.
    model_config = ConfigDict(strict=False)

    cycle: Code | None = None
    employee: Code | None = None
    unit: Code | None = None
    """With all below."""
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAXIMUM)] = LIMIT
    cursor: Annotated[str | None, Field(max_length=1000)] = None


class ApprovalDocument(Model):
    """Who approved, in which part, and when."""

    part: Approver
    by: str
    at: str


class ResultDocument(Model):
    """The immutable outcome of a scorecard, with its pay."""

    id: str
    cycle: Code
    period: str
    subject: str
    unit: Code
    scorecard: str
    scheme: Code
    scheme_version: int
    revision: int
    total: DecimalText
    grade: str | None
    coefficient: DecimalText | None
    rank: int | None
    payouts: list[PayoutDocument] | None
    """Null for viewers, who see scores without pay."""
    approvals: list[ApprovalDocument]
    fingerprint: Fingerprint
    published_at: Annotated[str, Field(json_schema_extra={"format": "date-time"})]


@router.get("/v1/results", response_model=Listed[ResultDocument])
async def list_results(
    request: Request, query: Annotated[ResultQuery, Query()], caller: Asking, session: Reading
) -> Response:
    """The results that the caller may see, of every revision, oldest publication first."""
    view = await view_of(session, caller, datetime.now(UTC))
    units = await units_below(session, query.unit)
    wanted = ResultFilter(view.subjects(), query.cycle, query.employee, units)
    last = decode_cursor(request, query.cursor, 2)
    after = (datetime.fromisoformat(last[0]), last[1]) if last else None
    found, total = await read_page_of_results(session, wanted, after=after, limit=query.limit + 1)
    session.shown |= {each.scorecard: each.subject for each in found[: query.limit]}
    return answer_page(
        request,
        found,
        limit=query.limit,
        total=total,
        key=lambda result: result.place,
        document=lambda result: _shown(result.document, caller),
    )


@router.get("/v1/results/{id}", response_model=ResultDocument)
async def get_result(request: Request, id: ResultId, caller: Asking, session: Reading) -> Response:
    result = await read_result(session, id)
    view = await view_of(session, caller, datetime.now(UTC))
    if result is None or not view.sees(result.subject):
        raise NotFound("result")
    session.shown[result.scorecard] = result.subject
    return tagged(request, _shown(result.document, caller))


def _shown(document: bytes, caller: Caller) -> bytes:
    """The document as it was stored; a viewer sees scores without pay."""
    if sees_pay(caller.role):
        return document
    return to_bytes({**json.loads(document), "payouts": None})
