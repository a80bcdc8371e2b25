"""A company's many requests begin in turns, so that its neighbour's one need not wait for them all.

Buckets say how much a company may ask; they do not say when. What is let in at once shares one
event loop, where each step of a request waits for a step of every other. So where companies share a
process only a few requests of each are in their first moments at a time; the rest wait in its line.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable

TURNS = 2
"""Requests of one company in their first moments at a time."""
TURN_SECONDS = 0.05
"""The longest first moments: who waits for the database longer does not keep the loop busy."""
SHARED_SECONDS = 600
"""So long after two companies came one after the other a process counts as shared."""

Clock = Callable[[], float]


class Turns:
    """Who has a turn, and who waits for one, of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._latest: int | None = None
        self._shared_until = 0.0
        self._taken = Counter[int]()
        self._lines: dict[int, deque[asyncio.Future[None]]] = {}

    async def begin(self, tenant: int) -> Callable[[], None]:
        """Wait for a turn; what is returned ends it, and ends by itself after `TURN_SECONDS`.

        A company that has the process for itself waits for nothing.
        """
        if self._is_shared(tenant) and self._taken[tenant] >= TURNS:
            await self._wait(tenant)
        else:
            self._taken[tenant] += 1
        ended = False

        def end() -> None:
            nonlocal ended
            if not ended:
                ended = True
                timer.cancel()
                self._pass_on(tenant)

        timer = asyncio.get_running_loop().call_later(TURN_SECONDS, end)
        return end

    def _is_shared(self, tenant: int) -> bool:
        now = self._clock()
        if self._latest not in (None, tenant):
            self._shared_until = now + SHARED_SECONDS
        self._latest = tenant
        return now < self._shared_until

    async def _wait(self, tenant: int) -> None:
        turn = asyncio.get_running_loop().create_future()
        line = self._lines.setdefault(tenant, deque())
        line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            # Whoever goes away while its turn comes leaves it to the next.
            if not turn.cancelled():
                self._pass_on(tenant)
            raise

    def _pass_on(self, tenant: int) -> None:
        line = self._lines.get(tenant, deque())
        while line:
            turn = line.popleft()
            if not turn.cancelled():
                turn.set_result(None)
                return
        self._lines.pop(tenant, None)
        self._taken[tenant] -= 1
        if not self._taken[tenant]:
            del self._taken[tenant]
