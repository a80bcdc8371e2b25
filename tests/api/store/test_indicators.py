"""Definitions keep every version and posted values every revision; the highest holds."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy.exc import DBAPIError

from services.api.store.indicators import (
    Revised,
    insert_indicator,
    insert_values,
    key_of,
    read_own_indicators,
    read_posted,
    read_version_times,
)
from services.api.store.measures import read_own_measures, save_own_measure
from services.schema.db import WriteSession
from services.schema.shapes.indicators import Indicator, PostedValue
from services.schema.shapes.measures import Adds, Measure
from services.schema.shapes.people import Subject
from services.schema.words import Better, FactKind, IndicatorUnit, SubjectKind
from tests.databases import TestDatabase

AT = datetime(2026, 10, 1, 8, tzinfo=UTC)
LATER = datetime(2026, 10, 2, 8, tzinfo=UTC)
FIRST = Indicator("mine", "我的", "Mine", "visitors", IndicatorUnit.COUNT, Better.HIGHER, 1, "own")
SECOND = replace(FIRST, formula=None, version=2)
OTHER = replace(FIRST, code="also", unit=IndicatorUnit.MONEY, better=Better.LOWER)
ANN = Subject(SubjectKind.EMPLOYEE, "x")
UNIT = Subject(SubjectKind.UNIT, "x")
VALUE = PostedValue("mine", ANN, "2026-10", Decimal("0.123456"), "hr", None)
CALLS = Measure(
    "calls",
    FactKind.MEASURES,
    Adds.POSTED,
    IndicatorUnit.COUNT,
    "电话",
    "Calls",
    "stated",
    built_in=False,
)


@pytest.fixture
async def session(database: TestDatabase) -> AsyncIterator[WriteSession]:
    async with database.undone("kaohe_api", 617) as session:
        await insert_indicator(session, FIRST, at=AT)
        await insert_indicator(session, SECOND, at=LATER)
        await insert_indicator(session, OTHER, at=AT)
        yield session


async def test_the_highest_version_is_in_force(session: WriteSession) -> None:
    found = await read_own_indicators(session)
    assert list(found.values()) == [OTHER, SECOND]
    assert await read_own_indicators(session, ["mine", "none"]) == {"mine": SECOND}
    assert await read_own_indicators(session, []) == {}
    assert await read_version_times(session, "mine") == [(1, AT), (2, LATER)]
    assert await read_version_times(session, "none") == []


async def test_a_version_is_there_once_for_ever(session: WriteSession) -> None:
    with pytest.raises(DBAPIError, match="pk_own_indicators"):
        await insert_indicator(session, FIRST, at=AT)


async def test_the_last_value_holds_for_exactly_its_subject_and_period(
    session: WriteSession,
) -> None:
    last = replace(VALUE, value=Decimal(-2), note="again")
    of_unit = replace(VALUE, subject=UNIT)
    before = replace(VALUE, period="2026-09")
    made = [Revised(VALUE, 1), Revised(last, 2), Revised(of_unit, 1), Revised(before, 1)]
    await insert_values(session, made, author="key:a", at=AT)
    found = await read_posted(session, ["mine"], [ANN, UNIT], ["2026-10"])
    assert found == {key_of(last): Revised(last, 2), key_of(of_unit): Revised(of_unit, 1)}
    assert await read_posted(session, ["also"], [ANN], ["2026-10"]) == {}
    assert await read_posted(session, [], [ANN], ["2026-10"]) == {}


async def test_own_measures_are_named_anew(session: WriteSession) -> None:
    await save_own_measure(session, CALLS, at=AT)
    assert await read_own_measures(session) == {"calls": CALLS}
    named = replace(CALLS, en="Phone calls", unit=IndicatorUnit.SCORE)
    await save_own_measure(session, named, at=LATER)
    assert await read_own_measures(session) == {"calls": named}
    assert await read_own_measures(session, ["none"]) == {}


async def test_another_tenants_definitions_are_not_read(session: WriteSession) -> None:
    await insert_values(session, [Revised(VALUE, 1)], author="key:a", at=AT)
    session.tenant = 618
    assert await read_own_indicators(session) == {}
    assert await read_posted(session, ["mine"], [ANN], ["2026-10"]) == {}
