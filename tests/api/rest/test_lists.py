"""Lists are whole: limits refused beyond their bounds, cursors that lose and repeat nothing."""

import pytest

from tests.api.companies import Company

MANY = 1200


async def walk(company: Company, path: str, limit: int) -> list[str]:
    codes: list[str] = []
    cursor = ""
    while True:
        page = (await company.get(f"{path}?limit={limit}{cursor}")).json()
        codes += [item["code"] for item in page["items"]]
        if page["next_cursor"] is None:
            return codes
        cursor = f"&cursor={page['next_cursor']}"


@pytest.mark.parametrize("noun", ["shops", "units", "employees", "rates", "keys", "audit"])
async def test_a_limit_beyond_its_bounds_is_refused_not_lowered(
    company: Company, noun: str
) -> None:
    for limit, status in ((0, 422), (1, 200), (500, 200), (501, 422), ("x", 422), (1.5, 422)):
        answer = await company.get(f"/v1/{noun}?limit={limit}")
        assert answer.status_code == status, limit
        if status == 422:
            assert answer.json()["errors"][0]["pointer"] == "?limit"


async def test_fifty_unless_stated(company: Company) -> None:
    rows = [{"code": f"u{number:03}", "name": "u"} for number in range(51)]
    await company.post("/v1/units/batch", rows)
    page = (await company.get("/v1/units")).json()
    assert (len(page["items"]), page["total"]) == (50, 51)
    rest = (await company.get(f"/v1/units?cursor={page['next_cursor']}")).json()
    assert [item["code"] for item in rest["items"]] == ["u050"]
    assert rest["next_cursor"] is None


async def test_a_full_last_page_has_no_next(company: Company) -> None:
    await company.post("/v1/units/batch", [{"code": code, "name": "u"} for code in "ab"])
    assert (await company.get("/v1/units?limit=2")).json()["next_cursor"] is None


async def test_requirement_26_each_is_met_once_while_others_come_in(company: Company) -> None:
    rows = [{"code": f"e{number:05}", "name": "e"} for number in range(0, 2 * MANY, 2)]
    for start in range(0, MANY, 400):
        answer = await company.post("/v1/employees/batch", rows[start : start + 400])
        assert answer.json()["created"] == 400
    met: list[str] = []
    cursor = ""
    for number in range(1, 10_000, 2):
        page = (await company.get(f"/v1/employees?limit=97{cursor}")).json()
        met += [item["code"] for item in page["items"]]
        await company.put(f"/v1/employees/e{number:05}", {"name": "later"})
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(set(met)) == len(met)
    assert {row["code"] for row in rows} <= set(met)
    assert len(await walk(company, "/v1/employees", 500)) > MANY


async def test_a_cursor_cannot_be_made_up_or_carried_elsewhere(companies: list[Company]) -> None:
    ours, theirs = companies
    for company in companies:
        for noun in ("units", "employees"):
            await company.post(f"/v1/{noun}/batch", [{"code": c, "name": "x"} for c in "abc"])
    cursor = (await ours.get("/v1/units?limit=1")).json()["next_cursor"]
    for path in (
        f"/v1/employees?cursor={cursor}",
        f"/v1/units?cursor={cursor[:-2]}xx",
        "/v1/units?cursor=",
        "/v1/units?cursor=abc",
        f"/v1/units?cursor={'x' * 1001}",
    ):
        answer = await ours.get(path)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "?cursor")
    foreign = await theirs.get(f"/v1/units?cursor={cursor}")
    made_up = await theirs.get(f"/v1/units?cursor={cursor[:-2]}xx")
    assert (foreign.status_code, foreign.content) == (422, made_up.content)


async def test_one_company_learns_nothing_of_another(companies: list[Company]) -> None:
    ours, theirs = companies
    shop = {"name": "s", "timezone": "UTC", "currency": "CNY", "kind": "online"}
    await theirs.put("/v1/shops/s1", shop)
    await theirs.put("/v1/units/u1", {"name": "u"})
    await theirs.put("/v1/employees/e1", {"name": "e"})
    key_id = await theirs.make_key("erp", "erp")
    for path in ("/v1/shops/s1", "/v1/units/u1", "/v1/employees/e1"):
        foreign = await ours.get(path)
        absent = await ours.get(path[:-2] + "zz")
        assert (foreign.status_code, foreign.content) == (404, absent.content)
    before = await theirs.digest()
    assert (await ours.ask("DELETE", f"/v1/keys/{key_id}")).status_code == 404
    named = {"name": "x", "manager": "e1", "assignments": []}
    assert (await ours.put("/v1/employees/e1", named)).json()["code"] == "manager_cycle"
    assert (await ours.put("/v1/employees/x", named)).json()["code"] == "unknown_employee"
    placed = {"name": "x", "parent": "u1"}
    assert (await ours.put("/v1/units/x", placed)).json()["code"] == "unknown_unit"
    target = {"subject": "shop:s1", "indicator": "orders", "period": "2026", "value": "1"}
    assert (await ours.put("/v1/targets", [target])).json()["code"] == "unknown_shop"
    own = {"role": "hr", "employee": "e1"}
    assert (await ours.post("/v1/keys", own)).json()["code"] == "unknown_employee"
    assert await theirs.digest() == before
    assert (await theirs.get("/v1/tenant", key="erp")).status_code == 200
