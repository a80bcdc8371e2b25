"""How much each caller and each company may ask of one process; beyond it 429 and when to come.

A bucket for each key and one for each tenant fill at their rates. They are charged before the
database is asked: a bearer that was good before is known by its digest, any other has to prove
itself first, so that nobody can empty a bucket in another's name, or learn how full it is.
"""

import hashlib
import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.door.problems import TooMany, problem_of
from services.door.turns import Turns
from services.schema.shapes.people import Caller
from services.schema.words import Role

MOST_REMEMBERED = 20_000
"""Bearers, and buckets of a kind, that a process remembers: who comes seldom begins anew."""
STRANGERS = "strangers"
"""Bearers that have not been good here: together they may fail so often."""

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second, and so many at once after a rest."""

    per_second: int
    burst: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """What callers may ask of one process; several processes allow as many times as much."""

    key: Rate
    tenant: Rate
    strangers: Rate
    at_once: int
    """Requests of one tenant that are under way."""
    graph: Mapping[Role, Rate]
    """Objects that the queries of one caller may ask for, by its role."""


class Buckets:
    """Buckets of one kind, filled as time goes by; those longest unused are forgotten."""

    def __init__(self, clock: Clock, *, most: int = MOST_REMEMBERED) -> None:
        self._clock = clock
        self._most = most
        self._filled: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def wait(self, name: Hashable, rate: Rate, cost: int = 1) -> float:
        """Seconds until so much is in a bucket; 0 if it is now."""
        lacking = min(cost, rate.burst) - self._level(name, rate)
        return max(0.0, lacking / rate.per_second)

    def take(self, name: Hashable, rate: Rate, cost: int = 1) -> None:
        """Take so much out, also what is not there: then it fills from below."""
        # Not far below: what was let in at once is not held against somebody for ever.
        level = max(self._level(name, rate) - cost, -float(rate.burst))
        self._filled[name] = (level, self._clock())
        self._filled.move_to_end(name)
        if len(self._filled) > self._most:
            self._filled.popitem(last=False)

    def _level(self, name: Hashable, rate: Rate) -> float:
        level, at = self._filled.get(name, (float(rate.burst), self._clock()))
        return min(float(rate.burst), level + (self._clock() - at) * rate.per_second)

    def __len__(self) -> int:
        return len(self._filled)


@dataclass(slots=True)
class Limits:
    """What callers have asked of this process of late."""

    allowance: Allowance
    clock: Clock = time.monotonic
    under_way: Counter[int] = field(default_factory=Counter)
    turns: Turns = field(init=False)
    _known: OrderedDict[bytes, Caller] = field(default_factory=OrderedDict)
    _keys: Buckets = field(init=False)
    _tenants: Buckets = field(init=False)
    _graph: Buckets = field(init=False)
    _strangers: Buckets = field(init=False)

    def __post_init__(self) -> None:
        self._keys, self._tenants = Buckets(self.clock), Buckets(self.clock)
        self._graph, self._strangers = Buckets(self.clock), Buckets(self.clock)
        self.turns = Turns(self.clock)

    def known(self, bearer: bytes) -> Caller | None:
        """Who a bearer was when it last was good; that it still is, the route finds out."""
        caller = self._known.get(bearer)
        if caller is not None:
            self._known.move_to_end(bearer)
        return caller

    def admit(self, caller: Caller | None) -> None:
        """Refuse what is too much, before anything is done for it; else charge for it."""
        if caller is None:
            wait = self._strangers.wait(STRANGERS, self.allowance.strangers)
            _refuse_if(wait, "strangers", "Too many requests without a good key.")
            return
        if self.under_way[caller.tenant] >= self.allowance.at_once:
            _refuse_if(1, "at_once", "Too many requests of this company are under way.")
        key, tenant = self.allowance.key, self.allowance.tenant
        wait = self._keys.wait(_name_of(caller), key)
        _refuse_if(wait, "key", f"At most {key.per_second} requests a second with one key.")
        wait = self._tenants.wait(caller.tenant, tenant)
        text = f"At most {tenant.per_second} requests a second of one company."
        _refuse_if(wait, "tenant", text)
        self._charge(caller)

    def learn(self, bearer: bytes, caller: Caller) -> None:
        """A bearer was good: from now on it is charged before it is looked up."""
        self._known[bearer] = caller
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        self._charge(caller)

    def note_failure(self) -> None:
        """A bearer was not good."""
        self._strangers.take(STRANGERS, self.allowance.strangers)

    def admit_query(self, caller: Caller, cost: int) -> None:
        """The same for a query of GraphQL that asks for so many objects."""
        rate = self.allowance.graph[caller.role]
        wait = self._graph.wait(_name_of(caller), rate, cost)
        text = f"At most {rate.per_second} objects a second are given to the role {caller.role}."
        _refuse_if(wait, "graph", text)
        self._graph.take(_name_of(caller), rate, cost)

    def _charge(self, caller: Caller) -> None:
        self._keys.take(_name_of(caller), self.allowance.key)
        self._tenants.take(caller.tenant, self.allowance.tenant)


def _refuse_if(wait: float, limit: str, detail: str) -> None:
    if wait > 0:
        raise TooMany(detail, retry_after_seconds=max(1, math.ceil(wait)), limit=limit)


class Limited:
    """Asks the app's limits about each request that names a bearer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        authorization = authorization_of(scope) if scope["type"] == "http" else b""
        limits: Limits | None = getattr(scope["app"].state, "limits", None)
        if not authorization or limits is None:
            await self._app(scope, receive, send)
            return
        bearer = digest_of(authorization)
        caller = limits.known(bearer)
        try:
            limits.admit(caller)
        except TooMany as refusal:
            response = problem_of(refusal)
            assert response is not None
            scope["kaohe.caller"] = caller
            scope["app"].state.metrics.refused.labels(refusal.limit).inc()
            await response(scope, receive, send)
            return
        if caller is None:
            await self._meet(bearer, limits, scope, receive, send)
        else:
            await self._serve(caller.tenant, limits, scope, receive, send)

    async def _serve(
        self, tenant: int, limits: Limits, scope: Scope, receive: Receive, send: Send
    ) -> None:
        limits.under_way[tenant] += 1
        try:
            end_turn = await limits.turns.begin(tenant)
            try:
                await self._app(scope, receive, send)
            finally:
                end_turn()
        finally:
            limits.under_way[tenant] -= 1
            if not limits.under_way[tenant]:
                del limits.under_way[tenant]

    async def _meet(
        self, bearer: bytes, limits: Limits, scope: Scope, receive: Receive, send: Send
    ) -> None:
        status = 0

        async def send_seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_seen)
        finally:
            met: Caller | None = scope.get("kaohe.caller")
            if met is not None:
                limits.learn(bearer, met)
            elif status == 401:
                limits.note_failure()


def digest_of(authorization: bytes) -> bytes:
    """By what a bearer is known again."""
    return hashlib.sha256(authorization).digest()


def authorization_of(scope: Scope) -> bytes:
    """What a request says of who asks; empty if it says nothing."""
    stated: list[tuple[bytes, bytes]] = scope["headers"]
    return next((value for name, value in stated if name == b"authorization"), b"")


def _name_of(caller: Caller) -> Hashable:
    return (caller.tenant, caller.name)
