"""What is published is corrected by two people: the first proposes to accept late facts."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from services.api.core.documents import instant_text, to_bytes
from services.api.core.reviews import person_of
from services.api.store.audit import append_entry
from services.api.store.late_facts import insert_decision, read_clock
from services.schema.db import WriteSession
from services.schema.ids import IdKind, new_id
from services.schema.shapes.late_facts import Decided
from services.schema.shapes.people import Caller
from services.schema.shapes.scorecards import Scorecard
from services.schema.words import LateDecision


async def propose(
    session: WriteSession,
    now: Scorecard,
    case: Mapping[str, object],
    *,
    reason: str,
    caller: Caller,
    at: datetime,
) -> bytes:
    """Keep that somebody would accept a case as it is, and the card `now`; gives the case with it.

    No pay is another by it.
    """
    moment = await read_clock(session)
    proposal = {"by": person_of(caller), "reason": reason, "proposed_at": instant_text(moment)}
    proposed = Decided(
        id=new_id(IdKind.LATE_PROPOSAL),
        scorecard=now.id,
        cycle=now.cycle,
        decision=LateDecision.ACCEPTED,
        reason=reason,
        author=caller.name,
        decided_at=moment,
        document=to_bytes({**case, "proposal": proposal}),
        scorecard_document=now.document,
        bases=None,
    )
    await insert_decision(session, proposed)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="late_facts.proposed",
        subject=f"scorecard:{proposed.scorecard}",
        detail={
            "id": proposed.id,
            "reason": reason,
            "sha256": hashlib.sha256(proposed.document).hexdigest(),
        },
    )
    return proposed.document
