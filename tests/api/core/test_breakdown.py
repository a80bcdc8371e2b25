"""A target is broken down into the parts there are, and to its last digit."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.core.breakdown import Company, check_names, parts_of, share_target
from services.schema.days import Calendar, parse_period
from services.schema.errors import Conflict
from services.schema.shapes.people import (
    Assignment,
    Employee,
    Shop,
    ShopShare,
    Subject,
    Unit,
    parse_subject,
)
from services.schema.words import Parts, ShopKind, WeekStart

FISCAL = Calendar("Asia/Shanghai", WeekStart.MONDAY, "04-01")
ODD = Calendar("Europe/London", WeekStart.MONDAY, "04-06")
ALL = Subject(parse_subject("company").kind, "")


def person(code: str, unit: str, *shops: str, start: date, end: date | None = None) -> Employee:
    held = Assignment("agent", unit, tuple(ShopShare(s, Decimal(1)) for s in shops), start, end)
    return Employee(code, code, None, None, None, (held,))


COMPANY = Company(
    shops={
        code: Shop(code, code, None, "UTC", "CNY", ShopKind.ONLINE, None)
        for code in ("s1", "s2", "s3")
    },
    units={
        code: Unit(code, code, parent, None)
        for code, parent in (("a", None), ("b", "a"), ("c", "b"), ("d", None))
    },
    employees={
        each.code: each
        for each in (
            person("x", "a", "s1", start=date(2026, 1, 1)),
            person("y", "c", "s2", start=date(2026, 10, 31)),
            person("z", "c", "s3", start=date(2026, 1, 1), end=date(2026, 10, 1)),
            person("w", "d", start=date(2026, 1, 1)),
        )
    },
)


def names(
    subject: str, period: str, into: Parts, calendar: Calendar = FISCAL
) -> list[tuple[str, str, str]]:
    parts = parts_of(
        parse_subject(subject),
        parse_period(period, calendar),
        into,
        calendar=calendar,
        company=COMPANY,
    )
    return [(name, str(part), code) for name, (part, code) in parts.items()]


def test_the_quarters_of_a_fiscal_year() -> None:
    assert names("unit:a", "2026", Parts.QUARTERS) == [
        (f"2026-Q{number}", "unit:a", f"2026-Q{number}") for number in range(1, 5)
    ]
    halves = [name for name, _, _ in names("unit:a", "2026-H2", Parts.QUARTERS)]
    assert halves == ["2026-Q3", "2026-Q4"]


def test_the_months_of_a_fiscal_year_go_on_into_the_next() -> None:
    codes = [code for _, _, code in names("company", "2026", Parts.MONTHS)]
    assert codes[0] == "2026-04"
    assert codes[-1] == "2027-03"
    assert len(codes) == 12


def test_a_range_that_months_fill_has_months() -> None:
    found = names("company", "2026-11-01/2027-02-01", Parts.MONTHS)
    assert [code for _, _, code in found] == ["2026-11", "2026-12", "2027-01"]


@pytest.mark.parametrize(
    ("period", "into"),
    [
        ("2026-10", Parts.MONTHS),
        ("2026-10", Parts.QUARTERS),
        ("2026-Q1", Parts.QUARTERS),
        ("2026-11-02/2027-02-01", Parts.MONTHS),
        ("2026-11-01/2027-02-02", Parts.MONTHS),
        ("2026-10-31", Parts.MONTHS),
    ],
)
def test_what_is_not_filled_by_parts_has_none(period: str, into: Parts) -> None:
    with pytest.raises(Conflict, match="has no"):
        names("company", period, into)


def test_calendar_months_do_not_fill_an_odd_fiscal_year() -> None:
    assert len(names("company", "2026", Parts.QUARTERS, ODD)) == 4
    with pytest.raises(Conflict):
        names("company", "2026", Parts.MONTHS, ODD)


@pytest.mark.parametrize("code", ["1900", "2199"])
def test_the_first_and_last_years_break_down_or_are_refused(code: str) -> None:
    assert len(names("company", code, Parts.QUARTERS)) == 4


@pytest.mark.parametrize(
    ("subject", "into", "found"),
    [
        ("unit:a", Parts.UNITS, ["unit:b"]),
        ("company", Parts.UNITS, ["unit:a", "unit:d"]),
        ("unit:a", Parts.EMPLOYEES, ["employee:x", "employee:y"]),
        ("unit:c", Parts.EMPLOYEES, ["employee:y"]),
        ("shop:s2", Parts.EMPLOYEES, ["employee:y"]),
        ("company", Parts.EMPLOYEES, ["employee:w", "employee:x", "employee:y"]),
        ("unit:a", Parts.SHOPS, ["shop:s1", "shop:s2"]),
        ("employee:x", Parts.SHOPS, ["shop:s1"]),
        ("company", Parts.SHOPS, ["shop:s1", "shop:s2", "shop:s3"]),
    ],
)
def test_who_and_what_a_subject_is_made_of(subject: str, into: Parts, found: list[str]) -> None:
    parts = names(subject, "2026-10", into)
    assert [part for _, part, _ in parts] == found
    assert {code for _, _, code in parts} == {"2026-10"}


def test_an_assignment_that_ended_with_the_month_before_counts_no_more() -> None:
    assert [name for name, _, _ in names("shop:s3", "2026-09", Parts.EMPLOYEES)] == ["z"]
    with pytest.raises(Conflict):
        names("shop:s3", "2026-10", Parts.EMPLOYEES)


def test_leftovers_go_to_the_largest_remainder() -> None:
    assert share_target(Decimal(1), dict.fromkeys("abc", Decimal(1))) == {
        "a": Decimal("0.333334"),
        "b": Decimal("0.333333"),
        "c": Decimal("0.333333"),
    }


def test_a_part_of_weight_zero_gets_nothing_and_one_without_is_left_alone() -> None:
    weights = {"b": Decimal(0), "a": Decimal("0.5")}
    check_names(weights, ["a", "b", "c"])
    assert share_target(Decimal(7), weights) == {"a": 7, "b": 0}


def test_weights_of_no_part_and_of_nothing_are_refused() -> None:
    with pytest.raises(Conflict) as refused:
        check_names({"a": Decimal(1), "z": Decimal(1)}, ["a", "b"])
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [
        ("/weights/z", "unknown_part")
    ]
    with pytest.raises(Conflict, match="not below zero"):
        share_target(Decimal(7), {"a": Decimal(0)})


@given(
    value=st.decimals(min_value=-(10**9), max_value=10**9, places=6),
    weights=st.lists(
        st.decimals(min_value=0, max_value=999_999, places=4), min_size=1, max_size=40
    ).filter(any),
)
def test_parts_always_sum_to_the_whole(value: Decimal, weights: list[Decimal]) -> None:
    named = {str(number): weight for number, weight in enumerate(weights)}
    assert sum(share_target(value, named).values()) == value
