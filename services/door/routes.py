"""Routes as transactions: the caller checked, one session, committed before the answer leaves.

A handler takes `caller: Asking` and `session: Reading` or `Writing`; it never opens or commits. A
refusal undoes what the handler wrote and keeps the answer under the caller's Idempotency-Key.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from services.door.access import authorize
from services.door.callers import check_claim, claim_of
from services.door.problems import DoorError, Unreadable, problem_of
from services.door.requests import StrictRequest
from services.door.store import Reply, claim_reply, keep_reply
from services.schema.db import Database, ReadSession, WriteSession
from services.schema.errors import Fault, Invalid, KaoheError, Unavailable
from services.schema.shapes.people import Caller

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def asking(request: Request) -> Caller:
    """The caller whom the route has authenticated."""
    caller: Caller = request.scope["kaohe.caller"]
    return caller


def reading(request: Request) -> ReadSession:
    """The route's reading session."""
    session: ReadSession = request.scope["kaohe.session"]
    return session


def writing(request: Request) -> WriteSession:
    """The route's writing session."""
    session = request.scope["kaohe.session"]
    assert isinstance(session, WriteSession), "only POST, PUT and DELETE write"
    return session


Asking = Annotated[Caller, Depends(asking)]
Reading = Annotated[ReadSession, Depends(reading)]
Writing = Annotated[WriteSession, Depends(writing)]


class ShownOnce(Response):
    """An answer with a secret: what is kept of it, and repeated, is another body without."""

    def __init__(self, body: bytes, status: int, *, kept: bytes) -> None:
        super().__init__(body, status, media_type="application/json")
        self.kept = kept


class _Route(APIRoute):
    """A route with its row in the matrix."""

    @property
    def operation(self) -> str:
        (method,) = (self.methods or set()) - {"HEAD"}
        return f"REST {method} {self.path_format}"

    def get_route_handler(self) -> Handler:
        handler = self.get_strict_handler()

        async def handle(request: Request) -> Response:
            return await self.serve(StrictRequest(request.scope, request.receive), handler)

        return handle

    def get_strict_handler(self) -> Handler:
        """The handler, which refuses a parameter of the query that it would not read."""
        handler = super().get_route_handler()
        known = parameters_of(self)

        async def handle(request: Request) -> Response:
            unknown = [name for name in request.query_params if name not in known]
            if unknown:
                raise RequestValidationError(
                    [
                        {
                            "type": "extra_forbidden",
                            "loc": ("query", name),
                            "msg": "there is no such parameter",
                        }
                        for name in unknown
                    ]
                )
            given = [*request.path_params.items(), *request.query_params.multi_items()]
            if unkeepable := [name for name, value in given if "\0" in value]:
                raise RequestValidationError(
                    [
                        {"type": "text", "loc": ("query", name), "msg": "U+0000 cannot be kept"}
                        for name in unkeepable
                    ]
                )
            return await handler(request)

        return handle

    async def serve(self, request: StrictRequest, handler: Handler) -> Response:
        raise NotImplementedError


class TransactionRoute(_Route):
    """GET reads in one transaction; POST, PUT and DELETE write in one."""

    async def serve(self, request: StrictRequest, handler: Handler) -> Response:
        claim = claim_of(request)
        database: Database = request.app.state.database
        # The body is read before a connection is taken: a slow caller holds none.
        await request.body()
        if request.method in {"GET", "HEAD"}:
            async with database.read(claim.tenant) as session:
                await self._admit(request, session)
                return await self._answer(request, session, handler)
        async with database.write(claim.tenant) as session:
            await self._admit(request, session)
            body_sha256 = hashlib.sha256(await request.body()).digest()
            return await once(request, session, body_sha256, lambda: handler(request))

    async def _answer(self, request: Request, session: ReadSession, handler: Handler) -> Response:
        """Read, and note what was shown to whom where somebody may ask for that."""
        response = await handler(request)
        if session.shown:
            at = datetime.now(UTC)
            request.app.state.seen.note(asking(request), session.shown, self.operation, at=at)
        return response

    async def _admit(self, request: Request, session: ReadSession) -> None:
        caller = await check_claim(session, claim_of(request), at=datetime.now(UTC))
        authorize(self.operation, caller.role)
        request.scope["kaohe.caller"] = caller
        request.scope["kaohe.session"] = session


class StreamingRoute(_Route):
    """Authenticated and authorised; the handler reads the body and opens its sessions itself."""

    def get_route_handler(self) -> Handler:
        handler = self.get_strict_handler()

        async def handle(request: Request) -> Response:
            claim = claim_of(request)
            database: Database = request.app.state.database
            async with database.read(claim.tenant) as session:
                caller = await check_claim(session, claim, at=datetime.now(UTC))
            authorize(self.operation, caller.role)
            request.scope["kaohe.caller"] = caller
            return await handler(request)

        return handle


class KeylessRoute(_Route):
    """For who has no key of ours: the handler finds out who asks, and opens its session itself.

    Such callers may add parameters of their own to the query.
    """

    def get_strict_handler(self) -> Handler:
        return APIRoute.get_route_handler(self)

    async def serve(self, request: StrictRequest, handler: Handler) -> Response:
        await request.body()
        return await handler(request)


def router_of(route_class: type[APIRoute], *, include_in_schema: bool = True) -> APIRouter:
    """A router whose routes are of a class; the contract calls each by its handler's name."""
    return APIRouter(
        route_class=route_class,
        responses=PROBLEMS,
        include_in_schema=include_in_schema,
        generate_unique_id_function=lambda route: route.name,
    )


def new_keyless_router() -> APIRouter:
    """A router whose handlers know by other means who asks."""
    return router_of(KeylessRoute)


def new_router() -> APIRouter:
    """A router whose routes are transactions."""
    return router_of(TransactionRoute)


def new_streaming_router() -> APIRouter:
    """A router whose handlers stream bodies."""
    return router_of(StreamingRoute)


def parameters_of(route: APIRoute) -> frozenset[str]:
    """The names in the query that a route reads, by itself or through what it depends on."""
    elsewhere = (params.Path, params.Header, params.Cookie)
    fields = get_flat_params(route.dependant)
    return frozenset(each.alias for each in fields if not isinstance(each.field_info, elsewhere))


def idempotency_key(request: Request) -> str | None:
    """The caller's key of a POST, checked."""
    key = request.headers.get("idempotency-key") if request.method == "POST" else None
    if key is not None and not _KEY.fullmatch(key):
        raise Unreadable("An Idempotency-Key has 1 to 255 printable ASCII characters.")
    return key


def digest_of(request: Request, body_sha256: bytes) -> bytes:
    """What a key stands for: the path, the query and the body."""
    target = f"{request.method} {request.url.path}?{request.url.query}\n"
    return hashlib.sha256(target.encode() + body_sha256).digest()


def repeat(reply: Reply, request_sha256: bytes) -> Response:
    """The kept answer again; refuses the key with another request."""
    if reply.request_sha256 != request_sha256:
        fault = Fault("Idempotency-Key", "idempotency_key_reused", "The key is used already.")
        raise Invalid(
            "idempotency_key_reused", "The key was used for another request before.", [fault]
        )
    headers = {"Idempotency-Replayed": "true"}
    if reply.location is not None:
        headers["Location"] = reply.location
    media_type = "application/problem+json" if reply.status >= 400 else "application/json"
    return Response(reply.body, reply.status, headers=headers, media_type=media_type)


async def once(
    request: Request,
    session: WriteSession,
    body_sha256: bytes,
    answer: Callable[[], Awaitable[Response]],
) -> Response:
    """Run what answers in a savepoint; under an Idempotency-Key only the first time."""
    key = idempotency_key(request)
    caller = asking(request).name
    digest = digest_of(request, body_sha256)
    if key is not None:
        kept = await claim_reply(
            session, caller=caller, key=key, request_sha256=digest, at=datetime.now(UTC)
        )
        if kept is not None:
            return repeat(kept, digest)
    try:
        async with session.savepoint():
            response = await answer()
    except Unavailable:
        raise
    except (KaoheError, DoorError, RequestValidationError, HTTPException) as error:
        refusal = problem_of(error)
        assert refusal is not None
        response = refusal
    if key is not None:
        await keep_reply(
            session,
            caller=caller,
            key=key,
            status=response.status_code,
            location=response.headers.get("location"),
            body=response.kept if isinstance(response, ShownOnce) else bytes(response.body),
        )
    return response


def _problem_schema(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: _problem_schema("The request cannot be read."),
    401: _problem_schema("There is no good API key."),
    403: _problem_schema("The caller's role may not do this."),
    404: _problem_schema("There is no such thing within the caller's view."),
    409: _problem_schema("The rules refuse it."),
    412: _problem_schema("It has changed since it was read."),
    413: _problem_schema("The body is too large."),
    422: _problem_schema("The request is malformed; `errors` names each place."),
    429: _problem_schema("Too many requests; `Retry-After` says when to come again."),
    503: _problem_schema("Something is away; `Retry-After` says when to come again."),
}
