"""Cliffs: figures at which a score jumps, and who stands just short of one.

A step, a pass or the steep part of a curve makes a small difference of a value a large one of the
score. Of a deduction it is the occurrence more: whoever has one beyond a count stands short of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

from services.api.core.outcomes import own_mark_of
from services.api.core.rules import attainment_of
from services.api.core.scorecards import line_of
from services.schema.money import SCORE_PLACES, VALUE_PLACES, round_half_up
from services.schema.shapes.indicators import Value
from services.schema.shapes.schemes import Curve, Deduct, Item, Pass, Rubric, Scheme, Section, Steps
from services.schema.shapes.scorecards import ItemInput, Line
from services.schema.words import Better, Of, TargetLevel

NEAR_PERCENT = (Decimal(1), Decimal(2), Decimal(5))
"""How far short of a figure somebody stands, as shares of the figure; each holds those before."""
LEAST_GAIN = Fraction(1, 10)
"""Of the full mark: what a score has to gain for so little to be called a cliff."""

_UNIT = 10**VALUE_PLACES


@dataclass(frozen=True, slots=True)
class Edge:
    """A figure of an item at which its score may jump."""

    section: str
    item: str
    of: Of
    level: TargetLevel | None
    """Of the target that an attainment is against; null for a value."""
    at: Decimal
    upward: bool
    """Whether it is reached from below, as by `at_least`."""
    by_one: bool = False
    """Whether occurrences are counted: near is who has one more, whatever its percentage."""


@dataclass(frozen=True, slots=True)
class NearEdge:
    """A line just short of an edge."""

    percent: Decimal | None
    """The least of `NEAR_PERCENT` within which it lies; null where occurrences are counted."""
    gain: Decimal
    """What the line's points would gain by reaching it."""


def edges_of(scheme: Scheme, section: Section, item: Item) -> Iterator[Edge]:
    """The edges of an item's rule, each once; 0 has nothing that is near by percent."""
    if isinstance(item.rule, Deduct):
        for at in _counts_of(item.rule, own_mark_of(item, scheme)):
            yield Edge(section.code, item.code, Of.VALUE, None, at, upward=False, by_one=True)
        return
    found = dict.fromkeys(_bounds_of(item))
    for of, level, at, upward in found:
        if at:
            shown = level if of is Of.ATTAINMENT else None
            yield Edge(section.code, item.code, of, shown, at, upward)


def near_edge(
    scheme: Scheme, item: Item, edge: Edge, given: ItemInput, line: Line
) -> NearEdge | None:
    """How a line stands to an edge; null where it is beyond, far away, or gains little there."""
    value = given.value.value
    if value is None or line.score is None:
        return None
    figure = _figure_of(edge, given, value)
    if figure is None:
        return None
    short = edge.at - figure if edge.upward else figure - edge.at
    room = abs(edge.at) / 100
    if not 0 < short <= (1 if edge.by_one else NEAR_PERCENT[-1] * room):
        return None
    reached = _value_at(edge, given)
    moved = line_of(scheme, edge.section, item, replace(given, value=Value(reached, None)))
    gain = Fraction(moved.score or 0) - Fraction(line.score)
    if gain < LEAST_GAIN * Fraction(scheme.full_mark):
        return None
    percent = None
    if not edge.by_one:
        percent = next(each for each in NEAR_PERCENT if short <= each * room)
    points = round_half_up(gain * Fraction(line.weight) / 100, SCORE_PLACES)
    return NearEdge(percent, points)


def _figure_of(edge: Edge, given: ItemInput, value: Decimal) -> Decimal | None:
    """The value, or its attainment against the level that the edge is of; null without one."""
    if edge.level is None:
        return value
    target = given.targets.get(edge.level)
    return None if target is None else attainment_of(value, target.value, given.better)


def _counts_of(rule: Deduct, own_mark: Decimal) -> Iterator[Decimal]:
    """The counts of which one more costs so much: from the free ones up to the floor."""
    if rule.per_occurrence < LEAST_GAIN * Fraction(own_mark):
        return
    at, left = rule.free, own_mark
    while left > rule.floor:
        yield at
        at, left = at + 1, left - rule.per_occurrence


def _bounds_of(item: Item) -> Iterator[tuple[Of, TargetLevel, Decimal, bool]]:
    budget = TargetLevel.BUDGET
    match item.rule:
        case Steps():
            for step in item.rule.steps:
                yield from _sides(item.rule.of, step.level, step.at_least, step.at_most)
        case Pass():
            yield from _sides(item.rule.of, budget, item.rule.at_least, item.rule.at_most)
        case Curve():
            for (left, low), (right, high) in pairwise(item.rule.points):
                if low != high:
                    yield item.rule.of, budget, right if low < high else left, low < high
        case Rubric():
            for each in (each for level in item.rule.levels for each in level.conditions):
                if each.indicator == item.indicator:
                    at_most = each.below if each.at_most is None else each.at_most
                    yield from _sides(each.of, budget, each.at_least, at_most)
        case _:
            return


def _sides(
    of: Of, level: TargetLevel, at_least: Decimal | None, at_most: Decimal | None
) -> Iterator[tuple[Of, TargetLevel, Decimal, bool]]:
    if at_least is not None:
        yield of, level, at_least, True
    if at_most is not None:
        yield of, level, at_most, False


def _value_at(edge: Edge, given: ItemInput) -> Decimal:
    """The nearest value that is kept and reaches an edge."""
    if edge.level is None:
        return edge.at
    target, at = Fraction(given.targets[edge.level].value), Fraction(edge.at)
    exact = target * (at if given.better is Better.HIGHER else 2 - at)
    rising = (given.better is Better.HIGHER) == (target > 0)
    units = exact * _UNIT
    nearest = ceil(units) if edge.upward == rising else floor(units)
    return round_half_up(Fraction(nearest, _UNIT), VALUE_PLACES)
