"""Live recompute: facts of everybody are touched, and the scorecards made fresh again."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime

import asyncpg

from bench.appraisals import open_cycle
from bench.figures import Figure, Options, Way, measure
from bench.grounds import Company, Ground, lay, make_company
from bench.histories import lay_history
from services.api.flows.settling import recompute_some, settle_populations, take_marks
from services.local.database import Server
from services.schema.db import Database

EMPLOYEES = 1000
SHOPS = 20
FEW = 10
START = date(2026, 3, 1)
# What ingest leaves behind when an order of somebody has changed.
_CHANGE = """
    UPDATE order_measures SET paid_amount = paid_amount + 1
    WHERE tenant_id = $1 AND day = $2 AND employee = ANY($3)
"""
_MARK = """
    INSERT INTO touched_days (tenant_id, day, shop, unit, employee, touched_at)
    SELECT DISTINCT tenant_id, day, shop, '', employee, now() FROM order_measures
    WHERE tenant_id = $1 AND day = $2 AND employee = ANY($3)
    ON CONFLICT DO NOTHING
"""
_LIMIT = """
    UPDATE scorecards SET total = total, document = document, explanation = explanation,
        computed_at = now()
    WHERE tenant_id = $1
"""


async def run(server: Server, options: Options) -> list[Figure]:
    with lay(server) as ground:
        async with ground.connection() as connection:
            company = await make_company(connection, shops=SHOPS, employees=EMPLOYEES)
            await lay_history(connection, company, options.rows // 2, start=START, days=31)
            await open_cycle(ground, company)
            return [await _measure(ground, connection, company, options)]


async def _measure(
    ground: Ground, connection: asyncpg.Connection, company: Company, options: Options
) -> Figure:
    database = Database(ground.dsn("kaohe_api"), application="bench")
    try:
        return await measure(
            "live",
            f"an order touched, its scorecard fresh: cards of {EMPLOYEES:,} people, five items",
            "cards",
            limit=Way("the finished cards written by one UPDATE", _write(connection, company)),
            ways=[
                Way(
                    f"{count:,} of them touched",
                    _recompute(database, connection, company, company.employees[:count]),
                )
                for count in (EMPLOYEES, FEW)
            ],
            rounds=options.rounds,
        )
    finally:
        await database.close()


def _write(connection: asyncpg.Connection, company: Company) -> Callable[[], Awaitable[float]]:
    async def write() -> float:
        began = time.perf_counter()
        await connection.execute(_LIMIT, company.tenant)
        return EMPLOYEES / (time.perf_counter() - began)

    return write


def _recompute(
    database: Database, connection: asyncpg.Connection, company: Company, people: tuple[str, ...]
) -> Callable[[], Awaitable[float]]:
    async def recompute() -> float:
        days = await connection.fetch(
            "SELECT DISTINCT day FROM order_measures WHERE tenant_id = $1 ORDER BY day",
            company.tenant,
        )
        for row in days:
            await connection.execute(_CHANGE, company.tenant, row["day"], list(people))
        await connection.execute(_MARK, company.tenant, days[0]["day"], list(people))
        began = time.perf_counter()
        cards = await _settle(database, company.tenant)
        assert cards == len(people), cards
        return cards / (time.perf_counter() - began)

    return recompute


async def _settle(database: Database, tenant: int) -> int:
    """The three steps of the live worker, each its transaction, until nothing is stale."""
    at = datetime.now(UTC)
    async with database.write(tenant) as session:
        await take_marks(session, at=at)
    async with database.write(tenant) as session:
        await settle_populations(session, at=at)
    cards = 0
    while True:
        async with database.write(tenant) as session:
            batch = await recompute_some(session, at=at)
        if not batch:
            return cards
        cards += batch
