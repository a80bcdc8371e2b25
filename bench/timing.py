"""How long work takes, as how many things a second."""

import time
from collections.abc import Awaitable, Callable


async def rate_of(count: int, work: Callable[[], Awaitable[object]]) -> float:
    """So many things done by one call, a second."""
    began = time.perf_counter()
    await work()
    return count / (time.perf_counter() - began)
