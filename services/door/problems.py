"""Refusals as `application/problem+json`: the six branches of our errors, and those of a door."""

import json
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from services.schema.errors import (
    Conflict,
    Fault,
    Forbidden,
    Invalid,
    KaoheError,
    NotFound,
    Unavailable,
)

MEDIA_TYPE = "application/problem+json"
_STATUS: tuple[tuple[type[KaoheError], int], ...] = (
    (Invalid, 422),
    (NotFound, 404),
    (Forbidden, 403),
    (Conflict, 409),
    (Unavailable, 503),
)
_log = structlog.get_logger("kaohe.door")


class DoorError(Exception):
    """What only a door can refuse: it never reaches a flow."""

    status = 400
    code = "unreadable"
    headers: Mapping[str, str] = {}

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Unreadable(DoorError):
    """The request cannot be read at all."""


class Unauthenticated(DoorError):
    """There is no key, or none that is good."""

    status = 401
    code = "unauthenticated"
    headers = {"WWW-Authenticate": "Bearer"}  # noqa: RUF012  a constant of the class


class TooLarge(DoorError):
    """The body is larger than this door takes."""

    status = 413
    code = "too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A body of this request has at most {limit} bytes, packed or unpacked.")


class PreconditionFailed(DoorError):
    """The thing has changed since the caller read it."""

    status = 412
    code = "stale"


class TooMany(DoorError):
    """The caller asks more than its share."""

    status = 429
    code = "too_many_requests"

    def __init__(self, detail: str, *, retry_after_seconds: int, limit: str = "queue") -> None:
        super().__init__(detail)
        self.limit = limit
        self.headers = {"Retry-After": str(retry_after_seconds)}


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    faults: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document."""
    document = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "errors": [
            {"pointer": fault.pointer, "code": fault.code, "detail": fault.detail}
            for fault in faults
        ],
    }
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    return Response(body, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def problem_of(error: Exception) -> Response | None:
    """The answer to an error that is the world's; null for a programmer's mistake."""
    if isinstance(error, KaoheError):
        status = next(status for branch, status in _STATUS if isinstance(error, branch))
        headers = {}
        if isinstance(error, Unavailable):
            headers = {"Retry-After": str(error.retry_after_seconds)}
        return problem(status, error.code, error.detail, faults=error.faults, headers=headers)
    if isinstance(error, DoorError):
        return problem(error.status, error.code, error.detail, headers=error.headers)
    if isinstance(error, RequestValidationError):
        return _malformed(error)
    if isinstance(error, HTTPException):
        return _problem_of_http(error)
    return None


def install_problems(app: FastAPI) -> None:
    """Answer every refusal of an app, also of paths and methods that it does not have."""
    for kind in (KaoheError, DoorError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _answer)
    app.add_exception_handler(ClientDisconnect, _answer_nobody)
    app.add_exception_handler(Exception, _answer_mistake)


async def _answer(_request: Request, error: Exception) -> Response:
    response = problem_of(error)
    assert response is not None, f"{type(error).__name__} has no answer"
    return response


async def _answer_nobody(_request: Request, _error: Exception) -> Response:
    """The caller went away before the body had come: nobody's mistake, and nobody hears this."""
    return problem(400, "unreadable", "The body was not sent to its end.")


async def _answer_mistake(request: Request, error: Exception) -> Response:
    _log.error("request.failed", path=request.url.path, method=request.method, exc_info=error)
    return problem(500, "internal", "Something went wrong on our side; it has been noted.")


def _malformed(error: RequestValidationError) -> Response:
    """422 with a fault for each place; the input itself is never sent back."""
    faults = faults_of(error.errors())
    return problem(422, "invalid", "The request is malformed; see the errors.", faults=faults[:100])


def faults_of(found: Iterable[Mapping[str, Any]]) -> list[Fault]:
    """What a validator found, each at its place."""
    return [
        Fault(pointer_of(fault["loc"]), _code_of(fault["type"]), _sentence(fault["msg"]))
        for fault in found
    ]


def pointer_of(place: Sequence[str | int]) -> str:
    """JSON pointer into the body; `?name` for a parameter of the query or the path."""
    if not place or place[0] != "body":
        return f"?{place[-1]}" if place else ""
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in place[1:])
    return "".join(f"/{part}" for part in parts)


def _sentence(message: str) -> str:
    """A validator's words without pydantic's prefix, as a sentence."""
    words = message.removeprefix("Value error, ")[:500]
    return f"{words[:1].upper()}{words[1:]}."


def _code_of(kind: str) -> str:
    return {"extra_forbidden": "unknown_field", "missing": "missing"}.get(kind, "invalid")


def _problem_of_http(error: HTTPException) -> Response:
    cause = error.__cause__
    if isinstance(cause, DoorError | KaoheError):
        response = problem_of(cause)
        assert response is not None
        return response
    codes = {400: "unreadable", 404: "not_found", 405: "method_not_allowed", 415: "unsupported"}
    code = codes.get(error.status_code, "refused")
    return problem(error.status_code, code, str(error.detail), headers=error.headers)
