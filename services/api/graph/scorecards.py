"""Graph of scorecards: the stored documents, and their links to people, cycles and indicators."""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.scalars import JSON

from services.api.flows.units import units_below
from services.api.graph.context import Asked, GraphContext
from services.api.graph.cycles import Cycle, find_cycle
from services.api.graph.disputes import Dispute, disputes_of
from services.api.graph.documents import parse, read_document
from services.api.graph.improvements import Improvement, improvements_of
from services.api.graph.indicators import Indicator, find_indicator
from services.api.graph.interviews import Interview, interview_of
from services.api.graph.loaders import PageOf
from services.api.graph.next_steps import NextSteps, next_steps_of_card
from services.api.graph.nodes import Node, link
from services.api.graph.pages import USUAL, After, Connection, First, listing
from services.api.graph.pay_adjustments import PayAdjustment, pay_adjustments_of
from services.api.graph.ratings import (
    GivenRating,
    InvitedRater,
    StatedAdjustment,
    adjustments_of,
    raters_of,
    ratings_of,
)
from services.api.graph.readers import Reader, readers_of_card
from services.api.graph.reviews import CardReview, review_of
from services.api.graph.revisions import CardRevision, history_of
from services.api.graph.scalars import DayText, DecimalText, InstantText
from services.api.graph.schemes import GateCondition, GateEffect
from services.api.graph.score_changes import ScoreChange, change_of_card
from services.api.store.histories import Kept
from services.api.store.scorecards import CardFilter, Sort, read_card, read_page_of_cards
from services.schema.shapes.people import Subject, parse_subject
from services.schema.words import GradeOrigin, LineStatus, ScorecardStatus, SubjectKind

if TYPE_CHECKING:
    from services.api.graph.employees import Employee

LazyEmployee = Annotated["Employee", strawberry.lazy("services.api.graph.employees")]
strawberry.enum(Sort, name="ScorecardSort")


@strawberry.type(description="One item's value against its target, scored.")
class Line:
    segment: int | None
    section: str
    item: str
    indicator: str | None = strawberry.field(description="Null where people rate.")
    value: DecimalText | None
    target: DecimalText | None
    attainment: DecimalText | None
    score: DecimalText | None
    weight: DecimalText = strawberry.field(description="Its share of the whole, in percent.")
    points: DecimalText | None
    status: LineStatus

    @link("What the indicator means.")
    async def definition(self, info: Asked) -> Indicator | None:
        if self.indicator is None:
            return None
        return await find_indicator(info.context, self.indicator)


@strawberry.type(description="A section's weight and score.")
class SectionScore:
    segment: int | None
    section: str
    weight: DecimalText
    score: DecimalText | None


@strawberry.type(description="A reward or penalty in points.")
class Adjustment:
    points: DecimalText
    reason: str
    author: str


@strawberry.type(description="A stretch of the cycle in one position, unit and set of shops.")
class Segment:
    from_: DayText = strawberry.field(name="from")
    to: DayText
    days: int
    position: str | None
    unit: str | None
    scheme: str
    scheme_version: int
    total: DecimalText | None


@strawberry.type(description="A gate that bit, and the figure on which it did.")
class GateBite:
    segment: int | None
    when: GateCondition
    then: GateEffect
    actual: DecimalText


@strawberry.type(description="One subject in one cycle: lines, total, grade.")
class Scorecard(Node):
    cycle: str
    subject: str
    scheme: str
    scheme_version: int
    revision: int
    status: ScorecardStatus
    total: DecimalText | None
    grade: str | None
    coefficient: DecimalText | None
    rank: int | None = strawberry.field(description="Null while the cycle is open.")
    lines: list[Line]
    sections: list[SectionScore]
    gates: list[GateBite]
    adjustments: list[Adjustment]
    segments: list[Segment]
    coverage: DecimalText
    provisional: bool
    computed_at: InstantText
    fingerprint: str
    grade_origin: GradeOrigin | None = strawberry.field(
        description="Null before calibration: bands and gates give the grade."
    )

    @link("The person scored; null where the subject is a unit.")
    async def employee(self, info: Asked) -> LazyEmployee | None:
        return await employee_of(info.context, self.subject)

    @link("What would raise it: distances, what they give, and where its pace leads.")
    async def next_steps(self, info: Asked) -> NextSteps | None:
        return await next_steps_of_card(info.context, str(self.id))

    @link("Every step from records to the grade, with `tree`: the document that REST gives.")
    async def explanation(self, info: Asked) -> JSON | None:
        return await explanation_of(info.context, str(self.id))

    @link("Its change from another card of the subject, by id or cycle; from the one before.")
    async def change(self, info: Asked, against: str | None = None) -> ScoreChange | None:
        return await change_of_card(info.context, str(self.id), against)

    @link("What people gave; who of the unnamed roles gave it is told to HR alone.")
    async def ratings(self, info: Asked) -> list[GivenRating]:
        return await ratings_of(info.context, self.cycle, self.subject)

    @link("Who is asked to rate it, and how many items each has rated; for HR.")
    async def raters(self, info: Asked) -> list[InvitedRater] | None:
        return await raters_of(info.context, self.cycle, self.subject)

    @link("All rewards and penalties, those among them that were withdrawn.")
    async def adjustment_history(self, info: Asked) -> list[StatedAdjustment]:
        return await adjustments_of(info.context, self.cycle, self.subject)

    @link("Rewards and penalties in money, as they were stated; for HR. Null for a unit.")
    async def pay_adjustments(self, info: Asked) -> list[PayAdjustment] | None:
        return await pay_adjustments_of(info.context, self.cycle, self.subject)

    @link("Its revisions, first to last, and what was published of each.")
    async def history(self, info: Asked) -> list[CardRevision] | None:
        return await history_of(info.context, self.cycle, self.subject)

    @link("All that it was made of, signed, to be recomputed offline: the document of REST.")
    async def receipt(self, info: Asked) -> JSON | None:
        return await receipt_of_card(info.context, str(self.id))

    @link("How far its review has come: the step, whose turn it is, and the trail.")
    async def review(self, info: Asked) -> CardReview | None:
        return await review_of(info.context, str(self.id))

    @link("The interview that follows the result, with goals that have no weight.")
    async def interview(self, info: Asked) -> Interview | None:
        return await interview_of(info.context, str(self.id))

    @link("What interviews of its cycle and of those before agreed, and what became of it.")
    async def improvements(self, info: Asked) -> list[Improvement] | None:
        return await improvements_of(info.context, str(self.id))

    @link("What was contested of it, in every revision, and what HR decided.")
    async def disputes(self, info: Asked) -> list[Dispute] | None:
        return await disputes_of(info.context, self.cycle, self.subject)

    @link("Whom it was shown to, the last hundred; for its subject and HR.")
    async def readers(self, info: Asked) -> list[Reader] | None:
        return await readers_of_card(info.context, str(self.id), self.subject)

    @link("The cycle of the card.")
    async def in_cycle(self, info: Asked) -> Cycle | None:
        return await find_cycle(info.context, self.cycle)


async def scorecards(  # noqa: PLR0913  the filters that REST has
    info: Asked,
    *,
    cycle: str | None = None,
    unit: str | None = None,
    position: str | None = None,
    employee: str | None = None,
    grade: str | None = None,
    status: ScorecardStatus | None = None,
    sort: Sort = Sort.SUBJECT,
    first: First = USUAL,
    after: After = None,
) -> Connection[Scorecard]:
    """Scorecards that the caller sees: of each cycle its current revision, of a unit all below."""
    context = info.context
    context.authorize("REST GET /v1/scorecards")
    await context.settle()
    view = await context.view()
    page = listing(context, f"scorecards {sort}", first, after, length=3)
    async with context.read() as session:
        wanted = CardFilter(
            subjects=view.subjects(),
            cycle=cycle,
            units=await units_below(session, unit),
            position=position,
            employee=employee,
            grade=grade,
            status=status,
        )
        cards, total = await read_page_of_cards(
            session, wanted, sort=sort, after=page.after, limit=page.limit
        )
        session.shown |= {card.id: card.subject for card in cards[:first]}
    return page.show(
        cards,
        total,
        node=lambda card: from_document(card.document),
        place=lambda card: card.place(sort),
    )


async def scorecard(info: Asked, id: strawberry.ID) -> Scorecard | None:
    """A scorecard that the caller sees."""
    return await find_scorecard(info.context, str(id))


async def scorecard_changed(
    info: Asked, cycle: str, employee: str | None = None
) -> AsyncGenerator[Scorecard, None]:
    """A cycle's scorecards as they change, or one person's alone; the caller's view is asked anew
    for each. What was there before is not sent: subscribe first, then read.
    """
    context = info.context
    await context.renew()
    context.authorize("REST GET /v1/scorecards/{id}")
    subject = Subject(SubjectKind.EMPLOYEE, employee) if employee is not None else None
    with context.changes.follow(context.caller.tenant, cycle, subject) as follower:
        async for card in follower.cards():
            await context.renew()
            changed = await find_scorecard(context, card)
            if changed is not None:
                yield changed


async def find_scorecard(context: GraphContext, card_id: str) -> Scorecard | None:
    """A scorecard by its id, as far as the caller sees it."""
    context.authorize("REST GET /v1/scorecards/{id}")
    await context.settle()
    view = await context.view()
    async with context.read() as session:
        card = await read_card(session, card_id)
        if card is None or not view.sees(card.subject):
            return None
        session.shown[card.id] = card.subject
    return from_document(card.document)


async def scorecards_of_employee(
    context: GraphContext, code: str, cycle: str | None, first: int, after: str | None
) -> Connection[Scorecard]:
    """A person's scorecards; none where the caller does not see the person's figures."""
    context.authorize("REST GET /v1/scorecards")
    await context.settle()
    page = listing(context, f"scorecards of {code}", first, after, length=2)
    if not (await context.view()).sees(Subject(SubjectKind.EMPLOYEE, code)):
        return page.show([], 0, node=_node, place=_place)
    place = tuple(page.after) if page.after else None
    found = await context.loaders.cards_by_page.load(PageOf(code, cycle, place, page.limit))
    return page.show(found.page, found.total, node=_node, place=_place)


async def explanation_of(context: GraphContext, card: str) -> JSON | None:
    """How a card that the caller sees came about."""
    context.authorize("REST GET /v1/scorecards/{id}/explanation")
    told = await context.loaders.explanation_by_card.load(card)
    return None if told is None else JSON(parse(told))


async def receipt_of_card(context: GraphContext, card: str) -> JSON | None:
    """The signed receipt of a card that the caller sees."""
    context.authorize("REST GET /v1/scorecards/{id}/receipt")
    signed = await context.loaders.receipt_by_card.load(card)
    return None if signed is None else JSON(parse(signed))


async def employee_of(context: GraphContext, subject: str) -> LazyEmployee | None:
    """The person whom a card or result is about."""
    from services.api.graph.employees import find_employee  # noqa: PLC0415  the two know each other

    about = parse_subject(subject)
    return await find_employee(context, about.code) if about.kind is SubjectKind.EMPLOYEE else None


def from_document(document: bytes) -> Scorecard:
    """A scorecard as its stored document states it."""
    return read_document(Scorecard, parse(document))


def _node(kept: Kept) -> Scorecard:
    return from_document(kept.document)


def _place(kept: Kept) -> list[str]:
    return kept.place
