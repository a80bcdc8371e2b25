"""What only the operator does, as the owner of the tables: make tenants and keys for them."""

from datetime import UTC, datetime

from services.api.flows.keys import create_key
from services.api.flows.tenants import create_tenant
from services.api.store.tenants import find_tenant, take_tenant_number
from services.door.callers import make_key
from services.schema.db import Database
from services.schema.errors import NotFound
from services.schema.shapes.people import ApiKey, Caller, Tenant
from services.schema.words import Role, WeekStart


async def admin_key_of(dsn: str, code: str) -> tuple[int, str]:
    """A new admin key for a tenant, which is made if it is not there; and the tenant's number."""
    at = datetime.now(UTC)
    database = Database(dsn, application="kaohe-operator", pool_size=1)
    try:
        async with database.register() as register:
            number = await find_tenant(register, code)
        if number is None:
            return await _make_tenant(database, code, at)
        key_id, text, digest = make_key(number)
        key = ApiKey(key_id, Role.ADMIN, None, at, None, None)
        operator = Caller(number, Role.ADMIN, None, "system:operator")
        async with database.write(number) as session:
            await create_key(session, key, secret_sha256=digest, caller=operator, at=at)
        return number, text
    finally:
        await database.close()


async def number_of(dsn: str, code: str) -> int:
    """The number of a tenant in the register."""
    database = Database(dsn, application="kaohe-operator", pool_size=1)
    try:
        async with database.register() as register:
            number = await find_tenant(register, code)
    finally:
        await database.close()
    if number is None:
        raise NotFound("tenant")
    return number


async def _make_tenant(database: Database, code: str, at: datetime) -> tuple[int, str]:
    """A tenant with plain settings, which its admin puts as they should be."""
    async with database.write(0) as session:
        number = await take_tenant_number(session)
    key_id, text, digest = make_key(number)
    tenant = Tenant(number, code, "CNY", "Asia/Shanghai", WeekStart.MONDAY, "01-01")
    key = ApiKey(key_id, Role.ADMIN, None, at, None, None)
    async with database.write(number) as session:
        await create_tenant(session, code, tenant, admin=key, secret_sha256=digest, at=at)
    return number, text
