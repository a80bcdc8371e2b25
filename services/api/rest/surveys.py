"""REST of surveys: put, respondents asked, answered once by each, and what they come to."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request, Response
from pydantic import Field, model_validator

from services.api.auth import view_of
from services.api.core.surveys import is_shown
from services.api.flows.surveys import answer_survey, invite, put_survey, read_survey_results
from services.api.rest.documents import bytes_of, check_current, put_answer
from services.api.rest.indicators import StatedName
from services.api.rest.scheme_documents import NameDocument
from services.api.rest.standards import plain_or_none
from services.api.store.people import read_tenant
from services.api.store.surveys import (
    read_awaiting,
    read_page_of_answers,
    read_page_of_surveys,
    read_survey,
)
from services.door.etags import tagged
from services.door.pages import LIMIT, Cursor, Limit, Listed, decode_cursor, page_of
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import (
    Code,
    Day,
    DecimalText,
    Instant,
    LongText,
    Model,
    SubjectText,
)
from services.schema.days import local_day
from services.schema.db import ReadSession
from services.schema.errors import NotFound
from services.schema.shapes.people import Caller, parse_subject
from services.schema.shapes.surveys import (
    Survey,
    SurveyAnswer,
    SurveyQuestion,
    SurveyReply,
    SurveyResult,
)
from services.schema.watch_words import QuestionKind, SurveyAudience
from services.schema.words import Outcome

router = new_router()

MOST_QUESTIONS = 50
MOST_RESPONDENTS = 10_000

Audience = Annotated[SurveyAudience, Field(strict=False)]
Kind = Annotated[QuestionKind, Field(strict=False)]


class StatedQuestion(Model):
    """A question: answered by a mark on the survey's scale, or by words."""

    code: Code
    text: StatedName
    kind: Kind = QuestionKind.MARK

    def to_shape(self) -> SurveyQuestion:
        return SurveyQuestion(self.code, self.text.zh, self.text.en, self.kind)


class StatedSurvey(Model):
    """What is asked, about whose service, of whom, and when."""

    name: StatedName
    about: SubjectText
    audience: Audience
    scale: Annotated[int, Field(ge=2, le=100)] = 5
    """Marks run from 1 to this."""
    questions: Annotated[list[StatedQuestion], Field(min_length=1, max_length=MOST_QUESTIONS)]
    opens_on: Day
    closes_on: Day
    """The day after the last on which it is answered."""

    def to_shape(self, code: str) -> Survey:
        return Survey(
            code=code,
            zh=self.name.zh,
            en=self.name.en,
            about=parse_subject(self.about),
            audience=self.audience,
            scale=self.scale,
            questions=tuple(each.to_shape() for each in self.questions),
            opens_on=self.opens_on,
            closes_on=self.closes_on,
        )


class SurveyQuestionDocument(Model):
    """A question as it is put."""

    code: Code
    text: NameDocument
    kind: QuestionKind


class AskedSurveyDocument(Model):
    """A survey as a respondent meets it."""

    code: Code
    name: NameDocument
    about: SubjectText
    audience: SurveyAudience
    scale: int
    questions: list[SurveyQuestionDocument]
    opens_on: Day
    closes_on: Day

    @classmethod
    def from_survey(cls, survey: Survey) -> "AskedSurveyDocument":
        return cls.model_validate(_asked(survey))


class QuestionResultDocument(Model):
    """What a question came to."""

    question: Code
    answers: int
    mean: DecimalText | None
    """Null without marks; of employees also where fewer than three have answered."""


class SurveyDocument(AskedSurveyDocument):
    """A survey, and what it came to so far."""

    invited: int
    answered: int
    response_rate: DecimalText | None
    """Null where nobody was asked."""
    results: list[QuestionResultDocument]

    @classmethod
    def from_shape(cls, survey: Survey, result: SurveyResult) -> "SurveyDocument":
        return cls.model_validate(
            {
                **_asked(survey),
                "invited": result.invited,
                "answered": result.answered,
                "response_rate": plain_or_none(result.response_rate),
                "results": [
                    QuestionResultDocument(
                        question=each.question,
                        answers=each.answers,
                        mean=plain_or_none(each.mean),
                    )
                    for each in result.questions
                ],
            }
        )


class InvitationsIn(Model):
    """Whom the survey asks: employees by their codes, customers as the company names them."""

    respondents: Annotated[list[Code], Field(min_length=1, max_length=MOST_RESPONDENTS)]


class InvitationsDocument(Model):
    """How many were asked by this request; who was asked before is not asked twice."""

    survey: Code
    created: int


class ReplyIn(Model):
    """The answer to one question."""

    question: Code
    mark: int | None = None
    text: LongText | None = None

    @model_validator(mode="after")
    def _states_one(self) -> "ReplyIn":
        if (self.mark is None) == (self.text is None):
            raise ValueError("a mark or a text is expected, one of them")
        return self


class AnswerIn(Model):
    """All that one respondent answers."""

    respondent: Code | None = None
    """Which customer; employees answer for themselves."""
    answers: Annotated[list[ReplyIn], Field(min_length=1, max_length=MOST_QUESTIONS)]

    def to_shape(self) -> list[SurveyReply]:
        return [SurveyReply(each.question, each.mark, each.text) for each in self.answers]


class ReplyDocument(Model):
    """What was answered to one question."""

    question: Code
    mark: int | None
    text: str | None


class AnswerDocument(Model):
    """An answer; of employees it is not told whose."""

    respondent: str | None
    answered_at: Instant | None
    """Null of employees."""
    answers: list[ReplyDocument]

    @classmethod
    def from_shape(cls, survey: Survey, answer: SurveyAnswer) -> "AnswerDocument":
        named = survey.audience is SurveyAudience.CUSTOMERS
        return cls(
            respondent=answer.respondent if named else None,
            answered_at=answer.answered_at if named else None,
            answers=[
                ReplyDocument(question=each.question, mark=each.mark, text=each.text)
                for each in answer.replies
            ],
        )


@router.get("/v1/surveys")
async def list_surveys(
    request: Request,
    caller: Asking,
    session: Reading,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
) -> Listed[SurveyDocument]:
    """The surveys about whom and what the caller sees, each with what it came to so far."""
    view = await view_of(session, caller, datetime.now(UTC))
    last = decode_cursor(request, cursor, 1)
    found, total = await read_page_of_surveys(
        session, view.subjects(), code=None, after=last[0] if last else None, limit=limit + 1
    )
    documents = await _documents(session, found)
    return page_of(
        request,
        documents,
        limit=limit,
        total=total,
        key=lambda survey: [survey.code],
        document=lambda survey: survey,
    )


@router.get("/v1/surveys/{code}", response_model=SurveyDocument)
async def get_survey(request: Request, code: Code, caller: Asking, session: Reading) -> Response:
    survey = await _visible(session, code, caller)
    (document,) = await _documents(session, [survey])
    return tagged(request, bytes_of(document))


@router.put(
    "/v1/surveys/{code}",
    response_model=AskedSurveyDocument,
    responses={201: {"model": AskedSurveyDocument}},
)
async def put_stated_survey(
    request: Request, code: Code, stated: StatedSurvey, caller: Asking, session: Writing
) -> Response:
    """Put a survey. Once somebody has answered, only the day on which it closes may change."""
    survey = stated.to_shape(code)

    def permit(before: Survey | None) -> None:
        there = None if before is None else AskedSurveyDocument.from_survey(before)
        check_current(request, there)

    outcome = await put_survey(session, survey, permit=permit, caller=caller, at=datetime.now(UTC))
    document = AskedSurveyDocument.from_survey(survey)
    return put_answer(document, created=outcome is Outcome.CREATED)


@router.post("/v1/surveys/{code}/invitations", status_code=201)
async def post_invitations(
    code: Code, stated: InvitationsIn, caller: Asking, session: Writing
) -> InvitationsDocument:
    """Ask respondents: they alone may answer, and the response rate is of them."""
    survey, created = await invite(
        session, code, stated.respondents, caller=caller, at=datetime.now(UTC)
    )
    return InvitationsDocument(survey=survey.code, created=created)


@router.post("/v1/surveys/{code}/answers", status_code=201)
async def post_answer(
    code: Code, stated: AnswerIn, caller: Asking, session: Writing
) -> AnswerDocument:
    """Answer a survey, once: employees for themselves, the office for a customer."""
    at = datetime.now(UTC)
    answer = await answer_survey(
        session, code, stated.respondent, stated.to_shape(), caller=caller, at=at
    )
    survey = await read_survey(session, code)
    assert survey is not None, "it was answered just now"
    return AnswerDocument.from_shape(survey, answer)


@router.get("/v1/surveys/{code}/answers")
async def list_answers(
    request: Request,
    code: Code,
    session: Reading,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
) -> Listed[AnswerDocument]:
    """The answers one by one, in no order that tells whose they are; of employees from three on."""
    survey = await read_survey(session, code)
    if survey is None:
        raise NotFound("survey")
    last = decode_cursor(request, cursor, 2)
    found, total = await read_page_of_answers(
        session, code, after=(last[0], last[1]) if last else None, limit=limit + 1
    )
    shown = is_shown(survey, total)
    return page_of(
        request,
        found if shown else [],
        limit=limit,
        total=total if shown else 0,
        key=lambda row: [row[0], row[1].id],
        document=lambda row: AnswerDocument.from_shape(survey, row[1]),
    )


@router.get("/v1/survey-requests")
async def list_survey_requests(caller: Asking, session: Reading) -> Listed[AskedSurveyDocument]:
    """The surveys that ask the caller and that the caller has not answered."""
    found: list[Survey] = []
    if caller.employee is not None:
        day = local_day(datetime.now(UTC), (await read_tenant(session)).timezone)
        found = await read_awaiting(session, caller.employee, day)
    items = [AskedSurveyDocument.from_survey(each) for each in found]
    return Listed(items=items, total=len(items), next_cursor=None)


async def _visible(session: ReadSession, code: str, caller: Caller) -> Survey:
    view = await view_of(session, caller, datetime.now(UTC))
    survey = await read_survey(session, code)
    if survey is None or not view.sees(survey.about):
        raise NotFound("survey")
    return survey


async def _documents(session: ReadSession, found: Sequence[Survey]) -> list[SurveyDocument]:
    results = await read_survey_results(session, found)
    return [SurveyDocument.from_shape(survey, results[survey.code]) for survey in found]


def _asked(survey: Survey) -> dict[str, object]:
    return {
        "code": survey.code,
        "name": NameDocument(zh=survey.zh, en=survey.en),
        "about": str(survey.about),
        "audience": survey.audience,
        "scale": survey.scale,
        "questions": [
            SurveyQuestionDocument(
                code=each.code, text=NameDocument(zh=each.zh, en=each.en), kind=each.kind
            )
            for each in survey.questions
        ],
        "opens_on": survey.opens_on,
        "closes_on": survey.closes_on,
    }
