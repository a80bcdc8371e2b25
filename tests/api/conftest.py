"""What tests of the api may ask for: a company of their own, or two behind one door."""

from collections.abc import AsyncIterator

import pytest

from tests.api.agents import make_gold, staff
from tests.api.companies import Company, open_companies
from tests.databases import TestDatabase


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
