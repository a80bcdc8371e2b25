"""REST of employees and their assignments."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import Body, Request, Response
from pydantic import AfterValidator, Field, SkipValidation

from services.api.auth import view_of
from services.api.core.people import in_order
from services.api.flows.employees import put_employees
from services.api.flows.people import only_verdict, permit_all
from services.api.rest.batches import MOST_ROWS, answer_batch, read_rows
from services.api.rest.documents import bytes_of, one_of, permit_current, put_answer
from services.api.store.employees import read_page_of_employees
from services.api.store.people import read_employees
from services.door.batches import BatchAnswer
from services.door.etags import tagged
from services.door.pages import LIMIT, Cursor, Limit, Listed, decode_cursor, page_of
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import Code, Day, DecimalText, Model, PercentIn, Text
from services.schema.money import plain
from services.schema.shapes.people import Assignment, Employee, ShopShare
from services.schema.shapes.views import View
from services.schema.words import Outcome

router = new_router()

WHOLE = Decimal(100)
ASSIGNMENTS_MAXIMUM = 200
SHOPS_MAXIMUM = 500


def _check_share(share: Decimal) -> Decimal:
    if not 0 < share <= WHOLE:
        raise ValueError("a share is above 0 and at most 100 percent")
    return share


class StatedShare(Model):
    """A shop answered for; the whole of it unless stated."""

    shop: Code
    share: Annotated[PercentIn, AfterValidator(_check_share)] = WHOLE


class StatedAssignment(Model):
    """A position in a unit for a time; `to` is exclusive, null is open."""

    position: Code
    unit: Code
    shops: list[StatedShare] = Field(default_factory=list, max_length=SHOPS_MAXIMUM)
    from_: Annotated[Day, Field(alias="from")]
    to: Day | None = None

    def to_shape(self) -> Assignment:
        return Assignment(
            position=self.position,
            unit=self.unit,
            shops=tuple(ShopShare(share.shop, share.share) for share in self.shops),
            start=self.from_,
            end=self.to,
        )


class StatedEmployee(Model):
    """A person with all assignments; `joined_on` and `left_on` are days of work."""

    name: Text
    manager: Code | None = None
    joined_on: Day | None = None
    left_on: Day | None = None
    assignments: list[StatedAssignment] = Field(
        default_factory=list, max_length=ASSIGNMENTS_MAXIMUM
    )

    def to_shape(self, code: str) -> Employee:
        return Employee(
            code=code,
            name=self.name,
            manager=self.manager,
            joined_on=self.joined_on,
            left_on=self.left_on,
            assignments=tuple(held.to_shape() for held in self.assignments),
        )


class EmployeeRow(StatedEmployee):
    """An employee of a batch."""

    code: Code


class ShopShareDocument(Model):
    """A shop answered for, and the percentage of it."""

    shop: Code
    share: DecimalText


class AssignmentDocument(Model):
    """A position in a unit for a time."""

    position: Code
    unit: Code
    shops: list[ShopShareDocument]
    from_: Annotated[Day, Field(alias="from")]
    to: Day | None

    @classmethod
    def from_shape(cls, held: Assignment) -> "AssignmentDocument":
        shops = [ShopShareDocument(shop=each.shop, share=plain(each.share)) for each in held.shops]
        fields = {"position": held.position, "unit": held.unit, "shops": shops}
        return cls.model_validate({**fields, "from": held.start, "to": held.end})


class EmployeeDocument(Model):
    """An employee as kept; of those above, a caller sees code and name, the rest is null."""

    code: Code
    name: Text
    manager: Code | None
    joined_on: Day | None
    left_on: Day | None
    assignments: list[AssignmentDocument] | None

    @classmethod
    def from_shape(cls, employee: Employee) -> "EmployeeDocument":
        return cls(
            code=employee.code,
            name=employee.name,
            manager=employee.manager,
            joined_on=employee.joined_on,
            left_on=employee.left_on,
            assignments=[AssignmentDocument.from_shape(held) for held in employee.assignments],
        )

    @classmethod
    def seen_in(cls, view: View, employee: Employee) -> "EmployeeDocument":
        """As much of an employee as a view shows."""
        if view.whole or employee.code in view.employees:
            return cls.from_shape(employee)
        return cls(
            code=employee.code,
            name=employee.name,
            manager=None,
            joined_on=None,
            left_on=None,
            assignments=None,
        )


@router.get("/v1/employees")
async def list_employees(
    request: Request, caller: Asking, session: Reading, limit: Limit = LIMIT, cursor: Cursor = None
) -> Listed[EmployeeDocument]:
    """The people whom the caller sees, in the order of their codes."""
    view = await view_of(session, caller, datetime.now(UTC))
    last = decode_cursor(request, cursor, 1)
    employees, total = await read_page_of_employees(
        session,
        None if view.whole else view.employees | view.names,
        after=last[0] if last else None,
        limit=limit + 1,
    )
    return page_of(
        request,
        employees,
        limit=limit,
        total=total,
        key=lambda employee: [employee.code],
        document=lambda employee: EmployeeDocument.seen_in(view, employee),
    )


@router.get("/v1/employees/{code}", response_model=EmployeeDocument)
async def get_employee(request: Request, code: Code, caller: Asking, session: Reading) -> Response:
    view = await view_of(session, caller, datetime.now(UTC))
    seen = view.whole or code in view.employees | view.names
    employee = one_of(await read_employees(session, [code] if seen else []), code, "employee")
    return tagged(request, bytes_of(EmployeeDocument.seen_in(view, employee)))


@router.put(
    "/v1/employees/{code}",
    response_model=EmployeeDocument,
    responses={201: {"model": EmployeeDocument}},
)
async def put_employee(
    request: Request, code: Code, stated: StatedEmployee, caller: Asking, session: Writing
) -> Response:
    """Create or replace an employee with all assignments."""
    employee = stated.to_shape(code)
    verdicts = await put_employees(
        session,
        [employee],
        permit=permit_current(request, code, EmployeeDocument.from_shape),
        caller=caller,
        at=datetime.now(UTC),
    )
    created = only_verdict(verdicts) is Outcome.CREATED
    return put_answer(EmployeeDocument.from_shape(in_order(employee)), created=created)


@router.post("/v1/employees/batch")
async def post_employees(
    rows: Annotated[list[SkipValidation[EmployeeRow]], Body(max_length=MOST_ROWS)],
    caller: Asking,
    session: Writing,
) -> BatchAnswer:
    """Put many employees, one after another; the good rows land whatever the others are."""
    read = read_rows(rows, EmployeeRow)
    people = [row.to_shape(row.code) for row in read if isinstance(row, EmployeeRow)]
    at = datetime.now(UTC)
    verdicts = await put_employees(session, people, permit=permit_all, caller=caller, at=at)
    return answer_batch(read, verdicts)
