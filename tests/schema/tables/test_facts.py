"""The ways to a fact: by its key, and never by an index that happens to begin with the tenant."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.databases import TestDatabase

TENANT = 1

ORDERS = """
    INSERT INTO order_facts (tenant_id, source, id, modified_at, content, shop, status, created_at,
        paid_at, created_on, paid_on, buyer, salesperson, channel, campaign, currency, paid_amount,
        discount_amount, cost_amount, units_sold, skus, new_amount, profit_amount, hit_amount,
        core_amount, member_amount, vip_amount, partner_amount, group_buy_amount,
        exclusive_amount, lines)
    SELECT $1, 'erp', 'SO-' || n, now(), '', 's', 'paid', now(), now(), current_date,
        current_date, 'b-' || n, '', '', '', 'CNY', 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, '[]'
    FROM generate_series(1, 3000) AS n
"""
REFUNDS = """
    INSERT INTO refund_facts (tenant_id, source, id, modified_at, content, shop, status, order_id,
        kind, amount, currency, salesperson, channel, campaign, counts)
    SELECT $1, 'erp', 'R-' || n, now(), '', 's', 'requested', 'SO-' || n, 'refund', 1, 'CNY', '',
        '', '', true
    FROM generate_series(1, 3000) AS n
"""


@pytest.fixture
async def seemingly_empty(fresh_database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """Rows that the statistics do not know, as when they were analysed before the commit."""
    connection = await asyncpg.connect(fresh_database.dsn("kaohe"))
    try:
        await connection.execute(ORDERS, TENANT)
        await connection.execute(REFUNDS, TENANT)
        await connection.execute(
            "UPDATE pg_class SET reltuples = 0, relpages = greatest(relpages, 50)"
            " WHERE relname ~ '(order|refund)_facts'"
        )
        yield connection
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ("order_facts WHERE tenant_id = 1 AND source = 'erp' AND id = 'x'", "pk_order_facts"),
        ("order_facts WHERE tenant_id = 1 AND buyer = 'x'", "ix_order_facts_buyer"),
        ("refund_facts WHERE tenant_id = 1 AND source = 'erp' AND id = 'x'", "pk_refund_facts"),
        (
            "refund_facts WHERE tenant_id = 1 AND source = 'erp' AND order_id = 'x'",
            "ix_refund_facts_order_id",
        ),
    ],
)
async def test_a_probe_takes_its_own_index_where_statistics_say_there_is_nothing(
    seemingly_empty: asyncpg.Connection, condition: str, index: str
) -> None:
    rows = await seemingly_empty.fetch(f"EXPLAIN SELECT * FROM {condition}")  # noqa: S608
    plan = "\n".join(row[0] for row in rows)
    assert f"using {index} on" in plan, plan
