"""Leaders are paid after their members, by what these earned, and again when that changes."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.api.appraisals import (
    NAME,
    ask,
    checker,
    digest,
    found,
    move,
    open_cycle,
    publish_scheme,
    refund,
    scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company, Json
from tests.api.facts import Sale

TO_APPROVED = ("closed", "review", "approved")
PUBLISHED = (*TO_APPROVED, "published")
RATE: Json = {"plan": "commission", "indicator": "net_sales", "rate": "0.04"}
MEAN: Json = {"plan": "leader_mean", "task": "1.5", "staffing": {"item": "orders"}}
CAPACITY: Json = {"plan": "leader_capacity", "indicator": "net_sales", "incentive": "0.001"}


def led_by(*pay: Json, **item: Any) -> Json:
    """A scheme of leaders: the orders of their unit, of which 2 are wanted."""
    orders = {
        "code": "orders",
        "indicator": "orders",
        "weight": "100",
        "scope": "unit",
        "target": {"kind": "fixed", "value": "2"},
        "rule": {"kind": "ratio", "floor": "0", "cap": "200"},
        "missing": "zero",
        **item,
    }
    section = {"code": "all", "name": NAME, "weight": "100", "items": [orders]}
    return scheme(sections=[section], pay=list(pay))


@pytest.fixture
async def staffed(company: Company) -> Company:
    """Two agents who sold for 1,000 and 500 in January, and their boss, each in an open cycle."""
    await found(company, ["e-1", "e-2"])
    await publish_scheme(company, document=scheme(pay=[RATE]))
    await publish_scheme(company, "lead", led_by(MEAN, CAPACITY))
    await set_targets(company, {"e-1": "1000", "e-2": "500"})
    await sell(
        company,
        Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="1000", id="so-1"),
        Sale(paid_on=date(2026, 1, 6), salesperson="e-2", amount="500", id="so-2"),
    )
    await open_cycle(company)
    await open_cycle(company, "boss", scheme="lead", population={"position": "boss"})
    return company


async def entries(company: Company, employee: str) -> list[Json]:
    items = (await company.get("/v1/payroll/entries?limit=500")).json()["items"]
    return [entry for entry in items if entry["employee"] == employee]


def amounts(found_ones: Sequence[Json], plan: str) -> list[str]:
    return [entry["amount"] for entry in found_ones if entry["plan"] == plan]


async def payouts(company: Company, employee: str, cycle: str) -> dict[str, Json]:
    page = (await company.get(f"/v1/results?employee={employee}&cycle={cycle}")).json()
    return {payout["plan"]: payout for payout in page["items"][-1]["payouts"]}


async def test_a_leader_waits_for_the_members_results(staffed: Company) -> None:
    await move(staffed, "boss", *TO_APPROVED)
    await move(staffed, "jan", *TO_APPROVED)
    path, key = "/v1/cycles/boss/moves", await checker(staffed)
    before = await digest(staffed)
    refused = await staffed.post(path, {"to": "published"}, key=key)
    assert (refused.status_code, refused.json()["code"]) == (409, "members_unpublished")
    assert refused.json()["errors"] == [
        {
            "pointer": "/cycles/jan",
            "code": "members_unpublished",
            "detail": "jan is not published.",
        }
    ]
    assert await digest(staffed) == before
    await move(staffed, "jan", "published")
    await move(staffed, "boss", "published")
    paid = await payouts(staffed, "e-boss", "boss")
    # (40.00 + 20.00) / 2 x 1.5 x (2 orders of 2)
    assert (paid["leader_mean"]["amount"], paid["leader_capacity"]["amount"]) == ("45.00", "1.50")
    assert paid["leader_mean"]["inputs"] == {
        "members": [
            {"employee": "e-1", "cycle": "jan", "amount": "40.00"},
            {"employee": "e-2", "cycle": "jan", "amount": "20.00"},
        ],
        "sum": "60.00",
        "count": 2,
        "mean": "30",
        "task": {"of": None, "value": "1.5"},
        "business": {"of": None, "value": "1"},
        "staffing": {"of": "attainment", "item": "orders", "value": "1"},
    }
    assert paid["leader_capacity"]["inputs"]["outputs"] == [
        {"subject": "unit:shops", "value": "1500", "reason": None}
    ]


async def test_members_of_one_cycle_with_their_leader_go_before(company: Company) -> None:
    await found(company, ["e-1", "e-2"])
    both = led_by(RATE, {"plan": "leader_mean", "task": {"of": "score"}})
    await publish_scheme(company, document=both)
    await sell(
        company,
        Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="1000"),
        Sale(paid_on=date(2026, 1, 6), salesperson="e-2", amount="500"),
    )
    await open_cycle(company, population={"unit": "shops"})
    await move(company, "jan", *PUBLISHED)
    assert amounts(await entries(company, "e-boss"), "commission") == ["0.00"]
    assert amounts(await entries(company, "e-boss"), "leader_mean") == ["30.00"]
    # Who leads nobody has the mean of nobody.
    assert amounts(await entries(company, "e-1"), "leader_mean") == ["0.00"]


async def test_requirement_07_a_late_refund_corrects_the_leader_too(staffed: Company) -> None:
    await move(staffed, "jan", *PUBLISHED)
    await move(staffed, "boss", *PUBLISHED)
    first = await entries(staffed, "e-boss")
    await refund(staffed, order="so-1", on=date(2026, 3, 9), amount="1000")
    await move(staffed, "jan", "open", reason="a late refund")
    await move(staffed, "jan", *PUBLISHED)
    member = amounts(await entries(staffed, "e-1"), "commission")
    assert member == ["40.00", "-40.00"]
    later = (await entries(staffed, "e-boss"))[len(first) :]
    # The output of the team is not stated anew: that is for the leader's own cycle.
    assert [(entry["plan"], entry["amount"]) for entry in later] == [("leader_mean", "-30.00")]
    (correction,) = later
    assert (correction["kind"], correction["cycle"]) == ("correction", "boss")
    assert correction["corrects"] == first[0]["id"]
    assert correction["reason"] == "The pay of members was stated by jan: a late refund"
    seqs = [entry["seq"] for entry in (await staffed.get("/v1/payroll/entries")).json()["items"]]
    assert seqs == list(range(1, len(seqs) + 1))

    # Stated anew by the leader's own cycle, the mean has nothing left to correct, the output has.
    await move(staffed, "boss", "open", reason="once more")
    await move(staffed, "boss", *PUBLISHED)
    everything = await entries(staffed, "e-boss")
    assert amounts(everything, "leader_mean") == ["45.00", "-30.00"]
    assert amounts(everything, "leader_capacity") == ["1.50", "-1.00"]
    paid = await payouts(staffed, "e-boss", "boss")
    for plan in ("leader_mean", "leader_capacity"):
        total = sum(Decimal(amount) for amount in amounts(everything, plan))
        assert str(total) == paid[plan]["amount"]


async def test_a_leader_whose_cycle_is_open_again_is_not_corrected_twice(staffed: Company) -> None:
    await move(staffed, "jan", *PUBLISHED)
    await move(staffed, "boss", *PUBLISHED)
    await refund(staffed, order="so-2", on=date(2026, 3, 9), amount="500")
    await move(staffed, "boss", "open", reason="a late refund")
    await move(staffed, "jan", "open", reason="a late refund")
    await move(staffed, "jan", *PUBLISHED)
    assert amounts(await entries(staffed, "e-boss"), "leader_mean") == ["45.00"]
    await move(staffed, "boss", *PUBLISHED)
    assert amounts(await entries(staffed, "e-boss"), "leader_mean") == ["45.00", "-15.00"]


async def test_a_publication_that_changes_no_member_corrects_no_leader(staffed: Company) -> None:
    await move(staffed, "jan", *PUBLISHED)
    await move(staffed, "boss", *PUBLISHED)
    before = await entries(staffed, "e-boss")
    await move(staffed, "jan", "open", reason="a second look")
    await move(staffed, "jan", *PUBLISHED)
    assert await entries(staffed, "e-boss") == before


async def test_the_cycles_of_members_lie_within_the_leader_s_period(staffed: Company) -> None:
    await set_targets(staffed, {"e-1": "100", "e-2": "100"}, "2026-02")
    await sell(staffed, Sale(paid_on=date(2026, 2, 5), salesperson="e-1", amount="100"))
    await move(staffed, "jan", *PUBLISHED)
    await open_cycle(staffed, "feb", period="2026-02")
    long = "2026-01-01/2026-03-01"
    await open_cycle(staffed, "long", scheme="lead", period=long, population={"position": "boss"})
    await move(staffed, "long", *TO_APPROVED)
    refused = await staffed.post("/v1/cycles/long/moves", {"to": "published"}, key="checker")
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/cycles/feb"]
    await move(staffed, "feb", *PUBLISHED)
    await move(staffed, "long", "published")
    paid = (await payouts(staffed, "e-boss", "long"))["leader_mean"]
    # (40 + 4 + 20 + 0) / 2 members x 1.5 x (3 orders of 2)
    assert (paid["amount"], paid["inputs"]["count"]) == ("72.00", 2)
    # A cycle that reaches beyond the period is none of its.
    await move(staffed, "boss", *PUBLISHED)
    assert (await payouts(staffed, "e-boss", "boss"))["leader_mean"]["amount"] == "45.00"


async def test_a_leader_without_an_attainment_is_refused_by_name(company: Company) -> None:
    await found(company, ["e-1"])
    await publish_scheme(company, "lead", led_by(MEAN, indicator="page_views"))
    await open_cycle(company, "boss", scheme="lead", population={"position": "boss"})
    await move(company, "boss", *TO_APPROVED)
    path, key = "/v1/cycles/boss/moves", await checker(company)
    before = await digest(company)
    refused = await company.post(path, {"to": "published"}, key=key)
    assert (refused.status_code, refused.json()["code"]) == (409, "pay_coefficient_missing")
    assert refused.json()["detail"].startswith("employee:e-boss: orders has no attainment")
    assert await digest(company) == before
    assert await ask(company, "GET", "/v1/results?cycle=boss", None) == {
        "items": [],
        "total": 0,
        "next_cursor": None,
    }
