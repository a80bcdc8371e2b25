"""Which source owns the orders and refunds of a shop, and who may write them now."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from services.schema.db import ReadSession, WriteSession
from services.schema.tables.facts import lanes, shop_sources


async def lock_lane(session: WriteSession, name: str) -> None:
    """One transaction at a time adds to a lane: the rows it reads as old are those it replaces."""
    await session.execute(
        insert(lanes).values(tenant_id=session.tenant, name=name).on_conflict_do_nothing()
    )
    await session.execute(
        select(lanes.c.name)
        .where(lanes.c.tenant_id == session.tenant, lanes.c.name == name)
        .with_for_update()
    )


async def read_owners(session: ReadSession) -> dict[str, str]:
    """The source of each shop that has one."""
    statement = select(shop_sources).where(shop_sources.c.tenant_id == session.tenant)
    return {row.shop: row.source for row in await session.execute(statement)}


async def claim_shops(session: WriteSession, owners: Mapping[str, str]) -> None:
    """Make sources the owners of shops that have none; the lane of sales must be held."""
    await session.execute_many(
        insert(shop_sources),
        [
            {"tenant_id": session.tenant, "shop": shop, "source": source}
            for shop, source in sorted(owners.items())
        ],
    )
