"""Next steps, changes of scores and of sales: the graph tells what REST tells, for many at once."""

from datetime import date

import pytest

from tests.api.appraisals import cards, found, move, open_cycle, publish_scheme, sell, set_targets
from tests.api.companies import Company, Json
from tests.api.facts import Sale
from tests.api.graph.asking import CORE, ask, codes, leaves, statements, told, whole

PEOPLE = ("e-1", "e-2", "e-3")


@pytest.fixture
async def ready(company: Company) -> Company:
    """January published, February open; everybody sells in both."""
    await found(company, PEOPLE)
    await publish_scheme(company)
    for period in ("2026-01", "2026-02"):
        await set_targets(company, dict.fromkeys(PEOPLE, "1000"), period)
    sales = [
        Sale(paid_on=day, salesperson=code, amount=amount)
        for code in PEOPLE
        for day, amount in ((date(2026, 1, 5), "500"), (date(2026, 2, 5), "700"))
    ]
    await sell(company, *sales)
    await open_cycle(company)
    await move(company, "jan", "closed", "review", "approved", "published")
    await open_cycle(company, "feb", period="2026-02")
    return company


def compare(document: Json, shown: Json, kind: str) -> None:
    """Leaf by leaf; what the graph has and REST leaves out is null."""
    known = CORE.get_type(kind)
    assert known is not None
    stated = leaves(document, known)
    assert stated
    answered = told(shown)
    assert {path: answered.get(path) for path in stated} == stated


async def test_the_graph_tells_what_rest_tells(ready: Company) -> None:
    card = (await cards(ready, "feb"))["employee:e-1"]["id"]
    query = f"""query ($id: ID!) {{ scorecard(id: $id) {{
        nextSteps {whole("NextSteps")} change {whole("ScoreChange")} }} }}"""
    shown = (await ask(ready, query, {"id": card}))["scorecard"]
    for path, name, kind in (
        ("next-steps", "nextSteps", "NextSteps"), ("change", "change", "ScoreChange"),
    ):  # fmt: skip
        document = (await ready.get(f"/v1/scorecards/{card}/{path}")).json()
        compare(document, shown[name], kind)
    named = 'query ($id: ID!) { scorecard(id: $id) { change(against: "jan") { change } } }'
    assert (await ask(ready, named, {"id": card}))["scorecard"]["change"] == {"change": "12.00"}
    jan = (await cards(ready))["employee:e-1"]["id"]
    first = "query ($id: ID!) { scorecard(id: $id) { change { change } } }"
    assert (await ask(ready, first, {"id": jan}))["scorecard"] == {"change": None}


async def test_sales_in_the_graph_and_for_whom(ready: Company) -> None:
    query = f"""query ($subject: String!) {{
        salesChange(subject: $subject, period: "2026-02") {whole("SalesChange")} }}"""
    shown = (await ask(ready, query, {"subject": "company"}))["salesChange"]
    answer = await ready.get("/v1/diagnosis/sales?subject=company&period=2026-02")
    compare(answer.json(), shown, "SalesChange")
    assert shown["change"] == "600.00"
    await ready.make_key("own", "employee", "e-1")
    await ready.make_key("payroll", "payroll")
    assert (await ask(ready, query, {"subject": "employee:e-1"}, key="own"))["salesChange"]
    for key, subject, code in (
        ("own", "employee:e-2", "not_found"), ("payroll", "company", "forbidden"),
    ):  # fmt: skip
        assert await codes(ready, query, {"subject": subject}, key=key) == [code]


async def test_requirement_27_as_many_statements_for_all_cards_as_for_one(ready: Company) -> None:
    query = """query ($first: Int!) { scorecards(cycle: "feb", first: $first) { nodes {
        nextSteps { total lines { item } } change { change } } } }"""
    counts: list[int] = []
    for first in (1, 3):
        with statements(ready) as counted:
            nodes = (await ask(ready, query, {"first": first}))["scorecards"]["nodes"]
        counts.append(counted.count)
        assert len(nodes) == first
        assert all(node["change"] == {"change": "12.00"} for node in nodes)
    assert counts[0] == counts[1]
