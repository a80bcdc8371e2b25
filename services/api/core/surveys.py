"""Surveys: which are sound, who may answer what and when, and what the answers come to.

`domain.md`, section 7. One answer each. What employees answer stays unnamed: below a number of
answers from which nobody is told apart, nothing of it is shown.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from services.schema.errors import Closed, Conflict, Fault
from services.schema.money import VALUE_PLACES, round_half_up
from services.schema.shapes.surveys import (
    QuestionResult,
    Survey,
    SurveyAnswer,
    SurveyQuestion,
    SurveyReply,
    SurveyResult,
)
from services.schema.watch_words import QuestionKind, SurveyAudience

FEWEST_UNNAMED = 3
"""Answers of employees before any of them is shown."""


def check_survey(survey: Survey, before: Survey | None, *, is_answered: bool) -> None:
    """Refuse a survey whose days or questions are unsound, and another one than was answered."""
    faults = list(_faults_of(survey))
    if faults:
        raise Conflict(faults[0].code, faults[0].detail, faults)
    if is_answered and before is not None and replace(before, closes_on=survey.closes_on) != survey:
        detail = "The survey was answered: only the day on which it closes may still change."
        raise Closed("survey_answered", detail)


def check_answer(
    survey: Survey,
    replies: Sequence[SurveyReply],
    *,
    today: date,
    is_invited: bool,
    has_answered: bool,
) -> None:
    """Refuse who was not asked or has answered, days outside the survey's, and unfit replies."""
    if not is_invited:
        raise Conflict("not_invited", "The survey does not ask this respondent.")
    if has_answered:
        raise Conflict("already_answered", "There is one answer each.")
    if today < survey.opens_on:
        raise Closed("survey_not_open", f"The survey opens on {survey.opens_on}.")
    if today >= survey.closes_on:
        raise Closed("survey_closed", f"The survey closed on {survey.closes_on}.")
    if faults := list(_faults_of_replies(survey, replies)):
        raise Conflict(faults[0].code, faults[0].detail, faults)


def is_shown(survey: Survey, answered: int) -> bool:
    """Whether single answers may be shown, or what they come to."""
    return survey.audience is SurveyAudience.CUSTOMERS or answered >= FEWEST_UNNAMED


def result_of(survey: Survey, answers: Sequence[SurveyAnswer], *, invited: int) -> SurveyResult:
    """The share of those asked who answered, and the mean of each question's marks."""
    answered = len(answers)
    rate = None if invited == 0 else round_half_up(Fraction(answered, invited), VALUE_PLACES)
    shown = is_shown(survey, answered)
    return SurveyResult(
        invited=invited,
        answered=answered,
        response_rate=rate,
        questions=tuple(
            _result_of(question, answers if shown else ()) for question in survey.questions
        ),
    )


def _result_of(question: SurveyQuestion, answers: Iterable[SurveyAnswer]) -> QuestionResult:
    replies = [
        reply for answer in answers for reply in answer.replies if reply.question == question.code
    ]
    marks = [reply.mark for reply in replies if reply.mark is not None]
    mean = round_half_up(Fraction(sum(marks), len(marks)), VALUE_PLACES) if marks else None
    return QuestionResult(question.code, len(replies), mean)


def _faults_of(survey: Survey) -> Iterator[Fault]:
    if survey.opens_on >= survey.closes_on:
        detail = "A survey is open for a day at least: `closes_on` is the day after the last."
        yield Fault("/closes_on", "days_reversed", detail)
    codes = [question.code for question in survey.questions]
    for index, code in enumerate(codes):
        if code in codes[:index]:
            detail = f"There are two questions {code}."
            yield Fault(f"/questions/{index}/code", "question_repeated", detail)


def _faults_of_replies(survey: Survey, replies: Sequence[SurveyReply]) -> Iterator[Fault]:
    """Every question of marks is answered; words may be left out."""
    questions = {question.code: question for question in survey.questions}
    seen: set[str] = set()
    for index, reply in enumerate(replies):
        place, question = f"/answers/{index}", questions.get(reply.question)
        if question is None:
            detail = f"The survey has no question {reply.question}."
            yield Fault(f"{place}/question", "unknown_question", detail)
            continue
        if reply.question in seen:
            detail = f"{reply.question} is answered twice."
            yield Fault(f"{place}/question", "answered_twice", detail)
        seen.add(reply.question)
        if (reply.mark is None) == (question.kind is QuestionKind.MARK):
            detail = f"{reply.question} is answered by a {question.kind}."
            yield Fault(place, "unfit_answer", detail)
        elif reply.mark is not None and not 1 <= reply.mark <= survey.scale:
            detail = f"Marks run from 1 to {survey.scale}."
            yield Fault(f"{place}/mark", "mark_off_scale", detail)
    for code, question in questions.items():
        if question.kind is QuestionKind.MARK and code not in seen:
            yield Fault("/answers", "answer_missing", f"{code} is not answered.")
