"""Graph of cases: what was found wrong, who puts it right until when, and what became of it."""

from datetime import date
from typing import Self

import strawberry

from services.api.core.cases import is_overdue
from services.api.flows.cases import owner_of
from services.api.graph.context import Asked, GraphContext
from services.api.graph.nodes import Node
from services.api.graph.pages import USUAL, After, Connection, First, listing
from services.api.graph.scalars import DayText, InstantText, day_text, instant_text
from services.api.store.cases import CaseFilter, read_case, read_page_of_cases
from services.schema.days import local_day
from services.schema.shapes import cases as shapes
from services.schema.shapes.views import View
from services.schema.watch_words import CaseState, CaseStep

strawberry.enum(CaseState, description=CaseState.__doc__)
strawberry.enum(CaseStep, name="CaseStepKind", description=CaseStep.__doc__)


@strawberry.type(description="A step that a case took, and to whom it was left from then on.")
class CaseEntry:
    step: CaseStep
    owner: str
    due_on: DayText
    note: str | None
    by: str | None = strawberry.field(description="Null where the caller is not told.")
    at: InstantText


@strawberry.type(description="What was found wrong, and what became of it.")
class Case(Node):
    finding: str
    subject: str
    owner: str
    due_on: DayText
    survey: str | None
    respondent: str | None
    state: CaseState
    customer_told: bool | None = strawberry.field(description="Null where nobody is to be told.")
    overdue: bool
    steps: list[CaseEntry]

    @classmethod
    def from_shape(cls, case: shapes.Case, view: View, today: date) -> Self:
        stated = case.stated
        return cls(
            id=strawberry.ID(case.id),
            finding=stated.finding,
            subject=str(stated.subject),
            owner=stated.owner,
            due_on=day_text(stated.due_on),
            survey=stated.survey,
            respondent=stated.respondent,
            state=case.state,
            customer_told=None if stated.respondent is None else case.is_told,
            overdue=is_overdue(case, today),
            steps=[
                CaseEntry(
                    step=each.step,
                    owner=each.owner,
                    due_on=day_text(each.due_on),
                    note=each.note,
                    by=each.person if view.names_person(each.person) else None,
                    at=instant_text(each.at),
                )
                for each in case.trail
            ],
        )


async def find_case(context: GraphContext, id: str) -> Case | None:
    """A case that is left to somebody whom the caller sees."""
    context.authorize("REST GET /v1/cases/{id}")
    view = await context.view()
    today = local_day(context.at, (await context.tenant()).timezone)
    async with context.read() as session:
        found = await read_case(session, id)
    if found is None or not view.sees(owner_of(found)):
        return None
    return Case.from_shape(found, view, today)


async def cases(
    info: Asked,
    *,
    employee: str | None = None,
    state: CaseState | None = None,
    first: First = USUAL,
    after: After = None,
) -> Connection[Case]:
    """The cases that are left to whom the caller sees, newest first."""
    context = info.context
    context.authorize("REST GET /v1/cases")
    view = await context.view()
    page = listing(context, "cases", first, after, length=1)
    owners = None if view.whole else view.employees
    if employee is not None:
        owners = frozenset({employee} if view.whole else {employee} & view.employees)
    today = local_day(context.at, (await context.tenant()).timezone)
    async with context.read() as session:
        found, total = await read_page_of_cases(
            session,
            CaseFilter(owners=owners, state=state),
            after=page.after[0] if page.after else None,
            limit=page.limit,
        )
    return page.show(
        found,
        total,
        node=lambda case: Case.from_shape(case, view, today),
        place=lambda case: [case.id],
    )
