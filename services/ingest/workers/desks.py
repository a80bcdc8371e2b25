"""The shops that this worker can read: each has an account in the file, and a connector."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from services.ingest.core.buyers import sealer
from services.ingest.flows.connectors import CONNECTORS, Connector
from services.ingest.flows.pulls import Desk
from services.ingest.sources.accounts import Account, Accounts, read_accounts
from services.ingest.sources.client import Client, Pace
from services.ingest.store.cursors import ensure_feeds, hurry
from services.ingest.store.people import read_shops
from services.ingest.store.tenants import read_tenant_numbers
from services.schema.days import local_day, start_of_day
from services.schema.db import Database
from services.schema.errors import Invalid
from services.schema.shapes.feeds import Origin
from services.schema.shapes.people import Shop

_log = structlog.get_logger("kaohe.pull")

Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class DeskKey:
    """Whose shop."""

    tenant: int
    shop: str


class Desks:
    """Desks by shop, opened again when the file changes; one pace for each application's key."""

    def __init__(self, database: Database, file: Path, buyer_key: bytes, now: Now) -> None:
        self._database = database
        self._file = file
        self._buyer_key = buyer_key
        self._now = now
        self._read_at: int | None = None
        self._accounts: Accounts | None = None
        self._clients: dict[tuple[str, tuple[str, ...]], Client] = {}
        self._retired: list[Client] = []
        self._desks: dict[DeskKey, Desk] = {}
        self._missing: set[str] = set()

    def __getitem__(self, key: DeskKey) -> Desk:
        return self._desks[key]

    def shops_of(self, tenant: int) -> list[str]:
        return sorted(key.shop for key in self._desks if key.tenant == tenant)

    def tenants(self) -> list[int]:
        return sorted({key.tenant for key in self._desks})

    async def refresh(self) -> None:
        """Read the file if it is new, open desks for shops that have come to be since."""
        changed = self._read_file()
        if self._accounts is None:
            return
        if changed:
            await self._retire()
        opened = {(key.tenant, key.shop) for key in self._desks}
        async with self._database.register() as register:
            numbers = await read_tenant_numbers(register)
        for account in self._accounts.accounts:
            number = numbers.get(account.tenant)
            if number is None:
                self._tell_missing(account, "there is no such tenant")
            elif (number, account.shop) not in opened:
                await self._open(number, account, self._accounts)
        if changed:
            await self._hurry()

    async def close(self) -> None:
        """Let go of all connections to marketplaces."""
        await self._retire()
        await self._retire()

    async def _retire(self) -> None:
        """Open desks anew; who reads at one of the old ones may finish until this is done again."""
        for client in self._retired:
            await client.close()
        self._retired, self._clients, self._desks = list(self._clients.values()), {}, {}

    def _read_file(self) -> bool:
        """Whether the file has changed; a broken one leaves everything as it was."""
        try:
            changed_at = self._file.stat().st_mtime_ns
            if changed_at == self._read_at:
                return False
            self._read_at = changed_at
            self._accounts = read_accounts(self._file)
        except (OSError, Invalid) as error:
            _log.error("accounts.unread", problem=str(error))
            return False
        return True

    async def _open(self, tenant: int, account: Account, accounts: Accounts) -> None:
        async with self._database.read(tenant) as session:
            shop = (await read_shops(session)).get(account.shop)
        connector = CONNECTORS.get(shop.marketplace) if shop and shop.marketplace else None
        if shop is None or connector is None:
            reason = "there is no such shop" if shop is None else "its marketplace has no connector"
            self._tell_missing(account, reason)
            return
        desk = self._desk(tenant, shop, connector, account, accounts)
        async with self._database.write(tenant) as session:
            await ensure_feeds(
                session,
                shop=shop.code,
                source=desk.origin.source,
                streams=desk.source.streams,
                at=self._now(),
            )
        self._desks[DeskKey(tenant, shop.code)] = desk

    def _desk(
        self, tenant: int, shop: Shop, connector: Connector, account: Account, accounts: Accounts
    ) -> Desk:
        hosts = connector.hosts(account.credential)
        key = (account.credential.app_key, hosts)
        client = self._clients.get(key)
        if client is None:
            pace = Pace(account.calls_per_second)
            client = Client(hosts, pace, now=self._now, sandbox=accounts.sandbox)
            self._clients[key] = client
        credential = replace(account.credential, timezone=shop.timezone)
        source = connector.open(client, credential, self._now)
        return Desk(
            tenant=tenant,
            timezone=shop.timezone,
            since=account.since,
            source=source,
            reader=connector.reader,
            origin=Origin(
                f"{shop.marketplace}:{shop.code}",
                shop.code,
                accounts.supplement.articles,
                accounts.supplement.people,
            ),
            seal=sealer(self._buyer_key, tenant),
        )

    def _tell_missing(self, account: Account, reason: str) -> None:
        """Once, and not again each minute."""
        place = f"{account.tenant}/{account.shop}"
        if place not in self._missing:
            self._missing.add(place)
            _log.warning("shop.not_pulled", shop=place, reason=reason)

    async def _hurry(self) -> None:
        """A new file may have solved what stopped a feed."""
        for tenant in self.tenants():
            async with self._database.write(tenant) as session:
                await hurry(session, shops=self.shops_of(tenant), at=self._now())


def start_of_feed(desk: Desk, at: datetime, reach: timedelta) -> datetime:
    """Where a feed begins that has no cursor: its first day, as far as a marketplace remembers."""
    remembered = local_day(at - reach, desk.timezone) + timedelta(days=1)
    return start_of_day(max(desk.since or remembered, remembered), desk.timezone)
