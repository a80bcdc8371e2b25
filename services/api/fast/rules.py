"""The fast twin of `core.rules`: what a rule makes of a whole column of values.

Scores come in ten-thousandths on the scheme's scale, as `to_scale` rounds them.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import lcm

import numpy as np

from services.api.core.rules import cap_of
from services.api.fast.numbers import (
    MOST,
    Flags,
    Integers,
    Unfit,
    first_at_least,
    half_up,
    last_at_most,
    units_of,
)
from services.schema.money import SCORE_PLACES, VALUE_PLACES, round_half_up
from services.schema.shapes.schemes import Curve, Deduct, Pass, Ratio, Rule, Step, Steps
from services.schema.words import Of, TargetLevel

_EXACT_PLACES = SCORE_PLACES + VALUE_PLACES
"""Of a product of a mark and a figure."""


def score_column(
    rule: Rule,
    own_mark: Decimal,
    full_mark: Decimal,
    values: Integers,
    attainments: Mapping[TargetLevel, Integers],
) -> Integers:
    """The scores of a column of values and of its attainments, both in millionths.

    Refused is a rule that no column can hold.
    """
    scale = Fraction(full_mark) / Fraction(own_mark)
    match rule:
        case Ratio():
            return _ratio(rule, own_mark, scale, attainments[TargetLevel.BUDGET])
        case Steps():
            return _steps(rule, scale, values, attainments)
        case Curve():
            return _curve(rule, scale, _figure(rule, values, attainments))
        case Deduct():
            return _deduct(rule, own_mark, scale, values)
        case Pass():
            passed = _held(rule, _figure(rule, values, attainments))
            return np.where(passed, _constant(Fraction(own_mark), scale), 0)
        case _:
            raise Unfit


def holds_in(
    figures: Integers,
    places: int,
    *,
    at_least: Decimal | None = None,
    at_most: Decimal | None = None,
    below: Decimal | None = None,
) -> Flags:
    """Where a figure keeps within every bound that is stated; bounds but `below` belong to it."""
    held = np.ones(len(figures), np.bool_)
    if at_least is not None:
        held &= figures >= first_at_least(at_least, places)
    if at_most is not None:
        held &= figures <= last_at_most(at_most, places)
    if below is not None:
        held &= figures < first_at_least(below, places)
    return held


def _ratio(rule: Ratio, own_mark: Decimal, scale: Fraction, attainments: Integers) -> Integers:
    mark = units_of(own_mark, SCORE_PLACES)
    floor = units_of(rule.floor, _EXACT_PLACES)
    cap = units_of(cap_of(rule, own_mark), _EXACT_PLACES)
    if floor > cap:
        raise Unfit
    # Just beyond floor and cap is far enough: no product can then outgrow its column.
    low, high = floor // mark - 1, cap // mark + 1
    _check(mark * max(abs(low), high))
    before = mark * np.clip(attainments, low, high)
    return _to_scale(np.clip(before, floor, cap), max(abs(floor), abs(cap)), scale)


def _steps(
    rule: Steps, scale: Fraction, values: Integers, attainments: Mapping[TargetLevel, Integers]
) -> Integers:
    held = [
        _held(step, values if rule.of is Of.VALUE else attainments[step.level])
        for step in rule.steps
    ]
    scores = [np.int64(_constant(Fraction(step.score), scale)) for step in rule.steps]
    return np.select(held, scores, np.int64(0))


def _curve(rule: Curve, scale: Fraction, figures: Integers) -> Integers:
    starts = [units_of(point, VALUE_PLACES) for point, _ in rule.points]
    marks = [Fraction(score) * scale * 10**SCORE_PLACES for _, score in rule.points]
    if any(left >= right for left, right in pairwise(starts)):
        raise Unfit
    if len(starts) == 1:
        return np.full(len(figures), _constant(Fraction(rule.points[0][1]), scale))
    lines = [
        _line(start, end, low, high)
        for (start, end), (low, high) in zip(pairwise(starts), pairwise(marks), strict=True)
    ]
    within = np.clip(figures, starts[0], starts[-1])
    place = np.searchsorted(np.array(starts[1:]), within)
    at_start, slope, divisor = (np.array(column)[place] for column in zip(*lines, strict=True))
    return half_up(at_start + slope * (within - np.array(starts)[place]), divisor)


def _line(start: int, end: int, low: Fraction, high: Fraction) -> tuple[int, int, int]:
    """A straight line as (at its start + slope x way) / divisor, in whole numbers."""
    slope = (high - low) / (end - start)
    divisor = lcm(low.denominator, slope.denominator)
    at_start, by = low * divisor, slope * divisor
    _check(abs(at_start) + abs(by) * (end - start) + divisor)
    return at_start.numerator, by.numerator, divisor


def _deduct(rule: Deduct, own_mark: Decimal, scale: Fraction, occurrences: Integers) -> Integers:
    each = units_of(rule.per_occurrence, SCORE_PLACES)
    mark, floor = units_of(own_mark, _EXACT_PLACES), units_of(rule.floor, _EXACT_PLACES)
    if each <= 0:
        raise Unfit
    # Once the floor is reached, more occurrences take nothing more.
    most = max(0, (mark - floor) // each + 1)
    _check(each * most + mark)
    beyond = np.clip(occurrences - units_of(rule.free, VALUE_PLACES), 0, most)
    return _to_scale(np.maximum(mark - each * beyond, floor), mark + abs(floor), scale)


def _held(bound: Step | Pass, figures: Integers) -> Flags:
    return holds_in(figures, VALUE_PLACES, at_least=bound.at_least, at_most=bound.at_most)


def _figure(
    rule: Curve | Pass, values: Integers, attainments: Mapping[TargetLevel, Integers]
) -> Integers:
    return values if rule.of is Of.VALUE else attainments[TargetLevel.BUDGET]


def _constant(mark: Fraction, scale: Fraction) -> int:
    return units_of(round_half_up(mark * scale, SCORE_PLACES), SCORE_PLACES)


def _to_scale(exact: Integers, most: int, scale: Fraction) -> Integers:
    """Exact marks on the scheme's scale, rounded here and nowhere before."""
    divisor = scale.denominator * 10**VALUE_PLACES
    _check(most * scale.numerator + divisor)
    return half_up(exact * scale.numerator, divisor)


def _check(largest: Fraction | int) -> None:
    if largest >= MOST:
        raise Unfit
