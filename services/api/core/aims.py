"""Where a rule gives another score: the figures to aim at, and what a unit gives on the way.

A kind of rule that is scored by values is one case in each of the two functions here; what people
rate has no figure to aim at and stands in `next_steps`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from services.api.core.rules import cap_of
from services.schema.money import VALUE_PLACES, Exact
from services.schema.shapes.next_steps import StepKind
from services.schema.shapes.schemes import Curve, Deduct, Pass, Ratio, Rule, Steps
from services.schema.words import Better, Of, TargetLevel

UNIT = Fraction(1, 10**VALUE_PLACES)
"""The least by which two values or attainments can differ."""


@dataclass(frozen=True, slots=True)
class Aim:
    """A figure from which on a rule gives another score."""

    kind: StepKind
    number: int | None
    of: Of
    level: TargetLevel
    figure: Fraction

    def value(self, target: Decimal | None, better: Better, *, whole: bool) -> Decimal | None:
        """The value that comes to the figure, rounded towards better; null without a target."""
        exact = self.figure
        if self.of is Of.ATTAINMENT:
            if target is None:
                return None
            share = exact if better is Better.HIGHER else 2 - exact
            exact = share * Fraction(target)
        return rounded_to_better(exact, better, places=0 if whole else VALUE_PLACES)


def aims_of(rule: Rule, own_mark: Decimal, value: Decimal) -> Iterator[Aim]:
    """Every figure at which something begins, in no order, worse ones among them.

    A step that is stated from above begins just beyond its bound.
    """
    match rule:
        case Ratio():
            mark = Fraction(own_mark)
            yield _attained(StepKind.FLOOR, Fraction(rule.floor) / mark)
            yield _attained(StepKind.TARGET, Fraction(1))
            yield _attained(StepKind.CAP, cap_of(rule, own_mark) / mark)
        case Steps():
            for number, step in enumerate(rule.steps, 1):
                bound = step.at_least if step.at_least is not None else step.at_most
                assert bound is not None, "a step states a bound"
                yield from _around(StepKind.STEP, number, rule.of, step.level, bound)
        case Curve():
            for number, (figure, _) in enumerate(rule.points, 1):
                level = TargetLevel.BUDGET
                yield Aim(StepKind.POINT, number, rule.of, level, Fraction(figure))
        case Deduct():
            yield from _occurrences(rule, own_mark, value)
        case Pass():
            bound = rule.at_least if rule.at_least is not None else rule.at_most
            assert bound is not None, "a condition states a bound"
            yield from _around(StepKind.BOUND, None, rule.of, TargetLevel.BUDGET, bound)
        case _:
            return


def slope_of(
    rule: Rule,
    own_mark: Decimal,
    *,
    value: Decimal,
    attainment: Decimal | None,
    target: Decimal | None,
    better: Better,
) -> Fraction:
    """What a unit better gives from here on, on the item's own scale; exact, 0 on level ground."""
    match rule:
        case Ratio() if attainment is not None and target:
            exact = Fraction(own_mark) * Fraction(attainment)
            rises = Fraction(rule.floor) <= exact < cap_of(rule, own_mark)
            return Fraction(own_mark) / abs(Fraction(target)) if rises else Fraction(0)
        case Curve(of=Of.VALUE):
            return _rise(rule, Fraction(value), up=better is Better.HIGHER)
        case Curve(of=Of.ATTAINMENT) if attainment is not None and target:
            return _rise(rule, Fraction(attainment), up=True) / abs(Fraction(target))
        case Deduct() if better is Better.LOWER:
            beyond = Fraction(value) - Fraction(rule.free)
            lost = Fraction(rule.per_occurrence) * beyond
            rises = beyond > 0 and lost <= Fraction(own_mark) - Fraction(rule.floor)
            return Fraction(rule.per_occurrence) if rises else Fraction(0)
        case _:
            return Fraction(0)


def rounded_to_better(exact: Exact, better: Better, *, places: int) -> Decimal:
    """The nearest value with so many decimals that is no worse."""
    units = Fraction(exact) * 10**places
    count = -(-units.numerator // units.denominator)
    if better is Better.LOWER:
        count = units.numerator // units.denominator
    return Decimal(count).scaleb(-places)


def _attained(kind: StepKind, figure: Fraction) -> Aim:
    # An attainment has 6 decimals: what lies between two of them is reached by the greater.
    units = figure / UNIT
    return Aim(
        kind,
        None,
        Of.ATTAINMENT,
        TargetLevel.BUDGET,
        -(-units.numerator // units.denominator) * UNIT,
    )


def _around(
    kind: StepKind, number: int | None, of: Of, level: TargetLevel, bound: Decimal
) -> Iterator[Aim]:
    """The bound itself and the figures next to it, one of which is the first beyond."""
    for beside in (Fraction(0), UNIT, -UNIT):
        yield Aim(kind, number, of, level, Fraction(bound) + beside)


def _occurrences(rule: Deduct, own_mark: Decimal, value: Decimal) -> Iterator[Aim]:
    """Where nothing is taken off, one fewer, and the last count that keeps above the floor."""
    free, budget = Fraction(rule.free), TargetLevel.BUDGET
    yield Aim(StepKind.FREE, None, Of.VALUE, budget, free)
    fewer = max(free, Fraction(value) - 1)
    yield Aim(StepKind.OCCURRENCE, None, Of.VALUE, budget, fewer)
    if rule.per_occurrence:
        most = free + (Fraction(own_mark) - Fraction(rule.floor)) / Fraction(rule.per_occurrence)
        above = -(-most.numerator // most.denominator) - 1
        yield Aim(StepKind.FLOOR, None, Of.VALUE, budget, max(free, Fraction(above)))


def _rise(rule: Curve, figure: Fraction, *, up: bool) -> Fraction:
    """The slope of the line that leads on from a figure, for a step in the direction asked for."""
    for left, right in pairwise(rule.points):
        start, end = Fraction(left[0]), Fraction(right[0])
        inside = start <= figure < end if up else start < figure <= end
        if inside:
            slope = (Fraction(right[1]) - Fraction(left[1])) / (end - start)
            return slope if up else -slope
    return Fraction(0)
