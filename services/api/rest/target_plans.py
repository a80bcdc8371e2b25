"""REST of plans of targets: the actions that are to reach them, put whole and reported on."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Query, Request
from pydantic import ConfigDict, Field

from services.api.auth import view_of
from services.api.core.target_plans import shown_plan
from services.api.flows.target_plans import put_plan, report_action
from services.api.store.people import read_tenant
from services.api.store.target_plans import PlanFilter, read_page_of_plans
from services.door.authors import Names, read_author_names
from services.door.pages import LIMIT, LIMIT_MAXIMUM, Listed, decode_cursor, page_of
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import (
    Code,
    Day,
    FormulaCode,
    Instant,
    LongText,
    Model,
    PeriodCode,
    SubjectText,
)
from services.schema.days import local_day
from services.schema.db import ReadSession
from services.schema.shapes.people import parse_subject
from services.schema.shapes.target_plans import (
    Action,
    ActionState,
    PlanMode,
    ShownPlan,
    StatedPlan,
    TargetPlan,
)
from services.schema.shapes.views import View

router = new_router()

MOST_ACTIONS = 50
State = Annotated[ActionState, Field(strict=False)]


class ActionIn(Model):
    """What somebody does for a target, by when; from `check` on with its result."""

    code: Code
    what: LongText
    owner: Code
    due_on: Day
    state: State = ActionState.PLAN
    result: LongText | None = None

    def to_shape(self) -> Action:
        return Action(self.code, self.what, self.owner, self.due_on, self.state, self.result)


class PlanIn(Model):
    """The plan of a target, whole; of both its levels."""

    subject: SubjectText
    indicator: FormulaCode
    period: PeriodCode
    mode: Annotated[PlanMode, Field(strict=False)]
    actions: Annotated[list[ActionIn], Field(max_length=MOST_ACTIONS)]
    reason: LongText | None = None
    revision: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    """The plan that this one was made from, null where there was none: so no report is lost."""

    def to_shape(self) -> StatedPlan:
        return StatedPlan(
            subject=parse_subject(self.subject),
            indicator=self.indicator,
            period=self.period,
            mode=self.mode,
            actions=tuple(action.to_shape() for action in self.actions),
            reason=self.reason,
        )


class ReportIn(Model):
    """How an action stands, and what came of it."""

    subject: SubjectText
    indicator: FormulaCode
    period: PeriodCode
    action: Code
    state: State
    result: LongText | None = None


class PlanQuery(Model):
    """Which plans to list."""

    # A query is text: its numbers are read from it.
    model_config = ConfigDict(strict=False)

    subject: SubjectText | None = None
    indicator: FormulaCode | None = None
    period: PeriodCode | None = None
    owner: Code | None = None
    history: bool = False
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAXIMUM)] = LIMIT
    cursor: Annotated[str | None, Field(max_length=1000)] = None


class ActionDocument(Model):
    """An action as it stands."""

    code: Code
    what: str
    owner: Code
    due_on: Day
    state: Literal["plan", "do", "check", "act", "dropped"]
    result: str | None
    overdue: bool
    """Whether its day is over and it is neither done nor given up."""


class PlanDocument(Model):
    """A plan as it was put or reported on; the highest revision is in force."""

    subject: SubjectText
    indicator: FormulaCode
    period: PeriodCode
    mode: PlanMode
    actions: list[ActionDocument]
    complete: bool
    """Whether all actions are shown: who owns but some of them sees these alone."""
    reason: str | None
    author: str
    author_name: str | None
    """The person's, or of a key of nobody's its role; null where the reader is not told."""
    set_at: Instant
    revision: int

    @classmethod
    def from_shape(cls, shown: ShownPlan, names: Names) -> "PlanDocument":
        plan = shown.plan
        return cls(
            subject=str(plan.subject),
            indicator=plan.indicator,
            period=plan.period,
            mode=plan.mode,
            actions=[
                ActionDocument(
                    code=each.code,
                    what=each.what,
                    owner=each.owner,
                    due_on=each.due_on,
                    state=each.state.value,
                    result=each.result,
                    overdue=each.code in shown.overdue,
                )
                for each in plan.actions
            ],
            complete=shown.complete,
            reason=plan.reason,
            author=plan.author,
            author_name=names.get(plan.author),
            set_at=plan.set_at,
            revision=plan.revision,
        )


@router.get("/v1/target-plans")
async def list_target_plans(
    request: Request, query: Annotated[PlanQuery, Query()], caller: Asking, session: Reading
) -> Listed[PlanDocument]:
    """The plans in force of targets that the caller sees, and those with an own action.

    With `history` also what they replaced; `owner` keeps those with an action of somebody.
    """
    at = datetime.now(UTC)
    view = await view_of(session, caller, at)
    wanted = PlanFilter(
        subjects=view.subjects(),
        or_owner=view.own,
        subject=None if query.subject is None else parse_subject(query.subject),
        indicator=query.indicator,
        period=query.period,
        owner=query.owner,
        history=query.history,
    )
    last = decode_cursor(request, query.cursor, 5)
    after = (last[0], last[1], last[2], last[3], int(last[4])) if last else None
    plans, total = await read_page_of_plans(session, wanted, after=after, limit=query.limit + 1)
    today = local_day(at, (await read_tenant(session)).timezone)
    names = await read_author_names(session, (plan.author for plan in plans), view)
    return page_of(
        request,
        plans,
        limit=query.limit,
        total=total,
        key=_key_of,
        document=lambda plan: _document(plan, view, today, names),
    )


@router.put("/v1/target-plans")
async def put_target_plan(stated: PlanIn, caller: Asking, session: Writing) -> PlanDocument:
    """Put the plan of a target whole: a change is a new revision, and what was stays readable.

    A lead plans for units led and people managed, and for the own target, which another has set.
    Where the plan in force is not `revision`, it is refused: `plan_changed`.
    """
    at = datetime.now(UTC)
    view = await view_of(session, caller, at)
    plan = await put_plan(
        session, stated.to_shape(), revision=stated.revision, view=view, caller=caller, at=at
    )
    return await _shown(session, plan, view, at)


@router.post("/v1/target-plans/reports")
async def post_action_report(report: ReportIn, caller: Asking, session: Writing) -> PlanDocument:
    """Say how an action stands and what came of it: its owner, or whoever may write the plan."""
    at = datetime.now(UTC)
    view = await view_of(session, caller, at)
    plan = await report_action(
        session,
        (parse_subject(report.subject), report.indicator, report.period),
        report.action,
        state=report.state,
        result=report.result,
        view=view,
        caller=caller,
        at=at,
    )
    return await _shown(session, plan, view, at)


async def _shown(session: ReadSession, plan: TargetPlan, view: View, at: datetime) -> PlanDocument:
    today = local_day(at, (await read_tenant(session)).timezone)
    return _document(plan, view, today, await read_author_names(session, [plan.author], view))


def _document(plan: TargetPlan, view: View, today: Day, names: Names) -> PlanDocument:
    shown = shown_plan(plan, view, today)
    assert shown is not None, "the list holds only what is seen"
    return PlanDocument.from_shape(shown, names)


def _key_of(plan: TargetPlan) -> list[str]:
    subject = plan.subject
    return [subject.kind.value, subject.code, plan.indicator, plan.period, str(plan.revision)]
