"""Pulled: each sandbox marketplace's pages into durable, counted facts, beside COPY and beside dlt.

The pages stand on a tape, so that the marketplace's own work is left out; all of ours is in:
signing, reading, a second look at each window, cursors, facts, measures, marks and the kept page.
"""

import asyncio
import gzip
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from bench import limits
from bench.figures import Figure, Options, Way, measure
from bench.grounds import Ground, lay, make_company
from bench.tapes import Tape
from bench.timing import rate_of
from sandbox.app import make_app
from sandbox.doors import DOORS, credentials, door_of
from sandbox.lives import midnight
from sandbox.shops import MARKETPLACE_SHOPS, TIMEZONE, Shop
from services.door.logs import configure_logs
from services.door.sealing import Keyring
from services.ingest.flows.buyers import BuyerKeys
from services.ingest.flows.connectors import CONNECTORS, Connector
from services.ingest.flows.pulls import Desk
from services.ingest.sources.accounts import read_accounts
from services.ingest.sources.client import Client, Pace
from services.ingest.store.cursors import claim_due, ensure_feeds
from services.ingest.workers.pulling import Puller
from services.local.database import Server
from services.schema.db import Database
from services.schema.shapes.feeds import Origin
from services.schema.words import FactKind, Marketplace

TODAY = date(2026, 11, 22)
NOW = midnight(TODAY) + timedelta(hours=12)
DAYS = 6
MOST_ORDERS = 4_000
"""Of one marketplace: its sandbox looks at all of them for each of its answers."""
ADDRESS = "sandbox.bench:8100"
BUYER_KEY = b"0" * 32
_WITH_DLT = Path(__file__).with_name("with_dlt.py")
_PYTHON_OF_DLT = Path(__file__).parents[1] / ".bench" / "bin" / "python"


async def run(server: Server, options: Options) -> list[Figure]:
    configure_logs("WARNING")
    figures = []
    for name in DOORS:
        with lay(server) as ground:
            database = Database(ground.dsn("kaohe_ingest"), application="bench")
            try:
                async with ground.connection() as connection:
                    figures.append(await _measure(name, ground, database, connection, options))
            finally:
                await database.close()
    return figures


@dataclass
class _Clock:
    """Stands, but for what somebody sits out."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


async def _measure(
    name: str,
    ground: Ground,
    database: Database,
    connection: asyncpg.Connection,
    options: Options,
) -> Figure:
    shop = next(each for each in MARKETPLACE_SHOPS if door_of(each) == name)
    company = await make_company(connection, shops=0, employees=0)
    await connection.execute(
        "INSERT INTO shops (tenant_id, code, name, marketplace, timezone, currency, kind, version)"
        " VALUES ($1, $2, $2, $3, $4, $5, 'online', 1)",
        *(company.tenant, shop.code, shop.marketplace, TIMEZONE, shop.currency),
    )
    clock = _Clock()
    pulled = _Pulled(
        database, company.tenant, shop, clock, _tape(name, shop, clock, options.rows), ground.folder
    )
    await pulled.once()
    pulled.tape.rewind()
    stored = await connection.fetchval("SELECT count(*) FROM order_facts")
    rows = await _rows_of_pages(connection, pulled.connector)
    await limits.make_keyed_copy(connection, "order_facts")
    facts = await limits.csv_of(connection, "order_facts")

    async def copy() -> float:
        return await limits.copy_rate(connection, facts, stored)

    async def emptied_and_pulled() -> float:
        await limits.empty_facts(connection)
        rate = await rate_of(stored, pulled.once)
        assert await connection.fetchval("SELECT count(*) FROM order_facts") == stored
        pulled.tape.rewind()
        return rate

    return await measure(
        f"pulled_{name}",
        f"{stored:,} orders in {len(pulled.tape.said):,} answers of"
        f" {pulled.tape.size // len(pulled.tape.said):,} bytes",
        "orders",
        limit=Way("COPY into the keyed table", copy),
        ways=[Way("pulled", emptied_and_pulled), *_beside(ground, rows)],
        rounds=options.rounds,
    )


def _tape(name: str, shop: Shop, clock: _Clock, orders: int) -> Tape:
    app = make_app(clock, first=TODAY - timedelta(days=DAYS))
    busier = min(orders, MOST_ORDERS) // (DAYS * int(shop.orders))
    app.state.gateways[name].books.busier = max(1, busier)
    return Tape(httpx.ASGITransport(app))


@dataclass
class _Pulled:
    """The orders of one shop, read from the first day to now."""

    database: Database
    tenant: int
    shop: Shop
    clock: _Clock
    tape: Tape
    folder: Path

    @property
    def connector(self) -> Connector:
        assert self.shop.marketplace is not None
        return CONNECTORS[Marketplace(self.shop.marketplace)]

    async def once(self) -> None:
        self.clock.now = NOW
        desk = self._desk()
        streams = {FactKind.ORDERS: desk.source.streams[FactKind.ORDERS]}
        async with self.database.write(self.tenant) as session:
            await desk.buyer_keys.begin(session, at=NOW)
            await ensure_feeds(
                session,
                shop=self.shop.code,
                source=desk.origin.source,
                streams=streams,
                at=NOW,
            )
            until = NOW + timedelta(hours=1)
            lease = await claim_due(session, shops=[self.shop.code], at=NOW, until=until)
        assert lease is not None
        stopping = asyncio.Event()
        puller = Puller(self.database, desk, lease, now=self.clock, show=_ignore, stopping=stopping)
        problem = await puller.pull()
        assert problem is None, problem

    def _desk(self) -> Desk:
        file = self.folder / "marketplaces.json"
        document = credentials("bench", f"http://{ADDRESS}", TODAY)
        file.write_text(json.dumps(document), encoding="utf-8")
        accounts = read_accounts(file)
        account = next(each for each in accounts.accounts if each.shop == self.shop.code)
        pace = Pace(1_000_000, sleep=self.clock.sleep)
        client = Client([], pace, now=self.clock, sandbox=[ADDRESS], transport=self.tape)
        credential = replace(account.credential, timezone=TIMEZONE)
        supplement = accounts.supplement
        source = f"{self.shop.marketplace}:{self.shop.code}"
        return Desk(
            tenant=self.tenant,
            timezone=TIMEZONE,
            since=TODAY - timedelta(days=DAYS),
            source=self.connector.opening.open(client, credential, now=self.clock),
            reader=self.connector.reader,
            origin=Origin(source, self.shop.code, supplement.articles, supplement.people),
            buyer_keys=BuyerKeys(Keyring(lambda: [BUYER_KEY]), BUYER_KEY),
        )


async def _rows_of_pages(
    connection: asyncpg.Connection, connector: Connector
) -> list[dict[str, Any]]:
    """The marketplace's rows as they came, each with the number that it is known by."""
    kept = await connection.fetch("SELECT body FROM pages")
    return [
        {"number": connector.reader.number_of(FactKind.ORDERS, row), **row}
        for page in kept
        for row in json.loads(gzip.decompress(page["body"]))
    ]


def _beside(ground: Ground, rows: list[dict[str, Any]]) -> list[Way]:
    """The same rows by dlt, where `make bench` has set it up."""
    if not _PYTHON_OF_DLT.exists():
        print("dlt is not set up: `make bench` does it.", file=sys.stderr)
        return []
    file = ground.folder / "rows.ndjson"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return [Way("dlt, merged by key", _load(ground, file, len(rows)))]


def _load(ground: Ground, file: Path, count: int) -> Callable[[], Awaitable[float]]:
    async def load() -> float:
        loading = await asyncio.create_subprocess_exec(
            _PYTHON_OF_DLT,
            _WITH_DLT,
            file,
            ground.dsn(),
            str(ground.folder / "dlt"),
            stdout=asyncio.subprocess.PIPE,
        )
        told, _ = await loading.communicate()
        assert loading.returncode == 0
        return count / float(told.split()[-1])

    return load


def _ignore(_: object) -> None: ...
