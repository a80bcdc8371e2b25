"""What a plan of a target must be, what a report makes of it, and what of it somebody sees."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from services.schema.errors import Conflict, Fault, Forbidden, Invalid, NotFound
from services.schema.shapes.people import Caller
from services.schema.shapes.target_plans import (
    Action,
    ActionState,
    ShownPlan,
    StatedPlan,
    TargetPlan,
)
from services.schema.shapes.views import View
from services.schema.words import Role

_WITH_RESULT = frozenset({ActionState.CHECK, ActionState.ACT, ActionState.DROPPED})
"""States in which something came of an action, and it is written down what."""
_WAITING = frozenset({ActionState.PLAN, ActionState.DO})


def check_actions(actions: Sequence[Action]) -> None:
    """Refuse two actions of one code, and one that is over without a result."""
    faults, seen = [], set[str]()
    for index, action in enumerate(actions):
        if action.code in seen:
            detail = f"Another action is called {action.code}."
            faults.append(Fault(f"/actions/{index}/code", "stated_twice", detail))
        seen.add(action.code)
        if lacks_result(action):
            faults.append(Fault(f"/actions/{index}/result", "result_missing", _no_result(action)))
    if faults:
        raise Invalid(faults[0].code, faults[0].detail, faults)


def check_owners(actions: Sequence[Action], known: Collection[str]) -> None:
    """Refuse owners whom the writer does not see: they look as if there were none."""
    faults = [
        Fault(f"/actions/{index}/owner", "unknown_employee", f"No employee {action.owner} here.")
        for index, action in enumerate(actions)
        if action.owner not in known
    ]
    if faults:
        raise Conflict(faults[0].code, faults[0].detail, faults[:100])


def check_revision(stated: int | None, current: TargetPlan | None) -> None:
    """Refuse a plan made from another than the one in force: a report between would be lost."""
    there = current.revision if current else None
    if stated != there:
        detail = f"The plan in force is revision {there}, not {stated}."
        raise Conflict("plan_changed", detail, [Fault("/revision", "plan_changed", detail)])


def same_plan(stated: StatedPlan, current: TargetPlan | None) -> bool:
    """Whether a plan says what is in force already."""
    return current is not None and (stated.mode, stated.actions) == (current.mode, current.actions)


def reported(plan: TargetPlan, code: str, state: ActionState, result: str | None) -> list[Action]:
    """The actions with what was reported of one of them."""
    if all(action.code != code for action in plan.actions):
        raise NotFound("such action")
    changed = [
        replace(each, state=state, result=result) if each.code == code else each
        for each in plan.actions
    ]
    (action,) = (each for each in changed if each.code == code)
    if lacks_result(action):
        detail = _no_result(action)
        raise Invalid("result_missing", detail, [Fault("/result", "result_missing", detail)])
    return changed


def lacks_result(action: Action) -> bool:
    """Whether it is over and nobody says what came of it."""
    return action.state in _WITH_RESULT and action.result is None


def check_reporter(plan: TargetPlan, code: str, caller: Caller) -> None:
    """Refuse an employee who reports on an action of somebody else; those above may on any."""
    owners = {action.owner for action in plan.actions if action.code == code}
    if caller.role is Role.EMPLOYEE and caller.employee not in owners:
        detail = f"{code} is somebody else's: its owner or who leads them says how it stands."
        raise Forbidden("action_of_another", detail)


def shown_plan(plan: TargetPlan, view: View, today: date) -> ShownPlan | None:
    """What somebody sees of a plan: all of whose target is seen, else the own actions alone."""
    actions = plan.actions
    if not view.sees(plan.subject):
        actions = tuple(each for each in actions if view.own and each.owner == view.own)
        if not actions:
            return None
    overdue = frozenset(each.code for each in actions if is_overdue(each, today))
    return ShownPlan(replace(plan, actions=actions), overdue, len(actions) == len(plan.actions))


def is_overdue(action: Action, today: date) -> bool:
    """Whether its day is over and it is neither done nor given up."""
    return action.state in _WAITING and action.due_on < today


def _no_result(action: Action) -> str:
    return f"{action.code} is at {action.state}: say what came of it."
