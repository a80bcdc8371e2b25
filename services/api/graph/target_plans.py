"""Graph of plans of targets: who does what for a target by when, and what came of it."""

import strawberry

from services.api.core.target_plans import shown_plan
from services.api.graph.arguments import subject_of
from services.api.graph.authors import WHO, name_author
from services.api.graph.context import Asked
from services.api.graph.pages import USUAL, After, Connection, First, listing
from services.api.graph.scalars import DayText, InstantText, day_text, instant_text
from services.api.store.target_plans import PlanFilter, read_page_of_plans
from services.schema.days import local_day
from services.schema.shapes import target_plans as shapes

for _word in (shapes.PlanMode, shapes.ActionState):
    strawberry.enum(_word, description=_word.__doc__)


@strawberry.type(description="Something that somebody does for a target.")
class TargetAction:
    code: str
    what: str
    owner: str
    due_on: DayText
    state: shapes.ActionState
    result: str | None
    overdue: bool = strawberry.field(description="Neither done nor given up after its day.")


@strawberry.type(description="A plan as it was put or reported on; the highest revision holds.")
class TargetPlan:
    subject: str
    indicator: str
    period: str
    mode: shapes.PlanMode
    actions: list[TargetAction]
    complete: bool = strawberry.field(description="Whether all actions are shown.")
    reason: str | None
    author: str
    author_name: str | None = strawberry.field(resolver=name_author, description=WHO)
    set_at: InstantText
    revision: int

    @classmethod
    def from_shape(cls, shown: shapes.ShownPlan) -> "TargetPlan":
        plan = shown.plan
        return cls(
            subject=str(plan.subject),
            indicator=plan.indicator,
            period=plan.period,
            mode=plan.mode,
            actions=[
                TargetAction(
                    code=each.code,
                    what=each.what,
                    owner=each.owner,
                    due_on=day_text(each.due_on),
                    state=each.state,
                    result=each.result,
                    overdue=each.code in shown.overdue,
                )
                for each in plan.actions
            ],
            complete=shown.complete,
            reason=plan.reason,
            author=plan.author,
            set_at=instant_text(plan.set_at),
            revision=plan.revision,
        )


async def target_plans(
    info: Asked,
    *,
    subject: str | None = None,
    indicator: str | None = None,
    period: str | None = None,
    owner: str | None = None,
    history: bool = False,
    first: First = USUAL,
    after: After = None,
) -> Connection[TargetPlan]:
    """The plans in force that the caller sees, with `history` also those that they replaced."""
    context = info.context
    context.authorize("REST GET /v1/target-plans")
    view, tenant = await context.view(), await context.tenant()
    page = listing(context, "targetPlans", first, after, length=5)
    last = page.after
    place = (last[0], last[1], last[2], last[3], int(last[4])) if last else None
    wanted = PlanFilter(
        subjects=view.subjects(),
        or_owner=view.own,
        subject=None if subject is None else subject_of(subject),
        indicator=indicator,
        period=period,
        owner=owner,
        history=history,
    )
    async with context.read() as session:
        found, total = await read_page_of_plans(session, wanted, after=place, limit=page.limit)
    today = local_day(context.at, tenant.timezone)

    def node(plan: shapes.TargetPlan) -> TargetPlan:
        shown = shown_plan(plan, view, today)
        assert shown is not None, "the list holds only what is seen"
        return TargetPlan.from_shape(shown)

    return page.show(found, total, node=node, place=_place)


def _place(plan: shapes.TargetPlan) -> list[str]:
    subject = plan.subject
    return [subject.kind.value, subject.code, plan.indicator, plan.period, str(plan.revision)]
