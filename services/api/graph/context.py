"""What a resolver is given: caller, view, and a way to open a read session; never one itself."""

from asyncio import Semaphore, Task, create_task, shield
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Protocol

from starlette.datastructures import State
from strawberry.types import Info

from services.api.auth import view_of
from services.api.graph.changes import Changes
from services.api.graph.loaders import Loaders
from services.api.store.live import is_pending
from services.api.store.people import read_tenant
from services.door.access import authorize
from services.door.callers import Claim, check_claim
from services.door.limits import Limits
from services.door.problems import TooMany
from services.door.signing_keys import SigningKeys
from services.schema.db import Database, ReadSession
from services.schema.shapes.people import Caller, Subject, Tenant
from services.schema.shapes.views import View

OPERATION = "GRAPHQL /graphql"
SESSIONS = 4
"""Of one operation, so that a query of many roots leaves connections to others."""


class Settles(Protocol):
    """Who brings a tenant's live scorecards up to what was written; the app has one."""

    async def settle(self, tenant: int) -> None: ...


class Notes(Protocol):
    """Who puts down what was shown to whom; the app has one."""

    def note(
        self, caller: Caller, shown: Mapping[str, Subject], route: str, *, at: datetime
    ) -> None: ...


class GraphContext:
    """One operation of one caller, or one event of a subscription; begun by `renew`."""

    caller: Caller
    at: datetime
    loaders: Loaders
    # Tasks and no locks: who waits for one goes on together, so that loaders see all keys at once.
    _meeting: Task[tuple[Tenant, View]] | None
    _settling: Task[None] | None

    def __init__(self, state: State, claim: Claim) -> None:
        self.signing_key: bytes = state.signing_key
        self.changes: Changes = state.changes
        self.receipt_keys: SigningKeys = state.receipt_keys
        self._database: Database = state.database
        self._seen: Notes = state.seen
        self._live: Settles = state.live
        self._limits: Limits = state.limits
        self.refusal: TooMany | None = None
        self._claim = claim
        self._turns = Semaphore(SESSIONS)
        self._forget()

    async def renew(self) -> None:
        """Begin anew: who asks is checked again, and nothing that was read before is known."""
        self._forget()
        self.at = datetime.now(UTC)
        async with self._database.read(self._claim.tenant) as session:
            self.caller = await check_claim(session, self._claim, at=self.at)
        self.authorize(OPERATION)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        """A reading session of one resolver's own: resolvers run at the same time.

        Whoever holds one asks for no second one: of an operation only so many are open.
        """
        async with self._turns, self._database.read(self.caller.tenant) as session:
            yield session
        if session.shown:
            self.note_shown(session.shown)

    def note_shown(self, cards: Mapping[str, Subject]) -> None:
        """So that their subjects can ask who was shown their scorecards, by these ids."""
        self._seen.note(self.caller, cards, OPERATION, at=datetime.now(UTC))

    async def view(self) -> View:
        """What the caller may see; read once an operation."""
        return (await self._met())[1]

    async def tenant(self) -> Tenant:
        """The tenant's settings; read once an operation."""
        return (await self._met())[0]

    async def settle(self) -> None:
        """Have live scores show what was written before the operation, or wait a little for it."""
        if self._settling is None:
            self._settling = create_task(self._settle())
        await shield(self._settling)

    def authorize(self, operation: str) -> None:
        """Refuse what REST would refuse: both doors read the same row of the matrix."""
        authorize(operation, self.caller.role)

    def admit(self, cost: int) -> None:
        """Refuse a query that asks for more objects than the caller's role may have by now."""
        try:
            self._limits.admit_query(self.caller, cost)
        except TooMany as refusal:
            self.refusal = refusal
            raise

    def _forget(self) -> None:
        self.loaders = Loaders(self)
        self._meeting = None
        self._settling = None

    async def _met(self) -> tuple[Tenant, View]:
        if self._meeting is None:
            self._meeting = create_task(self._meet())
        return await shield(self._meeting)

    async def _meet(self) -> tuple[Tenant, View]:
        async with self.read() as session:
            return await read_tenant(session), await view_of(session, self.caller, self.at)

    async def _settle(self) -> None:
        async with self.read() as session:
            pending = await is_pending(session)
        if pending:
            await self._live.settle(self.caller.tenant)


Asked = Info[GraphContext, None]
"""What every resolver may take as `info`."""
