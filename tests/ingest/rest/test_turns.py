"""Batches take turns: none holds what others need while it waits, and none waits without end."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import asyncpg

from services.door.limits import Limits, Rate
from services.ingest.flows.landing import lane_of
from services.ingest.rest import facts, turns
from services.schema.words import FactKind
from tests.databases import TestDatabase
from tests.figures import Figures, Wrong
from tests.ingest import rows
from tests.ingest.doors import NDJSON, Door, lines, open_door

ORDERS = FactKind.ORDERS
LEAVING = 1000


async def test_no_connection_is_held_while_a_body_arrives(door: Door) -> None:
    pool = door.app.state.database._engine.pool
    seen = []

    async def slow() -> AsyncIterator[bytes]:
        for piece in (b"", lines(rows.full(ORDERS)), b""):
            await asyncio.sleep(0)
            seen.append(pool.checkedout())
            yield piece

    headers = {"Authorization": f"Bearer {door.keys['erp']}", "Content-Type": NDJSON}
    response = await door.client.post("/v1/facts/orders", content=slow(), headers=headers)
    assert response.status_code == 200
    assert seen == [0, 0, 0]


async def test_a_key_that_is_revoked_while_a_body_arrives_lands_nothing(door: Door) -> None:
    before = await door.books()

    async def slow() -> AsyncIterator[bytes]:
        yield lines(rows.full(ORDERS))
        revoke = "UPDATE api_keys SET revoked_at = now() WHERE tenant_id = $1"
        assert await door.owner.execute(revoke, door.tenant) == "UPDATE 1"

    headers = {"Authorization": f"Bearer {door.keys['erp']}", "Content-Type": NDJSON}
    response = await door.client.post("/v1/facts/orders", content=slow(), headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")
    assert await door.books() == before


async def test_scenario_c11_a_caller_who_goes_away_leaves_nothing_and_is_no_error(
    door: Door, figure: Figures
) -> None:
    """Half a body, and then nobody."""
    before = await door.books()
    for _ in range(LEAVING):
        messages = [
            {"type": "http.request", "body": lines(rows.full(ORDERS)), "more_body": True},
            {"type": "http.disconnect"},
        ]

        async def receive(waiting: list[Any] = messages) -> Any:
            return waiting.pop(0)

        async def send(_message: Any) -> None:
            pass

        headers = {"authorization": f"Bearer {door.keys['erp']}", "content-type": NDJSON}
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
            "path": "/v1/facts/orders", "raw_path": b"/v1/facts/orders", "query_string": b"",
            "root_path": "", "scheme": "http", "client": ("127.0.0.1", 1), "server": ("kaohe", 80),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }  # fmt: skip
        await door.app(scope, receive, send)
    assert await door.books() == before
    left = door.app.state.database._engine.pool.checkedout() + len(door.app.state.turns._in_flight)
    figure("C11", Wrong.LEAKS, left, tried=LEAVING, of="callers gone in the middle of a request")


async def test_more_batches_than_may_wait_are_sent_away(door: Door) -> None:
    body = lines(rows.full(ORDERS))
    with patch.object(turns, "IN_FLIGHT", 3):
        answers = await asyncio.gather(*(door.post(ORDERS, body) for _ in range(8)))
    statuses = [response.status_code for response in answers]
    # Who comes when another has landed already is let in as well.
    assert set(statuses) == {200, 429}
    assert statuses.count(200) >= 3
    refused = next(response for response in answers if response.status_code == 429)
    assert refused.json()["code"] == "too_many_requests"
    assert int(refused.headers["retry-after"]) >= 1
    assert (await door.post(ORDERS, body)).status_code == 200


async def test_a_batch_too_many_is_sent_away_before_its_body_is_read(door: Door) -> None:
    body = lines(rows.full(ORDERS))
    usual: Limits = door.app.state.limits
    allowance = replace(usual.allowance, key=Rate(1, 2))
    door.app.state.limits = Limits(allowance, lambda: 0.0)
    assert [(await door.post(ORDERS, body)).status_code for _ in range(2)] == [200, 200]
    before, read = await door.books(), []

    async def unread() -> AsyncIterator[bytes]:
        read.append(True)
        yield body

    headers = {"Authorization": f"Bearer {door.keys['erp']}", "Content-Type": NDJSON}
    response = await door.client.post("/v1/facts/orders", content=unread(), headers=headers)
    assert (response.status_code, response.headers["retry-after"]) == (429, "1")
    assert read == []
    assert await door.books() == before


async def test_one_companys_batches_leave_a_place_for_anothers() -> None:
    """Promise 7: ours land in every lane and wait in all of them, and theirs lands at once."""
    queue, over = turns.Turns(), asyncio.Event()
    landing: list[str] = []

    async def land(lane: str) -> None:
        async with queue.turn(1, lane):
            landing.append(lane)
            await over.wait()

    ours = [asyncio.create_task(land(lane_of(kind))) for kind in FactKind for _ in range(3)]
    await asyncio.sleep(0.01)
    assert len(landing) == turns.AT_ONCE - 1
    assert len(set(landing)) == len(landing)
    async with asyncio.timeout(1), queue.turn(2, lane_of(ORDERS)):
        assert len(landing) == turns.AT_ONCE - 1
    over.set()
    await asyncio.gather(*ours)
    assert len(landing) == 3 * len(FactKind)
    assert (queue._landing._free, queue._landing._held) == (turns.AT_ONCE, {})


async def test_another_process_in_the_lane_is_waited_for(
    door: Door, database: TestDatabase
) -> None:
    """Its lock lasts longer than PostgreSQL lets one wait: the batch is tried again."""
    other = await asyncpg.connect(database.dsn("kaohe"))
    try:
        await other.execute("INSERT INTO lanes VALUES ($1, 'sales')", door.tenant)
        lane = other.transaction()
        await lane.start()
        await other.execute("SELECT 1 FROM lanes WHERE tenant_id = $1 FOR UPDATE", door.tenant)
        waiting = asyncio.create_task(door.post(ORDERS, lines(rows.full(ORDERS))))
        await asyncio.sleep(2.5)
        assert not waiting.done()
        await lane.rollback()
        assert (await waiting).json()["created"] == 1
        lane = other.transaction()
        await lane.start()
        await other.execute("SELECT 1 FROM lanes WHERE tenant_id = $1 FOR UPDATE", door.tenant)
        with patch.object(facts, "ATTEMPTS", 1):
            response = await door.post(ORDERS, lines(rows.full(ORDERS)))
        assert (response.status_code, response.json()["code"]) == (503, "unavailable")
        assert response.headers["retry-after"] == "1"
        await lane.rollback()
    finally:
        await other.close()


async def test_shuffled_parallel_batches_end_as_the_same_books(
    database: TestDatabase, figure: Figures
) -> None:
    """P11, C13: two apps, both lanes, rows and batches in any order, no deadlock to be seen."""
    orders = [
        rows.full(
            ORDERS, id=f"SO-{number}", modified_at=f"2026-11-05T10:00:{moment:02}Z", buyer=None,
            salesperson=f"e-{(number + moment) % 3}", paid_amount=f"{number}.{moment:02}",
            exclusion="test" if (number + moment) % 5 == 0 else None,
        )
        for number in range(40) for moment in range(5)
    ]  # fmt: skip
    refunds = [
        rows.full(FactKind.REFUNDS, id=f"R-{number}", order=f"SO-{number % 40}")
        for number in range(60)
    ]
    stock = [rows.full(FactKind.STOCK, day=f"2026-11-{day:02}", skus=day) for day in range(1, 29)]
    books = []
    for seed in range(3):
        chance = random.Random(seed)
        async with open_door(database) as one, open_door(database) as other:
            other_app = Door(other.app, other.client, one.owner, one.tenant, one.keys)
            work = []
            for kind, posted in (
                (ORDERS, orders), (FactKind.REFUNDS, refunds), (FactKind.STOCK, stock),
            ):  # fmt: skip
                chance.shuffle(posted)
                work += [(kind, posted[at : at + 17]) for at in range(0, len(posted), 17)]
            chance.shuffle(work)
            answers = await asyncio.gather(
                *(chance.choice([one, other_app]).post(kind, lines(*part)) for kind, part in work)
            )
            failed = [answer.text for answer in answers if answer.status_code != 200]
            of = "batches posted at once, over the same keys"
            figure("C13", Wrong.FAILED, failed, tried=len(answers), of=of)
            found = await one.books()
            books.append({name: found[name] for name in found if name != "feeds"})
            stored = await one.owner.fetch(
                "SELECT id, paid_amount::text AS amount FROM order_facts WHERE tenant_id = $1",
                one.tenant,
            )
            assert len(stored) == 40
            older = [row["id"] for row in stored if not row["amount"].endswith(".0400")]
            of = "statements of orders, posted in any order at two doors at once"
            for scenario in ("E04", "S06"):
                figure(scenario, Wrong.WINNERS, older, tried=len(orders), of=of)
    differing = [name for each in books[1:] for name in each if each[name] != books[0][name]]
    of = "tables, after the same rows in another order"
    figure("P11", Wrong.SCORES, differing, tried=2 * len(books[0]), of=of)
    assert books[0] == books[1] == books[2]
