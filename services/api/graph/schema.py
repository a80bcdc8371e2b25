"""The graph put together: its roots, its limits, and a context of its own for each operation."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Protocol

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext, StreamResult
from strawberry.types.execution import ExecutionContext
from strawberry.types.graphql import OperationType

from services.api.graph.alerts import Alert, alerts, find_alert
from services.api.graph.breakdown import TargetDifference, target_differences
from services.api.graph.cases import Case, cases, find_case
from services.api.graph.context import Asked, GraphContext
from services.api.graph.cycles import Cycle, cycle, cycles, find_cycle
from services.api.graph.employees import Employee, employee, employees, find_employee
from services.api.graph.faults import Masked
from services.api.graph.feeds import Feed, feeds, find_feed
from services.api.graph.indicators import (
    Indicator,
    IndicatorSeries,
    find_indicator,
    indicator_series,
    indicators,
)
from services.api.graph.ladders import (
    Ladder,
    LevelObservation,
    assessments,
    find_ladder,
    ladder,
    ladders,
    observations,
)
from services.api.graph.levels import AssessedLevel
from services.api.graph.limits import Limits
from services.api.graph.nodes import Node
from services.api.graph.pages import Connection
from services.api.graph.reports import Report, report
from services.api.graph.results import Result, find_result, results
from services.api.graph.sales_changes import SalesChange, sales_change
from services.api.graph.scalars import SCALARS
from services.api.graph.schemes import Scheme, find_scheme, schemes
from services.api.graph.scorecards import (
    Scorecard,
    find_scorecard,
    scorecard,
    scorecard_changed,
    scorecards,
)
from services.api.graph.shops import Shop, find_shop, shops
from services.api.graph.surveys import Survey, find_survey, surveys
from services.api.graph.target_plans import TargetPlan, target_plans
from services.api.graph.targets import Target, targets
from services.api.graph.units import Unit, find_unit, units
from services.api.graph.uses import ProposedUse, UseRule, use_rules, uses
from services.api.graph.viewers import Viewer, viewer
from services.schema.ids import IdKind, is_id

Finder = Callable[[GraphContext, str], Awaitable[Node | None]]
_BY_CODE: dict[str, Finder] = {
    "employee": find_employee,
    "unit": find_unit,
    "shop": find_shop,
    "indicator": find_indicator,
    "scheme": find_scheme,
    "cycle": find_cycle,
    "ladder": find_ladder,
    "survey": find_survey,
}
_BY_ID: dict[IdKind, Finder] = {
    IdKind.FEED: find_feed,
    IdKind.SCORECARD: find_scorecard,
    IdKind.RESULT: find_result,
    IdKind.ALERT: find_alert,
    IdKind.CASE: find_case,
}


async def node(info: Asked, id: strawberry.ID) -> Node | None:
    """Anything that has an id, by its id alone; null where the caller sees no such thing."""
    text = str(id)
    kind, _, code = text.partition(":")
    if kind in _BY_CODE:
        return await _BY_CODE[kind](info.context, code)
    find = next((find for kind, find in _BY_ID.items() if is_id(kind, text)), None)
    return await find(info.context, text) if find else None


def _root(resolver: Callable[..., object]) -> Any:
    """A root described by its resolver's own docstring.

    Roots are nullable: what one of them refuses does not take the others with it.
    """
    return strawberry.field(resolver=resolver, description=resolver.__doc__)


@strawberry.type(description="What can be read; nothing is written here.")
class Query:
    node: Node | None = _root(node)
    viewer: Viewer | None = _root(viewer)
    employees: Connection[Employee] | None = _root(employees)
    employee: Employee | None = _root(employee)
    units: Connection[Unit] | None = _root(units)
    shops: Connection[Shop] | None = _root(shops)
    indicators: Connection[Indicator] | None = _root(indicators)
    schemes: Connection[Scheme] | None = _root(schemes)
    targets: Connection[Target] | None = _root(targets)
    target_differences: list[TargetDifference] | None = _root(target_differences)
    target_plans: Connection[TargetPlan] | None = _root(target_plans)
    feeds: Connection[Feed] | None = _root(feeds)
    cycles: Connection[Cycle] | None = _root(cycles)
    cycle: Cycle | None = _root(cycle)
    scorecards: Connection[Scorecard] | None = _root(scorecards)
    scorecard: Scorecard | None = _root(scorecard)
    results: Connection[Result] | None = _root(results)
    ladders: Connection[Ladder] | None = _root(ladders)
    ladder: Ladder | None = _root(ladder)
    assessments: Connection[AssessedLevel] | None = _root(assessments)
    observations: Connection[LevelObservation] | None = _root(observations)
    indicator_series: IndicatorSeries | None = _root(indicator_series)
    alerts: Connection[Alert] | None = _root(alerts)
    surveys: Connection[Survey] | None = _root(surveys)
    cases: Connection[Case] | None = _root(cases)
    use_rules: Connection[UseRule] | None = _root(use_rules)
    uses: Connection[ProposedUse] | None = _root(uses)
    report: Report | None = _root(report)
    sales_change: SalesChange | None = _root(sales_change)


@strawberry.type(description="What can be followed, over graphql-transport-ws.")
class Subscription:
    scorecard_changed: AsyncGenerator[Scorecard, None] = strawberry.subscription(
        resolver=scorecard_changed, description=scorecard_changed.__doc__
    )


class Socket(Protocol):
    """Whoever has signed in to a socket."""

    def begin(self) -> GraphContext: ...


class _Unsuggesting(StrawberryGraphQLCoreExecutionContext):
    """Says of a wrong word no more than that: what else might have been meant is not looked for.

    To look for it falls over words that have more letters in lower case.
    """

    @classmethod
    def build(cls, *args: Any, **options: Any) -> Any:
        """What runs one operation, or why it cannot be run."""
        return super().build(*args, **{**options, "hide_suggestions": True})


class GraphSchema(strawberry.Schema):
    """Executes queries, streams subscriptions, and leaves errors to whoever masks them."""

    async def stream(self, query: str | None, *args: Any, **asked: Any) -> StreamResult:
        """A subscription and nothing else, in a context of its own."""
        socket: Socket = asked["context_value"]
        asked |= {
            "context_value": socket.begin(),
            "allowed_operation_types": {OperationType.SUBSCRIPTION},
        }
        return await super().stream(query, *args, **asked)

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Nothing: `faults` writes what is ours."""


schema = GraphSchema(
    Query,
    subscription=Subscription,
    extensions=[Limits, Masked],
    execution_context_class=_Unsuggesting,
    config=StrawberryConfig(scalar_map=SCALARS),
)
