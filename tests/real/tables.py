"""The tables that facts end in, as digests: what must not change, or must be the same for two."""

import asyncpg

TABLES = (
    "order_facts",
    "refund_facts",
    "rating_facts",
    "chat_facts",
    "traffic_facts",
    "stock_facts",
    "campaign_facts",
    "measure_facts",
    "shop_sources",
    "order_measures",
    "refund_measures",
    "rating_measures",
    "chat_measures",
    "traffic_measures",
    "campaign_measures",
)
_LINES = "SELECT to_jsonb(t) - 'tenant_id' AS line FROM {table} AS t WHERE tenant_id = $1"
# A buyer's hash is keyed by the tenant: the first of the buyer's orders stands for it.
_LINES_OF_ORDERS = """
    SELECT to_jsonb(t) - '{tenant_id,buyer}'::text[] || jsonb_build_object(
        'buyer', CASE WHEN buyer IS NOT NULL THEN min(id) OVER (PARTITION BY buyer) END) AS line
    FROM order_facts AS t WHERE tenant_id = $1
"""
_DIGEST = """
    SELECT count(*), md5(string_agg(digest, '' ORDER BY digest))
    FROM (SELECT md5(line::text) AS digest FROM ({lines}) AS lines) AS digests
"""


async def tables_of(
    connection: asyncpg.Connection, tenant: int
) -> dict[str, tuple[int, str | None]]:
    """Of each table how many rows the tenant has, and the digest of all of them."""
    return {table: await _digest(connection, table, tenant) for table in TABLES}


async def _digest(
    connection: asyncpg.Connection, table: str, tenant: int
) -> tuple[int, str | None]:
    lines = _LINES_OF_ORDERS if table == "order_facts" else _LINES.format(table=table)
    row = await connection.fetchrow(_DIGEST.format(lines=lines), tenant)
    assert row is not None
    return row[0], row[1]
