"""Every reason against a rule that describes levels: ratings and ladders of people, and rubrics."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from services.api.core.faults import faults_of_sum, repeated
from services.schema.errors import Fault
from services.schema.money import plain
from services.schema.shapes.schemes import Ladder, MarkScale, Rating, Rubric


def faults_of_rating(pointer: str, rule: Rating, full_mark: Decimal) -> Iterator[Fault]:
    raters = f"{pointer}/raters"
    if not rule.raters:
        yield Fault(raters, "raters_missing", "A rating needs a rater.")
    else:
        yield from faults_of_sum(raters, [rater.weight for rater in rule.raters], "The raters")
    for role in repeated([rater.role.value for rater in rule.raters]):
        yield Fault(raters, "rater_repeated", f"The rater {role} stands there twice.")
    levels = [level.mark for level in rule.levels]
    places = [f"{pointer}/levels/{at}/mark" for at in range(len(levels))]
    yield from _faults_of_marks(places, levels, full_mark)
    for place, (before, mark) in zip(places[1:], pairwise(levels), strict=True):
        if mark >= before:
            detail = "Each level has a lower mark than the one before it."
            yield Fault(place, "levels_unordered", detail)
    if rule.marks is None:
        return
    if rule.levels:
        detail = "A rating has levels to pick from or a scale of marks, not both."
        yield Fault(f"{pointer}/marks", "marks_and_levels", detail)
    yield from _faults_of_scale(f"{pointer}/marks", rule.marks, full_mark)


def faults_of_ladder(pointer: str, rule: Ladder, full_mark: Decimal) -> Iterator[Fault]:
    if not rule.behaviours:
        yield Fault(f"{pointer}/behaviours", "behaviours_missing", "A ladder needs a behaviour.")
    if len(rule.marks) != len(rule.behaviours):
        detail = (
            f"A ladder has a mark for each behaviour:"
            f" {len(rule.behaviours)}, not {len(rule.marks)}."
        )
        yield Fault(f"{pointer}/marks", "marks_not_as_many", detail)
    places = [f"{pointer}/marks/{at}" for at in range(len(rule.marks))]
    yield from _faults_of_marks(places, rule.marks, full_mark)
    for place, (before, mark) in zip(places[1:], pairwise(rule.marks), strict=False):
        if mark <= before:
            detail = "Each behaviour has a higher mark than the one before it."
            yield Fault(place, "marks_unordered", detail)


def faults_of_rubric(pointer: str, rule: Rubric, full_mark: Decimal) -> Iterator[Fault]:
    """Which indicators there are is not of this: `rule_faults` knows."""
    if not rule.levels:
        yield Fault(f"{pointer}/levels", "levels_missing", "A rubric needs a level.")
    for at, level in enumerate(rule.levels):
        place = f"{pointer}/levels/{at}"
        if not level.conditions:
            detail = "A level needs a condition; what holds otherwise gives 0."
            yield Fault(f"{place}/{level.quantifier}", "conditions_missing", detail)
        if level.low == level.high:
            yield from _faults_of_marks([f"{place}/score"], [level.low], full_mark)
            continue
        ends = [level.low, level.high]
        yield from _faults_of_marks([f"{place}/range/0", f"{place}/range/1"], ends, full_mark)
        if level.low > level.high:
            detail = "A range begins with its low end."
            yield Fault(f"{place}/range", "range_unordered", detail)


def _faults_of_marks(
    places: Sequence[str], marks: Sequence[Decimal], full_mark: Decimal
) -> Iterator[Fault]:
    for place, mark in zip(places, marks, strict=True):
        if not 0 <= mark <= full_mark:
            detail = f"A mark is from 0 to {plain(full_mark)}, not {plain(mark)}."
            yield Fault(place, "mark_out_of_bounds", detail)


def _faults_of_scale(pointer: str, scale: MarkScale, full_mark: Decimal) -> Iterator[Fault]:
    ends = (scale.start, scale.end)
    yield from _faults_of_marks((f"{pointer}/from", f"{pointer}/to"), ends, full_mark)
    if scale.step <= 0:
        yield Fault(f"{pointer}/step", "step_not_positive", "A step is above 0.")
        return
    if scale.start >= scale.end:
        yield Fault(f"{pointer}/to", "marks_unordered", "A scale of marks ends above its start.")
    elif (scale.end - scale.start) % scale.step:
        detail = "The steps of a scale lead from its start to its end."
        yield Fault(f"{pointer}/step", "step_uneven", detail)
