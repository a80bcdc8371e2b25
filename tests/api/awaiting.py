"""What waits for somebody in the world of the matrix, so that what is allowed can be done.

Cards to rate, to decide on and to follow up, late facts, a rule's proposals, a feed that is pulled,
a webhook that is off, and a survey of employees.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

import asyncpg
import httpx
from sqlalchemy import insert

from services.api.flows.drifts import find_drifts
from services.api.store.cycles import read_cycle
from services.schema.ids import IdKind, new_id
from services.schema.shapes.people import Caller
from services.schema.tables.late_facts import late_facts
from services.schema.words import Role
from tests.api.appraisals import (
    NAME,
    ask,
    cards,
    move,
    open_cycle,
    publish_scheme,
    scheme,
    sell,
)
from tests.api.companies import Company, Json
from tests.api.facts import Sale
from tests.api.rating import SECTIONS
from tests.api.watching import SURVEY

SECRET = "s"
"""Of the accounts of the world's shops: webhooks of marketplaces are signed with it."""
SUPERIORS: Mapping[str, str] = {
    "e-own": "e-lead",
    "e-mate": "e-lead",
    "e-lead": "e-boss",
    "e-other": "e-rival",
    "e-admin": "e-rival",
    "e-hr": "e-rival",
}
"""Whose cards are asked about, and who stands above each."""
RULE: Json = {
    "name": NAME, "use": "warning", "cycle": "month", "grades": ["C"], "at_least": 1, "of_last": 1,
}  # fmt: skip
REWARDED = "e-third"
"""Who was given points and money, which may be withdrawn."""
Things = dict[tuple[str, str], str]


async def await_people(
    company: Company, things: Things, prefix: str, people: Sequence[str]
) -> None:
    """Cards in each state that somebody can do something about, and proposals on results."""
    for superior in set(SUPERIORS.values()):
        code = f"{prefix}{superior}"
        await company.make_key(f"{code} leads", "lead", code)
    await _judge(company, things, prefix)
    await _review(company, things, prefix)
    await _agree(company, prefix)
    await _calibrate(company, things, prefix)
    things["rule", prefix] = f"{prefix}w"
    await ask(company, "PUT", f"/v1/use-rules/{prefix}w", RULE)
    for use in (await company.get("/v1/uses?limit=500")).json()["items"]:
        things["proposed", use["employee"]] = use["result"]
    survey = f"{prefix}asked"
    of_employees = {**SURVEY, "audience": "employees"}
    await ask(company, "PUT", f"/v1/surveys/{survey}", of_employees)
    await ask(company, "POST", f"/v1/surveys/{survey}/invitations", {"respondents": list(people)})
    things["answered", prefix] = survey
    for superior in set(SUPERIORS.values()):
        del company.keys[f"{prefix}{superior} leads"]


async def come_late(company: Company, things: Things, prefix: str) -> None:
    """An order of each comes after data were closed, and waits for a decision on every card.

    Of one it was decided; and one card drifts.
    """
    people = [f"{prefix}{code}" for code in (*SUPERIORS, "e-boss", REWARDED)]
    day = date(2026, 1, 7)
    noted = {"kind": "orders", "source": "erp", "unit": "", "basis": "both", "day": day}
    for code in people:
        shop = "s-a" if code.removeprefix(prefix) in {"e-own", "e-mate"} else "s-b"
        sale = Sale(
            id=f"{code}-late", paid_on=day, shop=f"{prefix}{shop}", salesperson=code, amount="1"
        )
        await sell(company, sale)
        row = {"tenant_id": company.number, "fact": sale.id, "shop": sale.shop, "employee": code}
        row |= {"modified_at": datetime(2026, 2, 1, tzinfo=UTC)}
        async with company.owner.write(company.number) as session:
            await session.execute(insert(late_facts).values({**noted, **row}))
    waiting = (await company.get(f"/v1/late-facts?cycle={prefix}published&limit=500")).json()
    for case in waiting["items"]:
        things["late", case["subject"].removeprefix("employee:")] = case["id"]
    path = f"/v1/late-facts/{things['late', f'{prefix}{REWARDED}']}/decision"
    await ask(company, "POST", path, {"decision": "rejected", "reason": "the matrix"})
    await _drift(company, prefix, day)


async def _drift(company: Company, prefix: str, day: date) -> None:
    """A published card is other than it would be computed now: an order is not noted as late."""
    code, shop = f"{prefix}e-view", f"{prefix}s-b"
    sale = Sale(id=f"{code}-late", paid_on=day, shop=shop, salesperson=code, amount="1")
    await sell(company, sale)
    caller = Caller(company.number, Role.ADMIN, None, "system:operator")
    async with company.owner.write(company.number) as session:
        cycle = await read_cycle(session, f"{prefix}published")
        assert cycle is not None
        await find_drifts(session, cycle, caller=caller, at=datetime.now(UTC))


async def connect(
    company: Company, things: Things, prefix: str, ingest: httpx.AsyncClient, shops: Sequence[str]
) -> None:
    """The shops have accounts with their marketplace, which has stated a day; a unit is counted."""
    headers = {"Authorization": f"Bearer {company.keys['admin']}"}
    account = {"app_key": "k", "secret": SECRET, "session": "t"}
    for shop in shops:
        path = f"/v1/shops/{prefix}{shop}/account"
        answer = await ingest.put(path, json=account, headers=headers)
        assert answer.status_code == 200, answer.text
        day = {"source": "sycm", "shop": f"{prefix}{shop}", "day": "2026-01-05", "orders": 1}
        answer = await ingest.post("/v1/reconciliations", json=[day], headers=headers)
        assert answer.status_code == 200, answer.text
    counted: Json = {"source": "erp", "day": "2026-01-05", "measure": things["measure", prefix]}
    counted |= {"amount": "1", "unit": f"{prefix}back", "modified_at": "2026-01-05T00:00:00Z"}
    answer = await ingest.post("/v1/facts/measures", json=[counted], headers=headers)
    assert answer.json()["created"] == 1, answer.text
    things["shop", prefix] = f"{prefix}{shops[0]}"
    table = {"name": NAME, "kind": "traffic", "fields": {"day": {"column": "day"}}}
    things["mapping", prefix] = f"{prefix}table"
    answer = await ingest.put(f"/v1/mappings/{prefix}table", json=table, headers=headers)
    assert answer.status_code == 201, answer.text
    (first, *_) = (await ingest.get("/v1/rejected", headers=headers)).json()["items"]
    things["batch", prefix] = first["batch"]


async def be_pulled(
    company: Company, things: Things, prefix: str, looker: asyncpg.Connection
) -> None:
    """A feed of the first shop that is pulled and rests, and a webhook that is off."""
    feed, shop = new_id(IdKind.FEED), things["shop", prefix]
    await looker.execute(
        "INSERT INTO feeds (tenant_id, id, shop, kind, source, due_at, lease_token, attempts,"
        " accepted, applied, rejected)"
        " VALUES ($1, $2, $3, 'traffic', $4, '2099-01-01', 0, 0, 0, 0, 0)",
        company.number, feed, shop, f"taobao:{shop}",
    )  # fmt: skip
    wanted = {"url": "https://hooks.example/off", "events": ["alert.raised"]}
    webhook = (await ask(company, "POST", "/v1/webhooks", wanted))["id"]
    await looker.execute(
        "UPDATE webhooks SET disabled_at = now(), disabled_reason = 'the matrix' WHERE id = $1",
        webhook,
    )
    things["pulled", prefix], things["disabled", prefix] = feed, webhook
    code = "SELECT code FROM tenants WHERE id = $1"
    things["tenant", prefix] = await looker.fetchval(code, company.number)


async def _judge(company: Company, things: Things, prefix: str) -> None:
    """A card of each agent that is open to marks, rewards and penalties; one has got some."""
    bounds = {"minimum": "-10", "maximum": "10"}
    document = scheme(sections=SECTIONS, pay=[], adjustments=bounds)
    code = await _begin(company, prefix, "judged", document, {"position": "agent"})
    _note(things, "judged", await cards(company, code))
    for stage, path, given in (
        ("judged", "adjustments", {"points": "1"}),
        ("open", "payouts", {"amount": "1"}),
    ):
        card = things[f"scorecard {stage}", f"{prefix}{REWARDED}"]
        stated = {**given, "reason": "the matrix"}
        made = await ask(company, "POST", f"/v1/scorecards/{card}/{path}", stated)
        things[path, prefix] = made["id"]


async def _review(company: Company, things: Things, prefix: str) -> None:
    """Cards in review: of a mate it is the lead's turn, of another the office's, else their own."""
    document = scheme(pay=[], approval=["self", "manager", "hr"])
    code = await _begin(company, prefix, "reviewed", document, {"position": "agent"})
    await move(company, code, "closed", "review")
    _note(things, "reviewed", await cards(company, code))
    mate, other = f"{prefix}e-mate", f"{prefix}e-other"
    for who, key, decision in (
        (mate, mate, "submit"),
        (other, other, "submit"),
        (other, f"{prefix}e-rival leads", "approve"),
    ):
        path = f"/v1/scorecards/{things['scorecard reviewed', who]}/reviews"
        await ask(company, "POST", path, {"decision": decision}, key=key)


async def _agree(company: Company, prefix: str) -> None:
    """An interview of some that both have signed, and one thing that it agreed."""
    code = await _begin(company, prefix, "agreed", scheme(pay=[]), {"position": "agent"})
    await move(company, code, "closed", "review", "approved", "published")
    agreed = {"measures": [{"what": "Answer sooner", "due_on": "2099-01-01"}], "sign": True}
    for subject, card in (await cards(company, code)).items():
        person = subject.removeprefix("employee:")
        superior = SUPERIORS.get(person.removeprefix(prefix))
        if superior is None:
            continue
        above = f"{prefix}{superior} leads"
        path = f"/v1/scorecards/{card['id']}/interview"
        await ask(company, "POST", path, agreed, key=person)
        await ask(company, "POST", path, {"sign": True}, key=above)


async def _calibrate(company: Company, things: Things, prefix: str) -> None:
    """Grades that may be moved by the office, which has no card among them."""
    shares = [
        {"grade": grade, "share": share} for grade, share in (("A", "20"), ("B", "70"), ("C", "10"))
    ]
    document = scheme(pay=[], distribution={"shares": shares, "minimum_population": 100})
    population = {"position": "agent", "unit": f"{prefix}front"}
    code = await _begin(company, prefix, "graded", document, population)
    await move(company, code, "closed", "review", "calibration")
    found = await cards(company, code)
    _note(things, "graded", found)
    things |= {("cycle", card["id"]): code for card in found.values()}


async def _begin(company: Company, prefix: str, name: str, document: Json, population: Json) -> str:
    """An open cycle under a scheme of the same name; its code."""
    code = f"{prefix}{name}"
    own = code.replace("-", "_")
    await publish_scheme(company, own, document)
    await open_cycle(company, code, scheme=own, population=population)
    return code


def _note(things: Things, stage: str, found: Mapping[str, Json]) -> None:
    for subject, card in found.items():
        things[f"scorecard {stage}", subject.removeprefix("employee:")] = card["id"]
