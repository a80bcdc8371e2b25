"""Attribution: whose facts count for whom on which days, each once, and shares of the whole."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from services.api.core.attribution import Attribution, OverbookedShares, overbooked_shares
from services.schema.shapes.indicators import Slice
from services.schema.shapes.people import Employee, Subject
from services.schema.words import Scope, SubjectKind
from tests.api.facts import COMPANY, assignment, employee, person, unit

START, MIDDLE, END = date(2026, 10, 1), date(2026, 10, 16), date(2026, 11, 1)
OWN, SHOPS, UNIT, ALL = Scope.OWN, Scope.SHOPS, Scope.UNIT, Scope.COMPANY


def piece(
    start: date,
    end: date,
    *,
    shops: str = "",
    people: str = "",
    units: str = "",
    share: str = "100",
) -> Slice:
    return Slice(
        start,
        end,
        frozenset(shops.split()),
        frozenset(people.split()),
        frozenset(units.split()),
        Decimal(share),
    )


def of(*employees: Employee) -> Attribution:
    units = [unit("top"), unit("sales", "top"), unit("east", "sales"), unit("desk", "top")]
    return Attribution({one.code: one for one in units}, {one.code: one for one in employees})


def of_unit(code: str) -> Subject:
    return Subject(SubjectKind.UNIT, code)


def test_own_facts_are_those_that_name_the_person_on_any_day() -> None:
    ann = employee("ann", assignment("sales", {"a": "50"}, start=MIDDLE))
    selection = of(ann).select(person("ann"), OWN, START, END)
    assert selection.slices == (piece(START, END, people="ann"),)
    assert selection.presence == (
        piece(START, MIDDLE, people="ann"),
        piece(MIDDLE, END, people="ann", shops="a"),
    )
    assert not selection.by_shop


def test_shops_count_by_share_and_date() -> None:
    ann = employee(
        "ann",
        assignment("sales", {"a": "50", "b": "100", "c": "50"}, end=MIDDLE),
        assignment("sales", {"b": "100"}, start=MIDDLE),
    )
    selection = of(ann).select(person("ann"), SHOPS, START, END)
    assert set(selection.slices) == {
        piece(START, MIDDLE, shops="a c", share="50"),
        piece(START, END, shops="b"),
    }
    assert selection.presence == (
        piece(START, MIDDLE, shops="a b c", people="ann"),
        piece(MIDDLE, END, shops="b", people="ann"),
    )
    assert selection.by_shop


def test_two_positions_in_a_shop_are_added_up_to_the_whole() -> None:
    ann = employee(
        "ann",
        assignment("sales", {"a": "60", "b": "30"}, position="agent"),
        assignment("desk", {"a": "60", "b": "30"}, position="designer"),
    )
    assert set(of(ann).select(person("ann"), SHOPS, START, END).slices) == {
        piece(START, END, shops="a"),
        piece(START, END, shops="b", share="60"),
    }


def test_the_days_of_work_bound_an_assignment_and_both_ends_count() -> None:
    ann = employee(
        "ann",
        assignment("sales", {"a": "100"}),
        joined_on=date(2026, 10, 3),
        left_on=date(2026, 10, 20),
    )
    company = of(ann)
    worked = piece(date(2026, 10, 3), date(2026, 10, 21), shops="a")
    assert company.select(person("ann"), SHOPS, START, END).slices == (worked,)
    assert company.select(of_unit("sales"), SHOPS, START, END).slices == (worked,)


def test_without_shops_nothing_counts_but_the_person_may_be_reached() -> None:
    selection = of(employee("ann", assignment("sales"))).select(person("ann"), SHOPS, START, END)
    assert selection.slices == ()
    assert selection.presence == (piece(START, END, people="ann"),)


def test_a_unit_has_its_people_and_their_shops_with_all_below_once_and_whole() -> None:
    company = of(
        employee("ann", assignment("sales", {"a": "50"})),
        employee("bob", assignment("east", {"a": "50", "b": "10"}, end=MIDDLE)),
        employee("cat", assignment("desk", {"c": "100"})),
    )
    both = "sales east"
    assert company.select(of_unit("sales"), UNIT, START, END).slices == (
        piece(START, MIDDLE, people="ann bob", shops="a b", units=both),
        piece(MIDDLE, END, people="ann", shops="a", units=both),
    )
    assert company.select(of_unit("sales"), OWN, START, END).slices == (
        piece(START, MIDDLE, people="ann bob", units=both),
        piece(MIDDLE, END, people="ann", units=both),
    )
    assert company.select(of_unit("sales"), SHOPS, START, END).slices == (
        piece(START, MIDDLE, shops="a b"),
        piece(MIDDLE, END, shops="a"),
    )
    (first, _) = company.select(of_unit("top"), UNIT, START, END).slices
    assert first.employees == frozenset({"ann", "bob", "cat"})
    assert not company.select(of_unit("sales"), UNIT, START, END).by_shop


def test_of_two_assignments_only_the_one_in_the_unit_brings_its_shops() -> None:
    ann = employee("ann", assignment("sales", {"a": "100"}), assignment("desk", {"c": "100"}))
    assert of(ann).select(of_unit("desk"), UNIT, START, END).slices == (
        piece(START, END, people="ann", shops="c", units="desk"),
    )


def test_a_unit_without_people_has_what_is_posted_for_it() -> None:
    assert of().select(of_unit("east"), UNIT, START, END).slices == (
        piece(START, END, units="east"),
    )


def test_the_unit_of_a_person_is_each_unit_on_its_days() -> None:
    company = of(
        employee(
            "ann",
            assignment("sales", {"a": "50"}, end=MIDDLE),
            assignment("desk", start=MIDDLE, end=date(2026, 10, 20)),
        ),
        employee("bob", assignment("east", {"b": "100"})),
        employee("cat", assignment("desk", {"c": "100"})),
    )
    assert company.select(person("ann"), UNIT, START, END).slices == (
        piece(START, MIDDLE, people="ann bob", shops="a b", units="sales east"),
        piece(MIDDLE, date(2026, 10, 20), people="ann cat", shops="c", units="desk"),
    )
    assert company.units_on("ann", START, MIDDLE) == ("sales",)
    assert company.units_on("ann", START, END) == ("desk",)
    assert company.units_on("nobody", START, END) == ()


@pytest.mark.parametrize("subject", [COMPANY, person("ann"), of_unit("sales")])
def test_the_company_is_every_fact(subject: Subject) -> None:
    selection = of(employee("ann", assignment("sales"))).select(subject, ALL, START, END)
    (whole,) = selection.slices
    assert (whole.shops, whole.employees) == (None, None)
    assert selection.presence == (whole,)


def test_a_shop_is_itself_in_every_scope_but_the_companys() -> None:
    shop = Subject(SubjectKind.SHOP, "a")
    for scope in (OWN, SHOPS, UNIT):
        assert of().select(shop, scope, START, END).slices == (piece(START, END, shops="a"),)


def test_slices_of_a_selection_hold_each_day_and_shop_once() -> None:
    people = [
        employee(f"e{n}", assignment("sales", {f"s{n % 3}": "20"}, start=date(2026, 9, 25 + n)))
        for n in range(6)
    ]
    for subject in (of_unit("sales"), person("e1")):
        for scope in (OWN, SHOPS, UNIT):
            seen: list[tuple[str, date]] = []
            for one in of(*people).select(subject, scope, START, END).slices:
                days = [one.start + timedelta(n) for n in range((one.end - one.start).days)]
                names = (one.shops or frozenset()) | (one.employees or frozenset())
                seen += [(name, day) for name in names for day in days]
            assert len(seen) == len(set(seen)) > 0


def test_shares_of_one_shop_and_position_reach_the_whole_and_no_more() -> None:
    ann = employee("ann", assignment("sales", {"a": "60"}))
    bob = employee("bob", assignment("sales", {"a": "40"}))
    assert overbooked_shares([ann, bob]) == []
    cat = employee("cat", assignment("east", {"a": "0.0001"}, start=MIDDLE, end=END))
    assert overbooked_shares([ann, bob, cat]) == [
        OverbookedShares("a", "agent", MIDDLE, Decimal("100.0001"))
    ]
    other = employee("dan", assignment("sales", {"a": "100"}, position="designer"))
    assert overbooked_shares([ann, bob, other]) == []
    after = employee("eve", assignment("sales", {"a": "60"}, start=END))
    gone = employee("ann", assignment("sales", {"a": "60"}), left_on=date(2026, 10, 31))
    assert overbooked_shares([gone, bob, after]) == []
    stays = employee("ann", assignment("sales", {"a": "60"}), left_on=END)
    assert overbooked_shares([stays, bob, after]) == [
        OverbookedShares("a", "agent", END, Decimal(160))
    ]
