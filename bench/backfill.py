"""Backfill: `kaohe backfill` of half a year of a shop, how much memory it takes, what it foretells.

Ten times as many orders as the other figures have: a million unless stated.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import asyncpg

from bench import limits
from bench.figures import Figure, Options, Way, measure
from bench.grounds import Company, Ground, lay, make_company
from bench.long_shop import READY
from bench.servers import servers
from services.local.database import Server

DAYS = 180
TIMES = 10
SHOP = "s-1"
FIRST = datetime.now(UTC).date() - timedelta(days=DAYS + 2)
LOOK_SECONDS = 0.5
TOLD_AT = (0.1, 0.25, 0.5, 0.75, 0.98)


@dataclass(frozen=True)
class Look:
    """A backfill as it stands some seconds after it began."""

    seconds: float
    share: float
    megabytes: int


async def run(server: Server, options: Options) -> list[Figure]:
    orders = options.rows * TIMES
    with lay(server) as ground:
        async with ground.connection() as connection, servers(ground.folder) as tree:
            company = await make_company(connection, shops=1, employees=0)
            await connection.execute("UPDATE shops SET marketplace = 'woocommerce'")
            port = await tree.start(
                "bench.long_shop",
                arguments=("{port}", FIRST.isoformat(), str(DAYS), str(orders)),
                ready=READY,
            )
            await _write_accounts(connection, company, ground, port)
            return [await _measure(connection, ground, orders)]


async def _measure(connection: asyncpg.Connection, ground: Ground, orders: int) -> Figure:
    looks, rate = await _backfill(connection, ground, orders)
    await limits.make_keyed_copy(connection, "order_facts")
    rows = await limits.csv_of(connection, "order_facts")

    async def copy() -> float:
        return await limits.copy_rate(connection, rows, orders)

    async def backfilled() -> float:
        return rate

    figure = await measure(
        "backfill",
        "",
        "orders",
        limit=Way("COPY into the keyed table", copy),
        ways=[Way("kaohe backfill, orders and refunds", backfilled)],
        rounds=1,
    )
    return replace(figure, question=f"{orders:,} orders of {DAYS} days; {_told(looks)}")


async def _backfill(
    connection: asyncpg.Connection, ground: Ground, orders: int
) -> tuple[list[Look], float]:
    """Run the command, and look at it now and then; orders a second."""
    end = FIRST + timedelta(days=DAYS)
    began = time.perf_counter()
    command = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.cli",
        *("backfill", "--from", FIRST.isoformat(), "--to", end.isoformat()),
        env={
            **os.environ,
            "KAOHE_DSN": ground.dsn("kaohe_ingest"),
            "KAOHE_MARKETPLACES": str(ground.folder / "marketplaces.json"),
            "KAOHE_BUYER_KEY": "0" * 64,
        },
        stdout=asyncio.subprocess.DEVNULL,
    )
    looks: list[Look] = []
    ended = asyncio.create_task(command.wait())
    while not ended.done():
        await asyncio.wait({ended}, timeout=LOOK_SECONDS)
        share = await connection.fetchval("SELECT avg(progress) FROM jobs")
        megabytes = await _megabytes_of(command.pid)
        if share is not None and megabytes:
            looks.append(Look(time.perf_counter() - began, float(share), megabytes))
    seconds = time.perf_counter() - began
    assert command.returncode == 0
    stored = await connection.fetchval("SELECT count(*) FROM order_facts")
    assert stored == orders, f"{stored} of {orders} orders came"
    return [*looks, Look(seconds, 1, 0)], orders / seconds


async def _megabytes_of(process: int) -> int:
    """What a process holds; 0 once it is gone."""
    asked = await asyncio.create_subprocess_exec(
        *("ps", "-o", "rss=", "-p", str(process)), stdout=asyncio.subprocess.PIPE
    )
    told, _ = await asked.communicate()
    return int(told) // 1024 if told.strip() else 0


def _told(looks: Sequence[Look]) -> str:
    """The memory and the foretold whole time, as they stood at some shares of the work."""
    whole = looks[-1].seconds
    at = [next(each for each in looks if each.share >= share) for share in TOLD_AT]
    shares = ", ".join(f"{each.share:.0%}" for each in at)
    memory = ", ".join(str(each.megabytes) for each in at if each.megabytes)
    foretold = ", ".join(f"{each.seconds / each.share / whole:.2f}" for each in at)
    return f"at {shares}: {memory} MB; foretold {foretold} x its {whole:.0f} s"


async def _write_accounts(
    connection: asyncpg.Connection, company: Company, ground: Ground, port: int
) -> None:
    code = await connection.fetchval("SELECT code FROM tenants WHERE id = $1", company.tenant)
    await connection.execute("UPDATE shops SET timezone = 'UTC'")
    account = {
        "tenant": code,
        "shop": SHOP,
        "gateway": f"http://127.0.0.1:{port}",
        "app_key": "ck_bench",
        "secret": "cs_bench",
        "session": "",
        "since": FIRST.isoformat(),
        "calls_per_second": 1000,
    }
    document = {"sandbox": [f"127.0.0.1:{port}"], "shops": [account]}
    (ground.folder / "marketplaces.json").write_text(json.dumps(document), encoding="utf-8")
