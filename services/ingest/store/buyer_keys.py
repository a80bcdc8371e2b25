"""The key for a tenant's buyers as it is kept."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.accounts import BuyerKey
from services.schema.tables.accounts import buyer_keys


async def has_buyer_key(session: ReadSession) -> bool:
    statement = select(buyer_keys.c.number).where(buyer_keys.c.tenant_id == session.tenant)
    return (await session.execute(statement)).one_or_none() is not None


async def hold_buyer_key(session: WriteSession, *, to_change: bool) -> BuyerKey | None:
    """The key, which nobody else changes before this transaction ends; many may use it at once."""
    statement = (
        select(buyer_keys)
        .where(buyer_keys.c.tenant_id == session.tenant)
        .with_for_update(read=not to_change)
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        return None
    return BuyerKey(row.number, None if row.wrapped is None else (row.master, bytes(row.wrapped)))


async def start_buyer_key(session: WriteSession, key: BuyerKey, *, at: datetime) -> None:
    """Keep a first key, unless somebody else was faster."""
    assert key.wrapped is not None, "a key that begins is the tenant's own"
    master, wrapped = key.wrapped
    await session.execute(
        upsert(buyer_keys)
        .values(
            tenant_id=session.tenant,
            number=key.number,
            master=master,
            wrapped=wrapped,
            made_at=at,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id"])
    )


async def change_buyer_key(session: WriteSession, key: BuyerKey, *, at: datetime | None) -> None:
    """Keep another key in its place, made at an instant; without one, the same wrapped anew."""
    assert key.wrapped is not None, "a key that is changed is wrapped from then on"
    master, wrapped = key.wrapped
    values: dict[str, object] = {"number": key.number, "master": master, "wrapped": wrapped}
    await session.execute(
        update(buyer_keys)
        .where(buyer_keys.c.tenant_id == session.tenant)
        .values(**values if at is None else {**values, "made_at": at})
    )
