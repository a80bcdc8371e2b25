"""A loop whose time jumps to the next timer, and whose ready tasks run in an order of chance."""

import asyncio
import heapq
import selectors
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from random import Random
from types import coroutine
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


@coroutine
def turn() -> Generator[None, None, None]:
    """Let all others who are ready go on first."""
    yield


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its seconds begin at 0; what it does depends on its chance alone, unless it is outside."""

    _ready: "deque[asyncio.Handle]"
    _stopping: bool

    def __init__(self, chance: Random | None) -> None:
        """Without chance tasks run in their order, as a real database wants it."""
        selector = _Selector()
        self.seconds = 0.0
        self.at_work = 0
        self.rounds = 0
        self.is_outside = chance is None
        self._chance = chance
        self._timers: list[tuple[float, asyncio.TimerHandle]] = []
        """By their time, unless it is outside: as pairs they are compared faster."""
        super().__init__(selector)
        selector.loop = self

    def time(self) -> float:
        return self.seconds

    def jump(self) -> None:
        """To the instant of the next timer."""
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        self.seconds = max(self.seconds, scheduled[0].when())

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        if self._chance is None:
            return super().call_at(when, callback, *args, context=context)
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, timer))
        return timer

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

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
        """One round, and without an outside all of them until it is to stop."""
        if self._chance is None:
            self._begin_round()
            super()._run_once()  # type: ignore[misc]
            return
        ready, shuffle = self._ready, self._chance.shuffle
        while True:
            self._begin_round()
            self._take_timers()
            if len(ready) == 1:
                handles = [ready.popleft()]
            else:
                handles = list(ready)
                ready.clear()
                shuffle(handles)
            for handle in handles:
                if not handle._cancelled:
                    handle._run()
            if self._stopping:
                return

    def _take_timers(self) -> None:
        """Those whose time has come are ready; if nobody else is, it comes now."""
        ready, timers = self._ready, self._timers
        while timers and timers[0][1]._cancelled:
            heapq.heappop(timers)
        if not ready:
            if not timers:
                raise NothingLeft
            self.seconds = max(self.seconds, timers[0][0])
        while timers and timers[0][0] <= self.seconds:
            ready.append(heapq.heappop(timers)[1])

    def _begin_round(self) -> None:
        # Work takes time too: who waits for the least of moments must not wait for ever.
        self.seconds += 1e-6
        self.rounds += 1
        if self.rounds > MOST_ROUNDS and not self.is_outside:
            raise Runaway
