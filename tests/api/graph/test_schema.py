"""REST and GraphQL tell the same of everything, to the last digit; and an id finds its thing."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import date

import pytest
from graphql import GraphQLNamedType, GraphQLObjectType, get_named_type

from services.api.graph.schema import schema
from tests.api.appraisals import (
    NAME,
    found,
    move,
    open_cycle,
    person,
    publish_scheme,
    scheme,
    sell,
    set_targets,
)
from tests.api.appraisals import (
    ask as rest,
)
from tests.api.companies import Company, Json
from tests.api.facts import Sale
from tests.api.graph.asking import CORE, ask, every, every_node, leaves, told, whole
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


@pytest.fixture
async def populated(company: Company) -> Company:
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
    await rest(company, "PUT", "/v1/shops/tm-1", shop)
    moved = person(end="2026-01-16") | {"manager": "e-boss", "joined_on": "2025-01-01"}
    moved["assignments"] += person(shops=("a", "b"), start="2026-01-16")["assignments"]
    await rest(company, "PUT", "/v1/employees/e-2", moved | {"left_on": "2027-03-31"})
    for formula in ("paid_amount / paid_orders", 'paid_amount[channel = "search"] / 3'):
        own = {"name": {"zh": "自有", "en": "Own"}, "unit": "money", "better": "lower"}
        await rest(company, "PUT", "/v1/indicators/own_value", own | {"formula": formula})
    await publish_scheme(company, "rich", rich_scheme())
    forced = {
        "shares": [{"grade": "A", "share": "20"}, {"grade": "B", "share": "80"}],
        "minimum_population": 10,
        "tie_breakers": ["net_sales"],
    }
    await rest(company, "PUT", "/v1/schemes/drafted", scheme(distribution=forced))
    for budget in ("1000.5", "1000"):
        await set_targets(company, {"e-1": budget, "e-2": "500", "e-3": "33.333333"})
    await rest(company, "PUT", "/v1/targets", [_challenge()])
    await sell(
        company,
        Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="1500.5"),
        Sale(paid_on=date(2026, 1, 6), salesperson="e-2", amount="0.01"),
        Sale(paid_on=date(2026, 1, 20), salesperson="e-2", amount="333.33"),
    )
    await rest(company, "POST", "/v1/ladders", {"code": "service", "template": "service_agent"})
    assessed = {"month": "2026-01", "employees": ["e-1", "e-2"]}
    await rest(company, "POST", "/v1/ladders/service/assessments", assessed)
    await open_cycle(company, scheme="rich")
    await open_cycle(company, "units", scheme="rich", population={"units": ["front"]})
    await judge(company)
    past_review = ("closed", "review", "calibration", "approved", "published")
    await move(company, "jan", *past_review)
    await move(company, "jan", "open", reason="Late orders.")
    await sell(company, Sale(paid_on=date(2026, 1, 7), salesperson="e-1", amount="9.99"))
    await move(company, "jan", *past_review)
    return company


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
            await rest(company, "POST", path, {"role": role, **given}, key=key)
    path = await path_of(company, "adjustments")
    await rest(company, "POST", path, {"points": "2.25", "reason": "stood in"})
    made = await rest(company, "POST", path, {"points": "-1", "reason": "late"})
    await rest(company, "POST", path, {"withdraws": made["id"], "reason": "it was not"})
    path = await path_of(company, "payouts")
    await rest(company, "POST", path, {"amount": "12.34", "reason": "best idea"})


def _challenge() -> Json:
    return {
        "subject": "employee:e-1",
        "indicator": "net_sales",
        "period": "2026-01",
        "level": "challenge",
        "value": "2000.000001",
        "reason": "Half as much again",
    }


LISTS = (
    ("/v1/employees?limit=3", "employees", "Employee", "", 3, 4),
    ("/v1/units?limit=1", "units", "Unit", "", 1, 2),
    ("/v1/shops?limit=2", "shops", "Shop", "", 2, 3),
    ("/v1/cycles?limit=1", "cycles", "Cycle", "", 1, 2),
    ("/v1/indicators?limit=99", "indicators", "Indicator", "", 99, 130),
    ("/v1/schemes?limit=1", "schemes", "Scheme", "", 1, 2),
    ("/v1/targets?history=true&limit=2", "targets", "Target", "history: true,", 2, 5),
    ("/v1/scorecards?limit=3", "scorecards", "Scorecard", "", 3, 4),
    ("/v1/scorecards?sort=-total&limit=1", "scorecards", "Scorecard", "sort: TOTAL_DOWN,", 1, 4),
    ("/v1/results?limit=2", "results", "Result", "", 2, 6),
)


async def test_the_graph_tells_what_rest_tells_to_the_last_digit(populated: Company) -> None:
    for path, root, kind, arguments, first, least in LISTS:
        items = await every(populated, path)
        nodes = await every_node(populated, root, arguments, first)
        assert len(items) == len(nodes) >= least, path
        made = CORE.get_type(kind)
        assert made is not None
        for item, node in zip(items, nodes, strict=True):
            agrees(as_graph(item), node, made)
    cards = await every(populated, "/v1/scorecards?cycle=jan&limit=9")
    assert any(card["gates"] for card in cards)
    assert any(len(card["segments"]) == 2 for card in cards)
    assert any(card["adjustments"] for card in cards)
    assert {card["grade_origin"] for card in cards} == {"distribution"}
    results = await every(populated, "/v1/results?employee=e-1&limit=9")
    assert [payout["plan"] for payout in results[-1]["payouts"]] == [
        "commission",
        "grade_bonus",
        "leader_mean",
        "leader_capacity",
        "level_allowance",
        "adjustment",
    ]


LINKS = (
    ("nextSteps", "NextSteps", "next-steps"),
    ('change(against: "{before}")', "ScoreChange", "change?against={before}"),
    ("ratings", "GivenRating", "ratings"),
    ("adjustmentHistory", "StatedAdjustment", "adjustments"),
    ("review", "CardReview", "reviews"),
)
ELSEWHERE = {
    "Feed", "Viewer", "IndicatorSeries", "PeriodValue", "DefinitionInForce",
    "Interview", "Dispute", "Reader",
}  # fmt: skip
"""Held against REST in tests of their own."""


async def test_what_hangs_on_a_card_or_a_person_is_that_of_rest(populated: Company) -> None:
    for card in await every(populated, "/v1/scorecards?cycle=jan&limit=9"):
        path = f"/v1/scorecards/{card['id']}"
        before = (await populated.get(f"{path}/history")).json()["items"][0]["scorecard"]
        for field, kind, last in LINKS:
            stated = (await populated.get(f"{path}/{last.format(before=before)}")).json()
            parts = f"{field.format(before=before)} {whole(kind)}"
            shown = (await ask(populated, f'{{ scorecard(id: "{card["id"]}") {{ {parts} }} }}'))[
                "scorecard"
            ][field.partition("(")[0]]
            made = CORE.get_type(kind)
            assert made is not None
            agrees(stated.get("items", stated), shown, made)
        query = f'{{ scorecard(id: "{card["id"]}") {{ explanation }} }}'
        shown = (await ask(populated, query))["scorecard"]["explanation"]
        assert shown == (await populated.get(f"{path}/explanation")).json()
    made = CORE.get_type("AssessedLevel")
    assert made is not None
    for code, least in (("e-1", 1), ("e-3", 0)):
        stated = (await populated.get(f"/v1/employees/{code}/levels")).json()["items"]
        assert len(stated) == least
        query = f'{{ employee(code: "{code}") {{ levels {whole("AssessedLevel")} }} }}'
        agrees(stated, (await ask(populated, query))["employee"]["levels"], made)
    query = '{ employee(code: "e-2") { levels { level } } }'
    assert (await ask(populated, query, key="one"))["employee"] is None
    stated = (await populated.get("/v1/cycles/jan/distribution")).json()
    parts = f"{whole('CycleDistribution')[:-1]} people {{ nodes {whole('RankedPerson')} }} }}"
    query = f'{{ cycle(code: "jan") {{ distribution {parts} }} }}'
    shown = (await ask(populated, query))["cycle"]["distribution"]
    for kind, told_by_rest, told_by_graph in (
        ("RankedPerson", stated.pop("people"), shown["people"]["nodes"]),
        ("CycleDistribution", stated, shown),
    ):
        made = CORE.get_type(kind)
        assert made is not None
        agrees(told_by_rest, told_by_graph, made)
    sales = "subject=employee:e-1&period=2026-01"
    stated = (await populated.get(f"/v1/diagnosis/sales?{sales}")).json()
    query = f'salesChange(subject: "employee:e-1", period: "2026-01") {whole("SalesChange")}'
    made = CORE.get_type("SalesChange")
    assert made is not None
    agrees(stated, (await ask(populated, f"{{ {query} }}"))["salesChange"], made)


def test_every_type_of_the_graph_is_held_against_rest() -> None:
    """All but pages, which hold the others: a type that is added joins one of these tests."""
    held = {kind for _, _, kind, *_ in LISTS} | {kind for _, kind, _ in LINKS} | ELSEWHERE
    held |= {"AssessedLevel", "CycleDistribution", "RankedPerson", "SalesChange"}
    waiting = list(held)
    while waiting:
        found = set(inside(waiting.pop())) - held
        held |= found
        waiting += found
    pages = {"Query", "Subscription", "PageInfo"}
    assert {
        name
        for name, kind in CORE.type_map.items()
        if isinstance(kind, GraphQLObjectType)
        and not name.startswith("__")
        and not name.endswith(("Connection", "Edge"))
    } == {name for name in held if not name.endswith("Edge")} | pages


def inside(kind: str) -> Iterator[str]:
    """The types of a type's own members, links left out."""
    made = CORE.get_type(kind)
    assert isinstance(made, GraphQLObjectType), kind
    for name, field in made.fields.items():
        held = schema.get_field_for_type(name, kind)
        inner = get_named_type(field.type)
        if held is not None and held.base_resolver is None and isinstance(inner, GraphQLObjectType):
            yield inner.name


def agrees(stated: Json, shown: Json, kind: GraphQLNamedType) -> None:
    """Each leaf that REST states stands in the graph under its name, as it is."""
    wanted, answered = leaves(stated, kind), told(shown)
    assert {name: answered.get(name, "nothing") for name in wanted} == wanted


def as_graph(document: Json) -> Json:
    """What raters may give is `mark_scale` in the graph: a ladder's marks are a list."""
    if isinstance(document, list):
        return [as_graph(each) for each in document]
    if not isinstance(document, dict):
        return document
    return {
        "mark_scale" if name == "marks" and isinstance(member, dict) else name: as_graph(member)
        for name, member in document.items()
    }


async def test_a_series_is_that_of_rest(populated: Company) -> None:
    subject, month = "employee:e-1", "period=2026-01"
    for indicator, grain in (("net_sales", "day"), ("own_value", "week"), ("conversion_rate", "")):
        query = f"subject={subject}&{month}" + (f"&grain={grain}" if grain else "")
        path = f"/v1/indicators/{indicator}/values?limit=500&{query}"
        stated = (await populated.get(path)).json()
        asked = f'indicator: "{indicator}", subject: "{subject}", period: "2026-01", first: 9'
        asked += f", grain: {grain.upper()}" if grain else ""
        values: list[Json] = []
        after = None
        while True:
            series = await ask(
                populated,
                f"query ($after: String) {{ indicatorSeries({asked}, after: $after) "
                + whole("IndicatorSeries")
                + " }",
                {"after": after},
            )
            page = series["indicatorSeries"]
            values += [edge["node"] for edge in page["edges"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        kind = CORE.get_type("PeriodValue")
        assert kind is not None
        assert [told(value) for value in values] == [
            {"": value} | leaves(item, kind)
            for value, item in zip(values, stated["items"], strict=True)
        ]
        assert page["totalCount"] == stated["total"]
        assert page["definition"] == stated["definition"]


async def test_an_id_finds_its_thing_and_nothing_else(populated: Company) -> None:
    (card,) = (await populated.get("/v1/scorecards?employee=e-1&cycle=jan")).json()["items"]
    result = (await populated.get("/v1/results?employee=e-1")).json()["items"][0]
    for thing, kind in (
        ("employee:e-1", "Employee"),
        ("unit:front", "Unit"),
        ("shop:tm-1", "Shop"),
        ("indicator:net_sales", "Indicator"),
        ("scheme:rich", "Scheme"),
        ("cycle:jan", "Cycle"),
        (card["id"], "Scorecard"),
        (result["id"], "Result"),
    ):
        query = "query ($id: ID!) { node(id: $id) { __typename id } }"
        assert await ask(populated, query, {"id": thing}) == {
            "node": {"__typename": kind, "id": thing}
        }
        for other in (f"{thing}0", "", ":", "x:y", thing.upper(), "sc_"):
            assert await ask(populated, query, {"id": other}) == {"node": None}


async def test_links_lead_to_what_codes_name(populated: Company) -> None:
    (card,) = (await populated.get("/v1/scorecards?employee=e-1&cycle=jan")).json()["items"]
    query = """query ($id: ID!) { scorecard(id: $id) {
        employee { code results(cycle: "jan") { totalCount nodes { revision lines { points } } } }
        inCycle { code } lines { indicator definition { code name { en } } } } }"""
    shown = (await ask(populated, query, {"id": card["id"]}))["scorecard"]
    results = shown["employee"]["results"]
    assert (shown["inCycle"]["code"], results["totalCount"]) == ("jan", 2)
    assert [result["revision"] for result in results["nodes"]] == [2, 1]
    assert results["nodes"][0]["lines"] == [{"points": line["points"]} for line in card["lines"]]
    assert [line["definition"] and line["definition"]["code"] for line in shown["lines"]] == [
        line["indicator"] for line in card["lines"]
    ]
    units = (await populated.get("/v1/scorecards?cycle=units")).json()["items"]
    of_unit = "query ($id: ID!) { scorecard(id: $id) { subject employee { code } } }"
    assert await ask(populated, of_unit, {"id": units[0]["id"]}) == {
        "scorecard": {"subject": "unit:front", "employee": None}
    }
