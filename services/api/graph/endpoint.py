"""`/graphql`: GraphQL over HTTP, as its specification says; read-only, one query a request."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from graphql import GraphQLError, located_error
from strawberry.http.ides import get_graphql_ide_html
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from services.api.graph.context import GraphContext
from services.api.graph.faults import masked
from services.api.graph.schema import schema
from services.door.app import DOCS_POLICY
from services.door.callers import claim_of
from services.door.problems import DoorError, Unreadable
from services.door.requests import StrictRequest, parse_json, read_json
from services.schema.errors import Unavailable

PATIENCE_SECONDS = 5

_JSON = "application/json"
_GRAPHQL = "application/graphql-response+json"
_ANYTHING = frozenset({"*/*", "application/*"})


class NotAcceptable(DoorError):
    """The caller takes neither of the two media types of GraphQL over HTTP."""

    status = 406
    code = "not_acceptable"


class WrongMedia(DoorError):
    """A query is posted as JSON and nothing else."""

    status = 415
    code = "unsupported_media_type"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: a document, its variables, and which operation of it."""

    query: str
    variables: dict[str, Any] | None
    operation: str | None


def make_router(*, with_ide: bool) -> APIRouter:
    """The route of queries; `with_ide` shows GraphiQL to a browser."""
    router = APIRouter(include_in_schema=False)

    @router.get("/graphql")
    async def get(request: Request) -> Response:
        if with_ide and "query" not in request.query_params and _wants_page(request):
            page = get_graphql_ide_html(graphql_ide="graphiql")
            return HTMLResponse(page, headers={"Content-Security-Policy": DOCS_POLICY})
        return await _answer(request)

    @router.post("/graphql")
    async def post(request: Request) -> Response:
        return await _answer(request)

    return router


async def _answer(request: Request) -> Response:
    media_type = _media_type(_accept(request))
    asked = _asked_by_get(request) if request.method == "GET" else await _asked_by_post(request)
    context = GraphContext(request.app.state, claim_of(request))
    # Who may not ask here is refused before the query is even parsed.
    await context.renew()
    request.scope["kaohe.caller"] = context.caller
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            result = await schema.execute(
                asked.query,
                variable_values=asked.variables,
                operation_name=asked.operation,
                context_value=context,
                allowed_operation_types={OperationType.QUERY},
            )
    except TimeoutError as error:
        raise Unavailable("The query took too long; ask for less.") from error
    except InvalidOperationTypeError as error:
        if request.method == "GET":
            raise Unreadable("Only a query can be asked for by GET.") from error
        return _respond(media_type, None, [located_error(error)])
    except CannotGetOperationTypeError as error:
        return _respond(media_type, None, [located_error(error)])
    if context.refusal is not None:
        raise context.refusal  # 429 with `Retry-After`, as at every other door
    return _respond(media_type, result.data, result.errors or [])


def _respond(media_type: str, data: dict[str, Any] | None, errors: list[GraphQLError]) -> Response:
    """A request that never began to run has no `data`, and fails where the media type allows."""
    refused = data is None and bool(errors) and all(error.path is None for error in errors)
    body: dict[str, Any] = {} if refused else {"data": data}
    if errors:
        body["errors"] = [error.formatted for error in masked(errors)]
    return Response(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
        400 if refused and media_type == _GRAPHQL else 200,
        headers={"Cache-Control": "private, no-store"},
        media_type=f"{media_type}; charset=utf-8",
    )


async def _asked_by_post(request: Request) -> Asked:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _JSON:
        raise WrongMedia("A query is posted as application/json.")
    claim_of(request)
    body = await read_json(await StrictRequest(request.scope, request.receive).body())
    if not isinstance(body, dict):
        raise Unreadable("The body is one object with `query`, and maybe `variables`.")
    return _checked(body)


def _asked_by_get(request: Request) -> Asked:
    parameters: dict[str, object] = dict(request.query_params)
    for name in ("variables", "extensions"):
        value = parameters.get(name)
        if isinstance(value, str):
            parameters[name] = parse_json(value.encode()) if value else None
    return _checked(parameters)


def _checked(asked: Mapping[str, object]) -> Asked:
    query, variables = asked.get("query"), asked.get("variables")
    operation, extensions = asked.get("operationName"), asked.get("extensions")
    if not isinstance(query, str) or not query:
        raise Unreadable("`query` is a text.")
    if variables is not None and not isinstance(variables, dict):
        raise Unreadable("`variables` is an object.")
    if extensions is not None and not isinstance(extensions, dict):
        raise Unreadable("`extensions` is an object.")
    if operation is not None and not isinstance(operation, str):
        raise Unreadable("`operationName` is a text.")
    return Asked(query, variables, operation or None)


def _media_type(accept: str) -> str:
    """What the caller likes best of the two; the older one where anything will do."""
    liked: dict[str, float] = {}
    for part in accept.split(","):
        kind, _, parameters = part.partition(";")
        liked.setdefault(kind.strip(), _quality(parameters))
    wanted = [kind for kind in liked if kind in {_JSON, _GRAPHQL} and liked[kind] > 0]
    if wanted:
        return max(wanted, key=lambda kind: liked[kind])
    if not any(liked.get(kind) for kind in _ANYTHING):
        raise NotAcceptable(f"The answer is {_GRAPHQL} or {_JSON}.")
    return _JSON


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name == "q":
            try:
                return float(value)
            except ValueError:
                return 0
    return 1


def _accept(request: Request) -> str:
    return request.headers.get("accept", "").strip().lower() or "*/*"


def _wants_page(request: Request) -> bool:
    return "text/html" in _accept(request)
