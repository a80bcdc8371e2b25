"""What a resolver is given: caller, view, and a way to open a read session; never one itself."""

from asyncio import Lock
from collections.abc import AsyncIterator
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
from services.schema.db import Database, ReadSession
from services.schema.shapes.people import Caller, Tenant
from services.schema.shapes.views import View


class Settles(Protocol):
    """Who brings a tenant's live scorecards up to what was written; the app has one."""

    async def settle(self, tenant: int) -> None: ...


class GraphContext:
    """One operation of one caller, or one event of a subscription; begun by `renew`."""

    caller: Caller
    at: datetime
    loaders: Loaders
    _view: View | None
    _tenant: Tenant | None
    _settled: bool

    def __init__(self, state: State, claim: Claim) -> None:
        self.signing_key: bytes = state.signing_key
        self.changes: Changes = state.changes
        self._database: Database = state.database
        self._live: Settles = state.live
        self._claim = claim
        self._lock = Lock()
        self._forget()

    async def renew(self) -> None:
        """Begin anew: who asks is checked again, and nothing that was read before is known."""
        self._forget()
        self.at = datetime.now(UTC)
        async with self._database.read(self._claim.tenant) as session:
            self.caller = await check_claim(session, self._claim, at=self.at)
        self.authorize("GRAPHQL /graphql")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        """A reading session of one resolver's own: resolvers run at the same time."""
        async with self._database.read(self.caller.tenant) as session:
            yield session

    async def view(self) -> View:
        """What the caller may see; read once an operation."""
        await self._meet()
        assert self._view is not None
        return self._view

    async def tenant(self) -> Tenant:
        """The tenant's settings; read once an operation."""
        await self._meet()
        assert self._tenant is not None
        return self._tenant

    async def settle(self) -> None:
        """Have live scores show what was written before the operation, or wait a little for it."""
        async with self._lock:
            if self._settled:
                return
            async with self.read() as session:
                pending = await is_pending(session)
            if pending:
                await self._live.settle(self.caller.tenant)
            self._settled = True

    def authorize(self, operation: str) -> None:
        """Refuse what REST would refuse: both doors read the same row of the matrix."""
        authorize(operation, self.caller.role)

    def _forget(self) -> None:
        self.loaders = Loaders(self)
        self._view = None
        self._tenant = None
        self._settled = False

    async def _meet(self) -> None:
        async with self._lock:
            if self._view is None:
                async with self.read() as session:
                    self._tenant = await read_tenant(session)
                    self._view = await view_of(session, self.caller, self.at)


Asked = Info[GraphContext, None]
"""What every resolver may take as `info`."""
