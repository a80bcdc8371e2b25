"""Facts in through the door: orders posted over loopback, beside COPY of what is stored of them."""

import gzip
from collections.abc import Awaitable, Callable, Sequence

import asyncpg

from bench import limits
from bench.figures import Figure, Options, Way, measure
from bench.grounds import Company, Ground, lay, make_company
from bench.loads import post
from bench.orders import as_ndjson, make_rows, shuffled
from bench.servers import servers
from bench.timing import rate_of
from services.local.database import Server
from services.schema.words import Role

SHOPS, EMPLOYEES = 12, 60
BODY_ROWS = 100_000
GOAL = 0.3


async def run(server: Server, options: Options) -> list[Figure]:
    with lay(server) as ground:
        async with ground.connection() as connection, servers(ground.folder) as tree:
            company = await make_company(connection, shops=SHOPS, employees=EMPLOYEES)
            port = await tree.start("services.ingest", environment=_environment(ground))
            return [await _measure(connection, company, port, options)]


async def _measure(
    connection: asyncpg.Connection, company: Company, port: int, options: Options
) -> Figure:
    rows = make_rows(company, options.rows, seed=1)
    plain = _bodies(rows)
    packed = [gzip.compress(body, compresslevel=6) for body in plain]
    mixed = _bodies(shuffled(rows, seed=2))
    headers = {
        "Authorization": f"Bearer {company.keys[Role.ERP]}",
        "Content-Type": "application/x-ndjson",
    }
    zipped = {**headers, "Content-Encoding": "gzip"}
    post_plain = _post(connection, port, plain, headers, len(rows))
    await post_plain()
    await limits.make_keyed_copy(connection, "order_facts")
    stored_rows = await limits.csv_of(connection, "order_facts")
    stored = await connection.fetchval("SELECT count(*) FROM order_facts")

    async def copy() -> float:
        return await limits.copy_rate(connection, stored_rows, stored)

    size = len(plain[0]) // min(BODY_ROWS, len(rows))
    return await measure(
        "facts_in",
        f"{len(rows):,} orders of {size} bytes, 10 % again, in bodies of {BODY_ROWS:,}",
        "orders",
        limit=Way("COPY into the keyed table", copy),
        ways=[
            Way("posted as NDJSON", post_plain, goal=GOAL),
            Way(
                "posted as NDJSON, gzip",
                _post(connection, port, packed, zipped, len(rows)),
                goal=GOAL,
            ),
            Way(
                "the same, a month's rows shuffled",
                _post(connection, port, mixed, headers, len(rows)),
            ),
        ],
        rounds=options.rounds,
    )


def _bodies(rows: Sequence[bytes]) -> list[bytes]:
    return [as_ndjson(rows[start : start + BODY_ROWS]) for start in range(0, len(rows), BODY_ROWS)]


def _post(
    connection: asyncpg.Connection,
    port: int,
    bodies: Sequence[bytes],
    headers: dict[str, str],
    count: int,
) -> Callable[[], Awaitable[float]]:
    async def post_all() -> None:
        for body in bodies:
            await post(port, "/v1/facts/orders", body, headers)

    async def emptied_and_posted() -> float:
        await limits.empty_facts(connection)
        return await rate_of(count, post_all)

    return emptied_and_posted


def _environment(ground: Ground) -> dict[str, str]:
    return {
        "KAOHE_DSN": ground.dsn("kaohe_ingest"),
        "KAOHE_BUYER_KEY": "0" * 64,
        "KAOHE_LOG_LEVEL": "WARNING",
    }
