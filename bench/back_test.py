"""Back-tests: a draft over a month of ten thousand people, and what others wait meanwhile."""

import json
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from http import HTTPStatus

import asyncpg
import httpx

from bench.appraisals import POSITION, scheme_document, settings_of
from bench.figures import Figure, Options, Way, measure
from bench.grounds import Company, Ground, lay, make_company
from bench.histories import lay_history
from services.api.app import create_app
from services.api.core.scorecards import score
from services.api.flows.back_test_runs import ScoreAll, run_back_test
from services.door.logs import configure_logs
from services.local.database import Server
from services.schema.db import Database
from services.schema.shapes.back_tests import BackTest
from services.schema.shapes.cycles import Population
from services.schema.shapes.scorecards import Adjustment, Score, SegmentInput
from services.schema.words import Role

PEOPLE = 10_000
SHOPS = 20
MONTH = "2026-03"
START = date(2026, 3, 1)
ALONE_SECONDS = 3
_LIMIT = """
    SELECT employee, sum(paid_amount), sum(cost_amount), sum(paid_orders), sum(units_sold)
    FROM order_measures
    WHERE tenant_id = $1 AND day >= '2026-03-01' AND day < '2026-04-01'
    GROUP BY employee
"""


async def run(server: Server, options: Options) -> list[Figure]:
    configure_logs("WARNING")
    with lay(server) as ground:
        async with ground.connection() as connection:
            company = await make_company(connection, shops=SHOPS, employees=PEOPLE)
            await lay_history(connection, company, options.rows, start=START, days=31)
            cards = await _cards(ground, connection, company, options)
        return [cards, await _beside(ground, company, options)]


async def _cards(
    ground: Ground, connection: asyncpg.Connection, company: Company, options: Options
) -> Figure:
    database = Database(ground.dsn("kaohe_api"), application="bench")
    try:
        whole = await _try(database, company, None)
        assert whole == await _try(database, company, _by_core), "twin and core agree on it all"
        return await measure(
            "back_test",
            f"a draft of five items tried on a month of {PEOPLE:,} people",
            "cards",
            limit=Way("SQL over the daily measures", _ask(connection, company)),
            ways=[
                Way("the back-test", _timed(database, company, None)),
                Way("the same, scored by the core", _timed(database, company, _by_core)),
            ],
            rounds=options.rounds,
        )
    finally:
        await database.close()


async def _beside(ground: Ground, company: Company, options: Options) -> Figure:
    """Its own job asked for by one client again and again, until it is done."""
    app = create_app(settings_of(ground))
    key = {"Authorization": f"Bearer {company.keys[Role.HR]}"}
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://bench", headers=key) as client,
    ):
        draft = json.loads(scheme_document())
        assert (await client.put("/v1/schemes/bench", json=draft)).is_success
        body = {"periods": [MONTH], "population": {"position": POSITION}}

        async def alone() -> float:
            end = time.perf_counter() + ALONE_SECONDS
            return await _gets(client, "/v1/target-calendar", lambda _: time.perf_counter() > end)

        async def beside() -> float:
            asked = await client.post("/v1/schemes/bench/back-test", json=body)
            assert asked.status_code == HTTPStatus.ACCEPTED, asked.text
            path = asked.headers["location"]
            rate = await _gets(client, path, lambda job: job["status"] != "running")
            assert (await client.get(path)).json()["status"] == "done"
            return rate

        return await measure(
            "back_test_beside",
            "small things asked for while a back-test runs in the process beside",
            "requests",
            limit=Way("alone", alone),
            ways=[Way("while a back-test runs", beside)],
            rounds=options.rounds,
        )


async def _gets(
    client: httpx.AsyncClient, path: str, is_enough: Callable[[dict[str, object]], bool]
) -> float:
    began, count = time.perf_counter(), 0
    while True:
        answer = await client.get(path)
        assert answer.is_success, answer.text
        count += 1
        if is_enough(answer.json()):
            return count / (time.perf_counter() - began)


async def _try(
    database: Database, company: Company, score_all: ScoreAll | None
) -> dict[str, object]:
    asked = BackTest(
        "job_bench", "bench", scheme_document(), (MONTH,), Population(position=POSITION), 0
    )
    async with database.read(company.tenant) as session:
        found = await run_back_test(
            session, asked, _unheard, at=datetime.now(UTC), score_all=score_all
        )
    figures = found["all"]
    assert isinstance(figures, dict)
    assert figures["complete"] == PEOPLE, figures["complete"]
    return found


def _timed(
    database: Database, company: Company, score_all: ScoreAll | None
) -> Callable[[], Awaitable[float]]:
    async def timed() -> float:
        began = time.perf_counter()
        await _try(database, company, score_all)
        return PEOPLE / (time.perf_counter() - began)

    return timed


def _ask(connection: asyncpg.Connection, company: Company) -> Callable[[], Awaitable[float]]:
    async def ask() -> float:
        began = time.perf_counter()
        rows = await connection.fetch(_LIMIT, company.tenant)
        assert len(rows) == PEOPLE
        return PEOPLE / (time.perf_counter() - began)

    return ask


def _by_core(
    cards: Sequence[Sequence[SegmentInput]], adjustments: Sequence[Sequence[Adjustment]]
) -> list[Score]:
    return [score(each, stated) for each, stated in zip(cards, adjustments, strict=True)]


async def _unheard(_: Decimal) -> None:
    """Nobody follows."""
