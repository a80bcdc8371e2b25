"""Who stands behind an author: a person by name, as far as is told, or a key by its role."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from services.api.store.employees import save_employees
from services.api.store.keys import insert_key
from services.door.authors import read_author_names
from services.schema.db import WriteSession
from services.schema.shapes.people import ApiKey, Employee
from services.schema.shapes.views import View
from services.schema.words import Role
from tests.databases import TestDatabase

AT = datetime(2026, 10, 1, tzinfo=UTC)
EVERYTHING = View(whole=True, own=None)
AUTHORS = ("key:key_ann", "key:key_office", "key:key_gone", "token:ann@idp", "system:watch", "ben")


@pytest.fixture
async def session(database: TestDatabase) -> AsyncIterator[WriteSession]:
    async with database.undone("kaohe_api", 503) as session:
        await save_employees(
            session, [Employee(code, f"{code}!", None, None, None, ()) for code in ("ann", "ben")]
        )
        for code, role, employee in (("ann", Role.LEAD, "ann"), ("office", Role.ERP, None)):
            key = ApiKey(f"key_{code}", role, employee, AT, None, None)
            await insert_key(session, key, secret_sha256=code.encode())
        yield session


async def test_a_person_is_named_and_a_key_of_nobodys_by_its_role(session: WriteSession) -> None:
    assert await read_author_names(session, AUTHORS, EVERYTHING) == {
        "key:key_ann": "ann!",
        "key:key_office": "erp",
        "token:ann@idp": "ann@idp",
        "ben": "ben!",
    }
    assert await read_author_names(session, [None], EVERYTHING) == {}


async def test_who_sees_a_part_is_told_of_those_whose_names_they_see(
    session: WriteSession,
) -> None:
    own = View(whole=False, own="cai", employees=frozenset({"cai"}), names=frozenset({"ann"}))
    office = {"key:key_office": "erp"}
    assert await read_author_names(session, AUTHORS, own) == {"key:key_ann": "ann!", **office}
    team = View(whole=False, own="cai", employees=frozenset({"cai", "ben"}))
    assert await read_author_names(session, AUTHORS, team) == {"ben": "ben!", **office}
    assert await read_author_names(session, AUTHORS, View(whole=False, own=None)) == office
