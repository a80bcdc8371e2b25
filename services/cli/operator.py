"""What only the operator does, as the owner of the tables: make tenants and keys for them."""

from dataclasses import dataclass
from datetime import UTC, datetime

from services.api.flows.drifts import find_drifts
from services.api.flows.keys import create_key
from services.api.flows.tenants import create_tenant
from services.api.store.drifts import read_published_cycles
from services.api.store.tenants import find_tenant, read_tenant_numbers, take_tenant_number
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


@dataclass(frozen=True, slots=True)
class Recomputed:
    """How many cards of a published cycle were computed, and how many had drifted anew.

    Where the company's cycles cannot even be listed, the cycle is `*`.
    """

    tenant: int
    cycle: str
    cards: int
    drifts: int
    late: int
    """Cards of which facts came late that nobody has accepted."""
    unreadable: tuple[str, ...]
    """What could not be read, each with why; the rest was computed."""


async def recompute_published(dsn: str, code: str | None) -> list[Recomputed]:
    """Compute the cards of every published cycle again, each cycle in a transaction of its own."""
    numbers = None if code is None else [await number_of(dsn, code)]
    database = Database(dsn, application="kaohe-operator", pool_size=1)
    try:
        if numbers is None:
            async with database.register() as register:
                numbers = await read_tenant_numbers(register)
        return [each for number in numbers for each in await recompute_tenant(database, number)]
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


async def recompute_tenant(database: Database, number: int) -> list[Recomputed]:
    """The same of one tenant."""
    operator = Caller(number, Role.ADMIN, None, "system:operator")
    try:
        async with database.read(number) as session:
            cycles = await read_published_cycles(session)
    except Exception as error:  # noqa: BLE001  other companies are computed all the same
        return [Recomputed(number, "*", 0, 0, 0, (_told(error),))]
    found = []
    for cycle in cycles:
        try:
            async with database.write(number) as session:
                at = datetime.now(UTC)
                made = await find_drifts(session, cycle, caller=operator, at=at)
        except Exception as error:  # noqa: BLE001  and so are other cycles
            found.append(Recomputed(number, cycle.code, 0, 0, 0, (_told(error),)))
        else:
            recomputed = (made.cards, made.drifts, made.late, made.unreadable)
            found.append(Recomputed(number, cycle.code, *recomputed))
    return found


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


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
