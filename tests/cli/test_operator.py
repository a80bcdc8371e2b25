"""The operator makes tenants and their admin keys, which open the api and nothing of others."""

from datetime import UTC, datetime

from sqlalchemy import text

from services.cli.operator import admin_key_of, number_of
from services.door.callers import Claim, check_claim
from services.schema.db import Database
from services.schema.words import Role
from tests.databases import TestDatabase


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
