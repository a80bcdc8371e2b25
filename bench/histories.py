"""A history of orders with its measures, laid by SQL: what the door would have kept, without it."""

from datetime import date

import asyncpg

from bench.grounds import CURRENCY, Company

_FACTS = """
    INSERT INTO order_facts (tenant_id, source, id, modified_at, content, shop, status, created_at,
        paid_at, created_on, paid_on, buyer, salesperson, channel, campaign, currency, paid_amount,
        discount_amount, cost_amount, units_sold, skus, new_amount, profit_amount, hit_amount,
        core_amount, member_amount, vip_amount, partner_amount, group_buy_amount,
        exclusive_amount, lines)
    SELECT $1, 'erp', 'SO-' || n, at, '\\x00', 's-' || 1 + n % $3, 'paid', at, at, at::date,
        at::date, 'b-' || n % 100000, 'e-' || 1 + n % $4, 'search', '', $5, 100 + n % 900, 0, 50,
        1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, '[]'
    FROM (
        SELECT n, $6::date + make_interval(days => $7) * (n / ($2 + 1.0)::float) AS at
        FROM generate_series(1, $2) AS n
    ) AS orders
"""
_MEASURES = """
    INSERT INTO order_measures (tenant_id, day, shop, employee, channel, campaign, currency,
        records, paid_orders, paid_amount, cost_amount, units_sold, gross_amount, placed_orders)
    SELECT tenant_id, paid_on, shop, salesperson, channel, campaign, currency,
        count(*), count(*), sum(paid_amount), sum(cost_amount), sum(units_sold),
        sum(paid_amount), count(*)
    FROM order_facts WHERE tenant_id = $1 GROUP BY 1, 2, 3, 4, 5, 6, 7
"""


async def lay_history(
    connection: asyncpg.Connection, company: Company, orders: int, *, start: date, days: int
) -> None:
    """So many orders, evenly over the days, shops and employees."""
    numbers = (orders, len(company.shops), len(company.employees))
    await connection.execute(_FACTS, company.tenant, *numbers, CURRENCY, start, days)
    await connection.execute(_MEASURES, company.tenant)
    await connection.execute("VACUUM ANALYZE order_facts, order_measures")
