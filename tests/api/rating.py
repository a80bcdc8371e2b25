"""A scheme that people rate: a rating by two roles, one by peers, a ladder and a rubric."""

from datetime import date

from tests.api.appraisals import (
    NAME,
    SCHEME,
    ask,
    cards,
    found,
    open_cycle,
    publish_scheme,
    scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company, Json
from tests.api.facts import Sale

RATED: Json = {"weight": "20", "indicator": None, "target": None, "missing": "block"}
ITEMS: list[Json] = [
    {
        **RATED,
        "code": "team",
        "weight": "40",
        "rule": {
            "kind": "rating",
            "raters": [{"role": "self", "weight": "20"}, {"role": "manager", "weight": "80"}],
        },
    },
    {
        **RATED,
        "code": "peers",
        "missing": "redistribute",
        "rule": {
            "kind": "rating",
            "raters": [{"role": "peer", "weight": "60"}, {"role": "customer", "weight": "40"}],
            "marks": {"from": "0", "to": "100", "step": "25"},
        },
    },
    {
        **RATED,
        "code": "initiative",
        "rule": {
            "kind": "ladder",
            "behaviours": [{"zh": f"{at}", "en": f"{at}"} for at in range(1, 6)],
            "marks": ["20", "40", "60", "80", "100"],
        },
    },
    {
        **RATED,
        "code": "growth",
        "indicator": "net_sales",
        "rule": {
            "kind": "rubric",
            "levels": [
                {"all": [{"indicator": "net_sales", "at_least": "100"}], "range": ["60", "80"]},
                {"all": [{"indicator": "orders", "at_least": "1"}], "score": "20"},
            ],
        },
    },
]
SALES: Json = {**SCHEME["sections"][0]["items"][0], "weight": "100"}
SECTIONS: list[Json] = [
    {"code": "sales", "name": NAME, "weight": "60", "items": [SALES]},
    {"code": "people", "name": NAME, "weight": "40", "items": ITEMS},
]


async def rated(company: Company, *, bounds: Json = None) -> Company:
    """Three agents below `e-boss` in an open cycle that people rate; `e-1` is on target."""
    await found(company)
    document = scheme(sections=SECTIONS, adjustments=bounds, pay=[])
    await publish_scheme(company, document=document)
    await set_targets(company, {"e-1": "100", "e-2": "200", "e-3": "400"})
    for code in ("e-1", "e-2", "e-3"):
        await sell(company, Sale(paid_on=date(2026, 1, 5), salesperson=code, amount="100"))
    await open_cycle(company)
    for name, role, employee in (
        ("boss", "lead", "e-boss"),
        ("one", "employee", "e-1"),
        ("two", "employee", "e-2"),
        ("three", "employee", "e-3"),
        ("hr", "hr", None),
        ("viewer", "viewer", None),
        ("payroll", "payroll", None),
    ):
        await company.make_key(name, role, employee)
    return company


async def card_of(company: Company, code: str = "e-1") -> Json:
    return (await cards(company))[f"employee:{code}"]


async def path_of(company: Company, what: str, code: str = "e-1") -> str:
    return f"/v1/scorecards/{(await card_of(company, code))['id']}/{what}"


async def rate(company: Company, item: str, role: str, *, key: str, **given: Json) -> Json:
    """A mark of the card of `e-1` that must be taken."""
    path = await path_of(company, "ratings")
    return await ask(company, "POST", path, {"item": item, "role": role, **given}, key=key)


async def fill(company: Company, code: str = "e-1", mark: str = "90") -> None:
    """All that a card waits for: its total is whole then."""
    path = await path_of(company, "ratings", code)
    own = {"e-1": "one", "e-2": "two", "e-3": "three"}[code]
    for key, body in (
        (own, {"item": "team", "role": "self", "mark": "80"}),
        ("boss", {"item": "team", "role": "manager", "mark": mark}),
        ("boss", {"item": "initiative", "role": "manager", "level": 3}),
    ):
        await ask(company, "POST", path, body, key=key)
