"""A company whose shops are pulled: the sandbox on loopback, a tenant, a clock to turn."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import text

from sandbox import truth
from sandbox.app import make_app
from sandbox.doors import credentials
from sandbox.lives import midnight
from sandbox.shops import SHOP_OF
from services.door.sealing import Keyring
from services.ingest.flows.accounts import permit_all, put_account
from services.ingest.flows.buyers import BuyerKeys
from services.ingest.sources.accounts import read_accounts
from services.ingest.workers.desks import Desks
from services.ingest.workers.pulling import Show, Step
from services.ingest.workers.schedule import Schedule, show_nothing
from services.schema.db import Database
from services.schema.shapes.accounts import AccountField, AccountTerms, StatedAccount
from services.schema.shapes.people import Caller
from services.schema.words import Role
from tests.databases import TestDatabase

BUYER_KEY = b"k" * 32
MASTER_KEY = b"m" * 32
BUYER_KEYS = BuyerKeys(Keyring(lambda: [MASTER_KEY, BUYER_KEY]), BUYER_KEY)
FIRST = date(2026, 11, 12)
NOW = midnight(date(2026, 11, 22)) + timedelta(hours=12)


@dataclass
class Clock:
    """A clock that only tests move, unless they let it run."""

    now: datetime = NOW
    begun: float | None = None

    def __call__(self) -> datetime:
        if self.begun is None:
            return self.now
        return self.now + timedelta(seconds=time.monotonic() - self.begun)

    def runs(self) -> None:
        self.begun = time.monotonic()

    def stands(self) -> None:
        self.now, self.begun = self(), None

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class World:
    """One tenant, some of its shops, and the marketplace that they sell on."""

    database: Database
    tenant: int
    code: str
    gateway: Any
    """Of the marketplace that they sell on."""
    clock: Clock
    accounts: Path
    shops: Sequence[str]
    dsn: str
    """Of the owner, who may do anything."""
    steps: list[Step] = field(default_factory=list)
    desks: list[Desks] = field(default_factory=list)
    ring: Keyring = field(default_factory=lambda: Keyring(lambda: [MASTER_KEY]))

    def schedule(self, *, show: Show = show_nothing) -> Schedule:
        """A worker of its own."""
        desks = Desks(self.database, self.accounts, BUYER_KEYS, self.clock, ring=self.ring)
        self.desks.append(desks)
        return Schedule(self.database, desks, now=self.clock, show=show)

    async def pull(self) -> list[str]:
        return await self.schedule(show=self.steps.append).pull_once()

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        async with self.database.read(self.tenant) as session:
            return list(await session.execute(text(statement), values))

    async def write(self, statement: str, **values: Any) -> None:
        async with self.database.write(self.tenant) as session:
            await session.execute(text(statement), values)

    async def feeds(self) -> dict[str, Any]:
        """The feeds by kind, as they are kept."""
        return {row.kind: row for row in await self.rows("SELECT * FROM feeds")}

    async def books(self, shop: str) -> dict[tuple[date, str, str], truth.Sums]:
        """What our measures hold, in the form of the truth."""
        found: dict[tuple[date, str, str], truth.Sums] = {}
        for row in await self.rows(
            "SELECT day, employee, campaign, paid_orders, paid_amount, cost_amount,"
            " discount_amount, units_sold FROM order_measures"
            " WHERE shop = :shop AND paid_orders > 0",
            shop=shop,
        ):
            sums = found.setdefault((row.day, row.employee, row.campaign), truth.Sums())
            # A day may have several channels, which the truth does not tell apart.
            sums.orders += row.paid_orders
            sums.paid_amount += row.paid_amount
            sums.cost_amount += row.cost_amount
            sums.discount_amount += row.discount_amount
            sums.units += row.units_sold
        for row in await self.rows(
            "SELECT day, employee, campaign, refunds, refund_amount FROM refund_measures"
            " WHERE shop = :shop AND records > 0",
            shop=shop,
        ):
            sums = found.setdefault((row.day, row.employee, row.campaign), truth.Sums())
            sums.refunds += row.refunds
            sums.refund_amount += row.refund_amount
        return found

    async def check_sums(self, *, refunds: bool = True) -> int:
        """Measures equal the marketplace's own books, to the cent; how many orders that is of."""
        orders = 0
        for shop in self.shops:
            expected = truth.books(SHOP_OF[shop], self.gateway.books.first, self.clock.now)
            if not refunds:
                expected = _without_refunds(expected)
            ours = await self.books(shop)
            assert {key: _plain(sums) for key, sums in ours.items()} == {
                key: _plain(sums) for key, sums in expected.items()
            }
            orders += sum(sums.orders for sums in expected.values())
        return orders

    async def check(self) -> int:
        """Facts and measures equal the marketplace's own books, to the cent and to the order;
        how many orders these are.
        """
        await self.check_sums()
        orders = 0
        for shop in self.shops:
            place, first = SHOP_OF[shop], self.gateway.books.first
            statuses = await self.rows(
                "SELECT status, count(*) AS n FROM order_facts WHERE shop = :shop GROUP BY 1",
                shop=shop,
            )
            stands = truth.statuses(place, first, self.clock.now)
            assert {row.status: row.n for row in statuses} == dict(stands)
            orders += sum(stands.values())
            ratings = await self.rows(
                "SELECT score::int AS score, count(*) AS n FROM rating_facts"
                " WHERE shop = :shop GROUP BY 1",
                shop=shop,
            )
            words = {5: "good", 3: "neutral", 1: "bad"}
            given = truth.ratings(place, first, self.clock.now)
            assert {words[row.score]: row.n for row in ratings} == dict(given)
        return orders


def _without_refunds(
    books: dict[tuple[date, str, str], truth.Sums],
) -> dict[tuple[date, str, str], truth.Sums]:
    for sums in books.values():
        sums.refunds, sums.refund_amount = 0, Decimal(0)
    return {key: sums for key, sums in books.items() if sums.orders}


def _plain(sums: truth.Sums) -> list[str]:
    """Sums as text: `10.0` and `10` are one."""
    values = [getattr(sums, name) for name in truth.Sums.__slots__]
    return [f"{Decimal(value).normalize():f}" for value in values]


@contextmanager
def sandbox_on_loopback(
    clock: Clock, first: date, gateway: str = "taobao"
) -> Iterator[tuple[Any, str]]:
    """The sandbox served on a free port by a thread; one of its gateways, and its address."""
    with sandboxes_on_loopback(clock, first) as (gateways, address):
        yield gateways[gateway], address


@contextmanager
def sandboxes_on_loopback(clock: Clock, first: date) -> Iterator[tuple[dict[str, Any], str]]:
    """All its gateways, by the marketplace that each pretends to be."""
    app = make_app(clock, first=first)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", access_log=False))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield app.state.gateways, f"http://127.0.0.1:{port}"
    finally:
        # It ends within two tenths of a second, for which nobody has to wait.
        server.should_exit = True


async def make_tenant(database: TestDatabase, code: str, shops: Sequence[str]) -> int:
    """A tenant with some of the made-up company's shops."""
    owner = Database(database.dsn("kaohe"), application="test", pool_size=1)
    async with owner.write(0) as session:
        tenant = await session.scalar(
            text("INSERT INTO tenants (code, created_at) VALUES (:code, now()) RETURNING id"),
            {"code": code},
        )
    async with owner.write(tenant) as session:
        await session.execute(
            text(
                "INSERT INTO tenant_settings"
                " VALUES (:tenant, '青禾', 'CNY', 'Asia/Shanghai', 'monday', '01-01')"
            ),
            {"tenant": tenant},
        )
        await session.execute_many(
            text(
                "INSERT INTO shops (tenant_id, code, name, marketplace, timezone, currency, kind,"
                " version) VALUES (:tenant, :code, :code, :marketplace, 'Asia/Shanghai', :currency,"
                " 'online', 1)"
            ),
            [
                {
                    "tenant": tenant,
                    "code": shop,
                    "marketplace": SHOP_OF[shop].marketplace,
                    "currency": SHOP_OF[shop].currency,
                }
                for shop in shops
            ],
        )
    await owner.close()
    return int(tenant)


def write_accounts(
    path: Path, code: str, address: str, shops: Sequence[str], since: date, **changes: object
) -> None:
    """The accounts file of some shops, each changed alike."""
    document = credentials(code, address, since)
    listed = document["shops"]
    assert isinstance(listed, list)
    document["shops"] = [
        {**shop, "since": since.isoformat(), **changes} for shop in listed if shop["shop"] in shops
    ]
    path.write_text(json.dumps(document), encoding="utf-8")


async def seal_accounts(world: World) -> None:
    """Put what the accounts file says into the database, and take it out of the file."""
    stated = read_accounts(world.accounts)
    caller = Caller(world.tenant, Role.ADMIN, None, "key:test")
    for account in stated.accounts:
        credential = account.credential
        terms = AccountTerms(
            account.shop,
            credential.gateway,
            account.since,
            credential.also,
            account.calls_per_second,
            world.clock.now,
        )
        secrets = {
            AccountField.APP_KEY: credential.app_key,
            AccountField.SECRET: credential.secret,
            AccountField.SESSION: credential.session,
            AccountField.REFRESH: credential.refresh,
        }
        async with world.database.write(world.tenant) as session:
            await put_account(
                session,
                world.ring,
                StatedAccount(terms, secrets),
                sandbox=stated.sandbox,
                permit=permit_all,
                caller=caller,
                at=world.clock.now,
            )
    document = json.loads(world.accounts.read_text())
    world.accounts.write_text(json.dumps({**document, "shops": []}))
