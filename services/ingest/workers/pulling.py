"""One worker reads one feed: what it has read lands with the cursor, or not at all."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal

import structlog

from services.ingest.core.cursors import days_completed, wait_after
from services.ingest.core.fields import Unfit
from services.ingest.flows.landing import Tally
from services.ingest.flows.pulls import (
    Desk,
    Reached,
    Read,
    Stored,
    land_rows,
    read_stored,
)
from services.ingest.sources.errors import (
    NotAuthorised,
    NotPermitted,
    Refused,
    SourceError,
    TryLater,
)
from services.ingest.sources.reading import Row
from services.ingest.store.cursors import StaleLease, release, renew, rest_shop, wake_workers
from services.ingest.store.jobs import move_backfill
from services.ingest.store.sources import read_owners
from services.ingest.workers.desks import start_of_feed
from services.ingest.workers.windows import Piece, windows_of_backfill, windows_up_to_now
from services.schema.db import Database, WriteSession
from services.schema.errors import Unavailable
from services.schema.shapes.feeds import Backfill, Known, Lease, Trail
from services.schema.words import FactKind

LEASE = timedelta(seconds=30)
"""Kept up while a feed is read; so long nobody else takes over a worker that was killed."""
WAIT_FOR_PEOPLE = timedelta(hours=1)
"""Until somebody has signed in again, or granted a permission, asking is of no use."""
LANDING_ATTEMPTS = 5
LANDING_ROWS, LANDING_WINDOWS = 1000, 10
"""How much is read ahead before it is landed: a transaction costs as much as many rows."""
_SHARE = Decimal("0.000001")

_log = structlog.get_logger("kaohe.pull")


@dataclass(frozen=True, slots=True)
class Step:
    """Something of a feed has landed."""

    tenant: int
    shop: str
    kind: FactKind
    days: int
    """Local days read whole since this pull or backfill began."""
    days_in_all: int
    rows: int
    """Rows that said something new."""


Show = Callable[[Step], None]


@dataclass(slots=True)
class _Harvest:
    """Windows that have been read and not yet landed."""

    rows: dict[object, Row] = field(default_factory=dict)
    """By number; of windows that overlap the later one has seen it last."""
    pieces: list[Piece] = field(default_factory=list)

    def add(self, desk: Desk, kind: FactKind, piece: Piece) -> None:
        for row in piece.reading.rows:
            self.rows[desk.reader.number_of(kind, row) or id(row)] = row
        self.pieces.append(piece)

    def is_full(self) -> bool:
        return len(self.rows) >= LANDING_ROWS or len(self.pieces) >= LANDING_WINDOWS


class Puller:
    """Reads the feed of one lease; every write of it names the lease's token."""

    def __init__(
        self,
        database: Database,
        desk: Desk,
        lease: Lease,
        *,
        now: Callable[[], datetime],
        show: Show,
        stopping: asyncio.Event,
    ) -> None:
        self.trail = Trail()
        """How far it has come."""
        self._database = database
        self._desk = desk
        self._lease = lease
        self._now = now
        self._show = show
        self._stopping = stopping
        self._log = _log.bind(shop=lease.shop, kind=lease.kind.value, feed=lease.feed)

    async def pull(self) -> str | None:
        """Read all that is due and give the feed back; what went wrong, if anything."""
        stream = self._desk.source.streams[self._lease.kind]
        at = self._now()
        begun = self._lease.cursor or start_of_feed(self._desk, at, stream.reach)
        in_all = len(days_completed(begun, at, self._desk.timezone))
        pieces = windows_up_to_now(
            self._desk, self._lease.kind, begun, self._now, first=self._lease.cursor is None
        )
        try:
            await self._check_owner()
            await self._land_all(pieces, in_all, backfill=None)
        except SourceError as error:
            # Whose consent is gone is let in with none of a shop's questions: one has been enough.
            stops_all = isinstance(error, NotAuthorised)
            await self._give_back(self._wait(error), str(error), whole_shop=stops_all)
            return str(error)
        except StaleLease as error:
            # Nothing was written; whoever has the feed goes on from the cursor.
            self._log.warning("feed.lost", problem=error.detail)
            return error.detail
        except Unavailable as error:
            await self._give_back(wait_after(self._lease.attempts), error.detail)
            return error.detail
        except asyncio.CancelledError:
            await self._give_back(timedelta(0), None)
            raise
        await self._give_back(timedelta(0) if self._stopping.is_set() else stream.every, None)
        return None

    async def backfill(self, backfill: Backfill, trail: Trail) -> None:
        """Read some days again from where a trail ends; the cursor stays.

        The feed is given back as it was. Errors are the caller's.
        """
        self.trail = trail
        pieces = windows_of_backfill(
            self._desk, self._lease.kind, backfill, self._now, after=trail.until
        )
        try:
            await self._land_all(pieces, backfill.days, backfill=backfill)
        finally:
            await self._give_back(timedelta(0), None)

    async def _check_owner(self) -> None:
        """Another source may have stated the shop's sales first: then nothing of ours lands."""
        async with self._database.read(self._desk.tenant) as session:
            owner = (await read_owners(session)).get(self._lease.shop, self._lease.source)
        if owner != self._lease.source and self._lease.kind in {FactKind.ORDERS, FactKind.REFUNDS}:
            raise NotPermitted(f"orders and refunds of this shop come from {owner}")

    async def _land_all(
        self,
        pieces: AsyncGenerator[Piece, None],
        in_all: int,
        *,
        backfill: Backfill | None,
    ) -> None:
        """Land windows as they come; what has been read lands even if the next one fails."""
        problem: SourceError | None = None
        async with self._kept(), aclosing(pieces):
            ended = False
            while not ended:
                harvest = _Harvest()
                while not harvest.is_full() and not ended:
                    try:
                        harvest.add(self._desk, self._lease.kind, await anext(pieces))
                    except StopAsyncIteration:
                        ended = True
                    except SourceError as error:
                        ended, problem = True, error
                    ended = ended or self._stopping.is_set()
                if harvest.pieces:
                    self.trail = await self._land(harvest, backfill)
                    self._tell(in_all)
        if problem is not None:
            raise problem

    async def _land(self, harvest: _Harvest, backfill: Backfill | None) -> Trail:
        """Store what was read; how far that brings it."""
        tenant = self._desk.tenant
        listed = list(harvest.rows.values())
        stored = await self._stored(listed)
        rows = [await self._complete(row, stored.known) for row in listed]
        reached = Reached(
            request="; ".join(piece.reading.request for piece in harvest.pieces),
            cursor=None if backfill else harvest.pieces[-1].end,
            days=[day for piece in harvest.pieces for day in piece.days],
        )
        for attempt in range(1, LANDING_ATTEMPTS + 1):
            at = self._now()
            try:
                if attempt > 1:
                    # Perhaps only the answer was lost: then nothing of it is new any more.
                    stored = await self._stored(listed)
                async with self._database.write(tenant) as session:
                    tally = await land_rows(
                        session,
                        self._lease,
                        self._desk,
                        rows,
                        stored=stored,
                        reached=reached,
                        at=at,
                        until=at + LEASE,
                    )
                    trail = await self._move(session, harvest, backfill, tally)
            except Unavailable:
                # A long batch may hold the lane; what was read is still good.
                if attempt == LANDING_ATTEMPTS:
                    raise
                await asyncio.sleep(1)
            else:
                self._count(tally)
                return trail
        raise AssertionError("the last attempt returns or raises")

    async def _move(
        self,
        session: WriteSession,
        harvest: _Harvest,
        backfill: Backfill | None,
        tally: Tally | None,
    ) -> Trail:
        """The trail behind what was landed; that of a backfill is kept beside it."""
        until, rows = harvest.pieces[-1].end, tally.received if tally else 0
        days = self.trail.days + sum(len(piece.days) for piece in harvest.pieces)
        moved = Trail(until, days, self.trail.rows + rows)
        if backfill is None:
            return moved
        share = (Decimal(days) / max(backfill.days, 1)).quantize(_SHARE, ROUND_DOWN)
        kept = await move_backfill(
            session, backfill.job, until=until, days=days, rows=rows, progress=share
        )
        return kept or moved

    async def _stored(self, listed: Sequence[Row]) -> Stored:
        async with self._database.read(self._desk.tenant) as session:
            return await read_stored(session, self._desk, self._lease.kind, listed)

    async def _complete(self, row: Row, known: Known) -> Read:
        """A row with what only a call for it alone tells, where that is not known yet."""
        if not self._desk.reader.lacks_detail(self._lease.kind, row, known):
            return Read(row)
        try:
            return Read(await self._desk.source.detail(self._lease.kind, row))
        except Refused as error:
            # One trade that cannot be asked about must not hold up the others.
            return Read(row, Unfit("detail_refused", str(error)))

    @asynccontextmanager
    async def _kept(self) -> AsyncIterator[None]:
        """Keep the lease for as long as the block lasts; a worker that is stopped keeps nothing."""
        keeper = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            # A lease that is lost is noticed where it counts: when something is to be written.
            with suppress(Unavailable, StaleLease):
                async with self._database.write(self._desk.tenant) as session:
                    await renew(session, self._lease, until=self._now() + LEASE)

    async def _give_back(
        self, wait: timedelta, problem: str | None, *, whole_shop: bool = False
    ) -> None:
        """Let the feed go; where that cannot be written the lease ends by itself."""
        due_at = self._now() + wait
        if problem is not None:
            self._log.warning("feed.stopped", problem=problem, again_at=due_at.isoformat())
        with suppress(StaleLease, Unavailable):
            async with self._database.write(self._desk.tenant) as session:
                await release(session, self._lease, due_at=due_at, problem=problem)
                if whole_shop and problem is not None:
                    await rest_shop(session, self._lease, due_at=due_at, problem=problem)
                if self._stopping.is_set():
                    # Others sleep until a lease ends by itself: they need not, this shop is free.
                    await wake_workers(session)

    def _wait(self, error: SourceError) -> timedelta:
        """How long to leave a feed alone after an error."""
        if isinstance(error, NotAuthorised | NotPermitted):
            return WAIT_FOR_PEOPLE
        if isinstance(error, TryLater) and error.seconds is not None:
            return timedelta(seconds=min(error.seconds, WAIT_FOR_PEOPLE.total_seconds()))
        return wait_after(self._lease.attempts)

    def _count(self, tally: Tally | None) -> None:
        if tally is not None:
            counts = {outcome.value: count for outcome, count in sorted(tally.counts.items())}
            self._log.info("feed.landed", batch=tally.batch, **counts)

    def _tell(self, in_all: int) -> None:
        lease, tenant, trail = self._lease, self._desk.tenant, self.trail
        self._show(Step(tenant, lease.shop, lease.kind, trail.days, in_all, trail.rows))
