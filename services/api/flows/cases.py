"""Cases are opened, taken step by step to their closure, and told of where they are overdue."""

from datetime import datetime

from services.api.core.cases import StatedStep, checks_of, taken
from services.api.core.reviews import person_of
from services.api.flows.alerts import tell
from services.api.flows.indicators import known_subjects
from services.api.store.alerts import read_broken_keys
from services.api.store.audit import append_entry
from services.api.store.cases import insert_case, read_case, read_overdue_cases, update_case
from services.api.store.counters import lock_noun
from services.api.store.people import read_employees, read_tenant
from services.api.store.surveys import read_survey
from services.schema.days import local_day
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Conflict, Fault, NotFound
from services.schema.ids import IdKind, new_id
from services.schema.shapes.alerts import Alert
from services.schema.shapes.cases import Case, CaseEntry, StatedCase
from services.schema.shapes.people import Caller, Subject
from services.schema.shapes.views import View
from services.schema.watch_words import AlertKind, CaseState, CaseStep
from services.schema.words import SubjectKind

CASES = "cases"
"""The noun that is locked while cases change."""


async def open_case(
    session: WriteSession, stated: StatedCase, *, view: View, caller: Caller, at: datetime
) -> Case:
    """Leave a finding to somebody whom the caller sees."""
    await _check_owner(session, stated.owner, view)
    faults = await _faults_of(session, stated)
    if faults:
        raise Conflict(faults[0].code, faults[0].detail, faults)
    await lock_noun(session, CASES)
    entry = CaseEntry(
        number=1,
        step=CaseStep.OPENED,
        owner=stated.owner,
        due_on=stated.due_on,
        note=None,
        person=person_of(caller),
        author=caller.name,
        at=at,
    )
    case = Case(new_id(IdKind.CASE), stated, CaseState.OPEN, stated.respondent is None, (entry,))
    await insert_case(session, case)
    await _note(session, case, caller, at)
    return case


async def take_step(
    session: WriteSession,
    id: str,
    stated: StatedStep,
    *,
    view: View,
    caller: Caller,
    at: datetime,
) -> Case:
    """Take a case one step on; whoever owns it now, and will, is somebody the caller sees."""
    await lock_noun(session, CASES)
    case = await read_case(session, id)
    if case is None or not view.sees(owner_of(case)):
        raise NotFound("case")
    if stated.owner is not None:
        await _check_owner(session, stated.owner, view)
    made = taken(case, stated, caller=caller, person=person_of(caller), at=at)
    await update_case(session, made)
    await _note(session, made, caller, at)
    return made


async def escalate_cases(session: WriteSession, *, at: datetime) -> list[Alert]:
    """Raise an alert for each case that is overdue; gives the new ones."""
    today = local_day(at, (await read_tenant(session)).timezone)
    overdue = await read_overdue_cases(session, today)
    told = await read_broken_keys(session, AlertKind.CASE)
    checks = checks_of(overdue, told, today)
    return await tell(session, checks, at=at) if checks else []


def owner_of(case: Case) -> Subject:
    """Whose case it is, as views name people."""
    return Subject(SubjectKind.EMPLOYEE, case.stated.owner)


async def _check_owner(session: ReadSession, owner: str, view: View) -> None:
    """Who is not seen looks as if not there."""
    if not view.sees(Subject(SubjectKind.EMPLOYEE, owner)):
        raise NotFound("such employee")
    if owner not in await read_employees(session, [owner]):
        fault = Fault("/owner", "unknown_employee", f"There is no {owner}.")
        raise Conflict(fault.code, fault.detail, [fault])


async def _faults_of(session: ReadSession, stated: StatedCase) -> list[Fault]:
    faults = []
    if stated.subject not in await known_subjects(session, {stated.subject}):
        code = f"unknown_{stated.subject.kind}"
        faults.append(Fault("/subject", code, f"No {stated.subject} here."))
    if stated.survey is not None and await read_survey(session, stated.survey) is None:
        faults.append(Fault("/survey", "unknown_survey", f"There is no {stated.survey}."))
    return faults


async def _note(session: WriteSession, case: Case, caller: Caller, at: datetime) -> None:
    entry = case.trail[-1]
    await append_entry(
        session,
        at=at,
        caller=caller,
        action=f"case.{entry.step}",
        subject=f"case:{case.id}",
        detail={"owner": entry.owner, "due_on": entry.due_on.isoformat(), "note": entry.note},
    )
