"""A company whose people contest their cards: sales, a refund of later, marks, pay by both."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from sqlalchemy import text

from tests.api.appraisals import (
    NAME,
    SCHEME,
    ask,
    cards,
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

PUBLISHED = ("approved", "published")
_SALES, _ORDERS = SCHEME["sections"][0]["items"]


def _rated(code: str, weight: str, missing: str, *roles: str) -> Json:
    share = str(Decimal(100) / len(roles))
    return {
        "code": code,
        "indicator": None,
        "weight": weight,
        "target": None,
        "missing": missing,
        "rule": {"kind": "rating", "raters": [{"role": role, "weight": share} for role in roles]},
    }


SECTIONS: list[Json] = [
    {"code": "sales", "name": NAME, "weight": "60", "items": [_SALES, _ORDERS]},
    {
        "code": "people",
        "name": NAME,
        "weight": "40",
        "items": [
            _rated("team", "50", "redistribute", "self", "manager"),
            _rated("drive", "50", "redistribute", "manager"),
        ],
    },
]
BLOCKING: list[Json] = [
    SECTIONS[0],
    {**SECTIONS[1], "items": [_rated("team", "100", "block", "manager")]},
]


_PLACED = """
UPDATE order_facts SET created_on = paid_on, created_at = paid_at;
UPDATE order_measures SET records = records + paid_orders, placed_orders = paid_orders
WHERE placed_orders = 0
"""


async def contested(company: Company, *, sections: Json = None, **changed: Json) -> Company:
    """Two agents below `e-boss` whose January is in review; each is paid by sales and by grade.

    `e-1` sold for 100 (`SO-1`, of which 20 are refunded in February) and 60, `e-2` for 100.
    """
    await found(company, ("e-1", "e-2"))
    for code in ("e-1", "e-2"):
        document = (await company.get(f"/v1/employees/{code}")).json()
        body = {"name": document["name"], "assignments": document["assignments"]}
        await ask(company, "PUT", f"/v1/employees/{code}", {**body, "manager": "e-boss"})
    sections = SECTIONS if sections is None else sections
    await publish_scheme(company, document=scheme(sections=sections, **changed))
    await set_targets(company, {"e-1": "200", "e-2": "200"})
    await sell_whole(
        company,
        Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="100", id="SO-1", buyer="b-1"),
        Sale(paid_on=date(2026, 1, 6), salesperson="e-1", amount="60", id="SO-2", buyer="b-2"),
        Sale(paid_on=date(2026, 1, 7), salesperson="e-2", amount="100", id="SO-3", buyer="b-2"),
    )
    await refund(company, order="SO-1", on=date(2026, 2, 9), amount="20")
    await open_cycle(company)
    for name, role, employee in (
        ("boss", "lead", "e-boss"),
        ("one", "employee", "e-1"),
        ("two", "employee", "e-2"),
        ("hr", "hr", None),
        ("hr-2", "hr", None),
    ):
        await company.make_key(name, role, employee)
    await _rate_all(company, sections)
    await move(company, "jan", "closed", "review")
    return company


async def _rate_all(company: Company, sections: list[Json]) -> None:
    for section in sections:
        for item in section["items"]:
            for rater in item["rule"].get("raters", ()):
                for code, own in (("e-1", "one"), ("e-2", "two")):
                    body = {"item": item["code"], "role": rater["role"], "mark": "50"}
                    path = f"/v1/scorecards/{await card_id(company, code)}/ratings"
                    key = own if rater["role"] == "self" else "boss"
                    await ask(company, "POST", path, body, key=key)


async def sell_whole(company: Company, *sales: Sale) -> None:
    """Orders that were placed when they were paid, as ingest would have added them up."""
    await sell(company, *sales)
    async with company.owner.write(company.number) as session:
        for statement in _PLACED.split(";"):
            await session.execute(text(statement))


async def card_id(company: Company, code: str = "e-1") -> str:
    return str((await cards(company))[f"employee:{code}"]["id"])


async def rating_id(company: Company, item: str, role: str) -> str:
    """The id of the mark that holds, which `e-1` may contest."""
    path = f"/v1/scorecards/{await card_id(company)}/ratings"
    items = (await company.get(path, key="one")).json()["items"]
    (found_one,) = (
        each["id"]
        for each in items
        if (each["item"], each["role"], each["holds"]) == (item, role, True)
    )
    return str(found_one)


async def file(company: Company, body: Json, *, key: str = "one") -> Json:
    """A dispute of the card of `e-1`, with what would come of it."""
    path = f"/v1/scorecards/{await card_id(company)}/disputes"
    filed = await ask(company, "POST", path, {"reason": "it is wrong", **body}, key=key)
    one = f"/v1/disputes/{filed['dispute']['id']}"
    assert (await company.get(one, key="hr")).json() == filed
    return filed


async def uphold(company: Company, filed: Json, **stated: Json) -> Json:
    body = {"uphold": True, "reason": "it was", **stated}
    path = f"/v1/disputes/{filed['dispute']['id']}/decision"
    return await ask(company, "POST", path, body, key="hr")


async def feed(company: Company) -> list[Json]:
    items: list[Json] = (await company.get("/v1/payroll/entries?limit=1000")).json()["items"]
    return items


async def owed(company: Company, employee: str = "e-1") -> dict[str, str]:
    """What payroll has heard of somebody by plan, corrections included, in yuan."""
    sums: dict[str, Decimal] = {}
    for each in await feed(company):
        if each["employee"] == employee:
            plan = each["plan"]
            sums[plan] = sums.get(plan, Decimal(0)) + Decimal(each["amount"])
    return {plan: f"{amount:.2f}" for plan, amount in sums.items()}


async def told(company: Company, employee: str = "e-1") -> tuple[str, str]:
    """Total and grade as payroll has heard them last."""
    last = [each for each in await feed(company) if each["employee"] == employee][-1]
    return last["total"], last["grade"]


async def others(company: Company, employee: str = "e-1") -> Mapping[str, bytes]:
    """All that is shown of everybody else, and of the card and the result that were published."""
    shown = {}
    for card in (await cards(company)).values():
        paths = ["", "/explanation", "/receipt"]
        for path in (f"/v1/scorecards/{card['id']}{part}" for part in paths):
            shown[path] = (await company.get(path)).content
    for path in ("/v1/results", "/v1/cycles/jan", "/v1/scorecards?cycle=jan"):
        shown[path] = (await company.get(path)).content
    entries = (each for each in await feed(company) if each["employee"] != employee)
    shown["entries"] = repr(list(entries)).encode()
    return shown
