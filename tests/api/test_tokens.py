"""Tokens at both doors and at a socket: they say what a key says, and open no more than one."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import text

from services.door.callers import check_claim, prepare_bearer, read_claim
from services.door.key_sets import KeySets
from services.door.problems import Unauthenticated
from services.door.tokens import Issuer, Tokens
from services.ingest.app import create_app
from services.ingest.settings import IngestSettings
from tests.api.companies import Company
from tests.databases import TestDatabase
from tests.figures import Figures, Wrong

KEY = RSAKey.generate_key(2048, {"kid": "1"})
ISSUER = Issuer(
    name="https://id.example",
    audience="kaohe",
    algorithms=("RS256",),
    leeway=timedelta(0),
    lifetime=timedelta(hours=1),
    tenants=None,
)


def make(**claims: Any) -> str:
    now = int(datetime.now(UTC).timestamp())
    stated = {
        "iss": ISSUER.name,
        "aud": "kaohe",
        "sub": "u-1",
        "iat": now - 1,
        "exp": now + 60,
        **claims,
    }
    return jwt.encode({"alg": "RS256", "kid": "1"}, stated, KEY)


def tokens() -> Tokens:
    published = json.dumps({"keys": [{**KEY.as_dict(private=False), "kid": "1"}]}).encode()
    return Tokens(ISSUER, KeySets("file", fetch=lambda _: published))


@pytest.fixture
async def staffed(company: Company) -> Company:
    company.app.state.tokens = tokens()
    await company.fill("employees", {"code": "ann", "name": "安"}, {"code": "bob", "name": "b"})
    return company


async def test_a_token_opens_what_a_key_of_its_role_opens(staffed: Company) -> None:
    staffed.keys["ann"] = make(tenant=staffed.number, role="employee", employee="ann")
    staffed.keys["head"] = make(tenant=str(staffed.number), role="admin")
    listed = (await staffed.get("/v1/employees", key="ann")).json()
    assert [each["code"] for each in listed["items"]] == ["ann"]
    assert (await staffed.get("/v1/employees/bob", key="ann")).status_code == 404
    assert (await staffed.put("/v1/tenant", {}, key="ann")).status_code == 403
    made = await staffed.put("/v1/employees/eve", {"name": "e"}, key="head")
    assert made.status_code == 201
    entries = (await staffed.get("/v1/audit?limit=500", key="head")).json()["items"]
    assert entries[-1]["actor"] == "token:u-1"
    query = {"query": "{ viewer { role employee { code } } }"}
    told = (await staffed.post("/graphql", query, key="ann")).json()
    assert told["data"]["viewer"] == {"role": "EMPLOYEE", "employee": {"code": "ann"}}


async def test_scenario_a07_what_is_signed_and_wrong_opens_nothing(
    companies: list[Company], figure: Figures
) -> None:
    ours, theirs = companies
    await ours.fill("employees", {"code": "ann", "name": "安"})
    ours.app.state.tokens = tokens()
    now = int(datetime.now(UTC).timestamp())
    revoked = await ours.make_key("revoked", "hr")
    await ours.ask("DELETE", f"/v1/keys/{revoked}")
    wrong = {
        "expired": make(tenant=ours.number, role="hr", exp=now - 1),
        "of another service": make(tenant=ours.number, role="hr", aud="shop"),
        "of a company there is not": make(tenant=999_999_999, role="hr"),
        "of nobody there": make(tenant=ours.number, role="employee", employee="eve"),
        "of another company's person": make(tenant=theirs.number, role="employee", employee="ann"),
        "revoked": ours.keys["revoked"],
        "none": "",
    }
    before = (await ours.digest(), await theirs.digest())
    for name, token in wrong.items():
        ours.keys["wrong"] = token
        for path in ("/v1/tenant", "/v1/payroll/entries", "/graphql?query=%7Bviewer%7Brole%7D%7D"):
            answer = await ours.get(path, key="wrong")
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), name
        assert (await ours.post("/v1/schemes", {}, key="wrong")).status_code == 401, name
    figure("A07", Wrong.ACCEPTED, 0, tried=4 * len(wrong), of="calls with a wrong token or none")
    assert (await ours.digest(), await theirs.digest()) == before


REVOKED = {"subject": "u-1", "reason": "the telephone was lost"}


async def test_scenario_a07_a_revoked_token_opens_nothing_from_then_on(
    companies: list[Company], ingest: httpx.AsyncClient, figure: Figures
) -> None:
    """At neither door and in no subscription; what others hold, and other companies', stays."""
    ours, theirs = companies
    ours.app.state.tokens = tokens()
    ours.keys["ours"] = make(tenant=ours.number, role="admin")
    ours.keys["another's"] = make(tenant=ours.number, role="admin", sub="u-2")
    ours.keys["theirs"] = make(tenant=theirs.number, role="admin")
    said = f"Bearer {ours.keys['ours']}"
    await prepare_bearer(ours.app.state, said)
    claim = read_claim(said, ours.app.state)
    made = await ours.post("/v1/tokens/revocations", REVOKED)
    assert made.status_code == 201, made.text
    for name, status in (("ours", 401), ("another's", 200), ("theirs", 200)):
        assert (await ours.get("/v1/tenant", key=name)).status_code == status, name
        headers = {"Authorization": f"Bearer {ours.keys[name]}"}
        assert (await ingest.get("/v1/feeds", headers=headers)).status_code == status, name
    assert (await ours.post("/v1/schemes", {}, key="ours")).status_code == 401
    figure("A07", Wrong.ACCEPTED, 0, tried=3, of="calls with a wrong token or none")
    async with ours.app.state.database.read(ours.number) as session:
        with pytest.raises(Unauthenticated):
            await check_claim(session, claim, at=datetime.now(UTC))
    assert (await theirs.get("/v1/tokens/revocations")).json()["items"] == []
    listed = (await ours.get("/v1/tokens/revocations")).json()
    assert listed["items"] == [made.json()]
    entry = (await ours.get("/v1/audit?limit=500")).json()["items"][-1]
    assert (entry["action"], entry["object"]) == ("token.revoke", "token:u-1")
    assert entry["detail"]["reason"] == REVOKED["reason"]


@pytest.mark.parametrize(("earlier", "status"), [(0, 401), (1, 200)])
async def test_a_token_that_was_issued_after_a_revocation_is_let_in(
    staffed: Company, earlier: int, status: int
) -> None:
    """To the microsecond, seen from the instant that the token names."""
    at = int(datetime.now(UTC).timestamp()) - 1
    staffed.keys["head"] = make(tenant=staffed.number, role="admin", iat=at)
    await staffed.post("/v1/tokens/revocations", REVOKED)
    instant = datetime.fromtimestamp(at, UTC) - timedelta(microseconds=earlier)
    async with staffed.owner.write(staffed.number) as session:
        change = text("UPDATE token_revocations SET issued_before = :at")
        await session.execute(change, {"at": instant})
    assert (await staffed.get("/v1/tenant", key="head")).status_code == status


async def test_the_newest_revocation_of_a_subject_holds(staffed: Company) -> None:
    first = (await staffed.post("/v1/tokens/revocations", REVOKED)).json()
    again = {**REVOKED, "reason": "once more"}
    second = (await staffed.post("/v1/tokens/revocations", again)).json()
    assert first["issued_before"] < second["issued_before"]
    page = (await staffed.get("/v1/tokens/revocations")).json()
    assert (page["items"], page["total"]) == ([second], 1)
    for subject in ("", "two words", "ü", "s" * 129):
        answer = await staffed.post("/v1/tokens/revocations", {**REVOKED, "subject": subject})
        assert answer.status_code == 422, subject


async def test_without_an_issuer_a_token_is_no_key(company: Company) -> None:
    company.keys["head"] = make(tenant=company.number, role="admin")
    answer = await company.get("/v1/tenant", key="head")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_a_subscription_ends_with_its_token(staffed: Company) -> None:
    """Who follows is checked anew at each event: a token that is over says nothing more."""
    state = staffed.app.state
    said = f"Bearer {make(tenant=staffed.number, role='hr')}"
    await prepare_bearer(state, said)
    claim = read_claim(said, state)
    assert claim.statement is not None
    async with state.database.read(claim.tenant) as session:
        assert (await check_claim(session, claim, at=datetime.now(UTC))).name == "token:u-1"
        with pytest.raises(Unauthenticated):
            await check_claim(session, claim, at=claim.statement.expires_at)


@pytest.fixture
async def ingest(database: TestDatabase) -> AsyncIterator[httpx.AsyncClient]:
    settings = {"dsn": database.dsn("kaohe_ingest"), "buyer_key": "k" * 32}
    app = create_app(IngestSettings.model_validate(settings))
    app.state.tokens = tokens()
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://kaohe.test") as client,
    ):
        yield client


async def test_both_doors_take_tokens(staffed: Company, ingest: httpx.AsyncClient) -> None:
    for role, path, status in (
        ("erp", "/v1/rejected", 200),
        ("viewer", "/v1/rejected", 403),
        ("viewer", "/v1/feeds", 200),
    ):
        headers = {"Authorization": f"Bearer {make(tenant=staffed.number, role=role)}"}
        assert (await ingest.get(path, headers=headers)).status_code == status
    headers = {"Authorization": f"Bearer {make(tenant=staffed.number, role='erp', exp=1)}"}
    posted = await ingest.post("/v1/facts/orders", json=[], headers=headers)
    assert posted.status_code == 401
