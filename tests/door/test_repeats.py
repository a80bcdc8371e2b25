"""Whatever is sent under whatever key, and wherever a process dies: one effect and one answer."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx
import pytest
import structlog
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
)

from services.door import access
from services.schema.db import Database, WriteSession
from tests.databases import TestDatabase
from tests.door.test_routes import World
from tests.figures import Figures, Wrong
from tests.machines import ON_A_DATABASE, Size

FAILS = {"away": 503, "broken": 500}
CODES = ("a", "b", "refused", *FAILS)


class Died(Exception):
    """The process ends here: nobody gets an answer."""


class Mortal(Database):
    """A database whose service dies when the test says so."""

    dies: str | None = None
    """`before` the next commit, or `after` it."""

    @asynccontextmanager
    async def write(self, tenant: int) -> AsyncIterator[WriteSession]:
        dies, self.dies = self.dies, None
        async with super().write(tenant) as session:
            yield session
            if dies == "before":
                raise Died
        if dies == "after":
            raise Died


@dataclass(slots=True)
class Kept:
    """What was first asked under a key; its answer once somebody has seen it."""

    code: str
    answer: tuple[int, bytes] | None


class Repeating(RuleBasedStateMachine):
    """Two callers send what they like under a few keys; a model says what may have happened."""

    runner: ClassVar[asyncio.Runner]
    world: ClassVar[World]
    database: ClassVar[Mortal]
    tenants: ClassVar[Iterator[int]] = itertools.count(1)
    sent = 0

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(coroutine)

    @initialize()
    def begin(self) -> None:
        self.model: dict[tuple[str, str], Kept] = {}
        self.effects = 0
        tenant = next(self.tenants)
        self.keys = [self.run(self.world.grant(tenant, "erp")) for _ in range(2)]

    @rule(
        caller=st.integers(0, 1),
        key=st.sampled_from(("k1", "k2", "k3")),
        code=st.sampled_from(CODES),
        dies=st.sampled_from((None, None, "before", "after")),
    )
    def send(self, caller: int, key: str, code: str, dies: str | None) -> None:
        self.world.key = self.keys[caller]
        self.database.dies = dies
        answer = self.run(self._post(key, code))
        self.database.dies = None
        self._judge((self.keys[caller], key), code, dies, answer)
        assert self.run(self.world.count()) == (self.effects or None)

    @rule(
        caller=st.integers(0, 1),
        key=st.sampled_from(("k1", "k2", "k3")),
        code=st.sampled_from(("a", "b", "refused")),
    )
    def send_many_at_once(self, caller: int, key: str, code: str) -> None:
        self.world.key = self.keys[caller]
        answers = self.run(self._post_many(key, code))
        first = next((each for each in answers if not _is_repeat(each)), answers[0])
        self._judge((self.keys[caller], key), code, None, first)
        assert len({(each.status_code, each.content) for each in answers}) == 1
        assert self.run(self.world.count()) == (self.effects or None)

    @rule(caller=st.integers(0, 1))
    def send_without_a_key(self, caller: int) -> None:
        self.world.key = self.keys[caller]
        assert self.run(self.world.post(_body("a"))).status_code == 201
        self.effects += 1

    async def _post(self, key: str, code: str) -> httpx.Response:
        Repeating.sent += 1
        return await self.world.post(_body(code), Idempotency_Key=key)

    async def _post_many(self, key: str, code: str) -> list[httpx.Response]:
        return await asyncio.gather(*(self._post(key, code) for _ in range(4)))

    def _judge(
        self, asked: tuple[str, str], code: str, dies: str | None, answer: httpx.Response
    ) -> None:
        kept = self.model.get(asked)
        seen = (answer.status_code, answer.content)
        if kept is None:
            if dies != "before" and code not in FAILS:
                self.effects += code != "refused"
                self.model[asked] = Kept(code, None if dies else seen)
            expected = FAILS.get(code) or (409 if code == "refused" else 201)
            assert answer.status_code == (500 if dies and code not in FAILS else expected)
            assert not _is_repeat(answer)
        elif dies:
            assert answer.status_code in {500, 422}
        elif kept.code != code:
            assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
        else:
            assert _is_repeat(answer)
            kept.answer = kept.answer or seen
            assert seen == kept.answer


def _body(code: str) -> str:
    return f'{{"code": "{code}", "amount": "1.50"}}'


def _is_repeat(answer: httpx.Response) -> bool:
    return "idempotency-replayed" in answer.headers


@contextmanager
def repeating(database: TestDatabase) -> Iterator[None]:
    """The machine's world, over a database of its own."""
    with asyncio.Runner() as runner:
        Repeating.runner = runner
        Repeating.database = Mortal(database.dsn("kaohe_api"), application="test")
        Repeating.world = World(Repeating.database)
        yield
        runner.run(Repeating.world.client.aclose())
        runner.run(Repeating.database.close())


@ON_A_DATABASE
def test_scenario_e03_no_sequence_of_requests_and_deaths_doubles_or_loses_an_effect(
    size: Size, fresh_database: TestDatabase, monkeypatch: pytest.MonkeyPatch, figure: Figures
) -> None:
    allowed: dict[str, access.Cell] = {"erp": "allow"}
    for operation in ("REST POST /v1/things", "REST GET /v1/things"):
        monkeypatch.setitem(access.matrix(), operation, allowed)
    with repeating(fresh_database), structlog.testing.capture_logs():
        size.run(Repeating)
    figure("E03", Wrong.EFFECTS, 0, tried=Repeating.sent, of="requests in sequences by chance")
