"""What a marketplace's rows become: facts like any others, in the transaction of their cursor."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

from services.ingest.core.buyers import Seal, sealer
from services.ingest.core.fields import Unfit
from services.ingest.flows.arrivals import Arrival, Stated, Unread, key_from
from services.ingest.flows.batches import add_facts
from services.ingest.flows.buyers import BuyerKeys
from services.ingest.flows.connectors import CONNECTORS, Reader
from services.ingest.flows.landing import Batch, Tally
from services.ingest.sources.reading import Row, Source
from services.ingest.store.cursors import add_days, advance
from services.ingest.store.known import read_known, read_refused
from services.ingest.store.pages import add_page
from services.ingest.store.rejected import KeptRow
from services.schema.db import ReadSession, WriteSession
from services.schema.ids import IdKind, new_id
from services.schema.shapes.feeds import Known, Lease, Origin, Supplement
from services.schema.words import FactKind, Marketplace
from services.schema.written import read_written, write_again

CALLER = "system:pull"
PAGE_LIFE = timedelta(days=30)
"""How long a marketplace's own words are kept, unless stated."""
REJECTED_LIFE = timedelta(days=90)
"""How long what a refused row held is kept, unless stated."""


@dataclass(frozen=True, slots=True)
class Desk:
    """All that is needed to read one shop."""

    tenant: int
    timezone: str
    since: date | None
    """The first local day to be read; as far back as the marketplace remembers, unless stated."""
    source: Source
    reader: Reader
    origin: Origin
    buyer_keys: BuyerKeys
    page_life: timedelta = PAGE_LIFE


@dataclass(frozen=True, slots=True)
class Read:
    """A row that was read, or why it could not be read whole."""

    row: Row
    fault: Unfit | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored already of the rows of a reading."""

    known: Known
    refused: frozenset[str]
    """Rows as they are kept because they were refused before."""


@dataclass(frozen=True, slots=True)
class Reached:
    """What a reading completes."""

    request: str
    cursor: datetime | None
    """Everything before it has been read; null where the cursor stays."""
    days: Sequence[date]
    """Local days read whole."""


async def read_stored(
    session: ReadSession, desk: Desk, kind: FactKind, rows: Sequence[Row]
) -> Stored:
    """What is known of some rows before they are read."""
    numbers = [desk.reader.number_of(kind, row) for row in rows]
    keys = [key_from(kind, number, desk.origin.shop) for number in numbers]
    return Stored(
        known=await read_known(session, kind, desk.origin.source, numbers),
        refused=await read_refused(session, kind, desk.origin.source, keys),
    )


async def land_rows(
    session: WriteSession,
    lease: Lease,
    desk: Desk,
    rows: Sequence[Read],
    *,
    stored: Stored,
    reached: Reached,
    at: datetime,
    until: datetime,
) -> Tally | None:
    """Add what is new in some rows, keep them as they came, and move the cursor behind them.

    Nothing new is no batch. Raises StaleLease where another worker has the feed by now, which
    undoes all of it.
    """
    seal = sealer(await desk.buyer_keys.hold(session), desk.tenant)
    arrivals = list(_arrivals(lease.kind, desk, rows, stored, seal))
    tally = None
    if arrivals:
        body = f"[{','.join(arrival.body for arrival in arrivals)}]".encode()
        sha256 = hashlib.sha256(body).digest()
        batch = Batch(new_id(IdKind.BATCH), CALLER, at, page_sha256=sha256)
        tally = await add_facts(
            session, lease.kind, arrivals, batch=batch, seal=seal, scrub=_as_it_is
        )
        await add_page(
            session,
            feed=lease.feed,
            request=reached.request,
            body=body,
            fetched_at=at,
            expires_at=at + desk.page_life,
        )
    await add_days(session, lease.feed, reached.days)
    await advance(session, lease, cursor=reached.cursor, at=at, until=until)
    return tally


async def arrive_again(
    session: ReadSession, kept: KeptRow, body: str, supplement: Supplement
) -> Arrival:
    """A row of a marketplace that was refused, read once more as it is kept."""
    row, rejected = cast("Row", read_written(body)), kept.rejected
    reader = CONNECTORS[Marketplace(rejected.source.partition(":")[0])].reader
    known_by = reader.number_of(kept.kind, row)
    origin = Origin(rejected.source, rejected.shop, supplement.articles, supplement.people)
    known = await read_known(session, kept.kind, rejected.source, [known_by])
    try:
        if reader.lacks_detail(kept.kind, row, known):
            detail = "Only its marketplace can complete this row: read its day again."
            raise Unfit("detail_missing", detail)
        fact = reader.read_fact(kept.kind, row, origin, known)
    except Unfit as unfit:
        key = key_from(kept.kind, known_by, rejected.shop)
        return Unread(1, unfit, rejected.source, rejected.shop, key, body)
    return Stated(1, fact, body)


def _arrivals(
    kind: FactKind, desk: Desk, rows: Sequence[Read], stored: Stored, seal: Seal
) -> Iterator[Arrival]:
    """The rows that say something new; what is stored or refused as it stands is passed over.

    So is one that cannot be read and is older than what is stored of it: a copy of a marketplace
    that is behind tells again what has been mended since.
    """
    number, reader, origin = 0, desk.reader, desk.origin
    for read in rows:
        body = write_again(reader.row_to_keep(read.row, origin, seal))
        known_by = reader.number_of(kind, read.row)
        try:
            if read.fault:
                raise read.fault
            fact = reader.read_fact(kind, read.row, origin, stored.known)
        except Unfit as unfit:
            if body not in stored.refused and not _is_outdated(kind, read.row, desk, stored):
                number += 1
                key = key_from(kind, known_by, origin.shop)
                yield Unread(number, unfit, origin.source, origin.shop, key, body)
            continue
        if stored.known.modified.get(known_by) != fact.modified_at:
            number += 1
            yield Stated(number, fact, body)


def _is_outdated(kind: FactKind, row: Row, desk: Desk, stored: Stored) -> bool:
    stands = stored.known.modified.get(desk.reader.number_of(kind, row))
    changed = desk.reader.changed_at(kind, row) if stands else None
    return stands is not None and changed is not None and changed < stands


def _as_it_is(body: str) -> str:
    """A row to keep names no buyer: it was made so."""
    return body
