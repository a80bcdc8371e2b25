"""Which changes of the company have the open scorecards computed anew, and whose."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import text

from services.api.core.views import make_view
from services.api.flows.employees import put_employees
from services.api.flows.people import permit_all
from services.api.flows.rates import put_rates
from services.api.flows.shops import put_shops
from services.api.flows.targets import put_targets
from services.api.flows.tenants import put_tenant
from services.api.flows.units import put_units
from services.schema.db import WriteSession
from services.schema.shapes.people import (
    Assignment,
    Caller,
    Employee,
    Rate,
    Shop,
    Tenant,
    Unit,
    parse_subject,
)
from services.schema.shapes.targets import StatedTarget
from services.schema.words import Role, ShopKind, TargetLevel, WeekStart
from tests.databases import TestDatabase

TENANT = 505
AT = datetime(2026, 10, 9, 8, tzinfo=UTC)
HR = Caller(TENANT, Role.HR, None, "key:hr")
HOME = Tenant(TENANT, "t", "CNY", "Asia/Shanghai", WeekStart.MONDAY, "01-01")
SHOP = Shop("s", "s", None, "UTC", "CNY", ShopKind.ONLINE, None)
UNIT = Unit("u", "u", None, None)
HELD = Assignment("agent", "u", (), date(2026, 1, 1), None)
ANN = Employee("ann", "ann", None, None, None, (HELD,))
BOB = Employee("bob", "bob", None, None, None, ())

_SETTINGS = (
    "INSERT INTO tenant_settings VALUES (505, 't', 'CNY', 'Asia/Shanghai', 'monday', '01-01')"
)
_CYCLE = """
INSERT INTO cycles (tenant_id, code, scheme, period, starts_on, ends_on, population, timezone,
    grace_days, status, revision, version, created_at)
VALUES (505, :code, 's', '2026-10', '2026-10-01', '2026-11-01', '{}', 'UTC', 0, :status, 1, 1,
    now())
"""
_CARD = """
INSERT INTO scorecards (tenant_id, id, cycle, subject_kind, subject, revision, position, unit,
    status, document, explanation, fingerprint, computed_at, version)
VALUES (505, :id, :cycle, 'employee', :subject, 1, '', '', 'live', '', '', '', now(), 1)
"""


@pytest.fixture
async def session(database: TestDatabase) -> AsyncIterator[WriteSession]:
    """A company of two with a card each in an open cycle, and one in a cycle that is closed."""
    async with database.undone("kaohe_migrate", TENANT) as session:
        await session.execute(text(_SETTINGS))
        await put(session, SHOP, UNIT, ANN, BOB)
        for code, status in (("open", "open"), ("done", "closed")):
            await session.execute(text(_CYCLE), {"code": code, "status": status})
        for number, cycle, subject in (
            ("1", "open", "ann"),
            ("2", "open", "bob"),
            ("3", "done", "ann"),
        ):
            values = {"id": f"sc_{number}", "cycle": cycle, "subject": subject}
            await session.execute(text(_CARD), values)
        yield session


async def put(session: WriteSession, *things: Shop | Unit | Employee) -> None:
    """Each by its own flow; none is refused."""
    for thing in things:
        if isinstance(thing, Shop):
            verdicts = await put_shops(session, [thing], permit=permit_all, caller=HR, at=AT)
        elif isinstance(thing, Unit):
            verdicts = await put_units(session, [thing], permit=permit_all, caller=HR, at=AT)
        else:
            verdicts = await put_employees(session, [thing], permit=permit_all, caller=HR, at=AT)
        assert not isinstance(verdicts[0], Exception)


async def stale(session: WriteSession) -> set[str]:
    rows = await session.execute(
        text("SELECT id FROM scorecards WHERE stale_since = :at"), {"at": AT}
    )
    return set(rows.scalars())


@pytest.mark.parametrize(
    "thing",
    [
        replace(SHOP, kind=ShopKind.OFFLINE),
        replace(SHOP, opened_on=date(2020, 1, 1)),
        replace(SHOP, currency="USD"),
        replace(ANN, assignments=()),
        replace(ANN, left_on=date(2026, 10, 8)),
        Employee("new", "new", None, None, None, ()),
    ],
)
async def test_what_figures_hang_on_marks_every_open_card(
    session: WriteSession, thing: Shop | Unit | Employee
) -> None:
    await put(session, thing)
    assert await stale(session) == {"sc_1", "sc_2"}


@pytest.mark.parametrize(
    "thing",
    [
        SHOP,
        replace(SHOP, name="other"),
        replace(SHOP, code="new"),
        replace(UNIT, name="other", lead="ann"),
        replace(UNIT, code="new", parent="u"),
        ANN,
        replace(ANN, name="other", manager="bob"),
    ],
)
async def test_what_no_figure_hangs_on_marks_nothing(
    session: WriteSession, thing: Shop | Unit | Employee
) -> None:
    await put(session, thing)
    assert await stale(session) == set()


async def test_a_unit_that_moves_marks_every_open_card(session: WriteSession) -> None:
    await put(session, replace(UNIT, code="top"))
    assert await stale(session) == set()
    await put(session, replace(UNIT, parent="top"))
    assert await stale(session) == {"sc_1", "sc_2"}


async def test_rates_and_settings_mark_every_open_card_once_they_change(
    session: WriteSession,
) -> None:
    rate = Rate("USD", "CNY", date(2026, 10, 1), Decimal(7))
    assert await put_rates(session, [rate], caller=HR, at=AT) == 1
    assert await stale(session) == {"sc_1", "sc_2"}
    await session.execute(text("UPDATE scorecards SET stale_since = NULL"))
    assert await put_rates(session, [rate], caller=HR, at=AT) == 0
    await put_tenant(session, HOME, permit=lambda _: None, caller=HR, at=AT)
    assert await stale(session) == set()
    moved = replace(HOME, timezone="UTC")
    await put_tenant(session, moved, permit=lambda _: None, caller=HR, at=AT)
    assert await stale(session) == {"sc_1", "sc_2"}


@pytest.mark.parametrize(
    ("subjects", "marked"),
    [
        (["employee:ann"], {"sc_1"}),
        (["employee:ann", "employee:bob"], {"sc_1", "sc_2"}),
        (["employee:bob", "unit:u"], {"sc_1", "sc_2"}),
        (["company"], {"sc_1", "sc_2"}),
    ],
)
async def test_a_target_marks_the_cards_it_is_on(
    session: WriteSession, subjects: list[str], marked: set[str]
) -> None:
    stated = [
        StatedTarget(parse_subject(each), "orders", "2026-10", TargetLevel.BUDGET, Decimal(1), None)
        for each in subjects
    ]
    view = make_view(HR, None)
    await put_targets(session, stated, view=view, caller=HR, at=AT)
    assert await stale(session) == marked
    await session.execute(text("UPDATE scorecards SET stale_since = NULL"))
    await put_targets(session, stated, view=view, caller=HR, at=AT)
    assert await stale(session) == set()
