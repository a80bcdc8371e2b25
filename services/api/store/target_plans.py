"""Plans of targets as they are kept: every revision whole; the highest is in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, insert, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import JSONB, distinct_on

from services.api.store.targets import among_subjects
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.people import Subject
from services.schema.shapes.target_plans import Action, ActionState, PlanMode, TargetPlan
from services.schema.tables.targets import target_plans
from services.schema.words import SubjectKind

_KEY = (
    target_plans.c.subject_kind,
    target_plans.c.subject,
    target_plans.c.indicator,
    target_plans.c.period,
)


@dataclass(frozen=True, slots=True)
class PlanFilter:
    """Which plans a list shows; null is any."""

    subjects: frozenset[Subject] | None = None
    or_owner: str | None = None
    """Whose actions show a plan, whatever its subject."""
    subject: Subject | None = None
    indicator: str | None = None
    period: str | None = None
    owner: str | None = None
    history: bool = False
    """Whether older revisions are shown as well."""


async def read_plan(
    session: ReadSession, subject: Subject, indicator: str, period: str
) -> TargetPlan | None:
    """The plan in force of a target."""
    wanted = PlanFilter(subject=subject, indicator=indicator, period=period)
    found, _ = await read_page_of_plans(session, wanted, after=None, limit=1)
    return found[0] if found else None


async def read_page_of_plans(
    session: ReadSession,
    wanted: PlanFilter,
    *,
    after: tuple[str, str, str, str, int] | None,
    limit: int,
) -> tuple[list[TargetPlan], int]:
    """A list's next page in the order of its keys, and how many the list has."""
    kept = select(target_plans) if wanted.history else _in_force()
    rows = kept.where(*_of_targets(session, wanted)).subquery()
    # Of a plan in force it is asked who owns its actions now, not who once did.
    where = _of_people(rows, wanted)
    total = await session.scalar(select(func.count()).select_from(rows).where(*where))
    order = [rows.c[column.name] for column in (*_KEY, target_plans.c.revision)]
    page = select(rows).where(*where).order_by(*order).limit(limit)
    if after is not None:
        page = page.where(tuple_(*order) > tuple_(*(literal(value) for value in after)))
    return [_plan_from_row(row) for row in await session.execute(page)], int(total)


async def insert_plan(session: WriteSession, plan: TargetPlan) -> None:
    """Append a revision."""
    await session.execute(
        insert(target_plans).values(
            tenant_id=session.tenant,
            subject_kind=plan.subject.kind,
            subject=plan.subject.code,
            indicator=plan.indicator,
            period=plan.period,
            revision=plan.revision,
            mode=plan.mode,
            actions=[_action_to_row(action) for action in plan.actions],
            reason=plan.reason,
            author=plan.author,
            set_at=plan.set_at,
        )
    )


def _in_force() -> Select[Any]:
    newest = target_plans.c.revision.desc()
    return select(target_plans).ext(distinct_on(*_KEY)).order_by(*_KEY, newest)


def _of_targets(session: ReadSession, wanted: PlanFilter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [target_plans.c.tenant_id == session.tenant]
    if wanted.subject is not None:
        where.append(target_plans.c.subject_kind == wanted.subject.kind)
        where.append(target_plans.c.subject == wanted.subject.code)
    if wanted.indicator is not None:
        where.append(target_plans.c.indicator == wanted.indicator)
    if wanted.period is not None:
        where.append(target_plans.c.period == wanted.period)
    return where


def _of_people(rows: Any, wanted: PlanFilter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.subjects is not None:
        seen = among_subjects(rows.c.subject_kind, rows.c.subject, wanted.subjects)
        own = wanted.or_owner
        # Of a plan that is seen for an own action, no filter tells who owns the others.
        by_own = own is not None and wanted.owner in {None, own}
        where.append(or_(seen, _owned_by(rows, own)) if own and by_own else seen)
    if wanted.owner is not None:
        where.append(_owned_by(rows, wanted.owner))
    return where


def _owned_by(rows: Any, owner: str) -> ColumnElement[bool]:
    owned: ColumnElement[bool] = rows.c.actions.contains(literal([{"owner": owner}], JSONB))
    return owned


def _action_to_row(action: Action) -> dict[str, str | None]:
    return {
        "code": action.code,
        "what": action.what,
        "owner": action.owner,
        "due_on": action.due_on.isoformat(),
        "state": action.state.value,
        "result": action.result,
    }


def _action_from_row(kept: Mapping[str, Any]) -> Action:
    return Action(
        code=kept["code"],
        what=kept["what"],
        owner=kept["owner"],
        due_on=date.fromisoformat(kept["due_on"]),
        state=ActionState(kept["state"]),
        result=kept["result"],
    )


def _plan_from_row(row: Row[Any]) -> TargetPlan:
    return TargetPlan(
        subject=Subject(SubjectKind(row.subject_kind), row.subject),
        indicator=row.indicator,
        period=row.period,
        mode=PlanMode(row.mode),
        actions=tuple(_action_from_row(each) for each in row.actions),
        reason=row.reason,
        author=row.author,
        set_at=row.set_at,
        revision=row.revision,
    )
