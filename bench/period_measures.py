"""Period measures: a month's sums for each of 2,000 employees, from a year of orders."""

import time
from collections.abc import Awaitable, Callable

import asyncpg

from bench.figures import Figure, Options, Way, measure
from bench.grounds import CURRENCY, Company, lay, make_company
from services.local.database import Server

EMPLOYEES = 2000
SHOPS = 20
FACTS_PER_ROW = 5
"""A history is longer than what is posted at a time."""

_FACTS = """
    INSERT INTO order_facts (tenant_id, source, id, modified_at, content, shop, status, created_at,
        paid_at, created_on, paid_on, buyer, salesperson, channel, campaign, currency, paid_amount,
        discount_amount, cost_amount, units_sold, skus, new_amount, profit_amount, hit_amount,
        core_amount, member_amount, vip_amount, partner_amount, group_buy_amount,
        exclusive_amount, lines)
    SELECT $1, 'erp', 'SO-' || n, at, '\\x00', 's-' || 1 + n % $3, 'paid', at, at, at::date,
        at::date, 'b-' || n % 100000, 'e-' || 1 + n % $4, 'search', '', $5, 100 + n % 900, 0, 50,
        1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, '[]'
    FROM (SELECT n, timestamptz '2025-04-01' + n * interval '365 days' / $2 AS at
        FROM generate_series(1, $2) AS n) AS orders
"""
_MEASURES = """
    INSERT INTO order_measures (tenant_id, day, shop, employee, channel, campaign, currency,
        records, paid_orders, paid_amount, cost_amount, units_sold, gross_amount, placed_orders)
    SELECT tenant_id, paid_on, shop, salesperson, channel, campaign, currency,
        count(*), count(*), sum(paid_amount), sum(cost_amount), sum(units_sold),
        sum(paid_amount), count(*)
    FROM order_facts GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
_FROM_FACTS = """
    SELECT salesperson, sum(paid_amount), sum(cost_amount), count(*), sum(units_sold)
    FROM order_facts
    WHERE tenant_id = $1 AND paid_on >= '2025-12-01' AND paid_on < '2026-01-01'
        AND exclusion IS NULL
    GROUP BY salesperson
"""
_FROM_MEASURES = """
    SELECT employee, sum(paid_amount), sum(cost_amount), sum(paid_orders), sum(units_sold)
    FROM order_measures
    WHERE tenant_id = $1 AND day >= '2025-12-01' AND day < '2026-01-01'
    GROUP BY employee
"""


async def run(server: Server, options: Options) -> list[Figure]:
    with lay(server) as ground:
        async with ground.connection() as connection:
            company = await make_company(connection, shops=SHOPS, employees=EMPLOYEES)
            await _fill(connection, company, options.rows * FACTS_PER_ROW)
            figure = await measure(
                "period_measures",
                f"a month's sums of {EMPLOYEES:,} employees among"
                f" {options.rows * FACTS_PER_ROW:,} orders of a year",
                "employees",
                limit=Way("SQL over the raw facts", _ask(connection, company, _FROM_FACTS)),
                ways=[
                    Way(
                        "SQL over the daily measures",
                        _ask(connection, company, _FROM_MEASURES),
                        goal=1,
                    ),
                ],
                rounds=max(options.rounds, 5),
            )
    return [figure]


async def _fill(connection: asyncpg.Connection, company: Company, count: int) -> None:
    """A year of orders, and the measures that the door would have kept of them."""
    numbers = (count, len(company.shops), len(company.employees))
    await connection.execute(_FACTS, company.tenant, *numbers, CURRENCY)
    await connection.execute(_MEASURES)
    await connection.execute("VACUUM ANALYZE order_facts, order_measures")


def _ask(
    connection: asyncpg.Connection, company: Company, query: str
) -> Callable[[], Awaitable[float]]:
    async def ask() -> float:
        began = time.perf_counter()
        rows = await connection.fetch(query, company.tenant)
        assert len(rows) == EMPLOYEES
        return EMPLOYEES / (time.perf_counter() - began)

    return ask
