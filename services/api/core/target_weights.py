"""What the parts of a target weigh: by the target calendar, or by what was in the past."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from services.api.core.breakdown import check_names
from services.api.core.calendars import weight_of
from services.schema.days import Calendar, Period, parse_period, previous, year_before
from services.schema.errors import Conflict, Fault, Invalid
from services.schema.money import VALUE_PLACES, round_half_up
from services.schema.shapes.calendars import TargetCalendar
from services.schema.shapes.targets import Basis, Weighing
from services.schema.words import Parts, Scope

USUAL_PERIODS = 3
HISTORY = frozenset({Basis.LAST_YEAR, Basis.LAST_PERIODS})
"""Bases that are read from what was."""


def make_weighing(
    by: Basis | None,
    weights: Mapping[str, Decimal] | None,
    periods: int | None,
    scope: Scope | None,
) -> Weighing:
    """What was asked for; what would not be looked at is refused, so that nothing is ignored."""
    basis = by or (Basis.EQUAL if weights is None else Basis.WEIGHTS)
    faults = []
    if weights is None and basis is Basis.WEIGHTS:
        faults.append(Fault("/weights", "weights_missing", "By weights there must be weights."))
    if weights is not None and basis in {Basis.EQUAL, Basis.CALENDAR}:
        detail = f"Parts that are weighed by {basis} have no weights of their own."
        faults.append(Fault("/weights", "weights_unused", detail))
    if periods is not None and basis is not Basis.LAST_PERIODS:
        detail = f"Only last_periods looks at several periods, not {basis}."
        faults.append(Fault("/periods", "periods_unused", detail))
    if scope is not None and basis not in HISTORY:
        detail = f"Only history counts measures, {basis} does not."
        faults.append(Fault("/scope", "scope_unused", detail))
    if faults:
        raise Invalid(faults[0].code, faults[0].detail, faults)
    return Weighing(basis, weights or {}, periods or USUAL_PERIODS, scope)


def weights_by_calendar(
    periods: Mapping[str, str], into: Parts, *, days: TargetCalendar, calendar: Calendar
) -> dict[str, Decimal]:
    """What the days of each part weigh, by the part's name; people and shops have no days."""
    if into not in {Parts.QUARTERS, Parts.MONTHS}:
        detail = f"The target calendar weighs quarters and months, not {into}."
        raise Conflict("calendar_of_periods", detail, [Fault("/by", "calendar_of_periods", detail)])
    found = {name: parse_period(code, calendar) for name, code in periods.items()}
    return {name: weight_of(days, part.start, part.end) for name, part in found.items()}


def past_of(period: Period, by: Basis, count: int, calendar: Calendar) -> list[Period]:
    """The periods that history is made of, the newest first."""
    if by is Basis.LAST_YEAR:
        return [year_before(period, calendar)]
    found: list[Period] = []
    for _ in range(count):
        found.append(previous(found[-1] if found else period, calendar))
    return found


def weights_by_past(
    past: Mapping[str, Sequence[Decimal | None]], stated: Mapping[str, Decimal]
) -> dict[str, Decimal]:
    """What each part had in a period of the past, or what was stated instead of its past.

    A part that is new has no past: without a stated weight it would get nothing and nobody would
    notice, so it is refused. So is a past below zero, which no share can be made of.
    """
    check_names(stated, past)
    found, faults = {}, []
    for name, values in past.items():
        weight = stated[name] if name in stated else mean_of(values)
        if weight is None:
            detail = f"{name} has no past: state its weight, in the unit of the indicator."
            faults.append(Fault(f"/weights/{name}", "no_history", detail))
        elif weight < 0:
            detail = f"The past of {name} is below zero: state its weight."
            faults.append(Fault(f"/weights/{name}", "history_negative", detail))
        else:
            found[name] = weight
    if faults:
        raise Conflict(faults[0].code, faults[0].detail, faults[:100])
    return found


def mean_of(values: Sequence[Decimal | None]) -> Decimal | None:
    """The mean of those there are, at 6 decimals; null where there are none."""
    there = [value for value in values if value is not None]
    if not there:
        return None
    return round_half_up(Fraction(sum(there, Decimal(0))) / len(there), VALUE_PLACES)


def grown(base: Decimal, growth: Decimal) -> Decimal:
    """A value with so much more of it, or less below zero, at 6 decimals."""
    return round_half_up(Fraction(base) * (1 + Fraction(growth)), VALUE_PLACES)
