"""Cycles of a quarter, a half-year and a year through the door, in a fiscal year from 1 April."""

from datetime import date
from typing import Any

import pytest

from tests.api.appraisals import (
    SCHEME,
    ask,
    cards,
    found,
    move,
    open_cycle,
    person,
    publish_scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company, Json
from tests.api.facts import Sale

# Each edge has a sale on either side of it, which no other sum of these sales could hide.
SALES = {
    "2024-03-31": "20000000", "2024-04-01": "1", "2024-09-30": "10", "2024-10-01": "100",
    "2024-12-31": "1000", "2025-01-01": "10000", "2025-03-31": "100000", "2025-04-01": "3000000",
}  # fmt: skip
# Kind, period, its days, what is sold before and from the 15th of February on.
CASES = [
    ("quarter", "2024-Q4", ("2025-01-01", "2025-04-01"), ("10000", "100000"), 90),
    ("half", "2024-H2", ("2024-10-01", "2025-04-01"), ("11100", "100000"), 182),
    ("year", "2024", ("2024-04-01", "2025-04-01"), ("11111", "100000"), 365),
]


def scheme(kind: str) -> Json:
    """One line of sales, and a yuan in a hundred."""
    (section,) = SCHEME["sections"]
    line = {**section["items"][0], "weight": "100", "missing": "zero"}
    return {
        **SCHEME,
        "cycle": kind,
        "sections": [{**section, "items": [line]}],
        "pay": [{"plan": "commission", "indicator": "net_sales", "rate": "0.01"}],
    }


@pytest.fixture
async def fiscal(company: Company) -> Company:
    """An agent who moves to another unit, one who joins on the last day, one who has left."""
    tenant = (await company.get("/v1/tenant")).json()
    await ask(company, "PUT", "/v1/tenant", {**tenant, "fiscal_start": "04-01"})
    await found(company, [])
    moved = person(start="2020-01-01", end="2025-02-15")
    moved["assignments"] += person(unit="shops", start="2025-02-15")["assignments"]
    long_ago = person(start="2020-01-01")
    await ask(company, "PUT", "/v1/employees/e-1", moved)
    await ask(company, "PUT", "/v1/employees/e-2", {**long_ago, "joined_on": "2025-03-31"})
    await ask(company, "PUT", "/v1/employees/e-3", {**long_ago, "left_on": "2024-10-01"})
    await sell(
        company,
        *(
            Sale(paid_on=date.fromisoformat(day), salesperson="e-1", amount=amount)
            for day, amount in SALES.items()
        ),
        Sale(paid_on=date(2025, 3, 31), salesperson="e-2", amount="7"),
        Sale(paid_on=date(2024, 10, 1), salesperson="e-3", amount="5"),
    )
    return company


def segment(card: Json, number: int) -> dict[str, Any]:
    """Days, value, target and total of a segment."""
    part = card["segments"][number - 1]
    if len(card["segments"]) == 1:
        (line,) = card["lines"]
    else:
        (line,) = (each for each in card["lines"] if each["segment"] == number)
    return {"days": part["days"], "value": line["value"], "target": line["target"],
            "total": part["total"]}  # fmt: skip


@pytest.mark.parametrize(("kind", "period", "edges", "sold", "days"), CASES)
async def test_requirement_18_a_long_cycle_from_its_first_day_to_payroll(
    fiscal: Company,
    kind: str,
    period: str,
    edges: tuple[str, str],
    sold: tuple[str, str],
    days: int,
) -> None:
    await publish_scheme(fiscal, kind, scheme(kind))
    # A yuan a day: a part of the period has as many yuan as days.
    await set_targets(fiscal, dict.fromkeys(("e-1", "e-2", "e-3"), str(days)), period)
    cycle = await open_cycle(fiscal, kind, scheme=kind, period=period)
    assert (cycle["from"], cycle["to"]) == edges
    assert cycle["closes_at"] == "2025-03-31T16:00:00Z"
    held = await cards(fiscal, kind)
    one = held["employee:e-1"]
    assert [segment(one, 1), segment(one, 2)] == [
        {"days": days - 45, "value": sold[0], "target": str(days - 45), "total": "120.00"},
        {"days": 45, "value": sold[1], "target": "45", "total": "120.00"},
    ]
    # The first and the last day of work both count.
    assert segment(held["employee:e-2"], 1) == {
        "days": 1, "value": "7", "target": "1", "total": "120.00"
    }  # fmt: skip
    if kind == "quarter":
        assert "employee:e-3" not in held
    else:
        worked = 1 if kind == "half" else 184
        left = segment(held["employee:e-3"], 1)
        assert (left["days"], left["value"], left["target"]) == (worked, "5", str(worked))
    await move(fiscal, kind, "closed", "review", "approved", "published")
    entries = (await fiscal.get("/v1/payroll/entries?limit=500")).json()["items"]
    paid = {entry["employee"]: (entry["period"], entry["amount"]) for entry in entries}
    whole = int(sold[0]) + int(sold[1])
    assert paid["e-1"] == (period, f"{whole // 100}.{whole % 100:02}")
    assert paid["e-2"] == (period, "0.07")


async def test_a_long_cycle_takes_no_period_of_another_length(fiscal: Company) -> None:
    for kind, period, *_ in CASES:
        await publish_scheme(fiscal, kind, scheme(kind))
        for other in {"2025-01", *(each[1] for each in CASES)} - {period}:
            body = {"code": "x", "scheme": kind, "period": other, "population": {"unit": "front"}}
            refused = await fiscal.post("/v1/cycles", body)
            assert (refused.status_code, refused.json()["code"]) == (409, "period_mismatch")


async def test_requirement_18_a_long_cycle_closes_after_its_last_day_and_the_grace(
    fiscal: Company,
) -> None:
    for kind, period in (("quarter", "2098-Q4"), ("half", "2098-H2"), ("year", "2098")):
        await publish_scheme(fiscal, kind, scheme(kind))
        body = {"code": kind, "scheme": kind, "period": period, "grace_days": 5,
                "population": {"unit": "front"}, "timezone": "America/New_York"}  # fmt: skip
        await ask(fiscal, "POST", "/v1/cycles", body)
        await move(fiscal, kind, "open")
        refused = await fiscal.post(f"/v1/cycles/{kind}/moves", {"to": "closed"})
        assert (refused.status_code, refused.json()["code"]) == (409, "period_open")
        # Five days after 31 March, in New York's summer time.
        assert "2099-04-06T04:00:00Z" in refused.json()["detail"]
