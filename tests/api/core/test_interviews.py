"""Whose signatures an interview bears, who writes which part of it, and when it is overdue."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.api.core.interviews import (
    EMPTY,
    MOST_ENTRIES,
    OF_EMPLOYEE,
    check_open,
    check_signed,
    due_on,
    is_overdue,
    part_of,
    signatures_of,
    written,
)
from services.api.rest.interviews import TEXTS
from services.api.templates import interview_form
from services.schema.errors import Conflict, KaoheError
from services.schema.shapes.interviews import Agreed, Answers, InterviewEntry, StatedAnswers
from services.schema.shapes.people import Caller
from services.schema.words import InterviewPart, Role

AT = datetime(2026, 2, 1, tzinfo=UTC)
EMPLOYEE, SUPERIOR = InterviewPart
FIRST, SECOND = Answers({"cause": "one"}), Answers({"cause": "two"})


def entry(part: InterviewPart, answers: Answers, *, signed: bool) -> InterviewEntry:
    return InterviewEntry(1, part, part, "key:k", answers, signed, AT)


@pytest.mark.parametrize(
    ("trail", "expected"),
    [
        ([], set()),
        ([(EMPLOYEE, FIRST, False)], set()),
        ([(EMPLOYEE, FIRST, True)], {EMPLOYEE}),
        ([(EMPLOYEE, FIRST, True), (SUPERIOR, FIRST, True)], {EMPLOYEE, SUPERIOR}),
        # What is changed is signed anew, also by who signed before, also when changed back.
        ([(EMPLOYEE, FIRST, True), (SUPERIOR, SECOND, True)], {SUPERIOR}),
        ([(EMPLOYEE, FIRST, True), (SUPERIOR, SECOND, False), (SUPERIOR, FIRST, True)], {SUPERIOR}),
        ([(EMPLOYEE, FIRST, True), (EMPLOYEE, FIRST, True)], {EMPLOYEE}),
    ],
)
def test_a_signature_is_of_all_that_stands_there(
    trail: list[tuple[InterviewPart, Answers, bool]], expected: set[InterviewPart]
) -> None:
    entries = [entry(part, answers, signed=signed) for part, answers, signed in trail]
    assert set(signatures_of(entries)) == expected


def caller(employee: str | None, role: Role = Role.LEAD) -> Caller:
    return Caller(1, role, employee, "key:k")


@pytest.mark.parametrize(
    ("who", "is_own", "superiors", "expected"),
    [
        (caller("ann", Role.EMPLOYEE), True, ("lead",), EMPLOYEE),
        (caller("lead"), False, ("lead", "boss"), SUPERIOR),
        (caller("boss"), False, ("lead", "boss"), None),
        (caller(None, Role.HR), False, ("lead",), None),
        (caller(None, Role.HR), False, (), SUPERIOR),
        (caller("lead"), False, (), None),
    ],
)
def test_who_sits_on_which_side(
    who: Caller, *, is_own: bool, superiors: tuple[str, ...], expected: InterviewPart | None
) -> None:
    if expected is None:
        with pytest.raises(Conflict) as refusal:
            part_of(who, is_own=is_own, superiors=superiors)
        assert refusal.value.code == "not_your_interview"
    else:
        assert part_of(who, is_own=is_own, superiors=superiors) is expected


def test_each_side_writes_its_own() -> None:
    measures = (Agreed("call back", date(2026, 3, 1)),)
    stated = StatedAnswers({"opinion": "fair"}, measures, None, signs=False)
    assert written(FIRST, stated, EMPLOYEE) == Answers(
        {"cause": "one", "opinion": "fair"}, measures
    )
    with pytest.raises(Conflict) as refusal:
        written(FIRST, stated, SUPERIOR)
    assert [each.pointer for each in refusal.value.faults] == ["/opinion"]
    check_signed(FIRST)
    with pytest.raises(Conflict):
        check_signed(EMPTY)


def test_it_follows_a_result_and_ends_with_both_signatures() -> None:
    signed = [entry(EMPLOYEE, FIRST, signed=True)]
    check_open(signed, is_published=True)
    for trail, published, code in (
        (signed, False, "not_published"),
        ([*signed, entry(SUPERIOR, FIRST, signed=True)], True, "interview_frozen"),
        ([entry(EMPLOYEE, FIRST, signed=True)] * MOST_ENTRIES, True, "too_many_entries"),
    ):
        with pytest.raises(KaoheError) as refusal:
            check_open(trail, is_published=published)
        assert refusal.value.code == code


def test_it_is_due_on_the_seventh_day() -> None:
    due = due_on(date(2026, 2, 26), 7)
    assert due == date(2026, 3, 5)
    late = due + timedelta(days=1)
    for today, frozen_on, expected in (
        (due, None, False),
        (late, None, True),
        (late, due, False),
        (late, late, True),
    ):
        assert is_overdue(due, today, frozen_on) is expected
    assert not is_overdue(None, late, None)


def test_the_form_is_the_one_that_templates_bring() -> None:
    questions = interview_form()["questions"]
    assert isinstance(questions, list)
    texts = [each["code"] for each in questions if each["kind"] == "text"]
    assert sorted(TEXTS) == sorted(texts)
    assert {each["code"] for each in questions if each["kind"] == "measures"} == {"measures"}
    signed = {each["by"] for each in questions if each["kind"] == "signature"}
    assert signed == {"employee", "superior"} == {str(part) for part in InterviewPart}
    own = {
        each["code"] for each in questions if each["kind"] == "text" and each["by"] == "employee"
    }
    assert own == OF_EMPLOYEE
