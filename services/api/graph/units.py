"""Graph of units: departments and teams."""

import strawberry

from services.api.graph.context import Asked, GraphContext
from services.api.graph.nodes import Node, node_id
from services.api.graph.pages import USUAL, After, Connection, First, list_by_code
from services.api.store.people import read_units
from services.api.store.units import read_page_of_units
from services.schema.shapes import people as shapes


@strawberry.type(description="A department or team.")
class Unit(Node):
    code: str
    name: str
    parent: str | None
    lead: str | None

    @classmethod
    def from_shape(cls, unit: shapes.Unit) -> "Unit":
        return cls(
            id=node_id("unit", unit.code),
            code=unit.code,
            name=unit.name,
            parent=unit.parent,
            lead=unit.lead,
        )


async def units(info: Asked, first: First = USUAL, after: After = None) -> Connection[Unit]:
    """The units that the caller sees, in the order of their codes."""
    info.context.authorize("REST GET /v1/units")
    view = await info.context.view()
    codes = None if view.whole else view.units
    async with info.context.read() as session:
        return await list_by_code(
            info.context,
            "units",
            first,
            after,
            read=lambda last, limit: read_page_of_units(session, codes, after=last, limit=limit),
            node=Unit.from_shape,
            code=lambda unit: unit.code,
        )


async def find_unit(context: GraphContext, code: str) -> Unit | None:
    """A unit that the caller sees."""
    context.authorize("REST GET /v1/units/{code}")
    view = await context.view()
    async with context.read() as session:
        found = await read_units(session, [code] if view.whole or code in view.units else [])
    return Unit.from_shape(found[code]) if code in found else None
