"""What of a rubric's level does not hold yet, and how far each of its indicators is from it."""

from decimal import Decimal
from fractions import Fraction

from services.api.core.aims import UNIT, Aim
from services.api.core.outcomes import attainments_of
from services.api.core.rules import holds
from services.schema.money import SCORE_PLACES, round_half_up
from services.schema.shapes.next_steps import Need, StepKind
from services.schema.shapes.schemes import RubricCondition, RubricLevel
from services.schema.shapes.scorecards import ItemInput
from services.schema.words import Better, Of, Quantifier, TargetLevel


def needs_of(level: RubricLevel, own: str | None, given: ItemInput) -> tuple[Need, ...]:
    """The conditions that a level waits for; of any that suffices the nearest alone.

    None where it waits for nothing, or for something to become worse: then it is no way ahead.
    """
    needs = []
    for condition in level.conditions:
        held = given if condition.indicator == own else given.others.get(condition.indicator)
        if held is None or held.value.value is None:
            return ()
        if _is_met(condition, held, held.value.value):
            if level.quantifier is Quantifier.ANY:
                return ()
            continue
        need = _need(condition, held, held.value.value)
        if need is not None:
            needs.append(need)
        elif level.quantifier is Quantifier.ALL:
            return ()
    if level.quantifier is Quantifier.ANY and needs:
        return (min(needs, key=_nearness),)
    return tuple(needs)


def percent_of(distance: Decimal, value: Decimal, reached: Decimal) -> Fraction | None:
    """A distance in percent of the present value; of the value to reach where that is zero."""
    base = value or reached
    return abs(Fraction(distance)) * 100 / abs(Fraction(base)) if base else None


def shown_percent(distance: Decimal, value: Decimal, reached: Decimal) -> Decimal | None:
    """The same as it is shown, at 4 decimals."""
    percent = percent_of(distance, value, reached)
    return None if percent is None else round_half_up(percent, SCORE_PLACES)


def _is_met(condition: RubricCondition, held: ItemInput, value: Decimal) -> bool:
    figure = value
    if condition.of is Of.ATTAINMENT:
        attained = attainments_of(held).get(TargetLevel.BUDGET)
        if attained is None:
            return False
        figure = attained
    return holds(
        figure, at_least=condition.at_least, at_most=condition.at_most, below=condition.below
    )


def _need(condition: RubricCondition, held: ItemInput, value: Decimal) -> Need | None:
    """How far a condition is; null where only a worse value would meet it."""
    if condition.below is not None:
        bound = Fraction(condition.below) - UNIT
    else:
        stated = condition.at_most if condition.at_least is None else condition.at_least
        assert stated is not None, "a condition states a bound"
        bound = Fraction(stated)
    target = held.targets.get(TargetLevel.BUDGET)
    aim = Aim(StepKind.LEVEL, None, condition.of, TargetLevel.BUDGET, bound)
    reached = aim.value(None if target is None else target.value, held.better, whole=False)
    if reached is None:
        return Need(condition.indicator, None, None, None)
    distance = reached - value
    if distance < 0 if held.better is Better.HIGHER else distance > 0:
        return None
    return Need(condition.indicator, reached, distance, shown_percent(distance, value, reached))


def _nearness(need: Need) -> tuple[bool, Decimal]:
    return need.percent is None, need.percent or Decimal(0)
