"""Graph of next steps: what would raise a scorecard, as REST tells it."""

import strawberry

from services.api.graph.context import GraphContext
from services.api.graph.documents import parse, read_document
from services.api.graph.scalars import DayText, DecimalText
from services.api.graph.schemes import GateCondition, GateEffect, Name
from services.schema.shapes.next_steps import NoPace, NoStep, PaceOf, StepKind
from services.schema.words import IndicatorUnit, ScorecardStatus

for _word in (NoPace, NoStep, PaceOf, StepKind):
    strawberry.enum(_word, description=_word.__doc__)


@strawberry.type(description="What a card comes to where one line stands otherwise.")
class ReachedScore:
    score: DecimalText
    points: DecimalText
    gain: DecimalText = strawberry.field(description="Points of the line more than now.")
    total: DecimalText | None
    total_gain: DecimalText | None
    grade: str | None


@strawberry.type(description="A condition of a rubric's level that does not hold yet.")
class StepNeed:
    indicator: str
    value: DecimalText | None
    distance: DecimalText | None
    percent: DecimalText | None


@strawberry.type(description="A better score that a rule gives, how far it is, what it gives.")
class NextStep:
    kind: StepKind
    number: int | None
    value: DecimalText | None
    attainment: DecimalText | None
    distance: DecimalText | None = strawberry.field(description="Below zero where lower is better.")
    percent: DecimalText | None
    needs: list[StepNeed]
    score: DecimalText
    points: DecimalText
    gain: DecimalText
    total: DecimalText | None
    total_gain: DecimalText | None
    grade: str | None
    effect: DecimalText | None = strawberry.field(
        description="Points of the total for each percent of the distance."
    )
    words: Name


@strawberry.type(description="What one line must come to for the next grade by itself.")
class AloneStep:
    value: DecimalText
    distance: DecimalText
    percent: DecimalText | None
    words: Name


@strawberry.type(description="Where a value is on its way to, if days go on as they were.")
class LinePace:
    no_pace: NoPace | None
    of: PaceOf | None
    from_: DayText | None = strawberry.field(name="from")
    to: DayText | None
    parts: int | None
    part_days: int | None
    weight: DecimalText | None
    of_weight: DecimalText | None
    counted: DecimalText | None
    forecast: DecimalText | None
    low: DecimalText | None
    high: DecimalText | None
    words: Name


@strawberry.type(description="A line at its forecast and at both ends of its range.")
class ReachedEnds:
    forecast: ReachedScore
    worse: ReachedScore
    better: ReachedScore


@strawberry.type(description="A line and all that would raise it, the nearest step first.")
class LineSteps:
    segment: int
    section: str
    item: str
    indicator: str | None
    unit: IndicatorUnit | None
    over: bool
    value: DecimalText | None
    target: DecimalText | None
    attainment: DecimalText | None
    score: DecimalText | None
    weight: DecimalText
    points: DecimalText | None
    reason: NoStep | None
    points_per_unit: DecimalText | None
    points_per_unit_exactly: str | None
    points_per_percent: DecimalText | None
    steps: list[NextStep]
    alone: AloneStep | None
    pace: LinePace
    expected: ReachedEnds | None


@strawberry.type(description="A grade, and the points between it and the total.")
class GradeDistance:
    grade: str
    from_: DecimalText = strawberry.field(name="from")
    points: DecimalText | None


@strawberry.type(description="A gate that bites, and so may hold the total or grade down.")
class HoldingGate:
    segment: int
    when: GateCondition
    then: GateEffect
    actual: DecimalText


@strawberry.type(description="A line's step that gives most for a percent of distance.")
class StepEffort:
    segment: int
    item: str
    step: int = strawberry.field(description="Its place among the line's steps, from 0.")


@strawberry.type(description="What a card would come to.")
class ExpectedTotal:
    total: DecimalText
    grade: str | None


@strawberry.type(description="A card with all lines at their forecasts, and at their ends.")
class ExpectedEnds:
    forecast: ExpectedTotal
    worse: ExpectedTotal
    better: ExpectedTotal


@strawberry.type(description="All that would raise a scorecard, as of a day.")
class NextSteps:
    scorecard: str
    cycle: str
    subject: str
    revision: int
    status: ScorecardStatus
    fingerprint: str
    day: DayText | None
    total: DecimalText | None
    grade: str | None
    words: Name
    next_grade: GradeDistance | None
    keep_grade: GradeDistance | None
    gates: list[HoldingGate]
    lines: list[LineSteps]
    effort: list[StepEffort]
    expected: ExpectedEnds | None


async def next_steps_of_card(context: GraphContext, card_id: str) -> NextSteps | None:
    """The next steps of a card that the caller sees already."""
    context.authorize("REST GET /v1/scorecards/{id}/next-steps")
    await context.settle()
    document = await context.loaders.next_steps_by_card.load(card_id)
    return None if document is None else read_document(NextSteps, parse(document))
