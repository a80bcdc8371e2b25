"""Every reason against an item or its rule before it may score anybody, with its place."""

from collections.abc import Collection, Iterator
from decimal import Decimal

from services.api.core.faults import items_of, unknown_indicator
from services.api.core.outcomes import levels_needed
from services.api.core.rating_faults import faults_of_ladder, faults_of_rating, faults_of_rubric
from services.api.core.rules import cap_of
from services.schema.errors import Fault
from services.schema.shapes.schemes import (
    Curve,
    Deduct,
    Item,
    Ladder,
    Pass,
    Rating,
    Ratio,
    Rubric,
    Rule,
    Scheme,
    Step,
    Steps,
)
from services.schema.words import TargetKind, TargetLevel


def faults_of_items(scheme: Scheme, known_indicators: Collection[str]) -> Iterator[Fault]:
    if scheme.full_mark <= 0:
        yield Fault("/full_mark", "full_mark_not_positive", "A full mark is above 0.")
    for pointer, item in items_of(scheme):
        if item.full_mark is not None and item.full_mark <= 0:
            detail = "A full mark is above 0."
            yield Fault(f"{pointer}/full_mark", "full_mark_not_positive", detail)
        if item.indicator is not None and item.indicator not in known_indicators:
            yield unknown_indicator(f"{pointer}/indicator", item.indicator)
        yield from _faults_of_target(f"{pointer}/target", item)
        full_mark = scheme.full_mark if item.full_mark is None else item.full_mark
        yield from _faults_of_rule(f"{pointer}/rule", item.rule, full_mark)
        if isinstance(item.rule, Rubric):
            yield from _faults_of_named(f"{pointer}/rule", item.rule, known_indicators)


def _faults_of_target(pointer: str, item: Item) -> Iterator[Fault]:
    """A rule of attainment needs a target at every level that it names."""
    target, levels = item.target, levels_needed(item)
    if not levels or (target is not None and target.kind is TargetKind.SET):
        return
    if target is None:
        detail = f"The rule of {item.code} is held against a target, and it has none."
        yield Fault(pointer, "target_missing", detail)
        return
    fixed = {TargetLevel.BUDGET: target.value, TargetLevel.CHALLENGE: target.challenge}
    for level in sorted(levels):
        if not fixed[level]:
            detail = f"The fixed target of {item.code} has no {level} level to be held against."
            yield Fault(pointer, "target_missing", detail)


def _faults_of_rule(pointer: str, rule: Rule, full_mark: Decimal) -> Iterator[Fault]:
    match rule:
        case Ratio():
            yield from _faults_of_ratio(pointer, rule, full_mark)
        case Steps():
            yield from _faults_of_steps(pointer, rule)
        case Curve():
            yield from _faults_of_curve(pointer, rule)
        case Deduct():
            yield from _faults_of_deduct(pointer, rule, full_mark)
        case Pass():
            return
        case Rating():
            yield from faults_of_rating(pointer, rule, full_mark)
        case Ladder():
            yield from faults_of_ladder(pointer, rule, full_mark)
        case Rubric():
            yield from faults_of_rubric(pointer, rule, full_mark)


def _faults_of_ratio(pointer: str, rule: Ratio, full_mark: Decimal) -> Iterator[Fault]:
    if not 0 <= rule.floor < cap_of(rule, full_mark):
        detail = "A floor is from 0 up and below the cap."
        yield Fault(f"{pointer}/floor", "floor_above_cap", detail)


def _faults_of_steps(pointer: str, rule: Steps) -> Iterator[Fault]:
    """Each step must catch something that none before it does, without a hole between them."""
    if not rule.steps:
        yield Fault(f"{pointer}/steps", "steps_missing", "The rule needs a step.")
    reached: dict[TargetLevel, _Reached] = {}
    for index, step in enumerate(rule.steps):
        if step.score < 0:
            yield Fault(f"{pointer}/steps/{index}/score", "score_negative", "A score is from 0 up.")
        before = reached.setdefault(step.level, _Reached())
        if not before.extend(step):
            detail = f"Step {index + 1} is never reached: those before it take all that it would."
            yield Fault(f"{pointer}/steps/{index}", "step_unreachable", detail)
    for span in reached.values():
        if span.has_hole:
            detail = f"No step holds between {span.top} and {span.bottom}."
            yield Fault(f"{pointer}/steps", "steps_gap", detail)


class _Reached:
    """What the steps of one level hold so far: all up to `top`, and all from `bottom` on."""

    def __init__(self) -> None:
        self.top: Decimal | None = None
        self.bottom: Decimal | None = None

    def extend(self, step: Step) -> bool:
        """Whether the step holds where none before it did."""
        if self.top is not None and self.bottom is not None and self.top >= self.bottom:
            return False
        if step.at_least is not None:
            if self.bottom is not None and step.at_least >= self.bottom:
                return False
            self.bottom = step.at_least
        elif step.at_most is not None:
            if self.top is not None and step.at_most <= self.top:
                return False
            self.top = step.at_most
        return True

    @property
    def has_hole(self) -> bool:
        return self.top is not None and self.bottom is not None and self.top < self.bottom


def _faults_of_curve(pointer: str, rule: Curve) -> Iterator[Fault]:
    if len(rule.points) < 2:
        yield Fault(f"{pointer}/points", "points_missing", "A curve needs two points or more.")
    for index, (_, score) in enumerate(rule.points):
        if score < 0:
            yield Fault(f"{pointer}/points/{index}/1", "score_negative", "A score is from 0 up.")
        if index and rule.points[index - 1][0] >= rule.points[index][0]:
            detail = "Each point lies to the right of the one before it."
            yield Fault(f"{pointer}/points/{index}/0", "points_unordered", detail)


def _faults_of_deduct(pointer: str, rule: Deduct, full_mark: Decimal) -> Iterator[Fault]:
    if rule.per_occurrence <= 0:
        detail = "What an occurrence costs is above 0."
        yield Fault(f"{pointer}/per_occurrence", "deduction_not_positive", detail)
    if rule.free < 0:
        yield Fault(f"{pointer}/free", "free_negative", "Free occurrences are from 0 up.")
    if not 0 <= rule.floor < full_mark:
        detail = "A floor is from 0 up and below the full mark."
        yield Fault(f"{pointer}/floor", "floor_above_cap", detail)


def _faults_of_named(
    pointer: str, rule: Rubric, known_indicators: Collection[str]
) -> Iterator[Fault]:
    """A rubric may name indicators besides the item's own."""
    for at, level in enumerate(rule.levels):
        for index, condition in enumerate(level.conditions):
            if condition.indicator not in known_indicators:
                place = f"{pointer}/levels/{at}/{level.quantifier}/{index}/indicator"
                yield unknown_indicator(place, condition.indicator)
