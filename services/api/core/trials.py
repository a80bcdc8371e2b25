"""Where a rule must be tried so that nowhere else it gives anything else.

Between two neighbouring figures at which a rule turns it is a constant or a straight line. So it is
enough to try it at each turn, once between each two and once beyond the ends: where a score does
not fall along these it falls nowhere, and their least and greatest score bound all others.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise, product
from math import ceil, floor, prod

from services.api.core.rubrics import Figure, level_that_holds
from services.api.core.rules import (
    Measured,
    apply_rule,
    attainment_of,
    cap_of,
    levels_of,
)
from services.schema.money import VALUE_PLACES, plain
from services.schema.shapes.indicators import Indicator
from services.schema.shapes.schemes import (
    Curve,
    Deduct,
    Gate,
    Item,
    ItemTarget,
    Ladder,
    Pass,
    Rating,
    Ratio,
    Rubric,
    RubricCondition,
    Step,
    Steps,
)
from services.schema.words import Better, IndicatorUnit, Of, TargetKind, TargetLevel

MOST_TRIALS = 20_000
"""What one rule may cost to prove; only rules of several figures come near it."""
NEVER_BELOW_0 = frozenset({IndicatorUnit.SECONDS, IndicatorUnit.HOURS, IndicatorUnit.COUNT})

_ZERO = Decimal(0)
_TWO = Decimal(2)
_UNIT = 10**VALUE_PLACES

Point = tuple[Decimal, ...]
Fixed = Mapping[TargetLevel, Decimal]
Condition = Step | Pass | RubricCondition | Gate


@dataclass(frozen=True, slots=True)
class Axis:
    """One figure that a rule reads, which way it is better and where the rule may turn."""

    named: str
    """How a sentence names it, with a place for the figure: `net_sales {}`."""
    better: Better
    turns: frozenset[Decimal]
    least: Decimal | None = None
    most: Decimal | None = None

    def figures(self) -> tuple[Decimal, ...]:
        """All that have to be tried, from the worst to the best."""
        ends = (end for end in (self.least, self.most) if end is not None)
        turns = sorted({*filter(self._has, self.turns), *ends}) or [_ZERO]
        between = (_down((left + right) / 2) for left, right in pairwise(turns))
        beyond = filter(self._has, (turns[0] - 1, turns[-1] + 1))
        found = sorted({*turns, *between, *beyond})
        return tuple(found if self.better is Better.HIGHER else reversed(found))

    def _has(self, figure: Decimal) -> bool:
        return (self.least is None or figure >= self.least) and (
            self.most is None or figure <= self.most
        )


@dataclass(frozen=True, slots=True)
class Trial:
    """What a rule gives at one point; where a person chooses, from `low` to `high`."""

    low: Fraction
    high: Fraction
    step: str

    def outdoes(self, better: "Trial") -> bool:
        """Whether some score here is above one that better performance may get.

        What a person chooses between is the same before and after where it is one level's.
        """
        same = (self.low, self.high) == (better.low, better.high)
        return not same and self.high > better.low


@dataclass(frozen=True, slots=True)
class Fall:
    """Two points of which the better one scores less: why a rule cannot be published."""

    worse: Point
    better: Point
    before: Trial
    after: Trial


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule at every point at which it has to be tried."""

    axes: tuple[Axis, ...]
    trials: Mapping[Point, Trial]

    @property
    def low(self) -> Fraction:
        return min(trial.low for trial in self.trials.values())

    @property
    def high(self) -> Fraction:
        return max(trial.high for trial in self.trials.values())

    @property
    def steps(self) -> frozenset[str]:
        """The parts of the rule that decide somewhere."""
        return frozenset(trial.step for trial in self.trials.values())

    def fall(self) -> Fall | None:
        """The first point from which a single better figure leads to a lower score."""
        next_best = [dict(pairwise(axis.figures())) for axis in self.axes]
        for point, before in self.trials.items():
            for at, further in enumerate(next_best):
                better = _moved(point, at, further)
                if better is not None and before.outdoes(self.trials[better]):
                    return self._fall_from(point, better, at, further)
        return None

    def _fall_from(
        self, worse: Point, better: Point, at: int, further: Mapping[Decimal, Decimal]
    ) -> Fall:
        """The whole fall: as far as the score goes on to sink along the same figure."""
        after = self.trials[better]
        while (beyond := _moved(better, at, further)) is not None:
            if self.trials[beyond].low >= after.low:
                break
            better, after = beyond, self.trials[beyond]
        return Fall(worse, better, self.trials[worse], after)

    def say(self, point: Point) -> str:
        """A point in words: `net_sales 90, visitors 100`."""
        figures = zip(self.axes, point, strict=True)
        return ", ".join(axis.named.format(plain(figure)) for axis, figure in figures)


def try_item(item: Item, indicators: Mapping[str, Indicator], own_mark: Decimal) -> Tried | None:
    """An item's rule at every point of need; null where people rate and nothing is measured."""
    match item.rule:
        case Rating() | Ladder():
            return None
        case Rubric():
            return _try_rubric(item, item.rule, indicators)
        case _:
            assert item.indicator is not None, "what nobody rates is measured"
            return _try_measured(item, item.rule, indicators[item.indicator], own_mark)


def bounds_of(condition: Condition) -> dict[str, Decimal]:
    """The bounds that a condition states, by name."""
    below = condition.below if isinstance(condition, RubricCondition | Gate) else None
    bounds = {"below": below, "at_least": condition.at_least, "at_most": condition.at_most}
    return {name: bound for name, bound in bounds.items() if bound is not None}


def value_axis(indicator: Indicator, turns: Iterable[Decimal]) -> Axis:
    least = _ZERO if indicator.unit in NEVER_BELOW_0 else None
    return Axis(f"{indicator.code} {{}}", indicator.better, frozenset(turns), least)


def attainment_axis(indicator: Indicator, level: TargetLevel, turns: Iterable[Decimal]) -> Axis:
    """The attainment of targets that are set, which are above 0, whatever they are."""
    named = f"{indicator.code} at {{}} of its {level}"
    bounded = indicator.unit in NEVER_BELOW_0
    least = _ZERO if bounded and indicator.better is Better.HIGHER else None
    most = _TWO if bounded and indicator.better is Better.LOWER else None
    return Axis(named, Better.HIGHER, frozenset(turns), least, most)


def fixed_targets(target: ItemTarget | None) -> dict[TargetLevel, Decimal] | None:
    """The levels that a scheme fixes; null where they are set for each subject, or not at all."""
    if target is None or target.kind is not TargetKind.FIXED:
        return None
    levels = {TargetLevel.BUDGET: target.value, TargetLevel.CHALLENGE: target.challenge}
    return {level: value for level, value in levels.items() if value}


def attainments_at(value: Decimal, fixed: Fixed, better: Better) -> dict[TargetLevel, Decimal]:
    attained = {level: attainment_of(value, target, better) for level, target in fixed.items()}
    return {level: each for level, each in attained.items() if each is not None}


def _moved(point: Point, at: int, further: Mapping[Decimal, Decimal]) -> Point | None:
    """The point with one figure at its next better; null where that is the best already."""
    figure = further.get(point[at])
    return None if figure is None else (*point[:at], figure, *point[at + 1 :])


def _try_measured(item: Item, rule: Measured, indicator: Indicator, own_mark: Decimal) -> Tried:
    turns = _turns_of(rule, own_mark)
    levels = sorted(levels_of(rule))
    if not levels:
        axis = value_axis(indicator, turns[TargetLevel.BUDGET])
        return _try((axis,), lambda point: _apply(rule, own_mark, point[0], {}))
    if (fixed := fixed_targets(item.target)) is not None:
        axis = value_axis(indicator, _values_at(turns, fixed, indicator.better))

        def at_value(point: Point) -> Trial:
            attained = attainments_at(point[0], fixed, indicator.better)
            return _apply(rule, own_mark, point[0], attained)

        return _try((axis,), at_value)
    axes = tuple(attainment_axis(indicator, level, turns[level]) for level in levels)
    return _try(
        axes,
        lambda point: _apply(rule, own_mark, _ZERO, dict(zip(levels, point, strict=True))),
    )


def _try_rubric(item: Item, rule: Rubric, indicators: Mapping[str, Indicator]) -> Tried:
    """Each indicator's value is a figure, and so is its attainment of a target that is set."""
    own, fixed = item.indicator or "", fixed_targets(item.target)
    turns: defaultdict[Figure, set[Decimal]] = defaultdict(set)
    for condition in (each for level in rule.levels for each in level.conditions):
        figure = (condition.indicator, condition.of)
        bounds = bounds_of(condition).values()
        if figure == (own, Of.ATTAINMENT) and fixed:
            budget = {TargetLevel.BUDGET: bounds}
            turns[own, Of.VALUE].update(_values_at(budget, fixed, indicators[own].better))
        else:
            turns[figure].update(bounds)
    axes = tuple(
        value_axis(indicators[code], those)
        if of is Of.VALUE
        else attainment_axis(indicators[code], TargetLevel.BUDGET, those)
        for (code, of), those in turns.items()
    )

    def at(point: Point) -> Trial:
        figures = dict(zip(turns, point, strict=True))
        value = figures.get((own, Of.VALUE))
        if fixed and value is not None:
            attained = attainments_at(value, fixed, indicators[own].better)
            figures[own, Of.ATTAINMENT] = attained[TargetLevel.BUDGET]
        return _level_at(rule, figures)

    return _try(axes, at)


def _level_at(rule: Rubric, figures: Mapping[Figure, Decimal]) -> Trial:
    number = level_that_holds(rule, figures)
    if number is None:
        return Trial(Fraction(0), Fraction(0), "no level")
    level = rule.levels[number - 1]
    return Trial(Fraction(level.low), Fraction(level.high), f"level {number}")


def _try(axes: tuple[Axis, ...], at: Callable[[Point], Trial]) -> Tried:
    """Without any trial where there would be more than are made."""
    figures = [axis.figures() for axis in axes]
    if prod(len(each) for each in figures) > MOST_TRIALS:
        return Tried(axes, {})
    return Tried(axes, {point: at(point) for point in product(*figures)})


def _apply(
    rule: Measured, full_mark: Decimal, value: Decimal, attained: Mapping[TargetLevel, Decimal]
) -> Trial:
    outcome = apply_rule(rule, full_mark, value, attained)
    return Trial(outcome.after, outcome.after, outcome.step)


def _turns_of(rule: Measured, full_mark: Decimal) -> dict[TargetLevel, set[Decimal]]:
    """The figures at which a rule may turn, by the level whose attainment they are."""
    turns: dict[TargetLevel, set[Decimal]] = {level: set() for level in TargetLevel}
    budget = turns[TargetLevel.BUDGET]
    match rule:
        case Ratio():
            for score in (Fraction(rule.floor), cap_of(rule, full_mark)):
                budget.update(_around(score / Fraction(full_mark)))
        case Steps():
            for step in rule.steps:
                level = step.level if rule.of is Of.ATTAINMENT else TargetLevel.BUDGET
                turns[level].update(bounds_of(step).values())
        case Curve():
            budget.update(figure for figure, _ in rule.points)
        case Deduct():
            lost = Fraction(full_mark) - Fraction(rule.floor)
            last = Fraction(rule.free) + lost / Fraction(rule.per_occurrence)
            budget.update((rule.free, *_around(last)))
        case Pass():
            budget.update(bounds_of(rule).values())
    return turns


def _values_at(
    turns: Mapping[TargetLevel, Iterable[Decimal]], fixed: Fixed, better: Better
) -> Iterator[Decimal]:
    """The values at which the attainment of a fixed target turns."""
    for level, target in fixed.items():
        for turn in turns[level]:
            reached = turn if better is Better.HIGHER else 2 - turn
            yield from _around(Fraction(target) * Fraction(reached))


def _around(exact: Fraction) -> tuple[Decimal, Decimal]:
    """The two figures of kept decimals that lie around one; the same twice where it is one."""
    units = exact * _UNIT
    return Decimal(floor(units)) / _UNIT, Decimal(ceil(units)) / _UNIT


def _down(figure: Decimal) -> Decimal:
    return _around(Fraction(figure))[0]
