"""Landing: checked rows into facts and measures, without the door, beside COPY of the same rows."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import UTC, datetime
from unittest.mock import patch

import asyncpg

from bench import limits
from bench.figures import Figure, Options, Way, measure
from bench.grounds import Company, lay, make_company
from bench.orders import as_ndjson, make_rows
from bench.timing import rate_of
from services.ingest.core.bodies import BodyForm, Posted, read_rows
from services.ingest.core.buyers import sealer
from services.ingest.flows.landing import Batch, Chunk, Landing
from services.ingest.store import landing as store
from services.local.database import Server
from services.schema.db import Database, WriteSession
from services.schema.ids import IdKind, new_id
from services.schema.words import FactKind

SHOPS, EMPLOYEES = 12, 60
BUYER_KEY = b"0" * 32


async def run(server: Server, options: Options) -> list[Figure]:
    with lay(server) as ground:
        database = Database(ground.dsn("kaohe_ingest"), application="bench")
        try:
            async with ground.connection() as connection:
                company = await make_company(connection, shops=SHOPS, employees=EMPLOYEES)
                chunks = await read_chunks(
                    database, company, make_rows(company, options.rows, seed=1)
                )
                return await _measure(database, connection, company, chunks, options)
        finally:
            await database.close()


async def _measure(
    database: Database,
    connection: asyncpg.Connection,
    company: Company,
    chunks: list[Chunk],
    options: Options,
) -> list[Figure]:
    with_measures = _land(database, connection, company, chunks, options.rows)
    await with_measures()
    await limits.make_keyed_copy(connection, "order_facts")
    rows = await limits.csv_of(connection, "order_facts")
    stored = await connection.fetchval("SELECT count(*) FROM order_facts")

    async def copy() -> float:
        return await limits.copy_rate(connection, rows, stored)

    async def without_measures() -> float:
        async def leave_out(_session: WriteSession, _kind: FactKind) -> None: ...

        with patch.object(store, "_add_up", leave_out):
            return await with_measures()

    alone = Way("staged, judged and stored alone", without_measures)
    landing = await measure(
        "landing",
        f"{options.rows:,} orders, 10 % again, a fifth of those too late; one connection",
        "orders",
        limit=Way("COPY into the keyed table", copy),
        ways=[alone, Way("with measures and marks", with_measures)],
        rounds=options.rounds,
    )
    roll_up = await measure(
        "roll_up",
        "what the measures cost in the same transaction",
        "orders",
        limit=alone,
        ways=[Way("with measures and marks", with_measures, goal=0.62)],
        rounds=options.rounds,
    )
    return [landing, roll_up]


async def read_chunks(database: Database, company: Company, rows: Iterable[bytes]) -> list[Chunk]:
    """The rows checked and written as lines, as the door hands them over."""
    posted: Iterator[Posted] = read_rows(FactKind.ORDERS, BodyForm.LINES, [as_ndjson(list(rows))])
    async with database.write(company.tenant) as session:
        landing = await _open(session)
    # Reading needs no session, and one that waits so long would be ended.
    chunks = []
    while (chunk := landing.read(posted)) is not None:
        assert not chunk.refused, chunk.refused[0]
        chunks.append(chunk)
    return chunks


def _land(
    database: Database,
    connection: asyncpg.Connection,
    company: Company,
    chunks: list[Chunk],
    count: int,
) -> Callable[[], Awaitable[float]]:
    async def land() -> None:
        async with database.write(company.tenant) as session:
            await land_chunks(session, chunks)

    async def emptied_and_landed() -> float:
        await limits.empty_facts(connection)
        return await rate_of(count, land)

    return emptied_and_landed


async def land_chunks(session: WriteSession, chunks: Iterable[Chunk]) -> None:
    """All that landing does, but for the commit."""
    landing = await _open(session)
    for chunk in chunks:
        await landing.land(chunk)
    await landing.finish()


async def _open(session: WriteSession) -> Landing:
    return await Landing.open(
        session,
        FactKind.ORDERS,
        batch=Batch(new_id(IdKind.BATCH), "bench", datetime.now(UTC)),
        seal=sealer(BUYER_KEY, session.tenant),
        scrub=lambda text: text,
    )
