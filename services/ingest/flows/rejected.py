"""What it is to try a refused row again: it is taken back, and lands or is refused anew."""

from collections.abc import Callable
from datetime import datetime

from services.door.audit import append_entry
from services.ingest.core.bodies import Posted
from services.ingest.core.buyers import Seal
from services.ingest.core.rejections import scrub_row
from services.ingest.flows.arrivals import Arrival
from services.ingest.flows.batches import add_facts
from services.ingest.flows.landing import Batch, Tally, lane_of
from services.ingest.flows.pulls import CALLER, arrive_again
from services.ingest.store.batches import read_caller
from services.ingest.store.feeds import withdraw_rejected
from services.ingest.store.rejected import find_rejected, forget_rejected
from services.ingest.store.sources import lock_lane
from services.schema.db import WriteSession
from services.schema.errors import Conflict, NotFound
from services.schema.ids import IdKind, new_id
from services.schema.shapes.feeds import Supplement
from services.schema.shapes.people import Caller


async def retry_row(
    session: WriteSession,
    id: str,
    *,
    caller: Caller,
    seal: Seal,
    supplement: Callable[[], Supplement],
    at: datetime,
) -> Tally:
    """Land a kept row as a batch of its own; refused again, it is kept under a new id.

    `seal` must leave a buyer alone that was hashed when the row was kept. A row of a marketplace
    is read as such again, with the costs and tags that `supplement` gives.
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
    arrival: Arrival = Posted(1, body)
    was_pulled = await read_caller(session, kept.batch) == CALLER
    if was_pulled:
        arrival = await arrive_again(session, kept, body, supplement())
    tally = await add_facts(
        session,
        kept.kind,
        [arrival],
        # The batch says which language its rows are in.
        batch=Batch(
            new_id(IdKind.BATCH), CALLER if was_pulled else caller.name, at, came_on=row.came_on
        ),
        seal=seal,
        scrub=lambda body: body if was_pulled else scrub_row(kept.kind, body, seal),
    )
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
