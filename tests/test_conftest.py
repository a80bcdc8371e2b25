"""The ground the tests stand on: the right role, nothing left behind, no way out."""

import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from services.schema.db import Database
from tests.conftest import LONG, pytest_collection_modifyitems
from tests.databases import TestDatabase

ROOT = Path(__file__).parents[1]


async def test_a_database_is_migrated_and_its_roles_are_what_they_are(
    database: TestDatabase,
) -> None:
    connection = await asyncpg.connect(database.dsn("kaohe_api"))
    try:
        assert await connection.fetchval("SELECT current_user") == "kaohe_api"
        assert await connection.fetchval("SELECT current_database()") == database.name
        assert await connection.fetchval("SELECT count(*) FROM employees") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("CREATE TABLE mine (a integer)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("CREATE TEMPORARY TABLE mine (a integer)")
    finally:
        await connection.close()


async def test_an_undone_session_leaves_nothing(database: TestDatabase) -> None:
    nobody = 2_000_000_007  # other tests of this worker leave tenants of theirs
    count = text("SELECT count(*) FROM counters")
    fill = text("INSERT INTO counters VALUES (:nobody, 'payroll', 1)")
    async with database.undone("kaohe_api", nobody) as session:
        set_to = await session.scalar(text("SELECT current_setting('kaohe.tenant')"))
        assert set_to == str(nobody)
        await session.execute(fill, {"nobody": nobody})
    async with database.undone("kaohe_api", nobody) as session:
        assert await session.scalar(count) == 0


def test_a_fresh_database_is_nobody_elses(
    database: TestDatabase, fresh_database: TestDatabase
) -> None:
    assert fresh_database.name != database.name


async def test_an_engine_serves_one_database_at_a_time(database: TestDatabase) -> None:
    async def opened() -> Database:
        made = Database(database.dsn("kaohe_api"), application="again")
        async with made.register() as session:
            await session.scalar(text("SELECT 1"))
        return made

    first = await opened()
    second = await opened()
    assert first._engine is not second._engine
    await first.close()
    await first.close()
    third, fourth = await opened(), await opened()
    assert third._engine is first._engine
    assert fourth._engine not in {third._engine, second._engine}
    other = Database(database.dsn("kaohe_api"), application="again", pool_size=1)
    await fourth.close()
    assert other._engine is not Database(database.dsn("kaohe_api"), application="again")._engine
    for each in (second, third, other):
        await each.close()


def test_long_files_begin_first() -> None:
    assert all((ROOT / file).is_file() for file in LONG)
    named = [f"{file}::test" for file in ("tests/a.py", LONG[1], "tests/b.py", LONG[0])]
    items: list[Any] = [SimpleNamespace(nodeid=each) for each in named]
    pytest_collection_modifyitems(items)
    assert [each.nodeid for each in items] == [named[1], named[3], named[0], named[2]]


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_the_network_is_off(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as outward, pytest.raises(OSError, match="stay on this machine"):
        outward.connect((host, 80))


def test_names_are_not_looked_up() -> None:
    with pytest.raises(OSError, match="stay on this machine"):
        socket.getaddrinfo("example.org", 80)


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as here:
        socket.create_connection(here.getsockname()).close()
