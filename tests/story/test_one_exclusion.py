"""One order that turns out to be brushed: before its cycle closes, after that, and once it is paid.

The shop's ERP never says so, and posts the order again after each.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.databases import TestDatabase
from tests.real.doors import open_doors
from tests.real.tenants import Tenant, as_array
from tests.story.test_one_order import SCHEME

MONTH, WHO = "2026-10", "employee:e-1"
LEDGER = "/v1/exclusions"


@dataclass
class Brushed:
    """A guide who has sold for 200, 50 of it to nobody."""

    tenant: Tenant
    minutes: list[int] = field(default_factory=lambda: [0])

    async def post_again(self) -> None:
        """The ERP states its orders anew, as it does each time something has changed there."""
        self.minutes[0] += 1
        rows = [
            {
                "source": "erp", "id": number, "shop": "s-1", "status": "paid",
                "modified_at": f"2026-10-20T10:{self.minutes[0]:02}:00+08:00",
                "created_at": "2026-10-10T10:00:00+08:00", "buyer": buyer,
                "paid_at": "2026-10-10T10:00:00+08:00", "paid_amount": amount,
                "salesperson": "e-1",
            }
            for number, buyer, amount in (("SO-1", "b-1", "150.00"), ("SO-2", "b-2", "50.00"))
        ]  # fmt: skip
        tally = await self.tenant.post_facts("orders", as_array(rows), "application/json")
        assert tally["rows"] == []

    async def exclude(self) -> str:
        stated = {"source": "erp", "order": "SO-2", "reason": "brushing", "note": "返现截图"}
        return str((await self._post(LEDGER, stated))["id"])

    async def undo(self, entry: str) -> None:
        await self._post(f"{LEDGER}/{entry}/undo", {"note": "买家有真实物流"})

    async def total(self) -> str:
        (card,) = (await self.tenant.get("/v1/scorecards", cycle=MONTH))["items"]
        return str(card["total"])

    async def pending(self) -> int:
        cycle = await self.tenant.get(f"/v1/cycles/{MONTH}")
        return int(cycle["pending_after_close"])

    async def values(self, *indicators: str) -> list[Decimal | None]:
        return [
            (await self.tenant.series(each, period=MONTH, subject=WHO))[MONTH]
            for each in indicators
        ]

    async def move(self, *stages: str, reason: str | None = None) -> None:
        await self.tenant.move(MONTH, *stages, reason=reason)

    async def entries(self) -> list[Any]:
        feed = await self.tenant.get("/v1/payroll/entries", role="payroll")
        return list(feed["items"])

    async def _post(self, path: str, body: object) -> Any:
        answer = await self.tenant.ingest.post(
            path, json=body, headers={"Authorization": f"Bearer {self.tenant.keys['hr']}"}
        )
        assert answer.status_code == 201, answer.text
        return answer.json()


@pytest.fixture
async def brushed(fresh_database: TestDatabase, tmp_path: Path) -> AsyncIterator[Brushed]:
    async with open_doors(fresh_database, tmp_path) as doors:
        tenant = await doors.make_tenant("青禾", currency="CNY", timezone="Asia/Shanghai")
        place = {"timezone": "Asia/Shanghai", "currency": "CNY", "kind": "online"}
        await tenant.put("/v1/shops/s-1", {"name": "店", "marketplace": None, **place})
        await tenant.put("/v1/units/service", {"name": "客服部"})
        held = {"position": "guide", "unit": "service", "from": "2026-01-01"}
        await tenant.put("/v1/employees/e-1", {"name": "导购", "assignments": [held]})
        target = {"subject": WHO, "indicator": "net_sales", "period": MONTH}
        await tenant.put("/v1/targets", [{**target, "level": "budget", "value": "200"}])
        await tenant.put("/v1/schemes/guide", SCHEME)
        await tenant.post("/v1/schemes/guide/publish", None)
        population = {"position": "guide"}
        cycle = {"code": MONTH, "scheme": "guide", "period": MONTH, "population": population}
        await tenant.post("/v1/cycles", cycle)
        made = Brushed(tenant)
        await made.post_again()
        await made.move("open")
        yield made


async def test_one_exclusion_while_open_after_the_close_and_after_it_is_paid(
    brushed: Brushed,
) -> None:
    assert await brushed.total() == "100.00"

    # While the cycle is open the card follows; what the ERP says again changes nothing.
    entry = await brushed.exclude()
    assert await brushed.total() == "75.00"
    await brushed.post_again()
    assert await brushed.total() == "75.00"
    names = ("gross_sales", "net_sales", "orders", "buyers")
    assert await brushed.values(*names) == [200, 150, 1, 1]
    await brushed.undo(entry)
    assert await brushed.total() == "100.00"
    assert await brushed.values(*names) == [200, 200, 2, 2]

    # After the close it changes no card, and waits.
    await brushed.move("closed")
    assert await brushed.pending() == 0
    entry = await brushed.exclude()
    assert await brushed.values("net_sales") == [150]
    assert await brushed.total() == "100.00"
    assert await brushed.pending() == 1
    await brushed.undo(entry)

    # Once it is paid, what was paid stays; accepted as a late fact, it is paid as a correction.
    await brushed.move("review", "approved", "published")
    (paid,) = await brushed.entries()
    assert (paid["amount"], paid["total"]) == ("8.00", "100.00")
    await brushed.exclude()
    await brushed.post_again()
    assert await brushed.entries() == [paid]
    await brushed.tenant.accept_late(MONTH, "one order was brushed")
    first, correction = await brushed.entries()
    assert first == paid
    assert (correction["kind"], correction["corrects"]) == ("correction", paid["id"])
    assert (correction["amount"], correction["total"]) == ("-2.00", "75.00")
