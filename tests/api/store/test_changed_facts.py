"""Sums with a fact changed are those of a company whose sources stated it so from the beginning."""

import random
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from services.api.core.changed_facts import add_changes, combine
from services.api.store.changed_facts import Changes, came_late, find_named, read_changes
from services.api.store.crowds import count_buyers, count_skus
from services.api.store.sums import read_sums
from services.schema.shapes.disputes import ChangedFact, FactChange
from services.schema.shapes.indicators import Slice
from services.schema.shapes.measures import Crowd, DailySum, SumsQuery
from services.schema.shapes.people import parse_subject
from services.schema.tables import measures
from services.schema.tables.facts import stock_facts
from services.schema.words import FactKind
from tests.databases import TestDatabase
from tests.ingest import rows
from tests.ingest.flows.test_recount import any_row
from tests.ingest.tenants import Books, open_books

DAYS = (*(date(2026, 10, day) for day in range(28, 32)), date(2026, 11, 1))
FIRST, AFTER = date(2026, 10, 20), date(2026, 12, 1)
STARTED = datetime(2000, 1, 1, tzinfo=UTC)
TABLES = {
    FactKind.ORDERS: measures.order_measures,
    FactKind.REFUNDS: measures.refund_measures,
    FactKind.RATINGS: measures.rating_measures,
    FactKind.CHATS: measures.chat_measures,
    FactKind.TRAFFIC: measures.traffic_measures,
    FactKind.STOCK: stock_facts,
    FactKind.CAMPAIGNS: measures.campaign_measures,
}
AMOUNT, SELLER = FactChange(amount=Decimal("7.77")), FactChange(salesperson="e-9")
GONE = FactChange(exclude=True)
ALL = GONE.then(AMOUNT).then(SELLER)
FITTING = {
    FactKind.ORDERS: (AMOUNT, SELLER, GONE, AMOUNT.then(SELLER), ALL),
    FactKind.REFUNDS: (AMOUNT, GONE),
    FactKind.RATINGS: (SELLER, GONE),
    FactKind.CHATS: (SELLER, GONE),
    FactKind.TRAFFIC: (GONE,),
    FactKind.STOCK: (GONE,),
    FactKind.CAMPAIGNS: (GONE,),
    FactKind.MEASURES: (AMOUNT, GONE),
}
ASKED = [(kind, change) for kind, changes in FITTING.items() for change in changes]


@pytest.fixture
async def books(database: TestDatabase) -> AsyncIterator[Books]:
    async with open_books(database) as opened:
        yield opened


def queries() -> Iterator[SumsQuery]:
    """Every column of every kind: all in one, and told apart by day for some people and shops."""
    whole = frozenset({"shop", "employee", "unit", "channel", "campaign"})
    for kind in FactKind:
        own = TABLES.get(kind)
        numbers = (
            ["amount"]
            if own is None
            else [each.name for each in own.c if each.type.python_type in {int, Decimal}]
        )
        columns = tuple(name for name in numbers if name not in {"tenant_id", "records"})
        codes = ("registrations",) if kind is FactKind.MEASURES else ()
        narrow = frozenset({"s-1"}), frozenset({"e-1", "e-9"})
        days = tuple(zip((FIRST, *DAYS), (*DAYS, AFTER), strict=True))
        for spans, dimensions, (shops, people) in (
            (((FIRST, AFTER),), frozenset[str](), (None, None)),
            (days, whole, (None, None)),
            (((FIRST, DAYS[2]), (DAYS[3], AFTER)), frozenset({"shop"}), narrow),
        ):
            yield SumsQuery(
                kind, codes, columns, spans, dimensions, shops, people, frozenset(), frozenset()
            )


def crowds() -> Iterator[Crowd]:
    for shops, people in ((None, None), ("s-1", "e-9"), ("s-2", "e-1"), ("", "e-9")):
        whose = [None if codes is None else frozenset(codes.split()) for codes in (shops, people)]
        one = Slice(DAYS[1], AFTER, whose[0], whose[1], frozenset(), Decimal(100))
        yield Crowd((one,), (), None, DAYS[1])


def stated(seed: int) -> dict[tuple[FactKind, str], rows.Row]:
    """Some facts of each kind by what they are named; of few people on few days."""
    chance = random.Random(seed)
    found: dict[tuple[FactKind, str], rows.Row] = {}
    for kind in FactKind:
        for number in range(9):
            if kind in {FactKind.STOCK, FactKind.MEASURES}:
                row = rows.full(kind, day=f"2026-10-{28 + number % 3}")
            else:
                row = any_row(chance, kind, number, 1)
            found.setdefault((kind, named(kind, row)), row)
    return found


def named(kind: FactKind, row: rows.Row) -> str:
    keys = {
        FactKind.TRAFFIC: ("shop", "day", "channel", "campaign"),
        FactKind.STOCK: ("shop", "day"),
        FactKind.MEASURES: ("measure", "day", "shop", "unit", "employee", "channel", "campaign"),
    }
    return "/".join(row[name] or "" for name in keys.get(kind, ("id",)))


def otherwise(kind: FactKind, row: rows.Row, change: FactChange) -> rows.Row | None:
    """The row as its source would have stated it; null where it never would have."""
    changed: dict[str, Any] = {}
    if change.exclude and kind is not FactKind.ORDERS:
        return None
    if change.exclude:
        changed["exclusion"] = "test"
    # Of an order that was never paid nothing is paid otherwise either.
    if change.amount is not None and row.get("paid_amount", "") is not None:
        changed["paid_amount" if kind is FactKind.ORDERS else "amount"] = str(change.amount)
    if change.salesperson is not None:
        person = "salesperson" if kind is FactKind.ORDERS else "employee"
        changed[person] = change.salesperson
    return row | changed


async def read(books: Books, kind: FactKind, changed: Sequence[ChangedFact] = ()) -> list[object]:
    """All that values are made of which facts of a kind may move."""
    changes = await read_changes(books.session, changed) if changed else Changes({}, ())
    found: list[object] = []
    sales = {FactKind.ORDERS, FactKind.REFUNDS}
    moved = sales if kind in sales else {kind}
    for query in (each for each in queries() if each.kind in moved):
        for by_order in (False, True) if query.kind is FactKind.REFUNDS else (False,):
            sums = await read_sums(books.session, query, home="CNY", refunds_by_order=by_order)
            own = changes.refunds_by_order if by_order else changes.sums.get(query.kind, ())
            for name, days in sorted(add_changes(query, sums, own, home="CNY").items()):
                # A row that nothing is left of stays in a table until it is cleared.
                found += [name, sorted(_plain(day) for day in days if day.records)]
    asked = list(crowds()) if kind in sales else []
    counts = await count_buyers(books.session, asked, firsts=True, changed=changed)
    skus = await count_skus(books.session, asked, changed=changed)
    return [*found, [(counts.get(one), skus.get(one, 0)) for one in asked]]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("kind", "change"), ASKED)
async def test_a_changed_fact_counts_as_if_it_had_been_stated_so(
    database: TestDatabase, kind: FactKind, change: FactChange, seed: int
) -> None:
    every = stated(seed)
    names = [name for known, name in every if known is kind]
    at = kind, names[seed % len(names)]
    async with open_books(database) as books:
        await _post(books, every)
        before = await read(books, kind)
        found = await read(books, kind, [ChangedFact(kind, "erp", at[1], change)])
        assert await read(books, kind) == before, "nothing is written"
    told = every | {at: otherwise(kind, every[at], change)}
    async with open_books(database) as books:
        await _post(books, {key: row for key, row in told.items() if row is not None})
        assert found == await read(books, kind)


async def _post(books: Books, every: Mapping[tuple[FactKind, str], rows.Row]) -> None:
    for kind in FactKind:
        await books.post(kind, *(row for (own, _), row in every.items() if own is kind))


async def test_an_order_takes_its_refunds_along(books: Books) -> None:
    await books.post(FactKind.ORDERS, rows.full(FactKind.ORDERS))
    await books.post(FactKind.REFUNDS, rows.full(FactKind.REFUNDS))
    query = SumsQuery(
        FactKind.REFUNDS,
        (),
        ("refund_amount",),
        ((FIRST, AFTER),),
        frozenset({"employee"}),
        None,
        None,
        frozenset(),
    )
    for change, expected in ((SELLER, [("e-9", 28)]), (GONE, [])):
        fact = ChangedFact(FactKind.ORDERS, "erp", "SO-1", change)
        changes = await read_changes(books.session, [fact])
        for by_order, own in (
            (False, changes.sums[FactKind.REFUNDS]),
            (True, changes.refunds_by_order),
        ):
            sums = await read_sums(books.session, query, home="CNY", refunds_by_order=by_order)
            (days,) = add_changes(query, sums, own, home="CNY").values()
            assert [(day.employee, day.amounts[0]) for day in days] == expected


async def test_what_a_fact_names_and_whether_it_is_here(books: Books) -> None:
    for kind in FactKind:
        await books.post(kind, rows.full(kind))
    for kind, name, subjects in (
        (FactKind.ORDERS, "SO-1", "shop:s-1 employee:e-1"),
        (FactKind.REFUNDS, "R-1", "shop:s-1 employee:e-1"),
        (FactKind.CHATS, "C-1", "shop:s-1 employee:e-2"),
        (FactKind.TRAFFIC, "s-1/2026-10-31/search/double-11", "shop:s-1"),
        (FactKind.STOCK, "s-1/2026-10-31", "shop:s-1"),
        (FactKind.MEASURES, "registrations/2026-10-31/s-1///search/", "shop:s-1"),
    ):
        found = await find_named(books.session, ChangedFact(kind, "erp", name, GONE))
        assert found == frozenset(map(parse_subject, subjects.split())), name
        for source, other in (("crm", name), ("erp", f"{name}x")):
            absent = ChangedFact(kind, source, other, GONE)
            assert await find_named(books.session, absent) is None
            changes = await read_changes(books.session, [absent])
            assert not any([*changes.sums.values(), changes.refunds_by_order])


async def test_a_fact_is_late_itself_or_by_a_refund(books: Books) -> None:
    await books.post(FactKind.ORDERS, rows.full(FactKind.ORDERS))
    await books.post(FactKind.REFUNDS, rows.full(FactKind.REFUNDS))
    order, refund = (
        ChangedFact(kind, "erp", name, GONE)
        for kind, name in ((FactKind.ORDERS, "SO-1"), (FactKind.REFUNDS, "R-1"))
    )
    note = (
        "INSERT INTO late_facts (tenant_id, kind, source, fact, day, shop, unit, employee, basis,"
        " modified_at, came_at) VALUES ($1, $2, 'erp', $3, '2026-11-01', 's-1', '', '', 'both',"
        " now(), $4)"
    )
    since = datetime(2026, 12, 1, tzinfo=UTC)
    assert not await came_late(books.session, order, since=since)
    await books.rows(note, "orders", "SO-1", since)
    assert not await came_late(books.session, order, since=since)
    assert await came_late(books.session, order, since=STARTED)
    await books.rows(note, "refunds", "R-1", None)
    assert await came_late(books.session, order, since=since)
    assert await came_late(books.session, refund, since=since)


def test_what_is_stated_later_of_one_fact_holds() -> None:
    of = FactKind.ORDERS, "erp", "SO-1"
    more = FactChange(amount=Decimal(8))
    other = ChangedFact(FactKind.ORDERS, "erp", "SO-2", GONE)
    assert combine(
        [ChangedFact(*of, AMOUNT), other, ChangedFact(*of, SELLER), ChangedFact(*of, more)]
    ) == (
        ChangedFact(*of, FactChange(amount=Decimal(8), salesperson="e-9")),
        other,
    )


def _plain(day: DailySum) -> str:
    """With numbers as they are, however many noughts they end in."""
    amounts = tuple(None if each is None else Decimal(each).normalize() for each in day.amounts)
    return str(replace(day, amounts=amounts))
