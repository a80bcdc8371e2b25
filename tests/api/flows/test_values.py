"""Values read from what ingest left: built-in and own indicators, posted values, series."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, text

from services.api.core.values import series_of, usual_scope
from services.api.flows.indicators import define_indicator, post_values
from services.api.flows.values import Wanted, read_explained, read_values
from services.api.store.employees import save_employees
from services.api.store.shops import save_shops
from services.api.store.units import save_units
from services.schema.days import local_day, parse_period
from services.schema.db import WriteSession
from services.schema.errors import NotFound
from services.schema.shapes.indicators import Explained, Indicator, PostedValue
from services.schema.shapes.people import Caller, Subject
from services.schema.tables.facts import measure_facts, refund_facts, stock_facts
from services.schema.tables.measures import (
    chat_measures,
    order_measures,
    refund_measures,
    traffic_measures,
)
from services.schema.tables.people import rates, tenant_settings
from services.schema.words import Better, Grain, IndicatorUnit, NoValue, Role, Scope, SubjectKind
from tests.api.facts import (
    COMPANY,
    Sale,
    add_rows,
    add_sales,
    assignment,
    employee,
    person,
    shop,
    tenant,
    undone,
    unit,
)
from tests.databases import TestDatabase

TENANT = tenant(619)
AT = datetime(2026, 11, 2, 8, tzinfo=UTC)
ADMIN = Caller(TENANT.id, Role.ADMIN, None, "key:admin")
TEAM = Subject(SubjectKind.UNIT, "sales")
SHOP = Subject(SubjectKind.SHOP, "a")


@pytest.fixture
async def session(database: TestDatabase) -> AsyncIterator[WriteSession]:
    async with undone(database, TENANT.id) as session:
        settings = {"name": "Qinghe", "currency": "CNY", "timezone": TENANT.timezone}
        days = {"week_start": "monday", "fiscal_start": "01-01"}
        await add_rows(session, tenant_settings, {**settings, **days})
        await save_shops(session, [shop("a", opened_on=date(2026, 3, 1)), shop("b")])
        await save_units(session, [unit("top"), unit("sales", "top")])
        await save_employees(
            session,
            [
                employee("ann", assignment("sales", {"a": "50"})),
                employee("bob", assignment("sales", {"a": "50", "b": "100"})),
            ],
        )
        yield session


async def explained(
    session: WriteSession,
    indicator: str,
    subject: Subject = COMPANY,
    period: str = "2026-10",
    scope: Scope | None = None,
) -> Explained:
    days = parse_period(period, TENANT.calendar)
    how = scope or usual_scope(subject)
    wanted = Wanted(indicator, subject, how, days, days.start, days.end)
    return (await read_values(session, [wanted], tenant=TENANT))[wanted]


async def value(
    session: WriteSession,
    indicator: str,
    subject: Subject = COMPANY,
    period: str = "2026-10",
    scope: Scope | None = None,
) -> Decimal | NoValue | None:
    found = (await explained(session, indicator, subject, period, scope)).value
    return found.reason or found.value


async def series(
    session: WriteSession, indicator: str, period: str, grain: Grain
) -> dict[str, Decimal | NoValue | None]:
    days = parse_period(period, TENANT.calendar)
    wanted = series_of(indicator, COMPANY, Scope.COMPANY, days, grain, TENANT.calendar)
    found = await read_values(session, wanted, tenant=TENANT)
    return {one.period.code: found[one].value.reason or found[one].value.value for one in wanted}


async def define(
    session: WriteSession, formula: str | None, *, code: str = "mine", unit: str = "ratio"
) -> Indicator:
    stated = Indicator(code, "我的", "Mine", formula, IndicatorUnit(unit), Better.HIGHER, 0, "own")
    made, _ = await define_indicator(session, stated, permit=lambda _: None, caller=ADMIN, at=AT)
    return made


async def test_requirement_03_null_and_zero_are_told_apart(session: WriteSession) -> None:
    """0 enquiries have no conversion rate; 40 enquiries and 0 orders have one of 0."""
    assert await value(session, "inquiry_conversion_rate") is NoValue.NO_ROWS
    await add_rows(session, chat_measures, {"day": date(2026, 10, 5), "shop": "a", "chats": 3})
    found = await explained(session, "inquiry_conversion_rate")
    assert (found.value.value, found.value.reason) == (None, NoValue.NO_DENOMINATOR)
    await add_rows(session, chat_measures, {"day": date(2026, 10, 6), "shop": "a", "inquiries": 40})
    assert await value(session, "inquiry_conversion_rate") == 0


async def test_requirement_08_a_sale_and_its_refund_count_on_days_of_their_own(
    session: WriteSession,
) -> None:
    """Paid on 31 January, shipped on 1 February, refunded on 15 March."""
    keys = {"shop": "a"}
    paid = {"paid_orders": 1, "paid_amount": 100, "gross_amount": 100}
    await add_rows(
        session,
        order_measures,
        {"day": date(2026, 1, 30), **keys, "placed_orders": 1},
        {"day": date(2026, 1, 31), **keys, **paid},
        {"day": date(2026, 2, 1), **keys, "shipped_orders": 1, "processing_seconds": 7200},
    )
    refund = {"day": date(2026, 3, 15), **keys, "refund_amount": 100, "refunds": 1}
    await add_rows(session, refund_measures, refund)
    months = await series(session, "net_sales", "2026-Q1", Grain.MONTH)
    assert months == {"2026-01": 100, "2026-02": 0, "2026-03": -100}
    assert await value(session, "net_sales", period="2026-Q1") == 0
    gross = await series(session, "gross_sales", "2026-Q1", Grain.MONTH)
    assert gross == {"2026-01": 100, "2026-02": 0, "2026-03": 0}
    hours = await series(session, "processing_hours", "2026-Q1", Grain.MONTH)
    assert hours == {
        "2026-01": NoValue.NO_DENOMINATOR,
        "2026-02": 2,
        "2026-03": NoValue.NO_DENOMINATOR,
    }
    assert await value(session, "net_sales", period="2026-04") is NoValue.NO_ROWS


async def test_for_pay_a_refund_counts_on_its_orders_day(session: WriteSession) -> None:
    await add_sales(session, Sale(paid_on=date(2026, 10, 31), id="so-1"))
    march = {"refunded_on": date(2026, 11, 15), "refunded_at": AT}
    refund = {"shop": "a", "status": "succeeded", "kind": "refund", "salesperson": "", **march}
    rest = {"amount": 40, "channel": "", "campaign": "", "counts": True}
    await add_rows(session, refund_facts, {"id": "r-1", "order_id": "so-1", **refund, **rest})
    await add_rows(session, refund_facts, {"id": "r-2", "order_id": None, **refund, **rest})
    days = parse_period("2026-10", TENANT.calendar)
    after = parse_period("2026-11", TENANT.calendar)
    october, november = (
        Wanted("net_sales", COMPANY, Scope.COMPANY, one, one.start, one.end)
        for one in (days, after)
    )
    bases = await read_explained(session, [october, november], tenant=TENANT, refunds_by_order=True)
    assert bases.values[october].value.value == 60
    assert bases.values[november].value.value == -40


async def test_requirement_10_two_currencies_are_not_added_without_a_rate(
    session: WriteSession,
) -> None:
    await add_sales(
        session,
        Sale(paid_on=date(2026, 10, 5), amount="100"),
        Sale(paid_on=date(2026, 10, 6), amount="20.5", currency="USD"),
    )
    found = await explained(session, "gross_sales")
    assert (found.value.value, found.value.reason) == (None, NoValue.FX_RATE_MISSING)
    later = {"from_currency": "USD", "to_currency": "CNY", "day": date(2026, 10, 7), "rate": 9}
    await add_rows(session, rates, later)
    assert await value(session, "gross_sales") is NoValue.FX_RATE_MISSING
    await add_rows(session, rates, {**later, "day": date(2026, 9, 30), "rate": Decimal("7.1")})
    found = await explained(session, "gross_sales")
    assert found.value.value == Decimal("245.55")
    assert found.fx == "USD 20.5 x 7.1 of 2026-09-30 = CNY 145.55"
    assert await value(session, "orders") == 2


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/Los_Angeles"])
async def test_requirement_17_days_are_the_shops_and_periods_the_tenants(
    session: WriteSession, zone: str
) -> None:
    """2026-10-31T16:30Z is November in Shanghai, whatever zone the server is in."""
    await session.execute(text(f"SET LOCAL TIME ZONE '{zone}'"))
    instant = datetime(2026, 10, 31, 16, 30, tzinfo=UTC)
    await add_sales(session, Sale(paid_on=local_day(instant, "Asia/Shanghai"), buyer="p"))
    assert await value(session, "gross_sales", period="2026-11") == 100
    assert await value(session, "buyers", period="2026-11-01") == 1
    assert await value(session, "gross_sales") is NoValue.NO_ROWS


async def test_requirement_17_parts_add_up_to_the_month_across_a_change_of_clocks(
    session: WriteSession,
) -> None:
    """Zones that change their clocks do so on 25 October and 1 November 2026."""
    for day in range(1, 32):
        sale = Sale(paid_on=date(2026, 10, day), amount=f"{day}.01", buyer=f"p{day % 7}")
        await add_sales(session, sale)
    whole = await value(session, "gross_sales")
    assert whole == Decimal("496.31")
    for grain, parts in ((Grain.DAY, 31), (Grain.WEEK, 5), (Grain.MONTH, 1)):
        found = await series(session, "gross_sales", "2026-10", grain)
        assert len(found) == parts
        assert sum(one for one in found.values() if isinstance(one, Decimal)) == whole
    weeks = await series(session, "buyers", "2026-10", Grain.WEEK)
    assert weeks == {
        "2026-10-01/2026-10-05": 4,
        "2026-10-05/2026-10-12": 7,
        "2026-10-12/2026-10-19": 7,
        "2026-10-19/2026-10-26": 7,
        "2026-10-26/2026-11-01": 6,
    }
    assert await value(session, "buyers") == 7


async def test_requirement_29_each_value_names_its_definition_version(
    session: WriteSession,
) -> None:
    await add_sales(session, Sale(paid_on=date(2026, 10, 5), amount="80", cost="20"))
    assert (await explained(session, "gross_sales")).version == 0
    await define(session, "paid_amount - cost_amount", unit="money")
    first = await explained(session, "mine")
    await define(session, "paid_amount - 2 * cost_amount", unit="money")
    second = await explained(session, "mine")
    assert first.version == 1
    assert first.value.value == 60
    assert second.version == 2
    assert second.value.value == 40
    assert second.formula == "paid_amount - 2 * cost_amount"


async def test_own_shops_and_unit_scopes_differ(session: WriteSession) -> None:
    await add_sales(
        session,
        Sale(paid_on=date(2026, 10, 5), amount="10", shop="a", salesperson="ann", buyer="p"),
        Sale(paid_on=date(2026, 10, 5), amount="20", shop="a", buyer="p"),
        Sale(paid_on=date(2026, 10, 5), amount="40", shop="b", buyer="p"),
        Sale(paid_on=date(2026, 10, 5), amount="80", shop="c", salesperson="bob", buyer="q"),
        Sale(paid_on=date(2026, 10, 5), amount="160", shop="c", buyer="r"),
    )

    async def both(subject: Subject, scope: Scope | None = None) -> tuple[object, object]:
        sales = await value(session, "gross_sales", subject, scope=scope)
        return sales, await value(session, "buyers", subject, scope=scope)

    assert await both(person("ann")) == (10, 1)
    assert await both(person("ann"), Scope.SHOPS) == (15, Decimal("0.5"))
    assert await both(person("bob"), Scope.SHOPS) == (55, Decimal("1.5"))
    assert await both(person("ann"), Scope.UNIT) == (150, 2)
    assert await both(person("ann"), Scope.COMPANY) == (310, 3)
    assert await both(TEAM) == (150, 2)
    assert await both(TEAM, Scope.OWN) == (90, 2)
    assert await both(TEAM, Scope.SHOPS) == (70, 1)
    assert await both(Subject(SubjectKind.UNIT, "top")) == (150, 2)
    assert await both(SHOP) == (30, 1)
    assert await both(COMPANY) == (310, 3)


async def test_a_person_is_reached_by_the_shops_facts(session: WriteSession) -> None:
    await add_rows(
        session, traffic_measures, {"day": date(2026, 10, 5), "shop": "a", "visitors": 8}
    )
    assert await value(session, "visitors", person("ann")) == 0
    assert await value(session, "visitors", person("ann"), scope=Scope.SHOPS) == 4
    assert await value(session, "orders", person("ann")) is NoValue.NO_ROWS
    await add_sales(session, Sale(paid_on=date(2026, 10, 5), buyer="p", salesperson="ann"))
    assert await value(session, "conversion_rate", person("ann")) is NoValue.NO_DENOMINATOR
    assert await value(session, "conversion_rate", SHOP) == Decimal("0.125")


async def test_posted_values_hold_for_exactly_their_subject_and_period(
    session: WriteSession,
) -> None:
    def posted(subject: Subject, amount: str, period: str = "2026-10") -> PostedValue:
        return PostedValue("design_on_time_rate", subject, period, Decimal(amount), "hr", None)

    await post_values(
        session,
        [posted(person("ann"), "0.9"), posted(TEAM, "0.7"), posted(COMPANY, "0.5", "2026-Q4")],
        caller=ADMIN,
        at=AT,
    )
    code = "design_on_time_rate"
    assert await value(session, code, person("ann")) == Decimal("0.9")
    assert await value(session, code, person("bob")) is NoValue.NO_ROWS
    assert await value(session, code, person("bob"), scope=Scope.UNIT) == Decimal("0.7")
    assert await value(session, code, person("ann"), scope=Scope.UNIT) == Decimal("0.9")
    assert await value(session, code, person("ann"), scope=Scope.COMPANY) == Decimal("0.9")
    assert await value(session, code, period="2026-10") is NoValue.NO_ROWS
    assert await value(session, code, period="2026-Q4") == Decimal("0.5")
    assert await value(session, code, person("bob"), "2026-Q4", Scope.COMPANY) == Decimal("0.5")


async def test_a_posted_value_stands_in_for_a_posted_measure(session: WriteSession) -> None:
    code = "error_shipment_rate"
    await add_rows(session, order_measures, {"day": date(2026, 10, 5), "shipped_orders": 50})
    assert await value(session, code) is NoValue.NO_ROWS
    row = {"measure": "error_shipments", "day": date(2026, 10, 9), "shop": "a", "amount": 1}
    await add_rows(session, measure_facts, row)
    assert await value(session, code) == Decimal("0.02")
    stated = PostedValue(code, COMPANY, "2026-10", Decimal("0.03"), "wms", None)
    await post_values(session, [stated], caller=ADMIN, at=AT)
    found = await explained(session, code)
    assert (found.value.value, found.formula) == (Decimal("0.03"), None)


async def test_new_campaigns_windows_and_stock_are_read(session: WriteSession) -> None:
    for day, campaign, visitors in (
        (date(2026, 9, 10), "old", 40),
        (date(2026, 9, 11), "", 60),
        (date(2026, 10, 1), "old", 7),
        (date(2026, 10, 2), "new", 10),
        (date(2026, 10, 30), "new", 5),
    ):
        row = {"day": day, "shop": "a", "campaign": campaign, "visitors": visitors}
        await add_rows(session, traffic_measures, row)
    assert await value(session, "new_campaign_visitor_ratio") == Decimal("0.15")
    for day, out in ((date(2026, 10, 1), 3), (date(2026, 10, 2), 1)):
        row = {"day": day, "shop": "a", "skus": 10, "skus_out": out, "skus_new": out}
        await add_rows(session, stock_facts, row)
    assert await value(session, "stockout_rate") == Decimal("0.2")
    assert await value(session, "new_sku_share") == Decimal("0.1")
    await add_sales(
        session,
        Sale(paid_on=date(2026, 10, 2), buyer="p"),
        Sale(paid_on=date(2026, 10, 1), buyer="p"),
        Sale(paid_on=date(2026, 10, 5), buyer="q"),
    )
    assert await value(session, "repurchase_rate") == Decimal("0.5")
    # The 30 days that end with October begin on the 2nd.
    assert await value(session, "repurchase_rate_30") == 0
    assert await value(session, "repurchase_rate_90", period="2026-11") == Decimal("0.5")


async def test_an_indicator_that_is_not_there_is_not_found(session: WriteSession) -> None:
    with pytest.raises(NotFound):
        await explained(session, "none")


async def test_a_thousand_values_take_as_many_statements_as_one(session: WriteSession) -> None:
    await add_sales(session, Sale(paid_on=date(2026, 10, 5), buyer="p", currency="USD"))
    codes = (
        "conversion_rate",
        "new_campaign_visitor_ratio",
        "active_sku_rate",
        "average_order_value",
    )
    days = parse_period("2026-10", TENANT.calendar)

    def wanted(*subjects: Subject) -> list[Wanted]:
        return [
            Wanted(code, subject, scope, days, days.start, days.end)
            for code in codes
            for subject in subjects
            for scope in (Scope.SHOPS, Scope.UNIT)
        ]

    few = await _statements(session, wanted(person("ann")))
    people = [employee(f"e{n}", assignment("sales", {"b": "0.5"})) for n in range(125)]
    await save_employees(session, people)
    many = wanted(*(person(one.code) for one in people))
    assert len(many) == 1000
    assert await _statements(session, many) == few
    assert few < 20


async def _statements(session: WriteSession, wanted: list[Wanted]) -> int:
    """How many statements it takes to read some values."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    connection = session._connection.sync_connection
    event.listen(connection, "before_cursor_execute", note)
    read = await read_explained(session, wanted, tenant=TENANT)
    event.remove(connection, "before_cursor_execute", note)
    assert set(read.values) == set(wanted)
    return len(seen)
