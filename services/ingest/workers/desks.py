"""The shops that this worker can read: each has an account, and a connector."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from services.door.sealing import Keyring
from services.ingest.flows.accounts import NO_KEY
from services.ingest.flows.buyers import BuyerKeys
from services.ingest.flows.connectors import CONNECTORS, Connector
from services.ingest.flows.pulls import PAGE_LIFE, REJECTED_LIFE, Desk
from services.ingest.sources.accounts import Account
from services.ingest.sources.client import Client, Pace
from services.ingest.sources.opening import Opening
from services.ingest.sources.tokens import Tokens, print_of
from services.ingest.store.cursors import ensure_feeds, hurry, read_kinds_of_others
from services.ingest.store.people import read_shops
from services.ingest.workers.accounts import AccountBook
from services.ingest.workers.pairs import SealedPairs
from services.schema.days import local_day, start_of_day
from services.schema.db import Database
from services.schema.shapes.facts import TOLD
from services.schema.shapes.feeds import Origin
from services.schema.shapes.people import Shop
from services.schema.words import FactKind

FINISHES = timedelta(hours=1)

Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class DeskKey:
    """Whose shop."""

    tenant: int
    shop: str


@dataclass(frozen=True, slots=True)
class _Opened:
    """A desk, the account that it was opened with, and what its client is known by."""

    desk: Desk
    account: Account
    client: tuple[object, ...]


class Desks:
    """Desks by shop, opened again when its account changes; one pace for each application's key."""

    def __init__(
        self,
        database: Database,
        file: Path | None,
        buyer_keys: BuyerKeys,
        now: Now,
        *,
        ring: Keyring | None = None,
        sandbox: tuple[str, ...] = (),
        page_life: timedelta = PAGE_LIFE,
        rejected_life: timedelta = REJECTED_LIFE,
    ) -> None:
        """`ring` opens what is sealed in the database: without one the file alone is known."""
        self._database = database
        self._book = AccountBook(database, file, ring, sandbox, now)
        self._buyer_keys = buyer_keys
        self._now = now
        self.page_life = page_life
        self.rejected_life = rejected_life
        self._edition = 0
        self._clients: dict[tuple[object, ...], Client] = {}
        self._retired: list[tuple[datetime, Client]] = []
        self._desks: dict[DeskKey, _Opened] = {}

    def __getitem__(self, key: DeskKey) -> Desk:
        return self._desks[key].desk

    def shops_of(self, tenant: int) -> list[str]:
        return sorted(key.shop for key in self._desks if key.tenant == tenant)

    def tenants(self) -> list[int]:
        return sorted({key.tenant for key in self._desks})

    async def refresh(self) -> None:
        """Read what is new, open desks for shops that have come to be or are reached otherwise."""
        await self._book.refresh()
        accounts, all_anew = self._book.accounts, self._book.edition != self._edition
        self._edition = self._book.edition
        changed = [
            key
            for key, opened in self._desks.items()
            if all_anew or accounts.get((key.tenant, key.shop)) != opened.account
        ]
        for key in changed:
            del self._desks[key]
        closed = [key for key in accounts if DeskKey(*key) not in self._desks]
        for tenant, shop in closed:
            await self._open(tenant, accounts[tenant, shop])
        await self._retire()
        await self._hurry([key for each in closed if (key := DeskKey(*each)) in self._desks])

    async def close(self) -> None:
        """Let go of all connections to marketplaces."""
        for client in [*self._clients.values(), *(client for _, client in self._retired)]:
            await client.close()
        self._clients, self._retired, self._desks = {}, [], {}

    async def _retire(self) -> None:
        """Clients at no desk any more; who reads with one of them may finish for an hour."""
        at, used = self._now(), {opened.client for opened in self._desks.values()}
        for key in [key for key in self._clients if key not in used]:
            self._retired.append((at, self._clients.pop(key)))
        gone = [client for since, client in self._retired if at - since >= FINISHES]
        self._retired = [each for each in self._retired if each[1] not in gone]
        for client in gone:
            await client.close()

    async def _open(self, tenant: int, account: Account) -> None:
        async with self._database.read(tenant) as session:
            shop = (await read_shops(session)).get(account.shop)
        connector = CONNECTORS.get(shop.marketplace) if shop and shop.marketplace else None
        if shop is None or connector is None:
            reason = "there is no such shop" if shop is None else "its marketplace has no connector"
            self._book.tell(f"{account.tenant}/{account.shop}", reason)
            return
        opened = self._desk(tenant, shop, connector, account, await self._pairs(tenant, account))
        source = opened.desk.origin.source
        async with self._database.read(tenant) as session:
            others = await read_kinds_of_others(session, shop=shop.code, source=source)
        streams = opened.desk.source.streams
        # Measures are of many sources: of those that are pulled each row is looked at by itself.
        told = others & TOLD.keys() - {FactKind.MEASURES}
        for kind in sorted(told & streams.keys()):
            place = f"{account.tenant}/{account.shop}: {kind} is not pulled"
            self._book.tell(place, "another source states it already")
        async with self._database.write(tenant) as session:
            await self._buyer_keys.begin(session, at=self._now())
            await ensure_feeds(
                session,
                shop=shop.code,
                source=source,
                streams={kind: stream for kind, stream in streams.items() if kind not in told},
                at=self._now(),
            )
        self._desks[DeskKey(tenant, shop.code)] = opened

    def _desk(
        self,
        tenant: int,
        shop: Shop,
        connector: Connector,
        account: Account,
        pairs: SealedPairs | None,
    ) -> _Opened:
        key, client = self._client(connector.opening, account)
        credential = replace(account.credential, timezone=shop.timezone, pairs=pairs)
        supplement = self._book.supplement
        desk = Desk(
            tenant=tenant,
            timezone=shop.timezone,
            since=account.since,
            source=connector.opening.open(client, credential, now=self._now),
            reader=connector.reader,
            origin=Origin(
                f"{shop.marketplace}:{shop.code}",
                shop.code,
                supplement.articles,
                supplement.people,
            ),
            buyer_keys=self._buyer_keys,
            page_life=self.page_life,
        )
        return _Opened(desk, account, key)

    def _client(self, opening: Opening, account: Account) -> tuple[tuple[object, ...], Client]:
        """Whoever knows an application's secret shares its pace; nobody else can slow it down."""
        credential, sandbox = account.credential, self._book.sandbox
        hosts = opening.hosts(credential)
        calls = account.calls_per_second
        key = (credential.app_key, credential.secret, hosts, calls, sandbox)
        client = self._clients.get(key)
        if client is None:
            client = Client(hosts, Pace(calls), now=self._now, sandbox=sandbox)
            self._clients[key] = client
        return key, client

    async def _pairs(self, tenant: int, account: Account) -> SealedPairs | None:
        """Where a shop's pair is kept; a pair that stood in the clear is sealed first."""
        credential = account.credential
        if not credential.refresh:
            return None
        if self._book.ring is None:
            self._book.tell(f"{account.tenant}/{account.shop}: tokens are not renewed", NO_KEY)
            return None
        consent = Tokens(credential.session, credential.refresh)
        pairs = SealedPairs(
            self._database, self._book.ring, tenant, account.shop, consent, now=self._now
        )
        left = self._book.left_pair(account)
        if left is not None:
            if left.consent == print_of(consent):
                await pairs.take_over(left.tokens)
            self._book.forget_left_pair(account)
        return pairs

    async def _hurry(self, keys: Sequence[DeskKey]) -> None:
        """A start, or another account, may have solved what stopped a feed."""
        for tenant in sorted({key.tenant for key in keys}):
            shops = sorted(key.shop for key in keys if key.tenant == tenant)
            async with self._database.write(tenant) as session:
                await hurry(session, shops=shops, at=self._now())


def start_of_feed(desk: Desk, at: datetime, reach: timedelta) -> datetime:
    """Where a feed begins that has no cursor: its first day, as far as a marketplace remembers."""
    remembered = local_day(at - reach, desk.timezone) + timedelta(days=1)
    return start_of_day(max(desk.since or remembered, remembered), desk.timezone)
