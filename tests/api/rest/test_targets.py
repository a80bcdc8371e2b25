"""Targets over REST: set all or none, kept with their history, each seen by whom it is for."""

import pytest

from tests.api.companies import Company, Json
from tests.api.graph.asking import ask as graph
from tests.api.targeting import SALES, set_value, staff


@pytest.fixture
async def staffed(company: Company) -> Company:
    await staff(company)
    return company


async def test_a_target_is_set_and_listed(staffed: Company) -> None:
    answer = await staffed.put("/v1/targets", [SALES])
    assert answer.status_code == 200
    (target,) = answer.json()["items"]
    assert target.pop("author").startswith("key:key_")
    assert target.pop("author_name") == "admin"
    assert target.pop("set_at").endswith("Z")
    assert target == {**SALES, "revision": 1}
    listed = (await staffed.get("/v1/targets")).json()
    assert (listed["total"], listed["next_cursor"]) == (1, None)
    assert listed["items"] == answer.json()["items"]


async def test_a_change_is_a_revision_and_the_history_stays(staffed: Company) -> None:
    await set_value(staffed, "100", reason=None)
    before = await staffed.digest()
    await set_value(staffed, "100.000", reason="the same")
    assert await staffed.digest() == before
    await set_value(staffed, "130", reason="618")
    await set_value(staffed, "150", level="challenge", reason=None)
    listed = (await staffed.get("/v1/targets")).json()
    found = [(t["level"], t["value"], t["revision"], t["reason"]) for t in listed["items"]]
    assert found == [("budget", "130", 2, "618"), ("challenge", "150", 1, None)]
    history = (await staffed.get("/v1/targets?history=true&limit=2")).json()
    assert [(t["value"], t["revision"]) for t in history["items"]] == [("100", 1), ("130", 2)]
    assert history["total"] == 3
    rest = await staffed.get(f"/v1/targets?history=true&cursor={history['next_cursor']}")
    assert [t["level"] for t in rest.json()["items"]] == ["challenge"]
    last = (await staffed.get("/v1/audit?limit=500")).json()["items"][-2]
    assert (last["action"], last["object"]) == ("target.set", "employee:ann")
    assert (last["detail"]["before"], last["detail"]["value"]) == ("100", "130")


async def test_a_change_says_why(staffed: Company) -> None:
    await set_value(staffed, "100", reason=None)
    before = await staffed.digest()
    new = {**SALES, "period": "2026-09", "reason": None}
    changed = {**SALES, "value": "130"}
    answer = await staffed.put("/v1/targets", [new, {**changed, "reason": None}])
    (fault,) = answer.json()["errors"]
    assert (answer.status_code, fault["code"]) == (409, "reason_required")
    assert fault["pointer"] == "/1/reason"
    assert "100" in fault["detail"]
    assert await staffed.digest() == before
    answer = await staffed.put("/v1/targets", [new, {**changed, "reason": "618"}])
    assert [each["revision"] for each in answer.json()["items"]] == [1, 2]


async def test_lists_are_filtered(staffed: Company) -> None:
    for change in (
        {},
        {"subject": "company"},
        {"indicator": "orders"},
        {"period": "2026-Q4"},
        {"period": "2010-12-29/2011-03-31"},
    ):
        await set_value(staffed, "1", **change)
    for query, total in (
        ("subject=employee:ann", 4),
        ("subject=company", 1),
        ("subject=employee:nobody", 0),
        ("indicator=orders", 1),
        ("period=2026-10", 3),
        ("period=2010-12-29/2011-03-31&indicator=net_sales", 1),
    ):
        assert (await staffed.get(f"/v1/targets?{query}")).json()["total"] == total, query
    for query in ("subject=ann", "limit=0", "limit=501", "colour=red", "cursor=x"):
        assert (await staffed.get(f"/v1/targets?{query}")).status_code == 422, query


@pytest.mark.parametrize(
    ("change", "status", "code", "pointer"),
    [
        ({"subject": "employee:eve"}, 409, "unknown_employee", "/1/subject"),
        ({"subject": "unit:none"}, 409, "unknown_unit", "/1/subject"),
        ({"subject": "shop:none"}, 409, "unknown_shop", "/1/subject"),
        ({"subject": "ann"}, 422, "invalid", "/1/subject"),
        ({"subject": "company:x"}, 422, "invalid", "/1/subject"),
        ({"indicator": "no_such"}, 409, "unknown_indicator", "/1/indicator"),
        ({"indicator": "Net"}, 422, "invalid", "/1/indicator"),
        ({"period": "2026-13"}, 422, "period_invalid", "/1/period"),
        ({"period": "2026-Q5"}, 422, "period_invalid", "/1/period"),
        ({"period": "9999-12"}, 422, "period_invalid", "/1/period"),
        ({"period": "2026-10-02/2026-10-01"}, 422, "period_invalid", "/1/period"),
        ({"level": "stretch"}, 422, "invalid", "/1/level"),
        ({"value": "1.1234567"}, 422, "invalid", "/1/value"),
        ({"value": "123456789012345"}, 422, "invalid", "/1/value"),
        ({"value": "1e3"}, 422, "invalid", "/1/value"),
        ({"value": "１"}, 422, "invalid", "/1/value"),
        ({"value": None}, 422, "invalid", "/1/value"),
        ({"reason": ""}, 422, "invalid", "/1/reason"),
        ({"author": "me"}, 422, "unknown_field", "/1/author"),
        ({"period": "2026-09"}, 422, "stated_twice", "/1"),
    ],
)
async def test_one_bad_target_refuses_all(
    staffed: Company, change: Json, status: int, code: str, pointer: str
) -> None:
    before = await staffed.digest()
    first = {**SALES, "period": "2026-09"}
    answer = await staffed.put("/v1/targets", [first, {**SALES, **change}])
    found = [(fault["code"], fault["pointer"]) for fault in answer.json()["errors"]]
    assert (answer.status_code, found) == (status, [(code, pointer)])
    assert await staffed.digest() == before


async def test_a_lead_sets_targets_below_and_never_the_own(staffed: Company) -> None:
    await staffed.make_key("lead", "lead", "ann")
    bob = {**SALES, "subject": "employee:bob", "reason": None}
    assert (await staffed.put("/v1/targets", [bob], key="lead")).status_code == 200
    await set_value(staffed, "10", subject="unit:ops", period="2026-Q4")
    before = await staffed.digest()
    for subject, status, code in (
        ("employee:ann", 403, "own_target"),
        ("unit:ops", 403, "own_target"),
        ("employee:nobody", 404, "not_found"),
        ("unit:none", 404, "not_found"),
        ("company", 404, "not_found"),
    ):
        answer = await staffed.put(
            "/v1/targets", [bob | {"value": "1"}, {**bob, "subject": subject}], key="lead"
        )
        assert (answer.status_code, answer.json()["code"]) == (status, code), subject
    whole: Json = {"subject": "unit:ops", "indicator": "net_sales", "period": "2026-Q4"}
    for wanted, status in (
        ({"into": "employees"}, 403),
        ({"into": "months"}, 403),
        ({"into": "months", "subject": "company"}, 404),
    ):
        answer = await staffed.post("/v1/targets/break-down", {**whole, **wanted}, key="lead")
        assert answer.status_code == status, wanted
    assert await staffed.digest() == before
    below = {**whole, "into": "employees", "weights": {"bob": 3, "cyd": 1}}
    answer = await staffed.post("/v1/targets/break-down", below, key="lead")
    parts = answer.json()["levels"][0]["parts"]
    assert [part["value"] for part in parts] == [None, "7.5", "2.5"]


async def test_each_sees_the_targets_of_the_own_view(staffed: Company) -> None:
    await staffed.make_key("bob", "employee", "bob")
    await staffed.make_key("lead", "lead", "ann")
    for subject in ("employee:ann", "employee:bob", "employee:dan", "unit:east", "company"):
        await set_value(staffed, "1", subject=subject)

    async def seen(key: str, query: str = "") -> list[str]:
        answer = await staffed.get(f"/v1/targets{query}", key=key)
        assert answer.json()["total"] == len(answer.json()["items"])
        return [item["subject"] for item in answer.json()["items"]]

    assert await seen("bob") == ["employee:bob"]
    assert await seen("lead") == ["employee:ann", "employee:bob", "employee:dan", "unit:east"]
    assert await seen("bob", "?subject=employee:ann") == []
    assert await seen("bob", "?subject=employee:ghost") == []
    before = await staffed.digest()
    own = [{**SALES, "subject": "employee:bob", "value": "0"}]
    assert (await staffed.put("/v1/targets", own, key="bob")).status_code == 403
    assert await staffed.digest() == before


async def test_who_set_a_target_is_named_as_far_as_the_reader_is_told(staffed: Company) -> None:
    keys = (("bob", "employee", "bob"), ("ann", "lead", "ann"), ("dan", "hr", "dan"))
    for name, role, employee in keys:
        await staffed.make_key(name, role, employee)
    for period, key in (("2026-09", "ann"), ("2026-10", "dan"), ("2026-11", "admin")):
        stated = {**SALES, "subject": "employee:bob", "period": period}
        assert (await staffed.put("/v1/targets", [stated], key=key)).status_code == 200

    async def named(key: str) -> list[str | None]:
        items = (await staffed.get("/v1/targets?indicator=net_sales", key=key)).json()["items"]
        query = '{ targets(indicator: "net_sales") { nodes { authorName } } }'
        nodes = (await graph(staffed, query, key=key))["targets"]["nodes"]
        told: list[str | None] = [item["author_name"] for item in items]
        assert told == [node["authorName"] for node in nodes]
        return told

    assert await named("admin") == ["ann", "dan", "admin"]
    # Dan is neither above Bob nor below.
    assert await named("bob") == ["ann", None, "admin"]
