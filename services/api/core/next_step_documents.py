"""How next steps are written, with a sentence in both languages for each."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from services.api.core.documents import plain_or_null
from services.api.core.names import name_to_wire
from services.api.core.next_step_words import alone_words, card_words, pace_words, step_words
from services.api.core.schemes import gate_to_wire
from services.schema.money import SCORE_PLACES, TOTAL_PLACES, fixed, plain, round_half_up
from services.schema.shapes.next_steps import (
    Alone,
    Expected,
    LineSteps,
    Need,
    NextStep,
    NextSteps,
    Pace,
    Reached,
)
from services.schema.shapes.schemes import Grade, Name

SLOPE_PLACES = 12
"""Decimals of points per unit: of money a unit gives little. The fraction beside it is exact."""
Names = Mapping[str, Name]
"""What indicators are called."""
Document = dict[str, object]
Shown = TypeVar("Shown")


def next_steps_document(head: Mapping[str, object], steps: NextSteps, names: Names) -> Document:
    """The next steps of the card that `head` names."""
    return {
        **head,
        "day": None if steps.day is None else steps.day.isoformat(),
        "total": _total(steps.total),
        "grade": None if steps.grade is None else steps.grade.grade,
        "words": name_to_wire(card_words(steps)),
        "next_grade": _grade(steps.next_grade, steps.to_next),
        "keep_grade": _grade(steps.band, steps.spare),
        "gates": [
            {"segment": number, **gate_to_wire(bite.gate), "actual": plain(bite.actual)}
            for number, bite in steps.held_by
        ],
        "lines": [_line(line, names) for line in steps.lines],
        "effort": [
            {"segment": segment, "item": item, "step": step} for segment, item, step in steps.effort
        ],
        "expected": None if steps.expected is None else _ends(steps.expected, _card),
    }


def _line(line: LineSteps, names: Names) -> Document:
    own = line.line
    slope = line.points_per_unit
    return {
        "segment": line.segment,
        "section": own.section,
        "item": own.item,
        "indicator": own.indicator,
        "unit": line.unit,
        "over": line.over,
        "value": plain_or_null(own.value),
        "target": plain_or_null(own.target),
        "attainment": plain_or_null(own.attainment),
        "score": plain_or_null(own.score),
        "weight": plain(own.weight),
        "points": plain_or_null(own.points),
        "reason": line.reason,
        "points_per_unit": _rounded(slope, SLOPE_PLACES),
        "points_per_unit_exactly": None if slope is None else str(slope),
        "points_per_percent": _rounded(line.points_per_percent, SCORE_PLACES),
        "steps": [_step(step, line, names) for step in line.steps],
        "alone": None if line.alone is None else _alone(line.alone, line, names),
        "pace": _pace(line),
        "expected": None if line.expected is None else _ends(line.expected, _reached),
    }


def _step(step: NextStep, line: LineSteps, names: Names) -> Document:
    return {
        "kind": step.kind,
        "number": step.number,
        "value": plain_or_null(step.value),
        "attainment": plain_or_null(step.attainment),
        "distance": plain_or_null(step.distance),
        "percent": plain_or_null(step.percent),
        "needs": [_need(need) for need in step.needs],
        **_reached(step.reached),
        "effect": plain_or_null(step.effect),
        "words": name_to_wire(step_words(step, line, names)),
    }


def _need(need: Need) -> Document:
    return {
        "indicator": need.indicator,
        "value": plain_or_null(need.value),
        "distance": plain_or_null(need.distance),
        "percent": plain_or_null(need.percent),
    }


def _reached(reached: Reached) -> Document:
    return {
        "score": plain(reached.score),
        "points": plain(reached.points),
        "gain": plain(reached.gain),
        "total": _total(reached.total),
        "total_gain": _total(reached.total_gain),
        "grade": reached.grade,
    }


def _alone(alone: Alone, line: LineSteps, names: Names) -> Document:
    return {
        "value": plain(alone.value),
        "distance": plain(alone.distance),
        "percent": plain_or_null(alone.percent),
        "words": name_to_wire(alone_words(alone, line, names)),
    }


def _pace(line: LineSteps) -> Document:
    pace = line.pace
    words = {"words": name_to_wire(pace_words(line))}
    if not isinstance(pace, Pace):
        return {"no_pace": pace, **dict.fromkeys(_PACE), **words}
    return {
        "no_pace": None,
        "of": pace.of,
        "from": pace.start.isoformat(),
        "to": pace.after.isoformat(),
        "parts": pace.parts,
        "part_days": pace.part_days,
        "weight": plain(pace.weight),
        "of_weight": plain(pace.of_weight),
        "counted": plain(pace.counted),
        "forecast": plain(pace.forecast),
        "low": plain(pace.low),
        "high": plain(pace.high),
        **words,
    }


_PACE = (
    "of", "from", "to", "parts", "part_days", "weight", "of_weight", "counted", "forecast", "low",
    "high",
)  # fmt: skip


def _grade(grade: Grade | None, points: Decimal | None) -> Document | None:
    if grade is None:
        return None
    return {"grade": grade.grade, "from": plain(grade.start), "points": _total(points)}


def _ends(ends: tuple[Shown, Shown, Shown], write: Callable[[Shown], Document]) -> Document:
    forecast, worse, better = ends
    return {"forecast": write(forecast), "worse": write(worse), "better": write(better)}


def _card(expected: Expected) -> Document:
    return {"total": fixed(expected.total, TOTAL_PLACES), "grade": expected.grade}


def _total(value: Decimal | None) -> str | None:
    return None if value is None else fixed(value, TOTAL_PLACES)


def _rounded(value: Fraction | None, places: int) -> str | None:
    return None if value is None else plain(round_half_up(value, places))
