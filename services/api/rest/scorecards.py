"""REST of scorecards: documents served as they were written, to who may see them."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import ConfigDict, Field

from services.api.auth import view_of
from services.api.flows.explanations import told_explanations
from services.api.flows.units import units_below
from services.api.rest.documents import bytes_of
from services.api.rest.explanation_documents import ToldExplanationDocument
from services.api.rest.scorecard_documents import ScorecardDocument
from services.api.rest.settled import new_settled_router
from services.api.rest.stored import answer_page
from services.api.store.results import read_published_revisions
from services.api.store.scorecards import (
    CardFilter,
    Sort,
    read_card,
    read_page_of_cards,
    read_revisions,
)
from services.door.etags import etag_of, tagged
from services.door.pages import LIMIT, LIMIT_MAXIMUM, Listed, decode_cursor
from services.door.routes import Asking, Reading
from services.door.wire import Code, DecimalText, Instant, Model
from services.schema.db import ReadSession
from services.schema.errors import Fault, Invalid, NotFound
from services.schema.money import TOTAL_PLACES, fixed
from services.schema.shapes.people import Caller
from services.schema.shapes.results import Result
from services.schema.shapes.scorecards import Scorecard
from services.schema.words import ScorecardStatus

router = new_settled_router()

CardId = Annotated[str, Field(max_length=64)]


class CardQuery(Model):
    """Which scorecards to list, in which order."""

    # A query is text: its numbers are read from it.
    model_config = ConfigDict(strict=False)

    cycle: Code | None = None
    unit: Code | None = None
    """With all below."""
    position: Code | None = None
    employee: Code | None = None
    grade: Annotated[str | None, Field(max_length=64)] = None
    status: ScorecardStatus | None = None
    sort: Sort = Sort.SUBJECT
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAXIMUM)] = LIMIT
    cursor: Annotated[str | None, Field(max_length=1000)] = None


class RevisionDocument(Model):
    """One revision of a scorecard, and what was published of it."""

    scorecard: str
    revision: int
    status: ScorecardStatus
    total: DecimalText | None
    grade: str | None
    computed_at: Instant
    fingerprint: str
    result: str | None
    published_at: Instant | None


@router.get("/v1/scorecards", response_model=Listed[ScorecardDocument])
async def list_scorecards(
    request: Request, query: Annotated[CardQuery, Query()], caller: Asking, session: Reading
) -> Response:
    """The scorecards that the caller may see: of each cycle those of its current revision."""
    view = await view_of(session, caller, datetime.now(UTC))
    wanted = CardFilter(
        subjects=view.subjects(),
        cycle=query.cycle,
        units=await units_below(session, query.unit),
        position=query.position,
        employee=query.employee,
        grade=query.grade,
        status=query.status,
    )
    last = decode_cursor(request, query.cursor, 4)
    if last is not None and last[0] != query.sort:
        fault = Fault("?cursor", "cursor_invalid", "The cursor is one of another order.")
        raise Invalid("invalid", fault.detail, [fault])
    cards, total = await read_page_of_cards(
        session, wanted, sort=query.sort, after=last[1:] if last else None, limit=query.limit + 1
    )
    session.shown |= {card.id: card.subject for card in cards[: query.limit]}
    return answer_page(
        request,
        cards,
        limit=query.limit,
        total=total,
        key=lambda card: [query.sort.value, *card.place(query.sort)],
        document=lambda card: card.document,
    )


@router.get("/v1/scorecards/{id}", response_model=ScorecardDocument)
async def get_scorecard(request: Request, id: CardId, caller: Asking, session: Reading) -> Response:
    """The scorecard as it was last computed; the same bytes until an input changes."""
    card = await find_visible(session, id, caller, at=datetime.now(UTC))
    return tagged(request, card.document, etag=etag_of(card.document))


@router.get("/v1/scorecards/{id}/explanation", response_model=ToldExplanationDocument)
async def get_explanation(
    request: Request, id: CardId, caller: Asking, session: Reading
) -> Response:
    """Every step with its inputs, down to how many records there are and where they are read.

    `tree` tells the same in Chinese and English, from the grade down.
    """
    card = await find_visible(session, id, caller, at=datetime.now(UTC))
    (told,) = await told_explanations(session, [card.explanation])
    return tagged(request, told)


@router.get("/v1/scorecards/{id}/history", response_model=Listed[RevisionDocument])
async def get_history(request: Request, id: CardId, caller: Asking, session: Reading) -> Response:
    """The revisions of a subject's scorecard in its cycle, and what was published of each."""
    card = await find_visible(session, id, caller, at=datetime.now(UTC))
    about = (card.cycle, card.subject)
    cards = (await read_revisions(session, [about]))[about]
    results = (await read_published_revisions(session, [about]))[about]
    items = [_revision(each, results.get(each.revision)) for each in cards]
    page = Listed[RevisionDocument](items=items, total=len(items), next_cursor=None)
    return tagged(request, bytes_of(page))


async def find_visible(
    session: ReadSession, card_id: str, caller: Caller, *, at: datetime
) -> Scorecard:
    """A scorecard that the caller may see; of any other nothing is said."""
    card = await read_card(session, card_id)
    view = await view_of(session, caller, at)
    if card is None or not view.sees(card.subject):
        raise NotFound("scorecard")
    session.shown[card.id] = card.subject
    return card


def _revision(card: Scorecard, result: Result | None) -> RevisionDocument:
    return RevisionDocument(
        scorecard=card.id,
        revision=card.revision,
        status=card.status,
        total=None if card.total is None else fixed(card.total, TOTAL_PLACES),
        grade=card.grade,
        computed_at=card.computed_at,
        fingerprint=card.fingerprint,
        result=None if result is None else result.id,
        published_at=None if result is None else result.published_at,
    )
