"""What interviews agreed is followed up on later cards, and told of where it is overdue."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from services.api.core.improvements import (
    StatedFollowUp,
    agreed_in,
    check_follow_up,
    checks_of,
)
from services.api.core.reviews import person_of
from services.api.flows.alerts import tell
from services.api.flows.reviews import is_own_card
from services.api.store.alerts import read_broken_keys
from services.api.store.audit import append_entry
from services.api.store.counters import lock_noun
from services.api.store.cycles import read_cycles
from services.api.store.improvements import find_interviewed, insert_follow_up, read_follow_ups
from services.api.store.interviews import read_interviews
from services.api.store.people import read_employees, read_tenant
from services.api.store.scorecards import read_card
from services.schema.days import local_day
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Conflict, Fault, NotFound
from services.schema.shapes.alerts import Alert
from services.schema.shapes.improvements import FollowUp, Improvement
from services.schema.shapes.people import Caller
from services.schema.shapes.ratings import About
from services.schema.shapes.scorecards import Scorecard
from services.schema.shapes.views import View
from services.schema.watch_words import AlertKind

IMPROVEMENTS = "improvements"
"""The noun that is locked while improvements are followed up."""
LOOK_BACK = timedelta(days=400)
"""Of interviews longer ago nothing is told any more."""


async def read_card_improvements(
    session: ReadSession, cards: Collection[Scorecard]
) -> dict[str, list[Improvement]]:
    """What the interviews of a card's cycle and of those before agreed with its subject.

    By the cards' ids; so many statements for any number.
    """
    abouts = await find_interviewed(session, {card.subject for card in cards}, since=None)
    codes = {cycle for cycle, _ in abouts} | {card.cycle for card in cards}
    cycles = await read_cycles(session, codes, None)
    found = sorted(
        await _read_agreed(session, abouts),
        key=lambda each: (cycles[each.cycle].period.start, each.cycle, each.number),
    )
    return {
        card.id: [
            each
            for each in found
            if each.subject == card.subject
            and cycles[each.cycle].period.start <= cycles[card.cycle].period.start
        ]
        for card in cards
    }


async def follow_up(
    session: WriteSession,
    card_id: str,
    stated: StatedFollowUp,
    *,
    view: View,
    caller: Caller,
    at: datetime,
) -> Improvement:
    """Say on a card what became of an improvement that was agreed before."""
    card = await read_card(session, card_id)
    if card is None or not view.sees(card.subject):
        raise NotFound("scorecard")
    await lock_noun(session, IMPROVEMENTS)
    found = (await read_card_improvements(session, [card]))[card.id]
    agreed = {(each.cycle, each.number): each for each in found}
    there = agreed.get((stated.cycle, stated.number))
    is_own = await is_own_card(session, card.subject, caller)
    improvement = check_follow_up(there, stated, is_own=is_own)
    if stated.owner is not None and stated.owner not in await read_employees(
        session, [stated.owner]
    ):
        fault = Fault("/owner", "unknown_employee", f"There is no {stated.owner}.")
        raise Conflict(fault.code, fault.detail, [fault])
    last = improvement.last
    made = FollowUp(
        revision=1 if last is None else last.revision + 1,
        state=stated.state,
        owner=stated.owner or (None if last is None else last.owner),
        note=stated.note,
        followed_in=card.cycle,
        person=person_of(caller),
        author=caller.name,
        stated_at=at,
    )
    await insert_follow_up(session, improvement, made)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="improvement.follow_up",
        subject=f"scorecard:{card.id}",
        # What people wrote to each other stays with them and HR.
        detail={
            "cycle": stated.cycle,
            "number": stated.number,
            "state": made.state,
            "owner": made.owner,
        },
    )
    return replace(improvement, last=made)


async def escalate_improvements(session: WriteSession, *, at: datetime) -> list[Alert]:
    """Raise an alert for each improvement that is overdue; gives the new ones."""
    abouts = await find_interviewed(session, None, since=at - LOOK_BACK)
    today = local_day(at, (await read_tenant(session)).timezone)
    told = await read_broken_keys(session, AlertKind.IMPROVEMENT)
    checks = checks_of(await _read_agreed(session, abouts), told, today)
    return await tell(session, checks, at=at) if checks else []


async def _read_agreed(session: ReadSession, abouts: Collection[About]) -> list[Improvement]:
    if not abouts:
        return []
    trails = await read_interviews(session, abouts)
    followed = await read_follow_ups(session, abouts)
    return [each for about in abouts for each in agreed_in(about, trails[about], followed[about])]
