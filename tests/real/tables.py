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
# With the transaction that wrote it: a row written anew as it was is another one.
_WRITTEN = "SELECT to_jsonb(t) || jsonb_build_object('xmin', t.xmin::text) AS line"
_SAID = "SELECT to_jsonb(t) - 'tenant_id' AS line"
# A buyer's hash is keyed by the tenant, and the digest of the row is of it: the first of the
# buyer's orders stands for it.
_SAID_OF_ORDERS = """
    SELECT to_jsonb(t) - '{tenant_id,buyer,content}'::text[] || jsonb_build_object(
        'buyer', CASE WHEN buyer IS NOT NULL THEN min(id) OVER (PARTITION BY buyer) END) AS line
"""


async def written(connection: asyncpg.Connection, tenant: int) -> dict[str, tuple[int, str]]:
    """Of each table how many rows the tenant has, and a digest that any write changes."""
    return {table: await _digest(connection, table, tenant, _WRITTEN) for table in TABLES}


async def said(connection: asyncpg.Connection, tenant: int) -> dict[str, tuple[int, str]]:
    """The same with a digest that is equal for every tenant who was told the same."""
    return {
        table: await _digest(
            connection, table, tenant, _SAID_OF_ORDERS if table == "order_facts" else _SAID
        )
        for table in TABLES
    }


async def _digest(
    connection: asyncpg.Connection, table: str, tenant: int, line: str
) -> tuple[int, str]:
    row = await connection.fetchrow(
        f"""
        SELECT count(*), coalesce(md5(string_agg(digest, '' ORDER BY digest)), '')
        FROM (
            SELECT md5(line::text) AS digest
            FROM ({line} FROM {table} AS t WHERE tenant_id = $1) AS lines
        ) AS digests
        """,  # noqa: S608 - our own constants
        tenant,
    )
    assert row is not None
    return row[0], row[1]
