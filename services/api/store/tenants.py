"""Tenants as they are kept: their settings, and the register that says who exists."""

from datetime import datetime

from sqlalchemy import exists, func, insert, select, update

from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.people import Tenant
from services.schema.tables.cycles import cycles
from services.schema.tables.people import tenant_settings, tenants
from services.schema.words import CycleStatus


async def save_tenant(session: WriteSession, tenant: Tenant) -> None:
    """Replace the settings of the session's tenant."""
    statement = update(tenant_settings).where(tenant_settings.c.tenant_id == session.tenant)
    await session.execute(statement.values(**_columns(tenant)))


async def has_begun_cycles(session: ReadSession) -> bool:
    """Whether the tenant has a cycle that is or was open."""
    statement = select(
        exists().where(
            cycles.c.tenant_id == session.tenant,
            # A cycle that went back to draft does not exist: draft is left once.
            cycles.c.status != CycleStatus.DRAFT,
        )
    )
    return bool(await session.scalar(statement))


async def take_tenant_number(session: WriteSession) -> int:
    """A number for a tenant that is yet to be; only the owner of the tables may take one."""
    sequence = func.pg_get_serial_sequence("tenants", "id")
    return int(await session.scalar(select(func.nextval(sequence))))


async def find_tenant(session: ReadSession, code: str) -> int | None:
    """The number of a tenant in the register, which belongs to none."""
    number = await session.scalar(select(tenants.c.id).where(tenants.c.code == code))
    return None if number is None else int(number)


async def read_tenant_numbers(session: ReadSession) -> list[int]:
    """Every tenant of the register."""
    return list((await session.execute(select(tenants.c.id).order_by(tenants.c.id))).scalars())


async def read_tenant_codes(session: ReadSession) -> dict[int, str]:
    """What every tenant of the register is known by."""
    statement = select(tenants.c.id, tenants.c.code).order_by(tenants.c.id)
    return {row.id: row.code for row in await session.execute(statement)}


async def insert_tenant(session: WriteSession, code: str, tenant: Tenant, *, at: datetime) -> None:
    """Enter the session's tenant into the register, with its first settings; the owner may."""
    assert tenant.id == session.tenant, "a tenant is made in a session of its own"
    await session.execute(insert(tenants).values(id=tenant.id, code=code, created_at=at))
    await session.execute(
        insert(tenant_settings).values(tenant_id=session.tenant, **_columns(tenant))
    )


def _columns(tenant: Tenant) -> dict[str, object]:
    return {
        "name": tenant.name,
        "currency": tenant.currency,
        "timezone": tenant.timezone,
        "week_start": tenant.week_start,
        "fiscal_start": tenant.fiscal_start,
    }
