"""What it is to try a refused row again: it is taken back, and lands or is refused anew."""

from datetime import datetime

from services.ingest.core.bodies import Posted, read_row
from services.ingest.core.buyers import Seal
from services.ingest.core.rejections import scrub_row
from services.ingest.flows.batches import add_facts
from services.ingest.flows.landing import Batch, Tally, lane_of
from services.ingest.store.feeds import withdraw_rejected
from services.ingest.store.rejected import find_rejected, forget_rejected
from services.ingest.store.sources import lock_lane
from services.schema.db import WriteSession
from services.schema.errors import NotFound
from services.schema.ids import IdKind, new_id


async def retry_row(
    session: WriteSession, id: str, *, caller: str, seal: Seal, at: datetime
) -> Tally:
    """Land a kept row as a batch of its own; refused again, it is kept under a new id.

    `seal` must leave a buyer alone that was hashed when the row was kept.
    """
    kept = await find_rejected(session, id)
    if kept is None:
        raise NotFound("refused row")
    # A batch that replaces refused rows holds the lane: what it has taken away is not tried again.
    await lock_lane(session, lane_of(kept.kind))
    if not await forget_rejected(session, id):
        raise NotFound("refused row")
    row = kept.rejected
    await withdraw_rejected(session, kept.kind, shop=row.shop, source=row.source)
    return await add_facts(
        session,
        kept.kind,
        [Posted(1, read_row(row.body), row.body)],
        batch=Batch(new_id(IdKind.BATCH), caller, at),
        seal=seal,
        scrub=lambda body: scrub_row(kept.kind, body, seal),
    )
