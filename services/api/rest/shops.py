"""REST of shops."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Body, Request, Response
from pydantic import Field, SkipValidation

from services.api.auth import view_of
from services.api.flows.people import only_verdict, permit_all
from services.api.flows.shops import put_shops
from services.api.rest.batches import MOST_ROWS, answer_batch, read_rows
from services.api.rest.documents import bytes_of, one_of, permit_current, put_answer
from services.api.store.people import read_shops
from services.api.store.shops import read_page_of_shops
from services.door.batches import BatchAnswer
from services.door.etags import tagged
from services.door.pages import LIMIT, Cursor, Limit, Listed, decode_cursor, page_of
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import Code, Currency, Day, Model, Text, Timezone
from services.schema.shapes.people import Shop
from services.schema.words import Marketplace, Outcome, ShopKind

router = new_router()


class StatedShop(Model):
    """A place that sells; its zone says on which day a fact counts, its currency in what."""

    name: Text
    marketplace: Annotated[Marketplace | None, Field(strict=False)] = None
    timezone: Timezone
    currency: Currency
    kind: Annotated[ShopKind, Field(strict=False)]
    opened_on: Day | None = None

    def to_shape(self, code: str) -> Shop:
        return Shop(
            code=code,
            name=self.name,
            marketplace=self.marketplace,
            timezone=self.timezone,
            currency=self.currency,
            kind=self.kind,
            opened_on=self.opened_on,
        )


class ShopRow(StatedShop):
    """A shop of a batch."""

    code: Code


class ShopDocument(Model):
    """A shop as it is kept."""

    code: Code
    name: Text
    marketplace: Marketplace | None
    timezone: str
    currency: Currency
    kind: ShopKind
    opened_on: Day | None

    @classmethod
    def from_shape(cls, shop: Shop) -> "ShopDocument":
        return cls(
            code=shop.code,
            name=shop.name,
            marketplace=shop.marketplace,
            timezone=shop.timezone,
            currency=shop.currency,
            kind=shop.kind,
            opened_on=shop.opened_on,
        )


@router.get("/v1/shops")
async def list_shops(
    request: Request, caller: Asking, session: Reading, limit: Limit = LIMIT, cursor: Cursor = None
) -> Listed[ShopDocument]:
    view = await view_of(session, caller, datetime.now(UTC))
    last = decode_cursor(request, cursor, 1)
    shops, total = await read_page_of_shops(
        session,
        None if view.whole else view.shops,
        after=last[0] if last else None,
        limit=limit + 1,
    )
    return page_of(
        request,
        shops,
        limit=limit,
        total=total,
        key=lambda shop: [shop.code],
        document=ShopDocument.from_shape,
    )


@router.get("/v1/shops/{code}", response_model=ShopDocument)
async def get_shop(request: Request, code: Code, caller: Asking, session: Reading) -> Response:
    view = await view_of(session, caller, datetime.now(UTC))
    found = await read_shops(session, [code] if view.whole or code in view.shops else [])
    shop = one_of(found, code, "shop")
    return tagged(request, bytes_of(ShopDocument.from_shape(shop)))


@router.put(
    "/v1/shops/{code}", response_model=ShopDocument, responses={201: {"model": ShopDocument}}
)
async def put_shop(
    request: Request, code: Code, stated: StatedShop, caller: Asking, session: Writing
) -> Response:
    """Create or replace a shop. Time zone and currency are fixed once there are facts of it."""
    shop = stated.to_shape(code)
    verdicts = await put_shops(
        session,
        [shop],
        permit=permit_current(request, code, ShopDocument.from_shape),
        caller=caller,
        at=datetime.now(UTC),
    )
    created = only_verdict(verdicts) is Outcome.CREATED
    return put_answer(ShopDocument.from_shape(shop), created=created)


@router.post("/v1/shops/batch")
async def post_shops(
    rows: Annotated[list[SkipValidation[ShopRow]], Body(max_length=MOST_ROWS)],
    caller: Asking,
    session: Writing,
) -> BatchAnswer:
    """Put many shops, one after another; the good rows land whatever the others are."""
    read = read_rows(rows, ShopRow)
    shops = [row.to_shape(row.code) for row in read if isinstance(row, ShopRow)]
    at = datetime.now(UTC)
    verdicts = await put_shops(session, shops, permit=permit_all, caller=caller, at=at)
    return answer_batch(read, verdicts)
