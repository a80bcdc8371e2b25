"""However many people a query is about, the same number of statements answers it."""

from datetime import date

import pytest

from tests.api.appraisals import found, move, open_cycle, publish_scheme, sell, set_targets
from tests.api.companies import Company
from tests.api.facts import Sale
from tests.api.graph.asking import ask, post, statements
from tests.figures import Figures, Wrong

PEOPLE = [f"e-{n:03}" for n in range(100)]
QUERY = """query ($first: Int!) { employees(first: $first) { totalCount nodes {
    code
    levels { ladder level }
    results(first: 1) { totalCount nodes {
        total employee { name } inCycle { status } lines { points definition { name { zh } } } } }
    scorecards(cycle: "jan") { totalCount nodes { total lines { definition { unit } } } }
} } }"""


@pytest.fixture
async def crowd(company: Company) -> Company:
    """A hundred people with a result each."""
    await found(company, PEOPLE)
    await publish_scheme(company)
    await set_targets(company, dict.fromkeys(PEOPLE, "100"))
    sales = [Sale(paid_on=date(2026, 1, 5), salesperson=code) for code in PEOPLE]
    await sell(company, *sales)
    await open_cycle(company)
    await move(company, "jan", "closed", "review", "approved", "published")
    await company.make_key("lead", "lead", "e-boss")
    return company


async def test_requirement_27_as_many_statements_for_a_hundred_people_as_for_one(
    crowd: Company,
) -> None:
    query = QUERY.replace('(cycle: "jan")', '(cycle: "jan", first: 1)')
    for key in ("admin", "lead"):
        counts = {}
        for first in (1, 100):
            with statements(crowd) as counted:
                shown = (await ask(crowd, query, {"first": first}, key=key))["employees"]
            counts[first] = counted.count
            assert shown["totalCount"] == 101
            assert len(shown["nodes"]) == first
            assert shown["nodes"][-1]["results"]["nodes"][0]["lines"][0]["points"] == "60"
            assert shown["nodes"][-1]["scorecards"]["totalCount"] == 1
        assert 5 < counts[1] == counts[100] < 50


CARDS = """query ($first: Int!) { scorecards(cycle: "jan", first: $first) { nodes {
    history { revision } raters { employee items } payAdjustments { amount } } } }"""
RECEIPTS = """query ($first: Int!) {
    scorecards(cycle: "jan", first: $first) { nodes { id receipt } } }"""


@pytest.mark.parametrize(("query", "most"), [(CARDS, 100), (RECEIPTS, 20)])
async def test_scenario_g04_what_hangs_on_cards_takes_as_many_statements_for_many_as_for_one(
    crowd: Company, query: str, most: int, figure: Figures
) -> None:
    counts, nodes = {}, []
    for first in (1, most):
        with statements(crowd) as counted:
            nodes = (await ask(crowd, query, {"first": first}))["scorecards"]["nodes"]
        counts[first] = counted.count
        assert len(nodes) == first
    more = counts[most] - counts[1]
    figure("G04", Wrong.CALLS, more, tried=counts[most], of="statements for many cards")
    assert 5 < counts[1] < 40
    if query is RECEIPTS:
        stated = (await crowd.get(f"/v1/scorecards/{nodes[-1]['id']}/receipt")).json()
        assert nodes[-1]["receipt"] == stated
        answer = (await post(crowd, query, {"first": most + 1})).json()
        assert {each["extensions"]["code"] for each in answer["errors"]} == {"too_complex"}


async def test_requirement_27_too_much_is_refused_with_no_statement_but_the_keys(
    crowd: Company,
) -> None:
    with statements(crowd) as counted:
        await post(crowd, "{ __typename }")
    bare = counted.count
    with statements(crowd) as counted:
        answer = await post(crowd, QUERY, {"first": 100})
    assert answer.json()["errors"][0]["extensions"] == {"code": "too_complex"}
    assert counted.count == bare


async def test_pages_of_a_persons_documents_are_walked_from_the_newest(crowd: Company) -> None:
    for period, code in (("2026-02", "feb"), ("2026-03", "mar")):
        await open_cycle(crowd, code, period=period)
    query = """query ($after: String) { employee(code: "e-007") {
        scorecards(first: 2, after: $after) {
            totalCount pageInfo { hasNextPage endCursor } nodes { cycle } } } }"""
    first = (await ask(crowd, query))["employee"]["scorecards"]
    after = {"after": first["pageInfo"]["endCursor"]}
    second = (await ask(crowd, query, after))["employee"]["scorecards"]
    assert [card["cycle"] for card in first["nodes"] + second["nodes"]] == ["mar", "feb", "jan"]
    assert (first["totalCount"], second["totalCount"]) == (3, 3)
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
