"""The operator walks every chain, keeps heads, and finds by them what was written anew."""

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from services.cli.commands import app
from services.cli.operator import admin_key_of
from services.schema.db import Database
from tests.databases import TestDatabase


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["audit", *words])
    return result.exit_code, result.output


@pytest.fixture
def owner(fresh_database: TestDatabase, monkeypatch: pytest.MonkeyPatch) -> str:
    """Two tenants, `acme` with three entries and `other` with two."""
    monkeypatch.setenv("KAOHE_DSN", fresh_database.dsn("kaohe_migrate"))
    dsn = fresh_database.dsn("kaohe_migrate")
    for code in ("acme", "other", "acme"):
        asyncio.run(admin_key_of(dsn, code))
    return dsn


async def _touch(dsn: str, tenant: int, *statements: str) -> None:
    database = Database(dsn, application="test", pool_size=1)
    try:
        async with database.write(tenant) as session:
            for each in ("DISABLE", *statements, "ENABLE"):
                guards = f"ALTER TABLE audit {each} TRIGGER USER"
                await session.execute(text(guards if each.isupper() else each))
    finally:
        await database.close()


def touch(dsn: str, tenant: int, *statements: str) -> None:
    """What only the owner of the tables can do, with the guards taken away."""
    asyncio.run(_touch(dsn, tenant, *statements))


def test_heads_are_kept_and_every_chain_holds_against_them(owner: str, tmp_path: Path) -> None:
    status, lines = run("head")
    heads = [json.loads(line) for line in lines.splitlines()]
    assert status == 0
    assert [(each["code"], each["entries"]) for each in heads] == [("acme", 3), ("other", 2)]
    file = tmp_path / "heads"
    file.write_text(lines)
    asyncio.run(admin_key_of(owner, "acme"))
    status, told = run("verify", "--head", str(file))
    first, second = heads
    assert status == 0
    assert f"tenant {first['tenant']} acme: 4 entries; intact, head sha256:" in told
    assert f"tenant {second['tenant']} other: 2 entries; intact, head {second['head']}" in told
    status, told = run("verify", "--tenant", "acme")
    assert (status, told.count("\n")) == (0, 1)
    assert len(run("head", "--tenant", "other")[1].splitlines()) == 1


def test_an_edit_is_named_and_ends_with_one(owner: str) -> None:
    (number,) = [json.loads(line)["tenant"] for line in run("head", "--tenant", "acme")[1:]]
    touch(owner, number, "UPDATE audit SET actor = 'key:x' WHERE number = 2")
    status, told = run("verify")
    assert status == 1
    assert "acme: 1 entries; entry 2 is the first that is not as it was written; head" in told
    assert "other: 2 entries; intact" in told
    assert run("verify", "--tenant", "other")[0] == 0


def test_a_chain_that_was_cut_and_counted_anew_is_found_by_its_head(
    owner: str, tmp_path: Path
) -> None:
    file = tmp_path / "heads"
    file.write_text(run("head")[1])
    number = json.loads(file.read_text().splitlines()[0])["tenant"]
    touch(
        owner,
        number,
        "DELETE FROM audit WHERE number = 3",
        "UPDATE counters SET value = 2 WHERE name = 'audit'",
    )
    assert run("verify")[0] == 0
    status, told = run("verify", "--head", str(file))
    assert status == 1
    assert "acme: 2 entries; entry 3 is not as its head was kept: rewritten or gone" in told


def test_heads_of_nobody_and_lines_that_are_none_are_told(owner: str, tmp_path: Path) -> None:
    file = tmp_path / "heads"
    line = run("head", "--tenant", "acme")[1]
    file.write_text(line.replace(f'"tenant":{json.loads(line)["tenant"]}', '"tenant":999'))
    status, told = run("verify", "--head", str(file))
    assert status == 1
    assert "tenant 999 ?: a head was kept of it, and it is not here" in told
    file.write_text("nothing")
    status, told = run("verify", "--head", str(file))
    assert status == 2
    assert "is no head of an audit" in told
