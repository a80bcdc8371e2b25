"""Days are read again when somebody asks, exactly those, and a refused row as what it is."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from sandbox.faults import Fault
from sandbox.lives import midnight
from services.door.callers import make_key
from services.ingest.app import create_app
from services.ingest.core.forecasts import Outlook
from services.ingest.settings import IngestSettings
from services.ingest.sources.errors import TryLater
from services.ingest.sources.reading import Reading
from services.ingest.sources.taobao import TaobaoSource
from services.ingest.workers.schedule import BACKFILL_ATTEMPTS
from services.schema.db import Database
from services.schema.errors import Invalid
from services.schema.shapes.feeds import Window
from services.schema.words import FactKind, JobStatus, Role
from tests.databases import TestDatabase
from tests.ingest.worlds import (
    BUYER_KEY,
    FIRST,
    MASTER_KEY,
    World,
)

DAYS = [FIRST + timedelta(days=n) for n in range(10)]


@asynccontextmanager
async def door(world: World, database: TestDatabase) -> AsyncIterator[Callable[[Role], Any]]:
    """Ingest's REST in this process; a client for each role."""
    settings = IngestSettings(
        dsn=SecretStr(database.dsn("kaohe_ingest")),
        buyer_key=SecretStr(BUYER_KEY.decode()),
        master_key=SecretStr(MASTER_KEY.decode()),
        marketplaces=world.accounts,
    )
    app = create_app(settings)
    app.state.database = world.database
    owner = Database(database.dsn("kaohe"), application="test", pool_size=1)
    keys = {}
    async with owner.write(world.tenant) as session:
        for role in Role:
            key_id, keys[role], digest = make_key(world.tenant)
            await session.execute(
                text(
                    "INSERT INTO api_keys (tenant_id, id, secret_sha256, role, created_at)"
                    " VALUES (:tenant, :id, :digest, :role, now())"
                ),
                {"tenant": world.tenant, "id": key_id, "digest": digest, "role": role.value},
            )
    await owner.close()
    transport = httpx.ASGITransport(app=app)

    def client(role: Role) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {keys[role]}"}
        return httpx.AsyncClient(transport=transport, base_url="http://ingest", headers=headers)

    yield client


async def skip_days(world: World, kind: str, count: int) -> str:
    """Let a feed begin some days late, as after an outage that nobody noticed."""
    schedule = world.schedule()
    await schedule._desks.refresh()
    begin = midnight(FIRST) + timedelta(days=count)
    await world.write("UPDATE feeds SET cursor = :begin WHERE kind = :kind", begin=begin, kind=kind)
    await world.write(
        "INSERT INTO feed_days SELECT tenant_id, id, :day FROM feeds WHERE kind = :kind",
        day=FIRST - timedelta(days=1),
        kind=kind,
    )
    await world.pull()
    return str((await world.feeds())[kind].id)


async def run_until(world: World, reached: Callable[[], Any]) -> None:
    """Let a schedule run until something holds."""
    schedule = world.schedule()
    task = asyncio.create_task(schedule.run())
    try:
        async with asyncio.timeout(60):
            while not await reached():
                await asyncio.sleep(0.05)
    finally:
        schedule.stop()
        await task


async def jobs_of(world: World) -> list[Any]:
    return await world.rows("SELECT * FROM jobs ORDER BY id")


async def test_a_gap_is_shown_read_again_and_closed(world: World, database: TestDatabase) -> None:
    """Requirement 14: a gap is listed by shop and day, and exactly that is read again."""
    feed = await skip_days(world, "orders", 3)
    async with door(world, database) as client, client(Role.ERP) as erp:
        # The gaps of the last days are looked for up to the real yesterday.
        shown = (await erp.get("/v1/feeds", params={"kind": "orders"})).json()["items"][0]
        assert shown["id"] == feed
        assert shown["gaps"][:3] == [day.isoformat() for day in DAYS[:3]]
        answer = await erp.post(
            f"/v1/feeds/{feed}/backfill",
            json={"from": DAYS[0].isoformat(), "to": DAYS[3].isoformat()},
        )
        assert answer.status_code == 202
        assert answer.json() == {"status": "running", "progress": "0", "result": None}
        (job,) = await jobs_of(world)
        assert answer.headers["location"] == f"/v1/jobs/{job.id}"
        assert (job.kind, job.status) == ("backfill", "running")
        before = (await world.feeds())["orders"]
        world.gateway.trouble.calls.clear()

        async def is_done() -> bool:
            return bool((await jobs_of(world))[0].status == JobStatus.DONE)

        await run_until(world, is_done)
        (job,) = await jobs_of(world)
        assert job.progress == 1
        assert json.loads(job.result)["rows"] == 12
        assert job.finished_at is not None
        shown = (await erp.get("/v1/feeds", params={"kind": "orders"})).json()["items"][0]
        assert not {day.isoformat() for day in DAYS} & set(shown["gaps"])
    await world.check()
    after = (await world.feeds())["orders"]
    assert after.cursor == before.cursor
    lists = [c for c in world.gateway.trouble.calls if c.method.endswith("increment.get")]
    assert len(lists) == 3


async def test_days_read_again_say_nothing_new(world: World) -> None:
    await world.pull()
    seen: list[Outlook] = []
    before = await world.rows("SELECT count(*) FROM batches")
    schedule = world.schedule()
    assert await schedule.backfill_once((DAYS[2], DAYS[5]), shop=None, show=seen.append) == []
    assert seen[-1] == Outlook(Decimal(1), timedelta(0))
    jobs = await jobs_of(world)
    assert [json.loads(job.result) for job in jobs] == [{"rows": 0}] * 3
    assert await world.rows("SELECT count(*) FROM batches") == before
    assert all(feed.lease_until is None for feed in (await world.feeds()).values())
    await world.check()


async def test_a_backfill_that_cannot_be_done_fails_and_says_why(world: World) -> None:
    await world.pull()
    world.gateway.account.sessions.clear()
    problems = await world.schedule().backfill_once(
        (DAYS[0], DAYS[1]), shop="tm-life", show=lambda _: None
    )
    assert len(problems) == 3
    assert sorted(problem.split(":")[0] for problem in problems) == [
        "tm-life orders", "tm-life ratings", "tm-life refunds"
    ]  # fmt: skip
    assert all("code 27" in problem for problem in problems)
    jobs = await jobs_of(world)
    assert {job.status for job in jobs} == {"failed"}
    assert "code 27" in json.loads(jobs[0].result)["problem"]


async def test_a_backfill_that_is_put_off_is_tried_again(world: World) -> None:
    await world.pull()
    world.gateway.trouble.add(Fault("throttle", seconds=90))
    world.clock.runs()
    schedule = world.schedule()
    task = asyncio.create_task(
        schedule.backfill_once((DAYS[0], DAYS[1]), shop=None, show=lambda _: None)
    )
    while not [call for call in world.gateway.trouble.calls if call.outcome == "throttle"]:
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)
    # The ban is over for the marketplace, and for us.
    world.clock.pass_by(seconds=100)
    for client in schedule._desks._clients.values():
        client._pace._free_at = 0.0
    assert await task == []
    assert {job.status for job in await jobs_of(world)} == {"done"}


async def test_what_of_a_backfill_has_landed_is_not_read_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours of work do not begin anew, nor fail, because the way is broken now and then."""
    await world.pull()
    monkeypatch.setattr("services.ingest.workers.pulling.LANDING_WINDOWS", 1)
    read, asked = TaobaoSource.read, list[Window]()

    async def read_badly(source: TaobaoSource, kind: FactKind, window: Window) -> Reading:
        if kind is not FactKind.ORDERS:
            return await read(source, kind, window)
        asked.append(window)
        if len(asked) % 2 == 0:
            raise TryLater("the line is cut")
        return await read(source, kind, window)

    monkeypatch.setattr(TaobaoSource, "read", read_badly)
    monkeypatch.setattr("services.ingest.workers.schedule.wait_after", lambda _: timedelta(0))
    days, shares = (DAYS[0], DAYS[9]), list[Decimal]()
    problems = await world.schedule().backfill_once(
        days, shop="tm-life", show=lambda seen: shares.append(seen.share)
    )
    assert problems == []
    assert len(asked) // 2 > BACKFILL_ATTEMPTS
    # Each that failed is asked for once more, and is all that is.
    assert [window for place, window in enumerate(asked) if place % 2 == 0][1:] == asked[1::2]
    assert shares == sorted(shares)
    jobs = await jobs_of(world)
    assert {(job.status, job.progress) for job in jobs} == {("done", Decimal(1))}
    assert [json.loads(job.result) for job in jobs] == [{"rows": 0}] * 3
    await world.check()


async def test_a_backfill_that_is_told_to_wait_again_and_again_has_not_failed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At three minutes a page nobody is done in five attempts."""
    await world.pull()
    read, waits = TaobaoSource.read, iter([0.001] * 3 * (BACKFILL_ATTEMPTS + 2))

    async def read_slowly(source: TaobaoSource, kind: FactKind, window: Window) -> Reading:
        if seconds := next(waits, 0):
            raise TryLater("not yet", seconds=seconds)
        return await read(source, kind, window)

    monkeypatch.setattr(TaobaoSource, "read", read_slowly)
    schedule = world.schedule()
    world.clock.runs()
    problems = await schedule.backfill_once((DAYS[0], DAYS[1]), shop="tm-life", show=lambda _: None)
    assert problems == []
    assert {job.status for job in await jobs_of(world)} == {"done"}
    assert next(waits, None) is None


@pytest.mark.parametrize("shop", [None, "tm-life", "nowhere"])
async def test_who_asks_for_what_cannot_be_read_is_told(world: World, shop: str | None) -> None:
    """A broken file, a shop that is in none: nothing is read, and that is no success."""
    if shop != "nowhere":
        world.accounts.write_text("{")
    schedule = world.schedule()
    with pytest.raises(Invalid) as refused:
        await schedule.backfill_once((DAYS[0], DAYS[1]), shop=shop, show=lambda _: None)
    assert refused.value.code == "nothing_to_read"
    if shop != "nowhere":
        with pytest.raises(Invalid):
            await schedule.pull_once()
    assert await world.rows("SELECT id FROM jobs") == []


async def test_only_what_can_be_read_again_is_taken(world: World, database: TestDatabase) -> None:
    await world.schedule()._desks.refresh()
    await world.write(
        "INSERT INTO feeds (tenant_id, id, shop, kind, source, lease_token, attempts, accepted,"
        " applied, rejected) VALUES (:tenant, 'feed_posted', 'tm-life', 'stock', 'erp', 0, 0, 0,"
        " 0, 0)",
        tenant=world.tenant,
    )
    feed = (await world.feeds())["orders"].id
    day = {"from": "2026-11-12", "to": "2026-11-13"}
    refusals: list[tuple[str, object, int, str, str]] = [
        (feed, {**day, "to": "2026-11-12"}, 422, "period_invalid", "/to"),
        (feed, {**day, "to": "2026-11-11"}, 422, "period_invalid", "/to"),
        (feed, {**day, "to": "2029-11-18"}, 422, "period_too_long", "/to"),
        (feed, {"from": "2026-11-12"}, 422, "days_missing", "/to"),
        (feed, {}, 422, "days_missing", "/from"),
        (feed, {**day, "gaps": True}, 422, "days_and_gaps", "/gaps"),
        (feed, {"gaps": True}, 409, "no_gaps", ""),
        ("feed_posted", {"gaps": True}, 409, "feed_not_pulled", ""),
        (feed, {**day, "from": "2026-02-30"}, 422, "", "/from"),
        (feed, {**day, "shop": "x"}, 422, "", "/shop"),
        ("feed_nobody", day, 404, "not_found", ""),
        ("feed_posted", day, 409, "feed_not_pulled", ""),
    ]
    async with door(world, database) as client, client(Role.ADMIN) as admin:
        for wanted, body, status, code, pointer in refusals:
            answer = await admin.post(f"/v1/feeds/{wanted}/backfill", json=body)
            problem = answer.json()
            assert answer.status_code == status, problem
            assert not code or problem["code"] == code
            if pointer:
                assert [fault["pointer"] for fault in problem["errors"]] == [pointer]
        async with client(Role.VIEWER) as viewer:
            assert (await viewer.post(f"/v1/feeds/{feed}/backfill", json=day)).status_code == 403
    assert await jobs_of(world) == []


async def test_a_key_asks_for_one_backfill(world: World, database: TestDatabase) -> None:
    await world.schedule()._desks.refresh()
    feed = (await world.feeds())["orders"].id
    day = {"from": "2026-11-12", "to": "2026-11-13"}
    async with door(world, database) as client, client(Role.ERP) as erp:
        answers = [
            await erp.post(
                f"/v1/feeds/{feed}/backfill", json=day, headers={"Idempotency-Key": "once"}
            )
            for _ in range(2)
        ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    (job,) = await jobs_of(world)
    (entry,) = await world.rows("SELECT object, detail FROM audit WHERE action = 'feed.backfill'")
    assert entry.object == f"feed:{feed}"
    assert entry.detail == f'{{"days":[["2026-11-12","2026-11-13"]],"job":"{job.id}"}}'


async def test_a_refused_row_of_a_marketplace_is_read_again_as_what_it_is(
    world: World, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a connector has learned a new word, what it had refused can be taken."""
    from services.ingest.core.readers import taobao  # noqa: PLC0415  its words are changed
    from services.schema.words import OrderStatus  # noqa: PLC0415  only here

    world.clock.now = midnight(FIRST) + timedelta(days=2)
    known = dict(taobao._STATUSES)
    monkeypatch.delitem(taobao._STATUSES, "WAIT_SELLER_SEND_GOODS")
    await world.pull()
    rejected = await world.rows("SELECT * FROM rejected_rows ORDER BY id")
    assert len(rejected) > 3
    async with door(world, database) as client, client(Role.ERP) as erp:
        first = await erp.post(f"/v1/rejected/{rejected[0].id}/retry")
        assert first.json()["invalid"] == 1
        monkeypatch.setitem(taobao._STATUSES, "WAIT_SELLER_SEND_GOODS", OrderStatus.PAID)
        assert known == taobao._STATUSES
        for row in await world.rows("SELECT id, body FROM rejected_rows"):
            answer = (await erp.post(f"/v1/rejected/{row.id}/retry")).json()
            kept = json.loads(row.body)
            if kept["discount_fee"] == "0.00":
                assert answer["created"] == 1
                # A buyer that was hashed when the row was kept is the same buyer.
                (stored,) = await world.rows(
                    "SELECT buyer FROM order_facts WHERE id = :id", id=str(kept["tid"])
                )
                assert kept["buyer_open_uid"] == f"sealed:{stored.buyer}"
            else:
                # Which promotion it was only the marketplace knows.
                assert answer["rows"][0]["code"] == "detail_missing"
    days = (DAYS[0], DAYS[3])
    await world.schedule().backfill_once(days, shop=None, show=lambda _: None)
    assert await world.rows("SELECT id FROM rejected_rows") == []
    await world.check()
