"""A service agent who just is gold by `domain.md`, section 6.7, and what keeps one from it."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from services.schema.tables.facts import chat_facts
from tests.api.appraisals import ask, digest, found, sell
from tests.api.companies import Company, Json
from tests.api.facts import Sale, add_rows

MONTHS = ("2026-01", "2026-02")
"""The last one is assessed."""
MONTH = MONTHS[1]
BEHAVIOURS = ("service_awareness", "team_activities", "communication")
ALLOWED: Mapping[str, str | None] = {
    "attendance_faults": "0",
    "service_slips": "3",
    "knowledge_errors": "2",
}
"""Of a month what gold just takes."""


async def kept(company: Company) -> list[str]:
    """What the digest tells, but for the counters: a noun's lock counts who took it."""
    return [part for part in (await digest(company)).splitlines() if "counters" not in part]


async def staff(company: Company) -> None:
    """The small company with the ladder adopted, and a key for each kind of caller."""
    await found(company)
    await ask(company, "POST", "/v1/ladders", {"code": "service", "template": "service_agent"})
    for name, role, employee in (
        ("hr", "hr", None),
        ("viewer", "viewer", None),
        ("lead", "lead", "e-boss"),
        ("employee", "employee", "e-1"),
        ("other", "employee", "e-2"),
        ("erp", "erp", None),
        ("payroll", "payroll", None),
    ):
        await company.make_key(name, role, employee)


async def make_gold(
    company: Company, employee: str = "e-1", changed: Mapping[str, str | None] | None = None
) -> None:
    """Give someone all that gold asks for, just; a count that is changed to null is not posted."""
    await observe(company, employee)
    last = {**ALLOWED, **(changed or {})}
    rows = [
        {
            "indicator": indicator,
            "subject": f"employee:{employee}",
            "period": month,
            "value": value,
            "source": "hr",
        }
        for month, counts in zip(MONTHS, (ALLOWED, last), strict=True)
        for indicator, value in counts.items()
        if value is not None
    ]
    await ask(company, "POST", "/v1/indicators/values", rows)
    await set_targets(company, employee, dict.fromkeys(MONTHS, "1000"))
    await sell(
        company,
        Sale(paid_on=date(2026, 1, 31), salesperson=employee, amount="1100"),
        Sale(paid_on=date(2026, 2, 1), salesperson=employee, amount="700"),
    )
    await chat(company, *(session(employee, number) for number in range(10)))


async def observe(
    company: Company, employee: str, *, holds: bool = True, key: str = "lead"
) -> Json:
    """What a lead says of someone in both months."""
    rows = [
        {"employee": employee, "behaviour": behaviour, "month": month, "holds": holds}
        for behaviour in BEHAVIOURS
        for month in MONTHS
    ]
    return await ask(company, "POST", "/v1/ladders/service/observations", rows, key=key)


async def set_targets(company: Company, employee: str, values: Mapping[str, str]) -> None:
    rows = [
        {
            "subject": f"employee:{employee}",
            "indicator": "net_sales",
            "period": month,
            "level": "budget",
            "value": value,
            "reason": "agreed",
        }
        for month, value in values.items()
    ]
    await ask(company, "PUT", "/v1/targets", rows)


def session(employee: str, number: int, **changed: Any) -> dict[str, Any]:
    """A chat of February: every second one an order, each answered in 30 seconds."""
    return {
        "id": f"{employee}-{number:03}",
        "shop": "a",
        "employee": employee,
        "started_at": datetime(2026, 2, 1 + number % 28, 4, tzinfo=UTC),
        "started_on": date(2026, 2, 1 + number % 28),
        "first_response_seconds": Decimal(5),
        "response_seconds": Decimal(60),
        "responses": 2,
        "answered": True,
        "inquiry": True,
        "order_id": f"so-{number}" if number % 2 else None,
        "satisfied": None,
        "complaint": False,
    } | changed


async def chat(company: Company, *sessions: Mapping[str, Any]) -> None:
    """Land chat sessions as ingest does; samples read these, and no daily sums."""
    async with company.owner.write(company.number) as writing:
        await add_rows(writing, chat_facts, *sessions)


async def assess(
    company: Company, month: str = MONTH, employees: Json = None, *, key: str = "hr"
) -> Json:
    body = {"month": month, "employees": employees}
    return await ask(company, "POST", "/v1/ladders/service/assessments", body, key=key)


async def level_of(
    company: Company, employee: str = "e-1", *, key: str = "admin", month: str = MONTH
) -> Json:
    """Where someone stands, as it is read."""
    page = (await company.get(f"/v1/employees/{employee}/levels?month={month}", key=key)).json()
    (item,) = page["items"]
    return item


def missing(document: Json) -> list[str]:
    """The criteria that keep someone from the next level."""
    return [each["criterion"] for each in document["missing"]]


def checked(document: Json, level: str, criterion: str) -> Json:
    (found,) = (each for each in document["levels"] if each["level"] == level)
    (check,) = (each for each in found["criteria"] if each["criterion"] == criterion)
    return check
