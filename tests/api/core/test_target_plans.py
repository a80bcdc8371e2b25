"""Plans of targets: what one must be, what a report makes of it, and how much somebody sees."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.api.core.target_plans import (
    check_actions,
    check_owners,
    check_reporter,
    check_revision,
    is_overdue,
    reported,
    same_plan,
    shown_plan,
)
from services.schema.errors import Conflict, Forbidden, Invalid, NotFound
from services.schema.shapes.people import Caller, Subject
from services.schema.shapes.target_plans import (
    Action,
    ActionState,
    PlanMode,
    StatedPlan,
    TargetPlan,
)
from services.schema.shapes.views import View
from services.schema.words import Role, SubjectKind

S = ActionState
DUE = date(2026, 11, 10)
UNIT = Subject(SubjectKind.UNIT, "east")
CALL = Action("call", "call old buyers", "bob", DUE, S.PLAN, None)
SHOW = Action("show", "a live show", "cyd", DUE, S.DO, None)
PLAN = TargetPlan(
    UNIT, "net_sales", "2026-11", PlanMode.SCALE, (CALL, SHOW), None, "key:k",
    datetime(2026, 11, 1, tzinfo=UTC), 1,
)  # fmt: skip
LEAD = View(whole=False, own="ann", employees=frozenset({"ann", "bob"}), units=frozenset({"east"}))
BOB = View(whole=False, own="bob", employees=frozenset({"bob"}))
DAN = View(whole=False, own="dan", employees=frozenset({"dan"}))
NOBODY = View(whole=False, own=None)


@pytest.mark.parametrize(
    ("state", "result", "good"),
    [
        (S.PLAN, None, True),
        (S.DO, None, True),
        (S.DO, "half done", True),
        (S.CHECK, None, False),
        (S.CHECK, "40 came back", True),
        (S.ACT, None, False),
        (S.ACT, "done each month now", True),
        (S.DROPPED, None, False),
        (S.DROPPED, "no list", True),
    ],
)
def test_what_is_over_has_a_result(state: S, result: str | None, *, good: bool) -> None:
    action = replace(CALL, state=state, result=result)
    if good:
        check_actions([action])
        assert reported(PLAN, "call", state, result) == [action, SHOW]
        return
    with pytest.raises(Invalid) as refused:
        check_actions([SHOW, action])
    assert [each.pointer for each in refused.value.faults] == ["/actions/1/result"]
    with pytest.raises(Invalid) as refused:
        reported(PLAN, "call", state, result)
    assert [each.pointer for each in refused.value.faults] == ["/result"]


def test_a_code_stands_once_and_an_owner_is_known() -> None:
    check_actions([])
    with pytest.raises(Invalid) as refused:
        check_actions([CALL, SHOW, replace(SHOW, code="call")])
    assert [each.pointer for each in refused.value.faults] == ["/actions/2/code"]
    check_owners([CALL, SHOW], {"bob", "cyd"})
    with pytest.raises(Conflict) as unknown:
        check_owners([CALL, SHOW], {"bob"})
    assert [each.pointer for each in unknown.value.faults] == ["/actions/1/owner"]


def test_a_report_is_of_an_action_there_is() -> None:
    with pytest.raises(NotFound):
        reported(PLAN, "fly", S.DO, None)


@pytest.mark.parametrize(("stated", "good"), [(1, True), (None, False), (2, False)])
def test_a_plan_is_made_from_the_one_in_force(stated: int | None, *, good: bool) -> None:
    if good:
        check_revision(stated, PLAN)
    else:
        with pytest.raises(Conflict, match="revision 1"):
            check_revision(stated, PLAN)


def test_the_first_plan_is_made_from_none() -> None:
    check_revision(None, None)
    with pytest.raises(Conflict, match="revision None"):
        check_revision(1, None)


def test_a_plan_that_says_the_same_is_the_same() -> None:
    said = StatedPlan(UNIT, "net_sales", "2026-11", PlanMode.SCALE, (CALL, SHOW), "again")
    assert same_plan(said, PLAN)
    assert not same_plan(said, None)
    assert not same_plan(replace(said, mode=PlanMode.PROFIT), PLAN)
    assert not same_plan(replace(said, actions=(CALL,)), PLAN)


@pytest.mark.parametrize(
    ("state", "today", "overdue"),
    [
        (S.PLAN, date(2026, 11, 10), False),
        (S.PLAN, date(2026, 11, 11), True),
        (S.DO, date(2026, 11, 11), True),
        (S.CHECK, date(2026, 11, 11), False),
        (S.ACT, date(2026, 11, 11), False),
        (S.DROPPED, date(2026, 11, 11), False),
    ],
)
def test_an_action_is_overdue_after_its_day(state: S, today: date, *, overdue: bool) -> None:
    assert is_overdue(replace(CALL, state=state), today) is overdue


@pytest.mark.parametrize(
    ("view", "codes", "complete"),
    [
        (View(whole=True, own=None), ["call", "show"], True),
        (LEAD, ["call", "show"], True),
        (BOB, ["call"], False),
        (DAN, None, None),
        (NOBODY, None, None),
    ],
)
def test_who_owns_but_an_action_sees_it_alone(
    view: View, codes: list[str] | None, *, complete: bool | None
) -> None:
    shown = shown_plan(PLAN, view, date(2026, 11, 11))
    if codes is None:
        assert shown is None
        return
    assert shown is not None
    assert [each.code for each in shown.plan.actions] == codes
    assert (sorted(shown.overdue), shown.complete) == (codes, complete)


def test_an_employee_reports_on_own_actions_alone() -> None:
    bob = Caller(1, Role.EMPLOYEE, "bob", "key:b")
    check_reporter(PLAN, "call", bob)
    with pytest.raises(Forbidden):
        check_reporter(PLAN, "show", bob)
    check_reporter(PLAN, "show", Caller(1, Role.LEAD, "ann", "key:a"))
    check_reporter(PLAN, "show", Caller(1, Role.HR, None, "key:h"))
