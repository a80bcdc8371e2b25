"""Workers that pull: their clock, their way to the database, and how they sleep and die."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from services.ingest.workers.desks import Desks
from services.ingest.workers.schedule import Schedule
from services.schema.errors import Unavailable
from tests.simulation.marketplaces import Door

if TYPE_CHECKING:
    from tests.simulation.stories import Story

KEY = b"s" * 32


@dataclass(slots=True)
class Worker:
    """A process that pulls; it can be paused, and killed."""

    story: "Story"
    name: str
    paused_until: float = 0.0
    is_dead: bool = False
    desks: Desks | None = None
    schedule: Schedule | None = None
    task: "asyncio.Task[None] | None" = None

    def __call__(self) -> datetime:
        """Its clock."""
        return self.story.now()

    def open_door(self) -> Door:
        return Door(self.story.market, self.gate, self.sleep)

    def sleep(self) -> None:
        """The machine stops it for a while, as it stands."""
        chance = self.story.market.chance
        self.paused_until = asyncio.get_running_loop().time() + chance.uniform(5, 200)
        self.story.market.excuses += 1
        self.story.tell(f"{self.name} is asleep")

    async def gate(self) -> None:
        """Who is paused waits here; who is dead does nothing any more."""
        loop = asyncio.get_running_loop()
        while not self.is_dead and self.paused_until > loop.time():
            await asyncio.sleep(self.paused_until - loop.time())
        if self.is_dead:
            raise Unavailable("killed")

    def begin(self) -> None:
        self.desks = Desks(Wire(self), self.story.accounts, KEY, self)  # type: ignore[arg-type]
        self.schedule = Schedule(Wire(self), self.desks, now=self)  # type: ignore[arg-type]
        self.task = asyncio.ensure_future(self.schedule.run())

    async def kill(self) -> None:
        """Nothing of it takes effect from now on, whatever it was about to do."""
        self.is_dead = True
        assert self.schedule is not None
        assert self.task is not None
        tasks = [*self.schedule._tasks, self.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.bury()

    async def bury(self) -> None:
        if self.desks is not None:
            await self.desks.close()


class Wire:
    """A worker's way to the database, which is as uncertain as any."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._story = worker.story

    @asynccontextmanager
    async def read(self, tenant: int) -> AsyncIterator[Any]:
        await self._begin()
        with self._story.loop.working():
            async with self._story.inner.read(tenant) as session:
                yield session

    @asynccontextmanager
    async def register(self) -> AsyncIterator[Any]:
        await self._begin()
        with self._story.loop.working():
            async with self._story.inner.register() as session:
                yield session

    @asynccontextmanager
    async def write(self, tenant: int) -> AsyncIterator[Any]:
        await self._begin()
        story = self._story
        with story.loop.working():
            async with story.inner.write(tenant) as session:
                yield session
                if self._worker.is_dead:
                    raise Unavailable("killed")
                if story.market.happens(story.weather.lost_before):
                    story.tell(f"{self._worker.name}: a commit is lost")
                    story.market.excuses += 1
                    await story.inner.lose(session)
            await story.committed(tenant)
        if story.market.happens(story.weather.lost_after):
            story.tell(f"{self._worker.name}: a commit's answer is lost")
            story.market.excuses += 1
            raise Unavailable("The database does not answer.", retry_after_seconds=9)

    @asynccontextmanager
    async def listen(self, _channel: str) -> "AsyncIterator[asyncio.Queue[str | None]]":
        yield asyncio.Queue()

    async def _begin(self) -> None:
        await asyncio.sleep(self._story.market.chance.choice((0.0, 0.0, 0.0, 0.05)))
        await self._worker.gate()
