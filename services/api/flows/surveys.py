"""Surveys are put, respondents asked, and each answers once."""

from collections.abc import Callable, Sequence
from datetime import datetime

from services.api.core.changes import change_of
from services.api.core.surveys import check_answer, check_survey, result_of
from services.api.flows.indicators import known_subjects
from services.api.store.audit import append_entry
from services.api.store.counters import lock_noun
from services.api.store.people import read_employees, read_tenant
from services.api.store.surveys import (
    count_invited,
    has_answered,
    insert_answer,
    insert_invitations,
    is_invited,
    read_answers,
    read_survey,
    save_survey,
)
from services.schema.days import local_day
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Conflict, Fault, NotFound
from services.schema.ids import IdKind, new_id
from services.schema.shapes.people import Caller
from services.schema.shapes.surveys import Survey, SurveyAnswer, SurveyReply, SurveyResult
from services.schema.watch_words import SurveyAudience
from services.schema.words import Outcome, Role

SURVEYS = "surveys"
"""The noun that is locked while surveys are put and answered."""
Permit = Callable[[Survey | None], None]
"""Sees the survey that is there, once nobody else can change it, and may refuse."""
_FOR_CUSTOMERS = frozenset({Role.ADMIN, Role.HR, Role.ERP})
"""Who states what customers answered."""


async def put_survey(
    session: WriteSession, stated: Survey, *, permit: Permit, caller: Caller, at: datetime
) -> Outcome:
    """Put a survey; once it was answered its questions stay what they are."""
    await lock_noun(session, SURVEYS)
    before = await read_survey(session, stated.code)
    permit(before)
    if before == stated:
        return Outcome.DUPLICATE
    check_survey(
        stated, before, is_answered=await has_answered(session, stated.code, respondent=None)
    )
    if not await known_subjects(session, {stated.about}) & {stated.about}:
        fault = Fault("/about", f"unknown_{stated.about.kind}", f"No {stated.about} here.")
        raise Conflict(fault.code, fault.detail, [fault])
    await save_survey(session, stated, author=caller.name, at=at)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="survey.put",
        subject=f"survey:{stated.code}",
        detail=change_of(before, stated),
    )
    return Outcome.UPDATED if before else Outcome.CREATED


async def invite(
    session: WriteSession, code: str, respondents: Sequence[str], *, caller: Caller, at: datetime
) -> tuple[Survey, int]:
    """Ask respondents, all or none; who was asked before is not asked twice."""
    await lock_noun(session, SURVEYS)
    survey = await read_survey(session, code)
    if survey is None:
        raise NotFound("survey")
    if survey.audience is SurveyAudience.EMPLOYEES:
        known = await read_employees(session, set(respondents))
        faults = [
            Fault(f"/respondents/{index}", "unknown_employee", f"There is no {each}.")
            for index, each in enumerate(respondents)
            if each not in known
        ]
        if faults:
            raise Conflict(faults[0].code, faults[0].detail, faults[:100])
    listed = sorted(set(respondents))
    new = await insert_invitations(session, code, listed, author=caller.name, at=at)
    if new:
        await append_entry(
            session,
            at=at,
            caller=caller,
            action="survey.invite",
            subject=f"survey:{code}",
            detail={"respondents": new},
        )
    return survey, new


async def answer_survey(
    session: WriteSession,
    code: str,
    respondent: str | None,
    replies: Sequence[SurveyReply],
    *,
    caller: Caller,
    at: datetime,
) -> SurveyAnswer:
    """Keep the one answer of a respondent; employees answer for themselves alone."""
    await lock_noun(session, SURVEYS)
    survey = await read_survey(session, code)
    if survey is None:
        raise NotFound("survey")
    who = _respondent(survey, respondent, caller)
    check_answer(
        survey,
        replies,
        today=local_day(at, (await read_tenant(session)).timezone),
        is_invited=await is_invited(session, code, who),
        has_answered=await has_answered(session, code, respondent=who),
    )
    answer = SurveyAnswer(new_id(IdKind.SURVEY_ANSWER), code, who, tuple(replies), caller.name, at)
    is_new = await insert_answer(session, answer)
    assert is_new, "the noun is locked"
    # What was answered is no business of the audit's readers, nor which employee it was.
    await append_entry(
        session, at=at, caller=caller, action="survey.answer", subject=f"survey:{code}", detail={}
    )
    return answer


async def read_survey_results(
    session: ReadSession, surveys: Sequence[Survey]
) -> dict[str, SurveyResult]:
    """What surveys came to so far, by their codes; two statements for any number."""
    codes = {survey.code for survey in surveys}
    invited = await count_invited(session, codes)
    answers = await read_answers(session, codes)
    return {
        survey.code: result_of(survey, answers[survey.code], invited=invited.get(survey.code, 0))
        for survey in surveys
    }


def _respondent(survey: Survey, stated: str | None, caller: Caller) -> str:
    if survey.audience is SurveyAudience.EMPLOYEES:
        if caller.employee is None or stated not in {None, caller.employee}:
            raise Conflict("not_your_answer", "Employees answer for themselves, with their keys.")
        return caller.employee
    if caller.role not in _FOR_CUSTOMERS:
        raise Conflict("not_your_answer", "What customers answered is stated by the office.")
    if stated is None:
        fault = Fault("/respondent", "respondent_missing", "Say which customer answers.")
        raise Conflict(fault.code, fault.detail, [fault])
    return stated
