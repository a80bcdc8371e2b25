"""The operator makes tenants and their admin keys, which open the api and nothing of others."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from services.cli.commands import app
from services.cli.operator import admin_key_of, number_of
from services.door.callers import Claim, check_claim
from services.schema.db import Database
from services.schema.words import Role
from tests.api.appraisals import set_targets
from tests.api.companies import open_companies
from tests.cli.months import publish_month
from tests.databases import TestDatabase

_BROKEN = (
    "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
)


async def test_a_tenant_is_made_once_and_given_new_keys_after_that(
    fresh_database: TestDatabase,
) -> None:
    owner = fresh_database.dsn("kaohe_migrate")
    number, key = await admin_key_of(owner, "acme")
    again, another = await admin_key_of(owner, "acme")
    other, _ = await admin_key_of(owner, "other")
    assert number == again == await number_of(owner, "acme")
    assert other != number
    assert key != another
    database = Database(fresh_database.dsn("kaohe_api"), application="test")
    async with database.read(number) as session:
        for text_of_key in (key, another):
            _, _, key_id, secret = text_of_key.split("_")
            claim = Claim(number, f"key_{key_id}", secret)
            caller = await check_claim(session, claim, at=datetime.now(UTC))
            assert (caller.role, caller.tenant, caller.employee) == (Role.ADMIN, number, None)
        entries = await session.execute(text("SELECT action, actor FROM audit ORDER BY number"))
        assert [tuple(entry) for entry in entries] == [
            ("tenant.create", "system:operator"),
            ("key.create", "system:operator"),
            ("key.create", "system:operator"),
        ]
    await database.close()


async def test_recomputing_names_what_it_cannot_read_and_goes_on(
    fresh_database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A card, a cycle and a company that cannot be read keep no other from being computed."""
    monkeypatch.setattr("services.local.here.dsn_here", lambda _, role: fresh_database.dsn(role))

    async def recompute() -> tuple[int, list[str]]:
        words = ["recompute", "--published"]
        answer = await asyncio.to_thread(CliRunner().invoke, app, words)
        return answer.exit_code, answer.output.splitlines()

    async with open_companies(fresh_database, 3) as companies:
        for company in companies:
            await publish_month(company)
        first, second, third = companies
        done = [f"tenant {each.number} jan: 2 computed, 0 new drifts" for each in companies]
        assert await recompute() == (0, done)
        # What was published of e-2 drifts meanwhile.
        await set_targets(first, {"e-2": "1000"}, "2026-01")
        connection = await asyncpg.connect(fresh_database.dsn("kaohe"))
        await connection.execute("SET session_replication_role = replica")
        card = await connection.fetchval(
            "UPDATE scorecards SET explanation = '{' WHERE tenant_id = $1 AND subject = 'e-1' "
            "RETURNING id",
            first.number,
        )
        for company, change in (
            (second, "scheme_versions SET document = '{'"),
            (third, "cycles SET population = '[]'"),
        ):
            await connection.execute(f"UPDATE {change} WHERE tenant_id = {company.number}")
        await connection.close()
        code, said = await recompute()
        assert code == 1
        assert said == [
            f"tenant {first.number} jan: 1 computed, 1 new drifts",
            f"tenant {first.number} jan: {card} of employee:e-1: {_BROKEN}",
            f"tenant {second.number} jan: 0 computed, 0 new drifts",
            f"tenant {second.number} jan: {_BROKEN}",
            f"tenant {third.number} *: 0 computed, 0 new drifts",
            f"tenant {third.number} *: TypeError: list indices must be integers or slices, not str",
        ]
