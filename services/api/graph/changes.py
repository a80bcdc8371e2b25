"""Changes of scorecards, heard once a process and passed on to whoever follows them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

import structlog

from services.api.store.changes import CHANNEL
from services.schema.db import Database
from services.schema.errors import Unavailable
from services.schema.shapes.live import CardChange
from services.schema.shapes.people import Subject

MOST_WAITING = 500
"""Cards that a follower may be behind; one who is slower is sent away and reads anew."""
RETRY_SECONDS = 1

_log = structlog.get_logger("kaohe.changes")


@dataclass(eq=False, slots=True)
class Follower:
    """One who waits for changes of a cycle's cards, or of one subject's card in it.

    A card that changes again before it was read is waited for once.
    """

    tenant: int
    cycle: str
    subject: Subject | None
    _waiting: dict[str, None] = field(default_factory=dict)
    _lost: bool = False
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, change: CardChange) -> None:
        if (change.tenant, change.cycle) != (self.tenant, self.cycle):
            return
        if self.subject is not None and change.subject != self.subject:
            return
        if len(self._waiting) >= MOST_WAITING:
            self.lose()
            return
        self._waiting[change.card] = None
        self._woken.set()

    def lose(self) -> None:
        """Changes may have been missed."""
        self._lost = True
        self._woken.set()

    async def cards(self) -> AsyncIterator[str]:
        """The ids of cards that have changed, in the order of their changes."""
        while True:
            await self._woken.wait()
            if self._lost:
                raise Unavailable("Changes were missed: read the scorecards, then subscribe again.")
            card = next(iter(self._waiting))
            del self._waiting[card]
            if not self._waiting:
                self._woken.clear()
            yield card


class Changes:
    """The one listener of a process, and its followers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._followers: set[Follower] = set()
        self._listening = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listen for as long as the block lasts."""
        task = asyncio.create_task(self._listen())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    @contextmanager
    def follow(self, tenant: int, cycle: str, subject: Subject | None) -> Iterator[Follower]:
        """Follow until the block ends; refused while nothing can be heard."""
        if not self._listening:
            raise Unavailable("Changes cannot be heard at the moment.")
        follower = Follower(tenant, cycle, subject)
        self._followers.add(follower)
        try:
            yield follower
        finally:
            self._followers.discard(follower)

    async def _listen(self) -> None:
        while True:
            try:
                async with self._database.listen(CHANNEL) as heard:
                    self._listening = True
                    while (text := await heard.get()) is not None:
                        self._pass_on(CardChange.from_text(text))
            except (Unavailable, OSError) as error:
                _log.warning("changes.unheard", detail=str(error))
            finally:
                self._listening = False
                for follower in self._followers:
                    follower.lose()
            await asyncio.sleep(RETRY_SECONDS)

    def _pass_on(self, change: CardChange) -> None:
        for follower in self._followers:
            follower.tell(change)
