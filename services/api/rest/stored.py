"""Lists of documents that are served as they lie: the envelope is put around their bytes."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from fastapi import Request, Response

from services.api.core.documents import to_bytes
from services.door.etags import tagged
from services.door.pages import decode_cursor, encode_cursor

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


def answer_catalogue(
    request: Request, catalogue: Mapping[str, Mapping[str, object]], limit: int, cursor: str | None
) -> Response:
    """A page of documents that the program brings, in the order of their codes."""
    last = decode_cursor(request, cursor, 1)
    codes = [code for code in sorted(catalogue) if last is None or code > last[0]]
    return answer_page(
        request,
        codes[: limit + 1],
        limit=limit,
        total=len(catalogue),
        key=lambda code: [code],
        document=lambda code: to_bytes(catalogue[code]),
    )


def envelope(documents: Sequence[bytes], *, total: int, cursor: str | None) -> bytes:
    """The one list envelope around documents; each of them stays as it is to the last byte."""
    rest = to_bytes({"total": total, "next_cursor": cursor})
    return b'{"items":[' + b",".join(documents) + b"]," + rest[1:]
