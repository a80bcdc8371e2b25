"""The api as a whole: what stands around its routes."""

from tests.api.companies import Company


async def test_it_lives_and_is_ready(company: Company) -> None:
    for path, status in (("/health/live", "live"), ("/health/ready", "ready")):
        answer = await company.client.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": status})


async def test_every_answer_carries_the_headers(company: Company) -> None:
    for answer in (
        await company.get("/v1/units"),
        await company.get("/v1/units/none"),
        await company.get("/nowhere"),
        await company.client.get("/v1/units"),
    ):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] in {"no-store", "private, no-cache"}
        assert "server" not in answer.headers


async def test_what_a_path_does_not_take_is_said(company: Company) -> None:
    answer = await company.ask("PATCH", "/v1/units/a", {})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, PUT")
    assert answer.json()["code"] == "method_not_allowed"
    assert (await company.get("/nowhere")).json()["code"] == "not_found"


async def test_the_contract_declares_what_routes_answer(company: Company) -> None:
    contract = (await company.client.get("/openapi.json")).json()
    put = contract["paths"]["/v1/employees/{code}"]["put"]
    assert {"200", "201", "400", "401", "403", "404", "409", "412", "422"} <= put[
        "responses"
    ].keys()
    rows = contract["paths"]["/v1/employees/batch"]["post"]["requestBody"]["content"]
    row = rows["application/json"]["schema"]["items"]
    assert row["additionalProperties"] is False
    assert row["required"] == ["name", "code"]


async def test_what_cannot_be_kept_is_malformed_in_a_path_and_in_a_query(company: Company) -> None:
    for path in ("/v1/scorecards/%00", "/v1/scorecards?grade=%00", "/v1/jobs/%00"):
        assert (await company.get(path)).status_code == 422
