"""Graph of surveys: what is asked of whom, and what it came to so far."""

from typing import Self

import strawberry

from services.api.flows.surveys import read_survey_results
from services.api.graph.context import Asked, GraphContext
from services.api.graph.nodes import Node, node_id
from services.api.graph.pages import USUAL, After, Connection, First, listing
from services.api.graph.scalars import DayText, DecimalText, day_text, decimal_text
from services.api.graph.schemes import Name
from services.api.store.surveys import read_page_of_surveys, read_survey
from services.schema.shapes import surveys as shapes
from services.schema.watch_words import QuestionKind, SurveyAudience

strawberry.enum(QuestionKind, description=QuestionKind.__doc__)
strawberry.enum(SurveyAudience, description=SurveyAudience.__doc__)


@strawberry.type(description="A question, answered by a mark or by words.")
class SurveyQuestion:
    code: str
    text: Name
    kind: QuestionKind


@strawberry.type(description="What a question came to.")
class QuestionResult:
    question: str
    answers: int
    mean: DecimalText | None = strawberry.field(
        description="Null without marks; of employees also where fewer than three have answered."
    )


@strawberry.type(description="A survey, and what it came to so far.")
class Survey(Node):
    code: str
    name: Name
    about: str
    audience: SurveyAudience
    scale: int
    questions: list[SurveyQuestion]
    opens_on: DayText
    closes_on: DayText
    invited: int
    answered: int
    response_rate: DecimalText | None
    results: list[QuestionResult]

    @classmethod
    def from_shape(cls, survey: shapes.Survey, result: shapes.SurveyResult) -> Self:
        return cls(
            id=node_id("survey", survey.code),
            code=survey.code,
            name=Name(zh=survey.zh, en=survey.en),
            about=str(survey.about),
            audience=survey.audience,
            scale=survey.scale,
            questions=[
                SurveyQuestion(code=each.code, text=Name(zh=each.zh, en=each.en), kind=each.kind)
                for each in survey.questions
            ],
            opens_on=day_text(survey.opens_on),
            closes_on=day_text(survey.closes_on),
            invited=result.invited,
            answered=result.answered,
            response_rate=decimal_text(result.response_rate),
            results=[
                QuestionResult(
                    question=each.question, answers=each.answers, mean=decimal_text(each.mean)
                )
                for each in result.questions
            ],
        )


async def find_survey(context: GraphContext, code: str) -> Survey | None:
    """A survey about whom or what the caller sees."""
    context.authorize("REST GET /v1/surveys/{code}")
    view = await context.view()
    async with context.read() as session:
        found = await read_survey(session, code)
        if found is None or not view.sees(found.about):
            return None
        results = await read_survey_results(session, [found])
    return Survey.from_shape(found, results[code])


async def surveys(
    info: Asked, *, code: str | None = None, first: First = USUAL, after: After = None
) -> Connection[Survey]:
    """The surveys about whom and what the caller sees."""
    context = info.context
    context.authorize("REST GET /v1/surveys")
    view = await context.view()
    page = listing(context, "surveys", first, after, length=1)
    async with context.read() as session:
        found, total = await read_page_of_surveys(
            session,
            view.subjects(),
            code=code,
            after=page.after[0] if page.after else None,
            limit=page.limit,
        )
        results = await read_survey_results(session, found)
    return page.show(
        found,
        total,
        node=lambda survey: Survey.from_shape(survey, results[survey.code]),
        place=lambda survey: [survey.code],
    )
