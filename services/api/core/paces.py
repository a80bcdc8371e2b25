"""The pace of a value: what it comes to by the end, if the days to come are like those that were.

What was counted over whole days so far, a, weighs w of the W that all days weigh by the target
calendar. A sum goes on to a x W / w. A mean (a ratio of sums, an amount per day) stays at a.

The range is that in which about four of five ends fall, if what a day gives per weight scatters
around the pace as it has so far, one day independent of another. With n parts of weight w_i and
y_i = value per weight (of a mean: the value), s2 = sum of w_i (y_i - y)^2 / (n - 1), and the rest
R = W - w, a sum ends within 1.2816 x sqrt(s2 x (R + R^2 / w)) of its forecast, a mean within that
/ W. Roots are cut off at 12 decimals, the ends rounded half up at 6, all else is exact: the same
days give the same range.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import isqrt

from services.api.core.calendars import weight_of
from services.api.core.formulas import (
    SAME,
    Amount,
    Calendar,
    Expression,
    Number,
    Sum,
    parse_formula,
)
from services.api.core.measures import DISTINCT
from services.schema.days import Period
from services.schema.money import VALUE_PLACES, round_half_up
from services.schema.shapes.calendars import TargetCalendar
from services.schema.shapes.indicators import Indicator, Value, Wanted
from services.schema.shapes.measures import Adds, Measure
from services.schema.shapes.next_steps import NoPace, Pace, PaceOf
from services.schema.shapes.people import Subject
from services.schema.shapes.scorecards import Segment
from services.schema.words import NoValue, Scope

FEWEST_DAYS = 7
"""Whole days, and parts that have a value, before anything is said."""
MOST_DAYS_APART = 62
"""From more days than these, stretches of seven are looked at instead of days."""
STRETCH_DAYS = 7
_NINE_TENTHS = Fraction("1.2816")
"""Of a normal distribution, four of five lie within so many standard deviations."""
_ROOT_PLACES = 12


@dataclass(frozen=True, slots=True)
class Counted:
    """Which values a pace is read from: that of all whole days so far, and those of its parts."""

    of: PaceOf
    so_far: Wanted
    parts: tuple[Wanted, ...]
    segment: Segment

    def each(self) -> tuple[Wanted, ...]:
        return (self.so_far, *self.parts)


def pace_kind(indicator: Indicator, measures: Mapping[str, Measure]) -> PaceOf | NoPace:
    """Whether an indicator is a sum of its days, or a mean over them; by its formula."""
    if indicator.formula is None:
        return NoPace.POSTED
    degree = _degree(parse_formula(indicator.formula).root, measures)
    match degree:
        case 1 if not _counts_once(indicator.formula):
            return PaceOf.SUM
        case 0:
            return PaceOf.MEAN
        case _:
            return NoPace.NOT_BY_DAYS


def counted_by(
    indicator: str, subject: Subject, scope: Scope, segment: Segment, of: PaceOf, day: date
) -> Counted | NoPace:
    """What is to be read for a pace on a day, which itself is not over and counts not."""
    after = min(day, segment.end)
    days = (after - segment.start).days
    if day >= segment.end:
        return NoPace.OVER
    if days < FEWEST_DAYS:
        return NoPace.TOO_FEW_DAYS
    length = 1 if days <= MOST_DAYS_APART else STRETCH_DAYS
    starts = [segment.start + timedelta(days=at) for at in range(0, days, length)]
    spans = [(start, min(start + timedelta(days=length), after)) for start in starts]

    def wanted(start: date, end: date) -> Wanted:
        period = Period(f"{start}/{end}", start, end, None)
        return Wanted(indicator, subject, scope, period, start, end)

    parts = tuple(wanted(*span) for span in spans)
    return Counted(of, wanted(segment.start, after), parts, segment)


def pace_of(
    counted: Counted,
    values: Mapping[Wanted, Value],
    calendar: TargetCalendar,
    *,
    present: Decimal | None,
) -> Pace | NoPace:
    """The pace, once its values are read; `present` is the value with today's part."""
    so_far = values[counted.so_far].value
    if so_far is None or present is None:
        return NoPace.NO_DATA
    start, after = counted.so_far.start, counted.so_far.end
    weighed = [
        (value, Fraction(weight_of(calendar, part.start, part.end)))
        for part in counted.parts
        if (value := _of_part(counted.of, values[part])) is not None
    ]
    if len(weighed) < min(FEWEST_DAYS, len(counted.parts)) or len(weighed) < 2:
        return NoPace.TOO_FEW_DAYS
    weight = Fraction(weight_of(calendar, start, after))
    whole = Fraction(weight_of(calendar, counted.segment.start, counted.segment.end))
    is_sum = counted.of is PaceOf.SUM
    mean = Fraction(so_far) / weight if is_sum else Fraction(so_far)
    reach = _reach(weighed, mean, weight=weight, rest=whole - weight, is_sum=is_sum)
    forecast = mean * whole if is_sum else mean
    spread = reach if is_sum else reach / whole
    low, high = forecast - spread, forecast + spread
    if is_sum and all(value >= 0 for value, _ in weighed):
        # What nobody can take away is there already, today's part included.
        low, forecast, high = (max(each, Fraction(present)) for each in (low, forecast, high))
    elif not is_sum and all(value >= 0 for value, _ in weighed):
        low = max(low, Fraction(0))
    return Pace(
        of=counted.of,
        start=start,
        after=after,
        parts=len(weighed),
        part_days=(counted.parts[0].end - counted.parts[0].start).days,
        weight=weight_of(calendar, start, after),
        of_weight=weight_of(calendar, counted.segment.start, counted.segment.end),
        counted=so_far,
        forecast=round_half_up(forecast, VALUE_PLACES),
        low=round_half_up(low, VALUE_PLACES),
        high=round_half_up(high, VALUE_PLACES),
    )


def _reach(
    weighed: Sequence[tuple[Fraction, Fraction]],
    mean: Fraction,
    *,
    weight: Fraction,
    rest: Fraction,
    is_sum: bool,
) -> Fraction:
    """How far from its forecast a sum may end."""
    scatter = Fraction(0)
    for value, own in weighed:
        per_weight = value / own if is_sum else value
        scatter += own * (per_weight - mean) ** 2
    variance = scatter / (len(weighed) - 1)
    return _NINE_TENTHS * _root(variance * (rest + rest**2 / weight))


def _of_part(of: PaceOf, value: Value) -> Fraction | None:
    """A part without a row adds nothing to a sum; a mean does not know it."""
    if value.value is not None:
        return Fraction(value.value)
    return Fraction(0) if of is PaceOf.SUM and value.reason is NoValue.NO_ROWS else None


def _root(value: Fraction) -> Fraction:
    scale = 10 ** (2 * _ROOT_PLACES)
    return Fraction(isqrt(value.numerator * scale // value.denominator), 10**_ROOT_PLACES)


def _degree(expression: Expression, measures: Mapping[str, Measure]) -> int | None:
    """How an expression grows with the days: a sum 1, a ratio of sums 0; null where neither."""
    if isinstance(expression, Number):
        return 0
    if isinstance(expression, Calendar):
        return 1 if expression.span == SAME else None
    if isinstance(expression, Amount):
        known = measures.get(expression.measure)
        last = known is not None and known.adds is Adds.LAST
        return 1 if expression.span == SAME and not last else None
    if isinstance(expression, Sum):
        degrees = {_degree(term, measures) for _, term in expression.terms}
        return degrees.pop() if len(degrees) == 1 else None
    degree = 0
    for divides, factor in expression.factors:
        own = _degree(factor, measures)
        if own is None:
            return None
        degree += -own if divides else own
    return degree


def _counts_once(formula: str) -> bool:
    """Whether it counts people or goods once over all days: then days do not add up."""
    return any(amount.measure in DISTINCT for amount in parse_formula(formula).amounts)
