"""The change of sales through the door: for a person, a unit, a shop and the company."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import insert

from services.api.rest.sales_changes import SalesChangeDocument
from services.schema.tables.measures import traffic_measures
from tests.api.appraisals import found, sell
from tests.api.companies import Company, Json
from tests.api.facts import Sale


@pytest.fixture
async def ready(company: Company) -> Company:
    """In January 10 orders of 100 by 100 visitors of shop `a`; in February 15 of 110 by 120."""
    await found(company, ("e-1", "e-2"))
    for day, orders, amount, visitors in (
        (date(2026, 1, 5), 10, "100", 100), (date(2026, 2, 5), 15, "110", 120),
    ):  # fmt: skip
        sales = [Sale(paid_on=day, salesperson="e-1", amount=amount) for _ in range(orders)]
        await sell(company, *sales)
        await visit(company, day, visitors)
    return company


async def visit(company: Company, day: date, visitors: int) -> None:
    async with company.owner.write(company.number) as session:
        await session.execute(
            insert(traffic_measures).values(
                tenant_id=company.number,
                day=day,
                shop="a",
                channel="",
                currency="CNY",
                campaign="",
                records=1,
                visitors=visitors,
            )
        )


async def change_of(company: Company, query: str, *, key: str = "admin") -> Json:
    answer = await company.get(f"/v1/diagnosis/sales?{query}", key=key)
    assert answer.status_code == 200, answer.text
    SalesChangeDocument.model_validate(answer.json(), strict=False)
    return answer.json()


def parts_of(told: Json) -> dict[str, str]:
    parts = {each["factor"]: each["part"] for each in told["parts"]}
    assert sum(Decimal(part) for part in parts.values()) == Decimal(told["change"])
    return parts


@pytest.mark.parametrize("subject", ["shop:a", "unit:front", "unit:shops", "company"])
async def test_the_change_of_sales_is_split_exactly(ready: Company, subject: str) -> None:
    told = await change_of(ready, f"subject={subject}&period=2026-02")
    assert told["before"] == {
        "period": "2026-01", "sales": "1000.00", "orders": "10", "visitors": "100",
    }  # fmt: skip
    assert told["after"] == {
        "period": "2026-02", "sales": "1650.00", "orders": "15", "visitors": "120",
    }  # fmt: skip
    assert (told["change"], told["currency"], told["reason"]) == ("650.00", "CNY", None)
    # Visitors by a fifth, conversion from 0.1 to 0.125, order value from 100 to 110.
    assert parts_of(told) == {
        "visitors": "236.67", "conversion": "289.17", "order_value": "124.16",
    }  # fmt: skip
    assert [each["after"] for each in told["parts"]] == ["120", "0.125", "110"]


async def test_a_person_has_the_shops_part_or_what_names_them(ready: Company) -> None:
    shared = await change_of(ready, "subject=employee:e-2&period=2026-02")
    assert (shared["scope"], shared["change"]) == ("shops", "6.50")
    assert shared["after"]["visitors"] == "1.2"
    assert set(parts_of(shared)) == {"visitors", "conversion", "order_value"}
    own = await change_of(ready, "subject=employee:e-1&period=2026-02&scope=own")
    assert (own["scope"], own["change"], own["after"]["visitors"]) == ("own", "650.00", "0")
    assert parts_of(own) == {"orders": "525.00", "order_value": "125.00"}


async def test_periods_that_are_named_empty_or_none(ready: Company) -> None:
    back = await change_of(ready, "subject=company&period=2026-01&against=2026-02")
    assert back["change"] == "-650.00"
    gone = await change_of(ready, "subject=company&period=2026-03")
    assert (gone["change"], gone["reason"], gone["parts"]) == (None, "no_data", [])
    for query, code, pointer in (
        ("subject=company&period=2026-13", "period_invalid", "?period"),
        ("subject=company&period=2026-02&against=nope", "period_invalid", "?against"),
    ):
        answer = await ready.get(f"/v1/diagnosis/sales?{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert answer.json()["errors"][0]["pointer"] == pointer
    for query in ("subject=company", "subject=nobody&period=2026-01"):
        assert (await ready.get(f"/v1/diagnosis/sales?{query}")).status_code == 422
    assert (
        await ready.get("/v1/diagnosis/sales?subject=shop:none&period=2026-01")
    ).status_code == 404


async def test_who_may_not_see_a_subject_is_told_nothing(companies: list[Company]) -> None:
    one, other = companies
    await found(one)
    for name, role, employee in (
        ("own", "employee", "e-1"), ("lead", "lead", "e-boss"), ("erp", "erp", None),
        ("payroll", "payroll", None), ("viewer", "viewer", None),
    ):  # fmt: skip
        await one.make_key(name, role, employee)
    path = "/v1/diagnosis/sales?period=2026-02&subject="
    for key, subject, status in (
        ("own", "employee:e-1", 200), ("own", "employee:e-2", 404), ("own", "company", 404),
        ("lead", "employee:e-2", 200), ("lead", "company", 404), ("viewer", "company", 200),
        ("erp", "company", 403), ("payroll", "company", 403),
    ):  # fmt: skip
        answer = await one.get(f"{path}{subject}", key=key)
        assert answer.status_code == status, (key, subject)
    assert (await other.get(f"{path}employee:e-1")).status_code == 404
    assert (await one.client.get(f"{path}company")).status_code == 401
