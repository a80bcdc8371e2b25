"""Surveys as they are kept, whom they ask, and their answers."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from services.api.store.abouts import among_subjects
from services.api.store.people import among
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.people import Subject
from services.schema.shapes.surveys import Survey, SurveyAnswer, SurveyQuestion, SurveyReply
from services.schema.tables.surveys import survey_answers, survey_invitations, surveys
from services.schema.watch_words import QuestionKind, SurveyAudience
from services.schema.words import SubjectKind

_invited, _answers = survey_invitations.c, survey_answers.c


async def save_survey(session: WriteSession, survey: Survey, *, author: str, at: datetime) -> None:
    """Put a survey in the place of what stands under its code."""
    row = {
        "zh": survey.zh,
        "en": survey.en,
        "about_kind": survey.about.kind,
        "about": survey.about.code,
        "audience": survey.audience,
        "scale": survey.scale,
        "questions": [
            {"code": each.code, "zh": each.zh, "en": each.en, "kind": each.kind}
            for each in survey.questions
        ],
        "opens_on": survey.opens_on,
        "closes_on": survey.closes_on,
        "author": author,
        "put_at": at,
    }
    statement = insert(surveys).values(tenant_id=session.tenant, code=survey.code, **row)
    key = [surveys.c.tenant_id, surveys.c.code]
    await session.execute(statement.on_conflict_do_update(index_elements=key, set_=row))


async def read_survey(session: ReadSession, code: str) -> Survey | None:
    """A survey by its code."""
    where = (surveys.c.tenant_id == session.tenant, surveys.c.code == code)
    row = (await session.execute(select(surveys).where(*where))).one_or_none()
    return None if row is None else _survey_from_row(row)


async def read_page_of_surveys(
    session: ReadSession,
    subjects: Collection[Subject] | None,
    *,
    code: str | None,
    after: str | None,
    limit: int,
) -> tuple[list[Survey], int]:
    """Surveys about some subjects, null: any, in the order of codes, and how many there are."""
    where: list[ColumnElement[bool]] = [surveys.c.tenant_id == session.tenant]
    if subjects is not None:
        where.append(among_subjects(surveys, subjects, kind="about_kind", code="about"))
    if code is not None:
        where.append(surveys.c.code == code)
    total = await session.scalar(select(func.count()).select_from(surveys).where(*where))
    statement = select(surveys).where(*where).order_by(surveys.c.code).limit(limit)
    if after is not None:
        statement = statement.where(surveys.c.code > after)
    return [_survey_from_row(row) for row in await session.execute(statement)], int(total)


async def insert_invitations(
    session: WriteSession, survey: str, respondents: Sequence[str], *, author: str, at: datetime
) -> int:
    """Ask respondents; who was asked before is not asked twice. Gives how many are new."""
    rows = [
        {
            "tenant_id": session.tenant,
            "survey": survey,
            "respondent": respondent,
            "author": author,
            "invited_at": at,
        }
        for respondent in respondents
    ]
    before = (await count_invited(session, [survey])).get(survey, 0)
    await session.execute_many(insert(survey_invitations).on_conflict_do_nothing(), rows)
    return (await count_invited(session, [survey])).get(survey, 0) - before


async def count_invited(session: ReadSession, codes: Collection[str]) -> dict[str, int]:
    """How many each survey asks."""
    statement = (
        select(_invited.survey, func.count().label("invited"))
        .where(_invited.tenant_id == session.tenant, among(_invited.survey, codes))
        .group_by(_invited.survey)
    )
    return {row.survey: int(row.invited) for row in await session.execute(statement)}


async def is_invited(session: ReadSession, survey: str, respondent: str) -> bool:
    """Whether a survey asks somebody."""
    asked = exists().where(
        _invited.tenant_id == session.tenant,
        _invited.survey == survey,
        _invited.respondent == respondent,
    )
    return bool(await session.scalar(select(asked)))


async def read_awaiting(session: ReadSession, employee: str, day: date) -> list[Survey]:
    """The surveys that ask an employee on a day and have no answer of theirs."""
    answered = exists().where(
        _answers.tenant_id == session.tenant,
        _answers.survey == surveys.c.code,
        _answers.respondent == employee,
    )
    join = and_(_invited.tenant_id == surveys.c.tenant_id, _invited.survey == surveys.c.code)
    statement = (
        select(surveys)
        .join(survey_invitations, join)
        .where(
            surveys.c.tenant_id == session.tenant,
            surveys.c.audience == SurveyAudience.EMPLOYEES,
            _invited.respondent == employee,
            surveys.c.opens_on <= day,
            surveys.c.closes_on > day,
            ~answered,
        )
        .order_by(surveys.c.closes_on, surveys.c.code)
    )
    return [_survey_from_row(row) for row in await session.execute(statement)]


async def insert_answer(session: WriteSession, answer: SurveyAnswer) -> bool:
    """Append an answer; false where this respondent has answered."""
    statement = (
        insert(survey_answers)
        .values(
            tenant_id=session.tenant,
            survey=answer.survey,
            respondent=answer.respondent,
            id=answer.id,
            replies=[
                {"question": each.question, "mark": each.mark, "text": each.text}
                for each in answer.replies
            ],
            author=answer.author,
            answered_at=answer.answered_at,
        )
        .on_conflict_do_nothing()
        .returning(_answers.id)
    )
    return await session.scalar(statement) is not None


async def has_answered(session: ReadSession, survey: str, respondent: str | None) -> bool:
    """Whether somebody has answered a survey; null: anybody."""
    where = [_answers.tenant_id == session.tenant, _answers.survey == survey]
    if respondent is not None:
        where.append(_answers.respondent == respondent)
    return bool(await session.scalar(select(exists().where(*where))))


async def read_answers(
    session: ReadSession, codes: Collection[str]
) -> dict[str, list[SurveyAnswer]]:
    """All answers of these surveys; each of them is there."""
    statement = select(survey_answers).where(
        _answers.tenant_id == session.tenant, among(_answers.survey, codes)
    )
    found: dict[str, list[SurveyAnswer]] = defaultdict(list)
    for row in await session.execute(statement):
        found[row.survey].append(_answer_from_row(row))
    return {code: found.get(code, []) for code in codes}


async def read_page_of_answers(
    session: ReadSession, survey: str, *, after: tuple[str, str] | None, limit: int
) -> tuple[list[tuple[str, SurveyAnswer]], int]:
    """A list's next page, and how many it has.

    Sorted by a digest of their ids, which goes with each: not by when or by whom they were given.
    """
    place = func.md5(_answers.id)
    where = (_answers.tenant_id == session.tenant, _answers.survey == survey)
    total = await session.scalar(select(func.count()).select_from(survey_answers).where(*where))
    statement = select(survey_answers, place.label("place")).where(*where)
    if after is not None:
        statement = statement.where(tuple_(place, _answers.id) > tuple_(*after))
    rows = await session.execute(statement.order_by(place, _answers.id).limit(limit))
    return [(row.place, _answer_from_row(row)) for row in rows], int(total)


def _survey_from_row(row: Row[Any]) -> Survey:
    return Survey(
        code=row.code,
        zh=row.zh,
        en=row.en,
        about=Subject(SubjectKind(row.about_kind), row.about),
        audience=SurveyAudience(row.audience),
        scale=row.scale,
        questions=tuple(_question_from_row(each) for each in row.questions),
        opens_on=row.opens_on,
        closes_on=row.closes_on,
    )


def _question_from_row(kept: Mapping[str, str]) -> SurveyQuestion:
    return SurveyQuestion(kept["code"], kept["zh"], kept["en"], QuestionKind(kept["kind"]))


def _answer_from_row(row: Row[Any]) -> SurveyAnswer:
    return SurveyAnswer(
        id=row.id,
        survey=row.survey,
        respondent=row.respondent,
        replies=tuple(
            SurveyReply(each["question"], each["mark"], each["text"]) for each in row.replies
        ),
        author=row.author,
        answered_at=row.answered_at,
    )
