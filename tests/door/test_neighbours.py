"""A company that asks a hundred times what is usual, and its neighbour, at a served process."""

import asyncio
import time
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from services.cli.operator import admin_key_of
from services.local.processes import Program, answers, free_port, supervise
from tests.databases import TestDatabase
from tests.figures import Figures, Most, Wrong

ALONE_SECONDS, TOGETHER_SECONDS = 15, 60
USUAL = 5
"""Requests a second."""
CONNECTIONS = 50
SLACK_SECONDS = 0.005
"""What a machine's own unrest may add to a p95 of a few milliseconds."""


class Caller:
    """One connection that asks for its company's settings, over and over."""

    def __init__(self, port: int, key: str) -> None:
        self.statuses: Counter[int] = Counter()
        self.seconds: list[float] = []
        self._port = port
        lines = ("GET /v1/tenant HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {key}")
        self._request = "\r\n".join([*lines, "", ""]).encode()

    async def ask_for(self, seconds: float, *, per_second: float) -> None:
        """Begin a request at each tick, or as soon as the one before is answered."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        began = time.perf_counter()
        tick = began
        while tick - began < seconds:
            await asyncio.sleep(max(0.0, tick - time.perf_counter()))
            asked = time.perf_counter()
            writer.write(self._request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length or 0))
            self.seconds.append(time.perf_counter() - asked)
            self.statuses[int(head.split(b" ", 2)[1])] += 1
            tick = max(tick + 1 / per_second, time.perf_counter())
        writer.close()
        await writer.wait_closed()

    def p95(self) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * 0.95)]


@pytest.mark.long
async def test_scenario_e05_a_hundred_times_the_usual_rate_is_the_neighbours_no_trouble(
    fresh_database: TestDatabase, tmp_path: Path, figure: Figures
) -> None:
    owner = fresh_database.dsn("kaohe_migrate")
    (_, loud_key), (_, quiet_key) = [await admin_key_of(owner, code) for code in ("loud", "quiet")]
    port = free_port()
    api = Program(
        name="api",
        module="services.api",
        environment={
            "KAOHE_DSN": fresh_database.dsn("kaohe_api"),
            "KAOHE_PAYROLL_DSN": fresh_database.dsn("kaohe_payroll"),
            "KAOHE_SIGNING_KEY": "0" * 64,
            "KAOHE_LOG_LEVEL": "WARNING",
            "KAOHE_PORT": str(port),
        },
        is_ready=partial(answers, port, "/health/ready"),
    )
    async with supervise(tmp_path / "logs", tell=lambda _: None) as children:
        await children.start(api)
        alone, quiet = Caller(port, quiet_key), Caller(port, quiet_key)
        await alone.ask_for(ALONE_SECONDS, per_second=USUAL)
        loud = [Caller(port, loud_key) for _ in range(CONNECTIONS)]
        await asyncio.gather(
            quiet.ask_for(TOGETHER_SECONDS, per_second=USUAL),
            *(
                each.ask_for(TOGETHER_SECONDS, per_second=100 * USUAL / CONNECTIONS)
                for each in loud
            ),
        )
    statuses = sum((each.statuses for each in loud), Counter[int]())
    failed = sum(count for status, count in (statuses + quiet.statuses).items() if status >= 500)
    asked = sum(statuses.values())
    of = f"requests in {TOGETHER_SECONDS} s, of which {statuses[429]} were told 429"
    figure("E05", Wrong.FAILED, failed, tried=asked, of=of)
    answered = sum(quiet.statuses.values())
    refused, of = answered - quiet.statuses[200], "requests of the neighbour"
    figure("E05", Wrong.REFUSED, refused, tried=answered, of=of)
    assert statuses[429] > 0
    ratio = (quiet.p95() - SLACK_SECONDS) / alone.p95()
    figure.most("E05", Most.NEIGHBOUR, ratio, limit=2)
