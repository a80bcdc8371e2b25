"""A request is one transaction: checked, done once under its key, kept or undone whole."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from services.door import access
from services.door.app import make_app
from services.door.callers import make_key
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import AmountIn, Code, Model
from services.schema.db import Database
from services.schema.errors import Conflict, Unavailable
from tests.databases import TestDatabase


class Thing(Model):
    code: Code
    amount: AmountIn


router = new_router()


@router.post("/v1/things", status_code=201)
async def add_thing(body: Thing, caller: Asking, session: Writing) -> dict[str, str]:
    """Counts how often it was run; a code says how to fail after having written."""
    insert = "INSERT INTO counters VALUES (:tenant, 'things', 1) ON CONFLICT (tenant_id, name) "
    number = await session.scalar(
        text(insert + "DO UPDATE SET value = counters.value + 1 RETURNING value"),
        {"tenant": session.tenant},
    )
    if body.code == "refused":
        raise Conflict("no_such_thing", "The rules refuse it.")
    if body.code == "away":
        raise Unavailable("Something is away.")
    if body.code == "broken":
        raise RuntimeError("a mistake of ours")
    if body.code == "dangling":
        await session.execute(
            text("INSERT INTO units VALUES (:tenant, 'u', 'u', 'nobody', null, 1)"),
            {"tenant": session.tenant},
        )
    return {"number": str(number), "amount": str(body.amount), "caller": caller.name}


@router.get("/v1/things")
async def count_things(session: Reading) -> dict[str, int | None]:
    query = "SELECT value FROM counters WHERE name = 'things'"
    return {"count": await session.scalar(text(query))}


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    yield


class World:
    """An app over a database, and a way to ask it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.app = make_app("Things", "", [router], lifespan=lifespan, documented=True)
        self.app.state.database = database
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        self.key = ""

    async def grant(self, tenant: int, role: str, *, ends: timedelta | None = None) -> str:
        key_id, shown, digest = make_key(tenant)
        values = {"tenant": tenant, "id": key_id, "digest": digest, "role": role}
        ends_at = datetime.now(UTC) + ends if ends is not None else None
        async with self.database.write(tenant) as session:
            await session.execute(
                text(
                    "INSERT INTO api_keys VALUES "
                    "(:tenant, :id, :digest, :role, null, now(), :ends_at, null)"
                ),
                {**values, "ends_at": ends_at},
            )
        return shown

    async def post(self, body: str, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        base = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        return await self.client.post("/v1/things", content=body, headers={**base, **named})

    async def count(self) -> int | None:
        answer = await self.client.get(
            "/v1/things", headers={"Authorization": f"Bearer {self.key}"}
        )
        count: int | None = answer.json()["count"]
        return count


@pytest.fixture
async def world(
    fresh_database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    allowed: dict[str, access.Cell] = {"erp": "allow"}
    for operation in ("REST POST /v1/things", "REST GET /v1/things"):
        monkeypatch.setitem(access.matrix(), operation, allowed)
    database = Database(fresh_database.dsn("kaohe_api"), application="test")
    made = World(database)
    made.key = await made.grant(1, "erp")
    yield made
    await made.client.aclose()
    await database.close()


GOOD = '{"code": "a", "amount": "1.50"}'


async def test_the_commit_stands_before_the_answer(world: World) -> None:
    answer = await world.post(GOOD)
    assert answer.status_code == 201
    assert answer.json()["amount"] == "1.50"
    assert await world.count() == 1


async def test_requirement_15_a_key_has_one_effect_and_one_answer_however_often_it_is_sent(
    world: World,
) -> None:
    answers = await asyncio.gather(*(world.post(GOOD, Idempotency_Key="k") for _ in range(9)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 8
    assert await world.count() == 1


async def test_a_key_with_another_body_is_refused(world: World) -> None:
    await world.post(GOOD, Idempotency_Key="k")
    answer = await world.post('{"code": "b", "amount": "1"}', Idempotency_Key="k")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert await world.count() == 1


async def test_a_refusal_undoes_what_was_written_and_is_the_keys_answer(world: World) -> None:
    body = '{"code": "refused", "amount": "1"}'
    first, second = [await world.post(body, Idempotency_Key="k") for _ in range(2)]
    assert (first.status_code, first.json()["code"]) == (409, "no_such_thing")
    assert second.content == first.content
    assert second.headers["content-type"] == "application/problem+json"
    assert await world.count() is None


@pytest.mark.parametrize(("code", "status"), [("away", 503), ("broken", 500), ("dangling", 500)])
async def test_our_own_failure_is_never_the_keys_answer(
    world: World, code: str, status: int
) -> None:
    answer = await world.post(f'{{"code": "{code}", "amount": "1"}}', Idempotency_Key="k")
    assert answer.status_code == status
    assert "mistake" not in answer.text
    assert await world.count() is None
    assert (await world.post(GOOD, Idempotency_Key="k")).status_code == 201


async def test_keys_of_one_caller_are_not_those_of_another(world: World) -> None:
    await world.post(GOOD, Idempotency_Key="k")
    world.key = await world.grant(1, "erp")
    assert "idempotency-replayed" not in (await world.post(GOOD, Idempotency_Key="k")).headers


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ('{"code": "a", "amount": 1.23456}', 422, "/amount"),
        ('{"code": "a", "amount": "123456789012345"}', 422, "/amount"),
        ('{"code": "a", "amount": 1e999}', 422, "/amount"),
        ('{"code": "a", "amount": true}', 422, "/amount"),
        ('{"code": "a", "amount": "1_000"}', 422, "/amount"),
        ('{"code": "a", "amount": "\uff11"}', 422, "/amount"),
        ('{"code": "a b", "amount": "1"}', 422, "/code"),
        ('{"code": "a", "amount": "1", "z": 1}', 422, "/z"),
        ('{"code": "a"}', 422, "/amount"),
        ('{"code": "a\\u0000", "amount": "1"}', 422, "/code"),
        ('{"code": "a", "amount": NaN}', 400, None),
        ("{", 400, None),
        ("", 422, ""),
    ],
)
async def test_bad_bodies_are_refused_with_their_place(
    world: World, body: str, status: int, pointer: str | None
) -> None:
    answer = await world.post(body)
    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (status, status)
    assert [fault["pointer"] for fault in problem["errors"]] == (
        [] if pointer is None else [pointer]
    )
    assert await world.count() is None


async def test_a_number_with_fourteen_and_four_digits_is_kept_exactly(world: World) -> None:
    answer = await world.post('{"code": "a", "amount": 12345678901234.5678}')
    assert answer.json()["amount"] == "12345678901234.5678"


async def test_without_a_good_key_nobody_is_let_in(world: World) -> None:
    expired = await world.grant(1, "erp", ends=timedelta(seconds=-1))
    head, _, secret = world.key.rpartition("_")
    changed = f"{head}_{'0' * len(secret)}"
    elsewhere = world.key.replace("kh_1_", "kh_2_")
    for key in ("", "nonsense", expired, changed, elsewhere):
        answer = await world.post(GOOD, Authorization=f"Bearer {key}")
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert await world.count() is None


async def test_a_role_without_the_right_is_refused(world: World) -> None:
    world.key = await world.grant(1, "viewer")
    answer = await world.post(GOOD)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_the_secret_is_kept_as_a_digest_only(world: World) -> None:
    async with world.database.read(1) as session:
        kept = bytes(await session.scalar(text("SELECT secret_sha256 FROM api_keys")))
    assert kept == hashlib.sha256(world.key.rpartition("_")[2].encode()).digest()


async def test_405_names_every_method_of_the_path(world: World) -> None:
    answer = await world.client.put("/v1/things")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


async def test_every_answer_carries_the_headers_that_guard_it(world: World) -> None:
    for answer in (await world.post(GOOD), await world.client.get("/nowhere")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_ready_means_that_the_database_answers(world: World) -> None:
    assert (await world.client.get("/health/ready")).json() == {"status": "ready"}
    world.app.state.database = Database("postgresql://x@/x?host=/nowhere", application="test")
    answer = await world.client.get("/health/ready")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert (await world.client.get("/health/live")).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_parameter_that_no_route_reads_is_refused_by_its_name(
    world: World, method: str
) -> None:
    headers = {"Authorization": f"Bearer {world.key}", "Content-Type": "application/json"}
    target = "/v1/things?tpyo=1&other=2"
    answer = await world.client.request(
        method, target, headers=headers, content=GOOD if method == "POST" else None
    )
    assert answer.status_code == 422
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [
        ("?tpyo", "unknown_field"),
        ("?other", "unknown_field"),
    ]
    assert await world.count() is None
    # Who may not ask is told that, and nothing of what could be asked.
    world.key = await world.grant(1, "employee")
    headers["Authorization"] = f"Bearer {world.key}"
    refused = await world.client.request(method, target, headers=headers, content="{}")
    assert refused.status_code == 403
