"""One database for each published set, with both doors open on it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from services.local.database import Server
from tests.databases import TestDatabase, copied_database
from tests.real.doors import Doors, open_doors
from tests.real.published import data_folder


@pytest.fixture(scope="module")
def data() -> Path:
    return data_folder()


@pytest.fixture(scope="module")
def real_database(data: Path, server: Server, worker: str) -> Iterator[TestDatabase]:
    """Made only where there are data to fill it with."""
    with copied_database(server, worker) as copy:
        yield copy


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def doors(
    real_database: TestDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Doors]:
    async with open_doors(real_database, tmp_path_factory.mktemp("doors")) as opened:
        yield opened
