"""What a scheme must be before it may score anybody: every reason against it, with its place."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal

from services.api.core.distribution_faults import faults_of_distribution
from services.api.core.faults import items_of, repeated, unknown_grade, unknown_indicator
from services.api.core.pay_faults import faults_of_pay
from services.api.core.rules import cap_of, levels_of
from services.schema.errors import Conflict, Fault
from services.schema.money import plain
from services.schema.shapes.indicators import Indicator
from services.schema.shapes.schemes import (
    Curve,
    Deduct,
    Item,
    Pass,
    Ratio,
    Scheme,
    Step,
    Steps,
)
from services.schema.words import TargetKind, TargetLevel

MOST_FAULTS = 50
MOST_LINES = 200
"""Items of a scheme in all: what one card may cost to score and to read."""

_WHOLE = Decimal(100)


def check_publishable(scheme: Scheme, known_indicators: Mapping[str, Indicator]) -> None:
    """Refuse a scheme that could not score or pay everybody as `domain.md`, 5 and 8, say."""
    faults = [
        *_faults_of_weights(scheme),
        *_faults_of_codes(scheme),
        *_faults_of_items(scheme, known_indicators),
        *_faults_of_gates(scheme),
        *_faults_of_grades(scheme),
        *faults_of_distribution(scheme, known_indicators),
        *faults_of_pay(scheme, known_indicators),
    ]
    if not faults:
        return
    detail = faults[0].detail
    if len(faults) > 1:
        detail = f"{len(faults)} reasons stand against this scheme, the first is: {detail}"
    raise Conflict(faults[0].code, detail, faults[:MOST_FAULTS])


def _faults_of_weights(scheme: Scheme) -> Iterator[Fault]:
    if not scheme.sections:
        yield Fault("/sections", "sections_missing", "A scheme needs a section.")
        return
    yield from _faults_of_sum(
        "/sections", [section.weight for section in scheme.sections], "The sections"
    )
    for index, section in enumerate(scheme.sections):
        pointer = f"/sections/{index}/items"
        if not section.items:
            detail = f"The section {section.code} needs an item."
            yield Fault(pointer, "items_missing", detail)
            continue
        weights = [item.weight for item in section.items]
        yield from _faults_of_sum(pointer, weights, f"The items of section {section.code}")


def _faults_of_sum(pointer: str, weights: Sequence[Decimal], what: str) -> Iterator[Fault]:
    """One validator for every set of weights: above 0, and 100 together, exactly."""
    for index, weight in enumerate(weights):
        if weight <= 0:
            detail = f"A weight is above 0, not {plain(weight)}."
            yield Fault(f"{pointer}/{index}/weight", "weight_not_positive", detail)
    if (whole := sum(weights, Decimal(0))) != _WHOLE:
        detail = f"{what} weigh {plain(whole)} together, not 100."
        yield Fault(pointer, "weights_not_100", detail)


def _faults_of_codes(scheme: Scheme) -> Iterator[Fault]:
    sections = [section.code for section in scheme.sections]
    items = [item.code for _, item in items_of(scheme)]
    if len(items) > MOST_LINES:
        detail = f"A scheme has at most {MOST_LINES} items, not {len(items)}."
        yield Fault("/sections", "too_many_items", detail)
    grades = [grade.grade for grade in scheme.grades]
    for pointer, what, codes in (
        ("/sections", "section", sections),
        ("/sections", "item", items),
        ("/grades", "grade", grades),
    ):
        for code in repeated(codes):
            yield Fault(pointer, f"{what}_repeated", f"The {what} {code} stands there twice.")


def _faults_of_items(scheme: Scheme, known_indicators: Collection[str]) -> Iterator[Fault]:
    if scheme.full_mark <= 0:
        yield Fault("/full_mark", "full_mark_not_positive", "A full mark is above 0.")
    for pointer, item in items_of(scheme):
        if item.full_mark is not None and item.full_mark <= 0:
            detail = "A full mark is above 0."
            yield Fault(f"{pointer}/full_mark", "full_mark_not_positive", detail)
        if item.indicator not in known_indicators:
            yield unknown_indicator(f"{pointer}/indicator", item.indicator)
        yield from _faults_of_target(f"{pointer}/target", item)
        full_mark = scheme.full_mark if item.full_mark is None else item.full_mark
        yield from _faults_of_rule(f"{pointer}/rule", item, full_mark)


def _faults_of_target(pointer: str, item: Item) -> Iterator[Fault]:
    """A rule of attainment needs a target at every level that it names."""
    target, levels = item.target, levels_of(item.rule)
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


def _faults_of_rule(pointer: str, item: Item, full_mark: Decimal) -> Iterator[Fault]:
    match item.rule:
        case Ratio():
            yield from _faults_of_ratio(pointer, item.rule, full_mark)
        case Steps():
            yield from _faults_of_steps(pointer, item.rule)
        case Curve():
            yield from _faults_of_curve(pointer, item.rule)
        case Deduct():
            yield from _faults_of_deduct(pointer, item.rule, full_mark)
        case Pass():
            return


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


def _faults_of_gates(scheme: Scheme) -> Iterator[Fault]:
    sections = {section.code for section in scheme.sections}
    items = {item.code for _, item in items_of(scheme)}
    grades = {grade.grade for grade in scheme.grades}
    for index, gate in enumerate(scheme.gates):
        pointer = f"/gates/{index}"
        if gate.section is not None and gate.section not in sections:
            detail = f"There is no section {gate.section}."
            yield Fault(f"{pointer}/when/section", "section_unknown", detail)
        if gate.item is not None and gate.item not in items:
            detail = f"There is no item {gate.item}."
            yield Fault(f"{pointer}/when/item", "item_unknown", detail)
        if gate.cap is not None and gate.cap < 0:
            yield Fault(f"{pointer}/then/cap", "cap_negative", "A cap is from 0 up.")
        if gate.grade is not None and gate.grade not in grades:
            yield unknown_grade(f"{pointer}/then/grade", gate.grade)
        if gate.fail and not grades:
            detail = "A gate that fails the whole needs grades to set the lowest of."
            yield Fault(f"{pointer}/then/fail", "grades_missing", detail)


def _faults_of_grades(scheme: Scheme) -> Iterator[Fault]:
    for start in repeated([grade.start for grade in scheme.grades]):
        detail = f"Two grades begin at {plain(start)}."
        yield Fault("/grades", "grade_bands_overlap", detail)
    for grade in scheme.grades:
        if grade.start < 0:
            detail = f"The band of grade {grade.grade} begins below 0."
            yield Fault("/grades", "grade_band_negative", detail)
        if grade.coefficient < 0:
            detail = f"The coefficient of grade {grade.grade} is below 0."
            yield Fault("/grades", "coefficient_negative", detail)
    bounds = scheme.adjustments
    if bounds is not None and not bounds.minimum <= 0 <= bounds.maximum:
        detail = "Adjustments are bounded from 0 or less to 0 or more."
        yield Fault("/adjustments", "adjustments_unordered", detail)
