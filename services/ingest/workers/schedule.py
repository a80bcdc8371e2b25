"""What is read when: feeds as they fall due, and backfills as they are asked for."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import structlog

from services.ingest.core.cursors import wait_after
from services.ingest.core.forecasts import Forecast, Outlook, Stand
from services.ingest.flows.backfills import take_up
from services.ingest.sources.errors import SourceError, TryLater, Unreadable
from services.ingest.store.cursors import (
    CHANNEL,
    StaleLease,
    claim_due,
    claim_feed,
    next_due,
    read_pulled,
)
from services.ingest.store.jobs import (
    finish_backfill,
    read_backfills,
    read_outcomes,
    read_trail,
)
from services.ingest.workers.desks import DeskKey, Desks
from services.ingest.workers.pulling import (
    LANDING_ATTEMPTS,
    LEASE,
    WAIT_FOR_PEOPLE,
    Puller,
    Show,
    Step,
)
from services.ingest.workers.reconciling import reconcile_shops
from services.ingest.workers.tidying import tidy
from services.schema.db import Database
from services.schema.errors import Invalid, NotFound, Unavailable
from services.schema.shapes.feeds import Backfill, Lease, Trail
from services.schema.shapes.people import Caller
from services.schema.shapes.reconciliations import Reconciliation
from services.schema.words import FactKind, JobStatus, Role

Asked = dict[int, dict[str, tuple[FactKind, Backfill]]]
"""The backfills that were asked for by tenant and job."""
Outcomes = dict[str, tuple[JobStatus, Decimal, dict[str, object] | None]]

AT_ONCE = 4
"""Feeds that one worker reads at the same time; they are of different shops."""
LONGEST_SLEEP = timedelta(seconds=30)
SHORTEST_SLEEP = timedelta(milliseconds=200)
LONGER_SLEEP = timedelta(seconds=1)
BACKFILL_ATTEMPTS = 5
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
TIDY_EVERY = timedelta(hours=1)

_log = structlog.get_logger("kaohe.pull")


def show_nothing(_: Step) -> None:
    """For a worker that nobody watches."""


@dataclass(slots=True)
class _Try:
    """How a backfill has fared in this worker."""

    running: bool = False
    attempts: int = 0
    """Since something of it landed."""
    rests_until: datetime = LONG_AGO


class Schedule:
    """The feeds of the shops in the accounts file."""

    def __init__(
        self,
        database: Database,
        desks: Desks,
        *,
        now: Callable[[], datetime],
        show: Show = show_nothing,
    ) -> None:
        self._database = database
        self._desks = desks
        self._now = now
        self._show = show
        self._stopping = asyncio.Event()
        self._woken = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._jobs: dict[str, _Try] = {}
        self._problems: list[str] = []
        self._mistakes: list[BaseException] = []
        self._tidied_at = now() - TIDY_EVERY

    def stop(self) -> None:
        """Let what is being read land, and begin nothing new."""
        self._stopping.set()
        self._woken.set()

    async def run(self) -> None:
        """Read what falls due until stopped."""
        ears = asyncio.create_task(self._listen())
        try:
            async with self._finished():
                while not self._stopping.is_set():
                    self._woken.clear()
                    await self._sleep(await self._look() or LONGEST_SLEEP)
        finally:
            ears.cancel()
            await asyncio.gather(ears, return_exceptions=True)

    async def pull_once(self) -> list[str]:
        """Read all that is due now, also what another worker left; what went wrong, if anything.

        A mistake of ours is raised, and not made again and again; so is that nothing can be read.
        """
        await self._open_desks()
        began = self._now()
        async with self._finished():
            while not self._stopping.is_set() and not self._mistakes:
                self._woken.clear()
                await self._begin_due()
                if await self._until_due(began) is None and not self._tasks:
                    break
                # Another worker may have what is due: nobody tells when it is done.
                await self._sleep(LONGER_SLEEP)
        self._raise_mistakes()
        return self._problems

    async def backfill_once(
        self, days: tuple[date, date] | None, *, shop: str | None, show: Callable[[Outlook], None]
    ) -> list[str]:
        """Read some days of all feeds again, or of one shop's; null: exactly those they lack.

        What was broken off of just these goes on from where it stands. Gives what went wrong, if
        anything; raises Invalid where nothing can be read.
        """
        await self._open_desks(shop)
        asked = {tenant: await self._ask(tenant, days, shop) for tenant in self._desks.tenants()}
        outcomes = await self._outcomes(asked)
        forecast = Forecast(self._now(), _stands(asked, outcomes), at_once=AT_ONCE)
        async with self._finished():
            while not self._stopping.is_set() and not self._mistakes:
                self._woken.clear()
                await self._begin_backfills()
                outcomes = await self._outcomes(asked)
                show(forecast.look(self._now(), _stands(asked, outcomes)))
                if all(status is not JobStatus.RUNNING for status, _, _ in outcomes.values()):
                    break
                await self._sleep(timedelta(seconds=1))
        self._raise_mistakes()
        failed = [result for status, _, result in outcomes.values() if status is JobStatus.FAILED]
        return [str((result or {}).get("problem")) for result in failed]

    async def reconcile_once(
        self, days: tuple[date, date], *, shop: str | None
    ) -> tuple[list[Reconciliation], list[str]]:
        """Some days as marketplaces and tools state them beside ours, and what went wrong."""
        return await reconcile_shops(self._database, self._desks, days, shop=shop, now=self._now)

    async def _open_desks(self, shop: str | None = None) -> None:
        """For who asks once and waits for the answer: that nothing can be read is one."""
        await self._desks.refresh()
        shops = [code for tenant in self._desks.tenants() for code in self._desks.shops_of(tenant)]
        if not any(shop in (None, code) for code in shops):
            what = "No shop can be read" if shop is None else f"The shop {shop} cannot be read"
            raise Invalid("nothing_to_read", f"{what}: the log says what its account lacks.")

    async def _look(self) -> timedelta | None:
        """Begin what can be begun; how long until there is more."""
        try:
            await self._desks.refresh()
            await self._tidy()
            await self._begin_due()
            await self._begin_backfills()
            return await self._until_due(self._now() + LONGEST_SLEEP)
        except Unavailable as error:
            _log.warning("schedule.waits", problem=error.detail)
            return timedelta(seconds=error.retry_after_seconds)
        except NotFound:
            # A company was deleted since its desks were looked at: the next look has none of it.
            return LONGER_SLEEP

    def _raise_mistakes(self) -> None:
        if self._mistakes:
            raise self._mistakes[0]

    async def _begin_due(self) -> None:
        """Take as many due feeds as there is room for."""
        for tenant in self._desks.tenants():
            shops = self._desks.shops_of(tenant)
            while len(self._tasks) < AT_ONCE:
                at = self._now()
                async with self._database.write(tenant) as session:
                    lease = await claim_due(session, shops=shops, at=at, until=at + LEASE)
                if lease is None:
                    break
                self._begin(self._pull(tenant, lease))

    async def _begin_backfills(self) -> None:
        """Take up backfills whose feed is free."""
        for tenant in self._desks.tenants():
            shops = self._desks.shops_of(tenant)
            async with self._database.read(tenant) as session:
                backfills = await read_backfills(session)
            for backfill in backfills:
                last = self._jobs.setdefault(backfill.job, _Try())
                at = self._now()
                if last.running or last.rests_until > at or len(self._tasks) >= AT_ONCE:
                    continue
                async with self._database.write(tenant) as session:
                    lease = await claim_feed(
                        session, backfill.feed, shops=shops, at=at, until=at + LEASE
                    )
                    # Once it is ours, nobody else moves it on.
                    trail = await read_trail(session, backfill.job) if lease else Trail()
                if lease is not None:
                    last.running = True
                    self._begin(self._backfill(tenant, lease, backfill, trail))

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._woken.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            # A mistake of ours: the lease ends by itself, and the other feeds go on.
            _log.error("feed.failed", exc_info=error)
            self._mistakes.append(error)

    async def _pull(self, tenant: int, lease: Lease) -> None:
        problem = await self._puller(tenant, lease).pull()
        if problem is not None:
            self._problems.append(f"{lease.shop} {lease.kind}: {problem}")

    async def _backfill(self, tenant: int, lease: Lease, backfill: Backfill, trail: Trail) -> None:
        """Do a backfill, or note why it cannot be done; what may pass is tried again."""
        last = self._jobs[backfill.job]
        last.attempts += 1
        try:
            became = await self._read_again(tenant, lease, backfill, trail, last)
            if became is not None and not await self._finish(tenant, backfill.job, *became):
                # Nobody could be told: it is done again.
                last.rests_until = self._now() + wait_after(last.attempts)
        finally:
            last.running = False

    async def _read_again(
        self, tenant: int, lease: Lease, backfill: Backfill, trail: Trail, last: _Try
    ) -> tuple[JobStatus, dict[str, object]] | None:
        """What became of it; null where it is to be tried again, from where it has come to."""
        puller = self._puller(tenant, lease)
        try:
            await puller.backfill(backfill, trail)
        except (SourceError, Unavailable, StaleLease) as error:
            if puller.trail != trail:
                last.attempts = 1
            if isinstance(error, TryLater) and error.seconds is not None:
                # It says itself how long to wait, and what was read of a window stays: no failure.
                last.attempts -= 1
                seconds = min(error.seconds, WAIT_FOR_PEOPLE.total_seconds())
                last.rests_until = self._now() + timedelta(seconds=seconds)
                return None
            last.rests_until = self._now() + wait_after(last.attempts)
            if last.attempts < BACKFILL_ATTEMPTS and not _is_final(error):
                return None
            return JobStatus.FAILED, {"problem": f"{lease.shop} {lease.kind}: {error}"}
        return None if self._stopping.is_set() else (JobStatus.DONE, {"rows": puller.trail.rows})

    async def _finish(
        self, tenant: int, job: str, status: JobStatus, result: dict[str, object]
    ) -> bool:
        """Whether what came of a backfill could be said."""
        for _ in range(LANDING_ATTEMPTS):
            try:
                async with self._database.write(tenant) as session:
                    await finish_backfill(
                        session, job, status=status, result=result, at=self._now()
                    )
            except Unavailable as error:
                _log.warning("backfill.unfinished", job=job, problem=error.detail)
                await asyncio.sleep(1)
            else:
                return True
        return False

    def _puller(self, tenant: int, lease: Lease) -> Puller:
        return Puller(
            self._database,
            self._desks[DeskKey(tenant, lease.shop)],
            lease,
            now=self._now,
            show=self._show,
            stopping=self._stopping,
        )

    async def _ask(
        self, tenant: int, days: tuple[date, date] | None, shop: str | None
    ) -> dict[str, tuple[FactKind, Backfill]]:
        """The backfills of all feeds that have something to read again, by their jobs."""
        shops = [code for code in self._desks.shops_of(tenant) if shop in (None, code)]
        caller, at = Caller(tenant, Role.ADMIN, None, "system:operator"), self._now()
        async with self._database.write(tenant) as session:
            feeds = await read_pulled(session, shops=shops)
            asked = await take_up(session, list(feeds), days, caller=caller, at=at)
        return {backfill.job: (feeds[backfill.feed], backfill) for backfill in asked}

    async def _outcomes(self, asked: Asked) -> Outcomes:
        found: Outcomes = {}
        for tenant, jobs in asked.items():
            async with self._database.read(tenant) as session:
                found |= await read_outcomes(session, list(jobs))
        return found

    async def _until_due(self, by: datetime) -> timedelta | None:
        """How long until a feed that is due by an instant can be taken; null if there is none."""
        moments = []
        for tenant in self._desks.tenants():
            async with self._database.read(tenant) as session:
                due = await next_due(session, shops=self._desks.shops_of(tenant), by=by)
            moments += [due] if due else []
        # The end of a task wakes, and so does a worker that stops; else a lease has to run out.
        least = LONGER_SLEEP if self._tasks else SHORTEST_SLEEP
        return max(min(moments) - self._now(), least) if moments else None

    async def _sleep(self, wait: timedelta) -> None:
        """Until woken, or for as long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), wait.total_seconds())

    @asynccontextmanager
    async def _finished(self) -> AsyncIterator[None]:
        """After the block nothing is being read; if cancelled, what is begun still lands."""
        try:
            yield
        except asyncio.CancelledError:
            self.stop()
            raise
        finally:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _tidy(self) -> None:
        if self._now() - self._tidied_at >= TIDY_EVERY:
            self._tidied_at = self._now()
            await tidy(self._database, self._desks, now=self._now)

    async def _listen(self) -> None:
        """A notification only wakes; the schedule decides."""
        while True:
            try:
                async with self._database.listen(CHANNEL) as heard:
                    while await heard.get() is not None:
                        self._woken.set()
            except (Unavailable, OSError) as error:
                _log.warning("schedule.unheard", problem=str(error))
            await asyncio.sleep(LONGEST_SLEEP.total_seconds())


def _stands(asked: Asked, outcomes: Outcomes) -> dict[str, Stand]:
    backfills = {job: each for jobs in asked.values() for job, each in jobs.items()}
    return {
        job: Stand(kind, backfill.days, outcomes[job][1], outcomes[job][0] is not JobStatus.RUNNING)
        for job, (kind, backfill) in backfills.items()
    }


def _is_final(error: Exception) -> bool:
    """Whether asking again would give the same."""
    passing = (TryLater, Unreadable, Unavailable, StaleLease)
    return not isinstance(error, passing)
