"""A story: one seed's weather over two companies, the real ingest in it, and what must hold."""

import asyncio
import hashlib
import json
import os
import tempfile
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from services.ingest.store import jobs
from services.schema.days import local_day
from services.schema.shapes.feeds import Backfill
from tests.databases import TestDatabase
from tests.simulation import patches
from tests.simulation.books import PLACES, Memory, source_of
from tests.simulation.ledgers import HISTORY_SECONDS, Ledger, draw_ledger
from tests.simulation.loops import NothingLeft, Runaway, VirtualLoop
from tests.simulation.marketplaces import Call, Marketplace, Speaker, open_market
from tests.simulation.pinduoduo import Pinduoduo
from tests.simulation.postgres import Postgres, PostgresShelves, make_companies
from tests.simulation.promises import Promises
from tests.simulation.shelves import MemoryShelves, Shelves
from tests.simulation.shopify import Shopify
from tests.simulation.top import Top
from tests.simulation.truths import PinduoduoTruth, ShopifyTruth, Truth
from tests.simulation.verdicts import Verdict
from tests.simulation.weathers import HOUR, LARGEST_SKEW, Weather, draw_weather, smaller
from tests.simulation.workers import Worker

GATEWAYS = {
    "one": "https://eco.taobao.com/router/rest",
    "two": "https://two.myshopify.com",
    "three": "https://gw-api.pinduoduo.com/api/router",
}
_TRUTHS = {"one": Truth, "two": ShopifyTruth, "three": PinduoduoTruth}
EARLIEST = datetime(2026, 10, 31, 4, tzinfo=UTC)
"""Noon in China of a month's last day: stories begin within a day from then, and what they tell of
lies on both sides of midnight. In that night clocks are put back in New York."""
SETTLES_IN = 400.0
"""Until what was late is seen, whatever the clocks."""
CATCHES_UP_IN = 12 * HOUR
LAST_EVENTS = 25
Plant = Callable[[patches.Patch], None]


def companies_of(seed: int) -> dict[str, tuple[str, ...]]:
    """Their shops: both have one of one name, with orders of the same numbers."""
    other = patches.chance_of(seed, "companies").choice(("two", "two", "three"))
    return {"acme": ("one", other), "blue": ("one",)}


@dataclass(slots=True)
class Story:
    """Everything in one seed."""

    seed: int
    loop: VirtualLoop
    inner: Any
    """The store: Memory, or Postgres."""
    shelves: Shelves
    numbers: dict[str, int]
    """The tenants' numbers by code."""
    folder: Path
    weather: Weather
    start: datetime
    companies: dict[str, tuple[str, ...]] = field(init=False)
    market: Marketplace = field(init=False)
    truths: dict[tuple[int, str], Truth] = field(init=False)
    """By tenant and shop."""
    promises: Promises = field(init=False)
    unsafe: list[str] = field(default_factory=list)
    events: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_EVENTS))
    digest: Any = field(default_factory=hashlib.sha256)
    commits: int = 0
    restarts: int = 0
    workers: list[Worker] = field(default_factory=list)
    _checking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _now: tuple[float, datetime] = field(init=False)
    """Seconds, and the moment that they are: many ask in the same instant."""

    def __post_init__(self) -> None:
        self._now = 0.0, self.start
        self.companies = companies_of(self.seed)
        ledgers: dict[str, Ledger] = {}
        for code, shops in self.companies.items():
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
            self._speak,
        )
        self.truths = {
            (self.numbers[code], shop): _TRUTHS[shop](
                ledgers[f"{code}/{shop}"], source_of(shop), PLACES[shop][2]
            )
            for code, shops in self.companies.items()
            for shop in shops
        }
        self.promises = Promises(self.truths, self.unsafe.append)
        self.inner.is_unlucky = lambda: self.market.happens(self.weather.lost_before)

    def _speak(self, market: Marketplace, call: Call) -> Speaker:
        if call.url.startswith(GATEWAYS["one"]):
            return Top(market, call, is_encoded=self.loop.is_outside)
        if call.url.startswith(GATEWAYS["three"]):
            return Pinduoduo(market, call, is_encoded=self.loop.is_outside)
        return Shopify(market, call)

    @property
    def accounts(self) -> Path:
        return self.folder / f"{self.seed}.json"

    def now(self) -> datetime:
        if self._now[0] != self.loop.seconds:
            moment = self.start + timedelta(seconds=self.loop.seconds)
            self._now = self.loop.seconds, moment
        return self._now[1]

    def tell(self, event: str) -> None:
        line = f"{self.loop.time():.3f} {event}"
        self.events.append(line)
        self.digest.update(line.encode())

    async def committed(self, tenant: int) -> None:
        """Whatever is checked, is checked now."""
        self.commits += 1
        if self.shelves.is_stale():
            self.unsafe.append("C12: a worker that had lost its lease wrote")
        async with self._checking:
            if await self.shelves.is_as_before(tenant):
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
                   asyncio.ensure_future(self._sign_in()),
                   asyncio.ensure_future(self._ask_backfills())]  # fmt: skip
        while self.loop.time() < self.weather.span_seconds and not self.unsafe:
            await asyncio.sleep(120)
            self._check_mistakes()
        for task in trouble:
            task.cancel()
        await asyncio.gather(*trouble, return_exceptions=True)
        behind = [] if self.unsafe else await self._end_well()
        # Who dies may still ask for something first, which takes the story's time.
        for worker in self.workers:
            if not worker.is_dead:
                await worker.kill()
        with self.loop.working():
            await self.inner.close()
            await self.shelves.close()
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
            await asyncio.sleep(100)
            self._check_mistakes()
            behind = await self._behind(settled)
        if not behind and not self.unsafe:
            for tenant in self.numbers.values():
                with self.loop.working():
                    shelf = await self.shelves.look(tenant)
                self.promises.check_end(tenant, shelf)
        return behind

    async def _behind(self, settled: datetime) -> list[str]:
        found = []
        for code, tenant in self.numbers.items():
            with self.loop.working():
                shelf = await self.shelves.look(tenant)
            for shop in self.companies[code]:
                for kind in self.truths[tenant, shop].kinds:
                    cursor, problem = shelf.cursors.get((shop, kind), (None, "no feed"))
                    if problem is not None or cursor is None or cursor < settled:
                        found.append(f"{code}/{shop} {kind} is at {cursor}: {problem}")
            found += [f"{code}: {job} is not done" for job in shelf.running]
        return found

    def _check_mistakes(self) -> None:
        for worker in self.workers:
            if worker.schedule is not None and not worker.is_dead:
                self.unsafe += {f"a mistake: {error!r}" for error in worker.schedule._mistakes}
                if worker.task is not None and worker.task.done():
                    self.unsafe.append(f"{worker.name} ended: {worker.task.exception()!r}")

    def write_accounts(self) -> None:
        """New credentials; the file's time is the story's."""
        first = self.start - timedelta(seconds=HISTORY_SECONDS + LARGEST_SKEW)
        shops = [
            {"tenant": code, "shop": shop, "app_key": "key", "secret": "secret",
             "session": f"{code}/{shop}", "calls_per_second": 20, "gateway": GATEWAYS[shop],
             "since": local_day(first, PLACES[shop][1]).isoformat()}
            for code, shops in self.companies.items() for shop in shops
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

    async def _ask_backfills(self) -> None:
        """An operator lets some days of a feed be read again."""
        chance = patches.chance_of(self.seed, "backfills")
        while self.weather.backfills_an_hour:
            await asyncio.sleep(chance.expovariate(self.weather.backfills_an_hour / HOUR))
            (tenant, shop), truth = chance.choice(list(self.truths.items()))
            kind, today = chance.choice(truth.kinds), self.now().date()
            first = today - timedelta(days=chance.randint(0, 2))
            job = f"job_{self.seed:06}{int(self.loop.time()):020}"
            with self.loop.working():
                feed = await self.shelves.feed_of(tenant, shop, kind)
                if feed is not None:
                    backfill = Backfill(job, feed, ((first, today + timedelta(days=1)),))
                    async with self.inner.write(tenant) as session:
                        await jobs.add_backfill(session, backfill, caller="x", at=self.now())
            self.market.excuses += 1
            self.tell(f"{shop} {kind} of {tenant} is to be read again from {first}")

    async def _sign_in(self) -> None:
        """A seller signs in again when the session was revoked."""
        revoked = self.weather.revoked
        if revoked is None:
            return
        await asyncio.sleep(max(revoked[0] - self.loop.time(), 0))
        self.market.excuses = 0
        await asyncio.sleep(revoked[1] - self.loop.time())
        hours = (revoked[1] - revoked[0]) / HOUR
        most = 3 * (int(hours) + 2 + self.restarts) + self.market.excuses
        for shop, calls in self.market.revoked.items():
            if calls > most:
                self.unsafe.append(f"S10: {calls} calls for {shop} after its session was revoked")
        self.write_accounts()


def play(seed: int, *, plant: Sequence[Plant] = (), weather: Weather | None = None) -> Verdict:
    """One seed in memory; its digest depends on the seed and the code alone."""
    return play_in(Memory(companies_of(seed)), seed, plant=plant, weather=weather)


def play_in(
    memory: Memory, seed: int, *, plant: Sequence[Plant], weather: Weather | None
) -> Verdict:
    chance = patches.chance_of(seed, "order")
    return tell_story(
        seed, VirtualLoop(chance), memory, MemoryShelves(memory), memory.codes,
        plant=(patches.use_memory, patches.use_numbers, *plant), weather=weather,
    )  # fmt: skip


def play_on(database: TestDatabase, seed: int, *, plant: Sequence[Plant] = ()) -> Verdict:
    """One seed on PostgreSQL, whose speed is chance: no two times are quite the same."""
    numbers = make_companies(database, companies_of(seed))
    store = Postgres(database, patches.chance_of(seed, "cuts"))
    shelves = PostgresShelves(database)
    return tell_story(
        seed, VirtualLoop(None), store, shelves, numbers,
        plant=(shelves.watch, *plant), weather=small_weather(seed),
    )  # fmt: skip


def small_weather(seed: int) -> Weather:
    return smaller(draw_weather(patches.chance_of(seed, "weather")))


def tell_story(
    seed: int,
    loop: VirtualLoop,
    inner: Any,
    shelves: Shelves,
    numbers: dict[str, int],
    *,
    plant: Sequence[Plant],
    weather: Weather | None = None,
    prepare: Callable[["Story"], None] | None = None,
) -> Verdict:
    chance = patches.chance_of(seed, "weather")
    drawn = weather or draw_weather(chance)
    hour = chance.uniform(0, 24)
    start = EARLIEST + timedelta(hours=int(hour))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kaohe-story-")))
        stack.enter_context(patches.repeatable(seed))
        patch = stack.enter_context(patches.patching())
        patches.be_silent(patch)
        patches.use_weather(patch, drawn)
        patches.use_door(patch, as_transport=loop.is_outside)
        for each in plant:
            each(patch)
        stack.callback(loop.close)
        story = Story(seed, loop, inner, shelves, numbers, folder, drawn, start)
        if prepare is not None:
            prepare(story)
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
