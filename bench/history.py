"""History: what a new order costs in a table that already holds ten thousand to five million."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from datetime import timedelta

from bench.figures import Figure, Options, Way, measure
from bench.grounds import Ground, lay, make_company
from bench.histories import lay_history
from bench.landing import EMPLOYEES, SHOPS, land_chunks, read_chunks
from bench.orders import FIRST, make_rows
from bench.timing import rate_of
from services.local.database import Server
from services.schema.db import Database

STORED = (10_000, 100_000, 1_000_000, 5_000_000)
NEW = 10_000
DAYS = 700
"""The new orders are of a month near the end of these."""


class _Undone(Exception):
    """Takes back what was landed, so that each turn finds the same history."""


async def run(server: Server, options: Options) -> list[Figure]:
    """All sizes up to fifty times the rows of the other figures."""
    async with AsyncExitStack() as stack:
        ways = []
        for stored in STORED:
            if stored <= 50 * options.rows:
                ground = stack.enter_context(lay(server))
                database = Database(ground.dsn("kaohe_ingest"), application="bench")
                stack.push_async_callback(database.close)
                ways.append(Way(f"{stored:,} stored", await _way(ground, database, stored)))
        figure = await measure(
            "history",
            f"{NEW:,} orders more, 10 % of them again, landed with measures and marks",
            "orders",
            limit=ways[0],
            ways=ways[1:],
            rounds=options.rounds,
        )
        return [figure]


async def _way(ground: Ground, database: Database, stored: int) -> Callable[[], Awaitable[float]]:
    start = FIRST.date() - timedelta(days=DAYS - 60)
    async with ground.connection() as connection:
        company = await make_company(connection, shops=SHOPS, employees=EMPLOYEES)
        await lay_history(connection, company, stored, start=start, days=DAYS)
    chunks = await read_chunks(database, company, make_rows(company, NEW, seed=1))

    async def land() -> None:
        with suppress(_Undone):
            async with database.write(company.tenant) as session:
                await land_chunks(session, chunks)
                raise _Undone

    return lambda: rate_of(NEW, land)
