"""Sales a millisecond before and at midnight, where months, quarters and years end and clocks turn.

Posted to ingest, read through the api, published: in each of three time zones of the server.
"""

import os
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from services.local.database import Server
from tests.databases import TestDatabase, copied_database
from tests.figures import Figures, Wrong
from tests.real.doors import open_doors
from tests.real.tenants import Tenant, as_array
from tests.story.test_one_order import SCHEME

ZONES = {"s-home": "Asia/Shanghai", "s-abroad": "America/New_York"}
SERVERS = ("UTC", "Asia/Shanghai", "America/Los_Angeles")
# A plain day, a month, a quarter, a year, a leap day; New York's clocks turn on the two others.
MIDNIGHTS = [
    date(2025, 10, 15), date(2025, 11, 1), date(2025, 10, 1), date(2026, 1, 1), date(2024, 2, 29),
    date(2024, 3, 1), date(2025, 3, 9), date(2025, 3, 10), date(2025, 11, 2), date(2025, 11, 3),
]  # fmt: skip
MILLISECOND = timedelta(milliseconds=1)
# Ids are made of the moment, moments read to the microsecond; a result's fingerprint covers both.
_OWN_NAMES = re.compile(
    rb"\b[a-z]{2,5}_[0-9a-z]{26}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}Z"
)
_FINGERPRINT = re.compile(rb"sha256:[0-9a-f]{64}")


@contextmanager
def server_in(zone: str) -> Iterator[None]:
    """The process lives in a zone."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
        time.tzset()


@asynccontextmanager
async def company_in(zone: str, database: TestDatabase, folder: Path) -> AsyncIterator[Tenant]:
    """The same company on a server of some zone, process and database alike."""
    owner = await asyncpg.connect(database.dsn("kaohe"))
    await owner.execute(f"ALTER DATABASE {database.name} SET timezone TO '{zone}'")
    await owner.close()
    with server_in(zone):
        async with open_doors(database, folder) as doors:
            tenant = await doors.make_tenant("青禾", currency="CNY", timezone="Asia/Shanghai")
            for shop, timezone in ZONES.items():
                place = {"timezone": timezone, "currency": "CNY", "kind": "online"}
                await tenant.put(f"/v1/shops/{shop}", {"name": shop, "marketplace": None, **place})
            await tenant.put("/v1/units/service", {"name": "客服部"})
            held = {"position": "guide", "unit": "service", "from": "2020-01-01"}
            await tenant.put("/v1/employees/e-1", {"name": "导购", "assignments": [held]})
            tally = await tenant.post_facts("orders", as_array(sales()), "application/json")
            assert tally["created"] == 4 * len(MIDNIGHTS)
            yield tenant


def midnight(day: date, shop: str) -> datetime:
    """The first instant of a day there, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(ZONES[shop])).astimezone(UTC)


def sales() -> list[dict[str, Any]]:
    """One a millisecond before each midnight, and one of a hundredfold at it; in each shop."""
    return [
        {
            "source": shop, "id": f"{day}-{amount}", "shop": shop, "status": "paid",
            "modified_at": "2026-01-05T00:00:00Z", "created_at": at.isoformat(),
            "paid_at": at.isoformat(), "paid_amount": str(amount), "salesperson": "e-1",
        }
        for shop in ZONES
        for number, day in enumerate(MIDNIGHTS, 1)
        for at, amount in (
            (midnight(day, shop) - MILLISECOND, number), (midnight(day, shop), 100 * number),
        )
    ]  # fmt: skip


def sold(start: date, end: date) -> Decimal | None:
    """What a shop sold on the days from one to before another."""
    counted = [
        amount
        for number, day in enumerate(MIDNIGHTS, 1)
        for on, amount in ((day - timedelta(days=1), number), (day, 100 * number))
        if start <= on < end
    ]
    return Decimal(sum(counted)) if counted else None


async def scored(tenant: Tenant) -> list[bytes]:
    """October's card, its explanation, its result and its payroll entry, names aside."""
    target = {"subject": "employee:e-1", "indicator": "net_sales", "period": "2025-10"}
    await tenant.put("/v1/targets", [{**target, "level": "budget", "value": "300"}])
    await tenant.put("/v1/schemes/guide", SCHEME)
    await tenant.post("/v1/schemes/guide/publish", None)
    population = {"position": "guide"}
    cycle = {"code": "oct", "scheme": "guide", "period": "2025-10", "population": population}
    await tenant.post("/v1/cycles", cycle)
    await tenant.move("oct", "open", "closed", "review", "approved", "published")
    headers = {"Authorization": f"Bearer {tenant.keys['admin']}"}
    answers = []
    page = (await tenant.api.get("/v1/scorecards?cycle=oct", headers=headers)).json()
    card = page["items"][0]["id"]
    for path in (
        f"/v1/scorecards/{card}", f"/v1/scorecards/{card}/explanation", "/v1/results",
        "/v1/payroll/entries", "/v1/payroll/export?cycle=oct&format=csv",
    ):  # fmt: skip
        answer = await tenant.api.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        answers.append(answer.content)
    named = [_OWN_NAMES.sub(b"*", answer) for answer in answers]
    return [*named[:2], *(_FINGERPRINT.sub(b"*", answer) for answer in named[2:])]


async def check_days(tenant: Tenant, figure: Figures) -> None:
    """Each sale on its shop's own day, in its month, quarter and year."""
    tried = 0
    misplaced: list[object] = []
    for shop in ZONES:
        subject = f"shop:{shop}"
        days = await tenant.series(
            "gross_sales", period="2025-10-01/2025-11-05", grain="day", subject=subject
        )
        for day, value in days.items():
            first = date.fromisoformat(day)
            tried += 1
            if (value or None) != sold(first, first + timedelta(days=1)):
                misplaced.append((shop, day, value))
        for period, start, end in (
            ("2024-02", date(2024, 2, 1), date(2024, 3, 1)),
            ("2025-03", date(2025, 3, 1), date(2025, 4, 1)),
            ("2025-10", date(2025, 10, 1), date(2025, 11, 1)),
            ("2025-11", date(2025, 11, 1), date(2025, 12, 1)),
            ("2025-Q3", date(2025, 7, 1), date(2025, 10, 1)),
            ("2025-Q4", date(2025, 10, 1), date(2026, 1, 1)),
            ("2025", date(2025, 1, 1), date(2026, 1, 1)),
            ("2026", date(2026, 1, 1), date(2027, 1, 1)),
        ):
            found = await tenant.series("gross_sales", period=period, subject=subject)
            tried += 1
            if found != {period: sold(start, end)}:
                misplaced.append((shop, period, found))
    of = "days and periods, of sales around midnight in two zones"
    figure("T01", Wrong.SCORES, misplaced, tried=tried, of=of)


async def test_scenario_t01_sales_around_midnight_lie_on_their_shops_own_days(
    fresh_database: TestDatabase, tmp_path: Path, figure: Figures
) -> None:
    async with company_in(SERVERS[-1], fresh_database, tmp_path) as tenant:
        await check_days(tenant, figure)


async def test_requirement_17_results_are_byte_equal_on_servers_of_three_zones(
    server: Server, worker: str, tmp_path: Path
) -> None:
    answers = []
    for zone in SERVERS:
        with copied_database(server, worker) as copy:
            async with company_in(zone, copy, tmp_path) as tenant:
                answers.append(await scored(tenant))
    for one, two, three in zip(*answers, strict=True):
        assert one == two == three
    # Both shops' October: 1 and 100, the 2 before November, and the 300 at its own first midnight.
    assert b'"value":"806"' in answers[0][0]
