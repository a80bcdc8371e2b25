"""Sessions: what a connection that the server has closed does to the next borrower."""

import asyncio

import asyncpg
from sqlalchemy import text

from services.schema.db import Database
from tests.databases import TestDatabase

TENANT = 1
BACKENDS = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = "


async def _who(database: Database) -> int:
    async with database.read(TENANT) as session:
        return int(await session.scalar(text("SELECT pg_backend_pid()")))


async def test_a_connection_is_used_again(fresh_database: TestDatabase) -> None:
    database = Database(fresh_database.dsn("kaohe_api"), application="again")
    try:
        assert await _who(database) == await _who(database)
    finally:
        await database.close()


async def test_no_connection_that_the_server_closed_is_handed_out(
    fresh_database: TestDatabase,
) -> None:
    database = Database(fresh_database.dsn("kaohe_api"), application="closed")
    killer = await asyncpg.connect(fresh_database.dsn("kaohe"))
    try:
        before = set(await asyncio.gather(*(_who(database) for _ in range(3))))
        assert len(before) == 3
        assert await killer.fetchval(f"{BACKENDS} 'closed'") == 3
        await asyncio.sleep(0.2)  # until the driver has heard of it
        assert not {await _who(database) for _ in range(3)} & before
    finally:
        await killer.close()
        await database.close()
