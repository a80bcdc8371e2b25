"""Lists: the one envelope, limits, and signed cursors that name the last row given.

A cursor is one of a list of a company: to another company it is as one that was made up.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query, Request
from pydantic import ConfigDict

from services.door.routes import asking
from services.door.wire import Model
from services.schema.errors import Fault, Invalid

LIMIT = 50
LIMIT_MAXIMUM = 500

Limit = Annotated[int, Query(ge=1, le=LIMIT_MAXIMUM)]
Cursor = Annotated[str | None, Query(max_length=1000)]
Item = TypeVar("Item")
Row = TypeVar("Row")


class Listed(Model, Generic[Item]):
    """A page of a list."""

    # Nothing here has words of its own, and looking for them anew for each kind of item costs more
    # than all else when a process starts.
    model_config = ConfigDict(use_attribute_docstrings=False)

    items: list[Item]
    total: int
    next_cursor: str | None


def page_of(
    request: Request,
    rows: Sequence[Row],
    *,
    limit: int,
    total: int,
    key: Callable[[Row], Sequence[str]],
    document: Callable[[Row], Item],
) -> Listed[Item]:
    """The first `limit` rows as documents: a store's one row beyond them says that there is more.

    `key` is what the list is sorted by.
    """
    page = rows[:limit]
    more = len(rows) > limit
    return Listed(
        items=[document(row) for row in page],
        total=total,
        next_cursor=encode_cursor(request, list(key(page[-1]))) if more else None,
    )


def encode_cursor(request: Request, values: list[str]) -> str:
    """A cursor of the list that was asked for, which names the last row given by its sort key."""
    return write_cursor(_key(request), _name(request), values)


def decode_cursor(request: Request, cursor: str | None, length: int) -> list[str] | None:
    """The sort key of the row that a cursor names; null for the start of the list."""
    return read_cursor(_key(request), _name(request), cursor, length)


def write_cursor(key: bytes, name: str, values: list[str]) -> str:
    """A cursor of one list by its name; no caller can make one, nor use it on another list."""
    payload = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_seal(key, name, payload) + payload).decode().rstrip("=")


def read_cursor(key: bytes, name: str, cursor: str | None, length: int) -> list[str] | None:
    """The sort key that a cursor of the list holds; null for the start of the list."""
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        payload = raw[16:]
        values = json.loads(payload)
    except ValueError:
        values, raw, payload = None, b"", b""
    good = hmac.compare_digest(raw[:16], _seal(key, name, payload))
    if not good or not isinstance(values, list) or len(values) != length:
        fault = Fault("?cursor", "cursor_invalid", "The cursor is not one of this list.")
        raise Invalid("invalid", "The cursor is not one of this list.", [fault])
    return [str(value) for value in values]


def _key(request: Request) -> bytes:
    key: bytes = request.app.state.signing_key
    return key


def _name(request: Request) -> str:
    return f"{asking(request).tenant} {request.url.path}"


def _seal(key: bytes, name: str, payload: bytes) -> bytes:
    """Bound to the list's name, so that a cursor of one list is none of another."""
    return hmac.digest(key, name.encode() + b"\0" + payload, hashlib.sha256)[:16]
