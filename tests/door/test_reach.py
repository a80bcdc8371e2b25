"""Who stands below whom on a day: units and people with all below, and shops answered for."""

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal

import pytest

from services.api.store.employees import save_employees
from services.api.store.shops import save_shops
from services.api.store.units import save_units
from services.door.reach import read_reach
from services.schema.db import WriteSession
from services.schema.shapes.people import Assignment, Employee, Shop, ShopShare, Unit
from services.schema.shapes.views import Reach
from services.schema.words import ShopKind
from tests.databases import TestDatabase

DAY = date(2026, 10, 16)


def person(code: str, manager: str | None, *held: Assignment, **days: date) -> Employee:
    return Employee(code, code, manager, days.get("joined_on"), days.get("left_on"), held)


def held(
    unit: str, *shops: str, start: date = date(2026, 1, 1), end: date | None = None
) -> Assignment:
    shares = tuple(ShopShare(shop, Decimal(50)) for shop in shops)
    return Assignment("agent", unit, shares, start, end)


@pytest.fixture
async def session(database: TestDatabase) -> AsyncIterator[WriteSession]:
    async with database.undone("kaohe_api", 502) as session:
        await save_shops(
            session,
            [
                Shop(code, code, None, "Asia/Shanghai", "CNY", ShopKind.ONLINE, None)
                for code in ("s1", "s2", "s3", "s4")
            ],
        )
        await save_units(
            session,
            [
                Unit("top", "top", None, "lead"),
                Unit("mid", "mid", "top", None),
                Unit("low", "low", "mid", "deputy"),
                Unit("else", "else", None, "boss"),
            ],
        )
        await save_employees(
            session,
            [
                person("boss", None),
                person("lead", "boss", held("else", "s1")),
                person("deputy", None, held("low", "s2")),
                person("far", "deputy", held("else", "s3")),
                person("report", "lead"),
                person("sub", "report", held("else", "s4")),
                person("moved", None, held("low", end=DAY), held("else", start=DAY)),
                person("comes", None, held("mid"), joined_on=date(2026, 10, 17)),
                person("left", None, held("mid"), left_on=date(2026, 10, 15)),
                person("last-day", None, held("mid"), left_on=DAY),
            ],
        )
        yield session


async def test_a_lead_reaches_units_and_people_with_all_below(session: WriteSession) -> None:
    assert await read_reach(session, "lead", DAY, below=True) == Reach(
        units=frozenset({"top", "mid", "low"}),
        members=frozenset({"deputy", "last-day"}),
        managed=frozenset({"report", "sub"}),
        shops=frozenset({"s1", "s2", "s4"}),
        above=frozenset({"boss"}),
    )


async def test_membership_is_of_the_day(session: WriteSession) -> None:
    before = await read_reach(session, "lead", date(2026, 10, 15), below=True)
    assert before.members == {"deputy", "moved", "left", "last-day"}


async def test_without_below_there_is_oneself_and_above(session: WriteSession) -> None:
    assert await read_reach(session, "far", DAY, below=False) == Reach(
        units=frozenset(),
        members=frozenset(),
        managed=frozenset(),
        shops=frozenset({"s3"}),
        above=frozenset({"deputy", "boss"}),
    )


async def test_someone_unknown_reaches_nobody(session: WriteSession) -> None:
    nobody: frozenset[str] = frozenset()
    reach = await read_reach(session, "ghost", DAY, below=True)
    assert reach == Reach(nobody, nobody, nobody, nobody, nobody)
