"""Graph of results: what was published, as it was stored."""

from datetime import datetime

import strawberry

from services.api.core.views import sees_pay
from services.api.flows.units import units_below
from services.api.graph.context import Asked, GraphContext
from services.api.graph.cycles import Cycle, find_cycle
from services.api.graph.documents import parse, read_document
from services.api.graph.loaders import PageOf
from services.api.graph.nodes import Node, link
from services.api.graph.pages import USUAL, After, Connection, First, listing
from services.api.graph.payouts import Payout
from services.api.graph.scalars import DecimalText, InstantText
from services.api.graph.scorecards import LazyEmployee, Line, employee_of
from services.api.store.histories import Kept
from services.api.store.results import ResultFilter, read_page_of_results, read_result
from services.schema.shapes.people import Subject
from services.schema.words import Approver, Role, SubjectKind


@strawberry.type(description="Who approved, in which part, and when.")
class Approval:
    part: Approver
    by: str
    at: InstantText


@strawberry.type(description="The immutable outcome of a scorecard, with its pay.")
class Result(Node):
    cycle: str
    period: str
    subject: str
    unit: str
    scorecard: str
    scheme: str
    scheme_version: int
    revision: int
    total: DecimalText
    grade: str | None
    coefficient: DecimalText | None
    rank: int | None
    payouts: list[Payout] | None = strawberry.field(
        description="Null for viewers, who see scores without pay."
    )
    approvals: list[Approval]
    fingerprint: str
    published_at: InstantText

    @link("The person; null where the subject is a unit.")
    async def employee(self, info: Asked) -> LazyEmployee | None:
        return await employee_of(info.context, self.subject)

    @link("The cycle of the result.")
    async def in_cycle(self, info: Asked) -> Cycle | None:
        return await find_cycle(info.context, self.cycle)

    @link("The lines of the scorecard, as they were published.")
    async def lines(self, info: Asked) -> list[Line] | None:
        info.context.authorize("REST GET /v1/scorecards/{id}")
        card = await info.context.loaders.published_card_by_result.load(str(self.id))
        lines = parse(card)["lines"] if card else []
        return [read_document(Line, line) for line in lines]


async def results(
    info: Asked,
    cycle: str | None = None,
    employee: str | None = None,
    unit: str | None = None,
    first: First = USUAL,
    after: After = None,
) -> Connection[Result]:
    """Results that the caller sees, of every revision, oldest publication first."""
    context = info.context
    context.authorize("REST GET /v1/results")
    view = await context.view()
    page = listing(context, "results", first, after, length=2)
    last = (datetime.fromisoformat(page.after[0]), page.after[1]) if page.after else None
    async with context.read() as session:
        wanted = ResultFilter(view.subjects(), cycle, employee, await units_below(session, unit))
        found, total = await read_page_of_results(session, wanted, after=last, limit=page.limit)
        session.shown |= {each.scorecard: each.subject for each in found[:first]}
    role = context.caller.role
    return page.show(
        found,
        total,
        node=lambda result: _from_document(result.document, role),
        place=lambda result: result.place,
    )


async def find_result(context: GraphContext, result_id: str) -> Result | None:
    """A result by its id, as far as the caller sees it."""
    context.authorize("REST GET /v1/results/{id}")
    view = await context.view()
    async with context.read() as session:
        result = await read_result(session, result_id)
        if result is None or not view.sees(result.subject):
            return None
        session.shown[result.scorecard] = result.subject
    return _from_document(result.document, context.caller.role)


async def results_of_employee(
    context: GraphContext, code: str, cycle: str | None, first: int, after: str | None
) -> Connection[Result]:
    """A person's results; none where the caller does not see the person's figures."""
    context.authorize("REST GET /v1/results")
    page = listing(context, f"results of {code}", first, after, length=2)
    role = context.caller.role

    def node(kept: Kept) -> Result:
        return _from_document(kept.document, role)

    if not (await context.view()).sees(Subject(SubjectKind.EMPLOYEE, code)):
        return page.show([], 0, node=node, place=_place)
    place = tuple(page.after) if page.after else None
    found = await context.loaders.results_by_page.load(PageOf(code, cycle, place, page.limit))
    return page.show(found.page, found.total, node=node, place=_place)


def _from_document(document: bytes, role: Role) -> Result:
    """A result as it was stored; pay for who may see it."""
    shown = parse(document)
    if not sees_pay(role):
        shown["payouts"] = None
    return read_document(Result, shown)


def _place(kept: Kept) -> list[str]:
    return kept.place
