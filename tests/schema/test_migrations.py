"""The migrations make exactly the tables that the code knows, guarded, and can be undone."""

import asyncio

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Table, func, make_url, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from services.schema.db import Database, sqlstate_of
from services.schema.migrate import migrate, undo
from services.schema.tables import metadata
from services.schema.words import Marketplace
from tests.databases import TestDatabase

APPEND_ONLY = (
    "adjustments", "audit", "calibration_moves", "calibration_rounds", "case_steps", "cycle_moves",
    "dispute_decisions", "disputes", "drifts", "exclusions", "improvements", "indicator_values",
    "interviews", "ladders", "late_decisions", "level_assessments", "level_observations",
    "own_indicators", "payouts", "payroll_acknowledgements", "raters", "ratings", "readers",
    "report_duties", "reports", "results", "reviews", "scheme_reviews", "scheme_versions",
    "standards", "survey_answers", "survey_invitations", "target_plans", "targets", "use_decisions",
    "use_rules",
)  # fmt: skip


async def ask(dsn: str, query: str) -> list[tuple[object, ...]]:
    engine = create_async_engine(make_url(dsn).set(drivername="postgresql+asyncpg"))
    async with engine.connect() as connection:
        rows = [tuple(row) for row in await connection.execute(text(query))]
    await engine.dispose()
    return rows


async def test_tables_and_migrations_agree(database: TestDatabase) -> None:
    url = make_url(database.dsn("kaohe_migrate")).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url)

    def compare(connection: Connection) -> list[object]:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(compare) == []
    await engine.dispose()


def test_migrations_go_down_and_up_again(fresh_database: TestDatabase) -> None:
    dsn = fresh_database.dsn("kaohe_migrate")
    undo(dsn)
    migrate(dsn)
    migrate(dsn)


async def test_who_was_here_goes_on_with_the_deployments_key_for_buyers(
    fresh_database: TestDatabase,
) -> None:
    dsn, everything = fresh_database.dsn("kaohe_migrate"), fresh_database.dsn("kaohe")
    await asyncio.to_thread(undo, dsn, revision="0035")
    insert = "INSERT INTO tenants (code, created_at) VALUES ('a', now()), ('b', now()) RETURNING id"
    connection = await asyncpg.connect(everything)
    tenants = [row["id"] for row in await connection.fetch(insert)]
    await connection.close()
    await asyncio.to_thread(migrate, dsn)
    kept = await ask(everything, "SELECT tenant_id, number, wrapped FROM buyer_keys ORDER BY 1")
    assert kept == [(tenant, 1, None) for tenant in sorted(tenants)]


async def test_going_down_leaves_nothing(fresh_database: TestDatabase) -> None:
    await asyncio.to_thread(undo, fresh_database.dsn("kaohe_migrate"))
    left = await ask(
        fresh_database.dsn("kaohe_migrate"),
        "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
        "WHERE nspname = 'public' AND relkind IN ('r', 'v', 'S') "
        "UNION ALL SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace "
        "WHERE nspname = 'public'",
    )
    assert left == [("alembic_version",)]


async def test_every_tenant_table_forces_row_level_security(database: TestDatabase) -> None:
    rows = await ask(
        database.dsn("kaohe_migrate"),
        "SELECT relname, relrowsecurity AND relforcerowsecurity, "
        "(SELECT count(*) FROM pg_policy WHERE polrelid = c.oid) "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
        "WHERE nspname = 'public' AND relkind = 'r'",
    )
    unguarded = {name for name, guarded, policies in rows if not guarded or policies != 1}
    assert unguarded == {"tenants", "struck_tenants", "alembic_version"}
    assert len(rows) > 40


def test_the_tenant_leads_every_key() -> None:
    for table in metadata.sorted_tables:
        if table.name in {"tenants", "struck_tenants"}:
            continue
        for constraint in [table.primary_key, *table.constraints, *table.indexes]:
            columns = [column.name for column in getattr(constraint, "columns", ())]
            kind = type(constraint).__name__
            if kind in {"PrimaryKeyConstraint", "UniqueConstraint", "ForeignKeyConstraint"}:
                assert columns[0] == "tenant_id", (table.name, kind, columns)


def test_every_constraint_has_a_name() -> None:
    for table in metadata.sorted_tables:
        assert all(constraint.name for constraint in table.constraints), table.name


async def test_no_table_lists_the_marketplaces(database: TestDatabase) -> None:
    """One more is a word of the code and no migration."""
    dsn = database.dsn("kaohe_migrate")
    query = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c'"
    checks = [(str(name), str(check)) for name, check in await ask(dsn, query)]
    assert "ck_shops_marketplace" in {name for name, _ in checks}
    assert [name for name, check in checks if Marketplace.PINDUODUO in check] == []


async def count_or_refusal(connection: AsyncConnection, table: Table) -> object:
    try:
        return await connection.scalar(select(func.count()).select_from(table))
    except DBAPIError as error:
        return sqlstate_of(error)


@pytest.mark.parametrize("role", ["kaohe_api", "kaohe_ingest", "kaohe_payroll"])
@pytest.mark.parametrize("setting", [None, "", "2"])
async def test_no_role_sees_a_row_of_another_tenant(
    fresh_database: TestDatabase, role: str, setting: str | None
) -> None:
    owner = Database(fresh_database.dsn("kaohe_migrate"), application="test")
    async with owner.write(1) as session:
        await session.execute(
            text("INSERT INTO counters VALUES (1, 'payroll', 7)"),
        )
        await session.execute(
            text("INSERT INTO shops VALUES (1, 's', 's', null, 'UTC', 'CNY', 'online', null, 1)")
        )
    await owner.close()
    engine = create_async_engine(
        make_url(fresh_database.dsn(role)).set(drivername="postgresql+asyncpg")
    )
    async with engine.connect() as connection:
        for table in metadata.sorted_tables:
            if table.name == "tenants":
                continue
            async with connection.begin() as transaction:
                if setting is not None:
                    await connection.exec_driver_sql(f"SET LOCAL kaohe.tenant = '{setting}'")
                assert await count_or_refusal(connection, table) in {0, "42501"}, table.name
                await transaction.rollback()
    await engine.dispose()


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "change", ["UPDATE {} SET tenant_id = 1", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
async def test_append_only_tables_refuse_every_role_and_the_owner(
    fresh_database: TestDatabase, table: str, change: str
) -> None:
    row = (
        "INSERT INTO targets VALUES "
        "(1, 'company', '', 'net_sales', '2026', 'budget', 1, 1, null, 'x', now())"
    )
    for role in ("kaohe_migrate", "kaohe_api", "kaohe_ingest", "kaohe_payroll"):
        database = Database(fresh_database.dsn(role), application="test")
        if role == "kaohe_migrate" and table == "targets":
            async with database.write(1) as session:
                await session.execute(text(row))
        elif role == "kaohe_migrate" and change[0] != "T":
            await database.close()
            continue  # a row trigger speaks only where there is a row
        with pytest.raises(DBAPIError) as refusal:
            async with database.write(1) as session:
                await session.execute(text(change.format(table)))
        assert sqlstate_of(refusal.value) in {"42501", "23001"}
        await database.close()
