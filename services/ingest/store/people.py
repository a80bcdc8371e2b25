"""What facts refer to: the tenant's currency and zone, its shops, and the codes of its units."""

from sqlalchemy import select

from services.schema.db import ReadSession
from services.schema.shapes.people import Shop, Tenant
from services.schema.tables.people import shops, tenant_settings, units
from services.schema.words import Marketplace, ShopKind, WeekStart


async def read_tenant(session: ReadSession) -> Tenant:
    """The settings of the session's tenant."""
    statement = select(tenant_settings).where(tenant_settings.c.tenant_id == session.tenant)
    row = (await session.execute(statement)).one()
    return Tenant(
        id=row.tenant_id,
        name=row.name,
        currency=row.currency,
        timezone=row.timezone,
        week_start=WeekStart(row.week_start),
        fiscal_start=row.fiscal_start,
    )


async def read_shops(session: ReadSession) -> dict[str, Shop]:
    """All shops by code."""
    statement = select(shops).where(shops.c.tenant_id == session.tenant)
    return {
        row.code: Shop(
            code=row.code,
            name=row.name,
            marketplace=Marketplace(row.marketplace) if row.marketplace else None,
            timezone=row.timezone,
            currency=row.currency,
            kind=ShopKind(row.kind),
            opened_on=row.opened_on,
        )
        for row in await session.execute(statement)
    }


async def read_unit_codes(session: ReadSession) -> frozenset[str]:
    statement = select(units.c.code).where(units.c.tenant_id == session.tenant)
    return frozenset((await session.execute(statement)).scalars())
