"""The databases that tests stand on: one server for the run, one migrated database per worker."""

import fcntl
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from services.local import database
from services.local.accounts import AccountFailed
from services.local.cluster import DatabaseFailed
from services.local.settings import LocalSettings
from services.schema import db
from services.schema.db import Database, WriteSession
from services.schema.migrate import migrate

PREFIX = "kaohe-tests-"
FIRST_TENANT = 100_000
"""Of the companies that tests make: lower numbers are for tests that name theirs."""
_numbers = itertools.count(1)
_resting: dict[tuple[Any, ...], list[AsyncEngine]] = {}
"""Engines of databases that were closed, by what they were made of; the DSN comes first."""


@dataclass(frozen=True)
class TestDatabase:
    """A migrated database, empty of tenants until a test makes some."""

    __test__ = False

    server: database.Server
    name: str

    def dsn(self, role: str) -> str:
        """For kaohe_api, _ingest, _payroll, _migrate, or plain kaohe, who may do anything."""
        return self.server.dsn(role, self.name)

    @asynccontextmanager
    async def undone(self, role: str, tenant: int) -> AsyncIterator[WriteSession]:
        """A session whose transaction is rolled back at the end, whatever happened in it."""
        url = make_url(self.dsn(role)).set(drivername="postgresql+asyncpg")
        engine = create_async_engine(url, poolclass=NullPool)
        try:
            async with engine.connect() as connection:
                await connection.exec_driver_sql(f"SET LOCAL kaohe.tenant = '{tenant:d}'")
                yield WriteSession(connection, tenant)
                await connection.rollback()
        finally:
            await engine.dispose()


def start_server(folder: Path) -> database.Server:
    """Started by the first worker that asks, and migrated once: the others copy."""
    server = database.start(folder, bin_folder=LocalSettings().pg_bin, durable=False)
    with (folder / "migrated").open("a+") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        mark.seek(0)
        if not mark.read():
            migrate(server.dsn("kaohe_migrate"))
            start = f"ALTER SEQUENCE tenants_id_seq RESTART WITH {FIRST_TENANT}"
            server.cluster.psql(database.DATABASE, ["--command", start])
            mark.write("yes")
    return server


@contextmanager
def copied_database(server: database.Server, worker: str) -> Iterator[TestDatabase]:
    """A copy of the migrated database, in which commits are welcome."""
    name = f"kaohe_{worker}_{next(_numbers)}"
    server.make_database(name, template=database.DATABASE)
    try:
        yield TestDatabase(server, name)
    finally:
        for made in [made for made in _resting if make_url(made[0]).database == name]:
            del _resting[made]
        server.drop_database(name)


@contextmanager
def engines_serve_again() -> Iterator[None]:
    """Until the end of the block: that of a database that was closed serves the next one like it.

    It has no connection any more, and knows how statements are written: each test that opens an
    app would compile them anew, which takes a quarter of its time.
    """
    make, close = db._make_engine, Database.close
    served: dict[AsyncEngine, tuple[Any, ...]] = {}

    def make_or_take(*made: Any, **named: Any) -> AsyncEngine:
        how = (*made, *named.items())
        engine = _resting[how].pop() if _resting.get(how) else make(*made, **named)
        served[engine] = how
        return engine

    async def close_and_keep(self: Database) -> None:
        await close(self)
        how = served.pop(self._engine, None)
        if how is not None:
            _resting.setdefault(how, []).append(self._engine)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "_make_engine", make_or_take)
        patch.setattr(Database, "close", close_and_keep)
        yield


def make_folder() -> Path:
    """A place for one run's server, open for the account that runs PostgreSQL to pass through."""
    _remove_left_behind()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    folder.chmod(0o755)
    return folder


def remove_folder(folder: Path) -> None:
    database.remove(folder, bin_folder=LocalSettings().pg_bin)
    shutil.rmtree(folder, ignore_errors=True)


def _remove_left_behind() -> None:
    """The server of a run that was killed outlives it; the next run ends it."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        process = int(folder.name.removeprefix(PREFIX).split("-")[0])
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            try:
                remove_folder(folder)
            except (AccountFailed, DatabaseFailed, OSError):
                continue  # somebody else's, or gone meanwhile
        except PermissionError:
            continue
