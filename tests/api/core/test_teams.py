"""Whom and what a person leads on a day."""

from datetime import date

import pytest

from services.api.core.teams import led_units, members_of
from services.schema.shapes.people import Assignment, Employee, Unit

DAY = date(2026, 10, 31)
UNITS = {
    code: Unit(code, code, parent, lead)
    for code, parent, lead in (
        ("shops", None, "boss"),
        ("front", "shops", "boss"),
        ("night", "front", "sub"),
        ("back", None, "boss"),
        ("far", None, "other"),
    )
}


def person(
    code: str,
    unit: str = "far",
    *,
    manager: str | None = None,
    start: date = date(2026, 1, 1),
    end: date | None = None,
    joined: date | None = None,
    left: date | None = None,
) -> Employee:
    held = (Assignment("agent", unit, (), start, end),)
    return Employee(code, code, manager, joined, left, held)


def members(leader: str, *people: Employee) -> tuple[str, ...]:
    return members_of(leader, {each.code: each for each in people}, UNITS, DAY)


def test_members_are_those_managed_and_the_people_of_units_led_and_below() -> None:
    people = (
        person("z-front", "front"),
        person("night", "night"),
        person("managed", manager="boss"),
        person("both", "back", manager="boss"),
        person("stranger"),
        person("boss", "shops"),
    )
    assert members("boss", *people) == ("both", "managed", "night", "z-front")
    assert members("sub", *people) == ("night",)
    assert members("stranger", *people) == ()


@pytest.mark.parametrize(
    ("days", "is_member"),
    [
        ({}, True),
        ({"start": DAY}, True),
        ({"start": date(2026, 11, 1)}, False),
        ({"end": date(2026, 11, 1)}, True),
        ({"end": DAY}, False),
        ({"joined": DAY}, True),
        ({"joined": date(2026, 11, 1)}, False),
        ({"left": DAY}, True),
        ({"left": date(2026, 10, 30)}, False),
    ],
)
@pytest.mark.parametrize("manager", [None, "boss"])
def test_a_member_is_at_work_on_the_day(
    days: dict[str, date], manager: str | None, *, is_member: bool
) -> None:
    someone = person("e-1", "far" if manager else "front", manager=manager, **days)
    assert members("boss", someone) == (("e-1",) if is_member else ())


def test_nobody_is_a_member_of_the_own_team() -> None:
    assert members("boss", person("boss", "front", manager="boss")) == ()


def test_units_below_a_unit_led_are_not_led_again() -> None:
    assert led_units("boss", UNITS) == ("back", "shops")
    assert led_units("sub", UNITS) == ("night",)
    assert led_units("nobody", UNITS) == ()
