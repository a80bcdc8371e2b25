"""Targets keep every revision; the highest holds."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from services.api.store.targets import (
    TargetFilter,
    insert_targets,
    read_current,
    read_page_of_targets,
    read_targets,
)
from services.schema.db import WriteSession
from services.schema.shapes.people import Subject
from services.schema.shapes.targets import Target
from services.schema.words import SubjectKind, TargetLevel
from tests.databases import TestDatabase

AT = datetime(2026, 10, 1, 8, tzinfo=UTC)
ANN = Subject(SubjectKind.EMPLOYEE, "ann")
UNIT = Subject(SubjectKind.UNIT, "ann")
COMPANY = Subject(SubjectKind.COMPANY, "")
BUDGET, CHALLENGE = TargetLevel.BUDGET, TargetLevel.CHALLENGE
FIRST = Target(ANN, "net_sales", "2026-10", BUDGET, Decimal(100), None, "key:a", AT, 1)
SECOND = replace(FIRST, value=Decimal("120.123456"), reason="new shop", revision=2)
MORE = replace(FIRST, level=CHALLENGE, value=Decimal(150))
OF_UNIT = replace(FIRST, subject=UNIT, value=Decimal(7))
OF_ALL = replace(FIRST, subject=COMPANY, value=Decimal("-0.5"))


@pytest.fixture
async def session(database: TestDatabase) -> AsyncIterator[WriteSession]:
    async with database.undone("kaohe_api", 503) as session:
        await insert_targets(session, [FIRST, SECOND, MORE, OF_UNIT, OF_ALL])
        yield session


async def test_the_highest_revision_of_each_level_is_in_force(session: WriteSession) -> None:
    found = await read_targets(session, [ANN, COMPANY], ["net_sales", "orders"], ["2026-10"])
    assert found == {
        (ANN, "net_sales", "2026-10"): {
            BUDGET: Decimal("120.123456"),
            CHALLENGE: Decimal(150),
        },
        (COMPANY, "net_sales", "2026-10"): {BUDGET: Decimal("-0.5")},
    }
    assert await read_targets(session, [ANN], ["net_sales"], ["2026-11"]) == {}


async def test_just_the_keys_asked_for_are_current(session: WriteSession) -> None:
    key = (ANN, "net_sales", "2026-10", BUDGET)
    missing = (UNIT, "net_sales", "2026-10", CHALLENGE)
    assert await read_current(session, [key, missing]) == {key: SECOND}


async def test_a_page_shows_what_holds_or_the_history(session: WriteSession) -> None:
    page, total = await read_page_of_targets(session, TargetFilter(), after=None, limit=10)
    assert page == [OF_ALL, SECOND, MORE, OF_UNIT]
    assert total == 4
    history = TargetFilter(subjects=[ANN], history=True)
    page, total = await read_page_of_targets(session, history, after=None, limit=2)
    assert (page, total) == ([FIRST, SECOND], 3)
    after = ("employee", "ann", "net_sales", "2026-10", "budget", 2)
    page, total = await read_page_of_targets(session, history, after=after, limit=2)
    assert (page, total) == ([MORE], 3)
    for other in (TargetFilter(indicator="orders"), TargetFilter(period="2026")):
        assert await read_page_of_targets(session, other, after=None, limit=9) == ([], 0)
