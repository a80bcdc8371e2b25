"""Who belongs to a population, and until which day of the period."""

from datetime import date

import pytest

from services.api.core.populations import held_until, is_member, span_within
from services.schema.shapes.cycles import Population
from services.schema.shapes.people import Employee, Unit
from tests.api.core.people import OCTOBER, UNITS, assigned, day, employee

GUIDE = employee(assigned("guide", "north-1"))


@pytest.mark.parametrize(
    ("population", "belongs"),
    [
        (Population(), True),
        (Population(position="guide"), True),
        (Population(position="host"), False),
        (Population(unit="north-1"), True),
        (Population(unit="north"), True),
        (Population(unit="root"), True),
        (Population(unit="south"), False),
        (Population(unit="nowhere"), False),
        (Population(employees=("e-1", "e-2")), True),
        (Population(employees=("e-2",)), False),
        (Population(employees=()), False),
        (Population(position="guide", unit="north", employees=("e-1",)), True),
        (Population(position="guide", unit="south", employees=("e-1",)), False),
        (Population(position="host", unit="north", employees=("e-1",)), False),
        (Population(units=("north-1",)), False),
    ],
)
def test_a_member_meets_all_that_is_named(population: Population, belongs: bool) -> None:  # noqa: FBT001  a column of the table
    assert is_member(population, GUIDE, OCTOBER, UNITS) is belongs


def test_all_that_is_named_is_met_by_one_assignment() -> None:
    both = employee(assigned("guide", "south"), assigned("host", "north"))
    assert not is_member(Population(position="guide", unit="north"), both, OCTOBER, UNITS)
    assert is_member(Population(position="host", unit="north"), both, OCTOBER, UNITS)


@pytest.mark.parametrize(
    ("someone", "until"),
    [
        (employee(assigned("guide")), day(1, 11)),
        (employee(assigned("guide", end=day(1))), None),
        (employee(assigned("guide", end=day(2))), day(2)),
        (employee(assigned("guide", start=day(31))), day(1, 11)),
        (employee(assigned("guide", start=day(1, 11))), None),
        (employee(assigned("guide"), left_on=day(1)), day(2)),
        (employee(assigned("guide"), left_on=day(30, 9)), None),
        (employee(assigned("guide"), joined_on=day(31)), day(1, 11)),
        (employee(assigned("guide"), joined_on=day(1, 11)), None),
        (employee(assigned("guide", end=day(9)), assigned("guide", end=day(5))), day(9)),
        (employee(), None),
    ],
)
def test_one_day_of_the_period_is_enough(someone: Employee, until: date | None) -> None:
    assert held_until(Population(position="guide"), someone, OCTOBER, UNITS) == until


def test_the_first_and_the_last_day_of_work_both_count() -> None:
    someone = employee(assigned("guide"), joined_on=day(10), left_on=day(12))
    assert span_within(someone, someone.assignments[0], OCTOBER) == (day(10), day(13))
    one_day = employee(assigned("guide"), joined_on=day(10), left_on=day(10))
    assert span_within(one_day, one_day.assignments[0], OCTOBER) == (day(10), day(11))


def test_units_in_a_circle_come_to_an_end() -> None:
    circle = {"a": Unit("a", "a", "b", None), "b": Unit("b", "b", "a", None)}
    someone = employee(assigned("guide", "a"))
    assert is_member(Population(unit="b"), someone, OCTOBER, circle)
    assert not is_member(Population(unit="c"), someone, OCTOBER, circle)


def test_a_unit_that_nobody_has_described_stands_alone() -> None:
    someone = employee(assigned("guide", "gone"))
    assert is_member(Population(unit="gone"), someone, OCTOBER, UNITS)
    assert not is_member(Population(unit="north"), someone, OCTOBER, UNITS)
