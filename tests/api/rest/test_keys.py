"""API keys over REST: shown once, kept as a digest, ended at once."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from services.door.store import KeptKey
from services.schema.shapes.people import ApiKey
from services.schema.words import Role
from tests.api.companies import Company, Json


@pytest.fixture
async def staffed(company: Company) -> Company:
    await company.put("/v1/employees/ann", {"name": "安"})
    return company


async def test_a_key_is_shown_once_and_opens_the_door(staffed: Company) -> None:
    ends = "2100-01-01T08:00:00+08:00"
    wanted = {"role": "employee", "employee": "ann", "expires_at": ends}
    answer = await staffed.post("/v1/keys", wanted)
    assert answer.status_code == 201
    made = answer.json()
    assert made["key"].startswith(f"kh_{staffed.number}_{made['id'].removeprefix('key_')}_")
    assert (made["role"], made["employee"]) == ("employee", "ann")
    assert made["expires_at"] == "2100-01-01T00:00:00Z"
    staffed.keys["ann"] = made["key"]
    assert (await staffed.get("/v1/employees/ann", key="ann")).status_code == 200
    listed = (await staffed.get("/v1/keys")).json()
    assert listed["total"] == 2
    del made["key"]
    assert listed["items"][1] == {**made, "revoked_at": None, "previous_until": None}


async def test_the_secret_is_kept_nowhere(staffed: Company) -> None:
    wanted = {"role": "erp"}
    answer = await staffed.post("/v1/keys", wanted, Idempotency_Key="once")
    secret = answer.json()["key"].rpartition("_")[2]
    async with staffed.owner.read(staffed.number) as session:
        for table in ("api_keys", "replies", "audit"):
            query = f"SELECT t::text FROM {table} AS t"  # noqa: S608  names of this test
            rows = await session.execute(text(query))
            kept = "\n".join(rows.scalars())
            assert secret not in kept
            assert secret.encode().hex() not in kept
        digest = hashlib.sha256(secret.encode()).hexdigest()
        assert digest in "\n".join(
            (await session.execute(text("SELECT t::text FROM api_keys AS t"))).scalars()
        )


async def test_a_repeated_answer_has_the_key_but_not_its_secret(staffed: Company) -> None:
    first = await staffed.post("/v1/keys", {"role": "erp"}, Idempotency_Key="once")
    before = await staffed.digest()
    again = await staffed.post("/v1/keys", {"role": "erp"}, Idempotency_Key="once")
    assert again.status_code == 201
    assert again.json() == {**first.json(), "key": None}
    assert await staffed.digest() == before


async def test_a_revoked_key_opens_nothing_from_then_on(staffed: Company) -> None:
    key_id = await staffed.make_key("erp", "erp")
    assert (await staffed.get("/v1/tenant", key="erp")).status_code == 200
    revoked = await staffed.ask("DELETE", f"/v1/keys/{key_id}")
    assert (revoked.status_code, revoked.content) == (204, b"")
    answer = await staffed.get("/v1/tenant", key="erp")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    before = await staffed.digest()
    assert (await staffed.ask("DELETE", f"/v1/keys/{key_id}")).status_code == 204
    assert await staffed.digest() == before
    assert (await staffed.ask("DELETE", "/v1/keys/key_0")).status_code == 404


async def test_a_key_ends_at_its_instant(staffed: Company) -> None:
    await staffed.make_key("erp", "erp")
    async with staffed.owner.write(staffed.number) as session:
        ends = text("UPDATE api_keys SET expires_at = :at WHERE role = 'erp'")
        await session.execute(ends, {"at": datetime.now(UTC) - timedelta(milliseconds=1)})
    assert (await staffed.get("/v1/tenant", key="erp")).status_code == 401


@pytest.mark.parametrize(
    ("wanted", "status", "code", "pointer"),
    [
        ({"role": "boss"}, 422, "invalid", "/role"),
        ({}, 422, "missing", "/role"),
        ({"role": "employee"}, 422, "employee_missing", "/employee"),
        ({"role": "lead"}, 422, "employee_missing", "/employee"),
        ({"role": "erp", "employee": "ann"}, 422, "employee_senseless", "/employee"),
        ({"role": "payroll", "employee": "ann"}, 422, "employee_senseless", "/employee"),
        ({"role": "hr", "employee": "bob"}, 409, "unknown_employee", "/employee"),
        ({"role": "hr", "expires_at": "2026-01-01T00:00:00Z"}, 409, "expired", "/expires_at"),
        ({"role": "hr", "expires_at": "2100-01-01T00:00:00"}, 422, "invalid", "/expires_at"),
        ({"role": "hr", "expires_at": "9999-12-31T23:59:59-12:00"}, 422, "invalid", "/expires_at"),
        ({"role": "hr", "tenant": 1}, 422, "unknown_field", "/tenant"),
    ],
)
async def test_a_senseless_key_is_not_made(
    staffed: Company, wanted: Json, status: int, code: str, pointer: str
) -> None:
    before = await staffed.digest()
    answer = await staffed.post("/v1/keys", wanted)
    found = [(fault["code"], fault["pointer"]) for fault in answer.json()["errors"]]
    assert (answer.status_code, found) == (status, [(code, pointer)])
    assert await staffed.digest() == before


@pytest.mark.parametrize("role", ["hr", "lead", "employee", "erp", "payroll", "viewer"])
async def test_nobody_but_the_admin_makes_lists_or_ends_keys(staffed: Company, role: str) -> None:
    person = "ann" if role in {"lead", "employee"} else None
    key_id = await staffed.make_key("other", role, person)
    before = await staffed.digest()
    for answer in (
        await staffed.post("/v1/keys", {"role": "admin"}, key="other"),
        await staffed.get("/v1/keys", key="other"),
        await staffed.ask("DELETE", f"/v1/keys/{key_id}", key="other"),
        await staffed.get("/v1/audit", key="other"),
        await staffed.get("/v1/audit/verify", key="other"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert await staffed.digest() == before


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer kh_1_x_y", "Basic YTpi", "Bearer " + json.dumps({"role": "admin"})],
)
async def test_without_a_good_key_the_door_stays_shut(company: Company, header: str) -> None:
    answer = await company.client.get("/v1/tenant", headers={"Authorization": header})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


async def test_a_changed_tenant_secret_or_id_opens_nothing(companies: list[Company]) -> None:
    ours, theirs = companies
    key = ours.keys["admin"]
    last = "0" if key[-1] != "0" else "1"
    number = f"kh_{ours.number}_"
    for forged in (
        key[:-1] + last,
        key.replace(number, f"kh_{theirs.number}_", 1),
        key.replace(number, "kh_999999999_", 1),
    ):
        headers = {"Authorization": f"Bearer {forged}"}
        assert (await ours.client.get("/v1/tenant", headers=headers)).status_code == 401


async def test_a_renewed_key_opens_with_both_secrets_for_a_while(staffed: Company) -> None:
    key_id = await staffed.make_key("old", "erp")
    answer = await staffed.post(f"/v1/keys/{key_id}/renew", {"overlap_seconds": 3600})
    renewed = answer.json()
    assert (answer.status_code, renewed["id"]) == (200, key_id)
    staffed.keys["new"] = renewed["key"]
    assert staffed.keys["new"] != staffed.keys["old"]
    for name in ("old", "new"):
        assert (await staffed.get("/v1/tenant", key=name)).status_code == 200
    listed = {each["id"]: each for each in (await staffed.get("/v1/keys")).json()["items"]}
    assert listed[key_id]["previous_until"] == renewed["previous_until"] is not None
    # A second renewal ends the first secret at once: never are there three.
    again = (await staffed.post(f"/v1/keys/{key_id}/renew", {"overlap_seconds": 3600})).json()
    staffed.keys["newest"] = again["key"]
    for name, status in (("old", 401), ("new", 200), ("newest", 200)):
        assert (await staffed.get("/v1/tenant", key=name)).status_code == status
    await staffed.ask("DELETE", f"/v1/keys/{key_id}")
    for name in ("new", "newest"):
        assert (await staffed.get("/v1/tenant", key=name)).status_code == 401
    ended = await staffed.post(f"/v1/keys/{key_id}/renew", {})
    assert (ended.status_code, ended.json()["code"]) == (409, "key_ended")


@pytest.mark.parametrize(("seconds", "secrets"), [(-1, 2), (0, 1)])
def test_an_overlap_ends_to_the_instant(seconds: int, secrets: int) -> None:
    until = datetime(2026, 11, 30, tzinfo=UTC)
    key = ApiKey("key_1", Role.ERP, None, until, None, None, until)
    kept = KeptKey(key, b"new", b"old")
    assert len(kept.digests(until + timedelta(seconds=seconds))) == secrets
    assert KeptKey(key, b"new", None).digests(until) == (b"new",)


async def test_without_an_overlap_the_old_secret_ends_at_once(staffed: Company) -> None:
    key_id = await staffed.make_key("old", "erp")
    await staffed.post(f"/v1/keys/{key_id}/renew", {"overlap_seconds": 0})
    assert (await staffed.get("/v1/tenant", key="old")).status_code == 401


async def test_a_renewal_is_shown_once_and_put_down(companies: list[Company]) -> None:
    ours, theirs = companies
    key_id = await ours.make_key("erp", "erp")
    before = await ours.digest()
    for company, name, status in ((theirs, "admin", 404), (ours, "erp", 403)):
        answer = await company.post(f"/v1/keys/{key_id}/renew", {}, key=name)
        assert answer.status_code == status
    assert await ours.digest() == before
    for overlap in (-1, 30 * 86_400 + 1, "1"):
        answer = await ours.post(f"/v1/keys/{key_id}/renew", {"overlap_seconds": overlap})
        assert answer.status_code == 422
    first = await ours.post(f"/v1/keys/{key_id}/renew", {}, Idempotency_Key="once")
    again = await ours.post(f"/v1/keys/{key_id}/renew", {}, Idempotency_Key="once")
    assert again.json() == {**first.json(), "key": None}
    (entry,) = [
        each
        for each in (await ours.get("/v1/audit?limit=500")).json()["items"]
        if each["action"] == "key.renew"
    ]
    assert (entry["object"], list(entry["detail"])) == (f"key:{key_id}", ["previous_until"])
