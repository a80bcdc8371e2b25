"""One shop's pair of tokens in the database, each step of a renewal in a transaction of its own.

The marketplace is asked in no transaction: a turn, which ends by itself, keeps others away.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from services.door.sealing import Keyring
from services.ingest.flows.pairs import (
    find_pair,
    give_turn_back,
    keep_pair,
    take_over_pair,
    take_turn,
)
from services.ingest.sources.client import Sleep
from services.ingest.sources.errors import TryLater
from services.ingest.sources.tokens import Ask, Tokens
from services.schema.db import Database
from services.schema.errors import Unavailable

TURN = timedelta(minutes=10)
ASK_SECONDS = 300
"""Within our turn, so that nobody else asks meanwhile."""
WAITS = 40
WAIT_SECONDS = 0.5
KEEPS = 5


class SealedPairs:
    """Keeps the promise of `sources.tokens.Pairs`."""

    def __init__(
        self,
        database: Database,
        ring: Keyring,
        tenant: int,
        shop: str,
        consent: Tokens,
        *,
        now: Callable[[], datetime],
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._database = database
        self._ring = ring
        self._tenant = tenant
        self._shop = shop
        self._consent = consent
        self._now = now
        self._sleep = sleep
        self._known: Tokens | None = None
        self._unkept: Tokens | None = None

    async def read(self) -> Tokens:
        """The newest pair that is known here; another program's is found when ours has run out."""
        if self._unkept is not None:
            await self._keep(self._unkept)
        if self._known is None:
            async with self._database.read(self._tenant) as session:
                kept = await find_pair(session, self._ring, self._shop, self._consent)
            self._known = kept or self._consent
        return self._known

    async def renew(self, used: str, ask: Ask) -> Tokens:
        """A pair newer than the one used, asked for by us or by another program."""
        for _ in range(WAITS):
            at = self._now()
            async with self._database.write(self._tenant) as session:
                turn = await take_turn(
                    session, self._ring, self._shop, self._consent, used, at=at, until=at + TURN
                )
            if turn.is_ours:
                return await self._ask(turn.pair, ask, until=at + TURN)
            if turn.pair.access != used:
                self._known = turn.pair
                return turn.pair
            await self._sleep(WAIT_SECONDS)
        raise TryLater("another program renews this shop's tokens", seconds=WAITS * WAIT_SECONDS)

    async def take_over(self, pair: Tokens) -> None:
        """Seal a pair that was kept in the clear, unless a newer one is kept already."""
        at = self._now()
        async with self._database.write(self._tenant) as session:
            await take_over_pair(
                session, self._ring, self._shop, self._consent, pair, at=at, until=at + TURN
            )

    async def _ask(self, pair: Tokens, ask: Ask, *, until: datetime) -> Tokens:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                made = await ask(pair.refresh)
        except BaseException as error:
            with suppress(Unavailable):
                async with self._database.write(self._tenant) as session:
                    await give_turn_back(session, self._shop, until=until)
            if isinstance(error, TimeoutError):
                raise TryLater("no new pair of tokens in time") from error
            raise
        # From here on the old pair opens nothing: this one must not be lost.
        self._unkept = made
        await self._keep(made)
        return made

    async def _keep(self, made: Tokens) -> None:
        for attempt in range(1, KEEPS + 1):
            try:
                async with self._database.write(self._tenant) as session:
                    at = self._now()
                    await keep_pair(session, self._ring, self._shop, self._consent, made, at=at)
            except Unavailable:
                # It is held here meanwhile, and kept before it is used.
                if attempt == KEEPS:
                    raise
                await self._sleep(WAIT_SECONDS)
            else:
                self._known, self._unkept = made, None
                return
