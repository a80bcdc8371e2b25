"""The stretches of a card: where they are cut, joined, and whose scheme scores them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.core.segments import segments_of_employee, segments_of_unit
from services.schema.days import Period
from services.schema.shapes.cycles import Cycle, Population
from services.schema.shapes.people import Assignment, Employee
from services.schema.shapes.scorecards import Segment
from tests.api.core.people import OCTOBER, UNITS, assigned, cycle, day, employee

GUIDES = cycle("guides", Population(position="guide"), version=3)
HOSTS = cycle("hosts", Population(position="host"), version=5)
Told = tuple[int, int, str | None, str | None, str]


def told(segments: tuple[Segment, ...]) -> list[Told]:
    """First day, days, position, unit and scheme."""
    return [(each.start.day, each.days, each.position, each.unit, each.scheme) for each in segments]


def segments(someone: Employee, own: Cycle, *others: Cycle) -> list[Told]:
    return told(segments_of_employee(someone, own, others, UNITS))


def test_nothing_changes_and_there_is_one_segment() -> None:
    found = segments_of_employee(employee(assigned("guide")), GUIDES, (), UNITS)
    assert found == (Segment(day(1), day(1, 11), "guide", "north", "guides", 3),)


def test_requirement_21_a_move_on_the_16th_makes_two_segments_of_the_whole_month() -> None:
    someone = employee(assigned("guide", end=day(16)), assigned("host", start=day(16)))
    found = segments(someone, HOSTS, GUIDES)
    assert found == [(1, 15, "guide", "north", "guides"), (16, 16, "host", "north", "hosts")]
    assert sum(days for _, days, *_ in found) == OCTOBER.days
    # The card lies where the month ends, and only there.
    assert segments(someone, GUIDES, HOSTS) == []


def test_an_earlier_stretch_that_nobody_appraised_is_scored_by_this_cycle_s_scheme() -> None:
    someone = employee(assigned("packer", end=day(16)), assigned("host", start=day(16)))
    assert segments(someone, HOSTS) == [
        (1, 15, "packer", "north", "hosts"),
        (16, 16, "host", "north", "hosts"),
    ]


def test_days_after_the_population_has_let_go_are_not_counted() -> None:
    someone = employee(assigned("guide", end=day(16)), assigned("packer", start=day(16)))
    assert segments(someone, GUIDES) == [(1, 15, "guide", "north", "guides")]


@pytest.mark.parametrize(
    ("second", "cut"),
    [
        (assigned("guide", start=day(16), shops=("a", "b")), False),
        (assigned("guide", start=day(16), shops=("b", "a")), False),
        (assigned("guide", start=day(16), shops=("a", "b"), share=50), False),
        (assigned("guide", start=day(16), shops=("a",)), True),
        (assigned("guide", start=day(16), shops=("a", "b", "c")), True),
        (assigned("guide", "north-1", start=day(16), shops=("a", "b")), True),
        (assigned("guide", start=day(17), shops=("a", "b")), True),
    ],
)
def test_a_change_of_unit_or_shops_cuts_and_a_renewal_or_share_does_not(
    second: Assignment,
    cut: bool,  # noqa: FBT001  a column of the table
) -> None:
    someone = employee(assigned("guide", end=day(16), shops=("a", "b")), second)
    found = segments(someone, GUIDES)
    assert len(found) == (2 if cut else 1)
    assert found[0][0] == 1
    assert sum(days for _, days, *_ in found) == 31 - (second.start.day - 16)


def test_a_shop_that_comes_on_top_cuts_where_it_begins_and_ends() -> None:
    someone = employee(
        assigned("guide", shops=("a",)),
        assigned("guide", start=day(10), end=day(20), shops=("b",)),
    )
    assert [(first, days) for first, days, *_ in segments(someone, GUIDES)] == [
        (1, 9),
        (10, 10),
        (20, 12),
    ]


def test_two_positions_at_once_have_a_card_in_each_cycle() -> None:
    someone = employee(assigned("guide", "north"), assigned("host", "south"))
    assert segments(someone, GUIDES, HOSTS) == [(1, 31, "guide", "north", "guides")]
    assert segments(someone, HOSTS, GUIDES) == [(1, 31, "host", "south", "hosts")]


def test_two_cycles_over_the_same_people_have_a_card_each() -> None:
    again = cycle("again", Population(position="guide"), scheme="other")
    someone = employee(assigned("guide"))
    assert segments(someone, GUIDES, again) == [(1, 31, "guide", "north", "guides")]
    assert segments(someone, again, GUIDES) == [(1, 31, "guide", "north", "other")]


def test_of_several_assignments_the_one_that_began_first_names_the_segment() -> None:
    someone = employee(
        assigned("guide", "south", start=day(2, 9)), assigned("guide", "north", start=day(1, 9))
    )
    assert segments(someone, GUIDES) == [(1, 31, "guide", "north", "guides")]


def test_joiners_leavers_and_absences() -> None:
    joiner = employee(assigned("guide"), joined_on=day(31))
    assert segments(joiner, GUIDES) == [(31, 1, "guide", "north", "guides")]
    leaver = employee(assigned("guide"), left_on=day(1))
    assert segments(leaver, GUIDES) == [(1, 1, "guide", "north", "guides")]
    away = employee(assigned("guide", end=day(5)), assigned("guide", start=day(8)))
    assert segments(away, GUIDES) == [
        (1, 4, "guide", "north", "guides"),
        (8, 24, "guide", "north", "guides"),
    ]
    assert segments(employee(), GUIDES) == []


def test_cycles_of_other_periods_and_drafts_do_not_count() -> None:
    quarter = Period("2026-Q4", date(2026, 10, 1), date(2027, 1, 1), 3)
    longer = cycle("hosts-q", Population(position="host"), period=quarter)
    draft = cycle("hosts-draft", Population(position="host"), version=None)
    units = cycle("units", Population(units=("north",)))
    someone = employee(assigned("guide", end=day(16)), assigned("host", start=day(16)))
    assert segments(someone, GUIDES, GUIDES, longer, draft, units) == [
        (1, 15, "guide", "north", "guides")
    ]


def test_of_several_other_cycles_the_first_by_code_scores_an_earlier_stretch() -> None:
    others = [cycle(code, Population(position="guide")) for code in ("b", "a", "c")]
    someone = employee(assigned("guide", end=day(16)), assigned("host", start=day(16)))
    assert segments(someone, HOSTS, *others)[0] == (1, 15, "guide", "north", "a")


def test_populations_of_a_unit_hold_whoever_is_below() -> None:
    north = cycle("north", Population(unit="north"))
    south = cycle("south", Population(unit="south"))
    someone = employee(
        assigned("guide", "north-1", end=day(16)), assigned("guide", "south", start=day(16))
    )
    assert segments(someone, south, north) == [
        (1, 15, "guide", "north-1", "north"),
        (16, 16, "guide", "south", "south"),
    ]
    assert segments(someone, north, south) == []
    assert segments(someone, north) == [(1, 15, "guide", "north-1", "north")]


def test_populations_of_names_hold_those_named() -> None:
    named = cycle("named", Population(employees=("e-1",)))
    others = cycle("others", Population(employees=("e-2",)))
    someone = employee(assigned("guide"))
    assert segments(someone, named, others) == [(1, 31, "guide", "north", "named")]
    assert segments(someone, others, named) == []


def test_shops_cut_stretches_that_nobody_appraised_too() -> None:
    someone = employee(
        assigned("packer", end=day(6), shops=("a",)),
        assigned("packer", start=day(6), end=day(16), shops=("b",)),
        assigned("host", start=day(16), shops=("b",)),
    )
    assert [days for _, days, *_ in segments(someone, HOSTS)] == [5, 10, 16]


def test_a_unit_has_one_segment() -> None:
    assert segments_of_unit("north", GUIDES) == (
        Segment(day(1), day(1, 11), None, "north", "guides", 3),
    )


def test_a_cycle_without_a_version_scores_nobody() -> None:
    with pytest.raises(AssertionError, match="a version of its scheme"):
        segments_of_unit("north", cycle("draft", version=None))


ASSIGNMENTS = st.lists(
    st.builds(
        lambda position, unit, first, days, shops: assigned(
            position,
            unit,
            start=date.fromordinal(day(15, 9).toordinal() + first),
            end=date.fromordinal(day(15, 9).toordinal() + first + days),
            shops=shops,
        ),
        st.sampled_from(("guide", "host", "packer")),
        st.sampled_from(("north", "south")),
        st.integers(0, 60),
        st.integers(1, 60),
        st.lists(st.sampled_from("ab"), unique=True),
    ),
    max_size=5,
)


@given(ASSIGNMENTS)
def test_segments_are_apart_and_cover_each_assigned_day_once(
    assignments: list[Assignment],
) -> None:
    someone = employee(*assignments)
    found = segments_of_employee(someone, GUIDES, (HOSTS,), UNITS)
    covered = [
        date.fromordinal(number)
        for each in found
        for number in range(each.start.toordinal(), each.end.toordinal())
    ]
    assert covered == sorted(set(covered))
    last = max(covered, default=None)
    present = {
        each
        for each in OCTOBER.each_day()
        if any(one.start <= each and (one.end is None or each < one.end) for one in assignments)
    }
    assert set(covered) == {each for each in present if last is not None and each <= last}


@given(ASSIGNMENTS)
def test_a_card_lies_in_at_least_one_of_the_cycles_that_hold_someone(
    assignments: list[Assignment],
) -> None:
    someone = employee(*assignments)
    held = any(
        one.position in ("guide", "host") and one.start < OCTOBER.end and one.end > OCTOBER.start
        for one in assignments
        if one.end is not None
    )
    cards = [segments_of_employee(someone, own, (GUIDES, HOSTS), UNITS) for own in (GUIDES, HOSTS)]
    assert any(cards) is held
