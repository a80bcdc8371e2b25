"""Improvements: of a signed interview alone, followed up by both, overdue after their day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.api.core.improvements import (
    MOST_FOLLOW_UPS,
    StatedFollowUp,
    agreed_in,
    check_follow_up,
    checks_of,
    is_overdue,
)
from services.schema.errors import Conflict, Forbidden
from services.schema.shapes.improvements import FollowUp, Improvement
from services.schema.shapes.interviews import Agreed, Answers, InterviewEntry
from services.schema.shapes.people import Subject
from services.schema.watch_words import AlertKind, ImprovementState
from services.schema.words import InterviewPart, SubjectKind

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
DUE = date(2026, 11, 25)
ANN = Subject(SubjectKind.EMPLOYEE, "ann")
ABOUT = ("oct", ANN)
ANSWERS = Answers(
    {}, (Agreed("Answer at night", DUE), Agreed("Learn", DUE)), (Agreed("Grow", None),)
)
OPEN = Improvement("oct", ANN, 1, "Answer at night", DUE, None)
LAST = FollowUp(1, ImprovementState.DONE, None, "done", "nov", "ann", "key:k", AT)


def entry(number: int, part: InterviewPart, *, signed: bool) -> InterviewEntry:
    return InterviewEntry(number, part, part, "key:k", ANSWERS, signed, AT)


SIGNED = (
    entry(1, InterviewPart.EMPLOYEE, signed=True),
    entry(2, InterviewPart.SUPERIOR, signed=True),
)


def test_what_both_have_signed_is_agreed_and_nothing_before() -> None:
    assert agreed_in(ABOUT, SIGNED[:1], {}) == []
    assert agreed_in(ABOUT, (), {}) == []
    first, second = agreed_in(ABOUT, SIGNED, {2: LAST})
    assert first == OPEN
    assert (second.number, second.what, second.state) == (2, "Learn", ImprovementState.DONE)
    assert (first.owner, second.owner) == (ANN, ANN)
    other = replace(second, last=replace(LAST, owner="bob"))
    assert other.owner == Subject(SubjectKind.EMPLOYEE, "bob")


def stated(state: ImprovementState, note: str | None = "so it is") -> StatedFollowUp:
    return StatedFollowUp("oct", 1, state, None, note)


def test_a_follow_up_is_of_what_was_agreed_and_says_what_was_done() -> None:
    for state in ImprovementState:
        assert check_follow_up(OPEN, stated(state), is_own=False) == OPEN
    assert check_follow_up(OPEN, stated(ImprovementState.OPEN, None), is_own=True) == OPEN
    assert check_follow_up(OPEN, stated(ImprovementState.DONE), is_own=True) == OPEN
    with pytest.raises(Forbidden):
        check_follow_up(OPEN, stated(ImprovementState.DROPPED), is_own=True)
    long = replace(OPEN, last=replace(LAST, revision=MOST_FOLLOW_UPS))
    for there, wanted, code in (
        (None, stated(ImprovementState.DONE), "not_agreed"),
        (OPEN, stated(ImprovementState.DONE, None), "note_missing"),
        (long, stated(ImprovementState.DONE), "too_many_follow_ups"),
    ):
        with pytest.raises(Conflict) as refusal:
            check_follow_up(there, wanted, is_own=False)
        assert refusal.value.code == code


def test_it_is_overdue_after_its_day_until_it_is_done_or_dropped() -> None:
    after = DUE + timedelta(days=1)
    assert [is_overdue(OPEN, each) for each in (DUE, after)] == [False, True]
    for state, overdue in (
        (ImprovementState.OPEN, True),
        (ImprovementState.DONE, False),
        (ImprovementState.DROPPED, False),
    ):
        assert is_overdue(replace(OPEN, last=replace(LAST, state=state)), after) == overdue


def test_what_is_overdue_is_told_of_who_does_it_and_settled_when_it_is_done() -> None:
    today = DUE + timedelta(days=5)
    (check,) = checks_of([OPEN, replace(OPEN, number=2, last=LAST)], [], today)
    assert check.key == (AlertKind.IMPROVEMENT, "oct.ann.1", ANN, DUE + timedelta(days=1))
    assert check.breach is not None
    assert check.breach.en == "An improvement is overdue: Answer at night"
    (settled,) = checks_of([replace(OPEN, last=LAST)], [check.key], today)
    assert (settled.key, settled.breach) == (check.key, None)
