"""Measures over REST: the catalogue, and names of the tenant's own."""

from datetime import date
from typing import Any

import pytest

from services.schema.tables.facts import measure_facts
from tests.api.companies import Company
from tests.api.facts import add_rows

STATED = {"name": {"zh": "电话", "en": "Calls"}, "unit": "count"}
DOCUMENT = {
    "code": "calls",
    **STATED,
    "kind": "measures",
    "adds": "posted",
    "day": "stated",
    "built_in": False,
    "note": None,
}


async def test_a_measure_is_declared_and_read_back(company: Company) -> None:
    made = await company.put("/v1/measures/calls", STATED)
    assert made.status_code == 201
    assert made.json() == DOCUMENT
    read = await company.get("/v1/measures/calls")
    assert read.content == made.content
    assert read.headers["etag"] == made.headers["etag"]


async def test_named_anew_it_is_the_same_measure(company: Company) -> None:
    tag = (await company.put("/v1/measures/calls", STATED)).headers["etag"]
    before = await company.digest()
    assert (await company.put("/v1/measures/calls", STATED)).status_code == 200
    assert await company.digest() == before
    other = {**STATED, "unit": "seconds"}
    assert (await company.put("/v1/measures/calls", other, If_Match=tag)).status_code == 200
    stale = await company.put("/v1/measures/calls", STATED, If_Match=tag)
    assert stale.status_code == 412


@pytest.mark.parametrize(
    ("path", "change", "status", "code"),
    [
        ("visitors", {}, 409, "built_in"),
        ("previous", {}, 409, "built_in"),
        ("period_days", {}, 409, "built_in"),
        ("Calls", {}, 422, "invalid"),
        ("1calls", {}, 422, "invalid"),
        ("calls", {"unit": "pieces"}, 422, "invalid"),
        ("calls", {"name": None}, 422, "invalid"),
        ("calls", {"formula": "1"}, 422, "invalid"),
    ],
)
async def test_a_measure_at_fault_is_refused_and_nothing_changes(
    company: Company, path: str, change: dict[str, Any], status: int, code: str
) -> None:
    before = await company.digest()
    answer = await company.put(f"/v1/measures/{path}", {**STATED, **change})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await company.digest() == before


async def test_the_list_has_built_in_and_own(company: Company) -> None:
    await company.put("/v1/measures/calls", STATED)
    page = (await company.get("/v1/measures?limit=500")).json()
    codes = [item["code"] for item in page["items"]]
    assert codes == sorted(codes)
    assert len(codes) == page["total"] == 157
    assert DOCUMENT in page["items"]
    buyers = next(item for item in page["items"] if item["code"] == "buyers")
    assert (buyers["kind"], buyers["adds"], buyers["built_in"]) == ("orders", "distinct", True)
    first = (await company.get("/v1/measures?limit=1")).json()
    after = (await company.get(f"/v1/measures?limit=1&cursor={first['next_cursor']}")).json()
    assert [first["items"][0]["code"], after["items"][0]["code"]] == codes[:2]
    assert (await company.get("/v1/measures/none")).status_code == 404


async def test_an_own_measure_makes_an_own_indicator(company: Company) -> None:
    formula = {"formula": "calls / 2", "unit": "count", "better": "higher"}
    stated = {"name": {"zh": "对", "en": "Pairs"}, **formula}
    assert (await company.put("/v1/indicators/pairs", stated)).status_code == 409
    await company.put("/v1/measures/calls", STATED)
    made = await company.put("/v1/indicators/pairs", stated)
    assert (made.status_code, made.json()["posted"]) == (201, True)
    async with company.owner.write(company.number) as session:
        row = {"measure": "calls", "day": date(2026, 10, 5), "shop": "a", "amount": 5}
        await add_rows(session, measure_facts, row)
    answer = await company.get("/v1/indicators/pairs/values?subject=company&period=2026-10")
    assert answer.json()["items"] == [{"period": "2026-10", "value": "2.5", "reason": None}]
