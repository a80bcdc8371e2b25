"""Definitions and posted values: what is written, whose cards are marked, what the audit says."""

import json
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from services.api.core.measures import own_measure
from services.api.flows import indicators as flow
from services.api.flows import measures as measures_flow
from services.api.flows.indicators import define_indicator, known_indicators, post_values
from services.api.flows.measures import declare_measure
from services.api.store.employees import save_employees
from services.api.store.units import save_units
from services.schema.db import WriteSession
from services.schema.errors import Conflict
from services.schema.shapes.indicators import Indicator, PostedValue
from services.schema.shapes.people import Caller, Subject
from services.schema.tables.people import audit, tenant_settings
from services.schema.words import Better, IndicatorUnit, Outcome, Role, SubjectKind
from tests.api.facts import COMPANY, add_rows, assignment, employee, person, tenant, undone, unit
from tests.databases import TestDatabase

TENANT = tenant(631)
AT = datetime(2026, 11, 2, 8, tzinfo=UTC)
ADMIN = Caller(TENANT.id, Role.ADMIN, None, "key:admin")
MINE = Indicator(
    "mine", "我的", "Mine", "visitors / 2", IndicatorUnit.COUNT, Better.HIGHER, 0, "own"
)
Marks = list[Collection[str] | None]


@pytest.fixture
async def session(database: TestDatabase) -> AsyncIterator[WriteSession]:
    async with undone(database, TENANT.id) as session:
        settings = {"name": "Qinghe", "currency": "CNY", "timezone": TENANT.timezone}
        days = {"week_start": "monday", "fiscal_start": "01-01"}
        await add_rows(session, tenant_settings, {**settings, **days})
        await save_units(session, [unit("sales")])
        await save_employees(session, [employee(code, assignment("sales")) for code in ("a", "b")])
        yield session


@pytest.fixture
def marks(monkeypatch: pytest.MonkeyPatch) -> Marks:
    """Whose cards were marked, instead of marking them."""
    seen: Marks = []

    async def mark(_session: Any, *, employees: Collection[str] | None, at: datetime) -> None:
        assert at == AT
        seen.append(employees)

    monkeypatch.setattr(flow, "mark_stale", mark)
    monkeypatch.setattr(measures_flow, "mark_stale", mark)
    return seen


async def deeds(session: WriteSession) -> list[tuple[str, str, Any]]:
    statement = select(audit).where(audit.c.tenant_id == TENANT.id).order_by(audit.c.number)
    rows = await session.execute(statement)
    return [(row.action, row.object, json.loads(row.detail)) for row in rows]


async def define(session: WriteSession, stated: Indicator) -> tuple[Indicator, Outcome]:
    return await define_indicator(session, stated, permit=lambda _: None, caller=ADMIN, at=AT)


def posted(subject: Subject, value: str, code: str = "training_hours") -> PostedValue:
    return PostedValue(code, subject, "2026-10", Decimal(value), "hr", None)


async def test_a_new_definition_marks_every_card_and_the_same_none(
    session: WriteSession, marks: Marks
) -> None:
    assert (await define(session, MINE))[1] is Outcome.CREATED
    assert (await define(session, MINE))[1] is Outcome.DUPLICATE
    assert marks == [None]
    assert await deeds(session) == [
        (
            "indicator.define",
            "indicator:mine",
            {
                "version": 1,
                "formula": "visitors / 2",
                "formula_before": None,
                "unit": "count",
                "better": "higher",
            },
        )
    ]
    assert (await known_indicators(session, ["mine", "net_sales", "none"])).keys() == {
        "mine",
        "net_sales",
    }


async def test_a_refused_definition_marks_and_writes_nothing(
    session: WriteSession, marks: Marks
) -> None:
    def refuse(_before: Indicator | None) -> None:
        raise Conflict("stale", "It has changed.")

    with pytest.raises(Conflict):
        await define_indicator(session, MINE, permit=refuse, caller=ADMIN, at=AT)
    assert marks == []
    assert await deeds(session) == []
    assert "mine" not in await known_indicators(session)


async def test_a_persons_value_marks_that_persons_cards(
    session: WriteSession, marks: Marks
) -> None:
    rows = [posted(person("a"), "1"), posted(person("b"), "2"), posted(person("none"), "3")]
    verdicts = await post_values(session, rows, caller=ADMIN, at=AT)
    assert verdicts[:2] == [Outcome.CREATED, Outcome.CREATED]
    assert isinstance(verdicts[2], Conflict)
    assert marks == [{"a", "b"}]


async def test_a_units_or_the_companys_value_marks_every_card(
    session: WriteSession, marks: Marks
) -> None:
    team = Subject(SubjectKind.UNIT, "sales")
    rows = [posted(person("a"), "1"), posted(team, "2")]
    await post_values(session, rows, caller=ADMIN, at=AT)
    await post_values(session, [posted(COMPANY, "1")], caller=ADMIN, at=AT)
    assert marks == [None, None]


async def test_what_changes_nothing_marks_and_writes_nothing(
    session: WriteSession, marks: Marks
) -> None:
    await post_values(session, [posted(person("a"), "1.50")], caller=ADMIN, at=AT)
    marks.clear()
    written = await deeds(session)
    again = await post_values(session, [posted(person("a"), "1.5")], caller=ADMIN, at=AT)
    assert again == [Outcome.DUPLICATE]
    refused = [posted(person("a"), "1", "net_sales"), posted(person("none"), "1")]
    verdicts = await post_values(session, refused, caller=ADMIN, at=AT)
    assert [one.code for one in verdicts if isinstance(one, Conflict)] == [
        "indicator_computed",
        "unknown_employee",
    ]
    assert marks == []
    assert await deeds(session) == written
    assert written[0][2] == {
        "indicator": "training_hours",
        "period": "2026-10",
        "value": "1.5",
        "source": "hr",
        "revision": 1,
    }


async def test_a_measure_in_another_unit_marks_every_card(
    session: WriteSession, marks: Marks
) -> None:
    async def declare(name: str, unit: IndicatorUnit) -> Outcome:
        measure = own_measure("calls", zh=name, en=name, unit=unit)
        return await declare_measure(session, measure, permit=lambda _: None, caller=ADMIN, at=AT)

    assert await declare("Calls", IndicatorUnit.COUNT) is Outcome.CREATED
    assert await declare("Phone calls", IndicatorUnit.COUNT) is Outcome.UPDATED
    assert await declare("Phone calls", IndicatorUnit.COUNT) is Outcome.DUPLICATE
    assert marks == []
    assert await declare("Phone calls", IndicatorUnit.MONEY) is Outcome.UPDATED
    assert marks == [None]
    assert [action for action, _, _ in await deeds(session)] == ["measure.declare"] * 3
