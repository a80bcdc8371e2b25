"""Who sees what through the graph: exactly what REST lets the same key see."""

from datetime import date

import pytest

from services.door.limits import Limits
from tests.api.appraisals import (
    ask as rest,
)
from tests.api.appraisals import (
    found,
    move,
    open_cycle,
    person,
    publish_scheme,
    scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company
from tests.api.facts import Sale
from tests.api.graph.asking import ask, every, every_node, post
from tests.api.worlds import UNBOUNDED

LISTS = (
    ("employees", "/v1/employees", "code"),
    ("units", "/v1/units", "code"),
    ("shops", "/v1/shops", "code"),
    ("indicators", "/v1/indicators", "code"),
    ("schemes", "/v1/schemes", "version"),
    ("targets", "/v1/targets", "subject"),
    ("cycles", "/v1/cycles", "scorecards"),
    ("scorecards", "/v1/scorecards", "id"),
    ("results", "/v1/results", "id"),
)
PAGE = {"schemes": 2}
"""A whole scheme is a thousand objects by the count that limits a query."""
KEYS = ("admin", "hr", "lead", "other_lead", "employee", "viewer", "payroll", "erp")


async def appraised(company: Company) -> Company:
    """Two teams, of which one is led by e-boss; a month that is published, and a live one."""
    await found(company)
    await rest(company, "PUT", "/v1/units/back", {"name": "back", "lead": "e-9"})
    await rest(company, "PUT", "/v1/employees/e-9", person("chief", "back", shops=("b",)))
    await rest(company, "PUT", "/v1/employees/e-8", person("agent", "back", shops=("b",)))
    await publish_scheme(company)
    await publish_scheme(company, "draft", scheme(note="first"))
    await rest(company, "PUT", "/v1/schemes/draft", scheme(note="second"))
    people = {"e-1": "1000", "e-2": "500", "e-3": "100", "e-8": "10"}
    await set_targets(company, people)
    day = date(2026, 1, 5)
    await sell(
        company,
        Sale(paid_on=day, salesperson="e-1", amount="1500.5"),
        Sale(paid_on=day, salesperson="e-8", amount="8", shop="b"),
    )
    await open_cycle(company)
    await move(company, "jan", "closed", "review", "approved", "published")
    await open_cycle(company, "feb", period="2026-02")
    for role in ("hr", "viewer", "payroll", "erp"):
        await company.make_key(role, role)
    await company.make_key("lead", "lead", "e-boss")
    await company.make_key("other_lead", "lead", "e-9")
    await company.make_key("employee", "employee", "e-1")
    return company


@pytest.fixture
async def pair(companies: list[Company]) -> tuple[Company, Company]:
    own, foreign = companies
    # Eight keys ask for all there is in a moment; how much one may is tried in tests of its own.
    own.app.state.limits = Limits(UNBOUNDED)
    await appraised(own)
    await found(foreign)
    return own, foreign


async def test_requirement_24_each_key_sees_through_the_graph_what_it_sees_through_rest(
    pair: tuple[Company, Company],
) -> None:
    company, _ = pair
    for key in KEYS:
        for root, path, member in LISTS:
            if (await company.get(path, key=key)).status_code == 403:
                query = f"{{ {root} {{ totalCount }} }}"
                body = (await post(company, query, key=key)).json()
                assert body["data"] == {root: None}, (key, root)
                assert body["errors"][0]["extensions"] == {"code": "forbidden"}
                continue
            items = await every(company, f"{path}?limit=500", key=key)
            nodes = await every_node(company, root, "", PAGE.get(root, 9), key=key)
            assert [node[member] for node in nodes] == [item[member] for item in items]


async def test_what_is_out_of_view_looks_as_if_it_did_not_exist(
    pair: tuple[Company, Company],
) -> None:
    company, foreign = pair
    results = (await company.get("/v1/results?limit=500")).json()["items"]
    cards = (await company.get("/v1/scorecards?limit=500")).json()["items"]
    things = ["employee:e-8", "unit:back", "shop:b"]
    things += [one["id"] for one in (*results, *cards) if one["subject"] == "employee:e-8"]
    assert len(things) == 3 + 1 + 2
    query = "query ($id: ID!) { node(id: $id) { id } }"
    for thing in things:
        for key in ("lead", "employee"):
            assert await ask(company, query, {"id": thing}, key=key) == {"node": None}
        for key in ("hr", "other_lead"):
            assert await ask(company, query, {"id": thing}, key=key) == {"node": {"id": thing}}
    for thing in (*things, "cycle:jan", "scheme:sales", "employee:e-9"):
        assert await ask(foreign, query, {"id": thing}) == {
            "node": {"id": "shop:b"} if thing == "shop:b" else None
        }


async def test_links_lead_nobody_out_of_view(pair: tuple[Company, Company]) -> None:
    company, _ = pair
    query = """{ employees { nodes { code manager assignments { unit }
        scorecards { totalCount nodes { subject } } results { totalCount } } } }"""
    shown = (await ask(company, query, key="employee"))["employees"]["nodes"]
    nobodys = {"totalCount": 0, "nodes": []}
    above = {"code": "e-boss", "manager": None, "assignments": None, "scorecards": nobodys}
    own = next(one for one in shown if one["code"] == "e-1")
    assert own["scorecards"]["totalCount"] == 2
    assert [one for one in shown if one["code"] != "e-1"] in (
        [],
        [{**above, "results": {"totalCount": 0}}],
    )


async def test_payouts_are_for_those_who_may_see_pay(pair: tuple[Company, Company]) -> None:
    company, _ = pair
    query = "{ results { nodes { total payouts { amount } } } }"
    for key, seen in (("hr", True), ("payroll", True), ("employee", True), ("viewer", False)):
        nodes = (await ask(company, query, key=key))["results"]["nodes"]
        assert nodes
        assert all((node["payouts"] is not None) is seen for node in nodes)
    links = "{ results { nodes { total lines { points } employee { name } } } }"
    body = (await post(company, links, key="payroll")).json()
    assert {error["extensions"]["code"] for error in body["errors"]} == {"forbidden"}
    assert {
        (node["lines"], node["employee"]) == (None, None)
        for node in body["data"]["results"]["nodes"]
    } == {True}


async def test_who_asks_is_told_who_that_is(pair: tuple[Company, Company]) -> None:
    company, _ = pair
    query = "{ viewer { role tenant currency timezone employee { code } } }"
    told = {"tenant": "试验", "currency": "CNY", "timezone": "Asia/Shanghai"}
    for key, role, code in (("lead", "LEAD", "e-boss"), ("employee", "EMPLOYEE", "e-1")):
        assert (await ask(company, query, key=key))["viewer"] == {
            **told, "role": role, "employee": {"code": code},
        }  # fmt: skip
    assert (await ask(company, query, key="erp"))["viewer"]["employee"] is None
