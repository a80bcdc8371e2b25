"""All tenants' accounts are sealed anew, each few fields in a transaction of their own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.door.sealing import Keyring, Unopened
from services.ingest.flows.buyers import BuyerKeys, Shut
from services.ingest.flows.rotations import (
    START,
    Rotated,
    begin_rotation,
    end_rotation,
    reseal_some,
)
from services.ingest.store.tenants import read_tenant_numbers
from services.schema.db import Database
from services.schema.shapes.people import Caller
from services.schema.words import Role

BATCH = 100


@dataclass(frozen=True, slots=True)
class TenantRotated:
    """What the rotation of a tenant came to."""

    tenant: str
    rotated: Rotated | None
    """Null where not even the tenant's key opens: all stays as it is."""
    shut: tuple[str, ...]
    """Shops with a field that does not open."""


async def rotate_accounts(
    database: Database, ring: Keyring, *, now: Callable[[], datetime], batch: int = BATCH
) -> list[TenantRotated]:
    """A new key for every tenant that has one; ingest goes on meanwhile.

    A rotation that is killed leaves both keys, and the next one goes on.
    """
    async with database.register() as register:
        numbers = await read_tenant_numbers(register)
    done = [
        await _rotate(database, ring, code, number, now=now, batch=batch)
        for code, number in sorted(numbers.items())
    ]
    return [each for each in done if each is not None]


async def wrap_buyer_keys(database: Database, keys: BuyerKeys) -> tuple[int, list[str]]:
    """Wrap all tenants' keys for buyers under the master key of the day; they stay what they are.

    How many there are, and the tenants whose key does not open, which stays as it is.
    """
    async with database.register() as register:
        numbers = await read_tenant_numbers(register)
    wrapped, shut = 0, []
    for code, number in sorted(numbers.items()):
        try:
            async with database.write(number) as session:
                wrapped += await keys.wrap_anew(session)
        except Shut:
            shut.append(code)
    return wrapped, shut


async def _rotate(
    database: Database,
    ring: Keyring,
    code: str,
    number: int,
    *,
    now: Callable[[], datetime],
    batch: int,
) -> TenantRotated | None:
    try:
        async with database.write(number) as session:
            key = await begin_rotation(session, ring, at=now())
    except Unopened:
        return TenantRotated(code, None, ())
    if key is None:
        return None
    fields, shut = 0, set[str]()
    after: tuple[str, str] | None = START
    while after is not None:
        async with database.write(number) as session:
            some = await reseal_some(session, ring, key, after=after, limit=batch, at=now())
        fields, after = fields + some.fields, some.last
        shut.update(some.shut)
    operator = Caller(number, Role.ADMIN, None, "system:operator")
    async with database.write(number) as session:
        rotated = await end_rotation(session, key, fields=fields, caller=operator, at=now())
    return TenantRotated(code, rotated, tuple(sorted(shut)))
