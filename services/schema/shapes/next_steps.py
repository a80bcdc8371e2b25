"""Next steps: what would raise a scorecard, how far it is, and where each line's pace leads."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from services.schema.shapes.schemes import Grade
from services.schema.shapes.scorecards import GateBite, Line
from services.schema.words import IndicatorUnit


class StepKind(StrEnum):
    """What stands where a rule gives a better score."""

    FLOOR = "floor"
    """The score begins to rise here."""
    TARGET = "target"
    CAP = "cap"
    STEP = "step"
    POINT = "point"
    OCCURRENCE = "occurrence"
    """One fewer."""
    FREE = "free"
    """No more than are free."""
    BOUND = "bound"
    BEHAVIOUR = "behaviour"
    LEVEL = "level"
    MARK = "mark"
    """The full mark, where people give any."""


class NoStep(StrEnum):
    """Why a line has no next step."""

    NO_DATA = "no_data"
    NO_TARGET = "no_target"
    BEST = "best"
    """Nothing higher is to be had."""


class PaceOf(StrEnum):
    """How a value goes on: more with every day, or as it is."""

    SUM = "sum"
    MEAN = "mean"


class NoPace(StrEnum):
    """Why a line has no pace."""

    OVER = "over"
    """Its days are past, or the cycle is no longer open."""
    TOO_FEW_DAYS = "too_few_days"
    POSTED = "posted"
    """No measure gives it day by day."""
    NOT_BY_DAYS = "not_by_days"
    """Its days do not make it up: people counted once, the last of a period, a look back."""
    NO_DATA = "no_data"
    RATED = "rated"


@dataclass(frozen=True, slots=True)
class Reached:
    """What a card comes to where one line stands otherwise."""

    score: Decimal
    points: Decimal
    gain: Decimal
    """Points of the line more than now."""
    total: Decimal | None
    """Null where the card has none: another line waits to be supplied."""
    total_gain: Decimal | None
    grade: str | None


@dataclass(frozen=True, slots=True)
class Need:
    """A condition of a rubric's level that does not hold yet."""

    indicator: str
    value: Decimal | None
    """Which value it takes; null where nothing says so, for want of a target."""
    distance: Decimal | None
    percent: Decimal | None


@dataclass(frozen=True, slots=True)
class NextStep:
    """A better score that the rule gives, and how far it is from here."""

    kind: StepKind
    number: int | None
    """Which step, point, behaviour or level, counted from 1."""
    value: Decimal | None
    """Of the indicator, in its own unit; null where people rate."""
    attainment: Decimal | None
    distance: Decimal | None
    """How much more of the indicator it takes; below zero where lower is better."""
    percent: Decimal | None
    """The same in percent of the present value, or of the value to reach where that is zero."""
    needs: tuple[Need, ...]
    reached: Reached
    effect: Decimal | None
    """What a percent of distance gives on the way: of the total, or of the line where there is
    none; null where the distance has no percent."""


@dataclass(frozen=True, slots=True)
class Alone:
    """What one line must come to, so that the card reaches a grade while all else stays."""

    value: Decimal
    distance: Decimal
    percent: Decimal | None


@dataclass(frozen=True, slots=True)
class Pace:
    """Where a line's value is on its way to, if the days to come are like those that were."""

    of: PaceOf
    start: date
    after: date
    """The days counted so far: from `start` until before `after`, whole ones only."""
    parts: int
    """Days, or stretches of seven, whose spread gives the range."""
    part_days: int
    weight: Decimal
    of_weight: Decimal
    """What the days counted so far weigh of those of the segment, by the target calendar."""
    counted: Decimal
    """The value over the days counted so far."""
    forecast: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class LineSteps:
    """A line, and all that would raise it; the nearest step first."""

    segment: int
    line: Line
    unit: IndicatorUnit | None
    """Null where people rate."""
    over: bool
    """Whether its days are past: nothing but a correction can raise it."""
    reason: NoStep | None
    points_per_unit: Fraction | None
    """What a unit better gives here, exactly; 0 on a level stretch of the rule."""
    points_per_percent: Fraction | None
    """The same for a percent of the present value."""
    steps: tuple[NextStep, ...]
    alone: Alone | None
    """For the next grade; null where this line cannot lift the card there."""
    pace: Pace | NoPace
    expected: "tuple[Reached, Reached, Reached] | None"
    """At the forecast, at the worse end of its range and at the better one."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Total and grade of the whole card at some ends of all lines."""

    total: Decimal
    grade: str | None


@dataclass(frozen=True, slots=True)
class NextSteps:
    """All that would raise a card."""

    day: date | None
    """Today, where the cycle is open and its days are not over; what is counted ends before it."""
    total: Decimal | None
    grade: Grade | None
    band: Grade | None
    next_grade: Grade | None
    to_next: Decimal | None
    """Points that the total lacks."""
    spare: Decimal | None
    """Points that the total may lose and keep its band; null at the lowest."""
    held_by: tuple[tuple[int, GateBite], ...]
    """Gates that bite, each with its segment."""
    lines: tuple[LineSteps, ...]
    effort: tuple[tuple[int, str, int], ...]
    """Segment, item and place of the step that gives most for its distance; the best line first."""
    expected: tuple[Expected, Expected, Expected] | None
    """At all forecasts, all worse ends and all better ends; null without any pace or a total."""
