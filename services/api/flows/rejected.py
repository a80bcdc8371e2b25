"""HR looks again at cards of which late facts were rejected, so that nothing comes in unseen."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from services.api.core.cards import CardPlan
from services.api.core.documents import instant_text, to_bytes
from services.api.core.drifts import differences
from services.api.core.held import (
    Rejected,
    fault_of_held,
    kept_as_it_stood,
    seen_in,
    values_told,
)
from services.api.core.late_facts import (
    Asked,
    asked_by,
    late_document,
    with_proposal,
)
from services.api.core.pay_bases import basis_document
from services.api.core.tie_breakers import ToldApart, apart_differences, tell_apart
from services.api.flows.anew import basis_of, score_anew
from services.api.flows.card_values import read_card_values
from services.api.flows.contested import read_standing
from services.api.flows.decisions import Outcome, put_down
from services.api.flows.held import Held, held_of, out_since
from services.api.flows.payouts import read_bases
from services.api.flows.rescoring import with_stated
from services.api.flows.scorecards import read_setting
from services.api.flows.tie_breakers import (
    codes_of,
    read_by_facts,
    read_kept,
)
from services.api.flows.told_cards import read_back
from services.api.store.calibrations import read_tie_breakers_of
from services.api.store.late_facts import (
    read_decisions,
    read_late_facts,
)
from services.api.store.live import mark_card_stale, wake_worker
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Conflict
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.people import Caller
from services.schema.shapes.scorecards import Scorecard
from services.schema.words import CycleStatus, LateDecision

MOST_NAMED = 50
"""Cards that a refusal names."""


async def check_seen(session: ReadSession, cycle: Cycle, cards: Sequence[Scorecard]) -> None:
    """Refuse to close data while facts have come for a held card that HR has not seen."""
    held = await held_of(session, cycle, cards)
    faults = [
        fault_of_held(card)
        for card in cards
        if (own := held.get(card.id)) is not None
        and own.rejected.seen != await read_seen(session, cycle, card)
    ]
    if faults:
        detail = (
            f"Of {len(faults)} people late facts were rejected, and what facts make of their cards "
            "has changed since: accept or reject them again."
        )
        raise Conflict(faults[0].code, detail, faults[:MOST_NAMED])


async def read_seen(session: ReadSession, cycle: Cycle, card: Scorecard) -> str:
    """What all facts of now come to for a card, whatever was stated of it."""
    setting = await read_setting(session, [cycle])
    asked, plan = await _ask(session, cycle, card)
    wanted = {card.id: list(asked.values())}
    values = await read_card_values(session, [plan], wanted, tenant=setting.tenant)
    bases = await read_bases(session, [plan], setting)
    apart = await read_by_facts(session, cycle, [plan], setting)
    return seen_in(asked, values.of[card.id], bases[card.id], apart[card.id])


async def is_other(session: ReadSession, cycle: Cycle, card: Scorecard) -> bool:
    """Whether facts come to anything else than the card has, be it shown or not."""
    standing = await read_standing(session, cycle, card)
    return await read_seen(session, cycle, card) != await _had(session, cycle, standing)


async def keep_as_it_stands(session: ReadSession, cycle: Cycle, card: Scorecard) -> bytes:
    """The card as it stands, which it keeps, and what the facts came to that were rejected."""
    standing = await read_standing(session, cycle, card)
    seen = await read_seen(session, cycle, card)
    decided = (await read_decisions(session, [card.id])).get(card.id, ())
    held = (await held_of(session, cycle, [card])).get(card.id)
    holds = seen != await _had(session, cycle, standing)
    kept = (await read_tie_breakers_of(session, [card.id])).get(card.id) if holds else None
    rejected = Rejected(seen, out_since(cycle, decided, held), holds=holds, tie_breakers=kept)
    return kept_as_it_stood(basis_of(standing), standing.explanation, rejected)


async def find_held(session: ReadSession, cycle: Cycle, card: Scorecard) -> Held | None:
    """How a live card is held; null where it follows the facts."""
    if cycle.status is not CycleStatus.OPEN or cycle.revision != card.revision:
        return None
    return (await held_of(session, cycle, [card])).get(card.id)


async def held_document(
    session: ReadSession, cycle: Cycle, card: Scorecard, held: Held, *, at: datetime
) -> dict[str, object]:
    """A live card that keeps its figures: the facts that it leaves out, and what it would be."""
    closed = replace(card, bases=basis_document(held.basis))
    anew = (await score_anew(session, cycle, [closed], at=at))[card.id]
    found = differences(json.loads(card.document), json.loads(anew.now.document), grades=True)
    facts, total = await read_late_facts(session, card.id, since=held.since)
    document = late_document(
        {
            "id": card.id,
            "cycle": cycle.code,
            "period": cycle.period.code,
            "status": cycle.status,
            "subject": str(card.subject),
            "revision": card.revision,
            "waiting_since": instant_text(held.rejected.since or held.rejected_at),
            "refusal": None,
        },
        facts,
        total,
        (*found, *apart_differences(await _apart_held(session, cycle, card, held))),
        None,
        rejected_until=held.rejected_at,
    )
    # Before publication one accepts: there is nothing to propose.
    return with_proposal(document, None)[0]


async def decide_again(
    session: WriteSession,
    cycle: Cycle,
    card: Scorecard,
    decision: LateDecision,
    *,
    reason: str,
    permit: Callable[[bytes], None],
    caller: Caller,
    at: datetime,
) -> bytes:
    """Let a live card that is held follow the facts, all of them, or keep it as it stood again."""
    held = await find_held(session, cycle, card)
    assert held is not None, "whoever is not held is decided on as data are closed"
    case = await held_document(session, cycle, card, held, at=at)
    permit(to_bytes(case))
    bases = None
    if decision is LateDecision.REJECTED:
        bases = await _kept_again(session, cycle, card, held)
    await mark_card_stale(session, card.id, at=at)
    await wake_worker(session)
    return await put_down(
        session, card, case, decision, Outcome(bases), reason=reason, caller=caller, at=at
    )


async def _apart_held(
    session: ReadSession, cycle: Cycle, card: Scorecard, held: Held
) -> ToldApart | None:
    if held.tie_breakers is None:
        return None
    setting = await read_setting(session, [cycle])
    _, plan = await _ask(session, cycle, card)
    plans = await with_stated(session, [plan])
    facts = (await read_by_facts(session, cycle, plans, setting))[card.id]
    return tell_apart(codes_of(cycle, setting), held.tie_breakers, facts)


async def _had(session: ReadSession, cycle: Cycle, standing: Scorecard) -> str:
    """What facts came to as a card has them."""
    told = await read_back(session, standing.explanation)
    asked = asked_by(told, standing.subject, cycle)
    setting = await read_setting(session, [cycle])
    apart = await read_kept(session, cycle, standing.id, setting)
    return seen_in(asked, values_told(told, asked), basis_of(standing), apart)


async def _kept_again(session: ReadSession, cycle: Cycle, card: Scorecard, held: Held) -> bytes:
    """The card as it stood, of the days that it has still."""
    asked, _ = await _ask(session, cycle, card)
    if not set(asked.values()) <= set(held.asked.values()):
        detail = (
            f"{card.subject} has other days than as data were closed, and nobody knows what they "
            "were without the facts: accept them, or give the days back."
        )
        raise Conflict("days_changed", detail)
    again = replace(
        held.rejected,
        seen=await read_seen(session, cycle, card),
        since=held.rejected.since or held.rejected_at,
        tie_breakers=held.tie_breakers,
    )
    return kept_as_it_stood(held.basis, held.explanation, again)


async def _ask(session: ReadSession, cycle: Cycle, card: Scorecard) -> tuple[Asked, CardPlan]:
    told = await read_back(session, card.explanation)
    segments = tuple(each.segment for each in told.segments)
    return asked_by(told, card.subject, cycle), CardPlan(card, cycle, segments)
