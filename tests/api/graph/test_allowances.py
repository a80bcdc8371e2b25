"""A caller's queries are charged by the objects they ask for, as its role may have."""

from dataclasses import replace

from services.door.limits import Limits, Rate
from services.schema.words import Role
from tests.api.companies import open_companies
from tests.databases import TestDatabase

QUERY = {"query": "{ employees(first: 50) { edges { node { id } } } }"}


async def test_a_query_too_many_is_429_and_the_other_company_asks_on(
    database: TestDatabase,
) -> None:
    async with open_companies(database, 2) as (ours, theirs):
        await ours.make_key("hr", "hr")
        clock = [1000.0]
        usual: Limits = ours.app.state.limits
        graph = {**usual.allowance.graph, Role.ADMIN: Rate(10, 250)}
        allowance = replace(usual.allowance, graph=graph)
        ours.app.state.limits = Limits(allowance, lambda: clock[0])
        answers = [await ours.post("/graphql", QUERY) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
        refused = answers[-1]
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["code"] == "too_many_requests"
        assert (
            refused.json()["detail"] == "At most 10 objects a second are given to the role admin."
        )
        # Of 101 objects asked for 48 are there: 53 are missing.
        assert refused.headers["retry-after"] == "6"
        assert (await ours.post("/graphql", QUERY, key="hr")).status_code == 200
        assert (await theirs.post("/graphql", QUERY)).status_code == 200
        # What costs nothing is answered, and what is asked after the pause.
        assert (await ours.post("/graphql", {"query": "{ __typename }"})).status_code == 200
        clock[0] += 6
        assert (await ours.post("/graphql", QUERY)).status_code == 200
