"""The interview after a result is written and signed by both sides; then nobody changes it."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, datetime

from services.api.core.interviews import (
    answers_in,
    check_open,
    check_signed,
    due_on,
    is_overdue,
    part_of,
    signatures_of,
    written,
)
from services.api.core.reviews import person_of
from services.api.flows.reviews import is_own_card, read_card_reviews
from services.api.store.audit import append_entry
from services.api.store.cycles import lock_cycle
from services.api.store.interviews import insert_interview, read_interviews
from services.api.store.people import read_tenant
from services.api.store.results import read_first_published
from services.api.store.scorecards import read_card
from services.api.templates import interview_form
from services.schema.days import local_day
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import NotFound
from services.schema.shapes.interviews import CardInterview, InterviewEntry, StatedAnswers
from services.schema.shapes.people import Caller
from services.schema.shapes.scorecards import Scorecard
from services.schema.shapes.views import View
from services.schema.words import InterviewPart

Permit = Callable[[CardInterview], None]
"""Sees the form that is there, once nobody else can change it, and may refuse."""


async def write_interview(
    session: WriteSession,
    card_id: str,
    stated: StatedAnswers,
    *,
    view: View,
    permit: Permit,
    caller: Caller,
    at: datetime,
) -> CardInterview:
    """Write into the form, sign it, or both; what changes nothing and signs nothing is not kept."""
    card = await read_card(session, card_id)
    if card is None or not view.sees(card.subject):
        raise NotFound("scorecard")
    # One after the other: a signature is of what its writer has seen.
    await lock_cycle(session, card.cycle)
    review = (await read_card_reviews(session, [card], at=at))[card.id]
    is_own = await is_own_card(session, card.subject, caller)
    part = part_of(caller, is_own=is_own, superiors=review.state.superiors)
    there = (await read_card_interviews(session, [card], at=at))[card.id]
    permit(there)
    check_open(there.trail, is_published=there.due_on is not None)
    answers = written(there.answers, stated, part)
    if stated.signs:
        check_signed(answers)
    if answers == there.answers and not stated.signs:
        return there
    entry = InterviewEntry(
        number=len(there.trail) + 1,
        part=part,
        person=person_of(caller),
        author=caller.name,
        answers=answers,
        signed=stated.signs,
        stated_at=at,
    )
    await insert_interview(session, (card.cycle, card.subject), entry)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="scorecard.interview",
        subject=f"scorecard:{card.id}",
        # What people wrote to each other stays with them and HR.
        detail={"number": entry.number, "part": part, "signed": entry.signed},
    )
    return (await read_card_interviews(session, [card], at=at))[card.id]


async def read_card_interviews(
    session: ReadSession, cards: Collection[Scorecard], *, at: datetime
) -> dict[str, CardInterview]:
    """The interviews of cards by their ids; so many statements for any number."""
    abouts = {(card.cycle, card.subject) for card in cards}
    trails = await read_interviews(session, abouts)
    published = await read_first_published(session, abouts)
    zone = (await read_tenant(session)).timezone
    within = interview_form()["within_days"]
    assert isinstance(within, int), "the form says within how many days"
    found = {}
    for card in cards:
        about = (card.cycle, card.subject)
        result_on = published.get(about)
        due = None if result_on is None else due_on(local_day(result_on, zone), within)
        interview = CardInterview(
            scorecard=card.id,
            answers=answers_in(trails[about]),
            signatures=signatures_of(trails[about]),
            due_on=due,
            is_overdue=False,
            trail=trails[about],
        )
        late = is_overdue(due, local_day(at, zone), _frozen_on(interview, zone))
        found[card.id] = replace(interview, is_overdue=late)
    return found


def _frozen_on(interview: CardInterview, zone: str) -> date | None:
    if not interview.is_frozen:
        return None
    return max(local_day(interview.signatures[part].stated_at, zone) for part in InterviewPart)
