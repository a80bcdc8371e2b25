"""Workers that pull: their clock, their way to the database, and how they sleep and die."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from services.door.sealing import Keyring
from services.ingest.flows.buyers import BuyerKeys
from services.ingest.workers.desks import Desks
from services.ingest.workers.schedule import Schedule
from services.schema.errors import Unavailable
from tests.simulation.loops import turn
from tests.simulation.marketplaces import Door

if TYPE_CHECKING:
    from tests.simulation.stories import Story

KEYS = BuyerKeys(Keyring(lambda: [b"s" * 32]), b"s" * 32)


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
        loop = self.story.loop
        while not self.is_dead and self.paused_until > loop.seconds:
            await asyncio.sleep(self.paused_until - loop.seconds)
        if self.is_dead:
            raise Unavailable("killed")

    def begin(self) -> None:
        self.desks = Desks(Wire(self), self.story.accounts, KEYS, self)  # type: ignore[arg-type]
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
        self.worker = worker
        self.story = worker.story

    def read(self, tenant: int) -> "Visit":
        return Visit(self, self.story.inner.read(tenant))

    def register(self) -> "Visit":
        return Visit(self, self.story.inner.register())

    def write(self, tenant: int) -> "Change":
        return Change(self, self.story.inner.write(tenant), tenant)

    @asynccontextmanager
    async def listen(self, _channel: str) -> "AsyncIterator[asyncio.Queue[str | None]]":
        yield asyncio.Queue()

    async def begin(self) -> None:
        pause = self.story.market.chance.choice((0.0, 0.0, 0.0, 0.05))
        await (asyncio.sleep(pause) if pause else turn())
        await self.worker.gate()


class Visit:
    """A transaction that reads; no generator, of which a story would make many thousands."""

    __slots__ = ("_inner", "_loop", "_wire")

    def __init__(self, wire: Wire, inner: Any) -> None:
        self._wire = wire
        self._loop = wire.story.loop
        self._inner = inner

    async def __aenter__(self) -> Any:
        await self._wire.begin()
        self._loop.at_work += 1
        try:
            return await self._inner.__aenter__()
        except BaseException:
            self._loop.at_work -= 1
            raise

    async def __aexit__(self, *raised: object) -> None:
        try:
            await self._inner.__aexit__(*raised)
        finally:
            self._loop.at_work -= 1


class Change(Visit):
    """A transaction that writes: its commit may be lost, and so may the answer to it."""

    __slots__ = ("_session", "_tenant")

    def __init__(self, wire: Wire, inner: Any, tenant: int) -> None:
        super().__init__(wire, inner)
        self._tenant = tenant

    async def __aenter__(self) -> Any:
        self._session = await super().__aenter__()
        return self._session

    async def __aexit__(self, *raised: object) -> None:
        if raised[0] is not None:
            await super().__aexit__(*raised)
            return
        story, worker = self._wire.story, self._wire.worker
        try:
            try:
                await self._lose_perhaps()
            except BaseException as error:
                await self._inner.__aexit__(type(error), error, error.__traceback__)
                raise
            await self._inner.__aexit__(None, None, None)
            await story.committed(self._tenant)
        finally:
            self._loop.at_work -= 1
        if story.market.happens(story.weather.lost_after):
            story.tell(f"{worker.name}: a commit's answer is lost")
            story.market.excuses += 1
            raise Unavailable("The database does not answer.", retry_after_seconds=9)

    async def _lose_perhaps(self) -> None:
        story, worker = self._wire.story, self._wire.worker
        if worker.is_dead:
            raise Unavailable("killed")
        if story.market.happens(story.weather.lost_before):
            story.tell(f"{worker.name}: a commit is lost")
            story.market.excuses += 1
            await story.inner.lose(self._session)
