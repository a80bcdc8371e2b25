"""What is done behind the requests: live scorecards are kept up, and back-tests are run."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from multiprocessing import get_context

import structlog

from services.api.flows.back_test_runs import run_back_test
from services.api.flows.readers import Seen
from services.api.flows.settling import recompute_some, settle_populations, take_marks
from services.api.settings import ApiSettings
from services.api.store.back_tests import CHANNEL as BACK_TESTS
from services.api.store.back_tests import count_attempt, read_running, takes_turn
from services.api.store.jobs import finish_job, move_job
from services.api.store.live import CHANNEL, has_due_looks, is_pending, read_oldest_waiting
from services.api.store.tenants import read_tenant_numbers
from services.door.logs import configure_logs
from services.schema.db import Database, ReadSession
from services.schema.errors import KaoheError, Unavailable
from services.schema.shapes.back_tests import BackTest
from services.schema.shapes.live import Waiting
from services.schema.words import JobStatus

PATIENCE_SECONDS = 2
"""How long a reader waits for what was written just before; then what is stored is served."""
SWEEP_SECONDS = 30
"""How often every tenant is looked at, whatever was or was not notified."""
WAITING_LIMIT = timedelta(minutes=15)
"""How long what was accepted may be missing from live cards before readiness turns red."""
RETRY_SECONDS = 1
PUT_DOWN_SECONDS = 5
LOOK_SECONDS = 0.1
"""How often it is looked whether a process has ended."""
MOST_ATTEMPTS = 5
"""How often a back-test is begun, should whoever ran it be lost each time."""

_log = structlog.get_logger("kaohe.live")
_log_of_tests = structlog.get_logger("kaohe.back_tests")


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
        tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._sweep())]
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

    async def _listen(self) -> None:
        """Settle whatever tenant is named on the channel."""
        while True:
            try:
                async with self._database.listen(CHANNEL) as heard:
                    while (payload := await heard.get()) is not None:
                        if payload.isdecimal():
                            await self._settle_now(int(payload))
            except (Unavailable, OSError) as error:
                _log.warning("live.unheard", detail=str(error))
            await asyncio.sleep(RETRY_SECONDS)

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


class ReadersWorker:
    """Puts down every few seconds who was shown which scorecard, and the rest at the end."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work in the background for as long as the block lasts."""
        task = asyncio.create_task(self._work())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._seen.put_all_down()

    async def _work(self) -> None:
        while True:
            await asyncio.sleep(PUT_DOWN_SECONDS)
            try:
                await self._seen.put_all_down()
            except Exception:  # noqa: BLE001  the worker outlives a mistake, which is noted
                _log.exception("readers.failed")


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
        tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._sweep())]
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
        _log_of_tests.info("back_test.finished", tenant=tenant, job=asked.job, status=status)

    async def _try(self, tenant: int) -> None:
        try:
            async with self._alone:
                if self._settings is None:
                    await self.work(tenant)
                else:
                    await _work_apart(self._settings, tenant)
        except Unavailable as error:
            _log_of_tests.warning("back_test.interrupted", tenant=tenant, detail=error.detail)
        except Exception:  # noqa: BLE001  the worker outlives a mistake, which is noted
            _log_of_tests.exception("back_test.failed", tenant=tenant)

    async def _listen(self) -> None:
        """Run what any tenant asks for that is named on the channel."""
        while True:
            try:
                async with self._database.listen(BACK_TESTS) as heard:
                    while (payload := await heard.get()) is not None:
                        if payload.isdecimal():
                            await self._try(int(payload))
            except (Unavailable, OSError) as error:
                _log_of_tests.warning("back_test.unheard", detail=str(error))
            await asyncio.sleep(RETRY_SECONDS)

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
                _log_of_tests.warning("back_test.unswept", detail=error.detail)
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
