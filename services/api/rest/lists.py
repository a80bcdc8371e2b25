"""A list's page as it is answered: a store's one row beyond the limit says that there is more."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from fastapi import Request

from services.door.pages import Listed, encode_cursor
from services.door.wire import Model

Row = TypeVar("Row")
Document = TypeVar("Document", bound=Model)


def page_of(
    request: Request,
    rows: Sequence[Row],
    *,
    limit: int,
    total: int,
    key: Callable[[Row], Sequence[str]],
    document: Callable[[Row], Document],
) -> Listed[Document]:
    """The first `limit` rows as documents; `key` is what the list is sorted by."""
    page = rows[:limit]
    more = len(rows) > limit
    return Listed(
        items=[document(row) for row in page],
        total=total,
        next_cursor=encode_cursor(request, list(key(page[-1]))) if more else None,
    )
