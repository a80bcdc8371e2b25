"""GraphQL over HTTP: what is taken, what is refused, and the audits of those who wrote it down."""

import asyncio
import json
import shutil
from pathlib import Path
from urllib.parse import quote

import pytest

from services.api.graph import endpoint, units
from tests.api.companies import Company, Json
from tests.api.graph.asking import ask, codes, post
from tests.api.graph.serving import served
from tests.figures import Figures, Wrong

AUDITS = 61
PACKAGES = ("graphql-http@1.23.1", "graphql@16")
SCRIPT = """
const { serverAudits } = require("graphql-http");
const [, , url, key] = process.argv;
const fetchFn = (target, init = {}) =>
  fetch(target, { ...init, headers: { ...init.headers, authorization: `Bearer ${key}` } });
(async () => {
  const found = [];
  for (const audit of serverAudits({ url, fetchFn })) {
    const result = await audit.fn();
    found.push([audit.id, audit.name, result.status, result.reason ?? null]);
  }
  console.log(JSON.stringify(found));
})();
"""
SERIES = '{ indicatorSeries(indicator: "x", subject: "company", period: "%s") { totalCount } }'
JSON_TYPE = "application/json; charset=utf-8"
GRAPHQL_TYPE = "application/graphql-response+json; charset=utf-8"


async def test_graphql_02_every_audit_of_graphql_over_http_passes(
    company: Company, tmp_path: Path
) -> None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("npm and node are not installed: the audits of graphql-http are theirs")
    installed = await asyncio.create_subprocess_exec(
        npm, "install", "--no-audit", "--no-fund", "--loglevel=error", *PACKAGES, cwd=tmp_path
    )
    if await installed.wait():
        pytest.skip("the npm registry cannot be reached for graphql-http")
    script = tmp_path / "audits.js"
    script.write_text(SCRIPT, encoding="utf-8")
    async with served(company.app) as port:
        url = f"http://127.0.0.1:{port}/graphql"
        run = await asyncio.create_subprocess_exec(
            node, script, url, company.keys["admin"], cwd=tmp_path, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await run.communicate()
    found = json.loads(output)
    assert [audit for audit in found if audit[2] != "ok"] == []
    assert len(found) == AUDITS


@pytest.mark.parametrize(
    ("accept", "media_type", "status"),
    [
        ("", JSON_TYPE, 200),
        ("*/*", JSON_TYPE, 200),
        ("application/json", JSON_TYPE, 200),
        ("application/graphql-response+json", GRAPHQL_TYPE, 400),
        ("application/json;q=0.5, application/graphql-response+json", GRAPHQL_TYPE, 400),
        ("application/graphql-response+json;q=0.1, application/json;q=0.9", JSON_TYPE, 200),
        ("application/graphql-response+json;q=0, */*", JSON_TYPE, 200),
        ("text/html", "application/problem+json", 406),
    ],
)
async def test_an_invalid_query_fails_where_the_media_type_allows(
    company: Company, accept: str, media_type: str, status: int
) -> None:
    answer = await company.ask(
        "POST", "/graphql", {"query": "{ nothing }"}, headers={"Accept": accept}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (status, media_type)
    assert "data" not in answer.json()


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b'{"query": "{ __typename }"}', 200),
        ("application/json; charset=utf-8", b'{"query": "{ __typename }"}', 200),
        ("", b'{"query": "{ __typename }"}', 415),
        ("text/plain", b'{"query": "{ __typename }"}', 415),
        ("application/x-www-form-urlencoded", b"query={__typename}", 415),
        ("multipart/form-data; boundary=x", b"--x--", 415),
        ("application/graphql", b"{ __typename }", 415),
        ("application/json", b'[{"query": "{ __typename }"}]', 400),
        ("application/json", b"{", 400),
        ("application/json", b"", 400),
        ("application/json", b'{"query": ""}', 400),
        ("application/json", b'{"query": 1}', 400),
        ("application/json", b'{"query": "{ __typename }", "query": "{ viewer }"}', 400),
        ("application/json", b'{"query": "{ __typename }", "variables": [1]}', 400),
        ("application/json", b'{"query": "{ __typename }", "extensions": "x"}', 400),
        ("application/json", b'{"query": "{ __typename }", "operationName": 1}', 400),
        ("application/json", b'{"query": "' + b"#" * (1 << 20) + b'"}', 413),
    ],
)
async def test_scenario_g01_a_query_is_posted_as_json_and_nothing_else(
    company: Company, kind: str, body: bytes, status: int, figure: Figures
) -> None:
    answer = await company.ask(
        "POST", "/graphql", content=body, headers={"Content-Type": kind} if kind else {}
    )
    wrong = int(answer.status_code != status)
    figure("G01", Wrong.ACCEPTED, wrong, tried=1, of="forms of a request to the graph")


async def test_scenario_g01_get_takes_queries_alone(company: Company, figure: Figures) -> None:
    named = "query A { __typename } query B { viewer { role } }"
    for query, status in (
        ("query={__typename}", 200),
        (f"query={quote(named)}&operationName=B", 200),
        ("query=mutation {__typename}", 400),
        ('query=subscription {scorecardChanged(cycle: "x") {id}}', 400),
        ("query=", 400),
        ("query={__typename}&variables={", 400),
    ):
        answer = await company.get(f"/graphql?{query}")
        wrong = int(answer.status_code != status)
        figure("G01", Wrong.ACCEPTED, wrong, tried=1, of="forms of a request to the graph")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("mutation { __typename }", "operation_refused"),
        ('subscription { scorecardChanged(cycle: "x") { id } }', "operation_refused"),
        ("query A { __typename } query B { __typename }", "operation_unnamed"),
        ("{ viewer { rol } }", "query_invalid"),
        ("{ viewer", "query_invalid"),
        ("{ units(first: 9.5) { totalCount } }", "query_invalid"),
        ('{ targets(subject: "nobody") { totalCount } }', "invalid"),
        ('{ units(after: "bm9uZQ") { totalCount } }', "invalid"),
        ('{ node(id: "employee:\\u0000") { id } }', "text_invalid"),
        ('{ scorecards(grade: "\\u0000") { totalCount } }', "text_invalid"),
        (SERIES % "2026-13", "period_invalid"),
        (SERIES % "2026-12", "not_found"),
    ],
)
async def test_a_refusal_has_a_code(company: Company, query: str, code: str) -> None:
    assert await codes(company, query) == [code]


async def test_a_cursor_is_of_its_own_list_and_order(company: Company) -> None:
    for code in ("a", "b"):
        assert (await company.put(f"/v1/units/{code}", {"name": code})).status_code == 201
    page = await ask(company, "{ units(first: 1) { pageInfo { endCursor hasPreviousPage } } }")
    cursor = page["units"]["pageInfo"]["endCursor"]
    query = "query ($after: String) { %s(first: 1, after: $after) { totalCount } }"
    assert await ask(company, query % "units", {"after": cursor}) == {"units": {"totalCount": 2}}
    for root, after in (("shops", cursor), ("units", cursor[:-1]), ("units", "é")):
        answer = await post(company, query % root, {"after": after})
        assert answer.json()["errors"][0]["extensions"] == {"code": "invalid"}


async def test_nobody_asks_without_a_good_key(company: Company) -> None:
    for key in ("", "Bearer x", "Bearer " + company.keys["admin"][:-1] + "z"):
        for answer in (
            await company.client.get("/graphql?query={__typename}", headers={"Authorization": key}),
            await company.client.post(
                "/graphql", json={"query": "{"}, headers={"Authorization": key}
            ),
        ):
            problem: Json = answer.json()
            assert (answer.status_code, problem["code"]) == (401, "unauthenticated")


async def test_a_browser_is_shown_graphiql_and_only_outside_production(company: Company) -> None:
    page = await company.client.get("/graphql", headers={"Accept": "text/html,*/*;q=0.8"})
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src https:" in page.headers["content-security-policy"]
    assert (await company.client.get("/graphql")).status_code == 400


async def test_answers_are_kept_by_nobody(company: Company) -> None:
    answer = await post(company, "{ viewer { role } }")
    assert answer.headers["cache-control"] == "private, no-store"
    wrong = await company.ask("DELETE", "/graphql")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, POST")


async def test_a_query_that_takes_too_long_is_ended(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(*_: object, **__: object) -> None:
        await asyncio.sleep(30)

    with monkeypatch.context() as patched:
        patched.setattr(endpoint, "PATIENCE_SECONDS", 0.05)
        patched.setattr(units, "read_page_of_units", slow)
        answer = await post(company, "{ units { totalCount } }")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert (await post(company, "{ shops { totalCount } }")).status_code == 200


async def test_many_roots_take_turns_at_a_few_connections(company: Company) -> None:
    roots = " ".join(f"r{n}: units {{ totalCount }}" for n in range(15))
    bodies = await asyncio.gather(*(post(company, f"{{ {roots} }}") for _ in range(8)))
    assert {len(body.json()["data"]) for body in bodies} == {15}
    assert all("errors" not in body.json() for body in bodies)
