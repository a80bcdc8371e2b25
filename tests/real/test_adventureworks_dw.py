"""A bicycle maker's salespeople against their quotas, and its stock: from ERP rows to the feed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from tests.databases import TestDatabase
from tests.real import adventureworks_dw, queries
from tests.real.comparisons import differing
from tests.real.doors import Doors
from tests.real.tenants import LIMIT, Row, Tenant, as_array, as_gzip, as_ndjson, outcomes

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
]

MONTHS = "2010-12-01/2014-07-01"
SCHEME: dict[str, Any] = {
    "name": {"zh": "销售定额", "en": "Quota"},
    "cycle": "quarter",
    "full_mark": "100",
    "sections": [
        {
            "code": "sales",
            "name": {"zh": "销售", "en": "Sales"},
            "weight": "100",
            "items": [
                {
                    "code": "quota",
                    "indicator": "net_sales",
                    "weight": "100",
                    "scope": "own",
                    "target": {"kind": "set"},
                    "rule": {"kind": "ratio", "floor": "0", "cap": "300"},
                    "missing": "block",
                }
            ],
        }
    ],
    "gates": [],
    "grades": [
        {"grade": "A", "from": "100", "coefficient": "1.2"},
        {"grade": "B", "from": "80", "coefficient": "1"},
        {"grade": "C", "from": "0", "coefficient": "0.6"},
    ],
    "approval": [],
    "pay": [
        {
            "plan": "commission",
            "indicator": "net_sales",
            "bands": [{"from": "0", "rate": "0.01"}, {"from": "500000", "rate": "0.015"}],
            "coefficient": "grade",
        }
    ],
}
# The same pay as a controller would work it out beside us.
PAY = f"""
    SELECT window_start, employee_key, total, round(CASE WHEN total >= 100 THEN 1.2
            WHEN total >= 80 THEN 1 ELSE 0.6 END
        * (0.01 * sales + 0.005 * greatest(sales - 500000, 0)), 2) AS amount
    FROM (SELECT *, round(least(round(attainment, 6), 3) * 100, 2) AS total
        FROM ({queries.BICYCLE_WINDOWS}) AS windows) AS scored
    ORDER BY window_start, employee_key
"""  # noqa: S608 - our own constants
ONWARD = ("open", "closed", "review", "approved", "published")


@dataclass(frozen=True)
class Maker:
    """The tenant with everything posted, and the published files beside it."""

    tenant: Tenant
    raw: asyncpg.Connection
    windows: dict[date, list[Row]]
    """By their first day, what the published files say of each salesperson."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def maker(doors: Doors, real_database: TestDatabase, data: Path) -> AsyncIterator[Maker]:
    tenant = await _open_tenant(doors, data)
    await _post_facts(tenant, data)
    raw = await asyncpg.connect(real_database.dsn("kaohe"))
    try:
        await queries.load(raw, data, "adventureworks_dw")
        windows: dict[date, list[Row]] = {}
        for row in await queries.ask(raw, queries.BICYCLE_WINDOWS):
            windows.setdefault(row["window_start"], []).append(row)
        await _publish_windows(tenant, windows)
        yield Maker(tenant, raw, windows)
    finally:
        await raw.close()


async def test_the_query_beside_us_gives_every_figure_of_the_truth(
    maker: Maker, data: Path
) -> None:
    truth = queries.given(data, "adventureworks_dw/salesperson_quota_window")
    computed = [row for rows in maker.windows.values() for row in rows]
    assert len(truth) == 67
    assert queries.differences(truth, computed, ("window_start", "employee_key")) == []
    by_month: dict[str, list[int]] = {}
    for row in queries.given(data, "adventureworks_dw/inventory_product_month"):
        sums = by_month.setdefault(row["month"][:7], [0, 0])
        sums[0] += int(row["stockout_days"])
        sums[1] += int(row["day_count"])
    stock = {row["month"]: row for row in await queries.ask(maker.raw, queries.BICYCLE_STOCK)}
    assert len(by_month) == 7
    assert {
        month: [stock[month]["skus_out"], stock[month]["skus"]] for month in by_month
    } == by_month


async def test_attainment_and_rank_of_each_window_are_the_truths(maker: Maker) -> None:
    assert len(maker.windows) == 12
    for start, expected in maker.windows.items():
        page = await maker.tenant.get("/v1/scorecards", cycle=_cycle(start))
        served = {
            card["subject"]: (
                Decimal(card["lines"][0]["value"]),
                Decimal(card["lines"][0]["target"]),
                Decimal(card["lines"][0]["attainment"]),
                card["rank"],
            )
            for card in page["items"]
        }
        assert served == {
            _subject(row): (
                row["sales"],
                row["quota"],
                queries.rounded(row["attainment"]),
                row["rank_by_attainment"],
            )
            for row in expected
        }, start


async def test_sales_orders_units_and_margin_of_each_window_are_the_truths(maker: Maker) -> None:
    names = {
        "sales": "net_sales",
        "orders": "orders",
        "units": "units_sold",
        "gross_margin": "gross_profit",
    }
    for start in (date(2010, 12, 29), date(2013, 9, 29)):
        for row in maker.windows[start]:
            period = f"{start}/{row['window_end']}"
            served = {
                code: await maker.tenant.series(code, period=period, subject=_subject(row))
                for code in names.values()
            }
            assert differing(served, {period: row}, names) == [], _subject(row)


async def test_the_payroll_feed_is_the_pay_worked_out_beside_us(maker: Maker) -> None:
    expected = {
        (_cycle(row["window_start"]), f"e-{row['employee_key']}"): row["amount"]
        for row in await queries.ask(maker.raw, PAY)
    }
    feed = await maker.tenant.get("/v1/payroll/entries", role="payroll", after=0, limit=LIMIT)
    entries = feed["items"]
    assert [entry["seq"] for entry in entries] == list(range(1, len(expected) + 1))
    paid = {(entry["cycle"], entry["employee"]): Decimal(entry["amount"]) for entry in entries}
    assert paid == expected
    assert sum(Decimal(entry["amount"]) for entry in entries) == sum(expected.values())


async def test_stock_outs_and_turns_of_each_month_are_the_files(maker: Maker) -> None:
    cost = {row["month"]: row["cost"] for row in await queries.ask(maker.raw, queries.BICYCLE_COST)}
    months = await queries.ask(maker.raw, queries.BICYCLE_STOCK)
    true = {
        row["month"]: {
            **row,
            "turns_of_sales": cost[row["month"]] / row["mean_value"]
            if row["month"] in cost
            else None,
        }
        for row in months
    }
    names = {
        "stockout_rate": "stockout_rate",
        "turns": "goods_issued_turns",
        "turns_of_sales": "inventory_turns",
    }
    served = {
        code: await maker.tenant.series(code, period=MONTHS, grain="month")
        for code in names.values()
    }
    assert len(true) == 43
    assert differing(served, true, names) == []


async def _open_tenant(doors: Doors, data: Path) -> Tenant:
    tenant = await doors.make_tenant(
        "Bicycles", currency=adventureworks_dw.CURRENCY, timezone=adventureworks_dw.TIMEZONE
    )
    quotas = adventureworks_dw.read_quotas(data)
    await tenant.post("/v1/shops/batch", [adventureworks_dw.shop_row()])
    await tenant.put(
        f"/v1/units/{adventureworks_dw.UNIT}", {"name": "Sales", "parent": None, "lead": None}
    )
    await tenant.post("/v1/employees/batch", adventureworks_dw.employee_rows(quotas))
    await tenant.put("/v1/targets", adventureworks_dw.target_rows(quotas))
    await tenant.put(
        f"/v1/measures/{adventureworks_dw.GOODS_ISSUED}",
        {"name": {"zh": "出库成本", "en": "Cost of goods issued"}, "unit": "money"},
    )
    await tenant.put(
        "/v1/indicators/goods_issued_turns",
        {
            "name": {"zh": "出库周转", "en": "Turns by goods issued"},
            "formula": f"{adventureworks_dw.GOODS_ISSUED} * stock_stated_days / stock_value_days"
            " / period_months",
            "unit": "ratio",
            "better": "higher",
        },
    )
    return tenant


async def _post_facts(tenant: Tenant, data: Path) -> None:
    stock, issued = adventureworks_dw.stock_rows(data)
    orders = adventureworks_dw.order_rows(data)
    for kind, rows, body, content_type in (
        ("orders", orders, as_gzip(as_ndjson(orders)), "application/x-ndjson"),
        ("stock", stock, as_array(stock), "application/json"),
        ("measures", issued, as_ndjson(issued), "application/x-ndjson"),
    ):
        tally = await tenant.post_facts(kind, body, content_type)
        assert outcomes(tally) == {"received": len(rows), "created": len(rows)}


async def _publish_windows(tenant: Tenant, windows: dict[date, list[Row]]) -> None:
    """A cycle for each window between quota days, taken from draft to the feed."""
    await tenant.put("/v1/schemes/quota", SCHEME)
    assert (await tenant.post("/v1/schemes/quota/publish", {}))["version"] == 1
    for start, rows in windows.items():
        await tenant.post(
            "/v1/cycles",
            {
                "code": _cycle(start),
                "scheme": "quota",
                "period": f"{start}/{rows[0]['window_end']}",
                "population": {"position": adventureworks_dw.POSITION},
                "grace_days": 0,
            },
        )
        await tenant.move(_cycle(start), *ONWARD)


def _cycle(start: date) -> str:
    return f"quota-{start}"


def _subject(row: Row) -> str:
    return f"employee:{adventureworks_dw.employee_of(row['employee_key'])}"
