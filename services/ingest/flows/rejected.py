"""What it is to try a refused row again: it is taken back, and lands or is refused anew."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from services.door.audit import append_entry
from services.ingest.core.bodies import Posted, read_row
from services.ingest.core.buyers import Seal
from services.ingest.core.mapping_values import CellUnfit
from services.ingest.core.mappings import row_text
from services.ingest.core.rejections import CAME, scrub_row
from services.ingest.flows.arrivals import Arrival, Unread, names_in
from services.ingest.flows.batches import add_facts
from services.ingest.flows.landing import REFUSED, Batch, Tally, lane_of
from services.ingest.flows.mappings import say_of_kept
from services.ingest.flows.pulls import CALLER, arrive_again
from services.ingest.flows.reconciliations import state_file
from services.ingest.store.batches import read_caller
from services.ingest.store.feeds import withdraw_rejected
from services.ingest.store.rejected import find_rejected, forget_rejected
from services.ingest.store.sources import lock_lane
from services.schema.db import WriteSession
from services.schema.errors import Conflict, NotFound
from services.schema.ids import IdKind, new_id
from services.schema.shapes.feeds import Supplement
from services.schema.shapes.mappings import FileMapping
from services.schema.shapes.people import Caller
from services.schema.shapes.reconciliations import DayStatement
from services.schema.words import FactKind

FindMapping = Callable[[str], Awaitable[FileMapping | None]]
"""The mapping of a code as it stands; null where there is none any more."""


@dataclass(frozen=True, slots=True)
class _Again:
    """A kept row on its way in once more."""

    arrival: Arrival
    of_file: bool = False
    said: DayStatement | None = None
    """What it says of its shop's day."""


async def retry_row(
    session: WriteSession,
    id: str,
    *,
    caller: Caller,
    seal: Seal,
    supplement: Callable[[], Supplement],
    find: FindMapping,
    at: datetime,
) -> Tally:
    """Land a kept row as a batch of its own; refused again, it is kept under a new id.

    `seal` must leave a buyer alone that was hashed when the row was kept. A row of a marketplace
    is read as such again, with the costs and tags that `supplement` gives; one of a file says of
    its shop's day what the mapping reads in it by now.
    """
    kept = await find_rejected(session, id)
    if kept is None:
        raise NotFound("refused row")
    body = kept.rejected.body
    if body is None:
        raise Conflict(
            "row_expired", "What the row held has expired: only its source has it still."
        )
    # A batch that replaces refused rows holds the lane: what it has taken away is not tried again.
    await lock_lane(session, lane_of(kept.kind))
    if not await forget_rejected(session, id):
        raise NotFound("refused row")
    row = kept.rejected
    await withdraw_rejected(
        session, kept.kind, shop=row.shop, source=row.source, came_on=row.came_on
    )
    was_pulled = await read_caller(session, kept.batch) == CALLER
    if was_pulled:
        again = _Again(await arrive_again(session, kept, body, supplement()))
    else:
        again = await _post_again(session, kept.kind, body, find)
    tally = await add_facts(
        session,
        kept.kind,
        [again.arrival],
        # The batch says which language its rows are in.
        batch=Batch(
            new_id(IdKind.BATCH), CALLER if was_pulled else caller.name, at, came_on=row.came_on
        ),
        seal=seal,
        scrub=lambda body: (
            body if was_pulled else scrub_row(kept.kind, body, seal, of_file=again.of_file)
        ),
    )
    if again.said is not None and not (+tally.counts).keys() & REFUSED:
        await state_file(session, [again.said], caller=caller, at=at)
    detail = {"batch": tally.batch, "outcome": next(iter(+tally.counts))}
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="rejected.retry",
        subject=f"rejected:{id}",
        detail=detail,
    )
    return tally


async def _post_again(
    session: WriteSession, kind: FactKind, body: str, find: FindMapping
) -> _Again:
    """A row as it was posted; of one of a file only its fields are the fact."""
    document = read_row(body)
    came = document.get(CAME) if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(came, dict):
        return _Again(Posted(1, body))
    fact = {name: value for name, value in document.items() if name != CAME}
    mapping, said = await find(came["mapping"]), None
    if mapping is not None and mapping.states is not None:
        try:
            said = await say_of_kept(session, document, mapping)
        except CellUnfit as unfit:
            return _Again(Unread(1, unfit, *names_in(kind, fact), body), of_file=True)
    return _Again(Posted(1, row_text(fact), fact, lambda: body), of_file=True, said=said)
