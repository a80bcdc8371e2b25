"""The feed's epoch: it stays with a database, and is another in every copy."""

from services.api.store.payouts import read_epoch
from services.schema.db import Database
from tests.databases import TestDatabase


async def epoch_of(database: TestDatabase) -> str:
    opened = Database(database.dsn("kaohe_payroll"), application="tests")
    try:
        async with opened.read(1) as session:
            return await read_epoch(session)
    finally:
        await opened.close()


async def test_the_epoch_stays_with_a_database_and_is_another_in_a_copy(
    database: TestDatabase, fresh_database: TestDatabase
) -> None:
    assert await epoch_of(database) == await epoch_of(database)
    assert await epoch_of(database) != await epoch_of(fresh_database)
