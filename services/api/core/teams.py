"""Whom and what a person leads on a day: those managed, and the people of the units led."""

from collections.abc import Mapping
from datetime import date

from services.api.core.populations import units_upward, works_on
from services.schema.shapes.people import Employee, Unit


def members_of(
    leader: str, employees: Mapping[str, Employee], units: Mapping[str, Unit], day: date
) -> tuple[str, ...]:
    """Everyone at work on the day whose manager is the leader, or in a unit led or below it."""
    led = {code for code, unit in units.items() if unit.lead == leader}
    return tuple(
        code
        for code, employee in sorted(employees.items())
        if code != leader
        for at_work in [works_on(employee, day)]
        if (at_work and employee.manager == leader)
        or any(led.intersection(units_upward(held.unit, units)) for held in at_work)
    )


def led_units(leader: str, units: Mapping[str, Unit]) -> tuple[str, ...]:
    """The units led, without those below another of them: each fact of a team counts once."""
    led = {code for code, unit in units.items() if unit.lead == leader}
    return tuple(
        code for code in sorted(led) if not led.intersection(list(units_upward(code, units))[1:])
    )
