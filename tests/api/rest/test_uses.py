"""Uses of results over REST: rules put, proposals read by whom they concern, decided once."""

from datetime import date

import pytest
from sqlalchemy import text

from tests.api.appraisals import found, move, open_cycle, publish_scheme, sell, set_targets
from tests.api.companies import Company, Json
from tests.api.facts import Sale
from tests.api.graph.asking import ask as asked
from tests.api.graph.asking import codes, every_node, same

NAME = {"zh": "升", "en": "up"}
UP: Json = {
    "name": NAME, "use": "promotion", "position": "agent", "to": "senior", "cycle": "month",
    "grades": ["A"], "at_least": 2, "of_last": 2,
}  # fmt: skip
WARN: Json = {
    "name": NAME, "use": "warning", "cycle": "month", "grades": ["C"], "at_least": 2, "of_last": 3,
}  # fmt: skip


@pytest.fixture
async def graded(company: Company) -> Company:
    """Two months published: e-1 has two A's, e-2 two C's, e-3 one of each."""
    await found(company)
    await publish_scheme(company)
    for month, sold in ((1, {"e-1": 9, "e-3": 9}), (2, {"e-1": 9})):
        period = f"2026-{month:02}"
        await set_targets(company, dict.fromkeys(("e-1", "e-2", "e-3"), "900"), period)
        sales = [
            Sale(paid_on=date(2026, month, 5), amount="100", salesperson=code)
            for code in ("e-1", "e-2", "e-3")
            for _ in range(sold.get(code, 1))
        ]
        await sell(company, *sales)
        await open_cycle(company, f"m{month}", period=period)
        await company.app.state.live.settle(company.number)
        await move(company, f"m{month}", "closed", "review", "approved", "published")
    for name, role, employee in (
        ("boss", "lead", "e-boss"),
        ("in person", "hr", "e-1"),
        ("e-1", "employee", "e-1"),
        ("viewer", "viewer", None),
    ):
        await company.make_key(name, role, employee)
    for code, rule in (("up", UP), ("warn", WARN)):
        assert (await company.put(f"/v1/use-rules/{code}", rule)).status_code == 201
    return company


async def uses(company: Company, query: str = "", key: str = "admin") -> list[Json]:
    answer = await company.get(f"/v1/uses?{query}", key=key)
    assert answer.status_code == 200, answer.text
    assert answer.json()["total"] >= len(answer.json()["items"])
    items: list[Json] = answer.json()["items"]
    return items


async def entries(company: Company) -> int:
    total: int = (await company.get("/v1/audit?limit=1")).json()["total"]
    return total


async def test_past_grades_propose_and_people_decide_once(graded: Company) -> None:
    up, warn = await uses(graded)
    assert [(each["period"], each["grade"]) for each in up["grades"]] == [
        ("2026-02", "A"),
        ("2026-01", "A"),
    ]
    assert up["grades"][0]["result"] == up["result"]
    assert {name: up[name] for name in ("rule", "use", "employee", "position", "to", "met")} == {
        "rule": "up", "use": "promotion", "employee": "e-1", "position": "agent", "to": "senior",
        "met": 2,
    }  # fmt: skip
    assert (up["state"], up["decision"]) == ("open", None)
    assert (warn["rule"], warn["employee"], warn["met"], warn["to"]) == ("warn", "e-2", 2, None)
    before = await entries(graded)
    wanted = {"rule": "up", "employee": "e-1", "result": up["result"], "accept": True}
    for change, key, status, code in (
        ({}, "in person", 403, "own_use"),
        ({}, "boss", 403, "forbidden"),
        ({"result": warn["result"]}, "admin", 409, "no_proposal"),
        ({"rule": "none"}, "admin", 409, "no_proposal"),
        ({"reason": ""}, "admin", 422, "invalid"),
        ({"accept": "yes"}, "admin", 422, "invalid"),
    ):
        body = {**wanted, "reason": "two good months", **change}
        answer = await graded.post("/v1/uses/decisions", body, key=key)
        said = answer.json()["code"]
        assert answer.status_code == status, (change, answer.text)
        assert said == code or answer.json()["errors"][0]["code"] == code, (change, said)
    assert await entries(graded) == before
    body = {**wanted, "reason": "two good months"}
    answer = await graded.post("/v1/uses/decisions", body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "accepted"
    assert answer.json()["decision"]["reason"] == "two good months"
    again = await graded.post("/v1/uses/decisions", {**body, "accept": False})
    assert (again.status_code, again.json()["code"]) == (409, "already_decided")
    last = (await graded.get("/v1/audit?limit=500")).json()["items"][-1]
    assert (last["action"], last["object"]) == ("use.decide", "employee:e-1")
    assert (last["detail"]["accepted"], last["detail"]["use"]) == (True, "promotion")
    assert [each["rule"] for each in await uses(graded, "state=open")] == ["warn"]
    # Decided is decided, whatever becomes of the rule.
    assert (await graded.put("/v1/use-rules/up", {**UP, "active": False})).status_code == 200
    (kept,) = await uses(graded, "rule=up")
    assert kept == answer.json()


async def test_who_sees_what_is_proposed(graded: Company) -> None:
    assert [each["employee"] for each in await uses(graded, key="boss")] == ["e-1", "e-2"]
    assert await uses(graded, "employee=e-boss", key="boss") == []
    assert [each["rule"] for each in await uses(graded, "employee=e-2")] == ["warn"]
    page = (await graded.get("/v1/uses?limit=1")).json()
    assert (page["total"], page["items"][0]["rule"]) == (2, "up")
    rest = await graded.get(f"/v1/uses?limit=1&cursor={page['next_cursor']}")
    assert [each["rule"] for each in rest.json()["items"]] == ["warn"]
    for key in ("e-1", "viewer"):
        for path in ("/v1/uses", "/v1/use-rules"):
            assert (await graded.get(path, key=key)).status_code == 403


async def test_who_was_shown_past_grades_stands_among_the_readers_of_their_cards(
    graded: Company,
) -> None:
    await uses(graded, "limit=1", key="boss")
    await asked(graded, "{ uses(first: 2) { nodes { grades { grade } } } }")
    for employee, seen in (
        ("e-1", [("admin", "GRAPHQL /graphql"), ("lead", "REST GET /v1/uses")]),
        ("e-2", [("admin", "GRAPHQL /graphql")]),
        ("e-3", []),
    ):
        async with graded.owner.read(graded.number) as session:
            query = text("SELECT id FROM scorecards WHERE subject = :employee")
            cards = list((await session.execute(query, {"employee": employee})).scalars())
        assert len(cards) == 2
        for card in cards:
            page = (await graded.get(f"/v1/scorecards/{card}/readers")).json()["items"]
            assert sorted((each["role"], each["route"]) for each in page) == seen


async def test_the_graph_tells_of_uses_what_rest_does(graded: Company) -> None:
    (up, _) = await uses(graded)
    wanted = {"rule": "up", "employee": "e-1", "result": up["result"], "accept": True}
    await graded.post("/v1/uses/decisions", {**wanted, "reason": "two good months"})
    for key in ("admin", "boss"):
        shown = await every_node(graded, "uses", "", first=1, key=key)
        assert same("uses", await uses(graded, key=key), shown)
    open_ones = await every_node(graded, "uses", "state: OPEN,", first=5)
    assert same("uses", await uses(graded, "state=open"), open_ones)
    mine = await every_node(graded, "uses", 'employee: "e-1", rule: "up",', first=5)
    assert same("uses", await uses(graded, "employee=e-1"), mine)
    nobody = await every_node(graded, "uses", 'employee: "e-boss",', first=5, key="boss")
    assert nobody == []
    rules = (await graded.get("/v1/use-rules")).json()["items"]
    assert same("useRules", rules, await every_node(graded, "useRules", "", first=1))
    for key in ("e-1", "viewer"):
        for root in ("uses", "useRules"):
            refused = await codes(graded, f"{{ {root} {{ totalCount }} }}", key=key)
            assert refused == ["forbidden"]


async def test_rules_are_put_whole_and_faulty_ones_refused(graded: Company) -> None:
    listed = (await graded.get("/v1/use-rules")).json()
    assert listed["items"] == [
        {"code": "up", **UP, "active": True},
        {"code": "warn", **WARN, "position": None, "to": None, "active": True},
    ]
    before = await entries(graded)
    for change, pointer in (
        ({"at_least": 3}, "/at_least"),
        ({"to": None}, "/to"),
        ({"cycle": "week"}, "/cycle"),
        ({"use": "dismissal"}, "/use"),
        ({"grades": []}, "/grades"),
        ({"of_last": 0}, "/of_last"),
    ):
        answer = await graded.put("/v1/use-rules/up", {**UP, **change})
        found_at = [fault["pointer"] for fault in answer.json()["errors"]]
        assert (answer.status_code, found_at) == (422, [pointer])
    assert (await graded.put("/v1/use-rules/up", UP)).status_code == 200
    assert (await entries(graded), (await graded.get("/v1/use-rules")).json()) == (before, listed)
    assert (await graded.put("/v1/use-rules/up", {**UP, "at_least": 1})).status_code == 200
    assert [each["employee"] for each in await uses(graded, "rule=up")] == ["e-1", "e-3"]
    last = (await graded.get("/v1/audit?limit=500")).json()["items"][-1]
    assert (last["action"], last["detail"]["before"]) == ("use_rule.put", {"at_least": 2})
