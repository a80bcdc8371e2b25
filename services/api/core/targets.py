"""Which target a line is held against, and what of it a part of the period has to reach."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from services.api.core.calendars import weight_of
from services.schema.days import Period
from services.schema.money import VALUE_PLACES, Exact, round_half_up
from services.schema.shapes.calendars import TargetCalendar
from services.schema.shapes.people import Subject
from services.schema.shapes.schemes import Item
from services.schema.shapes.scorecards import Segment
from services.schema.shapes.targets import TargetInForce
from services.schema.words import Scope, SubjectKind, TargetKind, TargetLevel

Levels = Mapping[TargetLevel, Decimal]
SetTargets = Mapping[tuple[Subject, str, str], Levels]
"""What was set, by subject, indicator and period code."""


def owners_of(scope: Scope, subject: Subject, unit: str | None) -> tuple[Subject, ...]:
    """Whose set target or posted value holds: the first of these that has one."""
    if scope is Scope.UNIT and unit is not None:
        return tuple(dict.fromkeys((subject, Subject(SubjectKind.UNIT, unit))))
    if scope is Scope.COMPANY:
        return (subject, Subject(SubjectKind.COMPANY, ""))
    return (subject,)


def targets_in_force(
    item: Item,
    *,
    subject: Subject,
    segment: Segment,
    held_against: Sequence[Segment],
    period: Period,
    set_targets: SetTargets,
    additive: bool,
    calendar: TargetCalendar,
) -> dict[TargetLevel, TargetInForce]:
    """The targets of an item's line in a segment, by level.

    Additive targets, of sums and not of ratios, are shared pro rata by what the segment's days
    weigh by the target calendar, each 1 unless stated (`domain.md`, 4). `held_against` are the
    segments whose days the value is of: the one of the line, or all of the card where it was posted
    for the period, and so is of all days on which its subject was there.
    """
    stated, owner = _stated(item, subject, segment, period, set_targets)
    whole = [(period.start, period.end)]
    spans = [(each.start, each.end) for each in held_against] if additive else whole
    weight = sum((weight_of(calendar, *span) for span in spans), Decimal(0))
    of_weight = weight_of(calendar, period.start, period.end)
    return {
        level: TargetInForce(
            value=pro_rata(value, weight, of_weight),
            stated=value,
            owner=owner,
            days=sum((end - start).days for start, end in spans),
            of_days=period.days,
            weight=weight,
            of_weight=of_weight,
        )
        for level, value in stated.items()
    }


def pro_rata(target: Decimal, weight: Exact, of_weight: Exact) -> Decimal:
    """The part of a target that days of so much weight have, at 6 decimals."""
    assert 0 < weight <= of_weight, "a part has a day, and no more than the whole"
    part = Fraction(1) if weight == of_weight else Fraction(weight) / Fraction(of_weight)
    return round_half_up(target if part == 1 else Fraction(target) * part, VALUE_PLACES)


def _stated(
    item: Item, subject: Subject, segment: Segment, period: Period, set_targets: SetTargets
) -> tuple[Levels, Subject | None]:
    """The levels as they were fixed or set, and whose they are."""
    target = item.target
    if target is None:
        return {}, None
    if target.kind is TargetKind.FIXED:
        fixed = {TargetLevel.BUDGET: target.value, TargetLevel.CHALLENGE: target.challenge}
        return {level: value for level, value in fixed.items() if value is not None}, None
    if item.indicator is None:
        return {}, None
    for owner in owners_of(item.scope, subject, segment.unit):
        if levels := set_targets.get((owner, item.indicator, period.code)):
            return levels, owner
    return {}, None
