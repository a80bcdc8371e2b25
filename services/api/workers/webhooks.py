"""Webhooks are delivered behind the requests, at least once; what is old is forgotten.

A notification at the commit of an event wakes us, and what failed is tried again when it is due; a
sweep finds what a process that is gone has left. One tenant waits for no other, one webhook for no
other, and the database is asked by few at a time.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from random import randint

import structlog

from services.api.core.webhooks import JITTER_PERCENT, Told
from services.api.flows.deliveries import Load, Sent, message_of, settle, take_up
from services.api.receivers import Receivers
from services.api.store.deliveries import (
    CHANNEL,
    drop_deliveries,
    is_any_older,
    read_due_webhooks,
)
from services.api.store.tenants import read_tenant_numbers
from services.api.workers.hearing import hear_of_tenants
from services.door.sealing import Keyring
from services.schema.db import Database
from services.schema.errors import NotFound, Unavailable
from services.schema.shapes.webhooks import Delivery

SWEEP_SECONDS = 30
"""How often every tenant is looked at for what nobody waits for any more."""
MOST_LOADS = 20
"""Loads of this process on their way at once: of that many webhooks, of all tenants."""
MOST_AT_THE_DATABASE = 2
"""So that requests find connections left in the pool."""
FORGOTTEN_AT_ONCE = 1000

_log = structlog.get_logger("kaohe.webhooks")


class WebhookWorker:
    """Sends what is due, and puts down what came of it."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring | None,
        receivers: Receivers,
        *,
        kept: timedelta,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._receivers = receivers
        self._kept = kept
        self._ways = asyncio.Semaphore(MOST_LOADS)
        self._desk = asyncio.Semaphore(MOST_AT_THE_DATABASE)
        self._passes: dict[int, asyncio.Task[None]] = {}
        self._again: set[int] = set()
        self._timers: set[asyncio.TimerHandle] | None = None
        """For what is to be tried again; null while we do not run in the background."""

    async def deliver(self, tenant: int) -> None:
        """Send everything that is due for a tenant now."""
        async with self._desk, self._database.read(tenant) as session:
            due = await read_due_webhooks(session)
        await asyncio.gather(*(self._deliver_to(tenant, webhook) for webhook in due))

    async def forget(self, tenant: int, *, at: datetime) -> int:
        """Drop deliveries of a tenant that have been kept long enough, some at a time."""
        before, gone = at - self._kept, 0
        async with self._desk, self._database.read(tenant) as session:
            left = await is_any_older(session, before)
        while left:
            async with self._desk, self._database.write(tenant) as session:
                dropped = await drop_deliveries(session, before=before, most=FORGOTTEN_AT_ONCE)
            gone, left = gone + dropped, dropped == FORGOTTEN_AT_ONCE
        return gone

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work in the background for as long as the block lasts."""
        self._timers = set()
        tasks = [
            asyncio.create_task(hear_of_tenants(self._database, CHANNEL, self._hear)),
            asyncio.create_task(self._sweep()),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for timer in self._timers:
                timer.cancel()
            self._timers = None
            # What is on its way and not settled is sent again by whoever comes next.
            passes = list(self._passes.values())
            for each in passes:
                each.cancel()
            await asyncio.gather(*passes, return_exceptions=True)

    async def _deliver_to(self, tenant: int, webhook: str) -> None:
        """Batch after batch, until nothing is due or a whole batch has failed: it rests then."""
        going_well = True
        while going_well:
            # Nothing is claimed before it can be sent: a lease is not spent on waiting.
            async with self._ways:
                going_well = await self._deliver_load(tenant, webhook)

    async def _deliver_load(self, tenant: int, webhook: str) -> bool:
        """Whether there was something to send, and any of it was taken."""
        async with self._desk, self._database.write(tenant) as session:
            load = await take_up(session, webhook, self._keyring, at=datetime.now(UTC))
        if load is None:
            return False
        sent = await asyncio.gather(*(self._send(load, each) for each in load.deliveries))
        async with self._desk, self._database.write(tenant) as session:
            wait = await settle(session, webhook, sent)
        if wait is not None:
            self._wake_after(tenant, wait)
        taken = sum(each.told.is_taken for each in sent)
        counts = {"taken": taken, "failed": len(sent) - taken}
        _log.info("webhook.sent", tenant=tenant, webhook=webhook, **counts)
        return taken > 0

    async def _send(self, load: Load, delivery: Delivery) -> Sent:
        at = datetime.now(UTC)
        if load.secrets:
            headers, body = message_of(delivery, load, at=at)
            told = await self._receivers.post(load.url, headers, body)
        else:
            told = Told(None, "the secret cannot be opened", 0)
        jitter = randint(0, JITTER_PERCENT)  # noqa: S311  no secret: it spreads attempts
        return Sent(delivery, at, told, jitter)

    async def _hear(self, tenant: int) -> None:
        self._wake(tenant)

    def _wake(self, tenant: int) -> None:
        """Have a pass over a tenant begun after now; one that is under way is followed by it."""
        self._again.add(tenant)
        if tenant not in self._passes:
            self._passes[tenant] = asyncio.create_task(self._pass(tenant))

    def _wake_after(self, tenant: int, wait: timedelta) -> None:
        """Have a pass begun when what failed is due: by then, for the wait began before now."""
        if self._timers is None:
            return
        timers = self._timers

        def wake() -> None:
            timers.discard(timer)
            self._wake(tenant)

        # Seconds of a clock, which nothing is computed from.
        timer = asyncio.get_running_loop().call_later(wait.total_seconds(), wake)
        timers.add(timer)

    async def _pass(self, tenant: int) -> None:
        try:
            while tenant in self._again:
                self._again.discard(tenant)
                await self.deliver(tenant)
        except Unavailable as error:
            _log.warning("webhooks.interrupted", tenant=tenant, detail=error.detail)
        except Exception:  # noqa: BLE001  the worker outlives a mistake, which is noted
            _log.exception("webhooks.failed", tenant=tenant)
        finally:
            del self._passes[tenant]

    async def _sweep(self) -> None:
        """What a process that is gone had to try again, or had taken up, notifies nobody."""
        while True:
            try:
                async with self._database.register() as session:
                    tenants = await read_tenant_numbers(session)
                for tenant in tenants:
                    async with self._database.read(tenant) as session:
                        due = await read_due_webhooks(session)
                    if due:
                        self._wake(tenant)
                    with suppress(NotFound):  # a company that was deleted meanwhile
                        await self.forget(tenant, at=datetime.now(UTC))
            except Unavailable as error:
                _log.warning("webhooks.unswept", detail=error.detail)
            await asyncio.sleep(SWEEP_SECONDS)
