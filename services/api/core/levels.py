"""Levels: the highest of which every criterion holds, and what keeps a person from the next.

`domain.md`, section 6.7. Each criterion looks back by itself, so many whole months that end with
the month of the assessment. An indicator is taken over the whole window and not month by month: the
ratio of its sums, or the sum of what is posted for each month, against the sum of the months'
targets. A behaviour must have been observed in each month of the window and have held each time.
What has no data, or no target where it needs one, does not hold, and says so.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from services.api.core.indicators import is_additive, takes_posted_values
from services.api.core.populations import span_within
from services.api.core.rules import attainment_of, holds
from services.schema.days import Calendar, Period, add_months, split
from services.schema.money import VALUE_PLACES, round_half_up
from services.schema.shapes.indicators import Indicator, Value, Wanted
from services.schema.shapes.levels import (
    Check,
    Criterion,
    Figure,
    Found,
    LevelChecked,
    LevelLadder,
    Seen,
    Standing,
)
from services.schema.shapes.people import Employee, Subject
from services.schema.words import Better, Grain, LineStatus, Of


def window_of(month: Period, months: int) -> Period:
    """So many months that end with a month."""
    assert month.months == 1, "levels are assessed for a month"
    if months == 1:
        return month
    start = add_months(month.start, 1 - months)
    return Period(f"{start}/{month.end}", start, month.end, None)


def months_of(window: Period, calendar: Calendar) -> tuple[Period, ...]:
    """The months that a window is made of, oldest first."""
    return split(window, Grain.MONTH, calendar)


def sums_by_month(indicator: Indicator) -> bool:
    """Whether a window is the sum of its months, because somebody may have posted these."""
    return takes_posted_values(indicator) and is_additive(indicator)


def wanted_for(
    criterion: Criterion,
    subject: Subject,
    window: Period,
    indicator: Indicator,
    calendar: Calendar,
) -> tuple[Wanted, ...]:
    """The values that a criterion is decided by: one of the window, or one of each month."""
    parts = months_of(window, calendar) if sums_by_month(indicator) else (window,)
    return tuple(
        Wanted(indicator.code, subject, criterion.scope, part, part.start, part.end)
        for part in parts
    )


def sum_of_values(values: Sequence[Value]) -> Value:
    """The sum of the months; a month without a value leaves the window without one."""
    total = Decimal(0)
    for value in values:
        if value.value is None:
            return value
        total += value.value
    return Value(round_half_up(total, VALUE_PLACES), None)


def sum_of_targets(targets: Sequence[Decimal | None]) -> Decimal | None:
    """The sum of the months' targets; a month without one leaves the window without one."""
    stated = [target for target in targets if target is not None]
    return sum(stated, Decimal(0)) if len(stated) == len(targets) else None


def check(criterion: Criterion, window: Period, found: Found, better: Better | None) -> Check:
    """Whether a criterion holds; `better` is the good direction of its indicator."""
    if isinstance(found, Seen):
        said = [observation for _, observation in found.months]
        missing = any(observation is None for observation in said)
        status = LineStatus.NO_DATA if missing else LineStatus.OK
        held = all(each is not None and each.stated.holds for each in said)
        return Check(criterion, window, found, None, status, held)
    assert better is not None, "an indicator has a good direction"
    actual, status = _actual(criterion, found, better)
    held = actual is not None and holds(
        actual, at_least=criterion.at_least, at_most=criterion.at_most
    )
    return Check(criterion, window, found, actual, status, held)


def stand(ladder: LevelLadder, checks: Mapping[tuple[str, str], Check]) -> Standing:
    """The highest level whose criteria all hold; the checks are by level and criterion."""
    checked = tuple(
        LevelChecked(level, tuple(checks[level.code, each.code] for each in level.criteria))
        for level in ladder.levels
    )
    reached = next((at for at, level in enumerate(checked) if level.holds), len(checked))
    above = checked[reached - 1] if reached else None
    return Standing(
        level=checked[reached].level.code if reached < len(checked) else None,
        next=above.level.code if above else None,
        missing=tuple(each for each in above.checks if not each.holds) if above else (),
        levels=checked,
    )


def is_assessed(ladder: LevelLadder, employee: Employee, month: Period) -> bool:
    """Whether someone works in a position of the ladder on a day of the month."""
    return any(
        (not ladder.positions or held.position in ladder.positions)
        and span_within(employee, held, month) is not None
        for held in employee.assignments
    )


def _actual(
    criterion: Criterion, figure: Figure, better: Better
) -> tuple[Decimal | None, LineStatus]:
    value = figure.value.value
    if value is None:
        return None, LineStatus.NO_DATA
    if criterion.of is Of.VALUE:
        return value, LineStatus.OK
    attainment = None
    if figure.target is not None:
        attainment = attainment_of(value, figure.target, better)
    return attainment, LineStatus.OK if attainment is not None else LineStatus.NO_TARGET
