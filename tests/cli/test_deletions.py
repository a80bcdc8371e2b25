"""A tenant is deleted whole in one run, whatever services do, and goes on where it broke off."""

import asyncio

import pytest
from typer.testing import CliRunner

from services.api.store.counters import take_numbers
from services.cli.archives import delete_tenant
from services.cli.commands import app
from services.cli.operator import admin_key_of
from services.schema.db import Database, WriteSession
from services.schema.errors import NotFound, Unavailable
from tests.api.companies import Company
from tests.cli.test_archives import books, code_of, companies, looking
from tests.databases import TestDatabase

__all__ = ["companies"]


async def test_what_had_begun_before_a_deletion_leaves_nothing_either(
    companies: list[Company], fresh_database: TestDatabase
) -> None:
    """A service's transaction that was let in before is waited for, and its rows go as well."""
    ours, _ = companies
    service = Database(fresh_database.dsn("kaohe_api"), application="tests", pool_size=1)
    async with service.write(ours.number) as session:
        driver = await session.driver()
        deleting = asyncio.create_task(
            delete_tenant(fresh_database.dsn("kaohe_migrate"), await code_of(ours))
        )
        await asyncio.sleep(1)
        assert not deleting.done()
        await driver.execute("INSERT INTO counters VALUES ($1, 'late', 1)", ours.number)
    await service.close()
    counts = await deleting
    assert counts["counters"] > 0
    assert {rows for rows, _ in (await books(fresh_database, ours.number)).values()} == {0}


async def test_a_deletion_is_whole_in_one_run_while_services_go_on_writing(
    companies: list[Company], fresh_database: TestDatabase
) -> None:
    ours, theirs = companies
    service = Database(fresh_database.dsn("kaohe_api"), application="tests", pool_size=4)
    written: list[str] = []
    refused = 0
    deleted = asyncio.Event()

    async def write(name: str) -> None:
        """As a worker does that has the company in mind, whatever becomes of it."""
        nonlocal refused
        after = 0
        while after < 20:
            after += deleted.is_set()
            try:
                async with service.write(ours.number) as session:
                    await take_numbers(session, name, 1)
                    await asyncio.sleep(0.01)
                    await take_numbers(session, f"{name}-{len(written)}", 1)
                written.append(name)
            except NotFound:
                refused += 1
            except Unavailable:  # a slow machine
                continue

    async def delete() -> dict[str, int]:
        while len(written) < 20:
            await asyncio.sleep(0.01)
        try:
            return await delete_tenant(fresh_database.dsn("kaohe_migrate"), await code_of(ours))
        finally:
            deleted.set()

    writers = [asyncio.create_task(write(f"w{number}")) for number in range(3)]
    counts = await delete()
    await asyncio.gather(*writers)
    assert counts["counters"] >= 20
    assert {rows for rows, _ in (await books(fresh_database, ours.number)).values()} == {0}
    assert refused >= 3
    async with service.write(theirs.number) as session:
        await take_numbers(session, "still", 1)
    await service.close()
    print(  # noqa: T201 - the figure
        f"deleted whole: {len(written)} transactions before it, {refused} refused, 0 rows left"
    )


async def test_a_deletion_said_again_looks_again(
    companies: list[Company], fresh_database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It broke off: the code is known still, to the operator, also where another has it by now."""
    ours, theirs = companies
    owner, code = fresh_database.dsn("kaohe_migrate"), await code_of(ours)
    others = await books(fresh_database, theirs.number)
    with monkeypatch.context() as broken:

        async def fail(_: WriteSession) -> dict[str, int]:
            raise RuntimeError("killed")

        broken.setattr("services.cli.archives.delete_all", fail)
        with pytest.raises(RuntimeError, match="killed"):
            await delete_tenant(owner, code)
    number, _ = await admin_key_of(owner, code)
    another = await books(fresh_database, number)
    assert (await delete_tenant(owner, code))["audit"] > 0
    assert await books(fresh_database, number) == another
    assert (await delete_tenant(owner, code))["audit"] > 0
    assert await delete_tenant(owner, code) == {}
    assert {rows for rows, _ in (await books(fresh_database, number)).values()} == {0}
    assert {rows for rows, _ in (await books(fresh_database, ours.number)).values()} == {0}
    assert await books(fresh_database, theirs.number) == others

    monkeypatch.setattr("services.local.here.dsn_here", lambda _, role: fresh_database.dsn(role))
    told = await asyncio.to_thread(CliRunner().invoke, app, ["tenant", "history"])
    assert told.exit_code == 0
    words = [line.split()[1] for line in told.output.splitlines()]
    assert words == ["tenant.delete", *["tenant.delete", "tenant.deleted"] * 3]
    async with looking(fresh_database) as looker:
        await looker.execute("SET session_replication_role = replica")
        await looker.execute("UPDATE audit SET actor = 'x' WHERE tenant_id = 0 AND number = 2")
    told = await asyncio.to_thread(CliRunner().invoke, app, ["tenant", "history"])
    assert (told.exit_code, "entry 2 is not what was written" in told.output) == (1, True)
