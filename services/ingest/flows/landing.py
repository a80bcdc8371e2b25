"""A batch on its way in: chunks are checked against what they refer to, stored and added up."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from operator import itemgetter
from zoneinfo import ZoneInfo

from services.ingest.core.bodies import Posted
from services.ingest.core.buyers import Seal
from services.ingest.core.fields import Unfit
from services.ingest.core.records import COLUMNS, Place, Record
from services.ingest.flows.arrivals import Arrival, Recorder, References, names_of
from services.ingest.flows.told import ToldDays
from services.ingest.store.batches import add_batch
from services.ingest.store.exclusions import has_exclusions
from services.ingest.store.feeds import Arrived, count_arrived
from services.ingest.store.landing import (
    Judged,
    clear_measures,
    keep_times,
    land,
    mark_touched,
    move_refunds,
    prepare_landing,
    replace_rejected,
    sources_with_refunds,
    stage,
)
from services.ingest.store.measures import read_own_measures
from services.ingest.store.people import read_shops, read_tenant, read_unit_codes
from services.ingest.store.rejected import Rejected, has_rejected, keep_rejected
from services.ingest.store.sources import (
    claim_shops,
    lock_lane,
    read_owners,
    read_pulled_shops,
)
from services.schema.catalogue import posted_measures
from services.schema.db import WriteSession
from services.schema.errors import Fault
from services.schema.ids import IdKind, new_id
from services.schema.shapes.facts import TOLD
from services.schema.words import FactKind, Outcome

CHUNK_ROWS = 8_000
FIRST_CHUNK_ROWS = 1_000
"""Soon read, so that PostgreSQL soon has work."""
SALES = "sales"
"""The lane of orders and refunds: each is read to count the other."""

# Of a record's source, shop, key and day.
_KEY_OF = itemgetter(0, 2)
_DAY_OF = itemgetter(1, 0, 3)
REFUSED = frozenset({Outcome.INVALID, Outcome.CONFLICT})
_LANDED = frozenset({Outcome.CREATED, Outcome.UPDATED})
_STALE = Fault("/modified_at", "stale", "A newer statement of this is stored already.")
_CONFLICT = Fault(
    "/modified_at", "conflict", "Another content of the same modification time is stored already."
)


@dataclass(frozen=True, slots=True)
class Batch:
    """Under what name rows come in, for whom, and when."""

    id: str
    caller: str
    at: datetime
    restates: bool = False
    """Whether rows carry the time of their file: one that says what is stored is as old as that."""
    came_on: date | None = None
    """The day on which rows that are tried again first came; others come at this time, where
    their shop is."""
    page_sha256: bytes | None = None
    """Of the page that was pulled, as it is kept; null where there is none."""


@dataclass(frozen=True, slots=True)
class RowFault:
    """A row that was not created, updated or duplicate, and why."""

    number: int
    outcome: Outcome
    fault: Fault


@dataclass(slots=True)
class Tally:
    """What became of a batch."""

    batch: str
    counts: Counter[Outcome] = field(default_factory=Counter)
    rows: list[RowFault] = field(default_factory=list)
    arrived: list[Arrived] = field(default_factory=list)
    """By feed."""

    @property
    def received(self) -> int:
        return self.counts.total()


@dataclass(slots=True)
class _Feed:
    """What has come of one feed."""

    rows: int = 0
    rejected: int = 0
    days: Counter[str] = field(default_factory=Counter)
    """How many rows there are of each."""


@dataclass(slots=True)
class Chunk:
    """Rows ready to be landed at once."""

    lines: bytes = b""
    each_key_once: bool = True
    staged: dict[int, Arrival] = field(default_factory=dict)
    """The rows in the lines by number."""
    telling: dict[int, Record] = field(default_factory=dict)
    """Those of them of which another source may have told the day."""
    refused: list[Rejected] = field(default_factory=list)
    feeds: dict[tuple[str, str], _Feed] = field(default_factory=dict)

    def feed(self, shop: str, source: str) -> _Feed:
        return self.feeds.setdefault((shop, source), _Feed())


class Landing:
    """`read` runs in a thread while `land` works on the chunk before; they share no state."""

    def __init__(
        self,
        session: WriteSession,
        kind: FactKind,
        references: References,
        *,
        batch: Batch,
        seal: Seal,
        scrub: Callable[[str], str],
        anything_rejected: bool,
        anything_excluded: bool,
    ) -> None:
        self._session = session
        self._kind = kind
        self._references = references
        self._recorder = Recorder(kind, references, seal)
        self._batch = batch
        self._scrub = scrub
        self._told = ToldDays(kind, references.pulled)
        self._anything_rejected = anything_rejected
        self._anything_excluded = anything_excluded
        self._anything_landed = self._anything_replaced = False
        self._next_rows = min(FIRST_CHUNK_ROWS, CHUNK_ROWS)
        self._feeds: dict[tuple[str, str], _Feed] = {}
        self._refunds_of: dict[str, bool] = {}
        self._tally = Tally(batch.id)

    @classmethod
    async def open(
        cls,
        session: WriteSession,
        kind: FactKind,
        *,
        batch: Batch,
        seal: Seal,
        scrub: Callable[[str], str],
    ) -> "Landing":
        """Wait for the lane, and read what rows may refer to."""
        await prepare_landing(session, kind)
        await lock_lane(session, lane_of(kind))
        references = await _read_references(session, kind)
        rejected = await has_rejected(session, kind)
        excluded = kind is FactKind.ORDERS and await has_exclusions(session)
        return cls(
            session,
            kind,
            references,
            batch=batch,
            seal=seal,
            scrub=scrub,
            anything_rejected=rejected,
            anything_excluded=excluded,
        )

    def read(self, rows: Iterator[Arrival]) -> Chunk | None:
        """The next chunk, checked and written as lines; null at the end."""
        chunk, names, lines = Chunk(), [], []
        record_of, pulled = self._recorder.record, self._references.pulled
        for arrival in islice(rows, self._next_rows):
            try:
                record = record_of(arrival)
            except Unfit as unfit:
                fault = Fault(unfit.pointer, unfit.code, unfit.detail)
                chunk.refused.append(self._rejected(arrival, Outcome.INVALID, fault))
            else:
                names.append(record[:4])
                lines.append(f"{record.line}\t{arrival.number}\n")
                chunk.staged[arrival.number] = arrival
                if record.tells and record.shop in pulled:
                    chunk.telling[arrival.number] = record
        self._next_rows = CHUNK_ROWS
        # Rows in the order of their key are sorted, looked for and stored at less cost.
        lines.sort()
        chunk.lines = "".join(lines).encode()
        chunk.each_key_once = len(set(map(_KEY_OF, names))) == len(names)
        for (shop, source, day), count in Counter(map(_DAY_OF, names)).items():
            feed = chunk.feed(shop, source)
            feed.rows += count
            feed.days[day] += count
        return chunk if chunk.staged or chunk.refused else None

    async def land(self, chunk: Chunk) -> None:
        """Store a chunk's facts, add them up, and keep its refused rows."""
        if chunk.telling:
            found = await self._told.refuse(self._session, chunk.telling)
            if found:
                await asyncio.to_thread(self._take_out, chunk, found)
        rejected = chunk.refused
        self._note_refused(chunk)
        judged: list[Judged] = []
        if chunk.staged:
            await stage(self._session, self._kind, COLUMNS[self._kind], chunk.lines)
            if self._batch.restates:
                await keep_times(self._session, self._kind)
            judged = await land(
                self._session,
                self._kind,
                each_key_once=chunk.each_key_once,
                overruled=self._anything_excluded,
            )
            # Off the loop: each row is read again to be kept without its buyer.
            rejected += await asyncio.to_thread(self._count, chunk, judged)
        if rejected:
            self._anything_rejected = True
            await keep_rejected(
                self._session, self._kind, rejected, batch=self._batch.id, at=self._batch.at
            )
        outcomes = {each.outcome for each in judged}
        if outcomes & _LANDED:
            self._anything_landed = True
            if self._anything_rejected:
                await replace_rejected(self._session, self._kind, self._batch.id)
            if self._kind is FactKind.ORDERS and await self._any_refunds(chunk):
                self._anything_replaced |= await move_refunds(self._session)
            self._anything_replaced |= Outcome.UPDATED in outcomes
        for name, feed in chunk.feeds.items():
            total = self._feeds.setdefault(name, _Feed())
            total.rows += feed.rows
            total.rejected += feed.rejected
            total.days += feed.days

    async def finish(self) -> Tally:
        """Mark the touched days, and count what came of which feed and in this batch."""
        await claim_shops(self._session, self._references.claims)
        if self._anything_landed:
            if self._anything_replaced:
                await clear_measures(self._session, self._kind)
            await mark_touched(self._session, self._batch.at)
        self._tally.arrived = [
            Arrived(
                shop=shop,
                source=source,
                came_on=self._came_on(shop),
                applied=feed.rows - feed.rejected,
                rejected=feed.rejected,
                days=[date.fromisoformat(day) for day in sorted(feed.days)],
            )
            for (shop, source), feed in self._feeds.items()
        ]
        await count_arrived(
            self._session,
            self._kind,
            self._tally.arrived,
            at=self._batch.at,
            page_sha256=self._batch.page_sha256,
        )
        await add_batch(
            self._session,
            batch=self._batch.id,
            kind=self._kind,
            caller=self._batch.caller,
            at=self._batch.at,
            counts=self._tally.counts,
        )
        self._tally.rows.sort(key=lambda row: row.number)
        return self._tally

    def _take_out(self, chunk: Chunk, found: Mapping[int, Fault]) -> None:
        """Take rows at fault out of those that are ready to be landed."""
        for number, fault in found.items():
            record = chunk.telling[number]
            feed = chunk.feed(record.shop, record.source)
            feed.rows -= 1
            feed.days[record.day] -= 1
            arrival = chunk.staged.pop(number)
            chunk.refused.append(self._rejected(arrival, Outcome.INVALID, fault))
        lines = chunk.lines.split(b"\n")[:-1]
        kept = [line for line in lines if int(line.rpartition(b"\t")[2]) not in found]
        chunk.lines = b"".join(line + b"\n" for line in kept)

    def _note_refused(self, chunk: Chunk) -> None:
        """Count the rows at fault; one that names no shop of ours is counted under none."""
        self._tally.counts[Outcome.INVALID] += len(chunk.refused)
        for row in chunk.refused:
            self._tally.rows.append(RowFault(row.row, Outcome.INVALID, row.fault))
            feed = chunk.feed(row.shop, row.source)
            feed.rows += 1
            feed.rejected += 1

    def _count(self, chunk: Chunk, judged: Sequence[Judged]) -> list[Rejected]:
        """Count the outcomes; gives the rows in conflict, which are kept."""
        in_conflict = []
        for each in judged:
            self._tally.counts[each.outcome] += each.rows
            fault = _CONFLICT if each.outcome is Outcome.CONFLICT else _STALE
            for number in each.numbers:
                self._tally.rows.append(RowFault(number, each.outcome, fault))
                if each.outcome is Outcome.CONFLICT:
                    rejected = self._rejected(chunk.staged[number], each.outcome, fault)
                    chunk.feed(rejected.shop, rejected.source).rejected += 1
                    in_conflict.append(rejected)
        return in_conflict

    def _rejected(self, arrival: Arrival, outcome: Outcome, fault: Fault) -> Rejected:
        source, shop, known_by = names_of(self._kind, arrival)
        return Rejected(
            id=new_id(IdKind.REJECTED),
            row=arrival.number,
            source=source,
            shop=shop if shop in self._references.places else "",
            fact=known_by,
            outcome=outcome,
            fault=fault,
            body=self._scrub(arrival.kept() if isinstance(arrival, Posted) else arrival.body),
            came_on=self._came_on(shop),
        )

    def _came_on(self, shop: str) -> date:
        place = self._references.places.get(shop, self._references.home)
        return self._batch.came_on or self._batch.at.astimezone(place.zone).date()

    async def _any_refunds(self, chunk: Chunk) -> bool:
        """Whether a source of the chunk has ever stated a refund: most orders have none to move."""
        unknown = {source for _, source in chunk.feeds} - self._refunds_of.keys()
        if unknown:
            found = await sources_with_refunds(self._session, sorted(unknown))
            self._refunds_of |= {source: source in found for source in unknown}
        return any(self._refunds_of[source] for _, source in chunk.feeds)


def lane_of(kind: FactKind) -> str:
    """Batches of one lane land one after another."""
    return SALES if kind in {FactKind.ORDERS, FactKind.REFUNDS} else kind.value


async def _read_references(session: WriteSession, kind: FactKind) -> References:
    tenant = await read_tenant(session)
    shops = await read_shops(session)
    units = measures = frozenset[str]()
    if kind is FactKind.MEASURES:
        units = await read_unit_codes(session)
        measures = posted_measures() | await read_own_measures(session)
    return References(
        places={
            code: Place(ZoneInfo(shop.timezone), shop.currency) for code, shop in shops.items()
        },
        home=Place(ZoneInfo(tenant.timezone), tenant.currency),
        units=units,
        measures=measures,
        owners=await read_owners(session) if lane_of(kind) == SALES else {},
        claims={},
        pulled=await read_pulled_shops(session, kind) if kind in TOLD else {},
    )
