"""What people contest is put down, weighed and decided, and carried out where it is upheld."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from services.api.core.disputes import (
    check_decides,
    check_disinterested,
    check_in_time,
    check_stated,
    fact_contested,
    rating_contested,
    stated_if_upheld,
)
from services.api.core.frozen import read_score
from services.api.core.late_facts import LATE
from services.api.core.reviews import person_of
from services.api.core.statements import check_mark
from services.api.core.told_cards import ToldCard, own_mark_of
from services.api.flows.contested import is_late, pay_upheld, score_upheld
from services.api.flows.rescoring import read_stated
from services.api.flows.reviews import is_own_card
from services.api.flows.schemes import scheme_of
from services.api.flows.settling import take_marks
from services.api.flows.told_cards import read_back
from services.api.flows.upholding import carry_out
from services.api.store.audit import append_entry
from services.api.store.changed_facts import find_named
from services.api.store.cycles import lock_cycle, read_cycle
from services.api.store.disputes import (
    find_dispute,
    insert_dispute,
    insert_dispute_decision,
    read_disputes,
)
from services.api.store.live import read_reach
from services.api.store.people import read_employees, read_tenant
from services.api.store.ratings import read_ratings
from services.api.store.results import read_published_revisions
from services.api.store.schemes import read_published
from services.api.store.scorecards import read_card
from services.schema.days import local_day
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Conflict, Fault, Forbidden, NotFound
from services.schema.ids import IdKind, new_id
from services.schema.money import plain
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.disputes import (
    ChangedFact,
    Dispute,
    DisputeDecision,
    StatedDispute,
    Upheld,
)
from services.schema.shapes.payouts import Payout
from services.schema.shapes.people import Caller
from services.schema.shapes.ratings import KeptRating
from services.schema.shapes.scorecards import Mark, Scorecard
from services.schema.shapes.views import View
from services.schema.words import DisputeAbout

_PAY = "pay/"


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
    days = await _appeal_days(session, cycle)
    check_in_time(cycle, published_on, local_day(at, zone), appeal_days=days)
    earlier = (await read_disputes(session, [about]))[about]
    ratings = (await read_ratings(session, [about])).get(about, [])
    told = await read_back(session, card.explanation)
    if stated.about is DisputeAbout.RATING:
        stated = _of_rating(stated, told, ratings)
    check_stated(stated, told, ratings, earlier)
    if stated.change is not None:
        await _check_fact(session, card, fact_contested(stated))
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
    """Score, grade and pay of the card if the dispute were upheld, to the cent.

    Null where it was decided, where the cycle is open and its cards live, where nobody says what
    the figure should be, and while facts that came late stand in its way.
    """
    if dispute.decision is not None:
        return None
    cycle = await read_cycle(session, dispute.cycle)
    card = await read_card(session, dispute.scorecard)
    if cycle is None or card is None or cycle.revision != card.revision:
        return None
    if cycle.status not in LATE or card.bases is None:
        return None
    about = (card.cycle, card.subject)
    ratings = (await read_ratings(session, [about])).get(about, [])
    before = (await read_stated(session, [about]))[about]
    after = stated_if_upheld(dispute, before, ratings, value)
    if after is None or await is_late(session, cycle, card, dispute.stated):
        return None
    try:
        contested = await score_upheld(session, cycle, card, before, after, at=at)
    except Conflict:
        return None
    score = read_score(contested.anew.now.document)
    payouts: tuple[Payout, ...] | None = ()
    if score.complete:
        paid = await pay_upheld(session, cycle, contested.anew, at=at)
        # Of a leader, for one, whose members' pay is still to come, nobody can say.
        payouts = paid if isinstance(paid, tuple) else None
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
    # Before all other locks; what has landed by now is known to be late.
    await take_marks(session, at=at)
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
    if contested is not None and value is not None:
        await _check_mark_of(session, dispute, contested, value)
    decision = DisputeDecision(uphold, reason, value, person_of(caller), caller.name, at)
    before = (await read_stated(session, [about]))[about]
    await insert_dispute_decision(session, id, decision)
    decided = replace(dispute, decision=decision)
    carried: dict[str, object] = {}
    if uphold:
        carried = await carry_out(session, decided, cycle, before, at=at)
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
            **carried,
        },
    )
    told = await find_dispute(session, id)
    assert told is not None, "what was decided is still there"
    return told


async def _check_fact(session: ReadSession, card: Scorecard, fact: ChangedFact) -> None:
    """A fact is contested where it is here and one of those that the card is made of.

    Of others nothing is to be found out this way, not even whether they are here.
    """
    named = await find_named(session, fact)
    reached = {
        each.subject.removeprefix(_PAY) for each in (await read_reach(session, [card.id]))[card.id]
    }
    if named is None or reached.isdisjoint(map(str, named)):
        detail = (
            "No such fact counts for this card or its shops; of one that never came state `values`."
        )
        raise Conflict("fact_unknown", detail, [Fault("/fact", "fact_unknown", detail)])
    person = fact.change.salesperson
    if person is not None and person not in await read_employees(session, {person}):
        detail = f"There is no employee {person}."
        raise Conflict(
            "unknown_employee", detail, [Fault("/salesperson", "unknown_employee", detail)]
        )


def _of_rating(
    stated: StatedDispute, told: ToldCard, ratings: Sequence[KeptRating]
) -> StatedDispute:
    """What is contested, by the id of the mark that a person gave, and what it should be."""
    kept = rating_contested(stated.named, ratings)
    claims = tuple(replace(each, item=kept.stated.item) for each in stated.claims)
    for claim in claims:
        _check_mark(told, kept.stated, claim.value)
    return replace(stated, named=kept.replaces or kept.id, claims=claims)


async def _check_mark_of(
    session: ReadSession, dispute: Dispute, mark: Mark, value: Decimal
) -> None:
    card = await read_card(session, dispute.scorecard)
    assert card is not None, "a card that was contested stays"
    told = await read_back(session, card.explanation)
    _check_mark(told, mark, value)


def _check_mark(told: ToldCard, mark: Mark, value: Decimal) -> None:
    """What is stated in the place of a mark must be one that its rule takes."""
    items = [
        (line.item, own_mark_of(told, line))
        for line in told.each_line()
        if line.item.code == mark.item
    ]
    try:
        check_mark(items, mark.restated(value, mark.stated_at), earlier=0)
    except Conflict as refusal:
        fault = Fault("/value", refusal.code, refusal.detail)
        raise Conflict(fault.code, fault.detail, [fault]) from None


async def _appeal_days(session: ReadSession, cycle: Cycle) -> int | None:
    """What the scheme of the cycle says, whatever else a card was scored by in its segments."""
    if cycle.scheme_version is None:
        return None
    version = await read_published(session, cycle.scheme, cycle.scheme_version)
    return None if version is None else scheme_of(version.document).appeal_days
