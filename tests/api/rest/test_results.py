"""Results over REST: what is published is published once, whole, and never changes."""

import asyncio
from datetime import date

import pytest

from services.api.rest.results import ResultDocument
from tests.api.appraisals import (
    ask,
    cards,
    checker,
    digest,
    found,
    move,
    open_cycle,
    person,
    publish_scheme,
    scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company, Json
from tests.api.facts import Sale

TO_APPROVED = ("closed", "review", "approved")


@pytest.fixture
async def approved(company: Company) -> Company:
    """Three agents with targets and sales, in an approved cycle."""
    await found(company)
    await publish_scheme(company)
    await set_targets(company, {"e-1": "1000", "e-2": "500", "e-3": "100"})
    await sell(
        company,
        Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="1500.5"),
        Sale(paid_on=date(2026, 1, 6), salesperson="e-2", amount="100"),
    )
    await open_cycle(company)
    await move(company, "jan", *TO_APPROVED)
    return company


async def results(company: Company, query: str = "", *, key: str = "admin") -> dict[str, Json]:
    """Results by subject."""
    page = (await company.get(f"/v1/results?limit=500{query}", key=key)).json()
    assert page["next_cursor"] is None
    return {result["subject"]: result for result in page["items"]}


async def test_a_result_is_exactly_this(approved: Company) -> None:
    cycle = await move(approved, "jan", "published")
    card = (await cards(approved))["employee:e-1"]
    result = (await results(approved))["employee:e-1"]
    (approval,) = (step for step in cycle["moves"] if step["to"] == "approved")
    ResultDocument.model_validate(result, strict=False)
    assert result["id"].startswith("res_")
    assert result == {
        "id": result["id"],
        "cycle": "jan",
        "period": "2026-01",
        "subject": "employee:e-1",
        "unit": "front",
        "scorecard": card["id"],
        "scheme": "sales",
        "scheme_version": 1,
        "revision": 1,
        "total": "82.00",
        "grade": "B",
        "coefficient": "1",
        "rank": 1,
        "payouts": [
            {
                "plan": "commission",
                "amount": "20.01",
                "currency": "CNY",
                "inputs": {
                    "indicator": "net_sales",
                    "base": "1500.5",
                    "reason": None,
                    "bands": [
                        {
                            "from": "0",
                            "to": "1000",
                            "inside": "1000",
                            "rate": "0.01",
                            "part": "10",
                            "amount": "10.00",
                        },
                        {
                            "from": "1000",
                            "to": None,
                            "inside": "500.5",
                            "rate": "0.02",
                            "part": "10.01",
                            "amount": "10.01",
                        },
                    ],
                    "coefficient": {"of": "grade", "grade": "B", "value": "1"},
                },
            },
            {
                "plan": "grade_bonus",
                "amount": "500.00",
                "currency": "CNY",
                "inputs": {
                    "base": "500",
                    "coefficient": {"of": "grade", "grade": "B", "value": "1"},
                },
            },
        ],
        "approvals": [
            {"part": "hr", "by": approval["author"], "at": approval["moved_at"]},
        ],
        "fingerprint": card["fingerprint"],
        "published_at": cycle["published_at"],
    }


async def test_a_single_read_serves_the_bytes_of_the_list(approved: Company) -> None:
    await move(approved, "jan", "published")
    page = await approved.get("/v1/results")
    for result in page.json()["items"]:
        read = await approved.get(f"/v1/results/{result['id']}")
        assert read.content in page.content
        spared = await approved.get(
            f"/v1/results/{result['id']}", If_None_Match=read.headers["etag"]
        )
        assert spared.status_code == 304
    spared = await approved.get("/v1/results", If_None_Match=page.headers["etag"])
    assert spared.status_code == 304


async def test_lists_are_filtered_by_cycle_person_and_unit(approved: Company) -> None:
    await move(approved, "jan", "published")
    every = {"employee:e-1", "employee:e-2", "employee:e-3"}
    assert set(await results(approved, "&cycle=jan")) == every
    assert set(await results(approved, "&cycle=feb")) == set()
    assert set(await results(approved, "&employee=e-2")) == {"employee:e-2"}
    assert set(await results(approved, "&unit=shops")) == every
    assert set(await results(approved, "&unit=nobody")) == set()
    for query in ("limit=501", "wish=1", "cursor=x"):
        assert (await approved.get(f"/v1/results?{query}")).status_code == 422


async def test_everybody_sees_what_the_matrix_says(approved: Company) -> None:
    await move(approved, "jan", "published")
    for name, role, employee in (
        ("own", "employee", "e-1"),
        ("lead", "lead", "e-boss"),
        ("hr", "hr", None),
        ("payroll", "payroll", None),
        ("viewer", "viewer", None),
        ("erp", "erp", None),
    ):
        await approved.make_key(name, role, employee)
    every = await results(approved)
    for key, people in (
        ("own", {"employee:e-1"}),
        ("lead", set(every)),
        ("hr", set(every)),
        ("payroll", set(every)),
        ("viewer", set(every)),
    ):
        seen = await results(approved, key=key)
        assert set(seen) == people
        for subject, result in every.items():
            answer = await approved.get(f"/v1/results/{result['id']}", key=key)
            assert answer.status_code == (200 if subject in people else 404)
            if subject in people:
                assert answer.json() == seen[subject]
        without = key == "viewer"
        assert all((shown["payouts"] is None) is without for shown in seen.values())
    assert (await approved.get("/v1/results", key="erp")).status_code == 403


async def test_requirement_25_a_tag_is_of_what_its_reader_sees(approved: Company) -> None:
    await move(approved, "jan", "published")
    await approved.make_key("viewer", "viewer")
    result = (await results(approved))["employee:e-1"]["id"]
    tags = []
    for key in ("admin", "viewer", "admin"):
        answer = await approved.get(f"/v1/results/{result}", key=key)
        tags.append(answer.headers["etag"])
    assert tags[0] == tags[2] != tags[1]
    crossed = await approved.get(f"/v1/results/{result}", key="viewer", If_None_Match=tags[0])
    assert (crossed.status_code, crossed.json()["payouts"]) == (200, None)


async def test_requirement_22_nothing_written_later_changes_what_was_published(
    approved: Company,
) -> None:
    await move(approved, "jan", "published")
    paths = ["/v1/results", "/v1/scorecards?cycle=jan", "/v1/payroll/entries"]
    paths += [
        f"/v1/scorecards/{card['id']}/explanation" for card in (await cards(approved)).values()
    ]
    before = [(await approved.get(path)).content for path in paths]
    await sell(approved, Sale(paid_on=date(2026, 1, 7), salesperson="e-1", amount="9999"))
    await set_targets(approved, {"e-1": "1", "e-2": "1", "e-3": "1"})
    await publish_scheme(approved, document=scheme(grades=[], pay=[]))
    await ask(approved, "PUT", "/v1/employees/e-2", person("cashier"))
    await ask(approved, "PUT", "/v1/units/front", {"name": "new", "parent": None})
    assert [(await approved.get(path)).content for path in paths] == before
    assert (await approved.get("/v1/cycles/jan")).json()["pending_after_close"] == 3


async def test_requirement_23_a_cycle_is_published_once(approved: Company) -> None:
    await move(approved, "jan", "published")
    before = await digest(approved)
    again = await approved.post("/v1/cycles/jan/moves", {"to": "published"}, key="checker")
    assert (again.status_code, again.json()["code"]) == (409, "move_not_allowed")
    assert await digest(approved) == before


async def test_of_two_publications_at_once_one_wins(approved: Company) -> None:
    path, body, key = "/v1/cycles/jan/moves", {"to": "published"}, await checker(approved)
    answers = await asyncio.gather(*(approved.post(path, body, key=key) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    entries = (await approved.get("/v1/payroll/entries")).json()["items"]
    assert [entry["seq"] for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert len(await results(approved)) == 3


async def test_a_publication_under_one_key_is_repeated_not_made_again(approved: Company) -> None:
    headers = {"Idempotency_Key": "publish-jan"}
    path, body, key = "/v1/cycles/jan/moves", {"to": "published"}, await checker(approved)
    first = await approved.post(path, body, key=key, **headers)
    again = await approved.post(path, body, key=key, **headers)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content
    assert len((await approved.get("/v1/payroll/entries")).json()["items"]) == 6


async def test_units_are_scored_and_not_paid(company: Company) -> None:
    await found(company)
    await publish_scheme(company)
    await ask(
        company,
        "PUT",
        "/v1/targets",
        [{"subject": "unit:front", "indicator": "net_sales", "period": "2026-01", "value": "100"}],
    )
    await sell(company, Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="100"))
    await open_cycle(company, population={"units": ["front"]})
    await move(company, "jan", *TO_APPROVED, "published")
    result = (await results(company))["unit:front"]
    assert (result["total"], result["payouts"]) == ("70.00", [])
    assert (await company.get("/v1/payroll/entries")).json() == {"items": [], "next_cursor": 0}


async def test_another_companys_result_is_not_there(companies: list[Company]) -> None:
    one, other = companies
    for each in companies:
        await found(each, ["e-1"])
        await publish_scheme(each)
        await set_targets(each, {"e-1": "100"})
        await sell(each, Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="100"))
        await open_cycle(each)
        await move(each, "jan", *TO_APPROVED, "published")
    (own,) = (await results(one)).values()
    (foreign,) = (await results(other)).values()
    assert own["id"] != foreign["id"]
    assert (await one.get(f"/v1/results/{foreign['id']}")).status_code == 404
    for each in companies:
        entries = (await each.get("/v1/payroll/entries")).json()
        assert [entry["seq"] for entry in entries["items"]] == [1, 2]
