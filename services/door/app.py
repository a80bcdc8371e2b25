"""The frame of an app: problems, headers, one log line a request, health, metrics, its contract."""

import inspect
import json
import re
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.routing import APIRoute
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram
from prometheus_client import generate_latest as write_metrics
from sqlalchemy import text
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.door.callers import prepare_bearer
from services.door.limits import Limited, authorization_of
from services.door.problems import install_problems, problem
from services.schema.db import Database
from services.schema.errors import Unavailable

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
DOCS_POLICY = (
    "default-src 'none'; connect-src 'self'; img-src https: data:; font-src https: data:; "
    "script-src https: 'unsafe-inline'; style-src https: 'unsafe-inline'; frame-ancestors 'none'"
)
"""For the pages of `/docs` and GraphiQL, whose scripts come from their makers' hosts."""
_log = structlog.get_logger("kaohe.request")

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def make_app(
    title: str,
    description: str,
    routers: Sequence[APIRouter],
    *,
    lifespan: Lifespan,
    documented: bool,
) -> FastAPI:
    """An app of ours; `documented` opens `/docs`, which production keeps shut."""
    app = FastAPI(
        title=title,
        description=description,
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json" if documented else None,
        redirect_slashes=False,
        servers=[{"url": "/", "description": "The one origin."}],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    install_problems(app)
    app.add_exception_handler(405, _answer_method)
    app.state.routers = [*routers, _around(), *([_docs(title)] if documented else [])]
    for router in app.state.routers:
        # As they are: a router that is included builds each of its routes anew, for each app.
        app.router.routes.extend(router.routes)
    _publish(app)
    app.state.metrics = _Metrics()
    app.add_middleware(GZipMiddleware, minimum_size=1024)
    app.add_middleware(Limited)
    app.add_middleware(_Frame, metrics=app.state.metrics)
    return app


class _Metrics:
    """Requests counted and timed by route; nothing in them names a tenant or a person."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter(
            "kaohe_requests", "Requests answered.", labels, registry=self.registry
        )
        self.refused = Counter(
            "kaohe_refused", "Requests sent away as too many.", ("limit",), registry=self.registry
        )
        self.seconds = Histogram(
            "kaohe_request_seconds", "Time to the answer.", labels[:2], registry=self.registry
        )


class _Frame:
    """Adds the headers that every answer carries, logs one line, counts and times."""

    def __init__(self, app: ASGIApp, metrics: _Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def send_framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _framed(message["headers"])
            await send(message)

        try:
            # The keys of a token's issuer are fetched before any connection is taken.
            authorization = authorization_of(scope).decode("latin-1")
            await prepare_bearer(scope["app"].state, authorization)
            await self._app(scope, receive, send_framed)
        finally:
            self._note(scope, status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unknown")
        self._metrics.requests.labels(scope["method"], route, status).inc()
        self._metrics.seconds.labels(scope["method"], route).observe(seconds)
        caller = scope.get("kaohe.caller")
        _log.info(
            "request",
            method=scope["method"],
            path=scope["path"][:200],
            status=status,
            milliseconds=round(seconds * 1000, 1),
            tenant=caller.tenant if caller else None,
            caller=caller.name if caller else None,
        )


def _framed(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """What an answer says itself stands; the rest is filled in."""
    said = {name.lower() for name, _ in headers}
    extra = [(name, value) for name, value in _HEADERS if name not in said]
    if b"cache-control" not in said:
        extra.append((b"cache-control", b"no-store"))
    return [*headers, *extra]


async def _answer_method(request: Request, _error: Exception) -> Response:
    """405 with every method of the path, whichever of its routes was asked first."""
    methods: set[str] = set()
    for route in (route for router in request.app.state.routers for route in router.routes):
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            methods |= getattr(route, "methods", None) or set()
    headers = {"Allow": ", ".join(sorted(methods))}
    detail = f"{request.method} is not a method of this path."
    return problem(405, "method_not_allowed", detail, headers=headers)


def _around() -> APIRouter:
    """What stands around the contract, without a key: it tells nothing of any tenant."""
    router = APIRouter(include_in_schema=False)

    @router.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @router.get("/health/ready")
    async def ready(request: Request) -> dict[str, str]:
        database: Database = request.app.state.database
        async with database.register() as session:
            await session.scalar(text("SELECT 1"))
        for check in getattr(request.app.state, "readiness", ()):
            if (trouble := await check()) is not None:
                raise Unavailable(trouble)
        return {"status": "ready"}

    @router.get("/metrics")
    async def metrics(request: Request) -> Response:
        body = write_metrics(request.app.state.metrics.registry)
        return Response(body, media_type=CONTENT_TYPE_LATEST)

    return router


def _docs(title: str) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def docs() -> Response:
        page = get_swagger_ui_html(openapi_url="/openapi.json", title=title)
        page.headers["Content-Security-Policy"] = DOCS_POLICY
        return page

    return router


def _publish(app: FastAPI) -> None:
    """Put into the published contract what FastAPI does not say: problems, the key, the nouns."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        contract = generate()
        components = contract.setdefault("components", {})
        components.setdefault("schemas", {})["Problem"] = _PROBLEM
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        contract["security"] = [{"key": []}]
        _sort_by_noun(app, contract)
        _drop_unused(contract)
        _type_maps(contract)
        return contract

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend the contract


def _sort_by_noun(app: FastAPI, contract: dict[str, Any]) -> None:
    """Tag each operation with the noun of its path, which its module's docstring describes."""
    described: dict[str, str] = {}
    for route in (route for router in app.state.routers for route in router.routes):
        if isinstance(route, APIRoute) and route.path in contract["paths"]:
            noun = route.path.split("/")[2]
            said = inspect.getdoc(inspect.getmodule(route.endpoint)) or noun
            sentence = said.partition("\n\n")[0].replace("\n", " ").removeprefix("REST of ")
            described.setdefault(noun, f"{sentence[:1].upper()}{sentence[1:]}")
            for operation in contract["paths"][route.path].values():
                operation["tags"] = [noun]
    contract["tags"] = [
        {"name": noun, "description": described[noun]} for noun in sorted(described)
    ]


_REFERENCES = re.compile(r'#/components/schemas/([^"]+)"')


def _type_maps(node: Any) -> None:
    """Say what a map holds where generators of clients look: they leave patterns of keys unread."""
    if isinstance(node, dict) and "patternProperties" in node:
        ((pattern, held),) = node.pop("patternProperties").items()
        node |= {"propertyNames": {"pattern": pattern}, "additionalProperties": held}
    parts = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for each in parts:
        _type_maps(each)


def _drop_unused(contract: dict[str, Any]) -> None:
    """Leave out the schemas that nothing refers to: FastAPI's own errors, rows written in place."""
    schemas = contract["components"]["schemas"]
    while unused := schemas.keys() - _REFERENCES.findall(json.dumps(contract)):
        for name in unused:
            del schemas[name]


_PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "errors"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
