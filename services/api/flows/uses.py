"""Rules over past grades are put, and people decide on what they propose."""

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime

from services.api.core.changes import change_of
from services.api.core.uses import check_rule, uses_of
from services.api.store.audit import append_entry
from services.api.store.counters import lock_noun
from services.api.store.people import read_employees, read_tenant
from services.api.store.results import read_scorecards_of
from services.api.store.uses import (
    insert_use_decision,
    insert_use_rule,
    read_past_grades,
    read_use_decisions,
    read_use_rules,
)
from services.schema.days import local_day
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Conflict, Fault, Forbidden
from services.schema.shapes.people import Caller, Employee, Subject
from services.schema.shapes.uses import ShownUse, UseDecision, UseRule, UseState
from services.schema.shapes.views import View
from services.schema.words import Outcome

_NOUN = "uses"
Permit = Callable[[UseRule | None], None]
"""Sees the rule as it is, once nobody else can change it, and may refuse the new one."""


async def put_use_rule(
    session: WriteSession, rule: UseRule, *, permit: Permit, caller: Caller, at: datetime
) -> Outcome:
    """Put a rule; a change is a new revision, and decides nothing that is decided anew."""
    check_rule(rule)
    await lock_noun(session, _NOUN)
    revision, before = (await read_use_rules(session)).get(rule.code, (0, None))
    permit(before)
    if before == rule:
        return Outcome.DUPLICATE
    await insert_use_rule(session, rule, revision=revision + 1, author=caller.name, at=at)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="use_rule.put",
        subject=f"use_rule:{rule.code}",
        detail=change_of(before, rule),
    )
    return Outcome.UPDATED if before else Outcome.CREATED


def shown_people(view: View, employee: str | None) -> frozenset[str] | None:
    """Whose proposals somebody sees, null is everybody's: a lead's own are for those above."""
    seen = None if view.whole else view.employees - {view.own}
    if employee is None:
        return seen
    return frozenset({employee}) if seen is None or employee in seen else frozenset()


async def read_uses(
    session: ReadSession,
    employees: Collection[str] | None,
    *,
    at: datetime,
    rule: str | None = None,
    state: UseState | None = None,
) -> list[ShownUse]:
    """What rules propose for these people, or all, by the day's positions, and the decisions.

    Of all rules or one, whatever became of it or in one state.
    """
    today = local_day(at, (await read_tenant(session)).timezone)
    people = await read_employees(session, employees)
    held = {code: _positions(person, today) for code, person in people.items()}
    rules = [rule for _, rule in (await read_use_rules(session)).values()]
    found = uses_of(
        rules,
        await read_past_grades(session, people.keys()),
        {code: positions for code, positions in held.items() if positions},
        await read_use_decisions(session, people.keys()),
    )
    return [
        each for each in found if rule in {None, each.proposal.rule} and state in {None, each.state}
    ]


async def cards_looked_at(session: ReadSession, shown: Sequence[ShownUse]) -> dict[str, Subject]:
    """The scorecards of whose grades proposals tell, with whom each is about."""
    results = {past.result for each in shown for past in each.proposal.grades}
    return await read_scorecards_of(session, results) if results else {}


async def decide_use(
    session: WriteSession,
    *,
    rule: str,
    employee: str,
    result: str,
    accept: bool,
    reason: str,
    caller: Caller,
    at: datetime,
) -> ShownUse:
    """Accept or decline a proposal, once; nobody decides on what is proposed for themselves."""
    if caller.employee == employee:
        raise Forbidden("own_use", "What is proposed for you is decided by somebody else.")
    await lock_noun(session, _NOUN)
    shown = [
        each
        for each in await read_uses(session, [employee], at=at, rule=rule)
        if each.proposal.result == result
    ]
    if not shown:
        detail = f"{rule} proposes nothing for {employee} on {result}."
        raise Conflict("no_proposal", detail, [Fault("/result", "no_proposal", detail)])
    if shown[0].decision is not None:
        detail = f"It is {shown[0].state} already."
        raise Conflict("already_decided", detail, [Fault("/result", "already_decided", detail)])
    decision = UseDecision(shown[0].proposal, accept, reason, caller.name, at)
    await insert_use_decision(session, decision)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="use.decide",
        subject=f"employee:{employee}",
        detail={
            "rule": rule,
            "use": decision.proposal.use.value,
            "result": result,
            "accepted": accept,
            "reason": reason,
        },
    )
    return ShownUse(decision.proposal, decision)


def _positions(person: Employee, day: date) -> frozenset[str]:
    """What somebody holds on a day; who has left holds nothing."""
    if person.left_on is not None and person.left_on < day:
        return frozenset()
    return frozenset(
        held.position
        for held in person.assignments
        if held.start <= day and (held.end is None or day < held.end)
    )
