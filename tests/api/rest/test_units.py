"""Units over REST: exact documents, and a tree whatever is put."""

import asyncio

import pytest

from tests.api.companies import Company


async def test_a_unit_is_put_and_read_back(company: Company) -> None:
    made = await company.put("/v1/units/ops", {"name": "运营"})
    assert made.status_code == 201
    assert made.json() == {"code": "ops", "name": "运营", "parent": None, "lead": None}
    below = {"name": "一组", "parent": "ops", "lead": "e-1"}
    made = await company.put("/v1/units/team", below)
    assert made.json() == {"code": "team", **below}
    assert (await company.get("/v1/units/team")).content == made.content
    assert (await company.get("/v1/units/nothing")).status_code == 404


async def test_an_unknown_parent_is_refused(company: Company) -> None:
    before = await company.digest()
    answer = await company.put("/v1/units/a", {"name": "A", "parent": "b"})
    assert (answer.status_code, answer.json()["code"]) == (409, "unknown_unit")
    assert answer.json()["errors"] == [
        {"pointer": "/parent", "code": "unknown_unit", "detail": "There is no unit b."}
    ]
    assert await company.digest() == before


@pytest.mark.parametrize("parent", ["a", "b", "c"])
async def test_a_tree_cannot_bite_its_tail(company: Company, parent: str) -> None:
    for code, above in (("a", None), ("b", "a"), ("c", "b")):
        await company.put(f"/v1/units/{code}", {"name": code, "parent": above})
    before = await company.digest()
    answer = await company.put("/v1/units/a", {"name": "a", "parent": parent})
    assert (answer.status_code, answer.json()["code"]) == (409, "unit_cycle")
    assert answer.json()["errors"][0]["pointer"] == "/parent"
    assert await company.digest() == before


async def test_a_new_unit_is_not_its_own_parent(company: Company) -> None:
    answer = await company.put("/v1/units/a", {"name": "a", "parent": "a"})
    assert answer.json()["code"] == "unit_cycle"


async def test_two_writers_at_once_cannot_bend_the_tree_either(company: Company) -> None:
    for code in ("a", "b"):
        await company.put(f"/v1/units/{code}", {"name": code})
    answers = await asyncio.gather(
        company.put("/v1/units/a", {"name": "a", "parent": "b"}),
        company.put("/v1/units/b", {"name": "b", "parent": "a"}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_rows_of_a_batch_count_one_after_another(company: Company) -> None:
    rows = [
        {"code": "low", "name": "low", "parent": "top"},
        {"code": "top", "name": "top"},
        {"code": "low", "name": "low", "parent": "top"},
        {"code": "top", "name": "top", "parent": "low"},
    ]
    answer = (await company.post("/v1/units/batch", rows)).json()
    assert [(row["row"], row["outcome"], row["code"]) for row in answer["rows"]] == [
        (1, "invalid", "unknown_unit"),
        (4, "invalid", "unit_cycle"),
    ]
    assert (answer["created"], answer["invalid"]) == (2, 2)
    assert (await company.get("/v1/units/top")).json()["parent"] is None
