"""The audit is a chain without gaps, and its table refuses every change."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError

from services.api.store.audit import (
    append_entries,
    append_entry,
    count_entries,
    read_entries,
)
from services.schema.chain import GENESIS, first_bad, make_deed
from services.schema.db import WriteSession
from services.schema.shapes.people import Caller
from services.schema.tables.people import audit
from services.schema.words import Role
from tests.databases import TestDatabase

TENANT = 504
AT = datetime(2026, 10, 1, 8, 30, 15, 123456, tzinfo=UTC)
CALLER = Caller(TENANT, Role.HR, None, "key:hr")


@pytest.fixture
async def session(database: TestDatabase) -> AsyncIterator[WriteSession]:
    async with database.undone("kaohe_api", TENANT) as session:
        yield session


async def test_entries_are_numbered_and_linked(session: WriteSession) -> None:
    assert await count_entries(session) == 0
    await append_entry(
        session,
        at=AT,
        caller=CALLER,
        action="measure.declare",
        subject="measure:m",
        detail={"zh": "商", "unit": "count", "en": "m"},
    )
    deeds = [make_deed("key.revoke", f"key:{name}", {}) for name in ("x", "y")]
    await append_entries(session, at=AT, caller=CALLER, deeds=deeds)
    await append_entries(session, at=AT, caller=CALLER, deeds=[])
    first, second, third = await read_entries(session, after=0, limit=9)
    assert [entry.number for entry in (first, second, third)] == [1, 2, 3]
    assert first.previous == GENESIS
    assert second.previous == first.digest
    assert third.previous == second.digest
    assert first.deed.detail == '{"en":"m","unit":"count","zh":"商"}'
    assert (first.at, first.actor) == (AT, "key:hr")
    assert first_bad([first, second, third], tenant=TENANT, after=0, previous=GENESIS) is None
    assert await count_entries(session) == 3
    assert await read_entries(session, after=1, limit=1) == [second]


@pytest.mark.parametrize(
    "change",
    [update(audit).values(actor="key:x"), delete(audit), text("TRUNCATE audit")],
)
@pytest.mark.parametrize("role", ["kaohe_api", "kaohe_ingest", "kaohe_migrate"])
async def test_nobody_changes_an_entry(database: TestDatabase, role: str, change: object) -> None:
    async with database.undone(role, TENANT) as session:
        await append_entry(
            session, at=AT, caller=CALLER, action="key.revoke", subject="b", detail={}
        )
        with pytest.raises(DBAPIError, match=r"permission denied|append-only"):
            await session.execute(change)  # type: ignore[arg-type]  # any of three kinds
