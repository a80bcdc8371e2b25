"""Lists of documents that are served as they lie: the envelope is put around their bytes."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from fastapi import Request, Response

from services.api.core.documents import to_bytes
from services.door.etags import tagged
from services.door.pages import encode_cursor

Row = TypeVar("Row")


def answer_page(
    request: Request,
    rows: Sequence[Row],
    *,
    limit: int,
    total: int,
    key: Callable[[Row], Sequence[str]],
    document: Callable[[Row], bytes],
) -> Response:
    """The first `limit` rows; stores give one more, which says that there is a next page."""
    page = rows[:limit]
    more = len(rows) > limit
    cursor = encode_cursor(request, list(key(page[-1]))) if more else None
    return tagged(request, envelope([document(row) for row in page], total=total, cursor=cursor))


def envelope(documents: Sequence[bytes], *, total: int, cursor: str | None) -> bytes:
    """The one list envelope around documents; each of them stays as it is to the last byte."""
    rest = to_bytes({"total": total, "next_cursor": cursor})
    return b'{"items":[' + b",".join(documents) + b"]," + rest[1:]
