"""Shops as they are written, and whether facts hold one to its time zone and currency."""

from collections.abc import Sequence

from sqlalchemy import exists, or_, select
from sqlalchemy.dialects.postgresql import insert

from services.api.store.people import read_page_of_codes, read_shops
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.people import Shop
from services.schema.tables.facts import (
    campaign_facts,
    chat_facts,
    measure_facts,
    rating_facts,
    shop_sources,
    stock_facts,
    traffic_facts,
)
from services.schema.tables.people import shops

# A shop with an order or a refund has a source that owns them.
_TABLES_OF_FACTS = (
    shop_sources,
    rating_facts,
    chat_facts,
    traffic_facts,
    stock_facts,
    campaign_facts,
    measure_facts,
)


async def read_page_of_shops(
    session: ReadSession, codes: frozenset[str] | None, *, after: str | None, limit: int
) -> tuple[list[Shop], int]:
    """The next page of the shops of these codes, and how many there are; null codes are all."""
    page, total = await read_page_of_codes(session, shops, codes, after=after, limit=limit)
    return list((await read_shops(session, page)).values()), total


async def has_facts(session: ReadSession, code: str) -> bool:
    """Whether anything was stated of a shop; their days and currency are those of the shop."""
    stated = (
        exists().where(table.c.tenant_id == session.tenant, table.c.shop == code)
        for table in _TABLES_OF_FACTS
    )
    return bool(await session.scalar(select(or_(*stated))))


async def save_shops(session: WriteSession, made: Sequence[Shop]) -> None:
    """Create or replace shops, each once."""
    rows = [
        {
            "tenant_id": session.tenant,
            "code": shop.code,
            "name": shop.name,
            "marketplace": shop.marketplace,
            "timezone": shop.timezone,
            "currency": shop.currency,
            "kind": shop.kind,
            "opened_on": shop.opened_on,
            "version": 1,
        }
        for shop in sorted(made, key=lambda shop: shop.code)
    ]
    statement = insert(shops)
    names = {column.name for column in shops.c} - {"tenant_id", "code", "version"}
    replaced = {name: statement.excluded[name] for name in names}
    await session.execute_many(
        statement.on_conflict_do_update(
            index_elements=[shops.c.tenant_id, shops.c.code],
            set_={**replaced, "version": shops.c.version + 1},
        ),
        rows,
    )
