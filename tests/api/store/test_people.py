"""Shops, units and employees come back as they were saved, within their tenant alone."""

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from services.api.store.employees import read_page_of_employees, save_employees
from services.api.store.people import read_employees, read_shops, read_units
from services.api.store.shops import read_page_of_shops, save_shops
from services.api.store.units import read_page_of_units, save_units
from services.schema.db import WriteSession
from services.schema.shapes.people import Assignment, Employee, Shop, ShopShare, Unit
from services.schema.tables.people import assignment_shops, assignments, shops
from services.schema.words import Marketplace, ShopKind
from tests.databases import TestDatabase

TENANT = 501
TM = Shop("tm-1", "天猫", Marketplace.TMALL, "Asia/Shanghai", "CNY", ShopKind.ONLINE, None)
STREET = Shop("st-1", "街", None, "Europe/Paris", "EUR", ShopKind.OFFLINE, date(2020, 2, 29))
ROOT = Unit("ops", "运营", None, "boss")
TEAM = Unit("a-team", "一组", "ops", None)
BOSS = Employee("boss", "王", None, date(2020, 1, 1), None, ())
ANN = Employee(
    "ann",
    "安",
    "boss",
    date(2026, 1, 5),
    date(2026, 12, 31),
    (
        Assignment("agent", "a-team", (), date(2026, 1, 5), date(2026, 3, 16)),
        Assignment(
            "traffic",
            "ops",
            (ShopShare("st-1", Decimal("12.3456")), ShopShare("tm-1", Decimal(100))),
            date(2026, 3, 16),
            None,
        ),
    ),
)


@pytest.fixture
async def session(database: TestDatabase) -> AsyncIterator[WriteSession]:
    async with database.undone("kaohe_api", TENANT) as session:
        await save_shops(session, [TM, STREET])
        await save_units(session, [ROOT, TEAM])
        await save_employees(session, [BOSS, ANN])
        yield session


async def test_everything_comes_back_by_code(session: WriteSession) -> None:
    assert await read_shops(session) == {"st-1": STREET, "tm-1": TM}
    assert await read_units(session) == {"a-team": TEAM, "ops": ROOT}
    assert await read_employees(session) == {"ann": ANN, "boss": BOSS}


async def test_only_the_codes_asked_for_come_back(session: WriteSession) -> None:
    assert await read_shops(session, ["tm-1", "nobody"]) == {"tm-1": TM}
    assert await read_units(session, []) == {}
    assert await read_employees(session, {"ann"}) == {"ann": ANN}


async def test_another_tenant_sees_none_of_it(database: TestDatabase) -> None:
    async with database.undone("kaohe_api", TENANT + 1) as other:
        assert await read_shops(other) == {}
        assert await read_units(other) == {}
        assert await read_employees(other) == {}


async def test_saving_again_replaces_whole_and_counts_versions(session: WriteSession) -> None:
    moved = Employee("ann", "安娜", None, None, None, ANN.assignments[:1])
    await save_employees(session, [moved])
    assert await read_employees(session, ["ann"]) == {"ann": moved}
    count = select(func.count()).select_from(assignments)
    shares = select(func.count()).select_from(assignment_shops)
    assert await session.scalar(count) == 1
    assert await session.scalar(shares) == 0
    await save_shops(session, [TM])
    versions = await session.execute(select(shops.c.version).order_by(shops.c.code))
    assert list(versions.scalars()) == [1, 2]


async def test_a_manager_may_be_saved_after_the_people_managed(session: WriteSession) -> None:
    await save_employees(
        session,
        [Employee("a", "A", "z", None, None, ()), Employee("z", "Z", None, None, None, ())],
    )
    assert (await read_employees(session, ["a"]))["a"].manager == "z"


async def test_pages_follow_the_order_of_codes_and_count_all(session: WriteSession) -> None:
    assert await read_page_of_shops(session, None, after=None, limit=1) == ([STREET], 2)
    assert await read_page_of_shops(session, None, after="st-1", limit=1) == ([TM], 2)
    assert await read_page_of_shops(session, None, after="tm-1", limit=1) == ([], 2)
    only = frozenset({"ops"})
    assert await read_page_of_units(session, only, after=None, limit=9) == ([ROOT], 1)
    nobody: frozenset[str] = frozenset()
    assert await read_page_of_employees(session, nobody, after=None, limit=9) == ([], 0)
