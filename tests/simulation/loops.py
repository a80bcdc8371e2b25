"""A loop whose time jumps to the next timer, and whose ready tasks run in an order of chance."""

import asyncio
import heapq
import selectors
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any


class NothingLeft(RuntimeError):
    """Everybody waits, and for nobody."""


class Runaway(RuntimeError):
    """It goes round and round, and gets nowhere."""


MOST_ROUNDS = 150_000
"""Of a story's loop; a usual one takes some thousand."""


class _Selector(selectors.DefaultSelector):
    """Instead of waiting it turns the clock, unless a real database is at work."""

    def __init__(self) -> None:
        super().__init__()
        self.loop: VirtualLoop | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        loop = self.loop
        if loop is None or (timeout is not None and timeout <= 0):
            return super().select(0) if loop is None or loop.is_outside else []
        if loop.at_work:
            return super().select(1)
        if timeout is None:
            raise NothingLeft
        loop.jump()
        return super().select(0) if loop.is_outside else []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its seconds begin at 0; what it does depends on its chance alone, unless it is outside."""

    def __init__(self, chance: Random | None) -> None:
        """Without chance tasks run in their order, as a real database wants it."""
        selector = _Selector()
        self.seconds = 0.0
        self.at_work = 0
        self.rounds = 0
        self.is_outside = chance is None
        self._chance = chance
        super().__init__(selector)
        selector.loop = self

    def time(self) -> float:
        return self.seconds

    def jump(self) -> None:
        """To the instant of the next timer."""
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        self.seconds = max(self.seconds, scheduled[0].when())

    def _asyncgen_firstiter_hook(self, agen: Any) -> None:
        """Nobody asks this loop to end all generators at once, for which a list is kept."""

    @contextmanager
    def working(self) -> Iterator[None]:
        """Something real is waited for: the clock stands."""
        self.at_work += 1
        try:
            yield
        finally:
            self.at_work -= 1

    def run_in_executor(  # type: ignore[override]
        self,
        executor: Any,  # noqa: ARG002 - the base class names it
        func: Callable[..., Any],
        *args: Any,
    ) -> "asyncio.Future[Any]":
        """At once, and not in a thread, whose speed would be chance that no seed knows."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - whoever awaits it is told
            future.set_exception(error)
        return future

    def _run_once(self) -> None:
        # Work takes time too: who waits for the least of moments must not wait for ever.
        self.seconds += 1e-6
        self.rounds += 1
        if self.rounds > MOST_ROUNDS and not self.is_outside:
            raise Runaway
        if self._chance is None:
            super()._run_once()  # type: ignore[misc]
            return
        self._take_timers()
        ready: Any = self._ready  # type: ignore[attr-defined]
        handles = list(ready)
        ready.clear()
        if len(handles) > 1:
            self._chance.shuffle(handles)
        for handle in handles:
            if not handle._cancelled:
                handle._run()

    def _take_timers(self) -> None:
        """Those whose time has come are ready; if nobody else is, it comes now."""
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        ready: Any = self._ready  # type: ignore[attr-defined]
        while scheduled and scheduled[0]._cancelled:
            heapq.heappop(scheduled)._scheduled = False  # type: ignore[attr-defined]
        if not ready:
            if not scheduled:
                raise NothingLeft
            self.jump()
        while scheduled and scheduled[0].when() <= self.seconds:
            handle = heapq.heappop(scheduled)
            handle._scheduled = False  # type: ignore[attr-defined]
            ready.append(handle)
