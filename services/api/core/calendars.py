"""What days weigh by the target calendar, and what a calendar must be."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from services.schema.errors import Fault, Invalid
from services.schema.shapes.calendars import TargetCalendar, WeighedDays


def weight_of(calendar: TargetCalendar, start: date, end: date) -> Decimal:
    """The weights of the days from `start` until before `end`, summed exactly."""
    weight = Decimal((end - start).days)
    for stretch in calendar.stretches:
        shared = (min(end, stretch.end) - max(start, stretch.start)).days
        if shared > 0:
            weight += shared * (stretch.weight - 1)
    return weight


def make_calendar(stated: Sequence[WeighedDays]) -> TargetCalendar:
    """The calendar of stretches in any order; every fault is refused with its place.

    A weight is above 0: nobody's part of a target then comes to nothing, which no actual could
    be held against.
    """
    faults = []
    for index, stretch in enumerate(stated):
        if stretch.weight <= 0:
            faults.append(Fault(f"/stretches/{index}/weight", "weight_not_positive", _ABOVE_0))
        if stretch.start >= stretch.end:
            detail = "A stretch ends after it starts; its end is exclusive."
            faults.append(Fault(f"/stretches/{index}/to", "stretch_empty", detail))
    ordered = sorted(enumerate(stated), key=lambda each: each[1].start)
    reached = date.min
    for index, stretch in ordered:
        if stretch.start < reached:
            detail = f"{stretch.start} stands in another stretch already."
            faults.append(Fault(f"/stretches/{index}/from", "stretches_overlap", detail))
        reached = max(reached, stretch.end)
    if faults:
        raise Invalid(faults[0].code, faults[0].detail, faults[:100])
    return TargetCalendar(tuple(stretch for _, stretch in ordered))


_ABOVE_0 = "A day's weight is above 0."
