"""What an item's rule makes of all that was put in for it: values, targets, and what people stated.

No data is said before no target (`domain.md`, section 5).
"""

from decimal import Decimal

from services.api.core.ratings import chosen_mark, climb, rate
from services.api.core.rubrics import Figure, figures_named, judge
from services.api.core.rules import Outcome, apply_rule, attainment_of, levels_of
from services.schema.shapes.schemes import Item, Ladder, Rating, Rubric, Scheme
from services.schema.shapes.scorecards import ItemInput
from services.schema.words import LineStatus, Of, TargetLevel

NO_DATA, NO_TARGET = LineStatus.NO_DATA, LineStatus.NO_TARGET


def outcome_of(item: Item, own_mark: Decimal, given: ItemInput) -> Outcome | LineStatus:
    """The rule's score on the item's own scale, or why there is none."""
    match item.rule:
        case Rating() as rule:
            return rate(rule, given.marks, own_mark=own_mark, missing=item.missing) or NO_DATA
        case Ladder() as rule:
            return climb(rule, given.marks) or NO_DATA
        case Rubric() as rule:
            return _of_rubric(item, rule, given)
        case rule:
            value, attainments = given.value.value, attainments_of(given)
            if value is None:
                return NO_DATA
            if not levels_of(rule) <= attainments.keys():
                return NO_TARGET
            return apply_rule(rule, own_mark, value, attainments)


def levels_needed(item: Item) -> frozenset[TargetLevel]:
    """The levels of the item's own target without which its rule gives no score."""
    if isinstance(item.rule, Rubric):
        named = (item.indicator, Of.ATTAINMENT) in figures_named(item.rule)
        return frozenset({TargetLevel.BUDGET}) if named else frozenset()
    return levels_of(item.rule)


def own_mark_of(item: Item, scheme: Scheme) -> Decimal:
    """The full mark on whose scale an item's rule scores."""
    return scheme.full_mark if item.full_mark is None else item.full_mark


def indicators_of(item: Item) -> tuple[str, ...]:
    """Every indicator that an item is scored by, each once; its own first."""
    own = () if item.indicator is None else (item.indicator,)
    if not isinstance(item.rule, Rubric):
        return own
    named = (each.indicator for level in item.rule.levels for each in level.conditions)
    return tuple(dict.fromkeys((*own, *named)))


def attainments_of(given: ItemInput) -> dict[TargetLevel, Decimal]:
    """The attainment against each level that has a target other than zero."""
    value = given.value.value
    if value is None:
        return {}
    attained = {
        level: attainment_of(value, target.value, given.better)
        for level, target in given.targets.items()
    }
    return {level: each for level, each in attained.items() if each is not None}


def _of_rubric(item: Item, rule: Rubric, given: ItemInput) -> Outcome | LineStatus:
    """Attainment is that of the item's target for its own indicator, of the set one for another."""
    named = figures_named(rule)
    figures: dict[Figure, Decimal] = {}
    for code in indicators_of(item):
        own = given if code == item.indicator else given.others[code]
        if own.value.value is None:
            return NO_DATA
        figures[code, Of.VALUE] = own.value.value
        attained = attainments_of(own).get(TargetLevel.BUDGET)
        if attained is not None:
            figures[code, Of.ATTAINMENT] = attained
    if not named <= figures.keys():
        return NO_TARGET
    return judge(rule, figures, chosen_mark(rule, given.marks))
