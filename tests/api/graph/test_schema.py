"""REST and GraphQL tell the same of everything, to the last digit; and an id finds its thing."""

from collections.abc import Iterator

import pytest
from graphql import GraphQLObjectType, get_named_type

from services.api.graph.schema import schema
from tests.api.companies import Company, Json
from tests.api.graph.asking import (
    CORE,
    agrees,
    as_graph,
    ask,
    every,
    every_node,
    leaves,
    told,
    whole,
)
from tests.api.graph.populated import populate


@pytest.fixture
async def populated(company: Company) -> Company:
    await populate(company)
    return company


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
    ("/v1/ladders?limit=1", "ladders", "Ladder", "", 1, 2),
    (
        "/v1/ladders/service/assessments?limit=1",
        "assessments",
        "AssessedLevel",
        'ladder: "service",',
        1,
        2,
    ),
    (
        "/v1/ladders/service/observations?history=true&limit=3",
        "observations",
        "LevelObservation",
        'ladder: "service", history: true,',
        3,
        4,
    ),
    ("/v1/results?limit=2", "results", "Result", "", 2, 6),
)


async def test_the_graph_tells_what_rest_tells_to_the_last_digit(populated: Company) -> None:
    for path, root, kind, arguments, first, least in LISTS:
        items = await every(populated, path)
        nodes = await every_node(populated, root, arguments, first)
        assert len(items) == len(nodes) >= least, path
        for item, node in zip(items, nodes, strict=True):
            agrees(as_graph(item), node, kind)
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
    ("raters", "InvitedRater", "raters"),
    ("history", "CardRevision", "history"),
    ("payAdjustments", "PayAdjustment", "payouts"),
)
ELSEWHERE = {
    "Feed", "Viewer", "IndicatorSeries", "PeriodValue", "DefinitionInForce",
    "Interview", "Dispute", "Reader", "RatingRequest", "TargetDifference", "TargetPlan",
    "Alert", "Survey", "Case", "Report", "Improvement", "ProposedUse", "UseRule",
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
            agrees(stated.get("items", stated), shown, kind)
        query = f'{{ scorecard(id: "{card["id"]}") {{ explanation receipt }} }}'
        shown = (await ask(populated, query))["scorecard"]
        for document in ("explanation", "receipt"):
            assert shown[document] == (await populated.get(f"{path}/{document}")).json()
    for code, least in (("e-1", 1), ("e-3", 0)):
        stated = (await populated.get(f"/v1/employees/{code}/levels")).json()["items"]
        assert len(stated) == least
        query = f'{{ employee(code: "{code}") {{ levels {whole("AssessedLevel")} }} }}'
        agrees(stated, (await ask(populated, query))["employee"]["levels"], "AssessedLevel")
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
        agrees(told_by_rest, told_by_graph, kind)
    sales = "subject=employee:e-1&period=2026-01"
    stated = (await populated.get(f"/v1/diagnosis/sales?{sales}")).json()
    query = f'salesChange(subject: "employee:e-1", period: "2026-01") {whole("SalesChange")}'
    agrees(stated, (await ask(populated, f"{{ {query} }}"))["salesChange"], "SalesChange")


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
        ("ladder:service", "Ladder"),
        (card["id"], "Scorecard"),
        (result["id"], "Result"),
    ):
        query = "query ($id: ID!) { node(id: $id) { __typename id } }"
        assert await ask(populated, query, {"id": thing}) == {
            "node": {"__typename": kind, "id": thing}
        }
        for other in (f"{thing}0", "", ":", "x:y", thing.upper(), "sc_"):
            assert await ask(populated, query, {"id": other}) == {"node": None}


async def test_what_makes_a_scheme_lopsided_is_told_as_rest_tells_it(populated: Company) -> None:
    kind = CORE.get_type("SchemeWarning")
    assert kind is not None
    query = f"{{ schemes {{ nodes {{ code warnings {whole('SchemeWarning')} }} }} }}"
    nodes = (await ask(populated, query))["schemes"]["nodes"]
    assert nodes
    for scheme in nodes:
        path = f"/v1/schemes/{scheme['code']}/warnings"
        stated = (await populated.get(path)).json()["warnings"]
        assert stated, "what cannot differ shows nothing"
        assert [told(each) for each in scheme["warnings"]] == [
            {"": shown} | leaves(each, kind)
            for shown, each in zip(scheme["warnings"], stated, strict=True)
        ]


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
