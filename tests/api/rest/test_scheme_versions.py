"""Document control over REST: who wrote, reviewed and approved a version, and its first day."""

import pytest

from tests.api.appraisals import ask, digest, found, move, open_cycle, scheme
from tests.api.companies import Company, Json

PATH = "/v1/schemes/sales"


@pytest.fixture
async def written(company: Company) -> Company:
    """A draft that a person of HR wrote, and others who may look at it."""
    await found(company)
    for name, role, employee in (
        ("writer", "hr", "e-1"),
        ("writer-again", "admin", "e-1"),
        ("reviewer", "hr", "e-2"),
        ("agent", "employee", "e-3"),
    ):
        await company.make_key(name, role, employee)
    await ask(company, "PUT", PATH, scheme(), key="writer")
    return company


async def versions(company: Company, key: str = "admin") -> list[Json]:
    items: list[Json] = (await company.get(f"{PATH}/versions", key=key)).json()["items"]
    return items


async def publish(company: Company, **stated: str) -> Json:
    return await ask(company, "POST", f"{PATH}/publish", stated or None, key="reviewer")


async def test_a_version_says_who_wrote_reviewed_and_approved_it(written: Company) -> None:
    assert (await written.get(f"{PATH}/versions", key="agent")).status_code == 404
    assert await versions(written) == []
    review = await ask(written, "POST", f"{PATH}/reviews", {"comment": "as agreed"}, key="reviewer")
    assert (review["reviewer"], review["reviewer_name"]) == ("e-2", "agent")
    listed = (await written.get(f"{PATH}/reviews")).json()
    assert (listed["items"], listed["total"]) == ([review], 1)
    await publish(written, in_force_from="2026-02-01")
    (version,) = await versions(written)
    assert version["reviews"] == [review]
    assert (version["version"], version["in_force_from"]) == (1, "2026-02-01")
    assert (version["written_by"], version["written_by_name"]) == ("e-1", "agent")
    assert version["approved_by"].startswith("key:")
    assert version["approved_by_name"] == "agent"
    assert version["written_at"] < review["reviewed_at"] < version["approved_at"]
    kept = (await written.get(f"{PATH}?version=1")).json()
    assert kept["changed_at"] == version["approved_at"]
    (unnamed,) = await versions(written, key="agent")
    assert {name for name in version if version[name] != unnamed[name]} == {
        "written_by_name", "approved_by_name", "reviews",
    }  # fmt: skip
    last = (await written.get("/v1/audit?limit=500")).json()["items"][-2:]
    assert [each["action"] for each in last] == ["scheme.review", "scheme.publish"]
    assert last[0]["detail"] == {"draft": 1, "comment": "as agreed"}
    assert last[1]["detail"]["in_force_from"] == "2026-02-01"


async def test_nobody_reviews_the_own_draft_or_twice_and_an_edit_is_another_draft(
    written: Company,
) -> None:
    path = f"{PATH}/reviews"
    before = await digest(written)
    for key in ("writer", "writer-again"):
        refused = await written.post(path, {}, key=key)
        assert (refused.status_code, refused.json()["code"]) == (409, "own_draft"), key
    assert await digest(written) == before
    await ask(written, "POST", path, {}, key="reviewer")
    again = await written.post(path, {}, key="reviewer")
    assert (again.status_code, again.json()["code"]) == (409, "already_reviewed")
    await ask(written, "PUT", PATH, scheme(note="edited"), key="writer")
    assert (await written.get(path)).json()["items"] == []
    await publish(written)
    assert [each["reviews"] for each in await versions(written)] == [[]]
    assert (await written.post("/v1/schemes/none/reviews", {})).status_code == 404
    assert (await written.get("/v1/schemes/none/reviews")).status_code == 404
    assert (await written.get("/v1/schemes/none/versions")).status_code == 404


async def test_a_cycle_is_scored_by_the_newest_version_in_force_on_its_first_day(
    written: Company,
) -> None:
    await publish(written, in_force_from="2026-02-01")
    body = {
        "code": "jan",
        "scheme": "sales",
        "period": "2026-01",
        "population": {"position": "agent"},
    }
    await ask(written, "POST", "/v1/cycles", body)
    refused = await written.post("/v1/cycles/jan/moves", {"to": "open"})
    assert (refused.status_code, refused.json()["code"]) == (409, "scheme_not_published")
    assert "2026-01-01" in refused.json()["detail"]
    await ask(written, "PUT", PATH, scheme(note="at any time"))
    await publish(written)
    await ask(written, "PUT", PATH, scheme(note="from March"))
    await publish(written, in_force_from="2026-03-01")
    await move(written, "jan", "open")
    for code, period in (("feb", "2026-02"), ("mar", "2026-03")):
        await open_cycle(written, code, scheme="sales", period=period)
    found_of = {
        code: (await written.get(f"/v1/cycles/{code}")).json()["scheme_version"]
        for code in ("jan", "feb", "mar")
    }
    assert found_of == {"jan": 2, "feb": 2, "mar": 3}
    pages = [(await written.get(f"{PATH}/versions?limit=2")).json()]
    pages.append((await written.get(f"{PATH}/versions?cursor={pages[0]['next_cursor']}")).json())
    shown = [each["version"] for page in pages for each in page["items"]]
    assert (shown, pages[0]["total"], pages[1]["next_cursor"]) == ([3, 2, 1], 3, None)


async def test_the_day_of_a_version_stays(written: Company) -> None:
    first = await publish(written, in_force_from="2026-02-01")
    for stated in ({}, {"in_force_from": "2026-02-01"}):
        assert await publish(written, **stated) == first
    before = await digest(written)
    other = {"in_force_from": "2026-03-01"}
    refused = await written.post(f"{PATH}/publish", other, key="reviewer")
    assert (refused.status_code, refused.json()["code"]) == (409, "already_published")
    assert refused.json()["errors"][0]["pointer"] == "/in_force_from"
    bad = await written.post(f"{PATH}/publish", {"in_force_from": "2026-02-30"}, key="reviewer")
    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "/in_force_from")
    assert await digest(written) == before
