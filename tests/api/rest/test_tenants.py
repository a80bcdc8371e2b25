"""The tenant's settings over REST, and the tenant made by the operator."""

import pytest
from sqlalchemy import text

from tests.api.companies import Company, Json

MADE = {
    "name": "试验",
    "currency": "CNY",
    "timezone": "Asia/Shanghai",
    "week_start": "monday",
    "fiscal_start": "01-01",
}
OTHER = {
    "name": "Toys",
    "currency": "USD",
    "timezone": "America/New_York",
    "week_start": "sunday",
    "fiscal_start": "04-06",
}


async def open_cycle(company: Company, status: str) -> None:
    async with company.owner.write(company.number) as session:
        await session.execute(
            text(
                "INSERT INTO cycles (tenant_id, code, scheme, period, starts_on, ends_on, "
                "population, timezone, grace_days, status, revision, version, created_at) VALUES "
                "(:tenant, 'c', 's', '2026-10', '2026-10-01', '2026-11-01', '{}', 'UTC', 0, "
                ":status, 1, 1, now())"
            ),
            {"tenant": company.number, "status": status},
        )


async def test_the_operator_makes_a_tenant_whole(company: Company) -> None:
    read = await company.get("/v1/tenant")
    assert read.json() == MADE
    spared = await company.get("/v1/tenant", If_None_Match=read.headers["etag"])
    assert spared.status_code == 304
    entries = (await company.get("/v1/audit")).json()["items"]
    assert [(entry["action"], entry["actor"]) for entry in entries] == [
        ("tenant.create", "system:operator"),
        ("key.create", "system:operator"),
    ]
    assert (await company.get("/v1/audit/verify")).json()["intact"] is True


async def test_the_admin_replaces_the_settings(company: Company) -> None:
    answer = await company.put("/v1/tenant", OTHER)
    assert (answer.status_code, answer.json()) == (200, OTHER)
    assert (await company.get("/v1/tenant")).content == answer.content
    before = await company.digest()
    assert (await company.put("/v1/tenant", OTHER)).status_code == 200
    assert await company.digest() == before
    stale = await company.put("/v1/tenant", MADE, If_Match='"0"')
    assert stale.status_code == 412
    assert await company.digest() == before


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"week_start": "Monday"}, "/week_start"),
        ({"fiscal_start": "02-29"}, "/fiscal_start"),
        ({"fiscal_start": "13-01"}, "/fiscal_start"),
        ({"fiscal_start": "1-1"}, "/fiscal_start"),
        ({"currency": "RMBY"}, "/currency"),
        ({"timezone": ""}, "/timezone"),
        ({"plan": "gold"}, "/plan"),
    ],
)
async def test_malformed_settings_are_refused(company: Company, change: Json, pointer: str) -> None:
    before = await company.digest()
    answer = await company.put("/v1/tenant", {**MADE, **change})
    found = [fault["pointer"] for fault in answer.json()["errors"]]
    assert (answer.status_code, found) == (422, [pointer])
    assert await company.digest() == before


async def test_nothing_may_be_left_out(company: Company) -> None:
    answer = await company.put("/v1/tenant", {"name": "x"})
    assert [fault["code"] for fault in answer.json()["errors"]] == ["missing"] * 4


async def test_what_people_were_promised_is_stated_in_is_fixed(company: Company) -> None:
    await open_cycle(company, "published")
    before = await company.digest()
    answer = await company.put("/v1/tenant", OTHER)
    assert (answer.status_code, answer.json()["code"]) == (409, "tenant_in_use")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [
        "/currency",
        "/fiscal_start",
    ]
    assert await company.digest() == before
    kept = {**OTHER, "currency": "CNY", "fiscal_start": "01-01"}
    assert (await company.put("/v1/tenant", kept)).status_code == 200


async def test_a_draft_promises_nothing(company: Company) -> None:
    await open_cycle(company, "draft")
    assert (await company.put("/v1/tenant", OTHER)).status_code == 200


@pytest.mark.parametrize("role", ["hr", "viewer", "erp", "payroll"])
async def test_everybody_reads_the_settings_and_the_admin_alone_writes(
    company: Company, role: str
) -> None:
    await company.make_key("other", role)
    assert (await company.get("/v1/tenant", key="other")).json() == MADE
    before = await company.digest()
    answer = await company.put("/v1/tenant", OTHER, key="other")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert await company.digest() == before
