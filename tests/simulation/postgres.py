"""A real PostgreSQL in the place of memory: its transactions are cut in earnest, and looked at."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Any

import asyncpg

from services.ingest.flows import pulls
from services.schema.db import Database
from services.schema.errors import Unavailable
from services.schema.words import FactKind
from tests.databases import TestDatabase
from tests.ingest.recount import count_again
from tests.simulation.books import PLACES
from tests.simulation.patches import Patch
from tests.simulation.shelves import Key, Shelf, standing

MOST_ROUNDS = 60
"""Of the loop, until a transaction that is to be cut is cut; a usual one takes as many."""
TABLES = {
    FactKind.ORDERS: ("order_facts", "order_measures"),
    FactKind.REFUNDS: ("refund_facts", "refund_measures"),
    FactKind.RATINGS: ("rating_facts", "rating_measures"),
}
_NOT_SUMS = {"tenant_id", "day", "shop", "employee", "channel", "campaign", "currency"}


class Postgres:
    """Ingest's own database, some of whose connections die in the middle of what they do."""

    def __init__(self, database: TestDatabase, chance: Random) -> None:
        self._database = Database(database.dsn("kaohe_ingest"), application="story")
        self._owner = Owner(database)
        self._chance = chance
        self.is_unlucky: Callable[[], bool] = lambda: False
        """Whether the transaction that begins is to be cut."""

    def read(self, tenant: int) -> Any:
        return self._database.read(tenant)

    def register(self) -> Any:
        return self._database.register()

    @asynccontextmanager
    async def write(self, tenant: int) -> AsyncIterator[Any]:
        async with self._database.write(tenant) as session:
            cutting = asyncio.ensure_future(self._cut(session)) if self.is_unlucky() else None
            try:
                yield session
            finally:
                if cutting is not None:
                    # Before anybody else borrows the connection.
                    with suppress(asyncio.CancelledError):
                        await cutting

    async def lose(self, session: Any) -> None:
        """The connection is gone when the transaction is to be committed."""
        await self._terminate(session)

    async def close(self) -> None:
        await self._database.close()
        await self._owner.close()

    async def _cut(self, session: Any) -> None:
        for _ in range(self._chance.randint(0, MOST_ROUNDS)):
            await asyncio.sleep(0)
        await self._terminate(session)

    async def _terminate(self, session: Any) -> None:
        try:
            driver = await session.driver()
            process = driver.get_server_pid()
        except Exception as error:  # it is gone already
            raise Unavailable("The database does not answer.") from error
        await self._owner.fetch("SELECT pg_terminate_backend($1, 1000)", process)


class Owner:
    """Somebody who may do anything, one thing after another."""

    def __init__(self, database: TestDatabase) -> None:
        self._dsn = database.dsn("kaohe")
        self._lock = asyncio.Lock()
        self._connection: asyncpg.Connection | None = None

    @asynccontextmanager
    async def moment(self) -> AsyncIterator[asyncpg.Connection]:
        """What is read in it is of one moment."""
        async with self._lock:
            if self._connection is None:
                self._connection = await asyncpg.connect(self._dsn)
            async with self._connection.transaction(isolation="repeatable_read"):
                yield self._connection

    async def fetch(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        async with self.moment() as connection:
            return list(await connection.fetch(statement, *values))

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


class PostgresShelves:
    """What stands in the tables, the measures column by column."""

    def __init__(self, database: TestDatabase) -> None:
        self._owner = Owner(database)
        self._advanced: set[int] = set()

    def is_stale(self) -> bool:
        """Nobody knows; facts that go back are seen."""
        return False

    async def is_as_before(self, tenant: int) -> bool:
        """Nothing lands without its cursor."""
        if tenant not in self._advanced:
            return True
        self._advanced.discard(tenant)
        return False

    def watch(self, patch: Patch) -> None:
        """Notice whose cursors are written; whether that holds is seen by looking."""
        advance: Any = vars(pulls)["advance"]

        async def noticed(session: Any, *arguments: Any, **named: Any) -> None:
            self._advanced.add(session.tenant)
            await advance(session, *arguments, **named)

        patch(pulls, "advance", noticed)

    async def look(self, tenant: int) -> Shelf:
        shelf = Shelf({}, {}, {}, {}, {})
        async with self._owner.moment() as connection:

            async def rows(table: str) -> list[Mapping[str, Any]]:
                statement = f"SELECT * FROM {table} WHERE tenant_id = $1"  # noqa: S608 - ours
                return [dict(row) for row in await connection.fetch(statement, tenant)]

            for kind, (facts, measures) in TABLES.items():
                stored = await rows(facts)
                shelf.facts |= {
                    (kind.value, row["source"], row["id"]): standing(kind, row) for row in stored
                }
                shelf.recounted[kind] = count_again(kind, stored)
                shelf.measures[kind] = {
                    tuple(row[name] for name in _key_of(row)): {
                        name: value
                        for name, value in row.items()
                        if name not in _NOT_SUMS and value != 0
                    }
                    for row in await rows(measures)
                }
            for row in await rows("rejected_rows"):
                key: Key = row["kind"], row["source"], row["fact"]
                shelf.rejected.setdefault(key, []).append(row["body"])
            shelf.cursors = {
                (row["shop"], row["kind"]): (row["cursor"], row["problem"])
                for row in await rows("feeds")
            }
            jobs = await rows("jobs")
            shelf.running = [row["id"] for row in jobs if row["status"] == "running"]
            shelf.places = {row["id"]: row["reached"] for row in jobs}
        return shelf

    async def feed_of(self, tenant: int, shop: str, kind: str) -> str | None:
        statement = "SELECT id FROM feeds WHERE tenant_id = $1 AND shop = $2 AND kind = $3"
        found = await self._owner.fetch(statement, tenant, shop, kind)
        return found[0]["id"] if found else None

    async def close(self) -> None:
        await self._owner.close()


def _key_of(row: Mapping[str, Any]) -> list[str]:
    return [name for name in ("day", "shop", "employee", "channel", "campaign", "currency")
            if name in row]  # fmt: skip


def make_companies(database: TestDatabase, tenants: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """New companies of these names; those of the story before have others from now on."""
    return asyncio.run(_make_companies(database, tenants))


async def _make_companies(
    database: TestDatabase, tenants: Mapping[str, Sequence[str]]
) -> dict[str, int]:
    connection = await asyncpg.connect(database.dsn("kaohe"))
    try:
        async with connection.transaction():
            await connection.execute(
                "UPDATE tenants SET code = code || '-' || id WHERE code = ANY ($1::text[])",
                list(tenants),
            )
            return {
                code: await _make_company(connection, code, shops)
                for code, shops in tenants.items()
            }
    finally:
        await connection.close()


async def _make_company(connection: asyncpg.Connection, code: str, shops: Sequence[str]) -> int:
    tenant: int = await connection.fetchval(
        "INSERT INTO tenants (code, created_at) VALUES ($1, now()) RETURNING id", code
    )
    await connection.execute(
        "INSERT INTO tenant_settings VALUES ($1, 'T', 'CNY', 'Asia/Shanghai', 'monday', '01-01')",
        tenant,
    )
    # As memory has it: the deployment's key, so that a story is the same whenever it is played.
    await connection.execute("INSERT INTO buyer_keys VALUES ($1, 1, NULL, NULL, now())", tenant)
    for shop in shops:
        await connection.execute(
            "INSERT INTO shops (tenant_id, code, name, marketplace, timezone, currency, kind,"
            " version) VALUES ($1, $2, $2, $3, $4, $5, 'online', 1)",
            tenant,
            shop,
            *PLACES[shop],
        )
    return tenant
