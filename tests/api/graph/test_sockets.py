"""Subscriptions: who may open a socket, what is sent over it, and to whom."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import date

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from services.api.graph import sockets
from services.door.limits import Limits, Rate
from services.local.exchange import Service
from services.local.origin import Routes, open_origin
from tests.api.appraisals import found, move, open_cycle, publish_scheme, sell, set_targets
from tests.api.companies import Company, Json
from tests.api.facts import Sale
from tests.api.graph.serving import served

PROTOCOL = "graphql-transport-ws"
QUERY = """subscription ($cycle: String!, $employee: String) {
    scorecardChanged(cycle: $cycle, employee: $employee) { subject total status } }"""


class Socket:
    """One client's socket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, message: Json) -> None:
        await self.connection.send(json.dumps(message))

    async def hear(self) -> Json:
        async with asyncio.timeout(10):
            return json.loads(await self.connection.recv())

    async def sign_in(self, key: str) -> None:
        await self.send({"type": "connection_init", "payload": {"key": key}})
        assert (await self.hear())["type"] == "connection_ack"

    async def subscribe(self, query: str = QUERY, id: str = "1", **variables: str) -> None:
        payload = {"query": query, "variables": variables}
        await self.send({"type": "subscribe", "id": id, "payload": payload})
        # What was sent before is dealt with before this is answered.
        await self.send({"type": "ping"})
        assert await self.hear() == {"type": "pong"}

    async def closed(self) -> int:
        """The code with which the other side closes."""
        with pytest.raises(ConnectionClosed) as caught:
            await self.hear()
        assert caught.value.rcvd is not None
        return caught.value.rcvd.code


class Place:
    """Where sockets are opened."""

    def __init__(self, company: Company, port: int) -> None:
        self.company = company
        self.port = port

    @asynccontextmanager
    async def open(
        self, protocol: str = PROTOCOL, origin: str | None = None, key: str | None = None
    ) -> AsyncIterator[Socket]:
        async with connect(
            f"ws://127.0.0.1:{self.port}/graphql",
            subprotocols=[Subprotocol(protocol)],
            origin=Origin(origin) if origin else None,
            proxy=None,
        ) as connection:
            socket = Socket(connection)
            if key is not None:
                await socket.sign_in(self.company.keys[key])
            yield socket


@pytest.fixture
async def place(company: Company) -> AsyncIterator[Place]:
    """A company, served on a port."""
    async with served(company.app) as port:
        yield Place(company, port)


@pytest.fixture
async def appraised(place: Place) -> Place:
    """The same with an open cycle of three agents."""
    company = place.company
    await found(company)
    await publish_scheme(company)
    await set_targets(company, {"e-1": "1000", "e-2": "500", "e-3": "100"})
    await sell(company, Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="10"))
    await open_cycle(company)
    await company.make_key("employee", "employee", "e-2")
    await company.make_key("payroll", "payroll")
    return place


async def change(company: Company, employee: str, amount: str, day: int = 6) -> None:
    """Sell, and have it settled as a reader would."""
    await sell(company, Sale(paid_on=date(2026, 1, day), salesperson=employee, amount=amount))
    await company.app.state.live.settle(company.number)


def told(message: Json) -> tuple[str, str]:
    assert message["type"] == "next", message
    card = message["payload"]["data"]["scorecardChanged"]
    return card["subject"], card["total"]


def codes(message: Json) -> list[str]:
    errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
    return [error["extensions"]["code"] for error in errors]


async def test_a_change_is_told_to_who_follows_it(appraised: Place) -> None:
    async with appraised.open(key="admin") as every, appraised.open(key="admin") as one:
        await every.subscribe(cycle="jan")
        await one.subscribe(cycle="jan", employee="e-2")
        await change(appraised.company, "e-1", "490")
        await change(appraised.company, "e-2", "250")
        assert told(await every.hear()) == ("employee:e-1", "50.00")
        assert told(await every.hear()) == ("employee:e-2", "40.00")
        assert told(await one.hear()) == ("employee:e-2", "40.00")
        await one.send({"type": "complete", "id": "1"})
        await move(appraised.company, "jan", "closed")
        heard = [(await every.hear())["payload"]["data"]["scorecardChanged"] for _ in range(3)]
        assert {card["status"] for card in heard} == {"IN_REVIEW"}
        await one.send({"type": "ping"})
        assert await one.hear() == {"type": "pong"}


async def test_nobody_is_told_what_they_may_not_see(appraised: Place) -> None:
    async with appraised.open(key="employee") as own:
        await own.subscribe(cycle="jan")
        await change(appraised.company, "e-1", "490")
        await change(appraised.company, "e-2", "250")
        assert told(await own.hear()) == ("employee:e-2", "40.00")
    async with appraised.open(key="payroll") as refused:
        await refused.subscribe(cycle="jan")
        assert codes(await refused.hear()) == ["forbidden"]


async def test_a_key_that_is_revoked_hears_no_more(appraised: Place) -> None:
    key_id = await appraised.company.make_key("leaver", "viewer")
    async with appraised.open(key="leaver") as socket:
        await socket.subscribe(cycle="jan")
        await change(appraised.company, "e-1", "490")
        assert told(await socket.hear()) == ("employee:e-1", "50.00")
        assert (await appraised.company.ask("DELETE", f"/v1/keys/{key_id}")).status_code < 300
        await change(appraised.company, "e-1", "1", day=7)
        assert codes(await socket.hear()) == ["unauthenticated"]
        assert (await socket.hear())["type"] == "complete"


REFUSED_QUERIES = (
    ("{ viewer { role } }", "operation_refused"),
    ("mutation { x }", "operation_refused"),
    ("", "operation_refused"),
    ("subscription { nothing }", "query_invalid"),
    ("subscription {", "query_invalid"),
    (
        'subscription { scorecardChanged(cycle: "jan") { '
        + " ".join(f"a{n}: total" for n in range(16))
        + " } }",
        "too_complex",
    ),
)


async def test_only_subscriptions_within_the_limits_are_run(place: Place) -> None:
    async with place.open(key="admin") as socket:
        for number, (query, code) in enumerate(REFUSED_QUERIES):
            payload = {"query": query}
            await socket.send({"type": "subscribe", "id": str(number), "payload": payload})
            message = await socket.hear()
            assert (message["type"], message["id"]) == ("error", str(number))
            assert codes(message) == [code]


UNSIGNED = (
    ({"type": "subscribe", "id": "1", "payload": {"query": QUERY}}, 4401),
    ({"type": "connection_init"}, 4403),
    ({"type": "connection_init", "payload": {"key": "kh_1_x"}}, 4403),
    ({"type": "connection_init", "payload": {"authorization": "Bearer nonsense"}}, 4403),
    ({"type": "connection_init", "payload": []}, 4400),
    ({"type": "nonsense"}, 4400),
    ({"type": 1}, 4400),
    (["connection_init"], 4400),
    ({"type": "subscribe", "id": 1, "payload": {"query": QUERY}}, 4400),
    ({"type": "subscribe", "id": "1", "payload": "x"}, 4400),
    ({"type": "subscribe", "id": "1", "payload": {"query": 1}}, 4400),
    ({"type": "connection_init", "payload": {"key": "x" * (1 << 16)}}, 1009),
)


async def test_a_socket_that_does_not_sign_in_is_closed(place: Place) -> None:
    for message, code in UNSIGNED:
        async with place.open() as socket:
            await socket.send(message)
            assert await socket.closed() == code, message


async def test_what_is_no_json_closes_the_socket(place: Place) -> None:
    for text in ("{", "[" * 100, '{"type": NaN}', b"\x00"):
        async with place.open() as socket:
            await socket.connection.send(text)
            assert await socket.closed() == 4400


async def test_who_signs_in_too_often_is_sent_away_as_at_any_door(place: Place) -> None:
    usual: Limits = place.company.app.state.limits
    allowance = replace(usual.allowance, key=Rate(1, 2), strangers=Rate(1, 1))
    place.company.app.state.limits = Limits(allowance, lambda: 0.0)
    forged = {"type": "connection_init", "payload": {"key": "kh_1_x_y"}}
    good = {"type": "connection_init", "payload": {"key": place.company.keys["admin"]}}
    for message, told in ((good, None), (forged, 4403), (forged, 4403), (good, None), (good, 4403)):
        async with place.open() as socket:
            await socket.send(message)
            if told is None:
                assert (await socket.hear())["type"] == "connection_ack"
            else:
                assert await socket.closed() == told
    assert place.company.app.state.limits._strangers.wait("strangers", Rate(1, 1)) == 1


async def test_headers_of_a_browsers_tool_sign_in_as_well(place: Place) -> None:
    async with place.open() as socket:
        key = place.company.keys["admin"]
        payload = {"Authorization": f"Bearer {key}"}
        await socket.send({"type": "connection_init", "payload": payload})
        assert (await socket.hear())["type"] == "connection_ack"


async def test_other_protocols_and_origins_are_refused(place: Place) -> None:
    async with place.open(protocol="graphql-ws") as socket:
        assert await socket.closed() == 4406
    with pytest.raises(InvalidStatus) as caught:
        async with place.open(origin="https://elsewhere.test"):
            pytest.fail("a page of another origin opened a socket")
    assert caught.value.response.status_code == 403
    async with place.open(origin=f"http://127.0.0.1:{place.port}", key="admin"):
        pass


async def test_sockets_and_subscriptions_are_bounded(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "SOCKETS_OF_CALLER", 1)
    monkeypatch.setattr(sockets, "SOCKETS", 2)
    async with place.open(key="admin") as socket, place.open() as second:
        await second.send(
            {"type": "connection_init", "payload": {"key": place.company.keys["admin"]}}
        )
        assert await second.closed() == 4403
        for number in range(sockets.SUBSCRIPTIONS_OF_SOCKET):
            await socket.subscribe(id=str(number), cycle="jan")
        payload = {"query": QUERY, "variables": {"cycle": "jan"}}
        await socket.send({"type": "subscribe", "id": "more", "payload": payload})
        assert (await socket.hear())["type"] == "error"
        # The server hears a moment later that a socket has closed.
        async with soon(place.open):
            with pytest.raises(InvalidStatus):
                async with place.open():
                    pytest.fail("one socket too many was opened")
    async with soon(lambda: place.open(key="admin")):
        pass


@asynccontextmanager
async def soon(opened: Callable[[], AbstractAsyncContextManager[Socket]]) -> AsyncIterator[None]:
    """A socket, tried until it opens."""
    async with asyncio.timeout(10), AsyncExitStack() as stack:
        while True:
            try:
                await stack.enter_async_context(opened())
            except (InvalidStatus, ConnectionClosed):
                await asyncio.sleep(0.01)
            else:
                break
        yield


async def test_a_socket_opens_through_the_one_origin(appraised: Place) -> None:
    routes = Routes(Service("api", appraised.port, 5))
    async with open_origin(0, routes) as port:
        page = f"http://127.0.0.1:{port}"
        async with Place(appraised.company, port).open(origin=page, key="admin") as socket:
            await socket.subscribe(cycle="jan")
            await change(appraised.company, "e-1", "490")
            assert told(await socket.hear()) == ("employee:e-1", "50.00")
