"""Whose facts a value is made of, and what a mark speaks of."""

from datetime import UTC, date, datetime

import pytest

from services.api.core.reach import (
    is_late,
    join_reach,
    late_by_subject,
    pay_reach_of,
    pay_touched_by,
    reach_of,
    touched_by,
)
from services.schema.shapes.late_facts import LateMark
from services.schema.shapes.live import Mark, Reached
from services.schema.words import FactKind, LateBasis, Scope
from tests.api.core.values import OCTOBER, SHOP, prepared
from tests.api.facts import assignment, employee, person

AT = datetime(2026, 1, 1, tzinfo=UTC)
DAY = date(2026, 1, 9)


def test_a_mark_speaks_of_the_company_and_of_whom_it_names() -> None:
    whole = Mark(DAY, "tm-1", "u-1", "e-1", AT)
    named = {"company", "shop:tm-1", "unit:u-1", "employee:e-1"}
    # Of what is scored and of what is paid alike.
    assert touched_by([whole]) == {(part + one, DAY) for part in ("", "pay/") for one in named}
    assert pay_touched_by([whole]) == {(f"pay/{one}", DAY) for one in named}


def test_empty_texts_are_nobody() -> None:
    touched = touched_by([Mark(DAY, "tm-1", "", "", AT)])
    assert {one for one, _ in touched} == {
        "company", "shop:tm-1", "pay/company", "pay/shop:tm-1",
    }  # fmt: skip
    assert touched_by([]) == set()


def test_days_are_told_apart() -> None:
    other = date(2026, 1, 10)
    marks = [Mark(DAY, "", "", "e-1", AT), Mark(other, "", "", "e-1", AT)]
    assert touched_by(marks) == {
        (part + one, day)
        for part in ("", "pay/")
        for one in ("company", "employee:e-1")
        for day in (DAY, other)
    }


START, END = OCTOBER.start, OCTOBER.end
SEPTEMBER = date(2026, 9, 1)


def test_what_is_made_of_two_reaches_from_the_first_day_to_the_last() -> None:
    shop, company = "shop:tm-1", "company"
    one = [Reached(shop, START, END), Reached(company, None, START)]
    other = [Reached(shop, SEPTEMBER, START), Reached(company, SEPTEMBER, END)]
    more = Reached("employee:e-1", START, END)
    joined = {Reached(shop, SEPTEMBER, END), Reached(company, None, END), more}
    assert join_reach(one, [*other, more]) == joined
    assert join_reach([*other, more], one) == joined
    assert join_reach(one, []) == set(one)


def test_a_value_of_the_company_is_made_of_all_its_facts_of_those_days() -> None:
    assert reach_of([prepared("visitors")]) == {Reached("company", START, END)}
    assert reach_of([]) == frozenset()


def test_a_value_of_a_shop_is_made_of_the_shops_facts() -> None:
    assert reach_of([prepared("paid_amount", SHOP)]) == {Reached("shop:a", START, END)}


def test_a_value_of_a_person_is_made_of_what_names_them_and_vouched_for_by_their_shops() -> None:
    ann = employee("ann", assignment("sales", {"a": "50"}))
    named = {Reached("employee:ann", START, END), Reached("shop:a", START, END)}
    assert reach_of([prepared("paid_amount", person("ann"), Scope.OWN, ann)]) == named
    of_unit = reach_of([prepared("paid_amount", person("ann"), Scope.UNIT, ann)])
    assert of_unit == named | {Reached("unit:sales", START, END)}


def test_days_reach_from_the_first_to_the_last_that_any_value_asks_for() -> None:
    later = date(2026, 11, 8)
    asked = [
        prepared("paid_amount", SHOP, start=date(2026, 10, 5), end=date(2026, 10, 6)),
        prepared("previous(paid_amount)", SHOP),
        prepared("paid_amount", SHOP, start=date(2026, 11, 1), end=later),
    ]
    for order in (asked, asked[::-1]):
        assert reach_of(order) == {Reached("shop:a", SEPTEMBER, later)}


def test_the_buyers_of_the_period_before_are_asked_for_as_well() -> None:
    assert reach_of([prepared("retained_buyers", SHOP)]) == {Reached("shop:a", SEPTEMBER, END)}


def test_whether_a_campaign_is_new_is_told_by_all_days_before() -> None:
    aged = prepared('visitors[campaign_age = "new"]', SHOP)
    assert reach_of([aged]) == {Reached("shop:a", None, END)}
    # An open beginning stays open, whichever value is asked for first.
    dated = prepared("visitors", SHOP, end=date(2026, 10, 9))
    assert reach_of([dated, aged]) == reach_of([aged, dated]) == {Reached("shop:a", None, END)}


def test_whether_a_buyer_is_new_is_told_by_any_order_of_the_company() -> None:
    expected = {Reached("shop:a", START, END), Reached("company", None, END)}
    assert reach_of([prepared("new_buyers", SHOP)]) == expected
    assert reach_of([prepared("returning_buyers", SHOP)]) == expected
    assert reach_of([prepared("buyers", SHOP)]) == {Reached("shop:a", START, END)}


def test_pay_is_made_of_the_same_facts_under_a_name_of_its_own() -> None:
    ann = employee("ann", assignment("sales", {"a": "50"}))
    own = [prepared("paid_amount", person("ann"), Scope.OWN, ann)]
    assert pay_reach_of(own) == {
        Reached("pay/employee:ann", START, END),
        Reached("pay/shop:a", START, END),
    }
    assert {f"pay/{each.subject}" for each in reach_of(own)} == {
        each.subject for each in pay_reach_of(own)
    }
    assert pay_reach_of([]) == frozenset()


def came(kind: FactKind, day: date, shop: str = "a", employee: str = "ann") -> LateMark:
    return LateMark(kind, day, shop, "", employee, LateBasis.BOTH, AT)


IN, BEFORE, AFTER = date(2026, 10, 31), date(2026, 9, 30), date(2026, 11, 1)
ORDERS, REFUNDS, TRAFFIC = FactKind.ORDERS, FactKind.REFUNDS, FactKind.TRAFFIC


@pytest.mark.parametrize(
    ("formula", "mark", "late"),
    [
        ("paid_amount", came(ORDERS, IN), True),
        ("paid_amount", came(ORDERS, START), True),
        ("paid_amount", came(ORDERS, BEFORE), False),
        ("paid_amount", came(ORDERS, AFTER), False),
        ("paid_amount", came(ORDERS, IN, shop="b"), False),
        ("paid_amount", came(REFUNDS, IN), False),
        ("paid_amount - refund_amount", came(REFUNDS, IN), True),
        ("previous(paid_amount)", came(ORDERS, BEFORE), True),
        ("previous(paid_amount)", came(ORDERS, IN), False),
        ("retained_buyers", came(ORDERS, BEFORE), True),
        # Whether a buyer is new hangs on orders of other shops, a campaign's age on all traffic.
        ("new_buyers", came(ORDERS, date(2020, 1, 1), shop="b"), True),
        ("new_buyers", came(ORDERS, AFTER, shop="b"), False),
        ("buyers", came(ORDERS, date(2020, 1, 1)), False),
        ('paid_amount[campaign_age = "new"]', came(TRAFFIC, date(2020, 1, 1)), True),
        ('paid_amount[campaign = "x"]', came(TRAFFIC, IN), False),
    ],
)
def test_a_value_is_late_by_facts_of_its_kind_its_days_and_its_names(
    formula: str, mark: LateMark, *, late: bool
) -> None:
    marks = late_by_subject([mark])
    assert is_late(prepared(formula, SHOP), marks, had_rows=True) == late
    assert is_late(prepared(formula, SHOP), late_by_subject([]), had_rows=False) is False


def test_facts_of_the_shop_are_not_those_of_its_people_unless_there_were_none() -> None:
    ann = employee("ann", assignment("sales", {"a": "50"}))
    own = prepared("paid_amount", person("ann"), Scope.OWN, ann)
    others = late_by_subject([came(ORDERS, IN, employee="bob")])
    assert not is_late(own, others, had_rows=True)
    # Of no rows they make a nought, and so do refunds.
    assert is_late(own, others, had_rows=False)
    refunded = late_by_subject([came(REFUNDS, IN, employee="bob")])
    assert is_late(own, refunded, had_rows=False)
    assert is_late(own, late_by_subject([came(ORDERS, IN)]), had_rows=True)
    company = prepared("paid_amount")
    assert is_late(company, others, had_rows=True)
