"""What each kind of rule makes of a value: one score, exact until it is rounded at its place.

Every function here is of `domain.md`, section 5. A rule scores on the item's own scale; the line
shows that on the scheme's scale at 4 decimals. Fractions carry what is not kept, so that each kept
figure is rounded once, from the kept figures before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from services.schema.money import SCORE_PLACES, VALUE_PLACES, plain, round_half_up, round_quotient
from services.schema.shapes.schemes import Curve, Deduct, Pass, Ratio, Rule, Steps
from services.schema.words import Better, Of, TargetLevel

Measured = Ratio | Steps | Curve | Deduct | Pass
"""The rules that score one indicator's value."""
USUAL_CAP = Fraction(6, 5)
"""Of a ratio without a cap of its own: so many times the full mark."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule gives on the item's own scale, exactly."""

    before: Fraction
    """Before floor and cap."""
    after: Fraction
    step: str
    """The part of the rule that gave it: `step 2`, `cap`, `point 1 to 2`."""


def attainment_of(value: Decimal, target: Decimal, better: Better) -> Decimal | None:
    """Actual against target at 6 decimals; a target of zero has none."""
    if not target:
        return None
    if better is Better.HIGHER:
        return round_quotient(value, target, VALUE_PLACES)
    return round_half_up(2 - Fraction(value) / Fraction(target), VALUE_PLACES)


def levels_of(rule: Rule) -> frozenset[TargetLevel]:
    """The levels of target without which the rule gives no score."""
    match rule:
        case Ratio():
            return frozenset({TargetLevel.BUDGET})
        case Steps(of=Of.ATTAINMENT):
            return frozenset(step.level for step in rule.steps)
        case Curve(of=Of.ATTAINMENT) | Pass(of=Of.ATTAINMENT):
            return frozenset({TargetLevel.BUDGET})
        case _:
            return frozenset()


def apply_rule(
    rule: Measured,
    full_mark: Decimal,
    value: Decimal,
    attainments: Mapping[TargetLevel, Decimal],
) -> Outcome:
    """The rule's score of a value, on the scale of the item's own full mark.

    The attainments hold every level of `levels_of`.
    """
    match rule:
        case Ratio():
            return _ratio(rule, full_mark, attainments[TargetLevel.BUDGET])
        case Steps():
            return _steps(rule, value, attainments)
        case Curve():
            return _curve(rule, _figure(rule, value, attainments))
        case Deduct():
            return _deduct(rule, full_mark, value)
        case Pass():
            return _pass(rule, full_mark, _figure(rule, value, attainments))


def to_scale(outcome: Outcome, *, own_mark: Decimal, full_mark: Decimal) -> Decimal:
    """The score on the scheme's scale, rounded here and nowhere before."""
    exact = outcome.after
    if own_mark != full_mark:
        exact *= Fraction(full_mark) / Fraction(own_mark)
    return round_half_up(exact, SCORE_PLACES)


def cap_of(rule: Ratio, full_mark: Decimal) -> Fraction:
    return Fraction(rule.cap) if rule.cap is not None else USUAL_CAP * Fraction(full_mark)


def holds(
    figure: Decimal,
    *,
    at_least: Decimal | None = None,
    at_most: Decimal | None = None,
    below: Decimal | None = None,
) -> bool:
    """Whether a figure keeps within every bound that is stated; bounds but `below` belong to it."""
    return (
        (at_least is None or figure >= at_least)
        and (at_most is None or figure <= at_most)
        and (below is None or figure < below)
    )


def _ratio(rule: Ratio, full_mark: Decimal, attainment: Decimal) -> Outcome:
    before = Fraction(full_mark) * Fraction(attainment)
    floor = Fraction(rule.floor)
    if before < floor:
        return Outcome(before, floor, "floor")
    cap = cap_of(rule, full_mark)
    if before > cap:
        return Outcome(before, cap, "cap")
    return Outcome(before, before, "ratio")


def _steps(rule: Steps, value: Decimal, attainments: Mapping[TargetLevel, Decimal]) -> Outcome:
    for number, step in enumerate(rule.steps, 1):
        figure = value if rule.of is Of.VALUE else attainments[step.level]
        if holds(figure, at_least=step.at_least, at_most=step.at_most):
            return _plain_outcome(Fraction(step.score), f"step {number}")
    return _plain_outcome(Fraction(0), "no step")


def _curve(rule: Curve, figure: Decimal) -> Outcome:
    first, last = rule.points[0], rule.points[-1]
    if figure < first[0]:
        return _plain_outcome(Fraction(first[1]), "before point 1")
    for number, (left, right) in enumerate(pairwise(rule.points), 1):
        if figure <= right[0]:
            run = Fraction(right[0]) - Fraction(left[0])
            rise = Fraction(right[1]) - Fraction(left[1])
            score = Fraction(left[1]) + (Fraction(figure) - Fraction(left[0])) * rise / run
            return _plain_outcome(score, f"point {number} to {number + 1}")
    return _plain_outcome(Fraction(last[1]), f"after point {len(rule.points)}")


def _deduct(rule: Deduct, full_mark: Decimal, occurrences: Decimal) -> Outcome:
    beyond = max(Fraction(0), Fraction(occurrences) - Fraction(rule.free))
    before = Fraction(full_mark) - Fraction(rule.per_occurrence) * beyond
    floor = Fraction(rule.floor)
    if before < floor:
        return Outcome(before, floor, "floor")
    return Outcome(before, before, f"{plain(round_half_up(beyond, VALUE_PLACES))} beyond the free")


def _pass(rule: Pass, full_mark: Decimal, figure: Decimal) -> Outcome:
    if holds(figure, at_least=rule.at_least, at_most=rule.at_most):
        return _plain_outcome(Fraction(full_mark), "passed")
    return _plain_outcome(Fraction(0), "not passed")


def _figure(
    rule: Curve | Pass, value: Decimal, attainments: Mapping[TargetLevel, Decimal]
) -> Decimal:
    return value if rule.of is Of.VALUE else attainments[TargetLevel.BUDGET]


def _plain_outcome(score: Fraction, step: str) -> Outcome:
    """A score that knows no floor or cap."""
    return Outcome(score, score, step)
