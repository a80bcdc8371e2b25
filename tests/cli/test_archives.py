"""A tenant is written down, deleted and put back: all of it, and nobody else's."""

import asyncio
import hashlib
import json
import sys
import tracemalloc
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner

from services.api.flows.audit import verify_audit
from services.api.store.audit import read_entries
from services.cli.archives import delete_tenant, export_tenant, import_tenant
from services.cli.commands import app
from services.local.database import Server
from services.schema.db import Database
from services.schema.errors import Conflict, Invalid, NotFound
from tests.api.appraisals import move, open_cycle, sell, set_targets
from tests.api.companies import Company, open_companies, reopened
from tests.api.facts import Sale
from tests.cli.months import PUBLISHED, publish_month
from tests.databases import TestDatabase, copied_database

Books = dict[str, tuple[int, str | None]]


@asynccontextmanager
async def looking(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """As the superuser, whom no policy hides anything from."""
    connection = await asyncpg.connect(database.dsn("kaohe"))
    try:
        yield connection
    finally:
        await connection.close()


async def books(database: TestDatabase, tenant: int) -> Books:
    """How many rows each table of the catalogue has of a tenant, and a digest of them."""
    async with looking(database) as looker:
        tables = await looker.fetch(
            "SELECT c.relname FROM pg_class AS c "
            "JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id' "
            "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
        )
        assert len(tables) > 40
        kept: Books = {}
        for (table,) in tables:
            row = await looker.fetchrow(
                "SELECT count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text)) "  # noqa: S608  of the catalogue
                f"FROM {table} AS t WHERE tenant_id = $1 "
                "AND NOT (tableoid = 'counters'::regclass AND t::text LIKE '%,imported,%')",
                tenant,
            )
            assert row is not None
            kept[table] = (row[0], row[1])
        return kept


async def code_of(company: Company) -> str:
    async with company.owner.register() as session:
        connection = await session.driver()
        query = "SELECT code FROM tenants WHERE id = $1"
        return str(await connection.fetchval(query, company.number))


async def deeds(database: TestDatabase, chain: int) -> list[tuple[str, dict[str, object]]]:
    """What a chain says of tenants, once it is verified."""
    owner = Database(database.dsn("kaohe_migrate"), application="tests", pool_size=1)
    try:
        async with owner.read(chain) as session:
            assert (await verify_audit(session)).first_bad is None
            entries = await read_entries(session, after=0, limit=1000)
    finally:
        await owner.close()
    assert {entry.actor for entry in entries if entry.deed.action.startswith("tenant")} == {
        "system:operator"
    }
    return [
        (entry.deed.action, json.loads(entry.deed.detail))
        for entry in entries
        if entry.deed.action.startswith("tenant")
    ]


@pytest.fixture
async def companies(fresh_database: TestDatabase) -> AsyncIterator[list[Company]]:
    """Two that have published a month; the first is paid."""
    async with open_companies(fresh_database, 2) as made:
        for company in made:
            await publish_month(company)
        async with looking(fresh_database) as looker:
            key = "INSERT INTO buyer_keys VALUES ($1, 1, 'mk', 'wrapped', now())"
            await looker.executemany(key, [(company.number,) for company in made])
        yield made


async def test_a_tenant_is_written_down_deleted_and_put_back_whole(
    companies: list[Company],
    fresh_database: TestDatabase,
    server: Server,
    worker: str,
    tmp_path: Path,
) -> None:
    ours, theirs = companies
    owner, file = fresh_database.dsn("kaohe_migrate"), tmp_path / "ours.zip"
    code = await code_of(ours)
    feed = await ours.get("/v1/payroll/entries", key="payroll")
    results = await ours.get("/v1/results")
    await ours.make_key("hr", "hr")
    await ours.app.state.seen.put_all_down()
    manifest = await export_tenant(owner, code, file)
    before = await books(fresh_database, ours.number)
    others = await books(fresh_database, theirs.number)
    assert {each.table: each.rows for each in manifest.copied} == {
        table: rows for table, (rows, _) in before.items()
    }
    assert (before["payouts"][0], before["buyer_keys"][0]) == (4, 1)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["ours.zip"]

    # Who has just read is put down later than the company is there.
    assert (await ours.get("/v1/results", key="hr")).content == results.content
    gone = await delete_tenant(owner, code)
    await ours.app.state.seen.put_all_down()
    left = await books(fresh_database, ours.number)
    assert {rows for rows, _ in left.values()} == {0}
    assert gone == {table: rows for table, (rows, _) in before.items() if rows}
    assert await books(fresh_database, theirs.number) == others
    assert (await ours.get("/v1/results")).status_code == 401
    assert (await theirs.get("/v1/results")).status_code == 200
    with pytest.raises(NotFound):
        await export_tenant(owner, code, file)
    with pytest.raises(NotFound):
        await delete_tenant(owner, "nobody")
    rows = sum(gone.values())
    sys.stdout.write(f"{rows} rows of {len(gone)} tables deleted, {len(left)} looked at, 0 left\n")

    # Into another database, and back into this one: the same bytes, each feed of another epoch.
    with copied_database(server, worker) as other:
        await import_tenant(other.dsn("kaohe_migrate"), file)
        assert await books(other, ours.number) == before
        async with reopened(ours, other) as there:
            moved = await there.get("/v1/payroll/entries", key="payroll")
            assert (await there.get("/v1/results")).content == results.content
            assert (await there.get("/v1/audit/verify")).json()["first_bad"] is None
        assert [action for action, _ in await deeds(other, 0)] == [
            "tenant.import",
            "tenant.imported",
        ]
    await import_tenant(owner, file)
    assert await books(fresh_database, ours.number) == before
    back = await ours.get("/v1/payroll/entries", key="payroll")
    assert feed.content == moved.content == back.content
    epochs = {answer.headers["kaohe-feed-epoch"] for answer in (feed, moved, back)}
    assert len(epochs) == 3
    said = await deeds(fresh_database, 0)
    assert [action for action, _ in said] == [
        "tenant.export", "tenant.exported", "tenant.delete", "tenant.deleted",
        "tenant.import", "tenant.imported",
    ]  # fmt: skip
    assert {(detail["tenant"], detail["code"]) for _, detail in said} == {(ours.number, code)}
    assert said[3][1]["rows"] == gone
    assert said[1][1]["manifest_sha256"] == said[5][1]["manifest_sha256"]
    # What a tenant is told of itself: its own chain holds that it was written down.
    assert (await deeds(fresh_database, ours.number))[-1][0] == "tenant.export"
    await goes_on(ours)


async def goes_on(company: Company) -> None:
    """Another month is published under the next numbers."""
    await set_targets(company, {"e-1": "1000", "e-2": "500"}, "2026-02")
    for who in ("e-1", "e-2"):
        await sell(company, Sale(paid_on=date(2026, 2, 5), salesperson=who, amount="500"))
    await open_cycle(company, "feb", period="2026-02")
    await move(company, "feb", *PUBLISHED)
    entries = (await company.get("/v1/payroll/entries", key="payroll")).json()["items"]
    assert [entry["seq"] for entry in entries] == list(range(1, 9))


def changed(file: Path, to: Path, member: str, change: Callable[[bytes], bytes]) -> Path:
    """The same file with one member of other bytes, packed as it should be."""
    with zipfile.ZipFile(file) as before, zipfile.ZipFile(to, "w") as after:
        for each in before.infolist():
            body = before.read(each)
            if each.filename == member:
                assert change(body) != body
                body = change(body)
            after.writestr(each.filename, body)
    return to


async def test_a_file_that_is_not_what_was_written_leaves_nothing(
    companies: list[Company],
    fresh_database: TestDatabase,
    server: Server,
    worker: str,
    tmp_path: Path,
) -> None:
    ours, theirs = companies
    code, file = await code_of(ours), tmp_path / "ours.zip"
    await export_tenant(fresh_database.dsn("kaohe_migrate"), code, file)

    def audit_made_anew(body: bytes) -> bytes:
        return body.replace(b'"number":2,', b'"number":999,', 1)

    def with_digest(body: bytes) -> bytes:
        manifest = json.loads(body)
        with zipfile.ZipFile(tmp_path / "edited.zip") as edited:
            digest = hashlib.sha256(edited.read("tables/audit.ndjson")).hexdigest()
        for each in manifest["copied"]:
            if each["table"] == "audit":
                each["sha256"] = digest
        return json.dumps(manifest).encode()

    def of_somebody_else(body: bytes) -> bytes:
        return body.replace(b'"tenant": %d,' % ours.number, b'"tenant": 77,')

    def older(body: bytes) -> bytes:
        return json.dumps({**json.loads(body), "revision": "0001"}).encode()

    edited = changed(file, tmp_path / "edited.zip", "tables/audit.ndjson", audit_made_anew)
    half = tmp_path / "half.zip"
    half.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    row = lambda body: body.replace(b'"e-1"', b'"e-9"', 1)  # noqa: E731  a change like the others
    twice = lambda body: body + body  # noqa: E731  the same
    less = lambda body: b"".join(body.splitlines(keepends=True)[:-1])  # noqa: E731  the same
    person, said = "tables/employees.ndjson", "manifest.json"
    cases: list[tuple[Path, type[Exception], str]] = [
        (edited, Invalid, "audit is not what was written"),
        (changed(edited, tmp_path / "a", said, with_digest), Invalid, "audit is not whole"),
        (changed(file, tmp_path / "b", person, row), Invalid, "employees is not what was written"),
        (changed(file, tmp_path / "c", person, twice), Invalid, "employees"),
        (changed(file, tmp_path / "d", person, less), Invalid, "employees is not what was written"),
        (changed(file, tmp_path / "e", said, older), Conflict, "schema 0001"),
        (changed(file, tmp_path / "f", said, of_somebody_else), Invalid, "row-level"),
        (half, Invalid, "broken"),
    ]  # fmt: skip
    with copied_database(server, worker) as other:
        owner = other.dsn("kaohe_migrate")
        for broken, kind, told in cases:
            with pytest.raises(kind, match=told):
                await import_tenant(owner, broken)
            for number in (ours.number, 77):
                assert {rows for rows, _ in (await books(other, number)).values()} == {0}
        await import_tenant(owner, file)
        kept = await books(other, ours.number)
        with pytest.raises(Conflict, match="a tenant"):
            await import_tenant(owner, file)
        assert await books(other, ours.number) == kept
        # The number is given to nobody else.
        async with looking(other) as looker:
            assert await looker.fetchval("SELECT nextval('tenants_id_seq')") > ours.number
    assert (await theirs.get("/v1/results")).status_code == 200


async def test_the_guards_let_pass_only_the_owner_who_deletes_the_tenant(
    companies: list[Company], fresh_database: TestDatabase
) -> None:
    ours, theirs = companies
    before = [await books(fresh_database, each.number) for each in companies]
    delete = f"DELETE FROM results WHERE tenant_id = {ours.number}"  # noqa: S608  a number
    tries = (
        ("kaohe_api", ours, ours.number, delete, "42501"),
        ("kaohe", ours, ours.number, delete, "23001"),
        ("kaohe_migrate", ours, None, delete, "23001"),
        ("kaohe_migrate", ours, theirs.number, delete, "23001"),
        ("kaohe_migrate", ours, ours.number, "UPDATE results SET cycle = 'x'", "23001"),
        ("kaohe_migrate", ours, ours.number, "TRUNCATE results CASCADE", "23001"),
    )
    for role, company, said, statement, refused in tries:
        connection = await asyncpg.connect(fresh_database.dsn(role))
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(f"SET LOCAL kaohe.tenant = '{company.number}'")
        if said is not None:
            await connection.execute(f"SET LOCAL kaohe.deletes_tenant = '{said}'")
        with pytest.raises(asyncpg.PostgresError) as refusal:
            await connection.execute(statement)
        assert refusal.value.sqlstate == refused, (role, said, statement)
        await transaction.rollback()
        await connection.close()
    assert [await books(fresh_database, each.number) for each in companies] == before


async def test_a_company_of_any_size_takes_little_memory(
    companies: list[Company],
    fresh_database: TestDatabase,
    server: Server,
    worker: str,
    tmp_path: Path,
) -> None:
    ours, _ = companies
    async with looking(fresh_database) as looker:
        await looker.execute(
            "INSERT INTO replies SELECT $1, 'x', n::text, '', 200, NULL, "
            "convert_to(repeat('a', 500000), 'UTF8'), now() FROM generate_series(1, 40) AS n",
            ours.number,
        )
    file = tmp_path / "ours.zip"
    tracemalloc.start()
    try:
        manifest = await export_tenant(
            fresh_database.dsn("kaohe_migrate"), await code_of(ours), file
        )
        with copied_database(server, worker) as other:
            await import_tenant(other.dsn("kaohe_migrate"), file)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert next(each.rows for each in manifest.copied if each.table == "replies") >= 40
    with zipfile.ZipFile(file) as archive:
        written = archive.getinfo("tables/replies.ndjson").file_size
    sys.stdout.write(f"{written} bytes of rows, at most {peak} bytes of memory\n")
    assert written > 40_000_000
    assert peak < 20_000_000


async def test_the_command_deletes_only_by_the_tenants_name(
    companies: list[Company], fresh_database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, _ = companies
    code = await code_of(ours)
    monkeypatch.setattr("services.local.here.dsn_here", lambda _, role: fresh_database.dsn(role))
    run = CliRunner()
    kept = await books(fresh_database, ours.number)
    for given in ("", "no\n", f"{code}\n"):
        answer = await asyncio.to_thread(run.invoke, app, ["tenant", "delete", code], given)
        assert answer.exit_code != 0
        assert await books(fresh_database, ours.number) == kept
    answer = await asyncio.to_thread(run.invoke, app, ["tenant", "delete", code], "试验\n")
    assert answer.exit_code == 0, answer.output
    assert f"tenant {code} is gone" in answer.output
