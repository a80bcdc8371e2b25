"""Back-tests are run behind the requests, one at a time, each in a process of its own."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from multiprocessing import get_context

import structlog

from services.api.flows.back_test_runs import run_back_test
from services.api.settings import ApiSettings
from services.api.store.back_tests import CHANNEL, count_attempt, read_running, takes_turn
from services.api.store.jobs import finish_job, move_job
from services.api.store.tenants import read_tenant_numbers
from services.api.workers.hearing import hear_of_tenants
from services.door.logs import configure_logs
from services.schema.db import Database, ReadSession
from services.schema.errors import KaoheError, Unavailable
from services.schema.shapes.back_tests import BackTest
from services.schema.words import JobStatus

SWEEP_SECONDS = 30
"""How often every tenant is looked at, whatever was or was not notified."""
LOOK_SECONDS = 0.1
"""How often it is looked whether a process has ended."""
MOST_ATTEMPTS = 5
"""How often a back-test is begun, should whoever ran it be lost each time."""

_log = structlog.get_logger("kaohe.back_tests")


class BackTestWorker:
    """Runs back-tests, one at a time, each in a process of its own: requests lose no time by it.

    Whoever runs one holds a lock of its tenant that ends with its connection: when a process is
    killed, another or the next begins the test again. Without settings it is run where it is.
    """

    def __init__(self, database: Database, settings: ApiSettings | None = None) -> None:
        self._database = database
        self._settings = settings
        self._alone = asyncio.Lock()

    async def work(self, tenant: int) -> None:
        """Run the tenant's back-test to its end, unless there is none or somebody else does."""
        begun: list[BackTest] = []
        try:
            async with self._database.read(tenant) as session:
                if await takes_turn(session):
                    await self._run(session, begun)
        except Unavailable:
            raise  # it is begun again once the database answers
        except KaoheError as refusal:
            await self._fail(tenant, begun, refusal.code, refusal.detail)
        except Exception:
            await self._fail(tenant, begun, "internal", "A mistake of ours; it is noted.")
            raise

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work in the background for as long as the block lasts."""
        tasks = [
            asyncio.create_task(hear_of_tenants(self._database, CHANNEL, self._try)),
            asyncio.create_task(self._sweep()),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, session: ReadSession, begun: list[BackTest]) -> None:
        """Begin and end a test; what was begun is told, should it not come to its end."""
        tenant = session.tenant
        asked = await read_running(session)
        if asked is None:
            return
        if asked.attempts >= MOST_ATTEMPTS:
            detail = f"It was begun {asked.attempts} times and never came to its end."
            await self._fail(tenant, [asked], "worker_lost", detail)
            return
        async with self._database.write(tenant) as writing:
            if not await count_attempt(writing, asked):
                return
        begun.append(asked)

        async def report(progress: Decimal) -> None:
            async with self._database.write(tenant) as writing:
                await move_job(writing, asked.job, progress=progress)

        result = await run_back_test(session, asked, report, at=datetime.now(UTC))
        await self._finish(tenant, asked, JobStatus.DONE, result)

    async def _fail(self, tenant: int, begun: Sequence[BackTest], code: str, detail: str) -> None:
        for asked in begun:
            result: dict[str, object] = {"code": code, "detail": detail}
            await self._finish(tenant, asked, JobStatus.FAILED, result)

    async def _finish(
        self, tenant: int, asked: BackTest, status: JobStatus, result: dict[str, object]
    ) -> None:
        async with self._database.write(tenant) as writing:
            await finish_job(writing, asked.job, status=status, result=result, at=datetime.now(UTC))
        _log.info("back_test.finished", tenant=tenant, job=asked.job, status=status)

    async def _try(self, tenant: int) -> None:
        try:
            async with self._alone:
                if self._settings is None:
                    await self.work(tenant)
                else:
                    await _work_apart(self._settings, tenant)
        except Unavailable as error:
            _log.warning("back_test.interrupted", tenant=tenant, detail=error.detail)
        except Exception:  # noqa: BLE001  the worker outlives a mistake, which is noted
            _log.exception("back_test.failed", tenant=tenant)

    async def _sweep(self) -> None:
        """Look now and then at what was begun and never ended, or never heard of."""
        while True:
            try:
                async with self._database.register() as session:
                    tenants = await read_tenant_numbers(session)
                for tenant in tenants:
                    async with self._database.read(tenant) as session:
                        waits = await read_running(session) is not None
                    if waits:
                        await self._try(tenant)
            except Unavailable as error:
                _log.warning("back_test.unswept", detail=error.detail)
            await asyncio.sleep(SWEEP_SECONDS)


async def _work_apart(settings: ApiSettings, tenant: int) -> None:
    """Run a tenant's back-test in a process of its own, which ends with this task."""
    process = get_context("spawn").Process(
        target=_work_alone,
        args=(settings.dsn.get_secret_value(), settings.behind_pooler, settings.log_level, tenant),
        daemon=True,
    )
    await asyncio.to_thread(process.start)
    try:
        while process.is_alive():  # noqa: ASYNC110  a process sets no event
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        if process.is_alive():
            process.terminate()
        process.join(timeout=1)
        process.close()


def _work_alone(dsn: str, behind_pooler: bool, log_level: str, tenant: int) -> None:  # noqa: FBT001  a process is given its arguments by place
    async def work() -> None:
        database = Database(dsn, application="kaohe-back-test", behind_pooler=behind_pooler)
        try:
            await BackTestWorker(database).work(tenant)
        finally:
            await database.close()

    configure_logs(log_level)
    asyncio.run(work())
