"""Surveys: one answer each of whom was asked, on its days, on its scale; unnamed where few."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from services.api.core.surveys import check_answer, check_survey, is_shown, result_of
from services.schema.errors import Conflict
from services.schema.shapes.people import Subject
from services.schema.shapes.surveys import Survey, SurveyAnswer, SurveyQuestion, SurveyReply
from services.schema.watch_words import QuestionKind, SurveyAudience
from services.schema.words import SubjectKind

AT = datetime(2026, 11, 5, 9, tzinfo=UTC)
SURVEY = Survey(
    code="s",
    zh="服务调查",
    en="Service",
    about=Subject(SubjectKind.SHOP, "a"),
    audience=SurveyAudience.CUSTOMERS,
    scale=5,
    questions=(
        SurveyQuestion("speed", "快", "Speed", QuestionKind.MARK),
        SurveyQuestion("care", "好", "Care", QuestionKind.MARK),
        SurveyQuestion("words", "话", "Words", QuestionKind.TEXT),
    ),
    opens_on=date(2026, 11, 1),
    closes_on=date(2026, 11, 11),
)
OPEN = date(2026, 11, 5)


def replies(
    speed: int | None = 4, care: int | None = 5, words: str | None = None
) -> list[SurveyReply]:
    stated = [("speed", speed, None), ("care", care, None), ("words", None, words)]
    return [SurveyReply(*each) for each in stated if each[1:] != (None, None)]


def given(*marks: tuple[int, int], words: str | None = None) -> list[SurveyAnswer]:
    return [
        SurveyAnswer(f"ans_{n}", "s", f"b-{n}", tuple(replies(*each, words)), "key:k", AT)
        for n, each in enumerate(marks)
    ]


def code_of(
    stated: Sequence[SurveyReply] = (),
    *,
    today: date = OPEN,
    invited: bool = True,
    answered: bool = False,
) -> list[tuple[str, str]]:
    with pytest.raises(Conflict) as refusal:
        check_answer(
            SURVEY, stated or replies(), today=today, is_invited=invited, has_answered=answered
        )
    faults = refusal.value.faults
    return [(f.pointer, f.code) for f in faults] or [("", refusal.value.code)]


@pytest.mark.parametrize("day", [date(2026, 11, 1), OPEN, date(2026, 11, 10)])
def test_whoever_was_asked_answers_on_any_day_from_the_first_to_the_last(day: date) -> None:
    for stated in (replies(1, 5), replies(5, 1, "well")):
        check_answer(SURVEY, stated, today=day, is_invited=True, has_answered=False)


def test_nobody_else_no_other_day_and_nobody_twice() -> None:
    assert code_of(today=date(2026, 10, 31)) == [("", "survey_not_open")]
    assert code_of(today=date(2026, 11, 11)) == [("", "survey_closed")]
    assert code_of(invited=False) == [("", "not_invited")]
    assert code_of(answered=True) == [("", "already_answered")]


@pytest.mark.parametrize(
    ("stated", "faults"),
    [
        (replies(0), [("/answers/0/mark", "mark_off_scale")]),
        (replies(6), [("/answers/0/mark", "mark_off_scale")]),
        (replies(None, 5), [("/answers", "answer_missing")]),
        ([*replies(), SurveyReply("x", 1, None)], [("/answers/2/question", "unknown_question")]),
        ([*replies(), SurveyReply("care", 1, None)], [("/answers/2/question", "answered_twice")]),
        ([*replies(), SurveyReply("words", 1, None)], [("/answers/2", "unfit_answer")]),
        (
            [replies()[1], SurveyReply("speed", None, "fast")],
            [("/answers/1", "unfit_answer")],
        ),
    ],
)
def test_a_reply_fits_its_question(
    stated: list[SurveyReply], faults: list[tuple[str, str]]
) -> None:
    assert code_of(stated) == faults


def test_the_rate_is_of_those_asked_and_a_mean_of_its_own_question_rounded_once() -> None:
    result = result_of(SURVEY, given((4, 5), (5, 5), (5, 3), words="ok"), invited=7)
    assert (result.invited, result.answered) == (7, 3)
    assert result.response_rate == Decimal("0.428571")
    assert [(each.answers, each.mean) for each in result.questions] == [
        (3, Decimal("4.666667")),
        (3, Decimal("4.333333")),
        (3, None),
    ]
    assert result_of(SURVEY, [], invited=0).response_rate is None
    assert result_of(SURVEY, [], invited=4).response_rate == 0


def test_what_two_employees_answer_is_not_shown_and_what_three_do_is() -> None:
    inside = replace(SURVEY, audience=SurveyAudience.EMPLOYEES)
    two, three = given((4, 5), (5, 5)), given((4, 5), (5, 5), (3, 5))
    assert [each.mean for each in result_of(inside, two, invited=9).questions] == [None] * 3
    assert result_of(inside, two, invited=9).answered == 2
    assert result_of(inside, three, invited=9).questions[0].mean == 4
    assert (is_shown(inside, 2), is_shown(inside, 3), is_shown(SURVEY, 1)) == (False, True, True)


def test_a_survey_is_sound_and_stays_what_was_answered() -> None:
    check_survey(SURVEY, None, is_answered=False)
    for wrong, code in (
        (replace(SURVEY, closes_on=SURVEY.opens_on), "days_reversed"),
        (replace(SURVEY, questions=SURVEY.questions[:1] * 2), "question_repeated"),
    ):
        with pytest.raises(Conflict) as refusal:
            check_survey(wrong, None, is_answered=False)
        assert refusal.value.code == code
    longer = replace(SURVEY, closes_on=date(2026, 12, 1))
    check_survey(longer, SURVEY, is_answered=True)
    other = replace(SURVEY, scale=10)
    check_survey(other, SURVEY, is_answered=False)
    with pytest.raises(Conflict) as answered:
        check_survey(other, SURVEY, is_answered=True)
    assert answered.value.code == "survey_answered"
