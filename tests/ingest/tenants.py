"""A company that posts facts, and its books: what is stored of it, in a form to compare."""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

import asyncpg

from services.ingest.core.bodies import Posted
from services.ingest.core.buyers import sealer
from services.ingest.core.rejections import scrub_row
from services.ingest.flows.arrivals import Arrival
from services.ingest.flows.batches import add_facts
from services.ingest.flows.landing import Batch, Tally
from services.schema.db import WriteSession
from services.schema.ids import IdKind, new_id
from services.schema.shapes.mappings import FileMapping
from services.schema.words import FactKind, Outcome
from tests.databases import TestDatabase
from tests.ingest.rows import Row

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
BUYER_KEY = b"k" * 32
SHOPS = {
    "s-1": ("Asia/Shanghai", "CNY"),
    "s-2": ("America/New_York", "USD"),
}
_numbers = count(1)
# What differs between two equal books: names that we give, and moments.
_FLEETING = {"tenant_id", "id", "batch", "received_at", "last_success", "touched_at", "caller"}


@dataclass(frozen=True)
class Books:
    """One tenant in a transaction that is undone at the end."""

    session: WriteSession
    owner: asyncpg.Connection
    """Somebody else, who may do anything: what it does is committed."""

    @property
    def tenant(self) -> int:
        return self.session.tenant

    async def post(self, kind: FactKind, *rows: Row | str, at: datetime = AT) -> Tally:
        """As the door does it, without the door."""
        bodies = [row if isinstance(row, str) else json.dumps(row, default=str) for row in rows]
        return await self.add(
            kind,
            (Posted(number, body) for number, body in enumerate(bodies, 1)),
            at=at,
        )

    async def add(self, kind: FactKind, arrivals: Iterable[Arrival], *, at: datetime = AT) -> Tally:
        # The same for all tenants: their books are compared.
        seal = sealer(BUYER_KEY, 1)
        return await add_facts(
            self.session,
            kind,
            arrivals,
            batch=Batch(new_id(IdKind.BATCH), "key:test", at),
            seal=seal,
            scrub=lambda body: scrub_row(kind, body, seal),
        )

    async def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """The rows of a statement whose `$1` is the tenant."""
        driver = await self.session.driver()
        return [dict(row) for row in await driver.fetch(statement, self.tenant, *values)]

    async def measures(self, table: str, **wanted: Any) -> dict[str, Any]:
        """The one row of a table of measures, without what is zero."""
        (row,) = [
            row
            for row in await self.rows(f"SELECT * FROM {table} WHERE tenant_id = $1")  # noqa: S608
            if all(row[name] == value for name, value in wanted.items())
        ]
        return {
            name: value
            for name, value in row.items()
            if name not in {"tenant_id", *wanted} and value not in (0, "")
        }

    async def digest(self) -> dict[str, list[str]]:
        """All that the tenant has, table by table: equal, nothing has changed."""
        driver = await self.session.driver()
        return await read_books(driver, self.tenant)


async def read_books(connection: asyncpg.Connection, tenant: int) -> dict[str, list[str]]:
    tables = await connection.fetch(
        "SELECT DISTINCT table_name FROM information_schema.columns "
        "WHERE column_name = 'tenant_id' AND table_schema = 'public' "
        "AND (table_name ~ '_facts$|^(?!own).*_measures$' OR table_name IN "
        "('rejected_rows', 'feeds', 'touched_days', 'shop_sources')) ORDER BY 1"
    )
    books = {}
    for (table,) in tables:
        rows = await connection.fetch(
            f"SELECT to_jsonb(t)::text AS row FROM {table} AS t WHERE tenant_id = $1",  # noqa: S608
            tenant,
        )
        kept_ids = table.endswith("_facts")
        books[table] = sorted(
            json.dumps(
                {
                    name: value
                    for name, value in json.loads(row["row"]).items()
                    if name not in _FLEETING or (name == "id" and kept_ids)
                },
                sort_keys=True,
            )
            for row in rows
        )
    return books


async def make_tenant(connection: asyncpg.Connection, tenant: int) -> None:
    """A company with two shops, a unit and a measure of its own."""
    await connection.execute(
        "INSERT INTO tenant_settings VALUES ($1, 'T', 'CNY', 'Asia/Shanghai', 'monday', '01-01')",
        tenant,
    )
    for code, (timezone, currency) in SHOPS.items():
        await make_shop(connection, tenant, code, timezone, currency)
    await connection.execute(
        "INSERT INTO units (tenant_id, code, name, version) VALUES ($1, 'u-1', 'U', 1)", tenant
    )
    await connection.execute(
        "INSERT INTO own_measures (tenant_id, code, zh, en, unit, created_at) "
        "VALUES ($1, 'own_thing', 'x', 'x', 'count', now())",
        tenant,
    )


async def make_shop(
    connection: asyncpg.Connection, tenant: int, code: str, timezone: str, currency: str
) -> None:
    await connection.execute(
        "INSERT INTO shops (tenant_id, code, name, timezone, currency, kind, version) "
        "VALUES ($1, $2, $2, $3, $4, 'online', 1)",
        tenant,
        code,
        timezone,
        currency,
    )


@asynccontextmanager
async def open_books(database: TestDatabase) -> AsyncIterator[Books]:
    """A tenant that nobody else sees; all of it is undone."""
    tenant = 10_000 + next(_numbers)
    owner = await asyncpg.connect(database.dsn("kaohe"))
    try:
        await make_tenant(owner, tenant)
        async with database.undone("kaohe_ingest", tenant) as session:
            yield Books(session, owner)
    finally:
        for table in ("shop_sources", "own_measures", "units", "shops", "tenant_settings"):
            await owner.execute(f"DELETE FROM {table} WHERE tenant_id = {tenant:d}")  # noqa: S608
        await owner.close()


async def no_mapping(_code: str) -> FileMapping | None:
    """For rows that came in by none."""
    return None


def outcomes(tally: Tally) -> dict[str, int]:
    """The outcomes that there were."""
    return {outcome.value: tally.counts[outcome] for outcome in Outcome if tally.counts[outcome]}


def faults(tally: Tally) -> list[tuple[int, str, str]]:
    """Number, code and place of each row that is named."""
    return [(row.number, row.fault.code, row.fault.pointer) for row in tally.rows]
