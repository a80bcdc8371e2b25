"""The books of a tenant for each test that wants them; they are undone."""

from collections.abc import AsyncIterator

import pytest

from tests.databases import TestDatabase
from tests.ingest.tenants import Books, open_books


@pytest.fixture
async def books(database: TestDatabase) -> AsyncIterator[Books]:
    async with open_books(database) as opened:
        yield opened
