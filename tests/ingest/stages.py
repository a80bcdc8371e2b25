"""A shop that is pulled while something happens; its clock goes on when somebody waits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sandbox.lives import midnight, sales_until
from sandbox.sales import Sale
from sandbox.shops import SHOP_OF
from services.ingest.sources.client import LONGEST_BAN_SECONDS, Pace
from services.ingest.workers import desks
from tests.databases import TestDatabase
from tests.ingest.hurried import moments_of
from tests.ingest.manners import MANNERS, Manner
from tests.ingest.markets import CASES, Case, check, world_of
from tests.ingest.worlds import FIRST, Clock, World

BOOKS = "orders, by each marketplace's own books"
_MINUTE, _SECOND = timedelta(minutes=1), timedelta(seconds=1)


class PaceByClock(Pace):
    """Bans end by the clock of the world, and to wait lets it go on."""

    def __init__(self, clock: Clock, calls_per_second: int) -> None:
        super().__init__(calls_per_second, sleep=self._pass, chance=lambda: 0.0)
        self._clock = clock
        self._free = clock()

    async def _pass(self, seconds: float) -> None:
        self._clock.pass_by(seconds=seconds)

    def forbid(self, seconds: float) -> None:
        until = self._clock() + timedelta(seconds=min(seconds, LONGEST_BAN_SECONDS))
        self._free = max(self._free, until)

    def _left(self) -> float:
        return (self._free - self._clock()).total_seconds()


@dataclass
class Stage:
    """One shop of one marketplace."""

    name: str
    case: Case
    manner: Manner
    world: World
    patch: pytest.MonkeyPatch

    @property
    def clock(self) -> Clock:
        return self.world.clock

    @property
    def trouble(self) -> Any:
        return self.world.gateway.trouble

    def begin(self, *, hours: float, still: timedelta = timedelta(0)) -> None:
        """So long after the first day began: from the first moment on that nothing changes near."""
        self.clock.now = self._quiet(midnight(FIRST) + timedelta(hours=hours), still)

    def pass_by(self, *, still: timedelta = timedelta(0), **span: float) -> None:
        """So much later, likewise."""
        self.clock.now = self._quiet(self.clock.now + timedelta(**span), still)

    def sales(self) -> list[Sale]:
        """The orders that the marketplace tells of by now."""
        at = self.clock.now
        placed = sales_until(SHOP_OF[self.case.shop], FIRST, at)
        return [sale for sale in placed if self.case.stands(sale, at)]

    def listed(self) -> list[Any]:
        """The calls that listed orders."""
        return [call for call in self.trouble.calls if call.method in self.manner.lists]

    async def settle(self) -> int:
        """Let all go well again: then facts are the books; of how many orders."""
        self.trouble.faults.clear()
        self.pass_by(minutes=20)
        # What rests for longer than that has a reason to, and is due when it is over.
        dues = [feed.due_at for feed in (await self.world.feeds()).values() if feed.problem]
        self.clock.now = self._quiet(max([self.clock.now, *dues]), timedelta(0))
        assert await self.world.pull() == []
        return await check(self.world, self.case)

    async def read_again(self, *, days: int | None) -> list[str]:
        """Read so many days from the first on again, or exactly those that feeds lack."""

        def show(_: object) -> None:
            # Who is told to wait waits by this clock.
            self.clock.pass_by(seconds=5)

        span = None if days is None else (FIRST, FIRST + timedelta(days=days))
        return await self.world.schedule().backfill_once(span, shop=None, show=show)

    async def cursors(self) -> dict[str, datetime | None]:
        return {kind: feed.cursor for kind, feed in (await self.world.feeds()).items()}

    def _quiet(self, at: datetime, still: timedelta) -> datetime:
        """Nothing changes within the time that is left for the next look, and so much before."""
        until = at + timedelta(days=1)
        known = {
            moment
            for sale in sales_until(SHOP_OF[self.case.shop], FIRST, until)
            for moment in moments_of(sale)
        }
        span = self.case.lag + still + 2 * _SECOND
        while any(at - span <= moment <= at + _SECOND for moment in known):
            at += _MINUTE
        return at


@asynccontextmanager
async def stage_of(
    name: str, database: TestDatabase, folder: Path, patch: pytest.MonkeyPatch
) -> AsyncIterator[Stage]:
    async with world_of(CASES[name], database, folder) as world:
        patch.setattr(desks, "Pace", partial(PaceByClock, world.clock))
        yield Stage(name, CASES[name], MANNERS[name], world, patch)
