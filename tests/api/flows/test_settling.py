"""Live scorecards: exactly the cards that a change reaches are computed anew, and no others."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import CursorResult, text

from services.api.flows.settling import recompute_some, settle_populations, take_marks
from services.api.store.live import is_pending
from services.schema.db import Database, WriteSession
from tests.api.appraisals import (
    ask,
    cards,
    found,
    mark,
    move,
    open_cycle,
    person,
    publish_scheme,
    scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company
from tests.api.facts import Sale

AT = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
async def ready(company: Company) -> Company:
    """Two people of shop `a`, two of shop `b`, one of neither, in an open cycle."""
    await found(company, ["a-1", "a-2"])
    for code, shops in (("b-1", ["b"]), ("b-2", ["b"]), ("c-1", [])):
        await ask(company, "PUT", f"/v1/employees/{code}", person(shops=shops))
    await publish_scheme(company)
    await set_targets(company, dict.fromkeys(("a-1", "a-2", "b-1", "b-2", "c-1"), "100"))
    await open_cycle(company)
    await settle(company)
    return company


async def settle(company: Company) -> int:
    """A whole pass; how many cards it computed."""
    database: Database = company.app.state.database
    async with database.write(company.number) as session:
        await take_marks(session, at=AT)
    async with database.write(company.number) as session:
        await settle_populations(session, at=AT)
    count = 0
    while True:
        async with database.write(company.number) as session:
            batch = await recompute_some(session, at=AT)
        if not batch:
            return count
        count += batch


async def stale(company: Company) -> set[str]:
    """The subjects of cards that are marked."""
    query = text("SELECT subject FROM scorecards WHERE stale_since IS NOT NULL")
    async with company.owner.read(company.number) as session:
        return set((await session.execute(query)).scalars())


async def take(company: Company) -> set[str]:
    """Whose cards the marks of ingest reach."""
    database: Database = company.app.state.database
    async with database.write(company.number) as session:
        await take_marks(session, at=AT)
    return await stale(company)


REACHED = [
    (date(2026, 1, 1), "a", "", {"a-1", "a-2"}),
    (date(2026, 1, 31), "b", "", {"b-1", "b-2"}),
    (date(2026, 1, 9), "b", "a-1", {"a-1", "b-1", "b-2"}),
    (date(2026, 1, 9), "b", "c-1", {"c-1", "b-1", "b-2"}),
    (date(2026, 1, 9), "elsewhere", "c-1", {"c-1"}),
    (date(2026, 1, 9), "elsewhere", "nobody", set()),
    (date(2025, 12, 31), "a", "a-1", set()),
    (date(2026, 2, 1), "a", "a-1", set()),
]


async def test_a_mark_reaches_the_cards_made_of_its_shop_or_person_on_its_day(
    ready: Company,
) -> None:
    for day, shop, employee, reached in REACHED:
        await mark(ready, day, shop, employee)
        assert await take(ready) == reached
        assert await settle(ready) == len(reached)
        assert await stale(ready) == set()
        async with ready.owner.read(ready.number) as session:
            assert not await is_pending(session)


async def test_only_touched_cards_are_written(ready: Company) -> None:
    before = await cards(ready)
    await sell(ready, Sale(paid_on=date(2026, 1, 9), shop="b", salesperson="b-1", amount="70"))
    assert await settle(ready) == 2
    after = await cards(ready)
    changed = {code for code, card in after.items() if card != before[code]}
    # The colleague's zero orders in a shop that has some are now a zero, no longer no data.
    assert changed == {"employee:b-1", "employee:b-2"}
    assert after["employee:b-1"]["lines"][0]["value"] == "70"
    assert after["employee:b-2"]["lines"][0]["value"] == "0"
    await sell(ready, Sale(paid_on=date(2026, 1, 10), shop="b", salesperson="b-1", amount="5"))
    assert await settle(ready) == 2
    last = await cards(ready)
    assert {code for code, card in last.items() if card != after[code]} == {"employee:b-1"}


async def test_a_new_target_marks_its_own_card_alone(ready: Company) -> None:
    await set_targets(ready, {"a-1": "50"})
    assert await stale(ready) <= {"a-1"}
    await settle(ready)
    assert (await cards(ready))["employee:a-1"]["lines"][0]["target"] == "50"


async def test_new_assignments_change_what_a_card_is_made_of(ready: Company) -> None:
    await ask(ready, "PUT", "/v1/employees/c-1", person(shops=["b"], start="2026-01-11"))
    await settle(ready)
    await mark(ready, date(2026, 1, 10), "b")
    assert await take(ready) == {"b-1", "b-2"}
    await mark(ready, date(2026, 1, 11), "b")
    assert await take(ready) == {"b-1", "b-2", "c-1"}


async def test_a_cycle_that_opens_marks_its_members_cards_beside_it_and_no_others(
    ready: Company,
) -> None:
    """Who ended as an agent keeps the card, now in two segments; who ended elsewhere loses it."""
    early = person("host", start="2025-01-01", end="2026-01-16")["assignments"]
    late = person("agent", start="2026-01-16")["assignments"]
    turned = person("agent", start="2025-01-01", end="2026-01-16")["assignments"]
    left = person("host", start="2026-01-16")["assignments"]
    for code, held in (("b-1", [*early, *late]), ("b-2", [*turned, *left])):
        await ask(ready, "PUT", f"/v1/employees/{code}", person() | {"assignments": held})
    await settle(ready)
    assert "employee:b-2" in await cards(ready)
    await open_cycle(ready, "bosses", population={"position": "boss"})
    assert await stale(ready) == set()
    await open_cycle(ready, "hosts", population={"position": "host"})
    assert await stale(ready) == {"b-1", "b-2"}
    await settle(ready)
    assert (await cards(ready)).keys() == {
        f"employee:{code}" for code in ("a-1", "a-2", "b-1", "c-1")
    }
    assert (await cards(ready, "hosts")).keys() == {"employee:b-2"}


async def test_units_and_the_company_are_reached_by_all_below(ready: Company) -> None:
    document = scheme(pay=[])
    document["sections"][0]["items"][1]["scope"] = "company"
    await publish_scheme(ready, "wide", document)
    await open_cycle(ready, "units", population={"units": ["shops"]})
    await open_cycle(ready, "wide", scheme="wide", population={"position": "boss"})
    await settle(ready)
    await mark(ready, date(2026, 1, 9), "", "a-1")
    assert await take(ready) == {"a-1", "shops", "e-boss"}
    await settle(ready)
    await mark(ready, date(2026, 1, 9), "elsewhere", "nobody")
    assert await take(ready) == {"e-boss"}


async def test_growth_reaches_back_into_the_period_before(ready: Company) -> None:
    document = scheme(pay=[])
    document["sections"][0]["items"][1]["indicator"] = "sales_growth"
    await publish_scheme(ready, "growing", document)
    await open_cycle(ready, "growing", scheme="growing", population={"employees": ["a-1"]})
    await settle(ready)
    for day, reached in (
        (date(2025, 11, 30), set()),
        (date(2025, 12, 1), {"a-1"}),
        (date(2025, 12, 31), {"a-1"}),
    ):
        await mark(ready, day, "elsewhere", "a-1")
        assert await take(ready) == reached
        await settle(ready)


async def test_new_buyers_are_told_by_any_order_ever(ready: Company) -> None:
    document = scheme(pay=[])
    document["sections"][0]["items"][1]["indicator"] = "new_buyers"
    await publish_scheme(ready, "new", document)
    await open_cycle(ready, "new", scheme="new", population={"employees": ["a-1"]})
    await settle(ready)
    await mark(ready, date(2011, 1, 1), "elsewhere", "nobody")
    assert await take(ready) == {"a-1"}


async def test_a_closed_cycle_keeps_its_marks_and_its_cards(ready: Company) -> None:
    await sell(
        ready,
        *(
            Sale(paid_on=date(2026, 1, 9), shop=shop, salesperson=code)
            for shop, code in (("a", "a-1"), ("b", "b-1"))
        ),
    )
    await move(ready, "jan", "closed")
    before = await cards(ready)
    await mark(ready, date(2026, 1, 9), "a")
    assert await settle(ready) == 0
    assert await stale(ready) == {"a-1", "a-2"}
    assert await cards(ready) == before
    async with ready.owner.read(ready.number) as session:
        assert not await is_pending(session)


async def test_a_mark_that_a_batch_is_just_renewing_is_left_to_the_next_pass(
    ready: Company,
) -> None:
    await mark(ready, date(2026, 1, 9), "a")
    async with ready.owner.write(ready.number) as batch:
        renew = text("UPDATE touched_days SET touched_at = now() WHERE shop = 'a'")
        await batch.execute(renew)
        assert await take(ready) == {"a-1", "a-2"}
        assert await settle(ready) == 2
        async with ready.owner.read(ready.number) as session:
            assert await is_pending(session)
    assert await settle(ready) == 2
    async with ready.owner.read(ready.number) as session:
        assert not await is_pending(session)


async def test_a_card_marked_while_it_is_computed_stays_marked(ready: Company) -> None:
    """A change that the computation could not see must not be taken for one that it saw."""
    database: Database = ready.app.state.database
    await mark(ready, date(2026, 1, 9), "a")
    await take(ready)
    async with database.write(ready.number) as change:
        await change.execute(text("SELECT 1 FROM scorecards WHERE subject = 'a-1' FOR UPDATE"))
        async with database.write(ready.number) as session:
            # The card that is held by the change is skipped, not waited for.
            assert await recompute_some(session, at=AT) == 1
    assert await stale(ready) == {"a-1"}
    assert await settle(ready) == 1


async def test_statements_do_not_grow_with_the_cards(
    ready: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many statements for four people's cards as for two's."""
    issued = 0
    execute = WriteSession.execute

    async def counted(session: WriteSession, *arguments: Any) -> CursorResult[Any]:
        nonlocal issued
        issued += 1
        return await execute(session, *arguments)

    monkeypatch.setattr(WriteSession, "execute", counted)
    database: Database = ready.app.state.database
    counts = []
    for shops in (["a"], ["a", "b"]):
        for shop in shops:
            await mark(ready, date(2026, 1, 9), shop)
        await take(ready)
        before = issued
        async with database.write(ready.number) as session:
            assert await recompute_some(session, at=AT) == 2 * len(shops)
        counts.append(issued - before)
    assert counts[0] == counts[1] < 40


async def test_what_was_published_is_left_alone_when_a_cycle_is_opened_again(
    ready: Company,
) -> None:
    for shop, code in (("a", "a-1"), ("b", "b-1")):
        await sell(ready, Sale(paid_on=date(2026, 1, 9), shop=shop, salesperson=code))
    await ask(ready, "PUT", "/v1/employees/c-1", person("cashier", shops=()))
    await move(ready, "jan", "closed", "review", "approved", "published")
    published = await cards(ready)
    await move(ready, "jan", "open", reason="an order was missing")
    await set_targets(ready, {"a-1": "50"})
    await mark(ready, date(2026, 1, 9), "a")
    await settle(ready)
    assert await stale(ready) == set()
    async with ready.owner.read(ready.number) as session:
        assert not await is_pending(session)
    for card in published.values():
        assert (await ready.get(f"/v1/scorecards/{card['id']}")).json() == card
