"""What the bare database does without the product's work: COPY into a keyed copy of a table."""

import io
import time

import asyncpg

LIMIT = "limit_orders"


async def make_keyed_copy(connection: asyncpg.Connection, table: str) -> None:
    """An empty table with the columns, keys, indexes and constraints of another."""
    await connection.execute(f"CREATE TABLE {LIMIT} (LIKE {table} INCLUDING ALL)")


async def csv_of(connection: asyncpg.Connection, table: str) -> bytes:
    """All rows of a table, as COPY takes them."""
    rows = io.BytesIO()
    await connection.copy_from_table(table, output=rows, format="csv")
    return rows.getvalue()


async def empty_facts(connection: asyncpg.Connection) -> None:
    """Forget orders and what came of them, so that each turn begins alike."""
    await connection.execute(
        "TRUNCATE order_facts, order_measures, touched_days, batches,"
        " feeds, feed_days, feed_counts, pages"
    )
    await connection.execute("CHECKPOINT")


async def copy_rate(connection: asyncpg.Connection, rows: bytes, count: int) -> float:
    """Rows a second of one COPY, committed, into the emptied copy."""
    await connection.execute(f"TRUNCATE {LIMIT}")
    await connection.execute("CHECKPOINT")
    began = time.perf_counter()
    await connection.copy_to_table(LIMIT, source=io.BytesIO(rows), format="csv")
    return count / (time.perf_counter() - began)
