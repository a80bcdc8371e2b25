"""Ways round the policies: every foreign key, every unique key, and connections lent again."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.schema.db import Database
from tests.api.test_isolation import REFUSED, ROLES, connected, tenant_tables
from tests.api.worlds import World
from tests.figures import Figures, Wrong

in_the_world = pytest.mark.asyncio(loop_scope="session")
OF = "errors of keys and connections that are lent again"
FOREIGN_KEYS = """
SELECT c.conname AS name, c.conrelid::regclass::text AS of, c.confrelid::regclass::text AS to,
    ARRAY(SELECT a.attname FROM unnest(c.conkey) WITH ORDINALITY AS k (n, place)
        JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.n ORDER BY place)::text[]
        AS columns,
    ARRAY(SELECT a.attname FROM unnest(c.confkey) WITH ORDINALITY AS k (n, place)
        JOIN pg_attribute AS a ON a.attrelid = c.confrelid AND a.attnum = k.n
        ORDER BY place)::text[] AS named
FROM pg_constraint AS c
WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace ORDER BY 2, 1
"""
UNIQUE_KEYS = """
SELECT i.indexrelid::regclass::text AS name, i.indrelid::regclass::text AS of,
    ARRAY(SELECT a.attname FROM unnest(i.indkey::int[]) AS k (n)
        JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.n)::text[] AS columns
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace ORDER BY 2, 1
"""
CHECKED = """
SELECT c.conrelid::regclass::text, a.attname
FROM pg_constraint AS c CROSS JOIN unnest(c.conkey) AS k (n)
JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.n
WHERE c.contype = 'c' AND c.connamespace = 'public'::regnamespace
"""
TYPES = """
SELECT attname, format_type(atttypid, NULL), attnotnull FROM pg_attribute
WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped
"""
KEY_SHOWN = re.compile(r"Key \(.*\)=\(.*\)")
"""What a caller named, as the error repeats it."""
FRESH: Mapping[str, object] = {
    "integer": 987654, "bigint": 987654, "date": "2099-01-01",
    "timestamp with time zone": "2099-01-01T00:00:00Z", "boolean": False, "smallint": 9,
}  # fmt: skip
SOME: Mapping[str, object] = {**FRESH, "text": "some", "bytea": "\\x00", "jsonb": {}}
"""What a row is made of where the world has none to copy."""
HELD: Mapping[str, Mapping[str, object]] = {
    "account_fields": {"field": "renewed"},
    "delivery_attempts": {"error": "some"},
    "exclusions": {"reason": None},
    "improvements": {"state": "done", "subject_kind": "employee"},
}
"""What a table's own checks ask of a row, so that its keys are looked at."""


@dataclass(frozen=True)
class Key:
    """A key of a table, and where a foreign one leads."""

    name: str
    of: str
    columns: tuple[str, ...]
    to: str
    named: tuple[str, ...]


@dataclass
class Tables:
    """The keys of all tables that belong to tenants, and who may write them."""

    world: World
    foreign: list[Key]
    unique: list[Key]
    types: dict[str, dict[str, str]]
    needed: dict[str, set[str]]
    """Columns that may not be null."""
    checked: set[tuple[str, str]]
    """Columns that hold only what a constraint names."""
    connections: dict[str, asyncpg.Connection]

    def fresh(self, table: str, columns: Sequence[str], word: str = "new") -> dict[str, object]:
        """Values that are nowhere, of columns that may hold any."""
        values = {**FRESH, "text": f"nothing is called {word}"}
        free = [each for each in columns if (table, each) not in self.checked]
        return {each: values[self.types[table][each]] for each in free if each != "tenant_id"}

    def base(self, table: str) -> dict[str, object]:
        """What makes a copied row another one: new values in its keys that lead nowhere."""
        led = {each for key in self.foreign if key.of == table for each in key.columns}
        keyed = {each for key in self.unique if key.of == table for each in key.columns}
        return {**self.fresh(table, sorted(keyed - led)), **HELD.get(table, {})}

    async def made(self, table: str) -> dict[str, object]:
        """A row of our company from nothing, which names what is there."""
        row = {each: SOME[self.types[table][each]] for each in self.needed[table] - {"tenant_id"}}
        for key in self.foreign:
            if key.of == table and set(key.columns) <= self.needed[table]:
                row |= await self._one_of_ours(key)
        return {**row, "tenant_id": self.world.ours.number}

    async def _one_of_ours(self, key: Key) -> dict[str, object]:
        pairs = zip(key.columns, key.named, strict=True)
        wanted = ", ".join(f"'{column}', \"{named}\"" for column, named in pairs)
        found = await self.world.looker.fetchval(
            f"SELECT jsonb_build_object({wanted})::text FROM {key.to} "  # noqa: S608  of the catalogue
            "WHERE tenant_id = $1 LIMIT 1",
            self.world.ours.number,
        )
        return dict(json.loads(found))

    async def theirs(self, table: str, columns: Sequence[str]) -> dict[str, object] | None:
        """A key that a row of the other company has and none of ours; null where there is none."""
        of = [each for each in columns if each != "tenant_id"]
        wanted = ", ".join(f"'{each}', t.\"{each}\"" for each in of)
        same = " AND ".join(f'o."{each}" = t."{each}"' for each in of)
        whole = ", ".join(f't."{each}"' for each in of)
        found = await self.world.looker.fetchval(
            f"SELECT jsonb_build_object({wanted})::text FROM {table} AS t "  # noqa: S608  of the catalogue
            f"WHERE tenant_id = $1 AND num_nulls({whole}) = 0 "
            f"AND NOT EXISTS (SELECT FROM {table} AS o WHERE o.tenant_id = $2 AND {same}) LIMIT 1",
            self.world.theirs.number, self.world.ours.number,
        )  # fmt: skip
        return None if found is None else dict(json.loads(found))

    async def add(self, table: str, changed: Mapping[str, object]) -> tuple[object, ...]:
        """What is told to who copies a row of our company so changed, or makes one."""
        connection, ours = self.connections[table], self.world.ours.number
        transaction = connection.transaction()
        await transaction.start()
        try:
            await connection.execute(f"SET LOCAL kaohe.tenant = '{ours}'")
            done = await connection.execute(
                f"INSERT INTO {table} SELECT (jsonb_populate_record(x, $2::jsonb)).* "  # noqa: S608  of the catalogue
                f"FROM {table} AS x WHERE tenant_id = $1 LIMIT 1",
                ours, json.dumps(changed),
            )  # fmt: skip
            if done == "INSERT 0 0":
                await connection.execute(
                    f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, $1)).*",
                    json.dumps({**await self.made(table), **changed}),
                )
            await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except asyncpg.PostgresError as error:
            told = "Key ?".join(KEY_SHOWN.split(str(error.detail)))
            return error.sqlstate, error.constraint_name, told
        else:
            return ("done",)
        finally:
            await transaction.rollback()


@asynccontextmanager
async def tables_of(world: World) -> AsyncIterator[Tables]:
    known = set(await tenant_tables(world))
    foreign, unique = [
        [_key_of(row) for row in await world.looker.fetch(query) if row["of"] in known]
        for query in (FOREIGN_KEYS, UNIQUE_KEYS)
    ]
    columns = {table: await world.looker.fetch(TYPES, table) for table in known}
    types = {table: {row[0]: row[1] for row in rows} for table, rows in columns.items()}
    needed = {table: {row[0] for row in rows if row[2]} for table, rows in columns.items()}
    async with AsyncExitStack() as stack:
        roles = {role: await stack.enter_async_context(connected(world, role)) for role in ROLES}
        connections = {}
        for table in known:
            for role in ("kaohe_api", "kaohe_ingest", "kaohe_migrate"):
                both = await world.looker.fetchval(
                    "SELECT has_table_privilege($1::text, $2::text, 'SELECT') "
                    "AND has_table_privilege($1::text, $2::text, 'INSERT')",
                    role, table,
                )  # fmt: skip
                if both:
                    connections[table] = roles[role]
                    break
        checked = {tuple(row) for row in await world.looker.fetch(CHECKED)}
        yield Tables(world, foreign, unique, types, needed, checked, connections)


def _key_of(row: asyncpg.Record) -> Key:
    to, named = row.get("to", ""), tuple(row.get("named", ()))
    return Key(row["name"], row["of"], tuple(row["columns"]), to, named)


@in_the_world
async def test_scenario_a04_every_key_is_of_one_tenant(world: World, figure: Figures) -> None:
    """No key is compared, and none leads, across companies."""
    async with tables_of(world) as tables:
        across = [key.name for key in tables.unique if "tenant_id" not in key.columns]
        known = {key.of for key in tables.unique}
        for key in tables.foreign:
            pairs = dict(zip(key.columns, key.named, strict=True))
            if pairs.get("tenant_id") != "tenant_id" and key.to in known:
                across.append(key.name)
        tried = len(tables.unique) + len(tables.foreign)
    figure("A04", Wrong.LEAKS, across, tried=tried, of="keys, each of one tenant")
    assert tried > 140


@in_the_world
async def test_scenario_a04_no_foreign_key_tells_what_another_tenant_has(
    world: World, figure: Figures
) -> None:
    """To name what is theirs is told, word for word, as to name what is nowhere."""
    leaks: list[str] = []
    met = tried = 0
    async with one_more_data_key(world), tables_of(world) as tables:
        for key in tables.foreign:
            if set(key.named) == {"tenant_id"}:
                continue
            there = await tables.theirs(key.to, key.named)
            assert there is not None, f"{key.to}: the other company has nothing of its own"
            names = dict(zip(key.named, key.columns, strict=True))
            named = {names[each]: value for each, value in there.items()}
            base = tables.base(key.of)
            told = await tables.add(key.of, {**base, **named})
            nowhere = tables.fresh(key.of, key.columns, "so") or dict.fromkeys(named, "nowhere")
            absent = await tables.add(key.of, {**base, **named, **nowhere})
            tried += 1
            met += told[:2] == ("23503", key.name)
            if told == ("done",) or told != absent:
                leaks.append(f"{key.of}.{key.name}: {told}, {absent}")
    figure("A04", Wrong.LEAKS, leaks, tried=tried, of="foreign keys that name another tenant's")
    assert met == tried > 40, "each is refused by the key itself"


@asynccontextmanager
async def one_more_data_key(world: World) -> AsyncIterator[None]:
    """Of the other company: keys of data are numbers, of which both have the first."""
    number = await world.looker.fetchval(
        "INSERT INTO data_keys SELECT tenant_id, 1 + max(number), 'some', '', now() FROM data_keys "
        "WHERE tenant_id = $1 GROUP BY tenant_id RETURNING number",
        world.theirs.number,
    )
    try:
        yield
    finally:
        await world.looker.execute(
            "DELETE FROM data_keys WHERE tenant_id = $1 AND number = $2",
            world.theirs.number,
            number,
        )


@in_the_world
async def test_scenario_a04_no_unique_key_tells_what_another_tenant_has(
    world: World, figure: Figures
) -> None:
    """A key that they have can be had beside it; and under their number nothing is looked for."""
    leaks: list[str] = []
    outcomes: Counter[object] = Counter()
    tried = 0
    async with tables_of(world) as tables:
        for key in tables.unique:
            if not set(key.columns) - {"tenant_id"}:
                continue
            there = await tables.theirs(key.of, key.columns)
            if there is None:
                continue
            base = tables.base(key.of)
            fresh = {**base, **tables.fresh(key.of, key.columns)}
            told = await tables.add(key.of, {**base, **there})
            absent = await tables.add(key.of, fresh)
            tried += 1
            outcomes[told[0]] += 1
            free = fresh.keys() >= set(key.columns) - {"tenant_id"}
            if told[0] == "23505" or (free and told != absent):
                leaks.append(f"{key.of}.{key.name}: {told}, {absent}")
            for values in ({**base, **there}, fresh):
                moved = await tables.add(key.of, {**values, "tenant_id": world.theirs.number})
                tried += 1
                if moved != (REFUSED, None, "None"):
                    leaks.append(f"{key.of}.{key.name} under their number: {moved}")
    figure("A04", Wrong.LEAKS, leaks, tried=tried, of="unique keys that another tenant has")
    assert outcomes["done"] > 40, "most are done beside theirs"


@in_the_world
async def test_scenario_a04_a_lent_connection_carries_no_tenant_however_it_came_back(
    world: World, figure: Figures
) -> None:
    """Through `Database` with one connection: after a commit, errors of all kinds and a cut."""
    ours, theirs = world.ours.number, world.theirs.number
    database = Database(world.dsn("kaohe_api"), application="tests", pool_size=1)
    tables = await tenant_tables(world)
    leaks: list[str] = []
    lent: list[int] = []
    tried = 0
    try:
        for name, use in _USES.items():
            with suppress(Exception, asyncio.CancelledError):
                await use(database, theirs)
            async with database.register() as session:
                lent.append(await session.scalar(text("SELECT pg_backend_pid()")))
                left = await session.scalar(text("SELECT current_setting('kaohe.tenant', true)"))
                tried += 1
                if left:
                    leaks.append(f"{left!r} is left after {name}")
            for table in tables:
                tried += 1
                seen = [await _seen(database, tenant, table, theirs) for tenant in (None, ours)]
                leaks += [f"{found} rows of {table} after {name}" for found in seen if found]
    finally:
        await database.close()
    figure("A04", Wrong.LEAKS, leaks, tried=tried, of=OF)
    assert len(set(lent)) < len(lent), "a connection was lent again"


async def _seen(database: Database, tenant: int | None, table: str, of: int) -> int:
    """How many rows of a company one is shown who is none of its own; nothing is a refusal too."""
    query = text(f"SELECT count(*) FROM {table} WHERE tenant_id = :of")  # noqa: S608  of the catalogue
    try:
        opened = database.register() if tenant is None else database.read(tenant)
        async with opened as session:
            return int(await session.scalar(query, {"of": of}))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != REFUSED:
            raise
        return 0


async def _commit(database: Database, tenant: int) -> None:
    async with database.write(tenant) as session:
        assert await session.scalar(text("SELECT count(*) FROM shops")) == 2


async def _fail(database: Database, tenant: int) -> None:
    async with database.write(tenant) as session:
        await session.execute(text("SELECT 1 FROM shops"))
        raise RuntimeError


async def _divide(database: Database, tenant: int) -> None:
    async with database.read(tenant) as session:
        await session.execute(text("SELECT 1 / (count(*) - count(*)) FROM shops"))


async def _write_while_reading(database: Database, tenant: int) -> None:
    async with database.read(tenant) as session:
        await session.execute(text("DELETE FROM shops"))


async def _fail_inside(database: Database, tenant: int) -> None:
    async with database.write(tenant) as session, session.savepoint():
        await session.execute(text("SELECT 1 / 0"))


async def _by_the_driver(database: Database, tenant: int) -> None:
    async with database.write(tenant) as session:
        await (await session.driver()).execute("SELECT nothing FROM nowhere")


async def _give_up(database: Database, tenant: int) -> None:
    async with database.read(tenant) as session, asyncio.timeout(0.05):
        await session.execute(text("SELECT pg_sleep(9) FROM shops"))


async def _be_cut(database: Database, tenant: int) -> None:
    async with database.read(tenant) as session:
        await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


_USES = {
    "a commit": _commit,
    "an error": _fail,
    "a failed statement": _divide,
    "a write in a reading session": _write_while_reading,
    "a failed part": _fail_inside,
    "the driver's own error": _by_the_driver,
    "one that is given up": _give_up,
    "one that is cut": _be_cut,
}
