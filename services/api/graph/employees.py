"""Graph of employees: persons, their assignments, and their scorecards and results."""

from typing import Annotated

import strawberry

from services.api.graph.context import Asked, GraphContext
from services.api.graph.levels import AssessedLevel, levels_of_employee
from services.api.graph.nodes import Node, link, node_id
from services.api.graph.pages import USUAL, After, Connection, First, list_by_code
from services.api.graph.results import Result, results_of_employee
from services.api.graph.scalars import DayText, DecimalText, day_text
from services.api.graph.scorecards import Scorecard, scorecards_of_employee
from services.api.store.employees import read_page_of_employees
from services.schema.money import plain
from services.schema.shapes import people as shapes
from services.schema.shapes.views import View

NESTED = 12
"""How many cards or results of a person are shown unless more are asked for: a year's."""
OfCycle = Annotated[str | None, strawberry.argument(description="Of one cycle alone.")]


@strawberry.type(description="A shop answered for, and the percentage of it.")
class ShopShare:
    shop: str
    share: DecimalText


@strawberry.type(description="A position in a unit for a time; `to` is exclusive.")
class Assignment:
    position: str
    unit: str
    shops: list[ShopShare]
    from_: DayText = strawberry.field(name="from")
    to: DayText | None

    @classmethod
    def from_shape(cls, held: shapes.Assignment) -> "Assignment":
        return cls(
            position=held.position,
            unit=held.unit,
            shops=[ShopShare(shop=s.shop, share=DecimalText(plain(s.share))) for s in held.shops],
            from_=day_text(held.start),
            to=day_text(held.end) if held.end else None,
        )


@strawberry.type(description="A person; of those above, a caller sees code and name alone.")
class Employee(Node):
    code: str
    name: str
    manager: str | None
    joined_on: DayText | None
    left_on: DayText | None
    assignments: list[Assignment] | None

    @link("The person's scorecards, the latest cycle first.")
    async def scorecards(
        self, info: Asked, cycle: OfCycle = None, first: First = NESTED, after: After = None
    ) -> Connection[Scorecard] | None:
        return await scorecards_of_employee(info.context, self.code, cycle, first, after)

    @link("The person's results, the latest publication first.")
    async def results(
        self, info: Asked, cycle: OfCycle = None, first: First = NESTED, after: After = None
    ) -> Connection[Result] | None:
        return await results_of_employee(info.context, self.code, cycle, first, after)

    @link("Where the person stands on each ladder, by the newest assessment.")
    async def levels(self, info: Asked) -> list[AssessedLevel] | None:
        return await levels_of_employee(info.context, self.code)

    @classmethod
    def seen_in(cls, view: View, employee: shapes.Employee) -> "Employee":
        """As much of an employee as a view shows."""
        whole = view.whole or employee.code in view.employees
        joined, left = employee.joined_on, employee.left_on
        held = [Assignment.from_shape(each) for each in employee.assignments]
        return cls(
            id=node_id("employee", employee.code),
            code=employee.code,
            name=employee.name,
            manager=employee.manager if whole else None,
            joined_on=day_text(joined) if whole and joined else None,
            left_on=day_text(left) if whole and left else None,
            assignments=held if whole else None,
        )


async def employees(info: Asked, first: First = USUAL, after: After = None) -> Connection[Employee]:
    """The people whom the caller sees, in the order of their codes."""
    info.context.authorize("REST GET /v1/employees")
    view = await info.context.view()
    codes = None if view.whole else view.employees | view.names
    async with info.context.read() as session:
        return await list_by_code(
            info.context,
            "employees",
            first,
            after,
            read=lambda last, limit: read_page_of_employees(
                session, codes, after=last, limit=limit
            ),
            node=lambda employee: Employee.seen_in(view, employee),
            code=lambda employee: employee.code,
        )


async def employee(info: Asked, code: str) -> Employee | None:
    """A person whom the caller sees."""
    return await find_employee(info.context, code)


async def find_employee(context: GraphContext, code: str) -> Employee | None:
    """An employee as far as the caller sees one."""
    context.authorize("REST GET /v1/employees/{code}")
    view = await context.view()
    if not (view.whole or code in view.employees | view.names):
        return None
    found = await context.loaders.employee_by_code.load(code)
    return None if found is None else Employee.seen_in(view, found)
