"""Ladders over REST: adopted, put as versions that never change; observed by others alone."""

from datetime import UTC, datetime, timedelta

import pytest

from services.api.core.level_documents import ladder_to_wire, parse_ladder
from services.api.rest.ladders import LadderTemplate
from services.api.rest.level_documents import LadderDocument
from services.api.templates.ladders import ladder_templates
from tests.api.agents import BEHAVIOURS, MONTHS, kept, observe, staff
from tests.api.appraisals import digest, found
from tests.api.companies import Company, Json

HEAD = ("code", "version", "template", "changed_at")
NAME = {"zh": "级", "en": "Level"}
LADDER: Json = {
    "name": NAME,
    "positions": [],
    "levels": [
        {
            "code": "gold",
            "name": NAME,
            "criteria": [
                {"code": "helps", "name": NAME, "behaviour": "helps", "months": 1},
            ],
        },
        {"code": "bronze", "name": NAME, "criteria": []},
    ],
    "note": None,
}


def body_of(kept: Json) -> Json:
    return {name: value for name, value in kept.items() if name not in HEAD}


async def test_the_template_is_listed_read_and_described_by_the_contract(company: Company) -> None:
    page = (await company.get("/v1/ladder-templates")).json()
    assert [item["code"] for item in page["items"]] == ["service_agent"]
    assert (page["total"], page["next_cursor"]) == (1, None)
    read = await company.get("/v1/ladder-templates/service_agent")
    assert read.json() == page["items"][0] == ladder_templates()["service_agent"]
    LadderTemplate.model_validate(read.json(), strict=False)
    LadderDocument.model_validate(ladder_to_wire(parse_ladder(read.json()["ladder"])), strict=False)
    assert (await company.get("/v1/ladder-templates/nobody")).status_code == 404
    limited = (await company.get("/v1/ladder-templates?limit=1")).json()
    assert limited == page


async def test_a_template_is_adopted_with_one_call(company: Company) -> None:
    made = await company.post("/v1/ladders", {"code": "service", "template": "service_agent"})
    assert (made.status_code, made.headers["location"]) == (201, "/v1/ladders/service")
    kept = made.json()
    assert [kept[name] for name in HEAD[:3]] == ["service", 1, "service_agent"]
    stated = ladder_templates()["service_agent"]["ladder"]
    assert isinstance(stated, dict)
    assert body_of(kept) == ladder_to_wire(parse_ladder(stated))
    assert (await company.get("/v1/ladders/service")).content == made.content
    before = await digest(company)
    again = await company.post("/v1/ladders", {"code": "service", "template": "service_agent"})
    assert (again.status_code, again.json()["code"]) == (409, "ladder_exists")
    unknown = await company.post("/v1/ladders", {"code": "x", "template": "nobody"})
    assert (unknown.status_code, unknown.json()["code"]) == (409, "unknown_template")
    assert unknown.json()["errors"][0]["pointer"] == "/template"
    assert await digest(company) == before


async def test_what_is_put_is_a_version_that_stays(company: Company) -> None:
    first = await company.put("/v1/ladders/own", LADDER)
    assert (first.status_code, first.json()["version"]) == (201, 1)
    before = await kept(company)
    same = await company.put("/v1/ladders/own", LADDER)
    assert (same.status_code, same.content) == (200, first.content)
    assert await kept(company) == before
    second = await company.put("/v1/ladders/own", {**LADDER, "note": "new"})
    assert (second.status_code, second.json()["version"]) == (200, 2)
    assert (await company.get("/v1/ladders/own?version=1")).content == first.content
    assert (await company.get("/v1/ladders/own")).content == second.content
    assert (await company.get("/v1/ladders/own?version=3")).status_code == 404
    assert (await company.get("/v1/ladders/own?version=0")).status_code == 422
    assert (await company.get("/v1/ladders/nobody")).status_code == 404
    stale = await company.put("/v1/ladders/own", LADDER, If_Match=first.headers["etag"])
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    fresh = await company.put("/v1/ladders/own", LADDER, If_Match=second.headers["etag"])
    assert (fresh.status_code, fresh.json()["version"]) == (200, 3)


async def test_what_is_malformed_or_refused_leaves_nothing(company: Company) -> None:
    before = await digest(company)
    malformed = await company.put("/v1/ladders/own", {**LADDER, "levels": [{"code": "a b"}]})
    assert malformed.status_code == 422
    assert "/levels/0/code" in {fault["pointer"] for fault in malformed.json()["errors"]}
    refused = await company.put("/v1/ladders/own", {**LADDER, "levels": []})
    assert (refused.status_code, refused.json()["code"]) == (409, "levels_missing")
    unknown = {
        "code": "c",
        "name": NAME,
        "indicator": "nobody",
        "at_least": "1",
        "months": 1,
    }
    level = {"code": "gold", "name": NAME, "criteria": [unknown]}
    answer = await company.put("/v1/ladders/own", {**LADDER, "levels": [level]})
    assert (answer.status_code, answer.json()["code"]) == (409, "indicator_unknown")
    assert answer.json()["errors"][0]["pointer"] == "/levels/0/criteria/0/indicator"
    assert await digest(company) == before
    assert (await company.get("/v1/ladders/own")).status_code == 404


async def test_ladders_are_listed_by_code_in_their_newest_version(company: Company) -> None:
    for code in ("c", "a", "b"):
        await company.put(f"/v1/ladders/{code}", LADDER)
    await company.put("/v1/ladders/a", {**LADDER, "note": "new"})
    first = (await company.get("/v1/ladders?limit=2")).json()
    assert [(item["code"], item["version"]) for item in first["items"]] == [("a", 2), ("b", 1)]
    assert first["total"] == 3
    rest = (await company.get(f"/v1/ladders?limit=2&cursor={first['next_cursor']}")).json()
    assert [item["code"] for item in rest["items"]] == ["c"]
    assert rest["next_cursor"] is None


async def test_requirement_24_who_may_read_and_write_ladders(company: Company) -> None:
    await staff(company)
    before = await digest(company)
    for key in ("lead", "employee", "viewer", "erp", "payroll"):
        assert (await company.put("/v1/ladders/own", LADDER, key=key)).status_code == 403
        adopt = {"code": "own", "template": "service_agent"}
        assert (await company.post("/v1/ladders", adopt, key=key)).status_code == 403
        reads = 403 if key in {"erp", "payroll"} else 200
        for path in ("/v1/ladders", "/v1/ladders/service", "/v1/ladder-templates"):
            assert (await company.get(path, key=key)).status_code == reads, (key, path)
    assert await digest(company) == before
    assert (await company.put("/v1/ladders/own", LADDER, key="hr")).status_code == 201


async def test_a_ladder_of_one_company_is_no_other_companys(companies: list[Company]) -> None:
    first, second = companies
    await first.put("/v1/ladders/own", LADDER)
    assert (await second.get("/v1/ladders/own")).status_code == 404
    assert (await second.get("/v1/ladders")).json()["total"] == 0
    assert (await second.put("/v1/ladders/own", LADDER)).json()["version"] == 1


async def test_a_lead_observes_and_the_last_word_holds(company: Company) -> None:
    await staff(company)
    made = await observe(company, "e-1")
    assert made["total"] == len(made["items"]) == 6
    assert made["items"][0] == {
        "employee": "e-1",
        "behaviour": "service_awareness",
        "month": "2026-01",
        "holds": True,
        "comment": None,
        "observer": "e-boss",
        "author": made["items"][0]["author"],
        "author_name": made["items"][0]["author_name"],
        "observed_at": made["items"][0]["observed_at"],
        "revision": 1,
    }
    before = await kept(company)
    assert await observe(company, "e-1") == made
    assert await kept(company) == before
    word = {
        "employee": "e-1",
        "behaviour": "communication",
        "month": "2026-02",
        "holds": False,
        "comment": "Reads from the script.",
    }
    (changed,) = (await company.post("/v1/ladders/service/observations", [word], key="hr")).json()[
        "items"
    ]
    assert (changed["revision"], changed["holds"], changed["observer"]) == (2, False, None)
    path = "/v1/ladders/service/observations?employee=e-1&month=2026-02"
    held = (await company.get(path)).json()
    assert [(item["behaviour"], item["holds"]) for item in held["items"]] == [
        ("communication", False),
        ("service_awareness", True),
        ("team_activities", True),
    ]
    history = (await company.get(f"{path}&history=true")).json()
    assert [item["revision"] for item in history["items"]] == [1, 2, 1, 1]


async def test_observations_are_paged_in_the_order_of_their_keys(company: Company) -> None:
    await staff(company)
    await observe(company, "e-2")
    await observe(company, "e-1")
    path = "/v1/ladders/service/observations?history=true&limit=5"
    seen: list[tuple[str, str, str]] = []
    cursor = ""
    while True:
        page = (await company.get(f"{path}{cursor}")).json()
        seen += [(item["employee"], item["behaviour"], item["month"]) for item in page["items"]]
        assert page["total"] == 12
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [
        (employee, behaviour, month)
        for employee in ("e-1", "e-2")
        for behaviour in sorted(BEHAVIOURS)
        for month in MONTHS
    ]


@pytest.mark.parametrize(
    ("changed", "status", "code", "pointer"),
    [
        ({"employee": "nobody"}, 409, "unknown_employee", "/1/employee"),
        ({"behaviour": "sings"}, 409, "unknown_behaviour", "/1/behaviour"),
        ({"month": "ahead"}, 409, "month_ahead", "/1/month"),
        ({"month": "2026-Q1"}, 422, "month_expected", "/1/month"),
        ({"month": "2026-13"}, 422, "period_invalid", "/1/month"),
        ({"employee": "e-1"}, 422, "repeated", "/1"),
    ],
)
async def test_an_observation_that_cannot_be_kept_leaves_none(
    company: Company, changed: dict[str, str], status: int, code: str, pointer: str
) -> None:
    await staff(company)
    before = await digest(company)
    good = {"employee": "e-1", "behaviour": "communication", "month": "2026-02", "holds": True}
    bad = {**good, "employee": "e-2", **changed}
    if bad["month"] == "ahead":
        bad["month"] = f"{datetime.now(UTC) + timedelta(days=33):%Y-%m}"
    answer = await company.post("/v1/ladders/service/observations", [good, bad], key="hr")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert await digest(company) == before


async def test_requirement_24_who_may_observe_whom(company: Company) -> None:
    await staff(company)
    await company.make_key("hr-boss", "hr", "e-boss")
    path = "/v1/ladders/service/observations"
    word = {"behaviour": "communication", "month": "2026-02", "holds": True}
    before = await digest(company)
    for key, employee, status in (
        ("employee", "e-1", 403),
        ("employee", "e-2", 403),
        ("viewer", "e-1", 403),
        ("erp", "e-1", 403),
        ("payroll", "e-1", 403),
        ("lead", "e-boss", 403),
        ("hr-boss", "e-boss", 403),
        ("lead", "nobody", 404),
    ):
        answer = await company.post(path, [{**word, "employee": employee}], key=key)
        assert answer.status_code == status, (key, employee, answer.text)
    assert await digest(company) == before
    absent = await company.post("/v1/ladders/nobody/observations", [{**word, "employee": "e-1"}])
    assert absent.status_code == 404


async def test_requirement_24_who_sees_what_was_observed(company: Company) -> None:
    await staff(company)
    for employee in ("e-1", "e-2"):
        await observe(company, employee)
    for key, people in (
        ("admin", {"e-1", "e-2"}),
        ("viewer", {"e-1", "e-2"}),
        ("lead", {"e-1", "e-2"}),
        ("employee", {"e-1"}),
        ("other", {"e-2"}),
    ):
        page = (await company.get("/v1/ladders/service/observations", key=key)).json()
        assert {item["employee"] for item in page["items"]} == people, key
        assert page["total"] == 6 * len(people)
    for key in ("erp", "payroll"):
        answer = await company.get("/v1/ladders/service/observations", key=key)
        assert answer.status_code == 403
    assert (await company.get("/v1/ladders/nobody/observations")).status_code == 404
    hidden = await company.get("/v1/ladders/service/observations?employee=e-2", key="employee")
    assert hidden.json() == {"items": [], "total": 0, "next_cursor": None}


async def test_a_company_without_people_has_nothing_to_observe(company: Company) -> None:
    await found(company)
    await company.put("/v1/ladders/own", LADDER)
    empty = await company.post("/v1/ladders/own/observations", [])
    assert empty.status_code == 422
