"""Who sees whom over REST (requirement 24): oneself, those below, or the company; never more."""

import pytest

from tests.api.companies import Company, Json


def working(unit: str, shop: str, **days: Json) -> Json:
    held = {"position": "agent", "unit": unit, "shops": [{"shop": shop}], "from": "2026-01-01"}
    return [{**held, **days}]


@pytest.fixture
async def staffed(company: Company) -> Company:
    """The boss manages lead, who manages report and leads top with low below, where member is."""
    shop = {"name": "s", "timezone": "Asia/Shanghai", "currency": "CNY", "kind": "online"}
    await company.fill("shops", *({"code": f"s{number}", **shop} for number in range(1, 5)))
    units = (("top", None, "lead"), ("low", "top", "sub"), ("far", None, "boss"))
    await company.fill(
        "units",
        *(
            {"code": code, "name": code, "parent": parent, "lead": lead}
            for code, parent, lead in units
        ),
    )
    people: Json = (
        ("boss", None, []),
        ("lead", "boss", working("far", "s1")),
        ("report", "lead", []),
        ("member", "boss", working("low", "s2")),
        ("gone", None, working("low", "s3", to="2026-02-01")),
        ("stranger", "boss", working("far", "s4")),
    )
    await company.fill(
        "employees",
        *(
            {"code": code, "name": f"n-{code}", "manager": manager, "assignments": assignments}
            for code, manager, assignments in people
        ),
    )
    for name in ("lead", "member"):
        await company.make_key(name, "lead" if name == "lead" else "employee", name)
    await company.make_key("hr", "hr")
    await company.make_key("viewer", "viewer")
    return company


async def listed(company: Company, noun: str, key: str) -> list[str]:
    """The codes of a list; each is read alone with the same document, all others are not there."""
    everything = (await company.get(f"/v1/{noun}?limit=500")).json()["items"]
    page = (await company.get(f"/v1/{noun}?limit=500", key=key)).json()
    assert page["total"] == len(page["items"])
    shown = {item["code"]: item for item in page["items"]}
    for code in (item["code"] for item in everything):
        alone = await company.get(f"/v1/{noun}/{code}", key=key)
        assert alone.status_code == (200 if code in shown else 404), (noun, code)
        assert alone.status_code == 404 or alone.json() == shown[code]
    return list(shown)


async def test_a_lead_sees_units_led_and_people_managed_with_all_below(staffed: Company) -> None:
    assert await listed(staffed, "employees", "lead") == ["boss", "lead", "member", "report"]
    assert await listed(staffed, "units", "lead") == ["low", "top"]
    assert await listed(staffed, "shops", "lead") == ["s1", "s2"]


async def test_an_employee_sees_the_own_self_and_names_above(staffed: Company) -> None:
    assert await listed(staffed, "employees", "member") == ["boss", "member"]
    assert await listed(staffed, "units", "member") == []
    assert await listed(staffed, "shops", "member") == ["s2"]
    boss = (await staffed.get("/v1/employees/boss", key="member")).json()
    assert boss == {
        "code": "boss",
        "name": "n-boss",
        "manager": None,
        "joined_on": None,
        "left_on": None,
        "assignments": None,
    }
    own = (await staffed.get("/v1/employees/member", key="member")).json()
    assert own["assignments"][0]["unit"] == "low"


@pytest.mark.parametrize("key", ["admin", "hr", "viewer"])
async def test_heads_and_viewers_see_the_company(staffed: Company, key: str) -> None:
    assert len(await listed(staffed, "employees", key)) == 6
    assert await listed(staffed, "units", key) == ["far", "low", "top"]
    assert await listed(staffed, "shops", key) == ["s1", "s2", "s3", "s4"]


async def test_what_is_hidden_looks_like_what_is_not_there(staffed: Company) -> None:
    hidden = await staffed.get("/v1/employees/stranger", key="member")
    absent = await staffed.get("/v1/employees/nobody", key="member")
    assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content)


async def test_requirement_25_one_address_has_a_body_and_tag_for_each_viewer(
    staffed: Company,
) -> None:
    first = await staffed.get("/v1/employees/boss")
    names = await staffed.get("/v1/employees/boss", key="member")
    again = await staffed.get("/v1/employees/boss")
    assert first.content == again.content != names.content
    assert first.headers["etag"] == again.headers["etag"] != names.headers["etag"]
    crossed = await staffed.get(
        "/v1/employees/boss", key="member", If_None_Match=first.headers["etag"]
    )
    assert (crossed.status_code, crossed.content) == (200, names.content)


async def test_requirement_25_a_change_of_role_is_a_change_of_body_and_tag(
    staffed: Company,
) -> None:
    before = await staffed.get("/v1/employees/report", key="lead")
    tag = before.headers["etag"]
    spared = await staffed.get("/v1/employees/report", key="lead", If_None_Match=tag)
    assert (spared.status_code, spared.content) == (304, b"")
    await staffed.put("/v1/employees/report", {"name": "n-report", "manager": "member"})
    # Who leads no longer is told what anybody is told, whatever tag is held out.
    after = await staffed.get("/v1/employees/report", key="lead", If_None_Match=tag)
    absent = await staffed.get("/v1/employees/nobody", key="lead")
    assert (after.status_code, after.content) == (404, absent.content)
    whole = await staffed.get("/v1/employees/report", If_None_Match=tag)
    assert (whole.status_code, whole.json()["manager"]) == (200, "member")


async def test_a_new_manager_sees_at_once_and_the_old_one_no_longer(staffed: Company) -> None:
    await staffed.put("/v1/employees/report", {"name": "n-report", "manager": "member"})
    assert await listed(staffed, "employees", "lead") == ["boss", "lead", "member"]


@pytest.mark.parametrize("role", ["erp", "payroll"])
@pytest.mark.parametrize("noun", ["employees", "units", "shops", "targets", "rates"])
async def test_machines_read_no_people(company: Company, role: str, noun: str) -> None:
    await company.make_key("machine", role)
    assert (await company.get(f"/v1/{noun}", key="machine")).status_code == 403


@pytest.mark.parametrize("key", ["lead", "member", "viewer"])
async def test_who_only_reads_cannot_write(staffed: Company, key: str) -> None:
    before = await staffed.digest()
    shop = {"name": "s", "timezone": "UTC", "currency": "CNY", "kind": "online"}
    for path, body in (
        ("/v1/employees/member", {"name": "m", "manager": "lead"}),
        ("/v1/units/low", {"name": "low", "lead": "member"}),
        ("/v1/shops/s1", shop),
        ("/v1/rates", [{"from": "USD", "to": "CNY", "day": "2026-10-01", "rate": "7"}]),
        ("/v1/tenant", {}),
    ):
        answer = await staffed.put(path, body, key=key)
        # A malformed body would be refused as well: the role is asked first.
        assert answer.status_code == 403, path
    for noun in ("employees", "units", "shops"):
        assert (await staffed.post(f"/v1/{noun}/batch", [], key=key)).status_code == 403
    assert await staffed.digest() == before


async def test_hr_keeps_people_and_the_admin_the_set_up(staffed: Company) -> None:
    assert (await staffed.put("/v1/employees/x", {"name": "x"}, key="hr")).status_code == 201
    assert (await staffed.put("/v1/units/x", {"name": "x"}, key="hr")).status_code == 201
    shop = {"name": "s", "timezone": "UTC", "currency": "CNY", "kind": "online"}
    assert (await staffed.put("/v1/shops/x", shop, key="hr")).status_code == 403
