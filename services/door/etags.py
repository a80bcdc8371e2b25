"""Entity tags: a reader who has a thing is spared it, a writer who has an old one is refused."""

import hashlib

from fastapi import Request, Response

from services.door.problems import PreconditionFailed

PRIVATE = {"Cache-Control": "private, no-cache"}


def etag_of(body: bytes) -> str:
    """A strong tag of exactly these bytes."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def tagged(request: Request, body: bytes, *, etag: str | None = None) -> Response:
    """A JSON document with its tag, or 304 for a reader who names it."""
    tag = etag or etag_of(body)
    headers = {"ETag": tag, **PRIVATE}
    if _names(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def check_match(request: Request, etag: str | None) -> None:
    """Refuse a write whose `If-Match` names another state; null is a thing not there yet."""
    wanted = request.headers.get("if-match")
    if wanted is None:
        return
    if etag is None or not _names(wanted, etag):
        raise PreconditionFailed("The thing has changed since it was read; read it again.")


def _names(header: str | None, etag: str) -> bool:
    if header is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return etag in tags or "*" in tags
