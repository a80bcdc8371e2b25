"""Feeds are read when they fall due, days again when asked for, and only those."""

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from sandbox.faults import Fault
from sandbox.lives import midnight
from sandbox.shops import ZONE
from services.ingest.settings import IngestSettings
from services.ingest.workers import pulling
from services.ingest.workers.deployment import opened
from services.schema.db import Database
from tests.databases import TestDatabase
from tests.ingest.worlds import (
    BUYER_KEY,
    FIRST,
    Clock,
    World,
    make_tenant,
    sandbox_on_loopback,
    write_accounts,
)


async def test_a_feed_is_read_when_it_falls_due_and_a_notification_only_wakes(world: World) -> None:
    world.clock.now = midnight(FIRST) + timedelta(days=2)
    schedule = world.schedule()
    task = asyncio.create_task(schedule.run())

    async def cursor_is(moment: datetime) -> None:
        async with asyncio.timeout(30):
            while True:
                found = await world.feeds()
                if found and all(f.cursor == moment for f in found.values()):
                    return
                await asyncio.sleep(0.05)

    try:
        await cursor_is(world.clock.now - timedelta(seconds=3))
        calls = len(world.gateway.trouble.calls)
        await world.write("SELECT pg_notify('kaohe_due', '1')")
        await asyncio.sleep(0.3)
        assert len(world.gateway.trouble.calls) == calls
        world.clock.pass_by(minutes=11)
        await world.write("SELECT pg_notify('kaohe_due', '1')")
        await cursor_is(world.clock.now - timedelta(seconds=3))
    finally:
        schedule.stop()
        await task
    await world.check()


async def test_a_shop_that_cannot_be_pulled_is_named_once(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(world.accounts.read_text())
    account = document["shops"][0]
    document["shops"] += [
        {**account, "shop": "nowhere"},
        {**account, "tenant": "nobody"},
        {**account, "shop": "other-1"},
    ]
    world.accounts.write_text(json.dumps(document))
    await make_shop(world, "other-1", "other")
    schedule = world.schedule()
    for _ in range(3):
        await schedule._desks.refresh()
    said = [line for line in capsys.readouterr().out.splitlines() if "shop.not_pulled" in line]
    assert len(said) == 3
    for reason in ("no such shop", "no such tenant", "its marketplace has no connector"):
        assert sum(reason in line for line in said) == 1
    assert {row.shop for row in await world.rows("SELECT shop FROM feeds")} == {"tm-life"}


async def make_shop(world: World, code: str, marketplace: str) -> None:
    owner = Database(world.dsn, application="test", pool_size=1)
    async with owner.write(world.tenant) as session:
        await session.execute(
            text(
                "INSERT INTO shops (tenant_id, code, name, marketplace, timezone, currency, kind,"
                " version) VALUES (:tenant, :code, :code, :marketplace, 'Asia/Shanghai', 'CNY',"
                " 'online', 1)"
            ),
            {"tenant": world.tenant, "code": code, "marketplace": marketplace},
        )
    await owner.close()


async def test_a_shop_that_comes_later_is_taken_up(world: World) -> None:
    document = json.loads(world.accounts.read_text())
    document["shops"].append({**document["shops"][0], "shop": "tm-late"})
    world.accounts.write_text(json.dumps(document))
    schedule = world.schedule()
    await schedule._desks.refresh()
    assert schedule._desks.shops_of(world.tenant) == ["tm-life"]
    await make_shop(world, "tm-late", "tmall")
    await schedule._desks.refresh()
    assert schedule._desks.shops_of(world.tenant) == ["tm-late", "tm-life"]


async def test_a_file_that_changes_while_a_shop_is_read_takes_nothing_away(world: World) -> None:
    schedule = world.schedule()
    task = asyncio.create_task(schedule.pull_once())
    while len(world.gateway.trouble.calls) < 5:
        await asyncio.sleep(0.01)
    os.utime(world.accounts, ns=(1, 1))
    await schedule._desks.refresh()
    assert await task == []
    await world.check()


async def test_a_mistake_of_ours_is_raised_and_not_made_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong is worse than down."""

    async def mistaken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(pulling, "land_rows", mistaken)
    with pytest.raises(ZeroDivisionError):
        await world.pull()
    assert (await world.feeds())["orders"].cursor is None
    monkeypatch.undo()
    world.clock.pass_by(seconds=31)
    assert await world.pull() == []
    await world.check()


async def test_a_broken_file_leaves_everything_as_it_was(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    schedule = world.schedule()
    await schedule._desks.refresh()
    world.accounts.write_text('{"shops": [{"secret": "s3cret"')
    os.utime(world.accounts, ns=(1, 1))
    await schedule._desks.refresh()
    assert schedule._desks.shops_of(world.tenant) == ["tm-life"]
    said = capsys.readouterr().out
    assert "accounts.unread" in said
    assert "s3cret" not in said


async def test_a_process_that_is_killed_is_gone_on_from(
    database: TestDatabase, tmp_path: Path
) -> None:
    """C01, on a real process: `kill -9` while it pulls, then another worker."""
    clock = Clock(datetime.now(ZONE))
    clock.runs()
    first = clock().date() - timedelta(days=3)
    accounts, code, shops = tmp_path / "marketplaces.json", "killed", ["tm-life"]
    pool = Database(database.dsn("kaohe_ingest"), application="test")
    with sandbox_on_loopback(clock, first) as (gateway, address):
        tenant = await make_tenant(database, code, shops)
        write_accounts(accounts, code, address, shops, first)
        world = World(pool, tenant, code, gateway, clock, accounts, shops, database.dsn("kaohe"))
        environment = {
            **os.environ,
            "KAOHE_DSN": database.dsn("kaohe_ingest"),
            "KAOHE_MARKETPLACES": str(accounts),
            "KAOHE_BUYER_KEY": BUYER_KEY.decode(),
        }
        program = (sys.executable, "-m", "services.ingest.workers")
        gateway.trouble.add(Fault("stall", seconds=1, times=9, after=8))
        process = await asyncio.create_subprocess_exec(*program, env=environment)
        while len(gateway.trouble.calls) < 9:
            await asyncio.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL
        gateway.trouble.faults.clear()
        # Its lease has to run out first; then the next one goes on.
        clock.pass_by(seconds=31)
        assert await world.pull() == []
        process = await asyncio.create_subprocess_exec(
            *program, env=environment, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        assert json.loads(await process.stdout.readline())["event"] == "worker.started"
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        assert b"worker.stopped" in await process.stdout.read()
        clock.stands()
        clock.pass_by(minutes=5)
        await world.pull()
        await world.check()
        for desks in world.desks:
            await desks.close()
    await pool.close()


async def test_a_deployment_reads_its_own_file(world: World, database: TestDatabase) -> None:
    settings = IngestSettings(
        dsn=SecretStr(database.dsn("kaohe_ingest")),
        buyer_key=SecretStr(BUYER_KEY.decode()),
        marketplaces=world.accounts,
    )
    async with opened(settings) as schedule:
        await schedule._desks.refresh()
        assert schedule._desks.tenants() == [world.tenant]
        assert schedule._now() - datetime.now(UTC) < timedelta(seconds=1)
