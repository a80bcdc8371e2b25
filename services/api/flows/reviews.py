"""Cards are submitted, returned and approved step by step; a cycle waits for all of it."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime

from services.api.core.populations import units_upward, works_on
from services.api.core.reviews import (
    MOST_REVIEWS,
    check_decision,
    faults_of_leaving,
    faults_of_pending,
    faults_of_publishing,
    in_force,
    own_of,
    person_of,
    superiors_of,
)
from services.api.flows.schemes import scheme_of
from services.api.store.audit import append_entry
from services.api.store.cycles import lock_cycle, read_cycles
from services.api.store.people import read_employees, read_tenant, read_units
from services.api.store.reviews import insert_reviews, read_reviews
from services.api.store.schemes import read_versions
from services.api.store.scorecards import read_card
from services.schema.days import local_day
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Closed, Conflict, Fault, NotFound
from services.schema.shapes.people import Caller, Employee, Subject, Unit
from services.schema.shapes.reviews import CardReview, Review, ReviewState
from services.schema.shapes.scorecards import Scorecard
from services.schema.shapes.views import View
from services.schema.words import Approver, CycleStatus, ReviewDecision, SubjectKind

MOST_NAMED = 50
"""Cards that a refusal names."""

Permit = Callable[[CardReview], None]
"""Sees the review that is there, once nobody else can change it, and may refuse."""


async def decide_review(
    session: WriteSession,
    card_id: str,
    decision: ReviewDecision,
    comment: str | None,
    *,
    view: View,
    permit: Permit,
    caller: Caller,
    at: datetime,
) -> CardReview:
    """Take the step of a card whose turn it is, or return it by one; of two at once one wins."""
    seen = await read_card(session, card_id)
    if seen is None or not view.sees(seen.subject):
        raise NotFound("scorecard")
    cycle = await lock_cycle(session, seen.cycle)
    # What was read before the lock may be gone: another may have decided, or rated.
    card = await read_card(session, card_id)
    if cycle is None or card is None or cycle.revision != card.revision:
        raise NotFound("scorecard")
    review = (await read_card_reviews(session, [card], at=at))[card.id]
    permit(review)
    if cycle.status is not CycleStatus.REVIEW:
        detail = f"{cycle.code} is {cycle.status}; its cards are decided on in review."
        raise Closed("cycle_not_in_review", detail)
    part = check_decision(
        review.state,
        caller,
        decision,
        comment,
        is_own=await is_own_card(session, card.subject, caller),
        is_complete=card.total is not None,
    )
    if len(review.trail) >= MOST_REVIEWS:
        raise Conflict("too_many_reviews", f"A card has at most {MOST_REVIEWS} decisions.")
    decided = _decided(review, part, decision, comment, caller=caller, at=at)
    await insert_reviews(session, [((card.cycle, card.subject), decided)])
    await append_entry(
        session,
        at=at,
        caller=caller,
        action=f"scorecard.{decision}",
        subject=f"scorecard:{card.id}",
        detail={"part": part, "comment": comment, "fingerprint": review.fingerprint},
    )
    return (await read_card_reviews(session, [card], at=at))[card.id]


async def read_card_reviews(
    session: ReadSession, cards: Collection[Scorecard], *, at: datetime
) -> dict[str, CardReview]:
    """The reviews of cards by their ids; so many statements for any number."""
    orders = await _orders_of(session, {card.cycle for card in cards})
    trails = await read_reviews(session, {(card.cycle, card.subject) for card in cards})
    day = local_day(at, (await read_tenant(session)).timezone)
    units = await read_units(session)
    people = await _read_people_above(session, cards, units, day)
    found = {}
    for card in cards:
        trail = trails[card.cycle, card.subject]
        figures = figures_of(card)
        state = ReviewState(
            order=orders[card.cycle],
            own=own_of(card.subject, people, units, day),
            held=in_force(trail, figures),
            superiors=superiors_of(card.subject, card.unit, people, units, day),
        )
        found[card.id] = CardReview(card.id, card.subject, card.revision, figures, state, trail)
    return found


async def check_reviewed(
    session: ReadSession, cards: Sequence[Scorecard], *, caller: Caller, at: datetime
) -> tuple[int, list[Fault]]:
    """How many approvals the cards of a cycle wait for, and what stands against leaving review."""
    reviews = await read_card_reviews(session, cards, at=at)
    states = {card: review.state for card, review in reviews.items()}
    pending = sum(max(len(state.order) - len(state.held), 0) for state in states.values())
    if pending:
        return pending, list(faults_of_pending(states))[:MOST_NAMED]
    return 0, list(faults_of_leaving(states, person_of(caller)))[:MOST_NAMED]


async def approve_by_moving(
    session: WriteSession, cards: Sequence[Scorecard], *, caller: Caller, at: datetime
) -> None:
    """Keep who approved the cards of a cycle of which nobody's approval is asked: its mover."""
    reviews = await read_card_reviews(session, cards, at=at)
    step = Approver.HR, ReviewDecision.APPROVE, None
    approvals = [
        ((card.cycle, card.subject), _decided(reviews[card.id], *step, caller=caller, at=at))
        for card in cards
        if person_of(caller) not in reviews[card.id].state.approvers
    ]
    await insert_reviews(session, approvals)


async def check_publishing(
    session: ReadSession, cards: Sequence[Scorecard], *, caller: Caller, at: datetime
) -> list[Fault]:
    """What stands against publishing: cards that nobody but the caller has approved."""
    reviews = await read_card_reviews(session, cards, at=at)
    states = {card: review.state for card, review in reviews.items()}
    return list(faults_of_publishing(states, person_of(caller)))[:MOST_NAMED]


def figures_of(card: Scorecard) -> str:
    """The fingerprint of a card's figures: calibration gives it another, and leaves these be."""
    # Explanations are long, and most cards were never calibrated.
    if b'"calibration":{' not in card.explanation:
        return card.fingerprint
    figures: str = json.loads(card.explanation)["calibration"]["inputs"]
    return figures


async def is_own_card(session: ReadSession, subject: Subject, caller: Caller) -> bool:
    """Whether a card is about the caller, or the unit that they lead."""
    if caller.employee is None:
        return False
    if subject.kind is SubjectKind.UNIT:
        unit = (await read_units(session, {subject.code})).get(subject.code)
        return unit is not None and unit.lead == caller.employee
    return subject == Subject(SubjectKind.EMPLOYEE, caller.employee)


def _decided(
    review: CardReview,
    part: Approver,
    decision: ReviewDecision,
    comment: str | None,
    *,
    caller: Caller,
    at: datetime,
) -> Review:
    """The next decision of a card, on the figures that it shows."""
    return Review(
        number=len(review.trail) + 1,
        part=part,
        decision=decision,
        comment=comment,
        person=person_of(caller),
        author=caller.name,
        fingerprint=review.fingerprint,
        decided_at=at,
    )


async def _orders_of(session: ReadSession, codes: set[str]) -> dict[str, tuple[Approver, ...]]:
    """The steps of each cycle's cards, by the version of the scheme that scores it."""
    cycles = await read_cycles(session, codes, None)
    keys = {
        code: (cycle.scheme, cycle.scheme_version)
        for code, cycle in cycles.items()
        if cycle.scheme_version is not None
    }
    versions = await read_versions(session, set(keys.values()))
    approval = {key: scheme_of(version.document).approval for key, version in versions.items()}
    return {code: approval[key] for code, key in keys.items()}


async def _read_people_above(
    session: ReadSession,
    cards: Collection[Scorecard],
    units: Mapping[str, Unit],
    day: date,
) -> dict[str, Employee]:
    """Whom the cards are about and everyone who may stand above them, level by level."""
    subjects = {card.subject.code for card in cards if card.subject.kind is SubjectKind.EMPLOYEE}
    people = await read_employees(session, subjects)
    places = {card.unit for card in cards}
    places |= {card.subject.code for card in cards if card.subject.kind is SubjectKind.UNIT}
    places |= {held.unit for person in people.values() for held in works_on(person, day)}
    upward = {code for place in places for code in units_upward(place, units)}
    leads = {units[code].lead for code in upward if code in units}
    wanted = {person.manager for person in people.values()} | leads
    while new := {code for code in wanted if code is not None} - people.keys():
        above = await read_employees(session, new)
        people |= above
        wanted = {person.manager for person in above.values()}
        if not above:
            break
    return people
