"""Distinct buyers and SKUs: the one statement agrees with a plain count over random orders."""

import random
from collections.abc import AsyncIterator, Iterable
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from services.api.store.crowds import count_buyers, count_skus
from services.schema.db import WriteSession
from services.schema.shapes.indicators import Slice
from services.schema.shapes.measures import Condition, Crowd, CrowdCount
from tests.api.facts import Sale, add_sales, undone
from tests.databases import TestDatabase

TENANT = 611
START, END = date(2026, 10, 1), date(2026, 11, 1)
NOBODY: frozenset[str] = frozenset()


@pytest.fixture
async def session(database: TestDatabase) -> AsyncIterator[WriteSession]:
    async with undone(database, TENANT) as session:
        yield session


def part(
    start: date = START, end: date = END, *, shops: str | None = "", people: str | None = ""
) -> Slice:
    return Slice(
        start,
        end,
        None if shops is None else frozenset(shops.split()),
        None if people is None else frozenset(people.split()),
        NOBODY,
        Decimal(100),
    )


def crowd(
    *slices: Slice,
    conditions: Iterable[Condition] = (),
    tag: str | None = None,
    since: date = START,
    earlier: Iterable[Slice] = (),
) -> Crowd:
    return Crowd(slices, tuple(conditions), tag, since, tuple(earlier))


EVERYONE = part(shops=None, people=None)


async def count(session: WriteSession, *crowds: Crowd) -> list[CrowdCount]:
    found = await count_buyers(session, crowds, firsts=True)
    return [found.get(one, CrowdCount()) for one in crowds]


async def test_buyers_are_told_apart(session: WriteSession) -> None:
    await add_sales(
        session,
        Sale(paid_on=date(2026, 9, 30), buyer="old", shop="b"),
        Sale(paid_on=START, buyer="old"),
        Sale(paid_on=START, buyer="new"),
        Sale(paid_on=date(2026, 10, 31), buyer="new"),
        Sale(paid_on=END, buyer="late"),
        Sale(paid_on=date(2026, 10, 2), buyer="brushed", exclusion="brushing"),
        Sale(paid_on=date(2026, 10, 2), buyer=None),
        Sale(paid_on=None, buyer="unpaid"),
    )
    (october,) = await count(session, crowd(EVERYONE))
    assert october == CrowdCount(
        orders=3, buyers=2, repeat_buyers=1, new_buyers=1, returning_buyers=1
    )
    (without,) = (await count_buyers(session, [crowd(EVERYONE)], firsts=False)).values()
    assert without == CrowdCount(orders=3, buyers=2, repeat_buyers=1)


async def test_an_excluded_order_is_not_a_first_one(session: WriteSession) -> None:
    await add_sales(
        session,
        Sale(paid_on=date(2026, 9, 1), buyer="ann", exclusion="test"),
        Sale(paid_on=START, buyer="ann"),
    )
    (found,) = await count(session, crowd(EVERYONE))
    assert (found.new_buyers, found.returning_buyers) == (1, 0)


async def test_the_first_order_ever_is_of_one_shop_alone(session: WriteSession) -> None:
    await add_sales(
        session,
        Sale(paid_on=date(2026, 10, 2), buyer="ann", shop="a"),
        Sale(paid_on=date(2026, 10, 3), buyer="ann", shop="b"),
    )
    first, second, both = await count(
        session, crowd(part(shops="a")), crowd(part(shops="b")), crowd(part(shops="a b"))
    )
    assert (first.new_buyers, second.new_buyers, both.new_buyers) == (1, 0, 1)
    assert (first.buyers, second.buyers, both.buyers) == (1, 1, 1)
    assert both.repeat_buyers == 1


async def test_an_order_of_a_units_shop_and_person_is_there_once(session: WriteSession) -> None:
    await add_sales(session, Sale(paid_on=START, buyer="ann", shop="a", salesperson="bob"))
    (found,) = await count(session, crowd(part(shops="a", people="bob")))
    assert (found.orders, found.repeat_buyers) == (1, 0)


async def test_a_crowd_of_shops_alone_has_no_one_elses_orders(session: WriteSession) -> None:
    await add_sales(session, Sale(paid_on=START, buyer="ann", shop="b", salesperson=""))
    (found,) = await count(session, crowd(part(shops="a")))
    assert found == CrowdCount()


async def test_retained_are_those_who_bought_in_the_period_before(session: WriteSession) -> None:
    await add_sales(
        session,
        Sale(paid_on=date(2026, 9, 1), buyer="stays"),
        Sale(paid_on=date(2026, 9, 2), buyer="goes"),
        Sale(paid_on=date(2026, 8, 31), buyer="back"),
        Sale(paid_on=date(2026, 10, 1), buyer="stays"),
        Sale(paid_on=date(2026, 10, 1), buyer="back"),
        Sale(paid_on=date(2026, 9, 9), buyer="moves", shop="b"),
        Sale(paid_on=date(2026, 10, 9), buyer="moves"),
    )
    before = part(date(2026, 9, 1), START, shops="a")
    (found,) = await count(session, crowd(part(shops="a"), earlier=[before]))
    assert (found.buyers, found.orders, found.retained_buyers) == (3, 3, 1)


async def test_conditions_and_tags(session: WriteSession) -> None:
    await add_sales(
        session,
        Sale(paid_on=START, buyer="a", channel="ads", skus=(("S1", ("core",)),)),
        Sale(paid_on=START, buyer="a", channel="ads", campaign="x", skus=(("S2", ("vip",)),)),
        Sale(paid_on=START, buyer="b", channel="", shop="b", skus=(("S1", ()),)),
        Sale(paid_on=START, buyer="c", channel="搜索", skus=(("S1", ("core", "vip")),)),
    )

    async def buyers(*conditions: Condition, tag: str | None = None) -> tuple[int, int]:
        (found,) = await count(session, crowd(EVERYONE, conditions=conditions, tag=tag))
        return found.buyers, found.repeat_buyers

    assert await buyers() == (3, 1)
    assert await buyers(Condition("channel", ("ads",))) == (1, 1)
    assert await buyers(Condition("channel", ("搜索", "ads"))) == (2, 1)
    assert await buyers(Condition("channel", ("",), negated=True)) == (2, 1)
    assert await buyers(Condition("campaign", ("",))) == (3, 0)
    assert await buyers(Condition("shop", ("a",), negated=True)) == (1, 0)
    assert await buyers(Condition("shop", ())) == (0, 0)
    assert await buyers(Condition("shop", (), negated=True)) == (3, 1)
    assert await buyers(tag="core") == (2, 0)
    assert await buyers(Condition("campaign", ("",)), tag="vip") == (1, 0)


async def test_skus_are_counted_shop_by_shop(session: WriteSession) -> None:
    await add_sales(
        session,
        Sale(paid_on=START, skus=(("S1", ("hit",)), ("S2", ()))),
        Sale(paid_on=date(2026, 10, 9), buyer="ann", skus=(("S1", ("hit", "new")),)),
        Sale(paid_on=START, shop="b", salesperson="bob", skus=(("S1", ()), ("S3", ("hit",)))),
        Sale(paid_on=END, skus=(("S4", ("hit",)),)),
        Sale(paid_on=START, exclusion="staff", skus=(("S5", ("hit",)),)),
        Sale(paid_on=START),
    )
    both = crowd(part(shops="b", people="bob"))
    asked = [crowd(EVERYONE), crowd(EVERYONE, tag="hit"), crowd(part(shops="b"), tag="hit"), both]
    found = await count_skus(session, [*asked, crowd(part(shops="c"))])
    assert [found[one] for one in asked] == [4, 2, 1, 2]
    assert len(found) == 4


async def test_nothing_asked_nothing_counted(session: WriteSession) -> None:
    assert await count_buyers(session, [], firsts=True) == {}
    assert await count_buyers(session, [crowd()], firsts=True) == {}
    assert await count_skus(session, [crowd()]) == {}


async def test_another_tenants_orders_are_no_ones(session: WriteSession) -> None:
    await add_sales(session, Sale(paid_on=START, buyer="ann"))
    session.tenant = TENANT + 1
    assert await count(session, crowd(EVERYONE)) == [CrowdCount()]


async def test_random_crowds_agree_with_a_plain_count(session: WriteSession) -> None:
    chance = random.Random(11)
    sales = [_random_sale(chance) for _ in range(400)]
    await add_sales(session, *sales)
    crowds = list({_random_crowd(chance) for _ in range(60)})
    found = await count_buyers(session, crowds, firsts=True)
    assert {one: found.get(one, CrowdCount()) for one in crowds} == {
        one: _count_plainly(one, sales) for one in crowds
    }
    assert sum(one.retained_buyers for one in found.values()) > 0
    assert sum(one.new_buyers for one in found.values()) > 0


def _random_day(chance: random.Random) -> date:
    return date(2026, 8, 25) + timedelta(chance.randrange(75))


def _random_sale(chance: random.Random) -> Sale:
    tags = tuple(tag for tag in ("core", "vip") if chance.random() < 0.3)
    return Sale(
        paid_on=_random_day(chance) if chance.random() < 0.95 else None,
        shop=chance.choice("abc"),
        salesperson=chance.choice(["", "ann", "bob"]),
        buyer=chance.choice([None, *"pqrstuvw"]),
        channel=chance.choice(["", "ads"]),
        campaign=chance.choice(["", "x"]),
        exclusion="brushing" if chance.random() < 0.1 else None,
        skus=(("S", tags),),
    )


def _random_crowd(chance: random.Random) -> Crowd:
    edges = sorted({_random_day(chance) for _ in range(4)})
    slices = [_random_slice(chance, *days) for days in pairwise(edges)]
    whole = chance.random() < 0.3
    if whole:
        slices = [part(edges[0], edges[-1], shops=None, people=None)]
    earlier = [_random_slice(chance, edges[0] - timedelta(20), edges[0])]
    conditions = [
        Condition(name, values, negated=chance.random() < 0.5)
        for name, values in (("channel", ("ads",)), ("campaign", ("",)), ("shop", ("a", "b")))
        if chance.random() < 0.3
    ]
    return crowd(
        *slices,
        conditions=conditions,
        tag=chance.choice([None, None, "core", "vip"]),
        since=edges[0],
        earlier=earlier if chance.random() < 0.5 else [],
    )


def _random_slice(chance: random.Random, start: date, end: date) -> Slice:
    shops = [code for code in "abc" if chance.random() < 0.4]
    people = [code for code in ("ann", "bob") if chance.random() < 0.4]
    return part(start, end, shops=" ".join(shops), people=" ".join(people))


def _count_plainly(asked: Crowd, sales: list[Sale]) -> CrowdCount:
    good = [one for one in sales if one.paid_on is not None and not one.exclusion and one.buyer]
    first: dict[str | None, Sale] = {}
    for one in sorted(good, key=lambda one: (one.paid_on, one.id)):
        first.setdefault(one.buyer, one)
    held = [one for one in good if _is_of(one, asked, asked.slices)]
    before = {one.buyer for one in good if _is_of(one, asked, asked.earlier)}
    by_buyer: dict[str | None, list[Sale]] = {}
    for one in held:
        by_buyer.setdefault(one.buyer, []).append(one)
    return CrowdCount(
        orders=len(held),
        buyers=len(by_buyer),
        repeat_buyers=sum(len(own) > 1 for own in by_buyer.values()),
        new_buyers=sum(first[buyer] in own for buyer, own in by_buyer.items()),
        returning_buyers=sum(
            (first[buyer].paid_on or date.max) < asked.since for buyer in by_buyer
        ),
        retained_buyers=sum(buyer in before for buyer in by_buyer),
    )


def _is_of(sale: Sale, asked: Crowd, slices: Iterable[Slice]) -> bool:
    assert sale.paid_on is not None
    meets = all(
        (getattr(sale, one.dimension) in one.values) is not one.negated for one in asked.conditions
    )
    tagged = asked.tag is None or any(asked.tag in tags for _, tags in sale.skus)
    return (
        meets
        and tagged
        and any(
            one.start <= sale.paid_on < one.end
            and (
                one.shops is None
                or sale.shop in one.shops
                or sale.salesperson in (one.employees or NOBODY)
            )
            for one in slices
        )
    )
