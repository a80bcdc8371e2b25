"""Read and write sessions of PostgreSQL, bound to one tenant; here stands the only commit.

A session is one transaction. Its tenant is set inside the transaction only, so that a pooled
connection never carries it to the next borrower; a session without a tenant cannot be opened.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
from sqlalchemy import CursorResult, Executable, event, make_url, text
from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from services.schema.errors import Invalid, KaoheError, NotFound, Unavailable
from services.schema.queues import Crowded, FairQueue

POOL_SIZE = 10
POOL_WAIT_SECONDS = 2
POOL_WAITING = 64
"""Transactions of one tenant that may wait for a connection: more would wait in vain."""
CONNECT_SECONDS = 5
COMMAND_SECONDS = 90
"""Beyond the server's own statement timeouts, which end a statement first."""

# The owner is let in: it deletes what is left.
_IS_STRUCK = text("""
SELECT current_user IN ('kaohe_api', 'kaohe_ingest')
    AND EXISTS (SELECT FROM struck_tenants WHERE id = :tenant)
""")
_UNKEEPABLE_TEXT = "22021"
_TRANSIENT = frozenset({"40001", "40P01", "53300", "55P03", "57014", "57P01", "57P02", "57P03"})
_CONTENDED = frozenset({"40001", "40P01", "55P03"})


class ReadSession:
    """One reading transaction: all its statements see the same moment."""

    def __init__(self, connection: AsyncConnection, tenant: int) -> None:
        self._connection = connection
        self.tenant = tenant
        self.shown: dict[str, Any] = {}
        """Scorecards of others by their ids, each with its subject: the door notes who saw them."""

    async def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> CursorResult[Any]:
        """Run one statement and hold its rows."""
        result = await self._connection.execute(statement, parameters)
        assert isinstance(result, CursorResult)
        return result

    async def scalar(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Any:
        """The first column of the first row, or null without a row."""
        return (await self.execute(statement, parameters)).scalar()

    async def driver(self) -> asyncpg.Connection:
        """The driver's own connection, inside this transaction: for COPY."""
        raw = await self._connection.get_raw_connection()
        connection = raw.driver_connection
        assert isinstance(connection, asyncpg.Connection)
        return connection


class WriteSession(ReadSession):
    """One writing transaction; it is committed when its block ends without an error."""

    async def execute_many(self, statement: Executable, parameters: list[dict[str, Any]]) -> None:
        """Run one statement for each of the rows; no rows, no statement."""
        if parameters:
            await self._connection.execute(statement, parameters)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part that is undone alone when it fails; deferred constraints hold at its end."""
        async with self._connection.begin_nested():
            yield
            await self._connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")


class Database:
    """A pool of connections in one role, which tenants share as `queues.py` says."""

    def __init__(
        self, dsn: str, *, application: str, pool_size: int = POOL_SIZE, behind_pooler: bool = False
    ) -> None:
        self._dsn = dsn
        self._queue = FairQueue(pool_size, waiting=POOL_WAITING)
        self._engine = _make_engine(dsn, application, pool_size, behind_pooler=behind_pooler)

    @asynccontextmanager
    async def read(self, tenant: int) -> AsyncIterator[ReadSession]:
        """A transaction that may only read."""
        async with self._transaction(tenant, readonly=True) as connection:
            yield ReadSession(connection, tenant)

    @asynccontextmanager
    async def write(self, tenant: int) -> AsyncIterator[WriteSession]:
        """A transaction that is committed at the end of the block, or undone whole.

        No service's begins for a tenant that is struck out: whoever has struck it out and waits
        until what was open has ended knows that no row comes any more.
        """
        async with self._transaction(tenant, readonly=False) as connection:
            if await connection.scalar(_IS_STRUCK, {"tenant": tenant}):
                raise NotFound("tenant")
            yield WriteSession(connection, tenant)

    @asynccontextmanager
    async def register(self) -> AsyncIterator[ReadSession]:
        """The register of tenants, which belongs to none: policies hide every other row."""
        async with self._transaction(None, readonly=True) as connection:
            yield ReadSession(connection, 0)

    @asynccontextmanager
    async def listen(self, channel: str) -> AsyncIterator[asyncio.Queue[str | None]]:
        """What is notified on a channel, until null: then the connection is gone.

        The connection is one of its own: a pool would lend it on, a pooler hears nothing.
        """
        heard: asyncio.Queue[str | None] = asyncio.Queue()
        try:
            connection = await asyncpg.connect(self._dsn, timeout=CONNECT_SECONDS)
        except (TimeoutError, OSError, asyncpg.PostgresError) as error:
            raise Unavailable("The database does not answer.") from error
        try:
            connection.add_termination_listener(lambda _: heard.put_nowait(None))
            await connection.add_listener(channel, lambda *event: heard.put_nowait(str(event[-1])))
            yield heard
        finally:
            connection.terminate()

    async def close(self) -> None:
        """Let go of all connections."""
        await self._engine.dispose()

    @asynccontextmanager
    async def _transaction(
        self, tenant: int | None, *, readonly: bool
    ) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._place(tenant or 0), self._engine.connect() as connection:
                if readonly:
                    await connection.execution_options(
                        isolation_level="REPEATABLE READ", postgresql_readonly=True
                    )
                async with connection.begin():
                    if tenant is not None:
                        await connection.exec_driver_sql(f"SET LOCAL kaohe.tenant = '{tenant:d}'")
                    yield connection
        except (PoolTimeoutError, TimeoutError, OSError) as error:
            raise Unavailable("The database does not answer.") from error
        except DBAPIError as error:
            if (refusal := _refusal_of(error)) is not None:
                raise refusal from error
            raise
        except asyncpg.PostgresError as error:
            # What runs on the driver itself, for COPY, fails in the driver's own words.
            if error.sqlstate in _TRANSIENT or isinstance(error, asyncpg.PostgresConnectionError):
                raise _away(error.sqlstate) from error
            raise
        except asyncpg.InterfaceError as error:
            if isinstance(error, ValueError):
                raise  # an argument of ours that does not fit
            raise _away(None) from error

    @asynccontextmanager
    async def _place(self, tenant: int) -> AsyncIterator[None]:
        """The tenant's turn at the pool: in time, or not at all."""
        if not self._queue.enter_now(tenant):
            try:
                async with asyncio.timeout(POOL_WAIT_SECONDS):
                    await self._queue.enter(tenant)
            except Crowded as error:
                raise Unavailable("Too much is asked of the database at once.") from error
        try:
            yield
        finally:
            self._queue.leave(tenant)


def constraint_of(error: DBAPIError) -> str | None:
    """The name of the constraint that a statement broke."""
    cause = error.orig.__cause__ if error.orig is not None else None
    name = getattr(cause, "constraint_name", None)
    return name if isinstance(name, str) else None


def sqlstate_of(error: DBAPIError) -> str | None:
    """PostgreSQL's code of an error: `40P01` for a deadlock."""
    state = getattr(error.orig, "sqlstate", None)
    return state if isinstance(state, str) else None


def _away(sqlstate: str | None) -> Unavailable:
    return Unavailable("The database does not answer.", contended=sqlstate in _CONTENDED)


def _refusal_of(error: DBAPIError) -> KaoheError | None:
    """What a failed statement is in our words; null is a mistake of ours."""
    if _is_gone(error):
        return _away(sqlstate_of(error))
    if sqlstate_of(error) == _UNKEEPABLE_TEXT:
        # Of a path or a query: bodies are refused before, with the place.
        return Invalid("text_invalid", "U+0000 cannot be kept.")
    return None


def _is_gone(error: DBAPIError) -> bool:
    if error.connection_invalidated or sqlstate_of(error) in _TRANSIENT:
        return True
    if isinstance(error, InterfaceError | OperationalError):
        return True
    cause = error.orig.__cause__ if error.orig is not None else None
    return isinstance(cause, asyncpg.InternalClientError | OSError | TimeoutError)


def _make_engine(dsn: str, application: str, pool_size: int, *, behind_pooler: bool) -> AsyncEngine:
    url = make_url(dsn).set(drivername="postgresql+asyncpg")
    connect_args: dict[str, Any] = {
        "timeout": CONNECT_SECONDS,
        "command_timeout": COMMAND_SECONDS,
        "server_settings": {"application_name": application, "timezone": "UTC"},
    }
    if behind_pooler:
        # A pooler in transaction mode gives each transaction another server connection.
        connect_args["statement_cache_size"] = 0
        connect_args["prepared_statement_cache_size"] = 0
        connect_args["prepared_statement_name_func"] = lambda: f"__kaohe_{uuid4()}__"
        del connect_args["server_settings"]
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        hide_parameters=True,
        max_overflow=0,
        pool_timeout=POOL_WAIT_SECONDS,
        connect_args=connect_args,
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _refuse_closed(connection: Any, _record: Any, _fairy: Any) -> None:
    """Hand out none that the server has closed: the driver knows, without two more round trips."""
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError
