"""What was upheld is carried out: the card follows at once, and where it is published, its pay."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from services.api.core.documents import to_bytes
from services.api.core.late_facts import LATE, kept_bases, pay_changes, pay_to_wire
from services.api.core.pay_bases import basis_document
from services.api.core.payouts import owed_by
from services.api.flows.contested import Contested, is_late, pay_upheld, score_upheld
from services.api.flows.corrections import append_corrections, read_heard, summary_of
from services.api.flows.rejected import find_held
from services.api.flows.rescoring import read_stated, write_ranked
from services.api.store.calibrations import write_tie_breakers
from services.api.store.late_facts import insert_decision, read_clock
from services.api.store.live import mark_card_stale, wake_worker
from services.api.store.payouts import NewEntry
from services.api.store.people import read_tenant
from services.api.store.scorecards import read_revisions
from services.schema.db import WriteSession
from services.schema.errors import Closed, Conflict, Fault
from services.schema.money import TOTAL_PLACES, fixed
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.disputes import Dispute
from services.schema.shapes.late_facts import Decided
from services.schema.shapes.payouts import PayChange
from services.schema.shapes.scorecards import Scorecard, Stated
from services.schema.words import CycleStatus, DisputeAbout, LateDecision


async def carry_out(
    session: WriteSession, dispute: Dispute, cycle: Cycle, before: Stated, *, at: datetime
) -> dict[str, object]:
    """Have a card follow what was upheld of it; gives what the audit is to know.

    Live cards are computed a moment later. Where data are closed the card is scored anew on the
    facts that it had. What is published stays: what is paid otherwise is appended to the feed, the
    cycle stays published, and nobody else's card is looked at.
    """
    about = (cycle.code, dispute.subject)
    cards = (await read_revisions(session, [about]))[about]
    card = next((each for each in cards if each.revision == cycle.revision), None)
    if card is None:
        return {}
    if cycle.status not in LATE:
        is_fact = dispute.stated.change is not None
        if is_fact and await find_held(session, cycle, card) is not None:
            detail = (
                f"Late facts of {card.subject} were rejected, so that the card keeps its figures "
                "while the cycle is open: accept them, or decide once data are closed."
            )
            raise Closed("card_held", detail)
        await mark_card_stale(session, card.id, at=at)
        await wake_worker(session)
        return {}
    if await is_late(session, cycle, card, dispute.stated):
        detail = (
            f"{dispute.stated.named} or a refund of it came after data were closed: HR decides on "
            "it with what else came late for the card, or the line is contested."
        )
        raise Conflict("fact_came_late", detail)
    after = (await read_stated(session, [about]))[about]
    contested = await score_upheld(session, cycle, card, before, after, at=at)
    if contested.tie_breakers is not None:
        await write_tie_breakers(session, {card.id: contested.tie_breakers})
    if cycle.status is CycleStatus.PUBLISHED:
        return await _correct(session, dispute, cycle, card, contested, at=at)
    scored = contested.anew
    await write_ranked(session, cycle, replace(scored.now, bases=basis_document(scored.basis)))
    await _keep(session, dispute, contested, None, [])
    return {}


async def _correct(
    session: WriteSession,
    dispute: Dispute,
    cycle: Cycle,
    card: Scorecard,
    contested: Contested,
    *,
    at: datetime,
) -> dict[str, object]:
    """Append what the person is paid otherwise, and put down what the card came to."""
    assert dispute.decision is not None, "what is carried out was decided"
    now = contested.anew.now
    if now.total is None and dispute.stated.about is DisputeAbout.RATING:
        detail = (
            "Without this mark the published card has no total: state the mark that holds in its "
            "place, or open the cycle again, so that it can be given anew."
        )
        raise Conflict("value_expected", detail, [Fault("/value", "value_expected", detail)])
    paid = await pay_upheld(session, cycle, contested.anew, at=at)
    heard = (await read_heard(session, cycle, [card]))[card.id]
    reason = f"Dispute {dispute.id} was upheld: {dispute.decision.reason}"
    entries = await append_corrections(session, cycle, now, paid, heard, reason=reason, at=at)
    before = {place: sum(each.amounts, Decimal(0)) for place, each in heard.items()}
    currency = (await read_tenant(session)).currency
    owed = owed_by(paid, currency) if isinstance(paid, tuple) and heard else ()
    await _keep(session, dispute, contested, pay_changes(before, owed), entries)
    return summary_of(entries)


async def _keep(
    session: WriteSession,
    dispute: Dispute,
    contested: Contested,
    pay: Sequence[PayChange] | None,
    entries: Sequence[NewEntry],
) -> None:
    """Put down what the card came to; `pay` is null while nothing of it is published."""
    assert dispute.decision is not None, "what is carried out was decided"
    now = contested.anew.now
    document = {
        "id": dispute.id,
        "scorecard": now.id,
        "total": None if now.total is None else fixed(now.total, TOTAL_PLACES),
        "grade": now.grade,
        "pay": None if pay is None else pay_to_wire(pay),
        "entries": [each.entry.id for each in entries],
    }
    await insert_decision(
        session,
        Decided(
            id=dispute.id,
            scorecard=now.id,
            cycle=now.cycle,
            decision=LateDecision.ACCEPTED,
            reason=dispute.decision.reason,
            author=dispute.decision.author,
            decided_at=await read_clock(session),
            document=to_bytes(document),
            scorecard_document=now.document,
            bases=kept_bases(contested.anew.basis, now.explanation),
        ),
    )
