"""Indicators: the built-in catalogue, and what makes a definition sound."""

from collections.abc import Mapping
from functools import cache
from typing import NoReturn

from services.api.catalogue import FAMILIES, indicator_entries
from services.api.core.formulas import (
    RESERVED,
    SAME,
    Amount,
    Calendar,
    Expression,
    Formula,
    Number,
    Product,
    Sum,
    parse_formula,
    refuse,
)
from services.api.core.measures import CAMPAIGN, CHANNEL, KEPT, SHOP, built_in_measures
from services.schema.errors import Conflict, Fault
from services.schema.shapes.indicators import Indicator
from services.schema.shapes.measures import Adds, Condition, Measure
from services.schema.words import Better, FactKind, IndicatorUnit, ShopKind

AGES = ("new", "old")

# What each dimension of a filter looks at, and the words it can be held against.
_DIMENSIONS: Mapping[str, tuple[str, frozenset[str] | None]] = {
    "shop": (SHOP, None),
    "shop_kind": (SHOP, frozenset(ShopKind)),
    "shop_age": (SHOP, frozenset(AGES)),
    "channel": (CHANNEL, None),
    "campaign": (CAMPAIGN, None),
    "campaign_age": (CAMPAIGN, frozenset(AGES)),
}

_COUNTED = frozenset({IndicatorUnit.COUNT, IndicatorUnit.MONEY, IndicatorUnit.HOURS})

# Units as powers: money 1, seconds 1 ...; counts, ratios and scores are plain numbers; null is a
# number as written, which goes with any unit.
_Powers = Mapping[IndicatorUnit, int]
_WITH_POWER = frozenset({IndicatorUnit.MONEY, IndicatorUnit.SECONDS, IndicatorUnit.HOURS})


@cache
def built_in_indicators() -> Mapping[str, Indicator]:
    """The indicators of the catalogue by code, in the order of `domain.md`."""
    return {
        str(entry["code"]): _from_entry(family, entry)
        for family in FAMILIES
        for entry in indicator_entries(family)
    }


def check_formula(formula: Formula, measures: Mapping[str, Measure]) -> None:
    """Refuse what names no measure, filters by what its facts do not keep, or adds unlike units."""
    for amount in formula.amounts:
        measure = measures.get(amount.measure)
        if measure is None:
            _refuse_unknown(amount)
        for condition in amount.conditions:
            _check_condition(condition, measure, amount)
    _powers_of(formula.root, measures)


def check_own_code(code: str, taken: Mapping[str, object], what: str) -> None:
    """Refuse a code of the tenant's own that the catalogue or the language has."""
    if code in taken or code in RESERVED:
        fault = Fault("?code", "built_in", f"{code} is built in.")
        raise Conflict("built_in", f"The {what} {code} is built in and cannot be defined.", [fault])


def days_counted_on(formula: Formula, measures: Mapping[str, Measure]) -> tuple[str, ...]:
    """On which day the facts of a formula count: `paid`, `refunded` ..., in its own order."""
    return tuple(dict.fromkeys(measures[amount.measure].day for amount in formula.amounts))


def takes_posted_values(indicator: Indicator) -> bool:
    """Whether its values may be posted: facts alone cannot give it.

    So it is without a formula, and also where a formula names a measure that somebody must post:
    who has the value and not the measure can state that.
    """
    if indicator.formula is None:
        return True
    known = built_in_measures()
    return any(
        amount.measure not in known or known[amount.measure].kind is FactKind.MEASURES
        for amount in parse_formula(indicator.formula).amounts
    )


def is_additive(indicator: Indicator) -> bool:
    """Whether a value is a sum over days, so that a part of the period has a part of its target."""
    if indicator.formula is None:
        return indicator.unit in _COUNTED
    measures = built_in_measures()
    return _is_sum(parse_formula(indicator.formula).root, measures)


def _is_sum(expression: Expression, measures: Mapping[str, Measure]) -> bool:
    if isinstance(expression, Amount):
        known = measures.get(expression.measure)
        return expression.span == SAME and (known is None or known.adds is not Adds.LAST)
    if isinstance(expression, Sum):
        return all(_is_sum(term, measures) for _, term in expression.terms)
    if isinstance(expression, Product):
        sums = [factor for factor in expression.factors if not isinstance(factor[1], Number)]
        return len(sums) == 1 and not sums[0][0] and _is_sum(sums[0][1], measures)
    return False


def _check_condition(condition: Condition, measure: Measure, amount: Amount) -> None:
    if condition.dimension not in _DIMENSIONS:
        detail = f"There is no filter {condition.dimension!r}; there are {', '.join(_DIMENSIONS)}."
        refuse("filter_unknown", detail, amount.place)
    kept, words = _DIMENSIONS[condition.dimension]
    by_age = condition.dimension == "campaign_age"
    if kept not in KEPT[measure.kind] or (by_age and measure.adds is not Adds.SUM):
        detail = f"{measure.code} cannot be filtered by {condition.dimension}."
        refuse("filter_not_kept", detail, amount.place)
    if words is not None and not words.issuperset(condition.values):
        detail = f"{condition.dimension} is one of {', '.join(sorted(words))}."
        refuse("filter_value_unknown", detail, amount.place)


def _powers_of(expression: Expression, measures: Mapping[str, Measure]) -> _Powers | None:
    """The unit of an expression; refuses to add money and seconds."""
    if isinstance(expression, Number):
        return None
    if isinstance(expression, Calendar):
        return {}
    if isinstance(expression, Amount):
        unit = measures[expression.measure].unit
        return {unit: 1} if unit in _WITH_POWER else {}
    if isinstance(expression, Sum):
        found = [_powers_of(term, measures) for _, term in expression.terms]
        stated = [powers for powers in found if powers is not None]
        if any(powers != stated[0] for powers in stated):
            refuse("units_differ", "Amounts of unlike units cannot be added.", expression.place)
        return stated[0] if stated else None
    powers: dict[IndicatorUnit, int] = {}
    numbers_alone = True
    for divides, factor in expression.factors:
        part = _powers_of(factor, measures)
        numbers_alone = numbers_alone and part is None
        for unit, power in (part or {}).items():
            powers[unit] = powers.get(unit, 0) + (-power if divides else power)
    return None if numbers_alone else {unit: power for unit, power in powers.items() if power}


def _refuse_unknown(amount: Amount) -> NoReturn:
    detail = f"There is no measure {amount.measure!r} (at character {amount.place} of the formula)"
    raise Conflict("unknown_measure", detail, [Fault("/formula", "unknown_measure", detail)])


def _from_entry(family: str, entry: Mapping[str, object]) -> Indicator:
    formula, note = entry["formula"], entry.get("note")
    return Indicator(
        code=str(entry["code"]),
        zh=str(entry["zh"]),
        en=str(entry["en"]),
        formula=None if formula is None else str(formula),
        unit=IndicatorUnit(str(entry["unit"])),
        better=Better(str(entry["better"])),
        version=0,
        family=family,
        note=None if note is None else str(note),
        leading=entry.get("leading") is True,
    )
