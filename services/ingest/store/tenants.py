"""The register of tenants: who exists, by code."""

from sqlalchemy import select

from services.schema.db import ReadSession
from services.schema.tables.people import tenants


async def read_tenant_numbers(session: ReadSession) -> dict[str, int]:
    """The numbers of all tenants by code; the register belongs to none of them."""
    rows = await session.execute(select(tenants.c.code, tenants.c.id))
    return {row.code: row.id for row in rows}
