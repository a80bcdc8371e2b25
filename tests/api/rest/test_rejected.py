"""Late facts that were rejected never count: not by a new revision, nor by being overlooked."""

from copy import deepcopy
from datetime import date
from decimal import Decimal

import pytest

from tests.api.appraisals import (
    SCHEME,
    ask,
    cards,
    digest,
    move,
    person,
    scheme,
    set_targets,
)
from tests.api.companies import Company, Json
from tests.api.disputing import file, uphold
from tests.api.facts import Sale
from tests.api.late_facts import close_january, decide, late, refund_late, sell_late, waiting
from tests.api.rest.test_drifts import drifted
from tests.api.rest.test_late_facts import TO_APPROVED, closed, feed, figures
from tests.databases import TestDatabase

__all__ = ["closed"]
TWO = "employee:e-2"
AGAIN = ("closed", *TO_APPROVED, "published")


def late_of_two(amount: str, id: str = "late-2") -> Sale:
    return Sale(paid_on=date(2026, 1, 29), salesperson="e-2", amount=amount, id=id)


async def owed(company: Company, employee: str) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for each in await feed(company):
        if each["employee"] == employee:
            plan = each["plan"]
            sums[plan] = sums.get(plan, Decimal(0)) + Decimal(each["amount"])
    return sums


async def rejected(company: Company, *, published: bool = True) -> Company:
    """An order of 499.50 of `e-1` was rejected, and what touches `e-2` decided alike."""
    if published:
        await move(company, "jan", *TO_APPROVED, "published")
    await sell_late(company, late(31, "499.5"))
    await decide(company, "rejected")
    await decide(company, "rejected", TWO)
    return company


async def live(company: Company, code: str = "e-1") -> Json:
    await company.app.state.live.settle(company.number)
    return (await cards(company))[f"employee:{code}"]


async def refused(company: Company, to: str) -> Json:
    """A move that must be refused and changes nothing."""
    before = await digest(company)
    answer = await company.post("/v1/cycles/jan/moves", {"to": to, "reason": "again"})
    assert answer.status_code == 409, answer.text
    assert await digest(company) == before
    return answer.json()


async def test_a_published_cycle_is_not_opened_over_late_facts_that_wait(closed: Company) -> None:
    await move(closed, "jan", *TO_APPROVED, "published")
    await sell_late(closed, late(31, "499.5"))
    answer = await refused(closed, "open")
    card = (await cards(closed))["employee:e-1"]["id"]
    assert answer["code"] == "late_facts_undecided"
    # `e-2`, who shares the shop, is asked about it too; nothing of theirs would change.
    assert answer["errors"] == [
        {
            "pointer": f"/scorecards/{card}",
            "code": "late_facts_undecided",
            "detail": "employee:e-1: facts came after data were closed and wait.",
        }
    ]
    await decide(closed, "accepted")
    assert await owed(closed, "e-1") == {"commission": 30, "grade_bonus": 500}
    await move(closed, "jan", "open", reason="again")
    assert (await live(closed))["total"] == "80.00"


async def test_a_refund_that_changes_pay_alone_waits_too(closed: Company) -> None:
    await move(closed, "jan", *TO_APPROVED, "published")
    await refund_late(closed, order="first", on=date(2026, 2, 9), amount="800")
    case = await waiting(closed)
    assert figures(case) == {}
    assert (await refused(closed, "open"))["code"] == "late_facts_undecided"


async def test_what_is_paid_nothing_on_waits_too(company: Company) -> None:
    """A new revision might give another grade, and with it another coefficient."""
    grades = [{**each, "coefficient": "0"} for each in SCHEME["grades"]]
    await close_january(company, scheme(grades=grades))
    await move(company, "jan", *TO_APPROVED, "published")
    await refund_late(company, order="first", on=date(2026, 2, 9), amount="800")
    case = await waiting(company)
    assert figures(case) == {}
    assert {each["difference"] for each in case["pay"]} == {"0.00"}
    assert (await refused(company, "open"))["code"] == "late_facts_undecided"


async def test_before_publication_what_waits_comes_in_by_opening(closed: Company) -> None:
    await sell_late(closed, late(31, "499.5"))
    await move(closed, "jan", "open", reason="one more")
    assert (await live(closed))["total"] == "80.00"


@pytest.mark.parametrize("published", [False, True])
async def test_a_rejected_fact_stays_out_of_a_cycle_that_is_opened_again(
    closed: Company, *, published: bool
) -> None:
    await rejected(closed, published=published)
    await move(closed, "jan", "open", reason="again")
    assert (await live(closed))["total"] == "55.02"
    # What is no fact is followed: the target is now 1,000, of which 1,500.50 is the most.
    await set_targets(closed, {"e-1": "1000"})
    card = await live(closed)
    assert (card["lines"][0]["value"], card["lines"][0]["target"]) == ("1500.5", "1000")
    assert card["total"] == "82.00"
    await move(closed, "jan", *AGAIN)
    assert await owed(closed, "e-1") == {"commission": Decimal("20.01"), "grade_bonus": 500}


async def test_what_comes_for_a_held_card_is_looked_at_before_data_are_closed(
    closed: Company,
) -> None:
    await rejected(closed)
    await move(closed, "jan", "open", reason="again")
    await sell_late(closed, late(30, "100", "more"))
    assert (await live(closed))["total"] == "55.02"
    answer = await refused(closed, "closed")
    card = (await cards(closed))["employee:e-1"]["id"]
    assert (answer["code"], [each["pointer"] for each in answer["errors"]]) == (
        "late_facts_undecided", [f"/scorecards/{card}"],
    )  # fmt: skip
    case = await waiting(closed)
    assert (case["status"], case["refusal"], case["pay"]) == ("open", None, None)
    assert figures(case)["/lines/sales/value"] == ("1500.5", "2100")
    assert [(fact["id"], fact["rejected"]) for fact in case["facts"]] == [
        ("late", True), ("more", False),
    ]  # fmt: skip
    # Once more rejected it stays as it stood, and what HR has seen no longer keeps it open.
    decision = await decide(closed, "rejected")
    assert (decision["status"], decision["entries"]) == ("open", [])
    await move(closed, "jan", *AGAIN)
    assert await owed(closed, "e-1") == {"commission": Decimal("10.01"), "grade_bonus": 250}


async def test_a_held_card_follows_the_facts_once_they_are_accepted(closed: Company) -> None:
    await rejected(closed)
    await move(closed, "jan", "open", reason="again")
    await decide(closed, "accepted")
    assert (await live(closed))["total"] == "80.00"
    assert await waiting(closed) is None
    await move(closed, "jan", *AGAIN)
    assert await owed(closed, "e-1") == {"commission": 30, "grade_bonus": 500}


async def test_other_days_than_those_of_the_close_cannot_be_kept(closed: Company) -> None:
    await rejected(closed)
    await move(closed, "jan", "open", reason="again")
    held = person()["assignments"]
    body = {"name": "agent", "joined_on": "2026-01-06", "assignments": held}
    await ask(closed, "PUT", "/v1/employees/e-1", body)
    assert (await refused(closed, "closed"))["code"] == "late_facts_undecided"
    case = await waiting(closed)
    before = await digest(closed)
    again = await closed.post(
        f"/v1/late-facts/{case['id']}/decision", {"decision": "rejected", "reason": "no"}
    )
    assert (again.status_code, again.json()["code"]) == (409, "days_changed")
    assert await digest(closed) == before
    await decide(closed, "accepted")
    await move(closed, "jan", *AGAIN)
    # From the 6th on there is the late order alone.
    assert await owed(closed, "e-1") == {"commission": Decimal("2.50"), "grade_bonus": 250}


async def test_what_is_upheld_of_a_held_card_is_held_with_it(closed: Company) -> None:
    await closed.make_key("one", "employee", "e-1")
    await closed.make_key("hr", "hr")
    await rejected(closed)
    filed = await file(closed, {"fact": "orders/erp/first", "amount": "1800"})
    assert filed["if_upheld"]["total"] == "64.00"
    await uphold(closed, filed)
    paid = await owed(closed, "e-1")
    assert paid == {"commission": 26, "grade_bonus": 500}
    await move(closed, "jan", "open", reason="again")
    card = await live(closed)
    assert (card["total"], card["lines"][0]["value"]) == ("64.00", "1800")
    await move(closed, "jan", *AGAIN)
    assert await owed(closed, "e-1") == paid


async def test_a_line_that_is_upheld_of_a_held_card_reaches_its_pay(closed: Company) -> None:
    await closed.make_key("one", "employee", "e-1")
    await closed.make_key("hr", "hr")
    await rejected(closed)
    await move(closed, "jan", "open", reason="again")
    await move(closed, "jan", "closed", "review")
    filed = await file(closed, {"line": "sales", "value": "1800"})
    await move(closed, "jan", "open", reason="once more")
    await uphold(closed, filed, value="1800")
    assert (await live(closed))["lines"][0]["value"] == "1800"
    await move(closed, "jan", *AGAIN)
    assert await owed(closed, "e-1") == {"commission": 26, "grade_bonus": 500}


async def test_a_fact_of_a_held_card_is_decided_once_data_are_closed(closed: Company) -> None:
    await closed.make_key("one", "employee", "e-1")
    await closed.make_key("hr", "hr")
    await rejected(closed)
    await move(closed, "jan", "open", reason="again")
    await move(closed, "jan", "closed", "review")
    filed = await file(closed, {"fact": "orders/erp/first", "amount": "1800"})
    await move(closed, "jan", "open", reason="once more")
    path = f"/v1/disputes/{filed['dispute']['id']}/decision"
    answer = await closed.post(path, {"uphold": True, "reason": "yes"}, key="hr")
    assert (answer.status_code, answer.json()["code"]) == (409, "card_held")
    await move(closed, "jan", "closed", "review")
    await uphold(closed, filed)
    await move(closed, "jan", "approved", "published")
    assert await owed(closed, "e-1") == {"commission": 26, "grade_bonus": 500}


async def test_nobody_decides_again_on_late_facts_of_their_own(closed: Company) -> None:
    await rejected(closed)
    await closed.make_key("self", "hr", "e-1")
    await move(closed, "jan", "open", reason="again")
    case = await waiting(closed)
    path, body = f"/v1/late-facts/{case['id']}/decision", {"decision": "accepted", "reason": "x"}
    answer = await closed.post(path, body, key="self")
    assert (answer.status_code, answer.json()["code"]) == (403, "own_card")
    tag = (await closed.get(f"/v1/late-facts/{case['id']}")).headers["etag"]
    await sell_late(closed, late(30, "100", "more"))
    await live(closed)
    assert (await closed.post(path, body, If_Match=tag)).status_code == 412
    entries = (await closed.get("/v1/audit?limit=500")).json()["items"]
    await decide(closed, "accepted")
    new = (await closed.get("/v1/audit?limit=500")).json()["items"][len(entries) :]
    assert [each["action"] for each in new] == ["late_facts.accepted"]


async def again_published(company: Company) -> Company:
    """`e-1` is held in a second revision, in which `e-2` has another target."""
    await rejected(company)
    await move(company, "jan", "open", reason="the target of e-2")
    await set_targets(company, {"e-2": "1000"})
    await move(company, "jan", *AGAIN)
    return company


async def test_what_comes_after_a_second_revision_names_what_was_rejected_before_the_first(
    closed: Company,
) -> None:
    await again_published(closed)
    paid = await owed(closed, "e-1")
    await sell_late(closed, late(30, "100", "more"))
    case = await waiting(closed)
    assert [(fact["id"], fact["rejected"]) for fact in case["facts"]] == [
        ("late", True), ("more", False),
    ]  # fmt: skip
    assert figures(case)["/lines/sales/value"] == ("1500.5", "2100")
    await decide(closed, "rejected")
    # Nor does either come in by a third.
    await move(closed, "jan", "open", reason="once more")
    assert (await live(closed))["total"] == "55.02"
    case = await waiting(closed)
    assert [(fact["id"], fact["rejected"]) for fact in case["facts"]] == [
        ("late", True), ("more", True),
    ]  # fmt: skip
    await move(closed, "jan", *AGAIN)
    assert await owed(closed, "e-1") == paid


@pytest.mark.parametrize("came", ["late", "more"])
async def test_a_fact_that_a_held_card_never_had_is_contested_in_no_revision(
    closed: Company, came: str
) -> None:
    """It came late, be it before the cycle was opened again or while it was."""
    await closed.make_key("one", "employee", "e-1")
    await closed.make_key("hr", "hr")
    await rejected(closed)
    await move(closed, "jan", "open", reason="again")
    if came == "more":
        await sell_late(closed, late(30, "100", "more"))
        await decide(closed, "rejected")
    await move(closed, "jan", *AGAIN)
    filed = await file(closed, {"fact": f"orders/erp/{came}", "exclude": True})
    assert filed["if_upheld"] is None
    path = f"/v1/disputes/{filed['dispute']['id']}/decision"
    before = await digest(closed)
    answer = await closed.post(path, {"uphold": True, "reason": "yes"}, key="hr")
    assert (answer.status_code, answer.json()["code"]) == (409, "fact_came_late")
    assert await digest(closed) == before


async def test_a_held_card_that_is_published_again_has_not_drifted(
    closed: Company, database: TestDatabase
) -> None:
    await again_published(closed)
    assert await drifted(closed, database) == (0, 1)
    await set_targets(closed, {"e-1": "3001"})
    assert await drifted(closed, database) == (1, 1)
    await set_targets(closed, {"e-1": "2000"})
    await sell_late(closed, late(30, "100", "more"))
    await decide(closed, "accepted")
    assert await drifted(closed, database) == (0, 0)


async def test_a_card_that_is_held_with_the_shops_that_it_had_has_not_drifted(
    company: Company, database: TestDatabase
) -> None:
    section = deepcopy(SCHEME["sections"][0])
    section["items"] = [{**section["items"][0], "weight": "100", "scope": "shops"}]
    await close_january(company, scheme(sections=[section]))
    await rejected(company)
    await move(company, "jan", "open", reason="another shop")
    await ask(company, "PUT", "/v1/employees/e-1", person(shops=["b"]))
    await decide(company, "rejected")
    await move(company, "jan", *AGAIN)
    assert (await cards(company))["employee:e-1"]["lines"][0]["value"] == "16.005"
    assert await drifted(company, database) == (0, 2)


async def test_a_card_of_which_nothing_that_counts_was_rejected_follows_the_facts(
    closed: Company,
) -> None:
    await rejected(closed)
    await move(closed, "jan", "open", reason="again")
    assert await waiting(closed, TWO) is None
    await sell_late(closed, late_of_two("400"))
    assert (await live(closed, "e-2"))["lines"][0]["value"] == "500"
    assert await waiting(closed, TWO) is None
