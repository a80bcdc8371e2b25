"""Plans of targets are put whole and reported on; each change is a revision."""

from dataclasses import replace
from datetime import datetime

from services.api.core.changes import change_of
from services.api.core.target_plans import (
    check_actions,
    check_owners,
    check_reporter,
    check_revision,
    reported,
    same_plan,
    shown_plan,
)
from services.api.flows.breakdown import parse_period_at
from services.api.flows.targets import TARGETS
from services.api.store.audit import append_entry
from services.api.store.counters import lock_noun
from services.api.store.people import read_employees, read_tenant
from services.api.store.target_plans import insert_plan, read_plan
from services.api.store.targets import read_targets
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Conflict, Fault, NotFound
from services.schema.shapes.people import Caller, Subject
from services.schema.shapes.target_plans import ActionState, StatedPlan, TargetPlan
from services.schema.shapes.views import View


async def put_plan(
    session: WriteSession,
    stated: StatedPlan,
    *,
    revision: int | None,
    view: View,
    caller: Caller,
    at: datetime,
) -> TargetPlan:
    """Replace the plan of a target whole; `revision` is the one that it was made from."""
    check_actions(stated.actions)
    await lock_noun(session, TARGETS)
    if not view.sees(stated.subject):
        raise NotFound("such subject")
    parse_period_at("/period", stated.period, await read_tenant(session))
    await _check_target(session, stated.subject, stated.indicator, stated.period)
    known = await read_employees(session, {action.owner for action in stated.actions})
    check_owners(stated.actions, [code for code in known if view.whole or code in view.employees])
    current = await read_plan(session, stated.subject, stated.indicator, stated.period)
    if current is not None and same_plan(stated, current):
        return current
    check_revision(revision, current)
    plan = TargetPlan(
        subject=stated.subject,
        indicator=stated.indicator,
        period=stated.period,
        mode=stated.mode,
        actions=stated.actions,
        reason=stated.reason,
        author=caller.name,
        set_at=at,
        revision=current.revision + 1 if current else 1,
    )
    await _keep(session, plan, current, caller=caller, at=at)
    return plan


async def report_action(
    session: WriteSession,
    target: tuple[Subject, str, str],
    code: str,
    *,
    state: ActionState,
    result: str | None,
    view: View,
    caller: Caller,
    at: datetime,
) -> TargetPlan:
    """Say how an action stands and what came of it: its owner, or who may write the plan."""
    await lock_noun(session, TARGETS)
    current = await read_plan(session, *target)
    shown = None if current is None else shown_plan(current, view, at.date())
    if current is None or shown is None:
        raise NotFound("such plan")
    # Of actions that are not seen it is not told that there are such.
    changed = reported(shown.plan, code, state, result)
    check_reporter(current, code, caller)
    by_code = {action.code: action for action in changed}
    actions = tuple(by_code.get(each.code, each) for each in current.actions)
    if actions == current.actions:
        return current
    plan = replace(
        current,
        actions=actions,
        reason=None,
        author=caller.name,
        set_at=at,
        revision=current.revision + 1,
    )
    await _keep(session, plan, current, caller=caller, at=at)
    return plan


async def _check_target(
    session: ReadSession, subject: Subject, indicator: str, period: str
) -> None:
    if not await read_targets(session, [subject], [indicator], [period]):
        detail = f"{subject} has no target of {indicator} for {period} to be planned for."
        raise Conflict("no_target", detail, [Fault("/period", "no_target", detail)])


async def _keep(
    session: WriteSession,
    plan: TargetPlan,
    before: TargetPlan | None,
    *,
    caller: Caller,
    at: datetime,
) -> None:
    await insert_plan(session, plan)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="target_plan.set",
        subject=str(plan.subject),
        detail={
            "indicator": plan.indicator,
            "period": plan.period,
            "revision": plan.revision,
            **change_of(_content(before), _content(plan)),
        },
    )


def _content(plan: TargetPlan | None) -> StatedPlan | None:
    """What people stated of it, as the audit tells it."""
    if plan is None:
        return None
    return StatedPlan(
        plan.subject, plan.indicator, plan.period, plan.mode, plan.actions, plan.reason
    )
