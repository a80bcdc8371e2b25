"""Facts that came after data were closed wait for HR; accepted, they are scored or correct pay."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from services.api.core.documents import instant_text, to_bytes
from services.api.core.drifts import Difference, differences
from services.api.core.late_facts import (
    LATE,
    accepted_of,
    check_second,
    check_takes,
    kept_bases,
    late_document,
    pay_changes,
    with_proposal,
)
from services.api.core.pay_bases import basis_document
from services.api.core.payouts import owed_by
from services.api.core.reviews import person_of
from services.api.core.tie_breakers import apart_differences
from services.api.flows.anew import Anew, Paid, basis_of, pay_cards, score_anew
from services.api.flows.corrections import append_corrections, read_heard
from services.api.flows.decisions import Outcome, propose, put_down
from services.api.flows.held import Held, held_of, out_since
from services.api.flows.rejected import (
    MOST_NAMED,
    decide_again,
    find_held,
    held_document,
    is_other,
    keep_as_it_stands,
)
from services.api.flows.rescoring import write_ranked
from services.api.flows.reviews import is_own_card
from services.api.flows.scorecards import AT_ONCE
from services.api.flows.settling import take_marks
from services.api.store.audit import append_entry
from services.api.store.calibrations import write_tie_breakers
from services.api.store.cycles import lock_cycle, read_cycle, read_cycles
from services.api.store.late_facts import (
    read_decisions,
    read_late_facts,
    read_most_periods,
    read_page_of_waiting,
    read_proposals,
    save_most_periods,
)
from services.api.store.live import lock_settling
from services.api.store.payouts import NewEntry, Stated
from services.api.store.people import read_tenant
from services.api.store.scorecards import (
    read_card,
    read_cards,
    read_cards_of_cycle,
    settle_cards,
)
from services.schema.days import local_day
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Closed, Conflict, Fault, Forbidden, NotFound
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.late_facts import Decided
from services.schema.shapes.people import Caller
from services.schema.shapes.scorecards import Scorecard
from services.schema.words import CycleStatus, LateDecision


@dataclass(frozen=True, slots=True)
class _Case:
    """A card that waits, and what it would come to."""

    cycle: Cycle
    anew: Anew
    payouts: Paid
    stated: Mapping[int, Stated]
    """What payroll has heard of it, by the place of the plan."""
    document: dict[str, object]
    proposed_by: str | None
    """Of a published cycle, who would accept it as it is."""


async def read_waiting(
    session: ReadSession, cycle: str | None, *, after: str | None, limit: int, at: datetime
) -> tuple[list[tuple[str, bytes]], int]:
    """A page of the cards that wait for a decision, each with its facts and what they change."""
    ids, total = await read_page_of_waiting(session, cycle, after=after, limit=limit)
    cards = await read_cards(session, ids)
    cycles = await read_cycles(session, {card.cycle for card in cards.values()}, None)
    by_cycle: dict[str, list[Scorecard]] = defaultdict(list)
    for card in cards.values():
        by_cycle[card.cycle].append(card)
    documents: dict[str, bytes] = {}
    for code, own in by_cycle.items():
        if cycles[code].status is CycleStatus.OPEN:
            for card in own:
                if (held := await find_held(session, cycles[code], card)) is not None:
                    document = await held_document(session, cycles[code], card, held, at=at)
                    documents[card.id] = to_bytes(document)
            continue
        for case in await _read_cases(session, cycles[code], own, at=at):
            documents[case.anew.before.id] = to_bytes(case.document)
    return [(each, documents[each]) for each in ids if each in documents], total


async def read_case(session: ReadSession, card_id: str, *, at: datetime) -> bytes | None:
    """One card that waits; null where it does not."""
    card = await read_card(session, card_id)
    cycle = None if card is None else await read_cycle(session, card.cycle)
    if card is None or cycle is None:
        return None
    if (held := await find_held(session, cycle, card)) is not None:
        return to_bytes(await held_document(session, cycle, card, held, at=at))
    if not _waits(card, cycle):
        return None
    (case,) = await _read_cases(session, cycle, [card], at=at)
    return to_bytes(case.document)


async def decide(
    session: WriteSession,
    card_id: str,
    decision: LateDecision,
    *,
    reason: str,
    permit: Callable[[bytes], None],
    caller: Caller,
    at: datetime,
) -> tuple[bytes, bool]:
    """Accept or reject all that has come for a card since its data were closed.

    Of a published cycle who accepts first proposes it, and another decides. `permit` sees the case
    as it is, and may refuse. Gives the decision as it is kept, or the case with who has proposed,
    and whether it is decided.
    """
    # Before all other locks; what has landed by now is part of what is decided.
    await take_marks(session, at=at)
    known = await read_card(session, card_id)
    cycle = None if known is None else await lock_cycle(session, known.cycle)
    card = await read_card(session, card_id)
    held = None if card is None or cycle is None else await find_held(session, cycle, card)
    if card is None or cycle is None or not (held or _waits(card, cycle)):
        raise NotFound("late facts")
    if await is_own_card(session, card.subject, caller):
        raise Forbidden("own_card", "Nobody decides on late facts of their own.")
    if held is not None:
        again = await decide_again(
            session, cycle, card, decision, reason=reason, permit=permit, caller=caller, at=at
        )
        return again, True
    (case,) = await _read_cases(session, cycle, [card], at=at)
    permit(to_bytes(case.document))
    entries: list[NewEntry] = []
    if decision is LateDecision.ACCEPTED:
        most_periods, today = await read_most_periods(session), local_day(at, cycle.timezone)
        check_takes(cycle, most_periods=most_periods, today=today)
        if _is_published(cycle):
            if case.proposed_by is None:
                proposed = await propose(
                    session, case.anew.now, case.document, reason=reason, caller=caller, at=at
                )
                return proposed, False
            check_second(case.proposed_by, person_of(caller))
        entries = await _accept(session, case, reason=reason, at=at)
        bases = kept_bases(case.anew.basis, case.anew.now.explanation)
    else:
        bases = await keep_as_it_stands(session, cycle, card)
    await settle_cards(session, {card.id: None})
    document = await put_down(
        session,
        case.anew.now,
        case.document,
        decision,
        Outcome(bases, entries),
        reason=reason,
        caller=caller,
        at=at,
    )
    return document, True


async def check_decided(session: WriteSession, cycle: Cycle, *, at: datetime) -> None:
    """Refuse to open a published cycle again while late facts wait that would change a card.

    A new revision follows the facts: what nobody accepted would come in with it.
    """
    await take_marks(session, at=at)
    cards = [
        card
        for card in await read_cards_of_cycle(session, cycle.code, cycle.revision)
        if _waits(card, cycle)
    ]
    faults = [
        Fault(
            f"/scorecards/{case.anew.before.id}",
            "late_facts_undecided",
            f"{case.anew.before.subject}: facts came after data were closed and wait.",
        )
        for first in range(0, len(cards), AT_ONCE)
        for case in await _read_cases(session, cycle, cards[first : first + AT_ONCE], at=at)
        if _changes(case) or await is_other(session, cycle, case.anew.before)
    ]
    if faults:
        detail = (
            f"Late facts that would change {len(faults)} cards wait for a decision: accept or "
            "reject them first (/v1/late-facts)."
        )
        raise Conflict(faults[0].code, detail, faults[:MOST_NAMED])


async def put_limit(
    session: WriteSession, most: int | None, *, caller: Caller, at: datetime
) -> None:
    """Say how many periods back late facts are still taken; null is however many."""
    await lock_settling(session)
    before = await read_most_periods(session)
    if most == before:
        return
    await save_most_periods(session, most)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="late_facts.limit",
        subject="tenant",
        detail={"before": before, "after": most},
    )


def _waits(card: Scorecard, cycle: Cycle) -> bool:
    """Whether facts came for the card as it stands after its data were closed."""
    is_current = cycle.revision == card.revision
    return is_current and cycle.status in LATE and card.stale_since is not None


def _changes(case: _Case) -> bool:
    """Whether late facts would change figures or pay; what cannot be told may."""
    paid = case.payouts if isinstance(case.payouts, tuple) else ()
    heard = {place: sum(each.amounts, Decimal(0)) for place, each in case.stated.items()}
    return (
        bool(case.document["figures"])
        or isinstance(case.payouts, Conflict)
        or any(payout.amount != heard.get(place) for place, payout in enumerate(paid))
    )


async def _read_cases(
    session: ReadSession, cycle: Cycle, cards: Sequence[Scorecard], *, at: datetime
) -> list[_Case]:
    """The cases of some cards of one cycle, in the order of the cards."""
    found = await score_anew(session, cycle, cards, at=at)
    paid = await pay_cards(
        session, cycle, {key: (own.now, own.basis) for key, own in found.items()}
    )
    decided, proposed = await read_decisions(session, found), await read_proposals(session, found)
    tenant = await read_tenant(session)
    refusal = _refusal_of(cycle, await read_most_periods(session), at=at)
    stated = await read_heard(session, cycle, cards) if _is_published(cycle) else {}
    before = await _read_before(session, cycle, found, stated)
    held = await held_of(session, cycle, cards)
    cases = []
    for card in cards:
        own, own_decided = found[card.id], decided.get(card.id, ())
        since = out_since(cycle, own_decided, held.get(card.id))
        facts, total = await read_late_facts(session, card.id, since=since)
        payouts = paid[card.id]
        document = late_document(
            {
                "id": card.id,
                "cycle": cycle.code,
                "period": cycle.period.code,
                "status": cycle.status,
                "subject": str(card.subject),
                "revision": card.revision,
                "waiting_since": instant_text(card.stale_since or since),
                "refusal": refusal,
            },
            facts,
            total,
            _figures(cycle, own, own_decided),
            pay_changes(before[card.id], owed_by(payouts, tenant.currency))
            if isinstance(payouts, tuple)
            else None,
            rejected_until=_rejected_until(own_decided, held.get(card.id)),
        )
        shown, proposed_by = with_proposal(document, proposed.get(card.id))
        cases.append(_Case(cycle, own, payouts, stated.get(card.id, {}), shown, proposed_by))
    return cases


def _rejected_until(decided: Sequence[Decided], held: Held | None) -> datetime | None:
    """Until when facts came that were rejected, in this revision or one before it."""
    if held is not None:
        return held.rejected_at
    rejected = (each.decided_at for each in decided if each.decision is LateDecision.REJECTED)
    return max(rejected, default=None)


async def _read_before(
    session: ReadSession,
    cycle: Cycle,
    found: Mapping[str, Anew],
    stated: Mapping[str, Mapping[int, Stated]],
) -> dict[str, dict[int, Decimal]]:
    """What each plan of a card pays: as payroll has heard it, or as the card was closed."""
    if _is_published(cycle):
        return {
            card: {place: sum(each.amounts, Decimal(0)) for place, each in own.items()}
            for card, own in stated.items()
        }
    closed = {key: (own.before, basis_of(own.before)) for key, own in found.items()}
    return {
        card: {owed.number: owed.amount for owed in owed_by(payouts, "")}
        if isinstance(payouts, tuple)
        else {}
        for card, payouts in (await pay_cards(session, cycle, closed)).items()
    }


def _figures(cycle: Cycle, own: Anew, decided: Sequence[Decided]) -> tuple[Difference, ...]:
    taken = accepted_of(cycle, decided)
    before = own.before.document if taken is None else taken.scorecard_document
    assert before is not None, "what was accepted kept the card"
    found = differences(json.loads(before), json.loads(own.now.document), grades=True)
    return (*found, *apart_differences(own.apart))


def _refusal_of(cycle: Cycle, most_periods: int | None, *, at: datetime) -> str | None:
    """Why nothing can be accepted now; null where it can."""
    try:
        check_takes(cycle, most_periods=most_periods, today=local_day(at, cycle.timezone))
    except Closed as refusal:
        return refusal.code
    return None


async def _accept(
    session: WriteSession, case: _Case, *, reason: str, at: datetime
) -> list[NewEntry]:
    cycle, now = case.cycle, case.anew.now
    if case.anew.apart is not None:
        await write_tie_breakers(session, {now.id: case.anew.apart.now})
    if _is_published(cycle):
        return await append_corrections(
            session, cycle, now, case.payouts, case.stated, reason=reason, at=at
        )
    scored = replace(now, bases=basis_document(case.anew.basis))
    await write_ranked(session, cycle, scored)
    return []


def _is_published(cycle: Cycle) -> bool:
    return cycle.status is CycleStatus.PUBLISHED
