"""Which measures a tenant has declared for itself."""

from sqlalchemy import select

from services.schema.db import ReadSession
from services.schema.tables.indicators import own_measures


async def read_own_measures(session: ReadSession) -> frozenset[str]:
    statement = select(own_measures.c.code).where(own_measures.c.tenant_id == session.tenant)
    return frozenset((await session.execute(statement)).scalars())
