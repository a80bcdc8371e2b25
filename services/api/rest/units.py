"""REST of units."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Body, Request, Response
from pydantic import SkipValidation

from services.api.auth import view_of
from services.api.flows.people import only_verdict, permit_all
from services.api.flows.units import put_units
from services.api.rest.batches import MOST_ROWS, answer_batch, read_rows
from services.api.rest.documents import bytes_of, one_of, permit_current, put_answer
from services.api.store.people import read_units
from services.api.store.units import read_page_of_units
from services.door.batches import BatchAnswer
from services.door.etags import tagged
from services.door.pages import LIMIT, Cursor, Limit, Listed, decode_cursor, page_of
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import Code, Model, Text
from services.schema.shapes.people import Unit
from services.schema.words import Outcome

router = new_router()


class StatedUnit(Model):
    """A department or team; its lead counts once the employee is known."""

    name: Text
    parent: Code | None = None
    lead: Code | None = None

    def to_shape(self, code: str) -> Unit:
        return Unit(code, self.name, self.parent, self.lead)


class UnitRow(StatedUnit):
    """A unit of a batch."""

    code: Code


class UnitDocument(Model):
    """A unit as it is kept."""

    code: Code
    name: Text
    parent: Code | None
    lead: Code | None

    @classmethod
    def from_shape(cls, unit: Unit) -> "UnitDocument":
        return cls(code=unit.code, name=unit.name, parent=unit.parent, lead=unit.lead)


@router.get("/v1/units")
async def list_units(
    request: Request, caller: Asking, session: Reading, limit: Limit = LIMIT, cursor: Cursor = None
) -> Listed[UnitDocument]:
    """The units that the caller sees, in the order of their codes."""
    view = await view_of(session, caller, datetime.now(UTC))
    last = decode_cursor(request, cursor, 1)
    units, total = await read_page_of_units(
        session,
        None if view.whole else view.units,
        after=last[0] if last else None,
        limit=limit + 1,
    )
    return page_of(
        request,
        units,
        limit=limit,
        total=total,
        key=lambda unit: [unit.code],
        document=UnitDocument.from_shape,
    )


@router.get("/v1/units/{code}", response_model=UnitDocument)
async def get_unit(request: Request, code: Code, caller: Asking, session: Reading) -> Response:
    view = await view_of(session, caller, datetime.now(UTC))
    found = await read_units(session, [code] if view.whole or code in view.units else [])
    unit = one_of(found, code, "unit")
    return tagged(request, bytes_of(UnitDocument.from_shape(unit)))


@router.put(
    "/v1/units/{code}", response_model=UnitDocument, responses={201: {"model": UnitDocument}}
)
async def put_unit(
    request: Request, code: Code, stated: StatedUnit, caller: Asking, session: Writing
) -> Response:
    """Create or replace a unit; units stay a tree."""
    unit = stated.to_shape(code)
    verdicts = await put_units(
        session,
        [unit],
        permit=permit_current(request, code, UnitDocument.from_shape),
        caller=caller,
        at=datetime.now(UTC),
    )
    created = only_verdict(verdicts) is Outcome.CREATED
    return put_answer(UnitDocument.from_shape(unit), created=created)


@router.post("/v1/units/batch")
async def post_units(
    rows: Annotated[list[SkipValidation[UnitRow]], Body(max_length=MOST_ROWS)],
    caller: Asking,
    session: Writing,
) -> BatchAnswer:
    """Put many units, one after another; the good rows land whatever the others are."""
    read = read_rows(rows, UnitRow)
    units = [row.to_shape(row.code) for row in read if isinstance(row, UnitRow)]
    at = datetime.now(UTC)
    verdicts = await put_units(session, units, permit=permit_all, caller=caller, at=at)
    return answer_batch(read, verdicts)
