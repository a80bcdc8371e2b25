"""What is too much is sent away at the door, counted by key and by company, and nobody else's."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from services.door import turns
from services.door.app import make_app
from services.door.limits import Allowance, Buckets, Limits, Rate
from services.door.problems import TooMany, Unauthenticated
from services.door.settings import DoorSettings
from services.schema.shapes.people import Caller
from services.schema.words import Role

OURS, THEIRS = 1, 2


class Clock:
    """Time as the test has it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def allowance(**changed: Any) -> Allowance:
    usual = {
        "key": Rate(10, 20),
        "tenant": Rate(20, 40),
        "strangers": Rate(1, 5),
        "at_once": 100,
        "graph": dict.fromkeys(Role, Rate(100, 1000)),
    }
    return Allowance(**{**usual, **changed})


def caller(tenant: int, name: str = "key:a", role: Role = Role.ERP) -> Caller:
    return Caller(tenant, role, None, name)


def admitted(limits: Limits, who: Caller, times: int) -> int:
    """How many of so many requests at once are let in."""
    count = 0
    for _ in range(times):
        try:
            limits.admit(who)
        except TooMany:
            continue
        count += 1
    return count


@pytest.mark.parametrize(
    ("taken", "seconds", "cost", "wait"),
    [
        (0, 0, 1, 0), (19, 0, 1, 0), (20, 0, 1, 0.1), (20, 0.09, 1, 0.01), (20, 0.1, 1, 0),
        (20, 1, 10, 0), (20, 1, 11, 0.1), (20, 1000, 20, 0), (0, 0, 21, 0), (1, 0, 21, 0.1),
        (500, 0, 1, 2.1),
    ],
)  # fmt: skip
def test_a_bucket_fills_at_its_rate_to_the_brim(
    taken: int, seconds: float, cost: int, wait: float
) -> None:
    clock = Clock()
    buckets = Buckets(clock)
    if taken:
        buckets.take("a", Rate(10, 20), taken)
    clock.now += seconds
    assert buckets.wait("a", Rate(10, 20), cost) == pytest.approx(wait, abs=1e-6)
    assert buckets.wait("b", Rate(10, 20)) == 0


def test_buckets_are_bounded_in_memory() -> None:
    buckets = Buckets(Clock(), most=100)
    for number in range(1000):
        buckets.take(number, Rate(10, 20))
    assert len(buckets) == 100
    limits = Limits(allowance(), Clock())
    for number in range(25_000):
        limits.learn(number.to_bytes(32), caller(number, f"key:{number}"))
    assert len(limits._known) == len(limits._keys) == len(limits._tenants) == 20_000


def test_one_company_can_use_up_its_own_share_and_nobody_elses() -> None:
    """Two of ours ask a hundred times what theirs does: theirs is never refused."""
    clock = Clock()
    limits = Limits(allowance(), clock)
    counts: Counter[str] = Counter()
    for _ in range(60):
        counts["one"] += admitted(limits, caller(OURS, "key:one"), 100)
        counts["two"] += admitted(limits, caller(OURS, "key:two"), 100)
        counts["theirs"] += admitted(limits, caller(THEIRS), 1)
        clock.now += 1
    # The burst, and what came in 59 seconds; of one company twice what one key may.
    assert counts == {"one": 20 + 59 * 10, "two": 20 + 59 * 10, "theirs": 60}
    third = admitted(limits, caller(OURS, "key:three"), 100)
    assert third == 0 + 20  # a second's worth of the company, which nobody else has asked for


def test_the_company_is_counted_over_all_its_keys() -> None:
    limits = Limits(allowance(tenant=Rate(15, 30)), Clock())
    assert admitted(limits, caller(OURS, "key:one"), 50) == 20
    assert admitted(limits, caller(OURS, "key:two"), 50) == 10
    assert admitted(limits, caller(OURS, "key:three"), 50) == 0
    assert admitted(limits, caller(THEIRS, "key:one"), 50) == 20


@pytest.mark.parametrize(
    ("rate", "asked", "seconds"),
    [(Rate(10, 20), 20, "1"), (Rate(1, 5), 5, "1"), (Rate(1, 5), 8, "4"), (Rate(1, 5), 50, "6")],
)
def test_it_says_when_to_come_again(rate: Rate, asked: int, seconds: str) -> None:
    clock = Clock()
    limits = Limits(allowance(key=rate, tenant=Rate(1000, 1000)), clock)
    limits._keys.take((OURS, "key:a"), rate, asked)
    with pytest.raises(TooMany) as refusal:
        limits.admit(caller(OURS))
    assert refusal.value.headers["Retry-After"] == seconds
    clock.now += int(seconds)
    limits.admit(caller(OURS))


def test_queries_are_charged_by_what_they_ask_for_and_by_role() -> None:
    graph = dict.fromkeys(Role, Rate(100, 1000)) | {Role.EMPLOYEE: Rate(10, 50)}
    limits = Limits(allowance(graph=graph), Clock())
    person, people = caller(OURS, "key:p", Role.EMPLOYEE), caller(OURS, "key:hr", Role.HR)
    limits.admit_query(person, 49)
    limits.admit_query(person, 1)
    with pytest.raises(TooMany) as refusal:
        limits.admit_query(person, 1)
    assert refusal.value.headers["Retry-After"] == "1"
    assert refusal.value.limit == "graph"
    for _ in range(20):
        limits.admit_query(people, 50)
    with pytest.raises(TooMany):
        limits.admit_query(people, 1)


class World:
    """An app whose keys are `good-<tenant>-<name>`, and what its routes were asked."""

    def __init__(self, **changed: Any) -> None:
        self.clock = Clock()
        self.served: Counter[int] = Counter()
        self.open = asyncio.Event()
        self.open.set()
        self.app = make_app("t", "t", [], lifespan=_no_lifespan, documented=False)
        self.app.state.limits = Limits(allowance(**changed), self.clock)
        self.app.add_api_route("/thing", self._serve)

    async def _serve(self, request: Request) -> Response:
        word, _, rest = request.headers["authorization"].removeprefix("Bearer ").partition("-")
        if word != "good":
            raise Unauthenticated("The API key is not good.")
        tenant, _, name = rest.partition("-")
        request.scope["kaohe.caller"] = caller(int(tenant), f"key:{name}")
        self.served[int(tenant)] += 1
        await self.open.wait()
        return Response("{}")

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://kaohe.test") as client:
            yield client


@asynccontextmanager
async def _no_lifespan(_app: FastAPI) -> AsyncIterator[None]:
    yield


async def ask(client: httpx.AsyncClient, bearer: str, times: int) -> Counter[int]:
    answers = [
        await client.get("/thing", headers={"Authorization": f"Bearer {bearer}"})
        for _ in range(times)
    ]
    for answer in answers:
        if answer.status_code == 429:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"] == "too_many_requests"
            assert int(answer.headers["retry-after"]) >= 1
            assert answer.headers["x-content-type-options"] == "nosniff"
    return Counter(answer.status_code for answer in answers)


async def test_two_companies_at_one_door() -> None:
    """Promise 7 of reliability: the loud one is refused before its route runs, the other served."""
    world = World()
    async with world.client() as client:
        loud: Counter[int] = Counter()
        quiet: Counter[int] = Counter()
        for _ in range(10):
            loud += await ask(client, "good-1-a", 50)
            quiet += await ask(client, "good-2-a", 5)
            world.clock.now += 1
        assert quiet == {200: 50}
        assert loud == {200: 20 + 9 * 10, 429: 500 - 110}
        assert world.served == {1: 110, 2: 50}
        metrics = (await client.get("/metrics")).text
        assert 'kaohe_refused_total{limit="key"} 390.0' in metrics


async def test_nobody_empties_a_bucket_in_anothers_name_or_learns_how_full_it_is() -> None:
    world = World(strangers=Rate(1, 1000))
    async with world.client() as client:
        assert await ask(client, "forged-1-a", 200) == {401: 200}
        assert await ask(client, "good-1-a", 30) == {200: 20, 429: 10}
        assert await ask(client, "forged-1-a", 3) == {401: 3}


async def test_bearers_that_are_not_good_share_one_bucket() -> None:
    world = World()
    async with world.client() as client:
        assert await ask(client, "good-1-a", 1) == {200: 1}
        forged = Counter[int]()
        for number in range(9):
            forged += await ask(client, f"forged-{number}", 1)
        assert forged == {401: 5, 429: 4}
        # Who was known goes in; who is new waits until the others have been sent away long enough.
        assert await ask(client, "good-1-a", 3) == {200: 3}
        assert await ask(client, "good-2-b", 1) == {429: 1}
        world.clock.now += 1
        assert await ask(client, "good-2-b", 3) == {200: 3}


async def test_so_many_requests_of_one_company_are_under_way() -> None:
    limits = Limits(allowance(at_once=3), Clock())
    limits.under_way[OURS] = 3
    with pytest.raises(TooMany) as refusal:
        limits.admit(caller(OURS))
    assert (refusal.value.limit, refusal.value.headers["Retry-After"]) == ("at_once", "1")
    limits.admit(caller(THEIRS))
    limits.under_way[OURS] = 2
    limits.admit(caller(OURS))
    world = World()
    async with world.client() as client:
        await ask(client, "good-1-a", 5)
    assert world.app.state.limits.under_way == {}


async def test_a_companys_requests_reach_its_routes_in_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "TURN_SECONDS", 60)
    world = World()
    async with world.client() as client:
        for tenant in (OURS, THEIRS):
            await ask(client, f"good-{tenant}-a", 2)
        world.open.clear()
        many = [asyncio.create_task(ask(client, "good-1-a", 1)) for _ in range(turns.TURNS + 3)]
        one = asyncio.create_task(ask(client, "good-2-a", 1))
        async with asyncio.timeout(10):
            while world.served != {OURS: 2 + turns.TURNS, THEIRS: 3}:
                await asyncio.sleep(0.01)
        assert world.app.state.limits.under_way == {OURS: turns.TURNS + 3, THEIRS: 1}
        world.open.set()
        assert sum(await asyncio.gather(*many, one), Counter[int]()) == {200: turns.TURNS + 4}
        assert world.app.state.limits.under_way == {}


def test_the_environment_may_say_otherwise() -> None:
    usual = DoorSettings().read_limits().allowance
    assert (usual.key, usual.tenant) == (Rate(200, 1000), Rate(400, 2000))
    # The dearest query there may be is within everybody's reach.
    assert {rate.burst >= 5000 for rate in usual.graph.values()} == {True}
    stated = {"limit_key_per_second": 7, "limit_graph_per_second": {"employee": 3}}
    other = DoorSettings.model_validate(stated).read_limits().allowance
    assert (other.key.per_second, other.graph[Role.EMPLOYEE], other.graph[Role.HR]) == (
        7, Rate(3, 60), usual.graph[Role.HR],
    )  # fmt: skip
    with pytest.raises(ValueError, match="limit_key_burst"):
        DoorSettings.model_validate({"limit_key_burst": 0})
