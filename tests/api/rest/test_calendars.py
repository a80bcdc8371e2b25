"""The target calendar over REST: put whole, and what it makes of a joiner's target."""

from datetime import date

from tests.api.appraisals import (
    ask,
    cards,
    digest,
    found,
    move,
    open_cycle,
    person,
    publish_scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company, Json
from tests.api.facts import Sale

CALENDAR: Json = {
    "stretches": [
        {"from": "2026-01-10", "to": "2026-01-11", "weight": "9", "note": "年货节"},
        {"from": "2026-01-20", "to": "2026-01-22", "weight": "0.5", "note": None},
    ]
}
"""January's 31 days weigh 31 + 8 - 1 = 38."""


async def test_the_calendar_is_put_whole_and_read(company: Company) -> None:
    assert (await company.get("/v1/target-calendar")).json() == {"stretches": []}
    backwards = {"stretches": CALENDAR["stretches"][::-1]}
    put = await company.put("/v1/target-calendar", backwards)
    assert (put.status_code, put.json()) == (200, CALENDAR)
    read = await company.get("/v1/target-calendar")
    assert (read.content, read.headers["etag"]) == (put.content, put.headers["etag"])
    before = await company.digest()
    assert (await company.put("/v1/target-calendar", CALENDAR)).status_code == 200
    stale = await company.put("/v1/target-calendar", {"stretches": []}, If_Match='"0"')
    assert stale.status_code == 412
    assert await company.digest() == before
    entries = (await company.get("/v1/audit")).json()["items"]
    assert (entries[-1]["action"], entries[-1]["detail"]["before"]) == (
        "target_calendar.update",
        {"stretches": []},
    )


async def test_a_senseless_calendar_changes_nothing(company: Company) -> None:
    await ask(company, "PUT", "/v1/target-calendar", CALENDAR)
    before = await digest(company)
    for changed, pointer in (
        ({"weight": "0"}, "/stretches/0/weight"),
        ({"weight": "-1"}, "/stretches/0/weight"),
        ({"weight": "1.00001"}, "/stretches/0/weight"),
        ({"to": "2026-01-10"}, "/stretches/0/to"),
        ({"to": "2026-01-21"}, "/stretches/1/from"),
        ({"from": "2026-02-30"}, "/stretches/0/from"),
        ({"colour": "red"}, "/stretches/0/colour"),
    ):
        first, second = CALENDAR["stretches"]
        refused = await company.put(
            "/v1/target-calendar", {"stretches": [{**first, **changed}, second]}
        )
        assert refused.status_code == 422, refused.text
        assert pointer in {fault["pointer"] for fault in refused.json()["errors"]}
    assert await digest(company) == before


async def test_who_sets_schemes_sets_the_calendar(company: Company) -> None:
    for role in ("hr", "viewer", "erp", "payroll"):
        await company.make_key(role, role)
    allowed = {
        role: (
            (await company.get("/v1/target-calendar", key=role)).status_code,
            (await company.put("/v1/target-calendar", CALENDAR, key=role)).status_code,
        )
        for role in ("hr", "viewer", "erp", "payroll")
    }
    assert allowed == {
        "hr": (200, 200),
        "viewer": (200, 403),
        "erp": (403, 403),
        "payroll": (403, 403),
    }


async def test_requirement_21_a_joiner_has_the_part_of_the_target_that_the_days_weigh(
    company: Company,
) -> None:
    await found(company, ["e-1"])
    # From the 13th on: 19 days, of which two weigh half: 18 of 38.
    await ask(company, "PUT", "/v1/employees/e-2", person(start="2026-01-13"))
    await publish_scheme(company)
    await set_targets(company, {"e-1": "3800", "e-2": "3800"})
    await sell(company, Sale(paid_on=date(2026, 1, 15), salesperson="e-2", amount="900"))
    await open_cycle(company)

    async def target(code: str) -> tuple[str, str]:
        line = (await cards(company))[f"employee:{code}"]["lines"][0]
        return line["target"], line["attainment"]

    # 3800 x 19 / 31 by plain days.
    assert (await target("e-2"))[0] == "2329.032258"
    await ask(company, "PUT", "/v1/target-calendar", CALENDAR)
    assert await target("e-2") == ("1800", "0.5")
    assert (await target("e-1"))[0] == "3800"
    card = (await cards(company))["employee:e-2"]
    explained = (await company.get(f"/v1/scorecards/{card['id']}/explanation")).json()
    (stated,) = explained["segments"][0]["lines"][0]["targets"]
    assert (stated["stated"], stated["days"], stated["of_days"]) == ("3800", 19, 31)
    assert (stated["weight"], stated["of_weight"]) == ("18", "38")
    page = (await company.get(f"/scorecards/{card['id']}")).text
    assert "3800 × 19 of 31 days, which weigh 18 of 38" in page
    # What is closed for data stays as it was.
    await move(company, "jan", "closed")
    before = await cards(company)
    await ask(company, "PUT", "/v1/target-calendar", {"stretches": []})
    assert await cards(company) == before
