"""Who is served now and who waits: tenants take turns, and none takes every place there is."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Crowded(Exception):
    """So many of one tenant wait already that one more would only wait in vain."""


class FairQueue:
    """Places of one process, shared by tenants.

    A tenant holds at most its share of the places, the rest is left to others. Who waits is let in
    in rounds, one of each tenant: a long queue of one makes nobody else's longer.
    """

    def __init__(self, places: int, *, waiting: int, share: int | None = None) -> None:
        self._free = places
        self._share = share if share is not None else share_of(places)
        self._most_waiting = waiting
        self._held: Counter[int] = Counter()
        self._waiting: OrderedDict[int, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def place(self, tenant: int) -> AsyncIterator[None]:
        """A place, as soon as it is the tenant's turn; refuses one more than may wait."""
        if not self.enter_now(tenant):
            await self.enter(tenant)
        try:
            yield
        finally:
            self.leave(tenant)

    def enter_now(self, tenant: int) -> bool:
        """Take a place if there is one for the tenant and nobody of it waits; `leave` it."""
        if not self._free or self._held[tenant] >= self._share or tenant in self._waiting:
            return False
        self._take(tenant)
        return True

    async def enter(self, tenant: int) -> None:
        """Wait for a place; who stops to wait holds none."""
        line = self._waiting.setdefault(tenant, deque())
        if len(line) >= self._most_waiting:
            raise Crowded
        turn = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(tenant)  # let in and called away at the same moment
            else:
                self._forget(tenant, turn)
            raise

    def _take(self, tenant: int) -> None:
        self._free -= 1
        self._held[tenant] += 1

    def leave(self, tenant: int) -> None:
        """Give a place back: it is the next one's, whose turn it is."""
        self._free += 1
        self._held[tenant] -= 1
        if not self._held[tenant]:
            del self._held[tenant]
        while self._free and (following := self._next()) is not None:
            turn = self._waiting[following].popleft()
            # Of this round it had its turn.
            self._waiting.move_to_end(following)
            if not self._waiting[following]:
                del self._waiting[following]
            if not turn.done():
                self._take(following)
                turn.set_result(None)

    def _next(self) -> int | None:
        """Whose turn it is of those who wait and hold less than their share."""
        waiting = (one for one in self._waiting if self._held[one] < self._share)
        return next(waiting, None)

    def _forget(self, tenant: int, turn: asyncio.Future[None]) -> None:
        line = self._waiting.get(tenant)
        if line is not None and turn in line:
            line.remove(turn)
            if not line:
                del self._waiting[tenant]


def share_of(places: int) -> int:
    """How many of so many places one tenant may hold: all but a quarter, where there are enough."""
    return places if places < 4 else places - places // 4
