"""What stands in a request to the api forges no line of its log: one event is one line of JSON."""

import json
import logging
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from services.schema.db import Database
from tests.api.companies import Company, Json
from tests.api.graph.serving import served
from tests.api.graph.test_sockets import PROTOCOL
from tests.api.test_tokens import make, tokens
from tests.figures import Figures, Wrong
from tests.ingest.rest.test_floods import FORGED
from tests.ingest.workers.test_canaries import logged

HEADERS = (
    "Authorization", "User-Agent", "Idempotency-Key", "X-Request-Id", "If-Match", "Accept", "Host",
    "X-Forwarded-For", "Content-Encoding", "Cookie",
)  # fmt: skip
OF = "requests to the api with texts that act"


def bodies(text: str) -> tuple[tuple[str, str, Json], ...]:
    """A text as a name, as the id of an order, in a query, as its variable and in a list."""
    asked = "query ($v: String!) { employee(code: $v) { code } }"
    return (
        ("PUT", "/v1/units/u", {"name": text[:1_000_000]}),
        ("POST", "/v1/scorecards/sc_1/disputes", {"fact": f"orders/erp/{text}", "reason": "why"}),
        ("POST", "/v1/employees/batch", [{"code": text, "name": text[:100]}]),
        ("POST", "/graphql", {"query": f"# {text}\n{{ __typename }}"}),
        ("POST", "/graphql", {"query": asked, "variables": {"v": text}}),
        ("POST", "/graphql", {"query": asked, "operationName": text}),
    )


async def asked_with(company: Company, text: str) -> AsyncIterator[int]:
    """The statuses of requests with a text in the path, query, headers, login and bodies."""
    own = {b"Authorization": f"Bearer {company.keys['admin']}".encode()}
    raw, short = text.encode(), quote(text[:9000])
    for path in (f"/v1/{short}", f"/v1/units/{short}", f"/v1/units?cursor={short}&{short}=1"):
        yield (await company.client.get(path, headers=own)).status_code
    for name in HEADERS:
        value = b"Bearer " + raw if name == "Authorization" else raw
        headers = {**own, name.encode(): value}
        answer = await company.client.post("/v1/units/batch", content=b"[]", headers=headers)
        yield answer.status_code
    login = make(tenant=company.number, role="admin", sub=text)
    for key in (login, f"{company.keys['admin']}\x1b[31m"):
        headers = {b"Authorization": f"Bearer {key}".encode()}
        yield (await company.client.get("/v1/units", headers=headers)).status_code
    for method, path, body in bodies(text):
        content = json.dumps(body, ensure_ascii=False).encode()
        headers = {**own, b"Content-Type": b"application/json"}
        answer = await company.client.request(method, path, content=content, headers=headers)
        yield answer.status_code


@pytest.mark.parametrize("text", FORGED, ids=["CR LF", "LF", "ANSI", "U+2028", "1 MB"])
async def test_scenario_x04_requests_forge_no_line(
    company: Company, text: str, figure: Figures
) -> None:
    company.app.state.tokens = tokens()
    with logged() as written:
        statuses = [status async for status in asked_with(company, text)]
    events = events_of(written.getvalue())
    figure("X04", Wrong.ACCEPTED, forged(events), tried=len(statuses), of=OF)
    assert [event["event"] for event in events].count("request") == len(statuses)
    assert max(statuses) < 500


async def test_scenario_x04_what_went_wrong_forges_no_line(
    company: Company, figure: Figures
) -> None:
    """A mistake of ours that tells what it was given is one line with its whole traceback."""
    for text in FORGED:
        with (
            logged() as written,
            patch.object(Database, "read", side_effect=RuntimeError(text)),
            pytest.raises(RuntimeError),
        ):
            await company.get("/v1/units")
        events = events_of(written.getvalue())
        figure("X04", Wrong.ACCEPTED, forged(events), tried=1, of=OF)
        assert [event["event"] for event in events] == ["request", "request.failed"]
        assert text[-20:] in events[1]["exception"]


async def test_scenario_x04_sockets_forge_no_line(
    company: Company,
    figure: Figures,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor do they in what the server of HTTP says of its own."""
    server = logging.getLogger("uvicorn")
    # Wherever another test lets its lines go, and whichever it wants, they are heard here.
    for name in ("uvicorn", "uvicorn.error"):
        caplog.set_level(logging.INFO, logger=name)
    monkeypatch.setattr(server, "handlers", [caplog.handler])
    monkeypatch.setattr(server, "propagate", False)
    tried, texts = 0, [text for text in FORGED if len(text) < 60_000]
    with logged() as written:
        async with served(company.app) as port:
            for text in texts:
                for message in (
                    {"type": "connection_init", "payload": {"key": text}},
                    {"type": text},
                    {"type": "subscribe", "id": text, "payload": {"query": text}},
                ):
                    await _say(port, text, message)
                    tried += 1
    events = events_of(written.getvalue())
    figure("X04", Wrong.ACCEPTED, forged(events), tried=tried, of="messages of sockets")
    told = [each.getMessage() for each in caplog.records if each.name.startswith("uvicorn")]
    wrong = [each for each in told if not each.isprintable()]
    figure("X04", Wrong.ACCEPTED, wrong, tried=len(told), of="lines of the server of HTTP")


async def _say(port: int, text: str, message: Json) -> None:
    """Open a socket by an address with a text, say something, and wait until it is closed."""
    address = f"ws://127.0.0.1:{port}/graphql?{quote(text)}"
    protocols = [Subprotocol(PROTOCOL)]
    async with connect(
        address, subprotocols=protocols, user_agent_header=quote(text), proxy=None
    ) as connection:
        await connection.send(json.dumps(message))
        with pytest.raises(ConnectionClosed):
            await connection.recv()


def events_of(written: str) -> list[dict[str, Any]]:
    """Each line as the event that it must be, and nothing that acts stands in one."""
    lines = written.splitlines()
    assert [line for line in lines if not line.isprintable()] == []
    return [json.loads(line) for line in lines]


def forged(events: list[dict[str, Any]]) -> list[str]:
    """The events that a request has named."""
    return [event["event"] for event in events if "forged" in event["event"]]
