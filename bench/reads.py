"""Reads: one scorecard, the same unchanged, and a page of fifty, each beside a bare constant."""

import json
from collections.abc import Awaitable, Callable
from datetime import date
from http.client import HTTPConnection

from bench.appraisals import CYCLE, environment_of, open_cycle
from bench.figures import Figure, Options, Way, measure
from bench.grounds import Company, Ground, lay, make_company
from bench.histories import lay_history
from bench.loads import gets_per_second
from bench.servers import Tree, servers
from services.local.database import Server
from services.schema.words import Role

EMPLOYEES = 200
SHOPS = 10
CARDS, PAGES = 1500, 150
"""Requests of one turn."""
PAGE = f"/v1/scorecards?cycle={CYCLE}&limit=50"


async def run(server: Server, options: Options) -> list[Figure]:
    with lay(server) as ground:
        async with ground.connection() as connection:
            company = await make_company(connection, shops=SHOPS, employees=EMPLOYEES)
            await lay_history(
                connection, company, options.rows // 5, start=date(2026, 3, 1), days=31
            )
        await open_cycle(ground, company)
        async with servers(ground.folder) as tree:
            return await _measure(ground, company, tree, options)


async def _measure(ground: Ground, company: Company, tree: Tree, options: Options) -> list[Figure]:
    environment = {f"KAOHE_{name.upper()}": text for name, text in environment_of(ground).items()}
    port = await tree.start("services.api", environment=environment)
    key = company.keys[Role.HR]
    page, _ = _get(port, PAGE, key)
    card = f"/v1/scorecards/{json.loads(page)['items'][0]['id']}"
    document, etag = _get(port, card, key)
    small = await tree.start_constant(len(document))
    large = await tree.start_constant(len(page))

    def gets(
        at: int, path: str, count: int, etag: str | None = None
    ) -> Callable[[], Awaitable[float]]:
        status = 200 if etag is None else 304
        return lambda: gets_per_second(at, path, key=key, count=count, status=status, etag=etag)

    return [
        await measure(
            "reads_card",
            f"one scorecard of {len(document):,} bytes, 32 connections, one worker",
            "requests",
            limit=Way("a bare constant", gets(small, "/", CARDS * 5)),
            ways=[
                Way("the card", gets(port, card, CARDS), goal=0.4),
                Way("the card, unchanged: 304", gets(port, card, CARDS, etag)),
            ],
            rounds=options.rounds,
        ),
        await measure(
            "reads_page",
            f"a page of fifty scorecards of {len(page):,} bytes",
            "requests",
            limit=Way("a bare constant", gets(large, "/", PAGES * 10)),
            ways=[Way("the page", gets(port, PAGE, PAGES), goal=0.1)],
            rounds=options.rounds,
        ),
    ]


def _get(port: int, path: str, key: str) -> tuple[bytes, str]:
    """A body and its entity tag."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, body[:2000]
    connection.close()
    return body, answer.headers.get("etag", "")
