"""`kaohe account`: put, listed, sealed anew and removed, and nothing secret on the screen."""

import asyncio
import json
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner

from services.cli.commands import app
from tests.databases import TestDatabase
from tests.ingest.worlds import make_tenant

SECRETS = {"app_key": "key-9b", "secret": "s3cret-9b", "session": "se55-9b"}
SHOPS = ("tm-life", "jd-qinghe")


def said(*arguments: str, typed: object = None) -> str:
    """What the command prints; it must end well."""
    result = CliRunner().invoke(app, ["account", *arguments], input=json.dumps(typed))
    assert result.exit_code == 0, result.output
    assert "-9b" not in result.output
    return result.output


def test_accounts_from_the_command_line(
    fresh_database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "master.key"
    monkeypatch.setattr("services.cli.pulling.configure_logs", lambda _: None)
    monkeypatch.setenv("KAOHE_DSN", fresh_database.dsn("kaohe_ingest"))
    monkeypatch.setenv("KAOHE_BUYER_KEY", "k" * 32)
    monkeypatch.setenv("KAOHE_MASTER_KEY_FILE", str(key))
    number = asyncio.run(make_tenant(fresh_database, "typed", SHOPS))

    assert said("set", "typed", "tm-life", typed=SECRETS).startswith(
        "typed/tm-life: app_key since "
    )
    shop = {"tenant": "typed", "shop": "jd-qinghe", **SECRETS}
    file = tmp_path / "accounts.json"
    file.write_text(json.dumps({"shops": [shop, {**shop, "shop": "none"}]}))
    lines = said("import", str(file)).splitlines()
    assert lines[0].startswith("typed/jd-qinghe: app_key since ")
    assert lines[1:] == ["typed/none: There is no shop here."]
    listed = [line.partition(":")[0] for line in said("list", "typed").splitlines()]
    assert listed == ["typed/jd-qinghe", "typed/tm-life"]

    before = key.read_text()
    rotated = said("rotate", "--master").splitlines()
    assert "typed: 6 fields sealed anew, 0 left under old keys, 1 keys forgotten" in rotated
    assert key.read_text() != before
    assert (tmp_path / "master.key.retired").read_text().split() == [before]
    assert said("remove", "typed", "tm-life") == "typed/tm-life: removed\n"

    async def put_down() -> list[tuple[str, str]]:
        owner = await asyncpg.connect(fresh_database.dsn("kaohe"))
        rows = await owner.fetch(
            "SELECT actor, action FROM audit WHERE tenant_id = $1 ORDER BY number", number
        )
        await owner.close()
        return [tuple(row) for row in rows]

    assert asyncio.run(put_down()) == [
        ("system:operator", f"account.{action}") for action in ("put", "put", "rotate", "remove")
    ]


def test_what_is_wrong_is_named_and_not_shown(
    database: TestDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("services.cli.pulling.configure_logs", lambda _: None)
    monkeypatch.setenv("KAOHE_DSN", database.dsn("kaohe_ingest"))
    monkeypatch.setenv("KAOHE_BUYER_KEY", "k" * 32)
    typed = json.dumps({**SECRETS, "secret": ["s3cret-9b"], "sesion": "se55-9b"})
    result = CliRunner().invoke(app, ["account", "set", "typed", "tm-life"], input=typed)
    assert result.exit_code == 1
    assert str(result.exception) == "The account: see secret, sesion."
    result = CliRunner().invoke(app, ["account", "list", "typed"])
    assert "KAOHE_MASTER_KEY_FILE names no key" in str(result.exception)
