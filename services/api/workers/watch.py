"""What is looked at behind the requests by clock and calendar: standards, and what falls due."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta

import structlog

from services.api.flows.cases import escalate_cases
from services.api.flows.improvements import escalate_improvements
from services.api.flows.reports import count_reports
from services.api.flows.standards import check_standards, watch_now
from services.api.flows.tallies import state_tallies
from services.api.store.standards import has_watched_days, try_lock_watch
from services.api.store.tenants import read_tenant_numbers
from services.schema.db import Database
from services.schema.errors import Unavailable

SWEEP_SECONDS = 30
"""How soon after it came in something is looked at."""
AT_LEAST_EVERY = timedelta(hours=1)
"""Also where nothing came in: days begin and end, and values are posted that touch no day."""

_log = structlog.get_logger("kaohe.watch")


class WatchWorker:
    """Holds what came in against the standards, tenant by tenant; one process at a time does."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._looked: dict[int, datetime] = {}
        """When today was looked at, whatever came in; nothing is known of before this process."""
        self._counted: dict[int, date | None] = {}
        """Until which day reports were counted, by this process."""

    async def look(self, tenant: int, *, at: datetime) -> int:
        """Look at what waits, and now and then at today whatever came in; counts the alerts."""
        is_due = self._is_due(tenant, at)
        async with self._database.write(tenant) as session:
            if not await try_lock_watch(session):
                return 0
            if is_due:
                await watch_now(session, at=at)
            raised = await check_standards(session, at=at)
        # Another transaction: each locks its nouns before the head of the audit.
        async with self._database.write(tenant) as session:
            raised += await escalate_cases(session, at=at)
            if is_due:
                raised += await escalate_improvements(session, at=at)
        counted = self._counted.get(tenant)
        async with self._database.write(tenant) as session:
            self._counted[tenant] = await count_reports(session, at=at, counted=counted)
        if is_due:
            async with self._database.write(tenant) as session:
                await state_tallies(session, at=at, looked=self._looked.get(tenant))
            self._looked[tenant] = at
        if raised:
            _log.info("watch.raised", tenant=tenant, alerts=len(raised))
        return len(raised)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work in the background for as long as the block lasts."""
        task = asyncio.create_task(self._sweep())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _sweep(self) -> None:
        while True:
            try:
                async with self._database.register() as session:
                    tenants = await read_tenant_numbers(session)
                for tenant in tenants:
                    await self._try(tenant, at=datetime.now(UTC))
            except Unavailable as error:
                _log.warning("watch.unswept", detail=error.detail)
            await asyncio.sleep(SWEEP_SECONDS)

    async def _try(self, tenant: int, *, at: datetime) -> None:
        try:
            if not self._is_due(tenant, at):
                async with self._database.read(tenant) as session:
                    if not await has_watched_days(session):
                        return
            await self.look(tenant, at=at)
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001  the worker outlives a mistake, which is noted
            _log.exception("watch.failed", tenant=tenant)

    def _is_due(self, tenant: int, at: datetime) -> bool:
        """Whether today is to be looked at, though nothing should have come in."""
        looked = self._looked.get(tenant)
        return looked is None or at - looked >= AT_LEAST_EVERY
