"""What the world of the matrix has of alerts, surveys and cases, and the bodies that state them."""

from datetime import UTC, date, datetime
from decimal import Decimal

from services.api.flows.alerts import tell
from services.schema.shapes.alerts import Breach, Check, Measured
from services.schema.shapes.people import Subject
from services.schema.watch_words import AlertKind
from services.schema.words import SubjectKind
from tests.api.appraisals import ask
from tests.api.companies import Company, Json

STANDARD: Json = {
    "name": {"zh": "自", "en": "own"},
    "indicator": "orders",
    "subject_kind": "employee",
    "at_most": "1",
    "days": 1,
}
SURVEY: Json = {
    "name": {"zh": "服务", "en": "Service"},
    "about": "company",
    "audience": "customers",
    "questions": [{"code": "speed", "text": {"zh": "快", "en": "Speed"}}],
    "opens_on": "2026-01-01",
    "closes_on": "2099-01-01",
}
CASE: Json = {"finding": "Slow.", "subject": "company", "due_on": "2099-01-01"}
Things = dict[tuple[str, str], str]


async def alarm(company: Company, people: list[str], standard: str) -> Things:
    """An alert about each, as if the standard had been broken."""
    measured = Measured("orders", 1, "2026-01-05", Decimal(2), None, Decimal(1))
    breaches = [
        Breach(
            kind=AlertKind.STANDARD,
            source=standard,
            subject=Subject(SubjectKind.EMPLOYEE, code),
            day=date(2026, 1, 5),
            zh="订单",
            en="Orders",
            measured=measured,
        )
        for code in people
    ]
    checks = [Check(each.key, each, measured.value) for each in breaches]
    async with company.owner.write(company.number) as session:
        told = await tell(session, checks, at=datetime.now(UTC))
    return {("alert", alert.breach.subject.code): alert.id for alert in told}


async def ask_around(company: Company, code: str, people: list[str]) -> Things:
    """A survey that asks a customer, and a case of each."""
    await ask(company, "PUT", f"/v1/surveys/{code}", SURVEY)
    asked = {"respondents": ["b-1"]}
    await ask(company, "POST", f"/v1/surveys/{code}/invitations", asked)
    found: Things = {}
    for owner in people:
        stated = {**CASE, "subject": f"employee:{owner}", "owner": owner, "survey": code}
        case = await ask(company, "POST", "/v1/cases", stated)
        found["case", owner] = case["id"]
    return found
