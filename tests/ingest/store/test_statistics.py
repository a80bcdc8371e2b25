"""Whatever the planner believes of a tenant's rows, none is visited again and again."""

from unittest.mock import patch

import asyncpg
import pytest

from services.ingest.flows import landing
from services.schema.words import FactKind
from tests.databases import TestDatabase
from tests.ingest import rows
from tests.ingest.tenants import Books, open_books, outcomes

ROWS, CHUNK = 1500, 500
CHUNKS = ROWS // CHUNK + 1
FETCHED = (
    "SELECT sum(pg_stat_get_xact_tuples_fetched(c.oid) + pg_stat_get_xact_tuples_returned(c.oid))"
    "::bigint AS rows FROM pg_class AS c WHERE $1 > 0 AND c.relname = ANY ($2)"
)


@pytest.mark.parametrize("believed", ["empty", "full of another tenant"])
async def test_a_tenant_without_statistics_is_read_in_passes_not_row_by_row(
    fresh_database: TestDatabase, believed: str
) -> None:
    owner = await asyncpg.connect(fresh_database.dsn("kaohe"))
    if believed != "empty":
        async with open_books(fresh_database) as other:
            await other.post(FactKind.ORDERS, *map(order, range(2000)))
            await other.post(FactKind.REFUNDS, *map(refund, range(2000)))
            driver = await other.session.driver()
            await driver.execute("COMMIT")
    await owner.execute("VACUUM ANALYZE")
    # A way that looks as good as the key to who believes in no or one row.
    for table in ("order_facts", "refund_facts", "order_measures", "refund_measures"):
        await owner.execute(f"CREATE INDEX tempting_{table} ON {table} (tenant_id)")
    await owner.close()
    with patch.object(landing, "CHUNK_ROWS", CHUNK):
        async with open_books(fresh_database) as books:
            for kind, made in (
                (FactKind.REFUNDS, refund),
                (FactKind.ORDERS, order),
                (FactKind.REFUNDS, refund),
                (FactKind.ORDERS, order),
            ):
                before = await fetched(books)
                tally = await books.post(kind, *map(made, range(ROWS)))
                assert set(outcomes(tally)) <= {"created", "duplicate"}
                # One pass for each chunk and statement at worst; each row for each would be
                # hundreds of thousands.
                assert await fetched(books) - before < 20 * ROWS * CHUNKS


async def fetched(books: Books) -> int:
    """Rows of facts that this transaction has visited."""
    (found,) = await books.rows(FETCHED, TABLES)
    return int(found["rows"])


TABLES = [
    "tempting_order_facts",
    "tempting_refund_facts",
    "tempting_order_measures",
    "tempting_refund_measures",
    "order_facts",
    "pk_order_facts",
    "ix_order_facts_buyer",
    "refund_facts",
    "pk_refund_facts",
    "ix_refund_facts_order_id",
    "order_measures",
    "pk_order_measures",
    "refund_measures",
    "pk_refund_measures",
]


def order(number: int) -> rows.Row:
    return rows.full(FactKind.ORDERS, id=f"SO-{number}", salesperson=f"e-{number % 7}")


def refund(number: int) -> rows.Row:
    return rows.full(FactKind.REFUNDS, id=f"R-{number}", order=f"SO-{number}")
