"""A view is of the tenant's own day, at whatever instant it is asked for."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from services.api.auth import view_of
from services.api.store.employees import save_employees
from services.api.store.units import save_units
from services.schema.db import WriteSession
from services.schema.shapes.people import Assignment, Caller, Employee, Unit
from services.schema.words import Role
from tests.databases import TestDatabase

TENANT = 506
MIDNIGHT = datetime(2026, 10, 15, 16, tzinfo=UTC)
"""Where the tenant is, the 16th begins."""


@pytest.fixture
async def session(database: TestDatabase) -> AsyncIterator[WriteSession]:
    """Ann comes under the lead on the 16th."""
    async with database.undone("kaohe_migrate", TENANT) as session:
        settings = "INSERT INTO tenant_settings VALUES (506, 't', 'CNY', :zone, 'monday', '01-01')"
        await session.execute(text(settings), {"zone": "Asia/Shanghai"})
        await save_units(session, [Unit("u", "u", None, "lead")])
        held = Assignment("agent", "u", (), date(2026, 10, 16), None)
        await save_employees(
            session,
            [
                Employee("lead", "lead", None, None, None, ()),
                Employee("ann", "ann", None, None, None, (held,)),
            ],
        )
        yield session


@pytest.mark.parametrize(
    ("at", "people"),
    [
        (MIDNIGHT - timedelta(microseconds=1), {"lead"}),
        (MIDNIGHT, {"lead", "ann"}),
    ],
)
async def test_requirement_24_a_lead_sees_the_team_at_that_date(
    session: WriteSession, at: datetime, people: set[str]
) -> None:
    view = await view_of(session, Caller(TENANT, Role.LEAD, "lead", "key:k"), at)
    assert view.employees == people
    assert view.units == {"u"}


async def test_an_employee_leads_nobody_whatever_a_unit_says(session: WriteSession) -> None:
    view = await view_of(session, Caller(TENANT, Role.EMPLOYEE, "lead", "key:k"), MIDNIGHT)
    assert view.employees == {"lead"}
    assert view.units == set()


async def test_heads_need_no_employee(session: WriteSession) -> None:
    assert (await view_of(session, Caller(TENANT, Role.HR, None, "key:k"), MIDNIGHT)).whole
