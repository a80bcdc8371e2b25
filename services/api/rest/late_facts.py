"""REST of late facts: which cards wait for what, what it would change, and what HR decides."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import ConfigDict, Field

from services.api.flows.late_facts import decide, put_limit, read_case, read_waiting
from services.api.rest.documents import bytes_of, cards_told, put_answer
from services.api.rest.settled import new_settled_router
from services.api.rest.stored import answer_page
from services.api.store.late_facts import read_most_periods, read_page_of_decisions
from services.door.etags import check_match, etag_of, tagged
from services.door.pages import LIMIT, LIMIT_MAXIMUM, Listed, decode_cursor
from services.door.routes import Asking, Reading, Writing
from services.door.wire import Code, Currency, DecimalText, LongText, Model
from services.schema.errors import NotFound
from services.schema.money import fixed, minor_places
from services.schema.shapes.payouts import PayChange
from services.schema.words import CycleStatus, FactKind, LateBasis, LateDecision, PayPlan

router = new_settled_router()

Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
CardId = Annotated[str, Field(max_length=64)]


class LateQuery(Model):
    """Which cards that wait, or which decisions, to list."""

    # A query is text: its numbers are read from it.
    model_config = ConfigDict(strict=False)

    cycle: Code | None = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAXIMUM)] = LIMIT
    cursor: Annotated[str | None, Field(max_length=1000)] = None


class LateFactDocument(Model):
    """A fact that came late, as it counts on a day under a name."""

    kind: FactKind
    source: str
    id: str
    day: str
    shop: str | None
    unit: str | None
    employee: str | None
    counts_for: LateBasis
    modified_at: Instant
    came_at: Instant
    rejected: bool
    """It came before the last rejection; being a fact, it is part of what comes out."""


class FigureDocument(Model):
    """A figure of the card, as it stands and as it would be.

    `/tie_breakers/{indicator}` is none that the card shows: people of equal totals are ranked by
    it, so that it may be another's grade in a quota.
    """

    figure: str
    before: str | None
    after: str | None


class PayChangeDocument(Model):
    """What a plan pays, and what it would pay."""

    place: int
    plan: PayPlan | None
    before: DecimalText
    after: DecimalText
    difference: DecimalText
    currency: Currency

    @classmethod
    def from_shape(cls, change: PayChange) -> "PayChangeDocument":
        places = minor_places(change.currency)
        return cls(
            place=change.place,
            plan=change.plan,
            before=fixed(change.before, places),
            after=fixed(change.after, places),
            difference=fixed(change.after - change.before, places),
            currency=change.currency,
        )


class ProposalDocument(Model):
    """Who would accept late facts of a published cycle, and why; another has to as well."""

    by: str
    """An employee, or a key that is nobody's."""
    reason: str
    proposed_at: Instant


class WaitingDocument(Model):
    """A card for which facts came after its data were closed, known by the card's id."""

    id: str
    cycle: Code
    period: str
    status: CycleStatus
    subject: str
    revision: int
    waiting_since: Instant
    refusal: str | None
    """Why it cannot be accepted now: `cycle_settled`, `period_too_old`; null where it can."""
    facts: list[LateFactDocument]
    """The first hundred."""
    facts_total: int
    figures: list[FigureDocument]
    pay: list[PayChangeDocument] | None
    """Null where nobody can say: units, live cards or ones without a total, leaders before their
    members.
    """
    proposal: ProposalDocument | None = None
    """Null before somebody has proposed to accept it, and again once it has changed."""


class LateDecisionDocument(WaitingDocument):
    """What was decided, with what was known of it then."""

    scorecard: str
    decision: LateDecision
    reason: str
    author: str
    decided_at: Instant
    entries: list[str]
    """The payroll entries that correct what was published."""


class LateSettings(Model):
    """For how many past periods late facts are taken; null is for all."""

    correction_periods: Annotated[int | None, Field(ge=0, le=1_000)] = None


class StatedDecision(Model):
    """What becomes of all that came late for a card, and why."""

    decision: Annotated[LateDecision, Field(strict=False)]
    reason: LongText


@router.get("/v1/late-facts", response_model=Listed[WaitingDocument])
async def list_late_facts(
    request: Request, query: Annotated[LateQuery, Query()], session: Reading
) -> Response:
    """The cards that wait for a decision, each with its late facts and what they would change.

    Of cycles that were opened again these are the cards that keep their figures, since late facts
    of them were rejected.
    """
    last = decode_cursor(request, query.cursor, 1)
    found, total = await read_waiting(
        session,
        query.cycle,
        after=last[0] if last else None,
        limit=query.limit + 1,
        at=datetime.now(UTC),
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


@router.get("/v1/late-facts/decisions", response_model=Listed[LateDecisionDocument])
async def list_late_decisions(
    request: Request, query: Annotated[LateQuery, Query()], session: Reading
) -> Response:
    """What was decided of late facts, oldest first; nothing of it is ever edited."""
    last = decode_cursor(request, query.cursor, 1)
    found, total = await read_page_of_decisions(
        session, query.cycle, after=last[0] if last else None, limit=query.limit + 1
    )
    session.shown |= cards_told(each.document for each in found[: query.limit])
    return answer_page(
        request,
        found,
        limit=query.limit,
        total=total,
        key=lambda each: [each.id],
        document=lambda each: each.document,
    )


@router.get("/v1/late-facts/settings", response_model=LateSettings)
async def get_late_settings(request: Request, session: Reading) -> Response:
    """How long facts may still be accepted after their period."""
    settings = LateSettings(correction_periods=await read_most_periods(session))
    return tagged(request, bytes_of(settings))


@router.put("/v1/late-facts/settings", response_model=LateSettings)
async def put_late_settings(stated: LateSettings, caller: Asking, session: Writing) -> Response:
    """Say for how many past periods late facts are taken; beyond it acceptance is refused."""
    await put_limit(session, stated.correction_periods, caller=caller, at=datetime.now(UTC))
    return put_answer(stated, created=False)


@router.get("/v1/late-facts/{id}", response_model=WaitingDocument)
async def get_late_facts(request: Request, id: CardId, session: Reading) -> Response:
    """One card that waits, with its tag."""
    document = await read_case(session, id, at=datetime.now(UTC))
    if document is None:
        raise NotFound("late facts")
    session.shown |= cards_told([document])
    return tagged(request, document)


@router.post(
    "/v1/late-facts/{id}/decision",
    status_code=201,
    response_model=LateDecisionDocument,
    responses={202: {"model": WaitingDocument, "description": "Proposed; another has to accept."}},
)
async def post_late_decision(
    request: Request,
    id: CardId,
    stated: StatedDecision,
    caller: Asking,
    session: Writing,
) -> Response:
    """Accept or reject what came late for a card, all of it.

    Accepted before calibration it goes into the card; after publication it corrects the pay by new
    entries. That takes two people: the first to accept proposes it (202), another decides. What
    comes meanwhile is more than was proposed, and is proposed anew. Rejected it comes in by no new
    revision: the card keeps its figures of facts, and while its cycle is open again accepting lets
    it follow them. An `If-Match` with the tag of what was read refuses what has grown since.
    """
    document, is_decided = await decide(
        session,
        id,
        stated.decision,
        reason=stated.reason,
        permit=lambda current: check_match(request, etag_of(current)),
        caller=caller,
        at=datetime.now(UTC),
    )
    status = 201 if is_decided else 202
    return Response(document, status, media_type="application/json")
