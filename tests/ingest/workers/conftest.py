"""Worlds for the tests of what pulls."""

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import stamina

from services.ingest.sources.client import ATTEMPTS
from services.schema.db import Database
from tests.databases import TestDatabase
from tests.ingest.worlds import (
    FIRST,
    Clock,
    World,
    make_tenant,
    sandbox_on_loopback,
    write_accounts,
)

_numbers = itertools.count(1)
SHOPS = ("tm-life",)


@pytest.fixture(autouse=True)
def impatient() -> Iterator[None]:
    stamina.set_testing(True, attempts=ATTEMPTS)
    yield
    stamina.set_testing(False)


@pytest.fixture
async def world(database: TestDatabase, tmp_path: Path) -> AsyncIterator[World]:
    """A small shop with ten days of history, and nothing of it pulled yet."""
    clock, code = Clock(), f"pulled-{next(_numbers)}"
    pool = Database(database.dsn("kaohe_ingest"), application="test")
    accounts = tmp_path / "marketplaces.json"
    with sandbox_on_loopback(clock, FIRST) as (gateway, address):
        tenant = await make_tenant(database, code, SHOPS)
        write_accounts(accounts, code, address, SHOPS, FIRST)
        made = World(pool, tenant, code, gateway, clock, accounts, SHOPS, database.dsn("kaohe"))
        yield made
        for desks in made.desks:
            await desks.close()
    await pool.close()
