"""A company holds together: what is refused, where, and in which order things are kept."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.api.core.people import (
    Company,
    faults_of_terms,
    faults_of_unit,
    in_order,
    scores_follow_employee,
    scores_follow_shop,
    scores_follow_unit,
)
from services.schema.shapes.people import Assignment, Employee, Shop, ShopShare, Unit
from services.schema.words import Marketplace, ShopKind

DAY = date(2026, 3, 16)


def person(code: str, *held: Assignment, manager: str | None = None) -> Employee:
    return Employee(code, code, manager, None, None, held)


def held(
    *shops: tuple[str, str], start: date = DAY, end: date | None = None, unit: str = "u"
) -> Assignment:
    shares = tuple(ShopShare(shop, Decimal(share)) for shop, share in shops)
    return Assignment("agent", unit, shares, start, end)


def company(*people: Employee) -> Company:
    managers = {each.code: each.manager for each in people}
    return Company(shops={"s"}, units={"u"}, managers=managers, people=people)


def places(company: Company, employee: Employee) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.code) for fault in company.faults_of(employee)]


@pytest.mark.parametrize(
    ("parent", "code"),
    [
        (None, None),
        ("top", None),
        ("ghost", "unknown_unit"),
        ("new", "unit_cycle"),
    ],
)
def test_the_parent_of_a_new_unit(parent: str | None, code: str | None) -> None:
    faults = faults_of_unit(Unit("new", "new", parent, "anyone"), {"top": None, "low": "top"})
    assert [fault.code for fault in faults] == ([code] if code else [])


def test_a_unit_moves_beside_but_not_below_itself() -> None:
    parents = {"top": None, "mid": "top", "low": "mid", "other": "top"}
    assert faults_of_unit(Unit("mid", "mid", "other", None), parents) == []
    for below in ("mid", "low"):
        (fault,) = faults_of_unit(Unit("mid", "mid", below, None), parents)
        assert (fault.pointer, fault.code) == ("/parent", "unit_cycle")


@pytest.mark.parametrize(
    ("joined", "left", "faults"),
    [(DAY, DAY, 0), (DAY, date(2026, 3, 15), 1), (None, DAY, 0), (DAY, None, 0)],
)
def test_the_last_day_is_not_before_the_first(
    joined: date | None, left: date | None, faults: int
) -> None:
    assert len(faults_of_terms(Employee("e", "e", None, joined, left, ()))) == faults


def test_an_assignment_has_a_day() -> None:
    assert faults_of_terms(person("e", held(end=date(2026, 3, 17)))) == []
    (fault,) = faults_of_terms(person("e", held(end=DAY)))
    assert (fault.pointer, fault.code) == ("/assignments/0/to", "days_reversed")


def test_managers_form_a_tree() -> None:
    there = company(person("boss"), person("mid", manager="boss"))
    assert places(there, person("low", manager="mid")) == []
    assert places(there, person("low", manager="ghost")) == [("/manager", "unknown_employee")]
    for manager in ("boss", "mid"):
        bent = person("boss", manager=manager)
        assert places(there, bent) == [("/manager", "manager_cycle")]


def test_who_was_taken_counts_from_then_on() -> None:
    there = company(person("boss"))
    low = person("low", held(("s", "60")), manager="mid")
    assert places(there, low) == [("/manager", "unknown_employee")]
    there.take(person("mid", manager="boss"))
    assert places(there, low) == []
    there.take(low)
    over = person("other", held(("s", "40.0001")))
    assert places(there, over) == [("/assignments/0/shops/0/share", "shares_overbooked")]
    there.take(person("low", held(("s", "59.9999")), manager="mid"))
    assert places(there, over) == []


def test_the_share_at_fault_is_named_where_it_stands() -> None:
    there = company(person("a", held(("s", "100"), end=date(2026, 4, 1))))
    late = held(("s", "1"), start=date(2026, 4, 1))
    early = held(("s", "1"), start=date(2026, 3, 31), end=date(2026, 4, 1))
    assert places(there, person("b", late)) == []
    found = places(there, person("b", held(unit="u", end=date(2026, 3, 20)), early))
    assert found == [("/assignments/1/shops/0/share", "shares_overbooked")]


def test_one_person_cannot_hold_more_than_the_whole_either() -> None:
    both = person("a", held(("s", "60")), held(("s", "60")))
    assert [pointer for pointer, _ in places(company(), both)] == [
        "/assignments/0/shops/0/share",
        "/assignments/1/shops/0/share",
    ]


def test_assignments_stand_by_start_and_shops_by_code() -> None:
    first, second = held(("a", "1"), ("b", "2")), held(start=date(2026, 4, 1))
    turned = person("e", second, held(("b", "2"), ("a", "1")))
    assert in_order(turned) == person("e", first, second)


@pytest.mark.parametrize(
    ("change", "follow"),
    [
        ({}, False),
        ({"name": "other"}, False),
        ({"marketplace": Marketplace.TMALL}, False),
        ({"timezone": "UTC"}, True),
        ({"currency": "USD"}, True),
        ({"kind": ShopKind.OFFLINE}, True),
        ({"opened_on": DAY}, True),
    ],
)
def test_scores_follow_what_figures_of_a_shop_are_made_by(
    change: dict[str, Any], *, follow: bool
) -> None:
    before = Shop("s", "s", None, "Asia/Shanghai", "CNY", ShopKind.ONLINE, None)
    assert scores_follow_shop(before, replace(before, **change)) is follow
    assert scores_follow_shop(None, before) is False


def test_scores_follow_the_place_of_a_unit_and_not_its_name() -> None:
    before = Unit("u", "u", "top", None)
    assert scores_follow_unit(before, Unit("u", "other", "top", "lead")) is False
    assert scores_follow_unit(before, Unit("u", "u", None, None)) is True
    assert scores_follow_unit(None, before) is False


def test_scores_follow_the_days_and_places_of_people_and_not_their_names() -> None:
    before = person("e", held(("s", "50")), manager="boss")
    assert scores_follow_employee(before, replace(before, name="other", manager=None)) is False
    assert scores_follow_employee(before, replace(before, left_on=DAY)) is True
    assert scores_follow_employee(before, replace(before, assignments=())) is True
    assert scores_follow_employee(None, before) is True


def test_faults_say_in_a_sentence_what_is_wrong_and_of_whom() -> None:
    there = company(person("boss"), person("a", held(("s", "60"))))
    bad = person("b", held(("s", "50"), ("ghost", "1"), unit="nowhere"), manager="nobody")
    assert [(fault.code, fault.detail) for fault in there.faults_of(bad)] == [
        ("unknown_employee", "There is no employee nobody."),
        ("unknown_unit", "There is no unit nowhere."),
        ("unknown_shop", "There is no shop ghost."),
        (
            "shares_overbooked",
            "From 2026-03-16 on, 110 % of s would be answered for in the position agent.",
        ),
    ]
    own = there.faults_of(person("boss", manager="boss"))
    assert [fault.detail for fault in own] == ["boss is boss in person, or managed by way of boss."]
    twice = person("e", held(("s", "1"), ("s", "2"), end=DAY))
    reversed_days = replace(twice, joined_on=DAY, left_on=date(2026, 3, 15))
    assert [(fault.pointer, fault.detail) for fault in faults_of_terms(reversed_days)] == [
        ("/left_on", "The last day of work lies before the first."),
        (
            "/assignments/0/to",
            "An assignment ends after the day it starts on; its end is exclusive.",
        ),
        ("/assignments/0/shops/1/shop", "s stands twice in one assignment."),
    ]
    assert [fault.detail for fault in faults_of_unit(Unit("u", "u", "x", None), {})] == [
        "There is no unit x."
    ]
    assert [fault.detail for fault in faults_of_unit(Unit("u", "u", "u", None), {})] == [
        "u is u itself, or stands below it."
    ]
