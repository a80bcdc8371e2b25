"""REST of score changes: a card against an earlier one of the same subject, split by line."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Query, Request, Response

from services.api.auth import view_of
from services.api.flows.score_changes import find_against, score_change_documents
from services.api.rest.scheme_documents import NameDocument
from services.api.rest.scorecards import CardId, find_visible
from services.api.rest.settled import new_settled_router
from services.door.etags import tagged
from services.door.routes import Asking, Reading
from services.door.wire import Code, DecimalText, Model
from services.schema.errors import NotFound
from services.schema.shapes.score_changes import Cause, ChangedPart
from services.schema.words import ScorecardStatus

router = new_settled_router()


class ComparedCardDocument(Model):
    """One of the cards."""

    id: str
    cycle: Code
    revision: int
    status: ScorecardStatus
    scheme: Code
    scheme_version: int
    total: DecimalText | None
    grade: str | None


class LineThenDocument(Model):
    """A line as it stood; with several segments only its points are told, by their days."""

    value: DecimalText | None
    target: DecimalText | None
    score: DecimalText | None
    weight: DecimalText | None
    points: DecimalText


class CauseDocument(Model):
    """What of a line's part one cause did."""

    cause: Cause
    part: DecimalText


class LineChangeDocument(Model):
    """What one item did to the total; the causes sum to its part exactly."""

    item: Code
    indicator: Code | None
    before: LineThenDocument | None
    after: LineThenDocument | None
    part: DecimalText
    causes: list[CauseDocument]


class ChangeMarkDocument(Model):
    """Something that differs between the cards and is nobody's performance."""

    what: ChangedPart
    item: Code | None
    before: str | None
    after: str | None


class ScoreChangeDocument(Model):
    """The change of a total: lines, adjustments, gates and rounding sum to it exactly."""

    before: ComparedCardDocument
    after: ComparedCardDocument
    reason: Literal["incomplete"] | None
    """Why there are no parts: one of the cards has no total."""
    change: DecimalText | None
    adjustments: DecimalText | None
    gates: DecimalText | None
    """What gates that cap gave back or took."""
    rounding: DecimalText | None
    """What rounding totals to 2 decimals leaves."""
    lines: list[LineChangeDocument]
    marks: list[ChangeMarkDocument]
    words: NameDocument


@router.get("/v1/scorecards/{id}/change", response_model=ScoreChangeDocument)
async def get_score_change(
    request: Request,
    id: CardId,
    caller: Asking,
    session: Reading,
    against: Annotated[Code | None, Query()] = None,
) -> Response:
    """The scorecard against another of the same subject: named by its id or cycle, else the last
    one before.

    Marks say what was measured otherwise: another scheme or version, definition, rule, weight,
    target.
    """
    at = datetime.now(UTC)
    card = await find_visible(session, id, caller, at=at)
    view = await view_of(session, caller, at)
    (other,) = await find_against(session, [(card, against)], view)
    if other is None:
        raise NotFound("scorecard to compare with")
    (document,) = await score_change_documents(session, [(card, other)])
    return tagged(request, document)
