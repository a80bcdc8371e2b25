"""Whom a cycle appraises: who belongs to a population, and on which days of its period."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from services.schema.days import Period
from services.schema.shapes.cycles import Population
from services.schema.shapes.people import Assignment, Employee, Unit

Span = tuple[date, date]
"""The first day and the day after the last."""


def is_member(
    population: Population, employee: Employee, period: Period, units: Mapping[str, Unit]
) -> bool:
    """Whether someone is assigned for a day of the period and meets all that is named."""
    return held_until(population, employee, period, units) is not None


def held_until(
    population: Population, employee: Employee, period: Period, units: Mapping[str, Unit]
) -> date | None:
    """The day after the last one on which the population holds someone; null if never."""
    spans = (
        span
        for assignment in employee.assignments
        if holds_assignment(population, employee, assignment, units)
        and (span := span_within(employee, assignment, period))
    )
    return max((end for _, end in spans), default=None)


def holds_assignment(
    population: Population, employee: Employee, assignment: Assignment, units: Mapping[str, Unit]
) -> bool:
    """Whether a population takes someone in for an assignment, whenever that is."""
    if population.units is not None:
        return False
    return (
        (population.employees is None or employee.code in population.employees)
        and (population.position is None or assignment.position == population.position)
        and (population.unit is None or population.unit in units_upward(assignment.unit, units))
    )


def span_within(employee: Employee, assignment: Assignment, period: Period) -> Span | None:
    """The days of an assignment inside a period; the first and last day of work both count."""
    starts = [assignment.start, period.start]
    ends = [period.end]
    if employee.joined_on is not None:
        starts.append(employee.joined_on)
    if assignment.end is not None:
        ends.append(assignment.end)
    if employee.left_on is not None:
        ends.append(employee.left_on + timedelta(days=1))
    start, end = max(starts), min(ends)
    return (start, end) if start < end else None


def works_on(employee: Employee, day: date) -> list[Assignment]:
    """The assignments of someone on a day; none who is not at work then."""
    joined = employee.joined_on is None or employee.joined_on <= day
    left = employee.left_on is not None and employee.left_on < day
    if not joined or left:
        return []
    return [
        held
        for held in employee.assignments
        if held.start <= day and (held.end is None or day < held.end)
    ]


def units_upward(unit: str, units: Mapping[str, Unit]) -> Iterator[str]:
    """A unit and all above it; a circle, which nobody may store, ends where it began."""
    seen: set[str] = set()
    code: str | None = unit
    while code is not None and code not in seen:
        seen.add(code)
        yield code
        code = units[code].parent if code in units else None
