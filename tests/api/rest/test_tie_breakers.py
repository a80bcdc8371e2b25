"""A late fact that moves no line may move a place, and so a grade: it waits like any other."""

from copy import deepcopy
from datetime import date
from decimal import Decimal

import pytest

from tests.api.appraisals import (
    SCHEME,
    cards,
    checker,
    found,
    move,
    open_cycle,
    publish_scheme,
    scheme,
    sell,
)
from tests.api.companies import Company
from tests.api.disputing import file, uphold
from tests.api.facts import Sale
from tests.api.late_facts import decide, refund_late, sell_late, waiting
from tests.api.rest.test_late_facts import feed, figures
from tests.api.rest.test_rejected import live, owed, refused

FORCED = ("review", "calibration", "approved", "published")
TWO = "employee:e-2"
ONE_FIRST, TWO_FIRST = (Decimal(600), Decimal(250)), (Decimal(250), Decimal(600))
"""What both are paid: 500 times 1.2, and times 0.5."""


async def close_equals(company: Company, tie_breaker: str, *earlier: Sale) -> None:
    """Two with one order each, of 100 and of 90: sales alone tell them apart, for one A of two."""
    await found(company, ["e-1", "e-2"])
    shares = [{"grade": "A", "share": "50"}, {"grade": "C", "share": "50"}]
    apart = {"shares": shares, "minimum_population": 2, "tie_breakers": [tie_breaker]}
    section = deepcopy(SCHEME["sections"][0])
    section["items"] = [{**section["items"][1], "weight": "100"}]
    bonus = [{"plan": "grade_bonus", "base": "500"}]
    await publish_scheme(
        company, document=scheme(sections=[section], distribution=apart, pay=bonus)
    )
    await sell(
        company,
        Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="100", id="first"),
        Sale(paid_on=date(2026, 1, 6), salesperson="e-2", amount="90", id="second"),
        *earlier,
    )
    await open_cycle(company)
    await move(company, "jan", "closed")


@pytest.fixture
async def equals(company: Company) -> Company:
    await close_equals(company, "net_sales")
    return company


async def refund_first(company: Company, amount: str = "50", *, on: int = 20) -> None:
    """Of the order of `e-1`: no line counts it, since refunded orders are orders."""
    await refund_late(company, order="first", on=date(2026, 1, on), amount=amount)


async def grades(company: Company) -> dict[str, str]:
    return {subject: card["grade"] for subject, card in (await cards(company)).items()}


async def pay(company: Company) -> tuple[Decimal, Decimal]:
    one, two = [(await owed(company, each))["grade_bonus"] for each in ("e-1", "e-2")]
    return one, two


async def test_a_fact_that_moves_a_tie_breaker_alone_waits(equals: Company) -> None:
    before = await cards(equals)
    await refund_first(equals)
    case = await waiting(equals)
    assert figures(case) == {"/tie_breakers/net_sales": ("100", "50")}
    assert [(each["kind"], each["counts_for"]) for each in case["facts"]] == [("refunds", "score")]
    # Who shares the shop is asked about it too; nothing of theirs changes.
    assert figures(await waiting(equals, TWO)) == {}
    # Nobody has decided on it: equals are told apart as they were.
    await move(equals, "jan", *FORCED)
    assert await pay(equals) == ONE_FIRST
    assert (await cards(equals)).keys() == before.keys()


async def test_it_waits_also_where_no_line_is_made_of_its_day(company: Company) -> None:
    """Growth is told by the month before, of which no line knows; both are of January's card."""
    december = [
        Sale(paid_on=date(2025, 12, 3), salesperson="e-1", amount="50"),
        Sale(paid_on=date(2025, 12, 4), salesperson="e-2", amount="60"),
    ]
    await close_equals(company, "sales_growth", *december)
    more = Sale(paid_on=date(2025, 12, 30), salesperson="e-1", amount="50", id="late")
    await sell_late(company, more)
    case = await waiting(company)
    assert figures(case) == {"/tie_breakers/sales_growth": ("1", "0")}
    assert [(each["id"], each["day"]) for each in case["facts"]] == [("late", "2025-12-30")]
    await decide(company, "accepted")
    await sell_late(company, Sale(paid_on=date(2026, 1, 9), salesperson="e-1", amount="5"))
    assert figures(await waiting(company))["/lines/orders/value"] == ("1", "2")
    await decide(company, "rejected")
    await move(company, "jan", *FORCED)
    assert await pay(company) == TWO_FIRST


@pytest.mark.parametrize("decision", ["accepted", "rejected"])
async def test_before_calibration_an_accepted_one_moves_the_grade(
    equals: Company, decision: str
) -> None:
    await refund_first(equals)
    decided = await decide(equals, decision)
    assert figures(decided) == {"/tie_breakers/net_sales": ("100", "50")}
    assert await waiting(equals) is None
    await move(equals, "jan", *FORCED)
    assert await pay(equals) == (TWO_FIRST if decision == "accepted" else ONE_FIRST)


async def test_what_else_comes_is_held_against_what_was_accepted(equals: Company) -> None:
    await refund_first(equals)
    await decide(equals, "accepted")
    await refund_first(equals, "10", on=21)
    assert figures(await waiting(equals)) == {"/tie_breakers/net_sales": ("50", "40")}
    await move(equals, "jan", *FORCED)
    await decide(equals, "accepted")
    await refund_first(equals, "5", on=22)
    assert figures(await waiting(equals)) == {"/tie_breakers/net_sales": ("40", "35")}


async def test_a_published_grade_stays_until_the_cycle_is_opened_again(equals: Company) -> None:
    await move(equals, "jan", *FORCED)
    published = await feed(equals)
    await refund_first(equals)
    answer = await refused(equals, "open")
    assert [each["code"] for each in answer["errors"]] == ["late_facts_undecided"]
    assert await grades(equals) == {"employee:e-1": "A", "employee:e-2": "C"}
    # Two people accept it; payroll hears nothing, since nobody is ranked again for one fact.
    case = await waiting(equals)
    path, body = f"/v1/late-facts/{case['id']}/decision", {"decision": "accepted", "reason": "so"}
    proposed = await equals.post(path, body)
    assert proposed.status_code == 202
    alone = await equals.post(path, body)
    assert (alone.status_code, alone.json()["code"]) == (409, "accepted_alone")
    accepted = await equals.post(path, body, key=await checker(equals))
    assert (accepted.status_code, accepted.json()["entries"]) == (201, [])
    assert await feed(equals) == published
    assert await grades(equals) == {"employee:e-1": "A", "employee:e-2": "C"}
    await move(equals, "jan", "open", reason="again")
    await move(equals, "jan", "closed", *FORCED)
    assert await pay(equals) == TWO_FIRST


async def test_a_rejected_one_comes_in_by_no_revision(equals: Company) -> None:
    await move(equals, "jan", *FORCED)
    await refund_first(equals)
    await decide(equals, "rejected")
    await move(equals, "jan", "open", reason="again")
    assert figures(await waiting(equals)) == {"/tie_breakers/net_sales": ("100", "50")}
    await move(equals, "jan", "closed", *FORCED)
    assert await pay(equals) == ONE_FIRST
    await refund_first(equals, "10", on=21)
    case = await waiting(equals)
    assert figures(case) == {"/tie_breakers/net_sales": ("100", "40")}
    assert [each["rejected"] for each in case["facts"]] == [True, False]


async def test_hr_looks_again_before_data_are_closed_over_more_of_them(equals: Company) -> None:
    await move(equals, "jan", *FORCED)
    await refund_first(equals)
    await decide(equals, "rejected")
    await move(equals, "jan", "open", reason="again")
    await refund_first(equals, "10", on=21)
    await live(equals)
    assert (await refused(equals, "closed"))["code"] == "late_facts_undecided"
    assert figures(await waiting(equals)) == {"/tie_breakers/net_sales": ("100", "40")}
    await decide(equals, "rejected")
    await move(equals, "jan", "closed", *FORCED)
    assert await pay(equals) == ONE_FIRST
    await move(equals, "jan", "open", reason="once more")
    await decide(equals, "accepted")
    assert await waiting(equals) is None
    await move(equals, "jan", "closed", *FORCED)
    assert await pay(equals) == TWO_FIRST


async def test_one_that_would_have_changed_nothing_holds_no_tie_breaker(equals: Company) -> None:
    """What is rejected without any effect leaves the card to the facts, ties with it."""
    await move(equals, "jan", *FORCED)
    await sell_late(
        equals,
        Sale(paid_on=date(2026, 1, 9), salesperson="e-1", amount="7", id="test", exclusion="test"),
    )
    case = await waiting(equals)
    assert figures(case) == {}
    await decide(equals, "rejected")
    await move(equals, "jan", "open", reason="again")
    assert await waiting(equals) is None
    await refund_first(equals)
    await live(equals)
    await move(equals, "jan", "closed", *FORCED)
    assert await pay(equals) == TWO_FIRST


async def test_what_is_upheld_of_a_held_card_moves_what_tells_it_apart(equals: Company) -> None:
    await equals.make_key("one", "employee", "e-1")
    await equals.make_key("hr", "hr")
    await move(equals, "jan", *FORCED)
    more = Sale(paid_on=date(2026, 1, 9), salesperson="e-1", amount="5", id="late")
    await sell_late(equals, more)
    assert figures(await waiting(equals))["/tie_breakers/net_sales"] == ("100", "105")
    await decide(equals, "rejected")
    await uphold(equals, await file(equals, {"fact": "orders/erp/first", "amount": "80"}))
    await move(equals, "jan", "open", reason="again")
    assert figures(await waiting(equals))["/tie_breakers/net_sales"] == ("80", "85")
    await decide(equals, "rejected")
    await move(equals, "jan", "closed", *FORCED)
    # 80 and 90: without what came late, and with what was upheld.
    assert await pay(equals) == TWO_FIRST
