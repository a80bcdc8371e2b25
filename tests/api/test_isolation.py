"""Two companies in one database, and each of its roles: whatever is asked in SQL, none leaks.

The tables come from the catalogue, the rows from the world of the matrix.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.api.worlds import World
from tests.figures import Figures, Wrong

ROLES = ("kaohe_api", "kaohe_ingest", "kaohe_payroll", "kaohe_migrate")
in_the_world = pytest.mark.asyncio(loop_scope="session")
REFUSED = "42501"


@asynccontextmanager
async def connected(world: World, role: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(world.dsn(role))
    try:
        yield connection
    finally:
        await connection.close()


async def tenant_tables(world: World) -> list[str]:
    rows = await world.looker.fetch(
        "SELECT c.relname FROM pg_class AS c "
        "JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id' "
        "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1"
    )
    return [row[0] for row in rows]


async def count(connection: asyncpg.Connection, table: str, tenant: str | None, of: int) -> object:
    """How many rows of a company one sees in a transaction that names a tenant, or a refusal."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        if tenant is not None:
            await connection.execute(f"SET LOCAL kaohe.tenant = '{tenant}'")
        query = f"SELECT count(*) FROM {table} WHERE tenant_id = $1"  # noqa: S608  of the catalogue
        return await connection.fetchval(query, of)
    except asyncpg.PostgresError as error:
        return error.sqlstate
    finally:
        await transaction.rollback()


@in_the_world
@pytest.mark.parametrize("role", ROLES)
async def test_scenario_a03_no_role_sees_a_row_of_another_tenant(
    world: World, role: str, figure: Figures
) -> None:
    ours, theirs = world.ours.number, world.theirs.number
    tables = await tenant_tables(world)
    seen, leaks = 0, []
    async with connected(world, role) as connection:
        for table in tables:
            for tenant in (None, "", str(ours), "0"):
                found = await count(connection, table, tenant, theirs)
                if found not in {0, REFUSED}:
                    leaks.append(f"{found} rows of {table} to {role} as {tenant!r}")
            there = await count(world.looker, table, None, theirs)
            own = await count(connection, table, str(theirs), theirs)
            assert own in {there, REFUSED}, table
            seen += own == there != 0
    of = "tables asked for foreign rows, by four roles as nobody, '', another company and 0"
    figure("A03", Wrong.LEAKS, leaks, tried=4 * len(tables), of=of)
    assert seen or role == "kaohe_payroll"


@in_the_world
async def test_scenario_a03_every_tenant_table_is_forced_and_the_same_policy_guards_it(
    world: World, figure: Figures
) -> None:
    rows = await world.looker.fetch(
        "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, p.polcmd, p.polpermissive, "
        "pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid), p.polroles "
        "FROM pg_class AS c LEFT JOIN pg_policy AS p ON p.polrelid = c.oid "
        "WHERE c.relname = ANY($1) AND c.relnamespace = 'public'::regnamespace",
        await tenant_tables(world),
    )
    policy = (
        "(tenant_id = (NULLIF(current_setting('kaohe.tenant'::text, true), ''::text))::integer)"
    )
    whole = (True, True, b"*", True, policy, policy, (0,))
    other = [row[0] for row in rows if (*row[1:7], tuple(row[7])) != whole]
    figure("A03", Wrong.UNLISTED, other, tried=len(rows), of="tables, forced under the one policy")
    assert len(rows) == len(await tenant_tables(world))


@in_the_world
async def test_scenario_a04_nothing_leads_round_the_policies(world: World, figure: Figures) -> None:
    """No view sees as its owner, no function acts as its owner, no role stands above."""
    views = await world.looker.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
        "AND relkind IN ('v', 'm') AND NOT coalesce(reloptions::text, '') ~ 'security_invoker=true'"
    )
    definers = await world.looker.fetch(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
    )
    above = await world.looker.fetch(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY($1) "
        "AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)",
        ROLES,
    )
    members = await world.looker.fetch(
        "SELECT m.rolname FROM pg_auth_members AS a JOIN pg_roles AS m ON m.oid = a.member "
        "WHERE m.rolname = ANY($1) AND m.rolname <> 'kaohe_migrate'",
        ROLES,
    )
    public = await world.looker.fetch(
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants "
        "WHERE grantee = 'PUBLIC' AND table_schema = 'public'"
    )
    looked_at = await world.looker.fetchval(
        "SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace "
        "AND relkind IN ('r', 'p', 'v', 'm')) "
        "+ (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace)"
    )
    ways = [*views, *definers, *above, *members, *public]
    of = "tables, views, functions and roles that might lead round the policies"
    figure("A04", Wrong.LEAKS, ways, tried=looked_at + len(ROLES), of=of)


@in_the_world
async def test_scenario_a04_payroll_reads_its_feed_and_nobody_edits_what_is_for_ever(
    world: World, figure: Figures
) -> None:
    granted = await world.looker.fetch(
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants "
        "WHERE grantee = 'kaohe_payroll' AND table_schema = 'public'"
    )
    assert {row[1] for row in granted} == {"SELECT"}
    assert {row[0] for row in granted} <= {
        "counters",
        "payouts",
        "payroll_acknowledgements",
        "results",
    }
    appended = await world.looker.fetch(
        "SELECT c.relname FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid "
        "WHERE t.tgname = 'append_only'"
    )
    changing = await world.looker.fetch(
        "SELECT table_name, grantee FROM information_schema.role_table_grants "
        "WHERE table_name = ANY($1) AND grantee = ANY($2) "
        "AND privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE') AND grantee <> 'kaohe_migrate'",
        [row[0] for row in appended],
        ROLES,
    )
    of = "tables that are for ever, by what four roles may change"
    figure("A04", Wrong.ACCEPTED, changing, tried=len(appended) * len(ROLES), of=of)
    assert {"results", "payouts", "audit", "readers"} <= {row[0] for row in appended}


async def refusal(
    connection: asyncpg.Connection, tenant: int, statement: str
) -> tuple[object, ...]:
    """What a statement is told that must fail; nothing of it stays."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(f"SET LOCAL kaohe.tenant = '{tenant}'")
        await connection.execute(statement)
        await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except asyncpg.PostgresError as error:
        return (error.sqlstate, error.constraint_name, str(error.detail))
    finally:
        await transaction.rollback()
    raise AssertionError(f"accepted: {statement}")


@in_the_world
async def test_scenario_a04_errors_of_keys_tell_nothing_of_another_tenant(
    world: World, figure: Figures
) -> None:
    ours, theirs = world.ours.number, world.theirs.number
    unit = (
        "INSERT INTO units (tenant_id, code, name, parent, version) VALUES ({}, '{}', 'u', {}, 1)"
    )
    async with connected(world, "kaohe_api") as connection:
        # A row under another tenant is refused before its key is looked for.
        for code in ("x-back", "nothing"):
            told = await refusal(connection, ours, unit.format(theirs, code, "NULL"))
            assert told == (REFUSED, None, "None")
        # What another tenant has can be named as little as what is not there.
        there, absent = [
            await refusal(connection, ours, unit.format(ours, "new", f"'{parent}'"))
            for parent in ("x-back", "nothing")
        ]
        assert there[:2] == absent[:2] == ("23503", "fk_units_tenant_id_parent")
        assert str(there[2]).replace("x-back", "nothing") == absent[2]
    figure("A04", Wrong.LEAKS, 0, tried=4, of="errors of keys and connections that are lent again")


@in_the_world
async def test_scenario_a04_a_pooled_connection_carries_no_tenant_to_the_next(
    world: World, figure: Figures
) -> None:
    async with connected(world, "kaohe_api") as connection:
        assert await count(connection, "shops", str(world.theirs.number), world.theirs.number) == 2
        assert await count(connection, "shops", None, world.theirs.number) == 0
        async with connection.transaction():
            await connection.execute(f"SET LOCAL kaohe.tenant = '{world.theirs.number}'")
        assert await connection.fetchval("SELECT count(*) FROM shops") == 0
    figure("A04", Wrong.LEAKS, 0, tried=2, of="errors of keys and connections that are lent again")
