"""How a flood is sent to a door, and how long all others wait meanwhile."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

PIECE = 1 << 16
LONGEST_STALL_MS = 50


async def piece_by_piece(body: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(body), PIECE):
        yield body[at : at + PIECE]
        await asyncio.sleep(0)


@contextmanager
def without_garbage() -> Iterator[None]:
    """What this process holds already would be gone through as garbage in one of the stretches."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@asynccontextmanager
async def stalls(clock: Callable[[], float] = time.thread_time) -> AsyncIterator[list[float]]:
    """How long the loop was at one thing, in ms of a clock, each time it came round."""
    found: list[float] = []
    ended = asyncio.Event()
    watching = asyncio.create_task(_watch(found, ended, clock))
    # A first time, so that also what never waits is seen.
    await asyncio.sleep(0)
    try:
        yield found
    finally:
        ended.set()
        await watching


async def _watch(found: list[float], ended: asyncio.Event, clock: Callable[[], float]) -> None:
    while not ended.is_set():
        began = clock()
        await asyncio.sleep(0)
        found.append((clock() - began) * 1000)
