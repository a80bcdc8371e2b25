"""Routes that read live scores: what was written before a request is settled before it reads."""

from typing import Protocol

from fastapi import APIRouter, Request, Response

from services.api.store.live import is_pending
from services.door.callers import claim_of
from services.door.requests import StrictRequest
from services.door.routes import Handler, TransactionRoute, router_of
from services.schema.db import Database


class Settles(Protocol):
    """Who brings a tenant's live scorecards up to what was written; the app has one."""

    async def settle(self, tenant: int) -> None: ...


class SettledRoute(TransactionRoute):
    """A transaction whose snapshot holds no pending marks, or is taken after a wait for them."""

    async def serve(self, request: StrictRequest, handler: Handler) -> Response:
        if request.method in {"GET", "HEAD"}:
            tenant = claim_of(request).tenant
            database: Database = request.app.state.database
            await request.body()
            async with database.read(tenant) as session:
                # Nobody's work is begun for a caller who may not read.
                await self._admit(request, session)
                if not await is_pending(session):
                    return await self._answer(request, session, handler)
            await _wait_for(request, tenant)
        return await super().serve(request, handler)


async def settle_pending(request: Request, tenant: int) -> None:
    """The same for a page that somebody may read without a key."""
    database: Database = request.app.state.database
    async with database.read(tenant) as session:
        pending = await is_pending(session)
    if pending:
        await _wait_for(request, tenant)


async def _wait_for(request: Request, tenant: int) -> None:
    live: Settles = request.app.state.live
    await live.settle(tenant)


def new_settled_router() -> APIRouter:
    """A router whose routes read live scores."""
    return router_of(SettledRoute)
