"""Cases: the steps from a finding to its closure, who takes which, and when one is overdue.

`domain.md`, section 7. The owner puts it right; somebody else closes it, and only once the customer
was told.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from services.schema.errors import Closed, Conflict, Fault, Forbidden
from services.schema.shapes.alerts import AlertKey, Breach, Check
from services.schema.shapes.cases import Case, CaseEntry
from services.schema.shapes.people import Caller, Subject
from services.schema.watch_words import AlertKind, CaseState, CaseStep
from services.schema.words import Role, SubjectKind

MOST_STEPS = 100
LONGEST_TITLE = 200
_OF_OTHERS = frozenset({CaseStep.ASSIGNED, CaseStep.CLOSED, CaseStep.REOPENED})
"""What the owner leaves to somebody above."""
_WITH_A_WORD = frozenset({CaseStep.DONE, CaseStep.TOLD, CaseStep.REOPENED})


@dataclass(frozen=True, slots=True)
class StatedStep:
    """A step that somebody wants to take."""

    step: CaseStep
    note: str | None
    owner: str | None
    due_on: date | None
    """Of an assignment: what changes; null stays."""


def taken(case: Case, stated: StatedStep, *, caller: Caller, person: str, at: datetime) -> Case:
    """The case after a step, or why it is not taken."""
    _check_who(case, stated, caller)
    _check_when(case, stated)
    _check_words(stated)
    if len(case.trail) >= MOST_STEPS:
        raise Conflict("too_many_steps", f"A case takes {MOST_STEPS} steps at most.")
    owner = stated.owner or case.stated.owner
    due_on = stated.due_on or case.stated.due_on
    entry = CaseEntry(
        number=len(case.trail) + 1,
        step=stated.step,
        owner=owner,
        due_on=due_on,
        note=stated.note,
        person=person,
        author=caller.name,
        at=at,
    )
    states = {
        CaseStep.DONE: CaseState.DONE,
        CaseStep.CLOSED: CaseState.CLOSED,
        CaseStep.REOPENED: CaseState.OPEN,
    }
    # What was done anew is to be told anew.
    is_told = case.is_told
    if stated.step is CaseStep.TOLD:
        is_told = True
    elif stated.step is CaseStep.REOPENED:
        is_told = case.stated.respondent is None
    return replace(
        case,
        stated=replace(case.stated, owner=owner, due_on=due_on),
        state=states.get(stated.step, case.state),
        is_told=is_told,
        trail=(*case.trail, entry),
    )


def is_overdue(case: Case, today: date) -> bool:
    """Whether it should have been put right by now; the day it is due is the last good one."""
    return case.state is CaseState.OPEN and today > case.stated.due_on


def checks_of(overdue: Iterable[Case], told: Iterable[AlertKey], today: date) -> list[Check]:
    """An alert for each overdue case and the day that it was due; those of before are settled."""
    wrong = {}
    for case in overdue:
        assert is_overdue(case, today), "only what is overdue is told"
        title = case.stated.finding[:LONGEST_TITLE]
        breach = Breach(
            kind=AlertKind.CASE,
            source=case.id,
            subject=Subject(SubjectKind.EMPLOYEE, case.stated.owner),
            day=case.stated.due_on + timedelta(days=1),
            zh=f"整改逾期：{title}",
            en=f"Not put right in time: {title}",
            measured=None,
        )
        wrong[breach.key] = Check(breach.key, breach, None)
    settled = [Check(key, None, None) for key in told if key not in wrong]
    return [*wrong.values(), *settled]


def _check_who(case: Case, stated: StatedStep, caller: Caller) -> None:
    if stated.step not in _OF_OTHERS:
        return
    if caller.role is Role.EMPLOYEE or caller.employee == case.stated.owner:
        detail = "This is for somebody above whom the case is left to."
        raise Forbidden("own_case", detail)


def _check_when(case: Case, stated: StatedStep) -> None:
    step, state = stated.step, case.state
    if step is CaseStep.OPENED:
        raise Conflict("already_open", "A case is opened when it is stated.")
    if state is CaseState.CLOSED and step is not CaseStep.REOPENED:
        raise Closed("case_closed", "The case is closed; it may be reopened with a reason.")
    if step is CaseStep.REOPENED and state is CaseState.OPEN:
        raise Conflict("case_open", "The case is open.")
    if step is CaseStep.DONE and state is not CaseState.OPEN:
        raise Conflict("already_done", "It was put right already.")
    if step is CaseStep.TOLD and case.is_told:
        raise Conflict("already_told", "The customer was told, or nobody is to be told.")
    if step in {CaseStep.TOLD, CaseStep.CLOSED} and state is not CaseState.DONE:
        raise Conflict("not_done", "It was not put right yet.")
    if step is CaseStep.CLOSED and not case.is_told:
        raise Conflict("customer_not_told", "The customer was not told what was done.")


def _check_words(stated: StatedStep) -> None:
    if stated.step in _WITH_A_WORD and stated.note is None:
        fault = Fault("/note", "note_missing", "Say what was done, told or found.")
        raise Conflict(fault.code, fault.detail, [fault])
    assigns = stated.step is CaseStep.ASSIGNED
    if assigns == (stated.owner is None and stated.due_on is None):
        detail = "An owner or a day is stated when a case is assigned, and only then."
        raise Conflict("unfit_step", detail, [Fault("/step", "unfit_step", detail)])
