"""Backfill: `kaohe backfill` of half a year of a shop, how much memory it takes, what it foretells.

Ten times as many orders as the other figures have: a million unless stated.
"""

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import linear_regression
from typing import TypeVar

import asyncpg

from bench import limits
from bench.figures import Figure, Options, Way, measure
from bench.grounds import Company, Ground, lay, make_company
from bench.long_shop import READY
from bench.servers import servers
from services.local.database import Server

T = TypeVar("T")

DAYS = 180
TIMES = 10
SHOP = "s-1"
FIRST = datetime.now(UTC).date() - timedelta(days=DAYS + 2)
LOOK_SECONDS = 1
SETTLED_AT = 0.1
"""Until so much of its time is gone a program still fills its caches."""
HELD_AT = (SETTLED_AT, 0.5, 0.99)
FORETOLD_AT = (0.1, 0.25, 0.5, 0.75)
LEFT = re.compile(r", (\d+):(\d\d):(\d\d) left")


@dataclass(frozen=True)
class Run:
    """What was seen of a backfill, each at so many seconds after it began."""

    seconds: float
    held: Sequence[tuple[float, int]]
    """Megabytes."""
    foretold: Sequence[tuple[float, float]]
    """The whole time as it was foretold."""


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
    run = await _backfill(connection, ground, orders)
    rate = orders / run.seconds
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
    return replace(figure, question=f"{orders:,} orders of {DAYS} days; {_told(run, orders)}")


async def _backfill(connection: asyncpg.Connection, ground: Ground, orders: int) -> Run:
    """Run the command, and look at it now and then."""
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
        stdout=asyncio.subprocess.PIPE,
    )
    held, foretold = list[tuple[float, int]](), list[tuple[float, float]]()
    told = asyncio.create_task(_hear(command, began, foretold))
    while not told.done():
        await asyncio.wait({told}, timeout=LOOK_SECONDS)
        if megabytes := await _megabytes_of(command.pid):
            held.append((time.perf_counter() - began, megabytes))
    await command.wait()
    run = Run(time.perf_counter() - began, held, foretold)
    assert command.returncode == 0
    stored = await connection.fetchval("SELECT count(*) FROM order_facts")
    assert stored == orders, f"{stored} of {orders} orders came"
    return run


async def _hear(
    command: asyncio.subprocess.Process, began: float, foretold: list[tuple[float, float]]
) -> None:
    """Note what the command foretells, until it says no more."""
    assert command.stdout is not None
    async for line in command.stdout:
        if found := LEFT.search(line.decode()):
            hours, minutes, seconds = map(int, found.groups())
            gone = time.perf_counter() - began
            foretold.append((gone, gone + hours * 3600 + minutes * 60 + seconds))


async def _megabytes_of(process: int) -> int:
    """What a process holds; 0 once it is gone."""
    asked = await asyncio.create_subprocess_exec(
        *("ps", "-o", "rss=", "-p", str(process)), stdout=asyncio.subprocess.PIPE
    )
    told, _ = await asked.communicate()
    return int(told) // 1024 if told.strip() else 0


def _told(run: Run, orders: int) -> str:
    """The memory and the foretold whole time, as they stood at some shares of the true one."""
    most = max(megabytes for _, megabytes in run.held)
    held = ", ".join(str(_last(run.held, share * run.seconds)) for share in HELD_AT)
    foretold = ", ".join(
        "nothing" if told is None else f"{told / run.seconds:.2f}"
        for told in (_last(run.foretold, share * run.seconds) for share in FORETOLD_AT)
    )
    return (
        f"{run.seconds:.0f} s; at {_percent(HELD_AT)} {held} MB, at most {most},"
        f" {_slope(run) * run.seconds / orders * 100_000:+.2f} MB for 100,000 orders;"
        f" at {_percent(FORETOLD_AT)} foretold {foretold} x the true time"
    )


def _percent(shares: Sequence[float]) -> str:
    return ", ".join(f"{share:.0%}" for share in shares)


def _last(seen: Sequence[tuple[float, T]], seconds: float) -> T | None:
    """What was seen last before an instant."""
    return next((value for at, value in reversed(seen) if at <= seconds), None)


def _slope(run: Run) -> float:
    """Megabytes a second by least squares, once caches are filled."""
    settled = [each for each in run.held if each[0] >= SETTLED_AT * run.seconds]
    return linear_regression(*zip(*settled, strict=True)).slope


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
