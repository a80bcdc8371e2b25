"""Cases: each step in its state and by its hand; the customer told, the overdue raised once."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.api.core.cases import MOST_STEPS, StatedStep, checks_of, is_overdue, taken
from services.schema.errors import Conflict, Forbidden
from services.schema.shapes.cases import Case, CaseEntry, StatedCase
from services.schema.shapes.people import Caller, Subject
from services.schema.watch_words import AlertKind, CaseState, CaseStep
from services.schema.words import Role, SubjectKind

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
DUE = date(2026, 11, 25)
OWNER = Caller(1, Role.EMPLOYEE, "e-1", "key:o")
LEAD = Caller(1, Role.LEAD, "e-lead", "key:l")
OPENED = CaseEntry(1, CaseStep.OPENED, "e-1", DUE, None, "e-lead", "key:l", AT)
CASE = Case(
    id="case_1",
    stated=StatedCase("Slow", Subject(SubjectKind.SHOP, "a"), "e-1", DUE, "s", "b-1"),
    state=CaseState.OPEN,
    is_told=False,
    trail=(OPENED,),
)
UNTOLD = replace(CASE, stated=replace(CASE.stated, respondent=None), is_told=True)


def step(
    case: Case,
    word: CaseStep,
    caller: Caller = LEAD,
    *,
    note: str | None = "so it is",
    owner: str | None = None,
    due_on: date | None = None,
) -> Case:
    stated = StatedStep(word, note, owner, due_on)
    return taken(case, stated, caller=caller, person=caller.employee or "", at=AT)


def refused(case: Case, word: CaseStep, caller: Caller = LEAD, **changed: object) -> str:
    with pytest.raises((Conflict, Forbidden)) as refusal:
        step(case, word, caller, **changed)  # type: ignore[arg-type]
    return refusal.value.code


DONE = step(CASE, CaseStep.DONE, OWNER)
TOLD = step(DONE, CaseStep.TOLD, OWNER)
CLOSED = step(TOLD, CaseStep.CLOSED)


def test_a_case_is_put_right_told_and_closed_by_another() -> None:
    assert [each.state for each in (CASE, DONE, TOLD, CLOSED)] == [
        CaseState.OPEN,
        CaseState.DONE,
        CaseState.DONE,
        CaseState.CLOSED,
    ]
    assert [each.is_told for each in (CASE, DONE, TOLD)] == [False, False, True]
    assert [(each.number, each.step, each.person) for each in CLOSED.trail] == [
        (1, CaseStep.OPENED, "e-lead"),
        (2, CaseStep.DONE, "e-1"),
        (3, CaseStep.TOLD, "e-1"),
        (4, CaseStep.CLOSED, "e-lead"),
    ]


@pytest.mark.parametrize(
    ("case", "word", "code"),
    [
        (CASE, CaseStep.OPENED, "already_open"),
        (CASE, CaseStep.TOLD, "not_done"),
        (CASE, CaseStep.CLOSED, "not_done"),
        (CASE, CaseStep.REOPENED, "case_open"),
        (DONE, CaseStep.DONE, "already_done"),
        (DONE, CaseStep.CLOSED, "customer_not_told"),
        (TOLD, CaseStep.TOLD, "already_told"),
        (CLOSED, CaseStep.DONE, "case_closed"),
        (CLOSED, CaseStep.TOLD, "case_closed"),
        (CLOSED, CaseStep.CLOSED, "case_closed"),
    ],
)
def test_a_step_has_its_state(case: Case, word: CaseStep, code: str) -> None:
    assert refused(case, word) == code


def test_without_a_customer_nobody_is_to_be_told() -> None:
    done = step(UNTOLD, CaseStep.DONE)
    assert refused(done, CaseStep.TOLD) == "already_told"
    assert step(done, CaseStep.CLOSED).state is CaseState.CLOSED


def test_reopened_a_case_is_to_be_put_right_and_told_anew() -> None:
    for before in (TOLD, CLOSED):
        again = step(before, CaseStep.REOPENED)
        assert (again.state, again.is_told) == (CaseState.OPEN, False)
    assert step(step(UNTOLD, CaseStep.DONE), CaseStep.REOPENED).is_told


@pytest.mark.parametrize("word", [CaseStep.ASSIGNED, CaseStep.CLOSED, CaseStep.REOPENED])
def test_the_owner_does_not_close_reopen_or_pass_on(word: CaseStep) -> None:
    wanted = {"due_on": DUE} if word is CaseStep.ASSIGNED else {}
    leading = replace(LEAD, employee="e-1")
    mate = replace(OWNER, employee="e-2")
    for caller in (OWNER, leading, mate):
        assert refused(TOLD, word, caller, **wanted) == "own_case"


def test_an_assignment_says_to_whom_or_until_when_and_no_other_step_does() -> None:
    later = step(CASE, CaseStep.ASSIGNED, note=None, due_on=DUE + timedelta(days=7))
    assert (later.stated.owner, later.stated.due_on) == ("e-1", DUE + timedelta(days=7))
    other = step(CASE, CaseStep.ASSIGNED, owner="e-2")
    assert (other.stated.owner, other.trail[-1].owner, other.trail[0].owner) == (
        "e-2",
        "e-2",
        "e-1",
    )
    assert refused(CASE, CaseStep.ASSIGNED) == "unfit_step"
    assert refused(CASE, CaseStep.DONE, owner="e-2") == "unfit_step"


@pytest.mark.parametrize(
    ("case", "word"),
    [(CASE, CaseStep.DONE), (DONE, CaseStep.TOLD), (DONE, CaseStep.REOPENED)],
)
def test_a_step_says_what_was_done(case: Case, word: CaseStep) -> None:
    assert refused(case, word, note=None) == "note_missing"


def test_a_case_does_not_go_on_for_ever() -> None:
    long = replace(CASE, trail=(OPENED,) * MOST_STEPS)
    assert refused(long, CaseStep.DONE) == "too_many_steps"
    assert step(replace(long, trail=long.trail[1:]), CaseStep.DONE).state is CaseState.DONE


def test_it_is_overdue_after_the_day_that_it_is_due_until_it_is_put_right() -> None:
    after = DUE + timedelta(days=1)
    assert [is_overdue(CASE, day) for day in (DUE, after)] == [False, True]
    assert not is_overdue(DONE, after)


def test_what_is_overdue_is_told_of_its_owner_once_for_a_day_and_settled_when_done() -> None:
    today = DUE + timedelta(days=3)
    (check,) = checks_of([CASE], [], today)
    assert check.breach is not None
    assert check.key == (
        AlertKind.CASE,
        "case_1",
        Subject(SubjectKind.EMPLOYEE, "e-1"),
        DUE + timedelta(days=1),
    )
    assert check.breach.en == "Not put right in time: Slow"
    assert checks_of([CASE], [check.key], today + timedelta(days=9)) == [check]
    (settled,) = checks_of([], [check.key], today)
    assert (settled.key, settled.breach) == (check.key, None)
