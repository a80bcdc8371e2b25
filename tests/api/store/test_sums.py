"""Daily sums: just the days, columns and dimensions asked for, foreign amounts day by day."""

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal

import pytest

from services.api.store.sums import read_first_uses, read_rates, read_sums
from services.schema.db import WriteSession
from services.schema.shapes.measures import DailySum, SumsQuery
from services.schema.shapes.people import Rate
from services.schema.tables.facts import measure_facts, stock_facts
from services.schema.tables.measures import (
    campaign_measures,
    chat_measures,
    order_measures,
    rating_measures,
    refund_measures,
    traffic_measures,
)
from services.schema.tables.people import rates
from services.schema.words import FactKind
from tests.api.facts import add_rows, undone
from tests.databases import TestDatabase

TENANT = 613
FIRST, SECOND, AFTER = date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 3)
BOTH = ((FIRST, AFTER),)


@pytest.fixture
async def session(database: TestDatabase) -> AsyncIterator[WriteSession]:
    async with undone(database, TENANT) as session:
        yield session


def query(
    kind: FactKind,
    *columns: str,
    spans: tuple[tuple[date, date], ...] = BOTH,
    dimensions: str = "",
    shops: str | None = None,
    people: str = "",
    units: str = "",
    codes: str = "",
    daily: str = "",
) -> SumsQuery:
    return SumsQuery(
        kind=kind,
        codes=tuple(codes.split()),
        columns=columns,
        spans=spans,
        dimensions=frozenset(dimensions.split()),
        shops=None if shops is None else frozenset(shops.split()),
        employees=None if shops is None else frozenset(people.split()),
        units=frozenset(units.split()),
        daily_codes=frozenset(daily.split()),
    )


async def read(session: WriteSession, asked: SumsQuery) -> set[DailySum]:
    found = await read_sums(session, asked, home="CNY")
    return {one for rows in found.values() for one in rows}


def total(
    start: date,
    records: int,
    *amounts: str | None,
    day: date | None = None,
    currency: str = "CNY",
    **names: str,
) -> DailySum:
    exact = tuple(None if amount is None else Decimal(amount) for amount in amounts)
    texts = {"shop": "", "employee": "", "unit": "", "channel": "", "campaign": ""} | names
    return DailySum(start, **texts, currency=currency, day=day, records=records, amounts=exact)


@pytest.fixture
async def orders(session: WriteSession) -> WriteSession:
    await add_rows(
        session,
        order_measures,
        {"day": FIRST, "shop": "a", "employee": "ann", "channel": "ads", "paid_amount": 1},
        {"day": FIRST, "shop": "a", "employee": "bob", "paid_amount": 2, "records": 3},
        {"day": SECOND, "shop": "b", "employee": "ann", "campaign": "x", "paid_amount": 4},
        {"day": SECOND, "shop": "a", "currency": "USD", "paid_amount": 8},
        {"day": FIRST, "shop": "a", "currency": "USD", "paid_amount": 16},
        {"day": AFTER, "shop": "a", "paid_amount": 32},
    )
    return session


async def test_what_is_not_asked_for_is_added_up(orders: WriteSession) -> None:
    home = total(FIRST, 5, "7")
    foreign = {
        total(day, 1, amount, day=day, currency="USD")
        for day, amount in ((FIRST, "16"), (SECOND, "8"))
    }
    assert await read(orders, query(FactKind.ORDERS, "paid_amount")) == {home, *foreign}


async def test_dimensions_and_days_are_told_apart(orders: WriteSession) -> None:
    asked = query(
        FactKind.ORDERS,
        "paid_amount",
        "paid_orders",
        spans=((FIRST, SECOND), (AFTER, date(2026, 10, 9))),
        dimensions="employee channel",
    )
    assert await read(orders, asked) == {
        total(FIRST, 1, "1", "0", employee="ann", channel="ads"),
        total(FIRST, 3, "2", "0", employee="bob"),
        total(FIRST, 1, "16", "0", day=FIRST, currency="USD"),
        total(AFTER, 1, "32", "0"),
    }


async def test_only_the_facts_of_some_shops_or_people_are_read(orders: WriteSession) -> None:
    of_ann = query(FactKind.ORDERS, "paid_amount", dimensions="shop", shops="", people="ann")
    assert await read(orders, of_ann) == {
        total(FIRST, 1, "1", shop="a"),
        total(FIRST, 1, "4", shop="b"),
    }
    either = query(FactKind.ORDERS, "paid_amount", shops="b", people="bob")
    assert await read(orders, either) == {total(FIRST, 4, "6")}
    nobody = query(FactKind.ORDERS, "paid_amount", shops="", people="")
    assert await read(orders, nobody) == set()


async def test_nothing_is_read_of_no_days(orders: WriteSession) -> None:
    assert await read_sums(orders, query(FactKind.ORDERS, spans=()), home="CNY") == {"orders": []}


async def test_kinds_without_a_currency_or_a_person_are_read_alike(session: WriteSession) -> None:
    await add_rows(session, refund_measures, {"day": FIRST, "shop": "a", "refund_amount": 3})
    await add_rows(session, rating_measures, {"day": FIRST, "shop": "a", "ratings": 2})
    await add_rows(session, chat_measures, {"day": FIRST, "shop": "a", "employee": "e", "chats": 5})
    await add_rows(session, traffic_measures, {"day": FIRST, "shop": "a", "visitors": 7})
    await add_rows(session, campaign_measures, {"day": FIRST, "campaign": "x", "campaigns": 1})
    every = "shop employee unit channel campaign"
    for kind, column, expected in (
        (FactKind.REFUNDS, "refund_amount", total(FIRST, 1, "3", shop="a")),
        (FactKind.RATINGS, "ratings", total(FIRST, 1, "2", shop="a", currency="")),
        (FactKind.CHATS, "chats", total(FIRST, 1, "5", shop="a", employee="e", currency="")),
        (FactKind.TRAFFIC, "visitors", total(FIRST, 1, "7", shop="a")),
        (FactKind.CAMPAIGNS, "campaigns", total(FIRST, 1, "1", campaign="x")),
    ):
        assert await read(session, query(kind, column, dimensions=every)) == {expected}


async def test_stock_comes_day_by_day_and_unstated_is_null(session: WriteSession) -> None:
    await add_rows(
        session,
        stock_facts,
        {"day": FIRST, "shop": "a", "skus": 5},
        {"day": FIRST, "shop": "a", "skus": 6, "source": "second"},
        {"day": SECOND, "shop": "a", "stock_value": 9},
        {"day": SECOND, "shop": "b", "stock_value": 8, "currency": "USD"},
    )
    asked = query(FactKind.STOCK, "skus", "stock_value", dimensions="shop")
    assert await read(session, asked) == {
        total(FIRST, 2, "11", None, day=FIRST, shop="a"),
        total(SECOND, 1, None, "9", day=SECOND, shop="a"),
        total(SECOND, 1, None, "8", day=SECOND, shop="b", currency="USD"),
    }


async def test_posted_measures_are_read_by_code_and_last_ones_by_day(
    session: WriteSession,
) -> None:
    await add_rows(
        session,
        measure_facts,
        {"measure": "calls", "day": FIRST, "employee": "ann", "amount": 1},
        {"measure": "calls", "day": SECOND, "employee": "ann", "amount": 2},
        {"measure": "calls", "day": SECOND, "unit": "sales", "amount": 4},
        {"measure": "rank", "day": FIRST, "shop": "a", "amount": 8},
        {"measure": "rank", "day": SECOND, "shop": "a", "amount": 16},
        {"measure": "other", "day": SECOND, "shop": "a", "amount": 32},
    )
    asked = query(
        FactKind.MEASURES, "amount", dimensions="shop employee unit", codes="calls none rank",
        daily="rank",
    )  # fmt: skip
    found = await read_sums(session, asked, home="CNY")
    assert {name: set(rows) for name, rows in found.items()} == {
        "calls": {total(FIRST, 2, "3", employee="ann"), total(FIRST, 1, "4", unit="sales")},
        "none": set(),
        "rank": {
            total(FIRST, 1, "8", day=FIRST, shop="a"),
            total(SECOND, 1, "16", day=SECOND, shop="a"),
        },
    }
    of_unit = query(FactKind.MEASURES, "amount", codes="calls", shops="", units="sales")
    assert (await read(session, of_unit)) == {total(FIRST, 1, "4")}


async def test_rates_are_those_within_the_days_and_the_last_before(session: WriteSession) -> None:
    stated = [
        ("USD", "CNY", date(2026, 8, 1), "6"),
        ("USD", "CNY", date(2026, 9, 1), "7"),
        ("USD", "CNY", SECOND, "7.5"),
        ("USD", "CNY", AFTER, "8"),
        ("EUR", "CNY", FIRST, "9"),
        ("EUR", "USD", FIRST, "1.1"),
        ("GBP", "CNY", FIRST, "10"),
    ]
    await add_rows(
        session,
        rates,
        *(
            {"from_currency": source, "to_currency": into, "day": day, "rate": Decimal(rate)}
            for source, into, day, rate in stated
        ),
    )
    found = await read_rates(session, home="CNY", currencies=["USD", "EUR"], start=FIRST, end=AFTER)
    assert set(found) == {
        Rate("USD", "CNY", date(2026, 9, 1), Decimal(7)),
        Rate("USD", "CNY", SECOND, Decimal("7.5")),
        Rate("EUR", "CNY", FIRST, Decimal(9)),
    }


async def test_the_first_use_of_a_campaign_is_by_shop(session: WriteSession) -> None:
    await add_rows(
        session,
        traffic_measures,
        {"day": SECOND, "shop": "a", "campaign": "x"},
        {"day": FIRST, "shop": "a", "campaign": "x", "channel": "ads"},
        {"day": AFTER, "shop": "b", "campaign": "x"},
        {"day": FIRST, "shop": "b"},
    )
    assert await read_first_uses(session) == {("a", "x"): FIRST, ("b", "x"): AFTER}


async def test_another_tenants_sums_are_not_read(orders: WriteSession) -> None:
    orders.tenant = TENANT + 1
    assert await read(orders, query(FactKind.ORDERS, "paid_amount")) == set()
    assert await read_first_uses(orders) == {}
