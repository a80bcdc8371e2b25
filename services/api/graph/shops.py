"""Graph of shops: places that sell."""

import strawberry

from services.api.graph.context import Asked, GraphContext
from services.api.graph.nodes import Node, node_id
from services.api.graph.pages import USUAL, After, Connection, First, list_by_code
from services.api.graph.scalars import DayText, day_text
from services.api.store.people import read_shops
from services.api.store.shops import read_page_of_shops
from services.schema.shapes import people as shapes
from services.schema.words import Marketplace, ShopKind


@strawberry.type(description="A place that sells; its zone says on which day a fact counts.")
class Shop(Node):
    code: str
    name: str
    marketplace: Marketplace | None
    timezone: str
    currency: str
    kind: ShopKind
    opened_on: DayText | None

    @classmethod
    def from_shape(cls, shop: shapes.Shop) -> "Shop":
        return cls(
            id=node_id("shop", shop.code),
            code=shop.code,
            name=shop.name,
            marketplace=shop.marketplace,
            timezone=shop.timezone,
            currency=shop.currency,
            kind=shop.kind,
            opened_on=day_text(shop.opened_on) if shop.opened_on else None,
        )


async def shops(info: Asked, first: First = USUAL, after: After = None) -> Connection[Shop]:
    """The shops that the caller sees, in the order of their codes."""
    info.context.authorize("REST GET /v1/shops")
    view = await info.context.view()
    codes = None if view.whole else view.shops
    async with info.context.read() as session:
        return await list_by_code(
            info.context,
            "shops",
            first,
            after,
            read=lambda last, limit: read_page_of_shops(session, codes, after=last, limit=limit),
            node=Shop.from_shape,
            code=lambda shop: shop.code,
        )


async def find_shop(context: GraphContext, code: str) -> Shop | None:
    """A shop that the caller sees."""
    context.authorize("REST GET /v1/shops/{code}")
    view = await context.view()
    async with context.read() as session:
        found = await read_shops(session, [code] if view.whole or code in view.shops else [])
    return Shop.from_shape(found[code]) if code in found else None
