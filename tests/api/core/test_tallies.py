"""Tallies: on which day each thing counts, for whom, and as it stood when the period ended."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.api.core.attribution import Attribution
from services.api.core.tallies import (
    CLOSED_RATE,
    COMPANY,
    RESPONSE_RATE,
    RETENTION,
    SCORE,
    TOLD_RATE,
    TURNOVER,
    counted_answers,
    counted_cases,
    counted_surveys,
    measures_of,
    staff_tallies,
    tallies_of,
)
from services.schema.shapes.cases import Case, CaseEntry, StatedCase
from services.schema.shapes.people import Employee, Subject
from services.schema.shapes.tallies import AnsweredQuestion, ClosedSurvey, Counted
from services.schema.watch_words import CaseState, CaseStep
from services.schema.words import SubjectKind
from tests.api.core.people import OCTOBER, UNITS, assigned, day, employee

SHOP = Subject(SubjectKind.SHOP, "a")
NORTH, SOUTH, ROOT = (Subject(SubjectKind.UNIT, code) for code in ("north", "south", "root"))
END = datetime(2026, 11, 1, tzinfo=UTC)


def person(code: str) -> Subject:
    return Subject(SubjectKind.EMPLOYEE, code)


DUE = day(20)
PEOPLE = {
    "e-1": employee(assigned("agent", "north-1", shops=["a"]), code="e-1"),
    "e-2": employee(
        assigned("agent", "north", end=day(16)),
        assigned("agent", "south", start=day(16)),
        code="e-2",
    ),
}
ATTRIBUTION = Attribution(UNITS, PEOPLE)


def told(counted: list[Counted]) -> dict[tuple[str, Subject], tuple[str, str]]:
    found = tallies_of(counted, ATTRIBUTION, UNITS, OCTOBER)
    return {key: (str(tally.value), tally.note) for key, tally in found.items()}


def case(
    *steps: tuple[CaseStep, int],
    due: date = DUE,
    subject: Subject = SHOP,
    owner: str = "e-2",
    respondent: str | None = "b-1",
) -> Case:
    """Opened on the 1st; each step on a day of October, which has 40 days here."""
    trail = tuple(
        CaseEntry(
            number,
            step,
            owner,
            due,
            None,
            owner,
            "key:o",
            datetime(2026, 10 + (on > 31), on if on < 32 else on - 31, 9, tzinfo=UTC),
        )
        for number, (step, on) in enumerate([(CaseStep.OPENED, 1), *steps], 1)
    )
    stated = StatedCase("Slow", subject, owner, due, None, respondent)
    return Case("case_1", stated, CaseState.OPEN, respondent is None, trail)


DONE, TOLD, CLOSED, AGAIN = (
    CaseStep.DONE,
    CaseStep.TOLD,
    CaseStep.CLOSED,
    CaseStep.REOPENED,
)


def test_a_survey_counts_on_its_last_day_for_whom_it_asks_about_and_those_above() -> None:
    surveys = [
        ClosedSurvey(SHOP, day(31), 4, 3),
        ClosedSurvey(person("e-2"), day(20), 2, 0),
        ClosedSurvey(COMPANY, day(1), 3, 3),
        ClosedSurvey(SHOP, date(2026, 9, 30), 100, 0),
        ClosedSurvey(SHOP, date(2026, 11, 1), 100, 0),
    ]
    rates = {
        subject: value
        for (indicator, subject), value in told(list(counted_surveys(surveys))).items()
        if indicator == RESPONSE_RATE
    }
    assert rates == {
        SHOP: ("0.750000", "3 of 4"),
        person("e-2"): ("0.000000", "0 of 2"),
        # Whose people answer for the shop; who moved away on the 16th counts where they are.
        NORTH: ("0.750000", "3 of 4"),
        Subject(SubjectKind.UNIT, "north-1"): ("0.750000", "3 of 4"),
        SOUTH: ("0.000000", "0 of 2"),
        ROOT: ("0.500000", "3 of 6"),
        COMPANY: ("0.666667", "6 of 9"),
    }


def test_marks_of_aspects_count_as_parts_of_a_hundred_and_other_questions_do_not() -> None:
    questions = [
        AnsweredQuestion(SHOP, "shopping", 5, day(3), 13, 3),
        AnsweredQuestion(SHOP, "shopping", 3, day(4), 2, 1),
        AnsweredQuestion(SHOP, "after_sales", 5, day(3), 5, 1),
        AnsweredQuestion(SHOP, "speed", 5, day(3), 1, 1),
    ]
    found = told(list(counted_answers(questions)))
    of_shop = {
        indicator: value for (indicator, subject), (value, _) in found.items() if subject == SHOP
    }
    # 260 and 66.666... over four answers; with 100 of another over five.
    assert of_shop == {
        "survey_score_shopping": "81.666667",
        "survey_score_after_sales": "100.000000",
        SCORE: "85.333333",
    }


@pytest.mark.parametrize(
    ("steps", "closed", "is_told"),
    [
        ([], 0, 0),
        ([(DONE, 5)], 0, 0),
        ([(DONE, 5), (TOLD, 6)], 0, 1),
        ([(DONE, 5), (TOLD, 6), (CLOSED, 31)], 1, 1),
        ([(DONE, 5), (TOLD, 6), (CLOSED, 32)], 0, 1),
        ([(DONE, 5), (TOLD, 6), (CLOSED, 31), (AGAIN, 31)], 0, 0),
        ([(DONE, 5), (TOLD, 6), (CLOSED, 31), (AGAIN, 32)], 1, 1),
    ],
)
def test_a_case_counts_as_it_stood_when_the_period_ended(
    steps: list[tuple[CaseStep, int]], closed: int, is_told: int
) -> None:
    counted = list(counted_cases([case(*steps)], today=day(21), until=END))
    found = told(counted)
    assert found[CLOSED_RATE, person("e-2")] == (f"{closed}.000000", f"{closed} of 1")
    assert found[TOLD_RATE, COMPANY] == (f"{is_told}.000000", f"{is_told} of 1")
    # Its owner was in the south on the day it was due; the north answers for the shop.
    assert {subject for _, subject in found} == {
        person("e-2"),
        SHOP,
        SOUTH,
        NORTH,
        Subject(SubjectKind.UNIT, "north-1"),
        ROOT,
        COMPANY,
    }


def test_a_case_counts_once_its_day_is_over_and_without_a_customer_in_one_rate_alone() -> None:
    assert list(counted_cases([case(due=day(20))], today=day(20), until=END)) == []
    (one,) = counted_cases([case(due=day(20), respondent=None)], today=day(21), until=END)
    assert one.indicator == CLOSED_RATE


def test_nobody_has_a_rate_of_nothing() -> None:
    assert told([]) == {}
    assert told(list(counted_surveys([ClosedSurvey(SHOP, day(5), 0, 0)]))) == {}


def staff(*people: Employee, until: date = OCTOBER.end) -> dict[tuple[str, Subject], str]:
    attribution = Attribution(UNITS, {each.code: each for each in people})
    found = staff_tallies(people, attribution, UNITS, OCTOBER, until=until)
    return {key: f"{tally.value} {tally.note}" for key, tally in found.items()}


def test_who_left_is_a_share_of_the_mean_and_who_stayed_of_those_at_first() -> None:
    north = assigned("agent", "north")
    found = staff(
        employee(north, code="stays"),
        employee(north, left_on=day(31), code="leaves on the last day"),
        employee(north, joined_on=day(2), code="joins"),
        employee(north, joined_on=day(2), left_on=day(9), code="comes and goes"),
        employee(north, left_on=date(2026, 9, 30), code="left before"),
        employee(north, joined_on=date(2026, 11, 1), code="joins after"),
        employee(
            assigned("agent", "north", end=day(9)),
            assigned("agent", "south", start=day(9)),
            code="moves",
        ),
    )
    # Three at first, with who moved; at last two in the north and one in the south.
    assert found[TURNOVER, COMPANY] == "0.666667 2 of 3 on average"
    assert found[RETENTION, COMPANY] == "0.666667 2 of 3"
    assert found[TURNOVER, NORTH] == "0.800000 2 of 2.5 on average"
    assert found[RETENTION, NORTH] == "0.666667 2 of 3"
    assert found[TURNOVER, SOUTH] == "0.000000 0 of 0.5 on average"
    assert (RETENTION, SOUTH) not in found
    assert (TURNOVER, Subject(SubjectKind.UNIT, "north-1")) not in found


def test_what_is_to_come_does_not_count() -> None:
    leaving = employee(assigned("agent"), left_on=day(20), code="leaving")
    assert staff(leaving, until=day(20))[TURNOVER, COMPANY] == "0.000000 0 of 1 on average"
    assert staff(leaving, until=day(21))[TURNOVER, COMPANY] == "2.000000 1 of 0.5 on average"


def test_a_person_without_a_unit_is_the_company_s_alone() -> None:
    found = staff(replace(employee(code="e-9"), joined_on=date(2025, 1, 1)))
    assert found == {
        (TURNOVER, COMPANY): "0.000000 0 of 1 on average",
        (RETENTION, COMPANY): "1.000000 1 of 1",
    }


def test_each_rate_has_its_measures_or_none() -> None:
    assert measures_of(TOLD_RATE) == {"rectifications_reported", "rectifications_due"}
    assert measures_of(TURNOVER) == frozenset()
