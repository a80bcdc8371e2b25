"""What stands against the pay of a scheme: every reason, with its place."""

from collections.abc import Collection, Iterator, Sequence

from services.api.core.faults import items_of, repeated, unknown_indicator
from services.schema.errors import Fault
from services.schema.shapes.pay_plans import (
    Band,
    Commission,
    Factor,
    GradeBonus,
    LeaderCapacity,
    LeaderMean,
    LevelAllowance,
    MoneyAdjustments,
    Pay,
)
from services.schema.shapes.schemes import Scheme
from services.schema.words import CoefficientOf, PayPlan


def faults_of_pay(scheme: Scheme, known_indicators: Collection[str]) -> Iterator[Fault]:
    """Why a scheme could not pay everybody as `domain.md`, section 8, says."""
    if [pay.plan for pay in scheme.pay].count(PayPlan.ADJUSTMENT) > 1:
        detail = "Rewards and penalties are one plan of a scheme."
        yield Fault("/pay", "plan_repeated", detail)
    for index, pay in enumerate(scheme.pay):
        yield from _faults_of_plan(f"/pay/{index}", pay, scheme, known_indicators)


def _faults_of_plan(
    pointer: str, pay: Pay, scheme: Scheme, known_indicators: Collection[str]
) -> Iterator[Fault]:
    match pay:
        case Commission():
            yield from _faults_of_commission(pointer, pay, scheme, known_indicators)
        case LeaderMean():
            factors = {"task": pay.task, "business": pay.business, "staffing": pay.staffing}
            for name, factor in factors.items():
                yield from _faults_of_factor(f"{pointer}/{name}", pay.plan, factor, scheme)
        case LeaderCapacity():
            if pay.indicator not in known_indicators:
                yield unknown_indicator(f"{pointer}/indicator", pay.indicator)
            yield from _faults_of_factor(f"{pointer}/incentive", pay.plan, pay.incentive, scheme)
        case GradeBonus():
            yield from _faults_of_bonus(pointer, pay, scheme)
        case LevelAllowance():
            yield from _faults_of_allowance(f"{pointer}/amounts", pay)
        case MoneyAdjustments():
            yield from _faults_of_bounds(pointer, pay)


def _faults_of_commission(
    pointer: str, pay: Commission, scheme: Scheme, known_indicators: Collection[str]
) -> Iterator[Fault]:
    if pay.coefficient is CoefficientOf.GRADE and not scheme.grades:
        yield _grades_missing(pointer, pay.plan)
    if pay.indicator not in known_indicators:
        yield unknown_indicator(f"{pointer}/indicator", pay.indicator)
    if not pay.bands or pay.bands[0].start != 0:
        yield Fault(f"{pointer}/bands", "bands_not_from_0", "The first band is from 0.")
    yield from _faults_of_bands(f"{pointer}/bands", pay.bands)


def _faults_of_bands(pointer: str, bands: Sequence[Band]) -> Iterator[Fault]:
    for index, band in enumerate(bands):
        if band.rate < 0:
            yield Fault(f"{pointer}/{index}/rate", "rate_negative", "A rate is from 0 up.")
        if index and band.start <= bands[index - 1].start:
            detail = "Each band begins above the one before it."
            yield Fault(f"{pointer}/{index}/from", "bands_unordered", detail)


def _faults_of_factor(
    pointer: str, plan: PayPlan, factor: Factor, scheme: Scheme
) -> Iterator[Fault]:
    """A coefficient must be a figure that every card of the scheme can have."""
    if factor.number is not None and factor.number < 0:
        yield Fault(pointer, "coefficient_negative", "A coefficient is from 0 up.")
    if factor.of is CoefficientOf.GRADE and not scheme.grades:
        yield _grades_missing(pointer, plan)
    if factor.item is None:
        return
    item = next((item for _, item in items_of(scheme) if item.code == factor.item), None)
    if item is None:
        yield Fault(f"{pointer}/item", "item_unknown", f"There is no item {factor.item}.")
    elif item.target is None:
        detail = f"The item {factor.item} has no target, so that nothing can be attained."
        yield Fault(f"{pointer}/item", "target_missing", detail)


def _faults_of_bonus(pointer: str, pay: GradeBonus, scheme: Scheme) -> Iterator[Fault]:
    if not scheme.grades:
        yield _grades_missing(pointer, pay.plan)
    if pay.base < 0:
        yield Fault(f"{pointer}/base", "base_negative", "A base bonus is from 0 up.")


def _faults_of_allowance(pointer: str, pay: LevelAllowance) -> Iterator[Fault]:
    if not pay.amounts:
        yield Fault(pointer, "amounts_missing", "An allowance needs the amount of a level.")
    for index, each in enumerate(pay.amounts):
        if each.amount < 0:
            detail = "An allowance is from 0 up."
            yield Fault(f"{pointer}/{index}/amount", "amount_negative", detail)
    for level in repeated([each.level for each in pay.amounts]):
        yield Fault(pointer, "level_repeated", f"The level {level} stands there twice.")


def _faults_of_bounds(pointer: str, pay: MoneyAdjustments) -> Iterator[Fault]:
    minimum, maximum = pay.minimum or 0, pay.maximum or 0
    if minimum > 0 or maximum < 0:
        detail = "Rewards and penalties are bounded from 0 or less to 0 or more."
        yield Fault(pointer, "adjustments_unordered", detail)


def _grades_missing(pointer: str, plan: PayPlan) -> Fault:
    detail = f"The plan {plan} multiplies by the grade, and there are no grades."
    return Fault(pointer, "grades_missing", detail)
