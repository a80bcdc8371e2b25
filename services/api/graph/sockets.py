"""Subscriptions at `/graphql`: graphql-transport-ws, signed in as it opens, bounded per caller."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, WebSocket
from starlette.datastructures import State
from starlette.status import WS_1013_TRY_AGAIN_LATER
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import Message

from services.api.graph.context import GraphContext
from services.api.graph.schema import schema
from services.door.access import authorize
from services.door.callers import Claim, check_claim, prepare_bearer, read_claim
from services.door.limits import Limits, digest_of
from services.door.problems import DoorError, Unauthenticated
from services.door.requests import parse_json
from services.door.serving import MESSAGE_BYTES
from services.schema.db import Database
from services.schema.errors import KaoheError
from services.schema.shapes.people import Caller

SOCKETS = 100
"""Of a process, so that requests always find room beside them."""
SOCKETS_OF_CALLER = 10
SUBSCRIPTIONS_OF_SOCKET = 10
PATIENCE = timedelta(seconds=10)
"""Until a socket has said who is there."""


def make_socket_router() -> APIRouter:
    """The websocket beside the route of queries."""
    router = APIRouter()
    sockets = _Sockets()

    @router.websocket("/graphql")
    async def follow(websocket: WebSocket) -> None:
        await sockets.serve(websocket)

    return router


@dataclass(slots=True, eq=False)
class Connection:
    """One socket, and who signed in to it."""

    state: State
    connection_params: dict[str, object] | None = None
    """Set by the handler: what was said as the socket opened."""
    claim: Claim | None = None
    signed_in: Caller | None = None
    caller: str | None = None

    def begin(self) -> GraphContext:
        """A context for one subscription; what it asks for is charged to who signed in."""
        assert self.claim is not None, "nobody subscribes before signing in"
        assert self.signed_in is not None, "the claim was checked"
        context = GraphContext(self.state, self.claim)
        context.caller = self.signed_in
        return context


class _Handler(BaseGraphQLTransportWSHandler[Connection, None]):
    """Refuses what is no message of the protocol, whatever its form."""

    async def handle_message(self, message: Message) -> None:
        if _is_message(message):
            await super().handle_message(message)
        else:
            await self.handle_invalid_message("This is no message of graphql-transport-ws.")


class _Sockets(GraphQL[Connection, None]):
    """All sockets of a process. Only the origin that serves them, or no browser, may open one."""

    graphql_transport_ws_handler_class = _Handler

    def __init__(self) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            connection_init_wait_timeout=PATIENCE,
            max_subscriptions_per_connection=SUBSCRIPTIONS_OF_SOCKET,
        )
        self._open = 0
        self._by_caller: Counter[str] = Counter()

    async def serve(self, websocket: WebSocket) -> None:
        if self._open >= SOCKETS:
            await websocket.close(WS_1013_TRY_AGAIN_LATER)
            return
        connection = Connection(websocket.app.state)
        self._open += 1
        try:
            await self.run(websocket, context=connection, root_value=None)
        finally:
            self._open -= 1
            if connection.caller is not None:
                self._by_caller[connection.caller] -= 1

    async def on_ws_connect(self, context: Connection) -> dict[str, object]:
        """Sign in by `{"authorization": "Bearer kh_..."}` or `{"key": "kh_..."}`."""
        try:
            said = _authorization(context.connection_params or {})
            await prepare_bearer(context.state, said)
            claim, caller = await _meet(context.state, said)
            authorize("GRAPHQL /graphql", caller.role)
        except (DoorError, KaoheError) as error:
            raise ConnectionRejectionError from error
        who = f"{caller.tenant} {caller.name}"
        if self._by_caller[who] >= SOCKETS_OF_CALLER:
            raise ConnectionRejectionError
        self._by_caller[who] += 1
        context.claim, context.signed_in, context.caller = claim, caller, who
        return {}

    def decode_json(self, data: str | bytes) -> object:
        text = data.decode() if isinstance(data, bytes) else data
        if len(text) > MESSAGE_BYTES:
            raise json.JSONDecodeError("too long", "", 0)
        try:
            return parse_json(text.encode())
        except (DoorError, KaoheError, UnicodeEncodeError) as error:
            raise json.JSONDecodeError("unreadable", "", 0) from error


async def _meet(state: State, said: str) -> tuple[Claim, Caller]:
    """Who signs in, charged as for any request; who is nobody is charged to the strangers."""
    limits: Limits = state.limits
    bearer = digest_of(said.encode())
    known = limits.known(bearer)
    limits.admit(known)
    database: Database = state.database
    try:
        claim = read_claim(said, state)
        async with database.read(claim.tenant) as session:
            caller = await check_claim(session, claim, at=datetime.now(UTC))
    except Unauthenticated:
        if known is None:
            limits.note_failure()
        raise
    if known is None:
        limits.learn(bearer, caller)
    return claim, caller


def _authorization(stated: dict[str, object]) -> str:
    """What a client says of itself; GraphiQL sends the headers as they are written there."""
    said = {name.lower(): value for name, value in stated.items()}
    key = said.get("key")  # or a token
    return f"Bearer {key}" if key is not None else str(said.get("authorization", ""))


def _is_message(message: object) -> bool:
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return False
    if message["type"] not in {"subscribe", "complete"}:
        return True
    if not isinstance(message.get("id"), str):
        return False
    if message["type"] == "complete":
        return True
    asked = message.get("payload")
    return (
        isinstance(asked, dict)
        and isinstance(asked.get("query"), str)
        and isinstance(asked.get("variables", {}), dict | None)
        and isinstance(asked.get("operationName", ""), str | None)
    )
