"""What is decided on late facts, or proposed, is kept as it was shown, and put in the audit."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.api.core.documents import instant_text, to_bytes
from services.api.core.late_facts import decision_document
from services.api.core.reviews import person_of
from services.api.flows.corrections import summary_of
from services.api.store.audit import append_entry
from services.api.store.late_facts import insert_decision, read_clock
from services.api.store.payouts import NewEntry
from services.schema.db import WriteSession
from services.schema.ids import IdKind, new_id
from services.schema.shapes.late_facts import Decided
from services.schema.shapes.people import Caller
from services.schema.shapes.scorecards import Scorecard
from services.schema.words import LateDecision

Case = Mapping[str, object]
"""The document of a card that waits."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a decision came to."""

    bases: bytes | None
    """What the card is paid by from then on, and how it came about; null where it follows facts."""
    entries: Sequence[NewEntry] = ()
    """What payroll hears."""


async def put_down(
    session: WriteSession,
    now: Scorecard,
    case: Case,
    decision: LateDecision,
    outcome: Outcome,
    *,
    reason: str,
    caller: Caller,
    at: datetime,
) -> bytes:
    """Keep a decision on a case, of an acceptance with the card `now`; gives it as it is kept."""
    decided = await _decided(session, now, decision, reason=reason, caller=caller)
    is_accepted = decision is LateDecision.ACCEPTED
    document = decision_document(case, decided, [each.entry.id for each in outcome.entries])
    kept = replace(
        decided,
        document=document,
        scorecard_document=now.document if is_accepted else None,
        bases=outcome.bases,
    )
    await _keep(session, kept, decision, summary_of(outcome.entries), caller=caller, at=at)
    return document


async def propose(
    session: WriteSession,
    now: Scorecard,
    case: Case,
    *,
    reason: str,
    caller: Caller,
    at: datetime,
) -> bytes:
    """Keep that somebody would accept a case as it is, and the card `now`; gives the case with it.

    What is published is corrected by two people: no pay is another by it.
    """
    decided = await _decided(session, now, LateDecision.ACCEPTED, reason=reason, caller=caller)
    proposed_at = instant_text(decided.decided_at)
    proposal = {"by": person_of(caller), "reason": reason, "proposed_at": proposed_at}
    proposed = replace(
        decided,
        id=new_id(IdKind.LATE_PROPOSAL),
        document=to_bytes({**case, "proposal": proposal}),
        scorecard_document=now.document,
    )
    await _keep(session, proposed, "proposed", {}, caller=caller, at=at)
    return proposed.document


async def _decided(
    session: WriteSession, now: Scorecard, decision: LateDecision, *, reason: str, caller: Caller
) -> Decided:
    return Decided(
        id=new_id(IdKind.LATE_DECISION),
        scorecard=now.id,
        cycle=now.cycle,
        decision=decision,
        reason=reason,
        author=caller.name,
        decided_at=await read_clock(session),
        document=b"",
        scorecard_document=None,
        bases=None,
    )


async def _keep(
    session: WriteSession,
    decided: Decided,
    verb: str,
    more: Mapping[str, object],
    *,
    caller: Caller,
    at: datetime,
) -> None:
    await insert_decision(session, decided)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action=f"late_facts.{verb}",
        subject=f"scorecard:{decided.scorecard}",
        detail={
            "id": decided.id,
            "reason": decided.reason,
            "sha256": hashlib.sha256(decided.document).hexdigest(),
            **more,
        },
    )
