"""What tests of the api may ask for: a company of their own, or two behind one door."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.local.database import Server
from tests.api.agents import make_gold, staff
from tests.api.companies import Company, open_companies
from tests.api.worlds import World, open_world
from tests.databases import TestDatabase, copied_database


@pytest.fixture
async def company(database: TestDatabase) -> AsyncIterator[Company]:
    async with open_companies(database, 1) as (company,):
        yield company


@pytest.fixture
async def companies(database: TestDatabase) -> AsyncIterator[list[Company]]:
    async with open_companies(database, 2) as companies:
        yield companies


@pytest.fixture
async def agents(company: Company) -> Company:
    """With the service ladder, and an agent `e-1` who just is gold."""
    await staff(company)
    await make_gold(company)
    return company


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(server: Server, worker: str) -> AsyncIterator[World]:
    """Built once: two companies, two units, three levels, all stages; leave it as it is."""
    with copied_database(server, worker) as copy:
        async with open_world(copy) as made:
            yield made
