"""A company with something of everything that the graph tells: what REST is held against."""

from copy import deepcopy
from datetime import date

from tests.api.appraisals import (
    NAME,
    ask,
    found,
    move,
    open_cycle,
    person,
    publish_scheme,
    scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company, Json
from tests.api.facts import Sale
from tests.api.rating import SECTIONS, path_of

RULES: tuple[tuple[str, Json, Json], ...] = (
    (
        "steps",
        {"kind": "fixed", "value": "4", "challenge": "6"},
        {
            "kind": "steps",
            "of": "attainment",
            "steps": [
                {"level": "challenge", "at_least": "1", "score": "120"},
                {"at_least": "0.5", "score": "80"},
                {"at_least": "0", "score": "10"},
            ],
        },
    ),
    ("curve", None, {"kind": "curve", "points": [["0.06", "80"], ["2", "100"]]}),
    ("deduct", None, {"kind": "deduct", "per_occurrence": "2.5", "free": "1", "floor": "10"}),
    ("pass", None, {"kind": "pass", "at_most": "0.05"}),
)


def rich_scheme() -> Json:
    """Every rule, gates of each kind, bounds, a distribution, a note."""
    made = scheme(note="From a source.")
    items = made["sections"][0]["items"]
    items[0]["weight"], items[1]["weight"] = "40", "20"
    items[1] |= {"name": {"zh": "订单", "en": "Orders"}, "full_mark": "30"}
    items[1]["rule"] = {"kind": "ratio", "floor": "0", "cap": "36"}
    for code, target, rule in RULES:
        items.append(
            {
                "code": code,
                "indicator": "bad_reviews" if code in {"deduct", "pass"} else "orders",
                "weight": "10",
                "scope": "shops",
                "target": target,
                "rule": rule,
                "missing": "redistribute",
            }
        )
    made["gates"] = [
        {"when": {"section": "sales", "below": "99.5"}, "then": {"cap": "59.5"}},
        {"when": {"item": "orders", "of": "value", "at_most": "1"}, "then": {"grade": "B"}},
        {"when": {"item": "sales", "of": "attainment", "below": "0.01"}, "then": {"fail": True}},
    ]
    made["adjustments"] = {"minimum": "-10", "maximum": "10"}
    made["sections"][0]["weight"] = "60"
    people = deepcopy(SECTIONS[1])
    people["items"][0]["rule"] |= {"levels": [{"mark": "80.5", "text": NAME}]}
    made["sections"].append(people)
    made["distribution"] = {
        "shares": [{"grade": "A", "share": "20"}, {"grade": "B", "share": "80"}],
        "minimum_population": 3,
        "tie_breakers": ["orders"],
        "bands": {"section": "people", "shares": [{"from": "0", "share": "100"}]},
    }
    made["pay"] += [
        {"plan": "leader_mean", "task": {"number": "1.5"}, "business": {"of": "grade"}},
        {"plan": "leader_capacity", "indicator": "net_sales", "incentive": {"item": "sales"}},
        {
            "plan": "level_allowance",
            "ladder": "service",
            "amounts": [{"level": "bronze", "amount": "88.8"}],
        },
        {"plan": "adjustment", "minimum": "-500", "maximum": "500"},
    ]
    return made


async def populate(company: Company) -> None:
    """Something of everything: two segments, bites, revisions, an own indicator, history."""
    await found(company)
    shop = {
        "name": "Flagship <&>",
        "marketplace": "tmall",
        "timezone": "Asia/Shanghai",
        "currency": "CNY",
        "kind": "online",
        "opened_on": "2025-06-18",
    }
    await ask(company, "PUT", "/v1/shops/tm-1", shop)
    moved = person(end="2026-01-16") | {"manager": "e-boss", "joined_on": "2025-01-01"}
    moved["assignments"] += person(shops=("a", "b"), start="2026-01-16")["assignments"]
    await ask(company, "PUT", "/v1/employees/e-2", moved | {"left_on": "2027-03-31"})
    for formula in ("paid_amount / paid_orders", 'paid_amount[channel = "search"] / 3'):
        own = {"name": {"zh": "自有", "en": "Own"}, "unit": "money", "better": "lower"}
        await ask(company, "PUT", "/v1/indicators/own_value", own | {"formula": formula})
    await publish_scheme(company, "rich", rich_scheme())
    forced = {
        "shares": [{"grade": "A", "share": "20"}, {"grade": "B", "share": "80"}],
        "minimum_population": 10,
        "tie_breakers": ["net_sales"],
    }
    await ask(company, "PUT", "/v1/schemes/drafted", scheme(distribution=forced))
    for budget in ("1000.5", "1000"):
        await set_targets(company, {"e-1": budget, "e-2": "500", "e-3": "33.333333"})
    await ask(company, "PUT", "/v1/targets", [_challenge()])
    await sell(
        company,
        Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="1500.5"),
        Sale(paid_on=date(2026, 1, 6), salesperson="e-2", amount="0.01"),
        Sale(paid_on=date(2026, 1, 20), salesperson="e-2", amount="333.33"),
    )
    await ask(company, "POST", "/v1/ladders", {"code": "service", "template": "service_agent"})
    assessed = {"month": "2026-01", "employees": ["e-1", "e-2"]}
    await ask(company, "POST", "/v1/ladders/service/assessments", assessed)
    await ask(company, "POST", "/v1/ladders", {"code": "other", "template": "service_agent"})
    for holds in (True, False):
        seen = {"behaviour": "communication", "month": "2026-01", "holds": holds}
        observed = [{"employee": code, **seen} for code in ("e-1", "e-2")]
        await ask(company, "POST", "/v1/ladders/service/observations", observed)
    await open_cycle(company, scheme="rich")
    await open_cycle(company, "units", scheme="rich", population={"units": ["front"]})
    await judge(company)
    past_review = ("closed", "review", "calibration", "approved", "published")
    await move(company, "jan", *past_review)
    await move(company, "jan", "open", reason="Late orders.")
    await sell(company, Sale(paid_on=date(2026, 1, 7), salesperson="e-1", amount="9.99"))
    await move(company, "jan", *past_review)


async def judge(company: Company) -> None:
    """Everybody is rated, and one is rewarded in points and in money, once in vain."""
    for name, role, employee in (
        ("boss", "lead", "e-boss"),
        ("one", "employee", "e-1"),
        ("two", "employee", "e-2"),
        ("three", "employee", "e-3"),
    ):
        await company.make_key(name, role, employee)
    for code, own in (("e-1", "one"), ("e-2", "two"), ("e-3", "three")):
        path = await path_of(company, "ratings", code)
        for key, role, given in (
            (own, "self", {"item": "team", "level": 1}),
            ("boss", "manager", {"item": "team", "level": 1, "comment": "as ever"}),
            ("boss", "manager", {"item": "initiative", "behaviours": [1, 2]}),
            ("boss", "manager", {"item": "growth", "mark": "75"}),
        ):
            await ask(company, "POST", path, {"role": role, **given}, key=key)
    path = await path_of(company, "adjustments")
    await ask(company, "POST", path, {"points": "2.25", "reason": "stood in"})
    made = await ask(company, "POST", path, {"points": "-1", "reason": "late"})
    await ask(company, "POST", path, {"withdraws": made["id"], "reason": "it was not"})
    path = await path_of(company, "payouts")
    await ask(company, "POST", path, {"amount": "12.34", "reason": "best idea"})
    made = await ask(company, "POST", path, {"amount": "-5", "reason": "a glass"})
    await ask(company, "POST", path, {"withdraws": made["id"], "reason": "it was whole"})
    path = await path_of(company, "raters", "e-2")
    await ask(company, "POST", path, {"role": "peer", "employee": "e-1"})


def _challenge() -> Json:
    return {
        "subject": "employee:e-1",
        "indicator": "net_sales",
        "period": "2026-01",
        "level": "challenge",
        "value": "2000.000001",
        "reason": "Half as much again",
    }
