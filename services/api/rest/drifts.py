"""REST of drifts: published cards that come out otherwise today, with both values."""

from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import ConfigDict, Field

from services.api.rest.documents import cards_told
from services.api.rest.scorecard_documents import Fingerprint
from services.api.rest.stored import answer_page
from services.api.store.drifts import read_page_of_drifts
from services.door.pages import LIMIT, LIMIT_MAXIMUM, Listed, decode_cursor
from services.door.routes import Reading, new_router
from services.door.wire import Code, Model

router = new_router()


class DriftQuery(Model):
    """Which drifts to list, oldest first."""

    # A query is text: its numbers are read from it.
    model_config = ConfigDict(strict=False)

    cycle: Code | None = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAXIMUM)] = LIMIT
    cursor: Annotated[str | None, Field(max_length=1000)] = None


class DriftedFigure(Model):
    """A figure as it was published, and as it is computed today."""

    figure: str
    published: str | None
    recomputed: str | None


class DriftDocument(Model):
    """A published card that comes out otherwise today; nothing of it was edited."""

    id: str
    result: str
    scorecard: str
    cycle: Code
    period: str
    subject: str
    revision: int
    figures: list[DriftedFigure]
    recomputed: Fingerprint
    found_at: Annotated[str, Field(json_schema_extra={"format": "date-time"})]


@router.get("/v1/drifts", response_model=Listed[DriftDocument])
async def list_drifts(
    request: Request, query: Annotated[DriftQuery, Query()], session: Reading
) -> Response:
    """What `kaohe recompute --published` found; each drift once."""
    last = decode_cursor(request, query.cursor, 1)
    found, total = await read_page_of_drifts(
        session, query.cycle, after=last[0] if last else None, limit=query.limit + 1
    )
    session.shown |= cards_told(row[1] for row in found[: query.limit])
    return answer_page(
        request,
        found,
        limit=query.limit,
        total=total,
        key=lambda row: [row[0]],
        document=lambda row: row[1],
    )
