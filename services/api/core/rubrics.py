"""Rubrics: ordered levels over one or several indicators, of which the first that holds counts."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from services.api.core.rules import Outcome, holds
from services.schema.shapes.schemes import Rubric, RubricLevel
from services.schema.words import Of, Quantifier

Figure = tuple[str, Of]
"""An indicator, and whether its value or its attainment is meant."""


def figures_named(rule: Rubric) -> frozenset[Figure]:
    """All figures that a rubric is held against."""
    return frozenset(
        (each.indicator, each.of) for level in rule.levels for each in level.conditions
    )


def level_that_holds(rule: Rubric, figures: Mapping[Figure, Decimal]) -> int | None:
    """The place of the first level that holds, from 1; null: none does."""
    for number, level in enumerate(rule.levels, 1):
        if _holds(level, figures):
            return number
    return None


def judge(rule: Rubric, figures: Mapping[Figure, Decimal], chosen: Decimal | None) -> Outcome:
    """The score of the first level that holds; of a range what was chosen, else its low end."""
    number = level_that_holds(rule, figures)
    if number is None:
        return Outcome(Fraction(0), Fraction(0), "no level")
    level = rule.levels[number - 1]
    if level.low == level.high:
        return Outcome(Fraction(level.low), Fraction(level.low), f"level {number}")
    if chosen is not None and level.low <= chosen <= level.high:
        return Outcome(Fraction(chosen), Fraction(chosen), f"level {number}, chosen")
    return Outcome(Fraction(level.low), Fraction(level.low), f"level {number}, low end")


def _holds(level: RubricLevel, figures: Mapping[Figure, Decimal]) -> bool:
    held = (
        holds(
            figures[each.indicator, each.of],
            at_least=each.at_least,
            at_most=each.at_most,
            below=each.below,
        )
        for each in level.conditions
    )
    return all(held) if level.quantifier is Quantifier.ALL else any(held)
