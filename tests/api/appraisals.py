"""A small company under appraisal: people, a scheme with pay, and sales in a month that is over."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from services.schema.db import WriteSession
from services.schema.tables.facts import refund_facts
from services.schema.tables.measures import refund_measures, touched_days
from tests.api.companies import Company, Json
from tests.api.facts import Sale, add_rows, add_sales

PERIOD = "2026-01"
"""Over since long: its data may be closed."""
NAME = {"zh": "销售", "en": "Sales"}
SCHEME: Json = {
    "name": NAME,
    "cycle": "month",
    "full_mark": "100",
    "sections": [
        {
            "code": "sales",
            "name": NAME,
            "weight": "100",
            "items": [
                {
                    "code": "sales",
                    "indicator": "net_sales",
                    "weight": "60",
                    "scope": "own",
                    "target": {"kind": "set"},
                    "rule": {"kind": "ratio", "floor": "0", "cap": "120"},
                    "missing": "block",
                },
                {
                    "code": "orders",
                    "indicator": "orders",
                    "weight": "40",
                    "scope": "own",
                    "target": {"kind": "fixed", "value": "4"},
                    "rule": {"kind": "ratio", "floor": "0", "cap": "120"},
                    "missing": "zero",
                },
            ],
        }
    ],
    "gates": [],
    "adjustments": None,
    "grades": [
        {"grade": "A", "from": "90", "coefficient": "1.2"},
        {"grade": "B", "from": "60", "coefficient": "1"},
        {"grade": "C", "from": "0", "coefficient": "0.5"},
    ],
    "distribution": None,
    "approval": [],
    "pay": [
        {
            "plan": "commission",
            "indicator": "net_sales",
            "bands": [{"from": "0", "rate": "0.01"}, {"from": "1000", "rate": "0.02"}],
            "coefficient": "grade",
        },
        {"plan": "grade_bonus", "base": "500"},
    ],
    "note": None,
}


def scheme(**changed: Any) -> Json:
    """The scheme of these tests, changed at the top."""
    return {**deepcopy(SCHEME), **changed}


async def found(company: Company, people: Sequence[str] = ("e-1", "e-2", "e-3")) -> None:
    """Two shops, a unit in another, people of one position who answer for shop `a`."""
    for code in ("a", "b"):
        shop = {"name": code, "timezone": "Asia/Shanghai", "currency": "CNY", "kind": "online"}
        await ask(company, "PUT", f"/v1/shops/{code}", shop)
    await ask(company, "PUT", "/v1/units/shops", {"name": "店铺部", "lead": "e-boss"})
    await ask(company, "PUT", "/v1/units/front", {"name": "前台", "parent": "shops"})
    rows = [{"code": code, **person()} for code in people]
    rows.insert(0, {"code": "e-boss", **person("boss", "shops", shops=())})
    answer = await ask(company, "POST", "/v1/employees/batch", rows)
    assert answer["created"] == len(rows), answer


def person(
    position: str = "agent",
    unit: str = "front",
    *,
    shops: Sequence[str] = ("a",),
    start: str = "2025-01-01",
    end: str | None = None,
) -> Json:
    """An employee with one assignment; of a shop a hundredth."""
    shares = [{"shop": shop, "share": "1"} for shop in shops]
    held = {"position": position, "unit": unit, "shops": shares, "from": start, "to": end}
    return {"name": position, "manager": None, "assignments": [held]}


async def publish_scheme(company: Company, code: str = "sales", document: Json = None) -> int:
    """Put a scheme and publish it; its version."""
    await ask(company, "PUT", f"/v1/schemes/{code}", document or SCHEME)
    answer = await ask(company, "POST", f"/v1/schemes/{code}/publish", None)
    version: int = answer["version"]
    return version


async def set_targets(company: Company, values: Mapping[str, str], period: str = PERIOD) -> None:
    """Budget targets of net sales by employee."""
    rows = [
        {
            "subject": f"employee:{code}",
            "indicator": "net_sales",
            "period": period,
            "level": "budget",
            "value": value,
            "reason": "agreed",
        }
        for code, value in values.items()
    ]
    await ask(company, "PUT", "/v1/targets", rows)


async def open_cycle(
    company: Company,
    code: str = "jan",
    *,
    scheme: str = "sales",
    period: str = PERIOD,
    population: Json = None,
) -> Json:
    """A cycle of the agents, open."""
    body = {
        "code": code,
        "scheme": scheme,
        "period": period,
        "population": population or {"position": "agent"},
    }
    await ask(company, "POST", "/v1/cycles", body)
    return await move(company, code, "open")


async def move(company: Company, code: str, *stages: str, reason: str | None = None) -> Json:
    """Move a cycle through stages, another of HR to the last of all; the cycle as it is then."""
    cycle: Json = None
    for to in stages:
        key = await checker(company) if to == "published" else "admin"
        body = {"to": to, "reason": reason}
        cycle = await ask(company, "POST", f"/v1/cycles/{code}/moves", body, key=key)
    return cycle


async def checker(company: Company) -> str:
    """A key of HR's beside the admin's: nobody publishes what they alone have approved."""
    if "checker" not in company.keys:
        await company.make_key("checker", "hr")
    return "checker"


async def cards(company: Company, cycle: str = "jan", *, key: str = "admin") -> dict[str, Json]:
    """The scorecards of a cycle by subject."""
    page = (await company.get(f"/v1/scorecards?cycle={cycle}&limit=500", key=key)).json()
    assert page["next_cursor"] is None
    return {card["subject"]: card for card in page["items"]}


async def sell(company: Company, *sales: Sale) -> None:
    """Land orders as ingest does: facts, sums and marks in one transaction."""
    async with company.owner.write(company.number) as session:
        await add_sales(session, *sales)
        for sale in sales:
            assert sale.paid_on is not None, "what is unpaid touches no day here"
            await _mark(session, sale.paid_on, sale.shop, sale.salesperson)


async def refund(
    company: Company, *, order: str, on: date, amount: str, salesperson: str = "e-1"
) -> None:
    """Land a refund as ingest does."""
    at = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    shared = {"shop": "a", "currency": "CNY", "channel": "", "campaign": ""}
    fact = {
        **shared,
        "id": f"rf-{order}-{on}",
        "salesperson": salesperson,
        "status": "succeeded",
        "order_id": order,
        "kind": "refund",
        "amount": Decimal(amount),
        "refunded_at": at,
        "refunded_on": on,
        "counts": True,
    }
    async with company.owner.write(company.number) as session:
        await add_rows(session, refund_facts, fact)
        added = insert(refund_measures).values(
            tenant_id=company.number,
            day=on,
            employee=salesperson,
            records=1,
            refund_amount=Decimal(amount),
            refunds=1,
            **shared,
        )
        await session.execute(
            added.on_conflict_do_update(
                index_elements=[column.name for column in refund_measures.primary_key],
                set_={
                    name: refund_measures.c[name] + added.excluded[name]
                    for name in ("records", "refund_amount", "refunds")
                },
            )
        )
    await mark(company, on, "a", salesperson)


async def mark(company: Company, day: date, shop: str = "", employee: str = "") -> None:
    """Mark a day of a shop and an employee as touched."""
    async with company.owner.write(company.number) as session:
        await _mark(session, day, shop, employee)


async def digest(company: Company) -> str:
    """Of all that the company has written, kept answers aside: equal, nothing has changed."""
    tables = (
        "schemes", "scheme_versions", "cycles", "cycle_moves", "scorecards", "scorecard_reach",
        "results", "payouts", "pay_adjustments", "payroll_acknowledgements", "counters",
        "weighed_days", "calibration_rounds", "calibration_moves", "ratings", "raters",
        "adjustments", "reviews", "interviews", "disputes", "dispute_decisions", "ladders",
        "level_observations", "level_assessments",
    )  # fmt: skip
    parts = [await company.digest()]
    async with company.owner.read(company.number) as session:
        for table in tables:
            rows = f"SELECT md5(string_agg(t::text, E'\n' ORDER BY t::text)) FROM {table} AS t"  # noqa: S608  names of ours
            parts.append(f"{table} {await session.scalar(text(rows))}")
    return "\n".join(parts)


async def ask(company: Company, method: str, path: str, body: Json, *, key: str = "admin") -> Json:
    """An answer that must be good."""
    answer = await company.ask(method, path, body, key=key)
    assert answer.status_code < 300, answer.text
    return answer.json()


async def _mark(session: WriteSession, day: date, shop: str, employee: str) -> None:
    at = datetime.now(UTC)
    statement = insert(touched_days).values(
        tenant_id=session.tenant, day=day, shop=shop, unit="", employee=employee, touched_at=at
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "day", "shop", "unit", "employee"],
            set_={"touched_at": at},
        )
    )
