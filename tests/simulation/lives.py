"""Processes that pull and are ended by `kill -9` in the middle of a transaction, one after another.

Each is a process of its own that plays a part of one story on PostgreSQL and kills itself at an
instant of chance: while it lands rows, just before its commit, or when that was sent and not yet
answered. The next one goes on some seconds later. What the marketplace has done meanwhile, and what
was known to be stored, stands in a journal.
"""

import asyncio
import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from tests.databases import TestDatabase
from tests.simulation import patches
from tests.simulation.appraisals import Appraisals
from tests.simulation.ledgers import Ledger
from tests.simulation.loops import VirtualLoop
from tests.simulation.postgres import Postgres, PostgresShelves, make_companies
from tests.simulation.promises import Promises
from tests.simulation.shelves import Key, Shelf
from tests.simulation.stories import Story, companies_of, small_weather, tell_story
from tests.simulation.verdicts import Verdict
from tests.simulation.weathers import Weather

MOST_LANDINGS, MOST_ROUNDS = 4, 40
"""Before a process dies; and rounds of its loop, in the landing in which it does."""
MANNERS = ("landing", "before the commit", "before its answer")


@dataclass(slots=True)
class Journal:
    """What outlives a process, line by line."""

    file: Path
    touched: list[tuple[str, str, int, float]] = field(default_factory=list)
    """Shop, kind and number of what the marketplace has changed, and when."""
    stored: dict[int, dict[Key, datetime]] = field(default_factory=dict)
    """Facts that were seen to be stored, by tenant, and when they had last changed."""
    died_at: float = 0.0

    def read(self) -> "Journal":
        for line in self.file.read_text(encoding="utf-8").splitlines():
            what, *values = json.loads(line)
            if what == "touched":
                self.touched.append((values[0], values[1], values[2], values[3]))
            elif what == "stored":
                known = self.stored.setdefault(values[0], {})
                known |= {(k, s, n): datetime.fromisoformat(at) for k, s, n, at in values[1]}
            else:
                self.died_at = values[0]
        return self

    def write(self, *values: Any) -> None:
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")


class MortalPostgres(Postgres):
    """Whose process dies at one of the next transactions that land anything."""

    def __init__(self, database: TestDatabase, chance: Random, journal: Journal) -> None:
        super().__init__(database, chance)
        self._journal = journal
        self._left = chance.randint(1, MOST_LANDINGS)
        self._manner = chance.choice(MANNERS)

    @asynccontextmanager
    async def write(self, tenant: int) -> AsyncIterator[Any]:
        async with super().write(tenant) as session:
            driver, landing = session.driver, False

            async def noticed() -> Any:
                nonlocal landing
                if not landing:
                    landing, self._left = True, self._left - 1
                    if self._left == 0 and self._manner == "landing":
                        self._dying = asyncio.ensure_future(self._die_soon())
                return await driver()

            session.driver = noticed
            yield session
            if landing and self._left <= 0:
                if self._manner == "before its answer":
                    # The commit is sent in this turn of the loop; the next one never comes.
                    asyncio.get_running_loop().call_soon(self._die)
                else:
                    self._die()

    async def _die_soon(self) -> None:
        for _ in range(self._chance.randint(0, MOST_ROUNDS)):
            await asyncio.sleep(0)
        self._die()

    def _die(self) -> None:
        self._journal.write("died", asyncio.get_running_loop().time())
        os.kill(os.getpid(), signal.SIGKILL)


def play_lives(database: TestDatabase, seed: int, *, deaths: int) -> tuple[int, Verdict]:
    """How many processes were killed, and how it ended."""
    companies = companies_of(seed)
    numbers = make_companies(database, companies)
    weather = small_weather(seed)
    killed, before, problems = 0, dict.fromkeys(numbers.values(), _EMPTY), list[str]()
    with tempfile.TemporaryDirectory(prefix="kaohe-lives-") as name:
        folder = Path(name)
        file = folder / "journal"
        file.touch()
        appraisals = Appraisals(database, numbers, folder)
        appraisals.settle_in(companies)
        for life in range(deaths + 1):
            if _status_of(_begin(database, seed, weather, numbers, folder, life, deaths)) == 0:
                break
            killed += 1
            after = asyncio.run(_look(database, numbers))
            stored = Journal(file).read().stored
            for tenant, shelf in after.items():
                problems += _went_back(before[tenant], shelf, stored.get(tenant, {}))
            before = after
            problems += appraisals.look()
        verdict = Verdict(**json.loads((folder / "verdict").read_text(encoding="utf-8")))
        if verdict.is_good:
            problems += appraisals.look_at_last()
    verdict.unsafe += problems
    return killed, verdict


def _begin(
    database: TestDatabase,
    seed: int,
    weather: Weather,
    numbers: dict[str, int],
    folder: Path,
    life: int,
    deaths: int,
) -> int:
    """A process that plays on from where the last one was killed; its number."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        _live(database, seed, weather, numbers, folder, life, is_mortal=life < deaths)
        code = 0
    except BaseException:  # noqa: BLE001 - nothing of the tests that it was forked from may go on in it
        traceback.print_exc(file=sys.stderr)
    finally:
        os._exit(code)


def _status_of(process: int) -> int:
    """0 for one that came to its end; any end but that and `kill -9` is a mistake."""
    _, status = os.waitpid(process, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return signal.SIGKILL
    assert os.WEXITSTATUS(status) == 0, "a process failed by a mistake of ours"
    return 0


def _live(
    database: TestDatabase,
    seed: int,
    weather: Weather,
    numbers: dict[str, int],
    folder: Path,
    life: int,
    *,
    is_mortal: bool,
) -> None:
    chance, journal = patches.chance_of(seed, f"life/{life}"), Journal(folder / "journal").read()
    store = MortalPostgres(database, chance, journal) if is_mortal else Postgres(database, chance)

    def go_on(story: Story) -> None:
        for shop, kind, number, at in journal.touched:
            story.market.ledgers[shop].touch(kind, number, at)
        story.market.chance = patches.chance_of(seed, f"market/{life}")
        story.loop.seconds = journal.died_at + (chance.uniform(1, 90) if life else 0)
        places = {id(ledger): shop for shop, ledger in story.market.ledgers.items()}
        touch = Ledger.touch

        def noted(ledger: Ledger, kind: str, number: int, at: float) -> None:
            journal.write("touched", places[id(ledger)], kind, number, at)
            touch(ledger, kind, number, at)

        patch(Ledger, "touch", noted)
        check = Promises.check_commit

        def remembered(promises: Promises, tenant: int, shelf: Shelf, at: float) -> None:
            check(promises, tenant, shelf, at)
            facts = [(*key, fact.modified.isoformat()) for key, fact in shelf.facts.items()]
            journal.write("stored", tenant, facts)

        patch(Promises, "check_commit", remembered)

    # Who is killed clears nothing away: whoever began it does.
    tempfile.tempdir = str(folder)
    shelves = PostgresShelves(database)
    with patches.patching() as patch:
        verdict = tell_story(
            seed, VirtualLoop(None), store, shelves, numbers,
            plant=(shelves.watch,), weather=weather, prepare=go_on,
        )  # fmt: skip
    (folder / "verdict").write_text(json.dumps(asdict(verdict)), encoding="utf-8")


async def _look(database: TestDatabase, numbers: Mapping[str, int]) -> dict[int, Shelf]:
    shelves = PostgresShelves(database)
    try:
        return {tenant: await shelves.look(tenant) for tenant in numbers.values()}
    finally:
        await shelves.close()


_EMPTY = Shelf({}, {}, {}, {}, {})


def _went_back(before: Shelf, after: Shelf, stored: Mapping[Key, datetime]) -> list[str]:
    """What a death has undone of what was stored, or left in halves."""
    known = {**{key: fact.modified for key, fact in before.facts.items()}, **stored}
    found = [
        f"C01: {key} of {at} was stored, and is not"
        for key, at in known.items()
        if key not in after.facts or after.facts[key].modified < at
    ]
    found += [
        f"C01: the cursor of {place} went back"
        for place, (cursor, _) in before.cursors.items()
        if cursor is not None and (now := after.cursors[place][0]) is not None and now < cursor
    ]
    if after.measures != after.recounted:
        found.append("C01: measures are not what the facts add up to")
    return found
