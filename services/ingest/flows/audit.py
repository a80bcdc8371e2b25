"""What the audit tells of facts that came: each batch that was posted, each day that was pulled."""

from datetime import datetime, timedelta

from services.door.audit import append_entries, append_entry
from services.ingest.flows.landing import Tally
from services.ingest.flows.pulls import CALLER
from services.ingest.store.feeds import take_pulled_days
from services.schema.chain import make_deed
from services.schema.db import WriteSession
from services.schema.shapes.people import Caller
from services.schema.words import FactKind, Role

FEEDS_NAMED = 100
"""A batch may be of as many feeds as it has rows; an entry names the first."""
REST = timedelta(hours=1)
"""How long a day is over before it is put down: what was landing at its end has landed."""


async def put_down_batch(
    session: WriteSession,
    tally: Tally,
    kind: FactKind,
    *,
    caller: Caller,
    sha256: bytes,
    at: datetime,
) -> None:
    """One entry for a batch, whatever it holds. Call it last: it locks the audit's head."""
    feeds = sorted(tally.arrived, key=lambda each: (each.shop, each.source))
    applied, rejected = sum(each.applied for each in feeds), sum(each.rejected for each in feeds)
    named = [
        {
            "shop": each.shop or None,
            "source": each.source or None,
            **_counted(each.applied + each.rejected, each.applied, each.rejected),
        }
        for each in feeds[:FEEDS_NAMED]
    ]
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="facts.post",
        subject=f"batch:{tally.batch}",
        detail={
            "kind": kind.value,
            "rows": _counted(tally.received, applied, rejected),
            "feeds": named,
            "feeds_in_all": len(feeds),
            "sha256": sha256.hex(),
        },
    )


async def put_down_pulled_days(session: WriteSession, *, at: datetime, limit: int) -> int:
    """One entry for each feed and local day that was pulled and is over; how many there were.

    A page would make the chain as long as what is pulled, and have all pullers wait in one queue.
    """
    days = await take_pulled_days(session, over_by=at - REST, limit=limit)
    deeds = [
        make_deed(
            "facts.pull",
            f"feed:{each.feed}",
            {
                "kind": each.kind.value,
                "shop": each.shop or None,
                "source": each.source,
                "day": each.day.isoformat(),
                "rows": _counted(each.accepted, each.applied, each.rejected),
                "sha256": each.digest.hex(),
            },
        )
        for each in days
    ]
    caller = Caller(session.tenant, Role.ADMIN, None, CALLER)
    await append_entries(session, at=at, caller=caller, deeds=deeds)
    return len(deeds)


def _counted(accepted: int, applied: int, rejected: int) -> dict[str, int]:
    waiting = accepted - applied - rejected
    return {"accepted": accepted, "applied": applied, "rejected": rejected, "waiting": waiting}
