"""A story: one seed's weather over two companies, the real ingest in it, and what must hold."""

import asyncio
import hashlib
import json
import os
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from services.ingest.workers.desks import Desks
from services.ingest.workers.schedule import Schedule
from services.schema.errors import Unavailable
from tests.simulation import patches
from tests.simulation.books import Memory
from tests.simulation.ledgers import Ledger, draw_ledger
from tests.simulation.loops import NothingLeft, Runaway, VirtualLoop
from tests.simulation.marketplaces import Door, Marketplace, open_market
from tests.simulation.promises import Promises
from tests.simulation.shelves import MemoryShelves, Shelves
from tests.simulation.verdicts import Verdict
from tests.simulation.weathers import HOUR, Weather, draw_weather

KEY = b"s" * 32
TENANTS = {"acme": ("one", "two"), "blue": ("one",)}
"""Both have a shop of one name, with orders of the same numbers."""
SETTLES_IN = 900.0
CATCHES_UP_IN = 12 * HOUR
LAST_EVENTS = 25
Plant = Callable[[patches.Patch], None]


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
                if self._worker.is_dead or story.market.happens(story.weather.lost_before):
                    story.tell(f"{self._worker.name}: a commit is lost")
                    raise Unavailable("The database does not answer.")
            await story.committed(tenant)
        if story.market.happens(story.weather.lost_after):
            story.tell(f"{self._worker.name}: a commit's answer is lost")
            raise Unavailable("The database does not answer.")

    @asynccontextmanager
    async def listen(self, _channel: str) -> "AsyncIterator[asyncio.Queue[str | None]]":
        yield asyncio.Queue()

    async def _begin(self) -> None:
        await asyncio.sleep(self._story.market.chance.choice((0.0, 0.0, 0.0, 0.05)))
        await self._worker.gate()


@dataclass(slots=True)
class Story:
    """Everything in one seed."""

    seed: int
    loop: VirtualLoop
    inner: Any
    """The store: Memory, or a Database."""
    shelves: Shelves
    numbers: dict[str, int]
    """The tenants' numbers by code."""
    folder: Path
    weather: Weather
    start: datetime
    market: Marketplace = field(init=False)
    promises: Promises = field(init=False)
    unsafe: list[str] = field(default_factory=list)
    events: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_EVENTS))
    digest: Any = field(default_factory=hashlib.sha256)
    commits: int = 0
    restarts: int = 0
    workers: list[Worker] = field(default_factory=list)

    def __post_init__(self) -> None:
        ledgers: dict[str, Ledger] = {}
        for code, shops in TENANTS.items():
            for shop in shops:
                chance = patches.chance_of(self.seed, f"ledger/{code}/{shop}")
                ledgers[f"{code}/{shop}"] = draw_ledger(self.weather, chance, self.start)
        self.market = Marketplace(
            self.weather,
            patches.chance_of(self.seed, "market"),
            ledgers,
            self.now,
            self.tell,
            self.unsafe.append,
        )
        by_shop = {
            (self.numbers[code], shop): ledgers[f"{code}/{shop}"]
            for code, shops in TENANTS.items()
            for shop in shops
        }
        is_behind = bool(self.weather.lagging or self.weather.doubled)
        self.promises = Promises(by_shop, self.unsafe.append, is_behind=is_behind)

    @property
    def accounts(self) -> Path:
        return self.folder / f"{self.seed}.json"

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.loop.time())

    def tell(self, event: str) -> None:
        line = f"{self.loop.time():.3f} {event}"
        self.events.append(line)
        self.digest.update(line.encode())

    async def committed(self, tenant: int) -> None:
        """Whatever is checked, is checked now."""
        self.commits += 1
        if self.shelves.is_stale():
            self.unsafe.append("C12: a worker that had lost its lease wrote")
        if self.shelves.is_as_before(tenant):
            return
        shelf = await self.shelves.look(tenant)
        self.promises.check_commit(tenant, shelf, self.loop.time())
        cursors = sorted((*place, str(at)) for place, (at, _) in shelf.cursors.items())
        self.tell(f"commit of {tenant}: {len(shelf.facts)} facts, {cursors}")

    async def play(self) -> list[str]:
        """The story from its beginning to its end; what has not caught up."""
        self.write_accounts()
        for place in range(self.weather.workers):
            worker = Worker(self, f"worker {place + 1}")
            self.workers.append(worker)
            worker.begin()
        trouble = [asyncio.ensure_future(self._kill()),
                   asyncio.ensure_future(self._sign_in())]  # fmt: skip
        while self.loop.time() < self.weather.span_seconds and not self.unsafe:
            await asyncio.sleep(120)
            self._check_mistakes()
        for task in trouble:
            task.cancel()
        await asyncio.gather(*trouble, return_exceptions=True)
        behind = [] if self.unsafe else await self._end_well()
        for worker in self.workers:
            if not worker.is_dead:
                await worker.kill()
        return behind

    async def _end_well(self) -> list[str]:
        """Without faults all that was true comes to be known."""
        if self.weather.revoked is not None:
            self.write_accounts()
        open_market(self.market)
        for place, worker in enumerate(self.workers):
            worker.paused_until = 0.0
            if worker.is_dead:
                self._replace(place)
        settled = self.now() + timedelta(seconds=SETTLES_IN)
        deadline = self.loop.time() + CATCHES_UP_IN
        behind = ["nothing was read"]
        while behind and self.loop.time() < deadline and not self.unsafe:
            await asyncio.sleep(300)
            self._check_mistakes()
            behind = await self._behind(settled)
        if not behind and not self.unsafe:
            for tenant in self.numbers.values():
                self.promises.check_end(tenant, await self.shelves.look(tenant))
        return behind

    async def _behind(self, settled: datetime) -> list[str]:
        found = []
        for code, tenant in self.numbers.items():
            with self.loop.working():
                shelf = await self.shelves.look(tenant)
            for shop in TENANTS[code]:
                for kind in ("orders", "refunds"):
                    cursor, problem = shelf.cursors.get((shop, kind), (None, "no feed"))
                    if problem is not None or cursor is None or cursor < settled:
                        found.append(f"{code}/{shop} {kind} is at {cursor}: {problem}")
        return found

    def _check_mistakes(self) -> None:
        for worker in self.workers:
            if worker.schedule is not None and not worker.is_dead:
                self.unsafe += {f"a mistake: {error!r}" for error in worker.schedule._mistakes}
                if worker.task is not None and worker.task.done():
                    self.unsafe.append(f"{worker.name} ended: {worker.task.exception()!r}")

    def write_accounts(self) -> None:
        """New credentials; the file's time is the story's."""
        shops = [
            {"tenant": code, "shop": shop, "app_key": "key", "secret": "secret",
             "session": f"{code}/{shop}", "calls_per_second": 20,
             "since": (self.start - timedelta(days=2)).date().isoformat()}
            for code, shops in TENANTS.items() for shop in shops
        ]  # fmt: skip
        document = {"articles": {"A-1": {"cost": "1.25", "tags": ["new"]}}, "shops": shops}
        self.accounts.write_text(json.dumps(document), encoding="utf-8")
        at = int(self.now().timestamp() * 1000) * 1_000_000
        os.utime(self.accounts, ns=(at, at))
        self.market.revoked.clear()

    def _replace(self, place: int) -> None:
        worker = Worker(self, self.workers[place].name)
        self.workers[place] = worker
        self.restarts += 1
        worker.begin()

    async def _kill(self) -> None:
        chance = patches.chance_of(self.seed, "kills")
        while self.weather.kills_an_hour:
            await asyncio.sleep(chance.expovariate(self.weather.kills_an_hour / HOUR))
            place = chance.randrange(len(self.workers))
            worker = self.workers[place]
            for _ in range(100):
                # In the middle of something, if it ever is.
                if worker.schedule is not None and worker.schedule._tasks:
                    break
                await asyncio.sleep(chance.uniform(0, 7))
            self.tell(f"{worker.name} is killed")
            await worker.kill()
            await asyncio.sleep(chance.uniform(1, 90))
            self._replace(place)
            self.tell(f"{worker.name} begins again")

    async def _sign_in(self) -> None:
        """A seller signs in again when the session was revoked."""
        revoked = self.weather.revoked
        if revoked is None:
            return
        await asyncio.sleep(revoked[1])
        hours = (revoked[1] - revoked[0]) / HOUR
        most = 3 * (int(hours) + 2 + self.restarts)
        for shop, calls in self.market.revoked.items():
            if calls > most:
                self.unsafe.append(f"S10: {calls} calls for {shop} after its session was revoked")
        self.write_accounts()


def play(seed: int, *, plant: Sequence[Plant] = (), weather: Weather | None = None) -> Verdict:
    """One seed in memory; its digest depends on the seed and the code alone."""
    memory = Memory(TENANTS)
    chance = patches.chance_of(seed, "order")
    return tell_story(
        seed, VirtualLoop(chance), memory, MemoryShelves(memory), memory.codes,
        plant=(patches.use_memory, *plant), weather=weather,
    )  # fmt: skip


def tell_story(
    seed: int,
    loop: VirtualLoop,
    inner: Any,
    shelves: Shelves,
    numbers: dict[str, int],
    *,
    plant: Sequence[Plant],
    weather: Weather | None = None,
) -> Verdict:
    chance = patches.chance_of(seed, "weather")
    drawn = weather or draw_weather(chance)
    hour = chance.uniform(0, 24)
    start = datetime(2026, 11, 19, 16, tzinfo=UTC) + timedelta(hours=int(hour))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kaohe-story-")))
        stack.enter_context(patches.silence())
        stack.enter_context(patches.repeatable(seed))
        patch = stack.enter_context(patches.patching())
        patches.use_weather(patch, drawn)
        patches.use_door(patch)
        patches.use_numbers(patch)
        for each in plant:
            each(patch)
        stack.callback(loop.close)
        story = Story(seed, loop, inner, shelves, numbers, folder, drawn, start)
        try:
            behind = loop.run_until_complete(story.play())
        except (NothingLeft, Runaway) as error:
            behind = [type(error).__doc__ or ""]
            _give_up(loop)
    digest = story.digest.hexdigest()[:16]
    return Verdict(seed, drawn.told(), story.unsafe, behind, digest, list(story.events),
                   story.commits, story.market.calls)  # fmt: skip


def _give_up(loop: VirtualLoop) -> None:
    """Whoever is still about something stops."""
    loop.rounds = 0
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    with suppress(NothingLeft, Runaway):
        loop.run_until_complete(asyncio.wait(tasks))
