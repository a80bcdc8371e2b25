"""One order, from a page of TOP to the payroll entry, and through its refund.

The made-up company sells on; of all its orders the gateway shows one. It is paid on 26 October,
pulled through the real protocol, scored, and published with October. In November the whole of it
is refunded.
"""

import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from sandbox.lives import midnight, sales_until
from sandbox.sales import Sale
from sandbox.shops import SHOP_OF
from services.ingest.workers.desks import Desks
from services.ingest.workers.schedule import Schedule
from services.schema.db import Database
from tests.databases import TestDatabase
from tests.figures import Figures, Wrong
from tests.ingest.worlds import BUYER_KEYS, Clock, sandbox_on_loopback, write_accounts
from tests.real.doors import open_doors
from tests.real.tenants import Tenant

SHOP = "tm-qinghe"
TRADE = 3007399140110001800
FIRST = date(2026, 10, 20)
DAY, MONTH = "2026-10-26", "2026-10"
WHO, TARGET, RATE = "e-020", Decimal(200), Decimal("0.04")

SCHEME = {
    "name": {"zh": "导购", "en": "Guide"},
    "cycle": "month",
    "full_mark": "100",
    "sections": [
        {
            "code": "sales",
            "name": {"zh": "销售", "en": "Sales"},
            "weight": "100",
            "items": [
                {
                    "code": "net_sales",
                    "indicator": "net_sales",
                    "weight": "100",
                    "scope": "own",
                    "target": {"kind": "set"},
                    "rule": {"kind": "ratio", "floor": "0", "cap": "120"},
                }
            ],
        }
    ],
    "grades": [
        {"grade": "A", "from": "60", "coefficient": "1"},
        {"grade": "B", "from": "0", "coefficient": "1"},
    ],
    "pay": [
        {
            "plan": "commission",
            "indicator": "net_sales",
            "bands": [{"from": "0", "rate": str(RATE)}],
        }
    ],
}


@dataclass
class Story:
    """A company of one guide and one shop, and the marketplace whose clock we turn."""

    tenant: Tenant
    clock: Clock
    schedule: Schedule
    database: Database

    async def pull(self, at: datetime) -> None:
        """Turn the clock, and read all that is due by then."""
        self.clock.now = at
        assert await self.schedule.pull_once() == []

    async def pages(self) -> list[Any]:
        """The pages of trades kept of what TOP answered."""
        async with self.database.read(self.tenant.number) as session:
            rows = await session.execute(
                text(
                    "SELECT body FROM pages JOIN feeds USING (tenant_id)"
                    " WHERE pages.feed = feeds.id AND kind = 'orders' ORDER BY fetched_at"
                )
            )
            return [json.loads(gzip.decompress(row.body)) for row in rows]

    async def fact(self, kind: str) -> dict[str, Any]:
        answer = await self.tenant.ingest.get(
            f"/v1/facts/{kind}",
            params={"shop": SHOP},
            headers={"Authorization": f"Bearer {self.tenant.keys['erp']}"},
        )
        assert answer.status_code == 200, answer.text
        (item,) = answer.json()["items"]
        found: dict[str, Any] = item
        return found

    async def value(self, indicator: str, period: str) -> Decimal | None:
        return (await self.tenant.series(indicator, period=period, subject=f"employee:{WHO}"))[
            period
        ]

    async def card(self) -> dict[str, Any]:
        (card,) = (await self.tenant.get("/v1/scorecards", cycle=MONTH))["items"]
        found: dict[str, Any] = card
        return found

    async def feed(self) -> bytes:
        answer = await self.tenant.api.get(
            "/v1/payroll/entries",
            params={"after": "0"},
            headers={"Authorization": f"Bearer {self.tenant.keys['payroll']}"},
        )
        assert answer.status_code == 200, answer.text
        return answer.content

    async def move(self, *stages: str, reason: str | None = None) -> None:
        await self.tenant.move(MONTH, *stages, reason=reason)


@pytest.fixture
async def story(fresh_database: TestDatabase, tmp_path: Path) -> AsyncIterator[Story]:
    async with open_doors(fresh_database, tmp_path) as doors:
        tenant = await doors.make_tenant("青禾", currency="CNY", timezone="Asia/Shanghai")
        await move_in(tenant)
        async with marketplace(fresh_database, tenant, tmp_path) as (clock, schedule, database):
            yield Story(tenant, clock, schedule, database)


async def move_in(tenant: Tenant) -> None:
    """The shop, the guide, the target, the scheme and October's cycle."""
    shop = SHOP_OF[SHOP]
    place = {"timezone": "Asia/Shanghai", "currency": "CNY", "kind": "online"}
    await tenant.put(f"/v1/shops/{SHOP}", {"name": SHOP, "marketplace": shop.marketplace, **place})
    await tenant.put("/v1/units/service", {"name": "客服部"})
    held = {"position": "guide", "unit": "service", "from": "2026-01-01"}
    await tenant.put(f"/v1/employees/{WHO}", {"name": "导购", "assignments": [held]})
    target = {"subject": f"employee:{WHO}", "indicator": "net_sales", "period": MONTH}
    await tenant.put("/v1/targets", [{**target, "level": "budget", "value": str(TARGET)}])
    await tenant.put("/v1/schemes/guide", SCHEME)
    await tenant.post("/v1/schemes/guide/publish", None)
    population = {"position": "guide"}
    cycle = {"code": MONTH, "scheme": "guide", "period": MONTH, "population": population}
    await tenant.post("/v1/cycles", cycle)
    await tenant.move(MONTH, "open")


@asynccontextmanager
async def marketplace(
    made: TestDatabase, tenant: Tenant, folder: Path
) -> AsyncIterator[tuple[Clock, Schedule, Database]]:
    """A gateway that shows one trade, and a worker that pulls it."""
    clock = Clock(midnight(FIRST))
    with sandbox_on_loopback(clock, FIRST) as (gateway, address):
        everything = sales_until(SHOP_OF[SHOP], FIRST, midnight(date(2026, 11, 20)))
        gateway.books.held = {sale.id for sale in everything} - {TRADE}
        accounts = folder / "marketplaces.json"
        write_accounts(accounts, f"real-{tenant.number}", address, [SHOP], FIRST)
        database = Database(made.dsn("kaohe_ingest"), application="test-pull")
        desks = Desks(database, accounts, BUYER_KEYS, clock)
        try:
            yield clock, Schedule(database, desks, now=clock), database
        finally:
            await desks.close()
            await database.close()


@pytest.fixture
def sale() -> Sale:
    (found,) = (
        each
        for each in sales_until(SHOP_OF[SHOP], FIRST, midnight(date(2026, 11, 20)))
        if each.id == TRADE
    )
    return found


async def test_scenario_s07_one_order_from_page_to_payroll_and_through_its_refund(
    story: Story, sale: Sale, figure: Figures
) -> None:
    assert sale.paid_at is not None
    (claim,) = sale.claims
    assert claim.amount == sale.paid_amount == Decimal("139.94")

    # Page -> fact: pulled as TOP tells it, the buyer's name left out of what is kept.
    await story.pull(sale.paid_at + timedelta(minutes=1))
    (page,) = await story.pages()
    assert [row["tid"] for row in page] == [TRADE]
    order = await story.fact("orders")
    assert (order["id"], order["status"], order["paid_amount"]) == (str(TRADE), "paid", "139.94")
    assert (order["salesperson"], order["source"]) == (WHO, f"tmall:{SHOP}")
    assert str(sale.buyer) not in json.dumps([page, order])

    # Fact -> measure -> indicator: it counts on the shop's own day, and on no other.
    assert await story.value("net_sales", DAY) == Decimal("139.94")
    assert await story.value("net_sales", MONTH) == Decimal("139.94")
    assert await story.value("orders", MONTH) == 1
    # It was placed before midnight: that day knows of an order, and of no sale.
    assert await story.value("net_sales", "2026-10-25") == 0
    assert await story.value("net_sales", "2026-10-24") is None

    # Indicator -> line -> scorecard: 139.94 of 200 is 69.97 points of 100.
    card = await story.card()
    (line,) = card["lines"]
    assert (line["value"], line["target"], line["attainment"]) == ("139.94", "200", "0.6997")
    assert (line["score"], line["weight"], line["points"]) == ("69.97", "100", "69.97")
    assert (card["total"], card["grade"], card["status"]) == ("69.97", "A", "live")

    # The explanation leads back to the order.
    explanation = await story.tenant.get(f"/v1/scorecards/{card['id']}/explanation")
    (explained,) = explanation["segments"][0]["lines"]
    assert {measure["records"] for measure in explained["source"]["measures"]} >= {1}
    link = next(link for link in explained["source"]["links"] if "/facts/orders" in link)
    found = await story.tenant.ingest.get(
        link, headers={"Authorization": f"Bearer {story.tenant.keys['admin']}"}
    )
    assert [item["id"] for item in found.json()["items"]] == [str(TRADE)]

    # Scorecard -> result -> payroll: 4 % of it, once.
    await story.move("closed", "review", "approved", "published")
    published = await story.feed()
    (entry,) = json.loads(published)["items"]
    assert (entry["seq"], entry["kind"], entry["employee"]) == (1, "result", WHO)
    assert (entry["plan"], entry["amount"]) == ("commission", "5.60")  # 139.94 x 0.04 = 5.5976
    assert (entry["total"], entry["grade"]) == ("69.97", "A")

    # The refund counts on its own day in November; what was published stays as it was.
    await story.pull(claim.settled_at + timedelta(minutes=1))
    refund = await story.fact("refunds")
    assert (refund["status"], refund["amount"], refund["order"]) == (
        "succeeded", "139.94", str(TRADE),
    )  # fmt: skip
    assert (await story.fact("orders"))["paid_amount"] == "139.94"
    assert await story.value("net_sales", "2026-11") == Decimal("-139.94")
    assert await story.value("net_sales", MONTH) == Decimal("139.94")
    assert (await story.card())["total"] == "69.97"
    changed = int(await story.feed() != published)
    figure("S07", Wrong.BYTES, changed * len(published), tried=len(published), of="bytes of a feed")

    # It came late for October: accepted by HR, pay of a sale and its refund nets to nothing.
    await story.tenant.accept_late(MONTH, "a refund of November of a sale of October")
    first, correction = json.loads(await story.feed())["items"]
    assert first == entry
    assert (correction["seq"], correction["kind"]) == (2, "correction")
    assert correction["corrects"] == entry["id"]
    left = Decimal(entry["amount"]) + Decimal(correction["amount"])
    of = "entries, of a sale and its refund after publication"
    figure("S07", Wrong.CENTS, int(abs(left) * 100), tried=2, of=of)
