"""What is counted of surveys of customers: answers by survey, marks by question and day."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import ColumnElement, Date, Integer, Table, and_, cast, func, select, true

from services.api.store.people import among
from services.schema.db import ReadSession
from services.schema.shapes.people import Subject
from services.schema.shapes.tallies import AnsweredQuestion, ClosedSurvey
from services.schema.tables.facts import measure_facts
from services.schema.tables.surveys import survey_answers, survey_invitations, surveys
from services.schema.watch_words import SurveyAudience
from services.schema.words import SubjectKind

_surveys, _invited, _answers = surveys.c, survey_invitations.c, survey_answers.c


async def find_posted_measures(
    session: ReadSession, codes: Collection[str], start: date, end: date
) -> set[str]:
    """Those of some measures that somebody has posted for a day between two, end exclusive."""
    posted = measure_facts.c
    statement = (
        select(posted.measure)
        .distinct()
        .where(
            posted.tenant_id == session.tenant,
            among(posted.measure, codes),
            posted.day >= start,
            posted.day < end,
        )
    )
    return set((await session.execute(statement)).scalars())


async def read_closed_surveys(session: ReadSession, start: date, end: date) -> list[ClosedSurvey]:
    """The surveys of customers whose last day lies between two days, end exclusive."""
    answer = and_(
        _answers.tenant_id == _invited.tenant_id,
        _answers.survey == _invited.survey,
        _answers.respondent == _invited.respondent,
    )
    statement = (
        select(
            _surveys.about_kind,
            _surveys.about,
            (_surveys.closes_on - 1).label("last_day"),
            func.count().label("invited"),
            func.count(_answers.id).label("answered"),
        )
        .select_from(surveys)
        .join(survey_invitations, _of_survey(survey_invitations))
        .join(survey_answers, answer, isouter=True)
        .where(
            _surveys.tenant_id == session.tenant,
            _surveys.audience == SurveyAudience.CUSTOMERS,
            _surveys.closes_on > start,
            _surveys.closes_on <= end,
        )
        .group_by(_surveys.code, _surveys.about_kind, _surveys.about, _surveys.closes_on)
        .order_by(_surveys.code)
    )
    return [
        ClosedSurvey(
            about=Subject(SubjectKind(row.about_kind), row.about),
            last_day=row.last_day,
            invited=int(row.invited),
            answered=int(row.answered),
        )
        for row in await session.execute(statement)
    ]


async def read_answered_questions(
    session: ReadSession, start: date, end: date, *, timezone: str
) -> list[AnsweredQuestion]:
    """The marks that customers gave between two days of the tenant's zone, end exclusive."""
    day = cast(func.timezone(timezone, _answers.answered_at), Date)
    replies = func.jsonb_array_elements(_answers.replies).table_valued("value")
    question = replies.c.value.op("->>")("question")
    mark = cast(replies.c.value.op("->>")("mark"), Integer)
    key = (_surveys.about_kind, _surveys.about, _surveys.scale)
    statement = (
        select(
            *key,
            question.label("question"),
            day.label("day"),
            func.sum(mark).label("marks"),
            func.count(mark).label("answers"),
        )
        .select_from(surveys)
        .join(survey_answers, _of_survey(survey_answers))
        .join(replies, true())
        .where(
            _surveys.tenant_id == session.tenant,
            _surveys.audience == SurveyAudience.CUSTOMERS,
            _surveys.closes_on > start,
            _surveys.opens_on < end,
            day >= start,
            day < end,
            mark.is_not(None),
        )
        .group_by(*key, "question", "day")
        .order_by(*key, "question", "day")
    )
    return [
        AnsweredQuestion(
            about=Subject(SubjectKind(row.about_kind), row.about),
            question=row.question,
            scale=row.scale,
            day=row.day,
            marks=int(row.marks),
            answers=int(row.answers),
        )
        for row in await session.execute(statement)
    ]


def _of_survey(rows: Table) -> ColumnElement[bool]:
    return and_(rows.c.tenant_id == _surveys.tenant_id, rows.c.survey == _surveys.code)
