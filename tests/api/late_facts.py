"""Facts that land after a close, what waits for them, and what HR decides."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from services.api.rest.late_facts import LateDecisionDocument, WaitingDocument
from services.schema.tables.late_facts import late_facts
from tests.api.appraisals import (
    checker,
    found,
    move,
    open_cycle,
    publish_scheme,
    refund,
    sell,
    set_targets,
)
from tests.api.companies import Company, Json
from tests.api.facts import Sale


async def close_january(company: Company, document: Json = None) -> None:
    """Two agents whose January is closed for data; each is paid by sales and by grade."""
    await found(company, ["e-1", "e-2"])
    await publish_scheme(company, document=document)
    await set_targets(company, {"e-1": "2000", "e-2": "500"})
    await sell(
        company,
        Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="1500.5", id="first"),
        Sale(paid_on=date(2026, 1, 6), salesperson="e-2", amount="100"),
    )
    await open_cycle(company)
    await move(company, "jan", "closed")


async def sell_late(company: Company, sale: Sale) -> None:
    """Land an order and note it as ingest does where a period is over."""
    await sell(company, sale)
    await _note(company, "orders", sale.id, sale.paid_on, sale.salesperson, "both")


def late(day: int, amount: str, id: str = "late") -> Sale:
    return Sale(paid_on=date(2026, 1, day), salesperson="e-1", amount=amount, id=id)


async def refund_late(company: Company, *, order: str, on: date, amount: str) -> None:
    """The same of a refund, which pay counts on the day of its order."""
    await refund(company, order=order, on=on, amount=amount)
    await _note(company, "refunds", f"rf-{order}-{on}", on, "e-1", "score")
    await _note(company, "refunds", f"rf-{order}-{on}", date(2026, 1, 5), "e-1", "pay")


async def _note(
    company: Company, kind: str, fact: str, day: date | None, employee: str, basis: str
) -> None:
    async with company.owner.write(company.number) as session:
        values = {
            "tenant_id": company.number,
            "kind": kind,
            "source": "erp",
            "fact": fact,
            "day": day,
            "shop": "a",
            "unit": "",
            "employee": employee,
            "basis": basis,
            "modified_at": datetime(2026, 2, 1, tzinfo=UTC),
        }
        await session.execute(insert(late_facts).values(**values))


async def waiting(company: Company, subject: str = "employee:e-1") -> Json:
    """The case of a person, alone and in the list the same."""
    page = (await company.get("/v1/late-facts?limit=500")).json()
    assert page["total"] == len(page["items"])
    case = next((item for item in page["items"] if item["subject"] == subject), None)
    if case is not None:
        WaitingDocument.model_validate(case, strict=False)
        assert (await company.get(f"/v1/late-facts/{case['id']}")).json() == case
    return case


async def decide(
    company: Company, decision: str, subject: str = "employee:e-1", **asked: Any
) -> Json:
    """What is decided, by two of HR where an acceptance corrects what was published."""
    case = await waiting(company, subject)
    path = f"/v1/late-facts/{case['id']}/decision"
    body = {"decision": decision, "reason": f"{decision} by hand"}
    if (decision, case["status"]) == ("accepted", "published"):
        proposed = await company.post(path, body, key=await checker(company))
        assert proposed.status_code == 202, proposed.text
        assert await waiting(company, subject) == proposed.json()
    answer = await company.post(path, body, **asked)
    assert answer.status_code == 201, answer.text
    LateDecisionDocument.model_validate(answer.json(), strict=False)
    return answer.json()
