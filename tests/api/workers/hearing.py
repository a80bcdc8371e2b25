"""Workers with one ear stopped: one hears and never sweeps, one sweeps and never hears.

With both, a test stays green when either is broken: the other finds the work.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import ModuleType

import pytest

from services.schema.db import Database


async def _never(*_: object) -> None:
    await asyncio.Event().wait()


def only_hears(worker: type, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Have a kind of worker never look by itself; told is when it listens."""
    monkeypatch.setattr(worker, "_sweep", _never)
    listens = asyncio.Event()
    listen = Database.listen

    def telling(
        database: Database, channel: str
    ) -> AbstractAsyncContextManager[asyncio.Queue[str | None]]:
        @asynccontextmanager
        async def heard() -> AsyncIterator[asyncio.Queue[str | None]]:
            async with listen(database, channel) as queue:
                listens.set()
                yield queue

        return heard()

    monkeypatch.setattr(Database, "listen", telling)
    return listens


def only_sweeps(workers: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the workers of a module hear nothing, and look often."""
    monkeypatch.setattr(workers, "hear_of_tenants", _never)
    monkeypatch.setattr(workers, "SWEEP_SECONDS", 0.2)
