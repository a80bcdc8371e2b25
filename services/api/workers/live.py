"""Live scorecards are kept up: for a reader at once, for everybody in the background."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from services.api.flows.settling import recompute_some, settle_populations, take_marks
from services.api.store.live import CHANNEL, has_due_looks, is_pending, read_oldest_waiting
from services.api.store.tenants import read_tenant_numbers
from services.api.workers.hearing import hear_of_tenants
from services.schema.db import Database
from services.schema.errors import Unavailable
from services.schema.shapes.live import Waiting

PATIENCE_SECONDS = 2
"""How long a reader waits for what was written just before; then what is stored is served."""
SWEEP_SECONDS = 30
"""How often every tenant is looked at, whatever was or was not notified."""
WAITING_LIMIT = timedelta(minutes=15)
"""How long what was accepted may be missing from live cards before readiness turns red."""

_log = structlog.get_logger("kaohe.live")


@dataclass(slots=True)
class _Turns:
    """The passes over one tenant: one at a time, each counted when it starts."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    started: int = 0


class LiveWorker:
    """Settles a tenant's marks: for a reader at once, for everybody in the background."""

    def __init__(self, database: Database, *, waiting_limit: timedelta = WAITING_LIMIT) -> None:
        self._database = database
        self._waiting_limit = waiting_limit
        self._waiting: dict[int, Waiting] = {}
        self._turns: dict[int, _Turns] = defaultdict(_Turns)
        self._passes: set[asyncio.Task[None]] = set()

    async def settle(self, tenant: int) -> None:
        """Wait until all that was written before this call is shown, or patience runs out."""
        one_pass = asyncio.create_task(self._take_turn(tenant, self._turns[tenant].started))
        self._passes.add(one_pass)
        one_pass.add_done_callback(self._passes.discard)
        # A reader who goes away, or waits no longer, leaves the pass to those who still wait.
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(one_pass), PATIENCE_SECONDS)

    async def find_trouble(self) -> str | None:
        """What was accepted too long ago and is on no live card yet, as the last sweep saw it.

        It names the oldest day of facts; whose they are is for the log alone.
        """
        if not self._waiting:
            return None
        tenant, oldest = min(self._waiting.items(), key=lambda each: each[1].since)
        if datetime.now(UTC) - oldest.since <= self._waiting_limit:
            return None
        _log.error("live.waiting", tenant=tenant, since=oldest.since, place=oldest.place)
        what = "A scorecard waits" if oldest.day is None else f"Facts of {oldest.day} wait"
        return f"{what} to be computed since {oldest.since:%Y-%m-%dT%H:%M:%SZ}."

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work in the background for as long as the block lasts."""
        tasks = [
            asyncio.create_task(hear_of_tenants(self._database, CHANNEL, self._settle_now)),
            asyncio.create_task(self._sweep()),
        ]
        try:
            yield
        finally:
            for task in (*tasks, *self._passes):
                task.cancel()
            await asyncio.gather(*tasks, *self._passes, return_exceptions=True)

    async def _take_turn(self, tenant: int, begun: int) -> None:
        """Make sure that a pass has ended which began later than so many had."""
        turns = self._turns[tenant]
        async with turns.lock:
            if turns.started > begun:
                return
            turns.started += 1
            try:
                await self._settle(tenant)
            except Unavailable as error:
                _log.warning("live.busy", tenant=tenant, detail=error.detail)
            except Exception:  # noqa: BLE001  what is stored is served, the mistake is noted
                _log.exception("live.failed", tenant=tenant)

    async def _settle_now(self, tenant: int) -> None:
        await self._take_turn(tenant, self._turns[tenant].started)

    async def _settle(self, tenant: int) -> None:
        at = datetime.now(UTC)
        async with self._database.write(tenant) as session:
            marks = await take_marks(session, at=at)
        async with self._database.write(tenant) as session:
            joined = await settle_populations(session, at=at)
        cards = 0
        while True:
            async with self._database.write(tenant) as session:
                batch = await recompute_some(session, at=at)
            cards += batch
            if not batch:
                break
        if marks or joined or cards:
            _log.info("live.settled", tenant=tenant, marks=marks, joined=joined, cards=cards)

    async def _sweep(self) -> None:
        """Look at every tenant now and then: a notification can be lost, a mark cannot."""
        while True:
            try:
                async with self._database.register() as session:
                    tenants = await read_tenant_numbers(session)
                for tenant in tenants:
                    if await self._sees_pending(tenant):
                        await self._settle_now(tenant)
                        await self._sees_pending(tenant)
            except Unavailable as error:
                _log.warning("live.unswept", detail=error.detail)
            await asyncio.sleep(SWEEP_SECONDS)

    async def _sees_pending(self, tenant: int) -> bool:
        """Whether anything waits; what has waited longest is noted for whoever asks."""
        async with self._database.read(tenant) as session:
            pending = await is_pending(session)
            due = await has_due_looks(session, at=datetime.now(UTC))
            oldest = await read_oldest_waiting(session) if pending else None
        self._waiting.pop(tenant, None)
        if oldest is not None:
            self._waiting[tenant] = oldest
        return pending or due
