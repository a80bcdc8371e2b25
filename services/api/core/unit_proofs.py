"""Figures that cannot be meant in the unit of what is held against them."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from services.api.core.faults import items_of
from services.api.core.trials import NEVER_BELOW_0, Condition, bounds_of
from services.schema.errors import Fault
from services.schema.money import plain
from services.schema.shapes.indicators import Indicator
from services.schema.shapes.pay_plans import Commission
from services.schema.shapes.schemes import Curve, Deduct, Gate, Pass, Rubric, Rule, Scheme, Steps
from services.schema.words import GateOf, IndicatorUnit, Of

MOST_ATTAINED = Decimal(10)
"""Nobody is held to more than ten times a target: 98 % of it is written 0.98."""
LEAST_PERCENT = Decimal(100)
"""A ratio that is held against this or more was meant in percent: 100 % is written 1."""

Indicators = Mapping[str, Indicator]
Bound = tuple[str, str, Of, Decimal]
"""Where a figure is stated, of which indicator, what is held against it, and the figure."""


def faults_of_units(scheme: Scheme, indicators: Indicators) -> Iterator[Fault]:
    """Bounds and targets are figures of their indicator; counts are deducted, money is paid on."""
    for pointer, code, of, figure in _bounds_of(scheme):
        yield from _faults_of_bound(pointer, indicators[code], of, figure)
    for pointer, item in items_of(scheme):
        if isinstance(item.rule, Deduct) and item.indicator is not None:
            indicator = indicators[item.indicator]
            if indicator.unit is not IndicatorUnit.COUNT:
                detail = f"Occurrences are counted, and {_in_words(indicator)}."
                yield Fault(f"{pointer}/rule/kind", "deduct_not_counted", detail)
    for at, pay in enumerate(scheme.pay):
        if isinstance(pay, Commission):
            indicator = indicators[pay.indicator]
            if indicator.unit is not IndicatorUnit.MONEY:
                detail = f"A commission is a part of money, and {_in_words(indicator)}."
                yield Fault(f"/pay/{at}/indicator", "commission_not_of_money", detail)


def _bounds_of(scheme: Scheme) -> Iterator[Bound]:
    """Every figure that a value or an attainment is held against."""
    measured = {}
    for pointer, item in items_of(scheme):
        own = measured[item.code] = item.indicator or ""
        if item.target is not None and item.indicator is not None:
            for name, level in (("value", item.target.value), ("challenge", item.target.challenge)):
                if level is not None:
                    yield f"{pointer}/target/{name}", own, Of.VALUE, level
        if isinstance(item.rule, Curve):
            for at, (figure, _) in enumerate(item.rule.points):
                yield f"{pointer}/rule/points/{at}/0", own, item.rule.of, figure
        for place, code, of, condition in _conditions_of(item.rule, own):
            for name, bound in bounds_of(condition).items():
                yield f"{pointer}/rule{place}/{name}", code, of, bound
    yield from _bounds_of_gates(scheme.gates, measured)


def _bounds_of_gates(gates: Sequence[Gate], measured: Mapping[str, str]) -> Iterator[Bound]:
    for at, gate in enumerate(gates):
        code = measured.get(gate.item or "", "")
        if code and gate.of is not GateOf.SCORE:
            for name, bound in bounds_of(gate).items():
                yield f"/gates/{at}/when/{name}", code, Of(gate.of), bound


def _conditions_of(rule: Rule, own: str) -> Iterator[tuple[str, str, Of, Condition]]:
    """The conditions of a rule with their places, and what each is held against."""
    match rule:
        case Steps(steps, of):
            for at, step in enumerate(steps):
                yield f"/steps/{at}", own, of, step
        case Pass(of=of):
            yield "", own, of, rule
        case Rubric(levels):
            for at, level in enumerate(levels):
                for index, each in enumerate(level.conditions):
                    place = f"/levels/{at}/{level.quantifier}/{index}"
                    yield place, each.indicator, each.of, each


def _faults_of_bound(
    pointer: str, indicator: Indicator, of: Of, figure: Decimal
) -> Iterator[Fault]:
    code = "figure_out_of_unit"
    percent = f"{plain(figure * 100)} %; {plain(figure)} % is written {plain(figure / 100)}"
    if of is Of.ATTAINMENT:
        if figure > MOST_ATTAINED:
            yield Fault(pointer, code, f"An attainment of {plain(figure)} is {percent}.")
    elif indicator.unit is IndicatorUnit.RATIO and figure >= LEAST_PERCENT:
        yield Fault(pointer, code, f"{indicator.code} is a ratio: {plain(figure)} is {percent}.")
    elif indicator.unit in NEVER_BELOW_0 and figure < 0:
        yield Fault(pointer, code, f"{indicator.code} is never below 0, as {plain(figure)} is.")


def _in_words(indicator: Indicator) -> str:
    return f"the unit of {indicator.code} is {indicator.unit}"
