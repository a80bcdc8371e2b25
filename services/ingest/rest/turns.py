"""Who lands now and who waits: batches of one lane one at a time, few at once, none without end."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from weakref import WeakValueDictionary

from services.door.problems import TooMany
from services.schema.queues import FairQueue

IN_FLIGHT = 64
"""Batches of one tenant that may arrive or wait at once."""
AT_ONCE = 4
"""Batches that land at once in this process: each holds a connection and some ten megabytes. One
company's are at most three of them, and companies take turns."""
_RETRY_AFTER_SECONDS = 2


class Turns:
    """The queue of one process; between processes the database's lane decides."""

    def __init__(self) -> None:
        self._in_flight: Counter[int] = Counter()
        self._lanes: WeakValueDictionary[tuple[int, str], asyncio.Lock] = WeakValueDictionary()
        self._landing = FairQueue(AT_ONCE, waiting=IN_FLIGHT)

    @contextmanager
    def place(self, tenant: int) -> Iterator[None]:
        """A place in the queue, from before the body is read."""
        if self._in_flight[tenant] >= IN_FLIGHT:
            raise TooMany(
                f"{IN_FLIGHT} batches are on their way already.",
                retry_after_seconds=_RETRY_AFTER_SECONDS,
            )
        self._in_flight[tenant] += 1
        try:
            yield
        finally:
            self._in_flight[tenant] -= 1
            if not self._in_flight[tenant]:
                del self._in_flight[tenant]

    @asynccontextmanager
    async def turn(self, tenant: int, lane: str) -> AsyncIterator[None]:
        """The turn of a batch: nobody else of its lane lands meanwhile."""
        lock = self._lanes.setdefault((tenant, lane), asyncio.Lock())
        async with lock, self._landing.place(tenant):
            yield
