"""Each tenant's buyers are hashed with a key of its own, which goes on, moves, and is destroyed."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg
import pytest

from services.door.sealing import Keyring
from services.ingest.core.buyers import sealer
from services.ingest.flows.buyers import BuyerKeys, Shut
from services.ingest.workers.rotating import wrap_buyer_keys
from services.schema.db import Database
from services.schema.errors import Unavailable
from services.schema.shapes.people import Caller
from services.schema.words import FactKind, Role
from tests.databases import TestDatabase
from tests.ingest import rows
from tests.ingest.doors import BUYER_KEY, Door, lines, open_door
from tests.ingest.worlds import make_tenant

AT = datetime(2026, 12, 1, tzinfo=UTC)
FORMER, MASTER, LATER = BUYER_KEY.encode(), b"m" * 32, b"n" * 32
KEYS = BuyerKeys(Keyring(lambda: [MASTER, FORMER]), FORMER)
ORDERS = FactKind.ORDERS
GOES_ON = "INSERT INTO buyer_keys VALUES ($1, 1, NULL, NULL, now())"


@pytest.fixture
async def door(database: TestDatabase) -> AsyncIterator[Door]:
    async with open_door(database) as opened_door:
        yield opened_door


@asynccontextmanager
async def opened(database: TestDatabase) -> AsyncIterator[Database]:
    pool = Database(database.dsn("kaohe_ingest"), application="test")
    try:
        yield pool
    finally:
        await pool.close()


async def key_of(pool: Database, tenant: int, keys: BuyerKeys = KEYS) -> bytes:
    async with pool.write(tenant) as session:
        return await keys.hold(session)


async def destroy(pool: Database, tenant: int, keys: BuyerKeys = KEYS) -> int:
    operator = Caller(tenant, Role.ADMIN, None, "system:operator")
    async with pool.write(tenant) as session:
        return await keys.destroy(session, caller=operator, at=AT)


async def change(database: TestDatabase, statement: str, *values: object) -> None:
    owner = await asyncpg.connect(database.dsn("kaohe"))
    await owner.execute(statement, *values)
    await owner.close()


async def buyers_of(door: Door) -> dict[str, str]:
    found = await door.owner.fetch(
        "SELECT id, buyer FROM order_facts WHERE tenant_id = $1", door.tenant
    )
    return {row["id"]: row["buyer"] for row in found}


async def test_tenants_have_keys_of_their_own_and_nothing_of_them_opens_elsewhere(
    database: TestDatabase,
) -> None:
    one, two = [await make_tenant(database, f"keyed-{name}", ()) for name in "ab"]
    async with opened(database) as pool:
        with pytest.raises(Unavailable, match="no key yet"):
            await key_of(pool, one)
        for tenant in (one, two, one):
            async with pool.write(tenant) as session:
                await KEYS.begin(session, at=AT)
        first = await key_of(pool, one)
        assert first == await key_of(pool, one)
        assert len({first, await key_of(pool, two), FORMER, MASTER}) == 4
        copy = (
            "UPDATE buyer_keys SET wrapped = (SELECT wrapped FROM buyer_keys WHERE tenant_id = $1)"
        )
        await change(database, f"{copy} WHERE tenant_id = $2", one, two)
        with pytest.raises(Shut):
            await key_of(pool, two)
        with pytest.raises(Shut):
            await key_of(pool, one, BuyerKeys(Keyring(lambda: [LATER]), FORMER))
    for role in ("kaohe_api", "kaohe_payroll"):
        connection = await asyncpg.connect(database.dsn(role))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT * FROM buyer_keys")
        await connection.close()


async def test_who_was_here_goes_on_with_the_deployments_key_until_it_is_not_needed(
    fresh_database: TestDatabase,
) -> None:
    tenant = await make_tenant(fresh_database, "goes-on", ())
    await make_tenant(fresh_database, "has-none", ())
    await change(fresh_database, GOES_ON, tenant)
    nameless = BuyerKeys(Keyring(lambda: [MASTER]), None)
    async with opened(fresh_database) as pool:
        with pytest.raises(Shut, match="KAOHE_BUYER_KEY"):
            await key_of(pool, tenant, nameless)
        assert await key_of(pool, tenant) == FORMER
        assert await wrap_buyer_keys(pool, nameless) == (0, ["goes-on"])
        assert await wrap_buyer_keys(pool, KEYS) == (1, [])
        # From now on the deployment's may be forgotten, and the master key be another.
        assert await key_of(pool, tenant, nameless) == FORMER
        later = BuyerKeys(Keyring(lambda: [LATER, MASTER]), None)
        assert await wrap_buyer_keys(pool, later) == (1, [])
        assert await key_of(pool, tenant, BuyerKeys(Keyring(lambda: [LATER]), None)) == FORMER


async def test_destroying_a_key_unlinks_and_another_begins(door: Door) -> None:
    await door.owner.execute(GOES_ON, door.tenant)
    posted = [rows.full(ORDERS, id=f"SO-{number}") for number in range(2)]
    assert (await door.post(ORDERS, lines(*posted))).json()["created"] == 2
    before = await buyers_of(door)
    assert set(before.values()) == {sealer(FORMER, door.tenant)("erp", "b-1")}
    pool = door.app.state.database
    assert await destroy(pool, door.tenant) == 2
    assert (await door.post(ORDERS, lines(rows.full(ORDERS, id="SO-2")))).json()["created"] == 1
    after = await buyers_of(door)
    assert after.pop("SO-2") not in before.values()
    assert after == before
    assert await key_of(pool, door.tenant) != FORMER
    # What is posted again names a buyer who is somebody else by now: refused, and nothing changes.
    assert (await door.post(ORDERS, lines(posted[0]))).json()["conflict"] == 1
    assert (await buyers_of(door))["SO-0"] == before["SO-0"]
    newer = posted[0] | {"modified_at": "2026-11-30T00:00:00+08:00"}
    assert (await door.post(ORDERS, lines(newer))).json()["updated"] == 1
    entries = await door.owner.fetch(
        "SELECT actor, detail FROM audit WHERE tenant_id = $1 AND action = 'buyers.unlink'",
        door.tenant,
    )
    assert [(actor, json.loads(detail)) for actor, detail in entries] == [
        ("system:operator", {"key": 2})
    ]


async def test_a_key_that_does_not_open_refuses_facts_and_can_be_destroyed(door: Door) -> None:
    await door.owner.execute(
        "INSERT INTO buyer_keys VALUES ($1, 1, 'mk_gone', '\\x00', now())", door.tenant
    )
    answer = await door.post(ORDERS, lines(rows.full(ORDERS)))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert await buyers_of(door) == {}
    await destroy(door.app.state.database, door.tenant)
    assert (await door.post(ORDERS, lines(rows.full(ORDERS)))).json()["created"] == 1
