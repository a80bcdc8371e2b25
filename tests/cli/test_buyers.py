"""`kaohe buyers unlink`: asked for twice, put down, and nothing of the key on the screen."""

import asyncio

import asyncpg
import pytest
from typer.testing import CliRunner

from services.cli.commands import app
from tests.databases import TestDatabase
from tests.ingest.worlds import make_tenant


def test_unlinking_from_the_command_line(
    database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.cli.pulling.configure_logs", lambda _: None)
    monkeypatch.setenv("KAOHE_DSN", database.dsn("kaohe_ingest"))
    monkeypatch.setenv("KAOHE_BUYER_KEY", "k" * 32)
    number = asyncio.run(make_tenant(database, "unlinked", ()))

    async def keys() -> list[int]:
        owner = await asyncpg.connect(database.dsn("kaohe"))
        rows = await owner.fetch("SELECT number FROM buyer_keys WHERE tenant_id = $1", number)
        await owner.close()
        return [row["number"] for row in rows]

    refused = CliRunner().invoke(app, ["buyers", "unlink", "unlinked"], input="unliked\n")
    assert refused.exit_code == 2
    assert asyncio.run(keys()) == []
    for key in (1, 2):
        done = CliRunner().invoke(app, ["buyers", "unlink", "unlinked", "--code", "unlinked"])
        assert done.output == f"unlinked: the key of its buyers is destroyed; key {key} begins\n"
        assert asyncio.run(keys()) == [key]
    unknown = CliRunner().invoke(app, ["buyers", "unlink", "nobody", "--code", "nobody"])
    assert unknown.exit_code == 1
