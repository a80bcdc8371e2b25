"""REST of next steps: what would raise a scorecard, how far it is, and where its pace leads."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request, Response
from pydantic import Field

from services.api.flows.next_steps import next_steps_documents
from services.api.rest.scheme_documents import ConditionDocument, EffectDocument, NameDocument
from services.api.rest.scorecard_documents import Day, Fingerprint, Number
from services.api.rest.scorecards import CardId, find_visible
from services.api.rest.settled import new_settled_router
from services.door.etags import tagged
from services.door.routes import Asking, Reading
from services.door.wire import Code, DecimalText, Model
from services.schema.shapes.next_steps import NoPace, NoStep, PaceOf, StepKind
from services.schema.words import IndicatorUnit, ScorecardStatus

router = new_settled_router()


class ReachedDocument(Model):
    """What a card comes to where one line stands otherwise."""

    score: DecimalText
    points: DecimalText
    gain: DecimalText
    """Points of the line more than now."""
    total: DecimalText | None
    total_gain: DecimalText | None
    grade: str | None


class NeedDocument(Model):
    """A condition of a rubric's level that does not hold yet."""

    indicator: Code
    value: DecimalText | None
    distance: DecimalText | None
    percent: DecimalText | None


class NextStepDocument(ReachedDocument):
    """A better score that the rule gives, how far it is and what it gives."""

    kind: StepKind
    number: int | None
    """Which step, point, behaviour or level, counted from 1."""
    value: DecimalText | None
    """To reach, in the indicator's own unit; null where people rate."""
    attainment: DecimalText | None
    distance: DecimalText | None
    """Below zero where lower is better."""
    percent: DecimalText | None
    """The distance in percent of the present value; of the value to reach where that is zero."""
    needs: list[NeedDocument]
    """Of a rubric's level: what does not hold yet."""
    effect: DecimalText | None
    """Points of the total for each percent of the distance."""
    words: NameDocument


class AloneDocument(Model):
    """What one line must come to for the next grade, while all else stays."""

    value: DecimalText
    distance: DecimalText
    percent: DecimalText | None
    words: NameDocument


class PaceDocument(Model):
    """Where a value is on its way to, if the days to come are like those that were."""

    no_pace: NoPace | None
    """Why there is none; then all but `words` is null."""
    of: PaceOf | None
    from_: Annotated[Day | None, Field(alias="from")]
    to: Day | None
    """Whole days are counted until before this one."""
    parts: int | None
    part_days: int | None
    weight: DecimalText | None
    """What the days counted so far weigh by the target calendar, of all days of the segment."""
    of_weight: DecimalText | None
    counted: DecimalText | None
    forecast: DecimalText | None
    low: DecimalText | None
    high: DecimalText | None
    """Between these about four of five ends fall (`docs/next-steps.md`)."""
    words: NameDocument


class ReachedEndsDocument(Model):
    """A line at its forecast and at both ends of its range."""

    forecast: ReachedDocument
    worse: ReachedDocument
    better: ReachedDocument


class LineStepsDocument(Model):
    """A line and all that would raise it, the nearest step first."""

    segment: Number
    section: Code
    item: Code
    indicator: Code | None
    unit: IndicatorUnit | None
    over: bool
    """Whether its days are past."""
    value: DecimalText | None
    target: DecimalText | None
    attainment: DecimalText | None
    score: DecimalText | None
    weight: DecimalText
    points: DecimalText | None
    reason: NoStep | None
    """Why there is no step."""
    points_per_unit: DecimalText | None
    """What a unit better gives from here, at 12 decimals; 0 on a level stretch of the rule."""
    points_per_unit_exactly: Annotated[str | None, Field(examples=["6/1234"])]
    points_per_percent: DecimalText | None
    """The same for a percent of the present value."""
    steps: list[NextStepDocument]
    alone: AloneDocument | None
    pace: PaceDocument
    expected: ReachedEndsDocument | None


class GradeDistanceDocument(Model):
    """A grade, and the points between it and the total."""

    grade: str
    from_: Annotated[DecimalText, Field(alias="from")]
    points: DecimalText | None


class HoldingGateDocument(Model):
    """A gate that bites, and so may hold the total or the grade down."""

    segment: Number
    when: ConditionDocument
    then: EffectDocument
    actual: DecimalText


class EffortDocument(Model):
    """A line's step that gives most for a percent of distance."""

    segment: Number
    item: Code
    step: Annotated[int, Field(ge=0)]
    """Its place among the steps of the line, from 0."""


class ExpectedDocument(Model):
    """What the card would come to."""

    total: DecimalText
    grade: str | None


class ExpectedEndsDocument(Model):
    """The card with all lines at their forecasts, worse ends and better ends."""

    forecast: ExpectedDocument
    worse: ExpectedDocument
    better: ExpectedDocument


class NextStepsDocument(Model):
    """All that would raise a scorecard, as of a day."""

    scorecard: str
    cycle: Code
    subject: str
    revision: int
    status: ScorecardStatus
    fingerprint: Fingerprint
    day: Day | None
    """Today by the cycle's zone; null once nothing more can be done."""
    total: DecimalText | None
    grade: str | None
    words: NameDocument
    next_grade: GradeDistanceDocument | None
    """The band above that of the total, and the points that lack."""
    keep_grade: GradeDistanceDocument | None
    """The band of the total, and the points that may be lost; null at the lowest."""
    gates: list[HoldingGateDocument]
    lines: list[LineStepsDocument]
    effort: list[EffortDocument]
    """Lines by what a percent of distance gives, most first."""
    expected: ExpectedEndsDocument | None


@router.get("/v1/scorecards/{id}/next-steps", response_model=NextStepsDocument)
async def get_next_steps(
    request: Request, id: CardId, caller: Asking, session: Reading
) -> Response:
    """What would raise the scorecard: distances, what they give, and where the pace leads.

    How each figure is found, and what the range of a forecast takes for granted, is told in
    `docs/next-steps.md`.
    """
    at = datetime.now(UTC)
    card = await find_visible(session, id, caller, at=at)
    return tagged(request, (await next_steps_documents(session, [card], at=at))[card.id])
