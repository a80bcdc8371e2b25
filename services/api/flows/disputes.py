"""What people contest is put down, weighed and decided, and carried out where it is upheld."""

import json
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from services.api.core.disputes import (
    check_decides,
    check_disinterested,
    check_in_time,
    check_stated,
    stated_if_upheld,
)
from services.api.core.frozen import read_score
from services.api.core.reviews import person_of
from services.api.core.told_cards import read_told, segments_of
from services.api.flows.calibrations import regrade
from services.api.flows.cycles import move_cycle
from services.api.flows.rescoring import read_stated, rescore, score_as_stated
from services.api.flows.results import payouts_of
from services.api.flows.reviews import is_own_card
from services.api.flows.schemes import scheme_of
from services.api.store.audit import append_entry
from services.api.store.cycles import lock_cycle, read_cycle
from services.api.store.disputes import (
    find_dispute,
    insert_dispute,
    insert_dispute_decision,
    read_disputes,
)
from services.api.store.live import lock_settling, mark_card_stale, wake_worker
from services.api.store.people import read_tenant
from services.api.store.ratings import read_ratings
from services.api.store.results import read_published_revisions
from services.api.store.schemes import read_versions
from services.api.store.scorecards import read_card, read_revisions
from services.schema.days import local_day
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Conflict, Forbidden, NotFound
from services.schema.ids import IdKind, new_id
from services.schema.money import plain
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.disputes import Dispute, DisputeDecision, StatedDispute, Upheld
from services.schema.shapes.payouts import Payout
from services.schema.shapes.people import Caller
from services.schema.shapes.schemes import Scheme
from services.schema.shapes.scorecards import Scorecard
from services.schema.shapes.views import View
from services.schema.words import CycleStatus, DisputeAbout


async def file_dispute(
    session: WriteSession,
    card_id: str,
    stated: StatedDispute,
    *,
    view: View,
    caller: Caller,
    at: datetime,
) -> Dispute:
    """Put down what somebody contests of their own card."""
    card = await read_card(session, card_id)
    if card is None or not view.sees(card.subject):
        raise NotFound("scorecard")
    if not await is_own_card(session, card.subject, caller):
        raise Forbidden("not_your_card", "A card is contested by whom it is about.")
    cycle = await lock_cycle(session, card.cycle)
    card = await read_card(session, card_id)
    if cycle is None or card is None or cycle.revision != card.revision:
        raise NotFound("scorecard")
    zone = (await read_tenant(session)).timezone
    about = (card.cycle, card.subject)
    result = (await read_published_revisions(session, [about]))[about].get(card.revision)
    published_on = None if result is None else local_day(result.published_at, zone)
    check_in_time(cycle, published_on, local_day(at, zone))
    earlier = (await read_disputes(session, [about]))[about]
    ratings = (await read_ratings(session, [about])).get(about, [])
    told = read_told(json.loads(card.explanation), await _schemes_in(session, card))
    check_stated(stated, told, ratings, earlier)
    dispute = Dispute(
        id=new_id(IdKind.DISPUTE),
        scorecard=card.id,
        cycle=card.cycle,
        subject=card.subject,
        stated=stated,
        person=person_of(caller),
        author=caller.name,
        filed_at=at,
        decision=None,
    )
    await insert_dispute(session, dispute)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="scorecard.dispute",
        subject=f"scorecard:{card.id}",
        detail={
            "id": dispute.id,
            "about": stated.about,
            "named": stated.named,
            "reason": stated.reason,
        },
    )
    return dispute


async def weigh_dispute(
    session: ReadSession, dispute: Dispute, *, at: datetime, value: Decimal | None = None
) -> Upheld | None:
    """Score, grade and pay of the card if the dispute were upheld, computed from what it states.

    Null where it was decided, where the cycle is open and its cards live, and where nobody says
    what the figure should be. Where quotas set the grades, everybody is ranked anew with the total.
    """
    if dispute.decision is not None:
        return None
    cycle = await read_cycle(session, dispute.cycle)
    card = await read_card(session, dispute.scorecard)
    if cycle is None or card is None or cycle.revision != card.revision:
        return None
    if cycle.status in {CycleStatus.DRAFT, CycleStatus.OPEN} or card.bases is None:
        return None
    about = (card.cycle, card.subject)
    ratings = (await read_ratings(session, [about])).get(about, [])
    now = (await read_stated(session, [about]))[about]
    stated = stated_if_upheld(dispute.stated, now, ratings, value)
    if stated is None:
        return None
    scored = await score_as_stated(session, cycle, card, stated, at=at)
    assert cycle.scheme_version is not None, "a cycle with closed data has a version"
    key = (cycle.scheme, cycle.scheme_version)
    scheme = scheme_of((await read_versions(session, {key}))[key].document)
    if cycle.status is CycleStatus.PUBLISHED and scheme.distribution is not None:
        scored = await regrade(session, cycle, scheme, scored)
    score = read_score(scored.document)
    payouts: tuple[Payout, ...] | None = ()
    if score.complete:
        try:
            payouts = await payouts_of(session, cycle, scored, scheme, at=at)
        except Conflict:
            # Of a leader, for one, whose members' pay is still to come.
            payouts = None
    return Upheld(score.total, score.grade, score.coefficient, payouts)


async def decide_dispute(
    session: WriteSession,
    id: str,
    *,
    uphold: bool,
    reason: str,
    value: Decimal | None,
    caller: Caller,
    at: datetime,
) -> Dispute:
    """Decide of a dispute; what is upheld is carried out in the same transaction."""
    # First of all locks: upholding may move the cycle.
    await lock_settling(session)
    found = await find_dispute(session, id)
    if found is None:
        raise NotFound("dispute")
    cycle = await lock_cycle(session, found.cycle)
    dispute = await find_dispute(session, id)
    if cycle is None or dispute is None:
        raise NotFound("dispute")
    about = (dispute.cycle, dispute.subject)
    ratings = (await read_ratings(session, [about])).get(about, [])
    # An id of a rating is no code of an item and no fact's name.
    contested = next((each.stated for each in ratings if each.id == dispute.stated.named), None)
    is_own = await is_own_card(session, dispute.subject, caller)
    check_disinterested(dispute, person_of(caller), contested, is_own=is_own)
    check_decides(dispute, cycle, uphold=uphold, value=value)
    decision = DisputeDecision(uphold, reason, value, person_of(caller), caller.name, at)
    await insert_dispute_decision(session, id, decision)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="dispute.uphold" if uphold else "dispute.reject",
        subject=f"scorecard:{dispute.scorecard}",
        detail={
            "id": id,
            "reason": reason,
            "value": None if value is None else plain(value),
        },
    )
    if uphold:
        await _carry_out(session, replace(dispute, decision=decision), cycle, caller, at=at)
    return replace(dispute, decision=decision)


async def _carry_out(
    session: WriteSession, dispute: Dispute, cycle: Cycle, caller: Caller, *, at: datetime
) -> None:
    """Have the card follow: at once where data are closed, as a new revision where published."""
    assert dispute.decision is not None, "what is carried out was decided"
    is_fact = dispute.stated.about is DisputeAbout.FACT
    if cycle.status is CycleStatus.PUBLISHED or (is_fact and cycle.status is not CycleStatus.OPEN):
        reason = f"Dispute {dispute.id} was upheld: {dispute.decision.reason}"
        await move_cycle(session, cycle.code, CycleStatus.OPEN, reason=reason, caller=caller, at=at)
        return
    about = (cycle.code, dispute.subject)
    for card in (await read_revisions(session, [about]))[about]:
        if card.revision != cycle.revision:
            continue
        if cycle.status is CycleStatus.OPEN:
            await mark_card_stale(session, card.id, at=at)
            await wake_worker(session)
        else:
            await rescore(session, cycle, card.id, at=at)


async def _schemes_in(session: ReadSession, card: Scorecard) -> dict[tuple[str, int], Scheme]:
    """What the card's segments are scored by."""
    keys = {(each.scheme, each.scheme_version) for each in segments_of(json.loads(card.document))}
    versions = await read_versions(session, keys)
    return {key: scheme_of(version.document) for key, version in versions.items()}
