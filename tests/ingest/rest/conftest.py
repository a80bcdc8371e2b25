"""A door for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.databases import TestDatabase
from tests.ingest.doors import Door, open_door


@pytest.fixture
async def door(database: TestDatabase) -> AsyncIterator[Door]:
    async with open_door(database) as opened:
        yield opened
