"""Relay connections over lists that are read a page at a time, in the order of a key."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

import strawberry

from services.api.graph.context import GraphContext
from services.api.graph.limits import FIRST_MAXIMUM, FIRST_USUAL
from services.api.graph.nodes import link
from services.door.pages import read_cursor, write_cursor
from services.schema.errors import Fault, Invalid

Item = TypeVar("Item")
Row = TypeVar("Row")

First = Annotated[int, strawberry.argument(description=f"How many, at most {FIRST_MAXIMUM}.")]
After = Annotated[str | None, strawberry.argument(description="The cursor of the last one seen.")]
Place = list[str]
"""The sort key of a row, which its cursor holds."""
USUAL = FIRST_USUAL


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type(description="One of a list, and its place there.")
class Edge(Generic[Item]):
    cursor: str
    node: Item


@strawberry.type(description="A page of a list.")
class Connection(Generic[Item]):
    edges: list[Edge[Item]]
    page_info: PageInfo
    total_count: int = strawberry.field(description="How many the whole list has.")

    @link("The same without cursors.")
    def nodes(self) -> list[Item]:
        return [edge.node for edge in self.edges]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of one name as a caller pages through it."""

    name: str
    """What its cursors are bound to: a list in another order, or of another company, is another."""
    first: int
    after: Place | None
    key: bytes

    @property
    def limit(self) -> int:
        """One row more than is shown says whether there is a next page."""
        return self.first + 1

    def show(
        self,
        rows: Sequence[Row],
        total: int,
        *,
        node: Callable[[Row], Item],
        place: Callable[[Row], Place],
    ) -> Connection[Item]:
        """The rows that were read as a page."""
        edges = [
            Edge(cursor=write_cursor(self.key, self.name, place(row)), node=node(row))
            for row in rows[: self.first]
        ]
        info = PageInfo(
            has_next_page=len(rows) > self.first,
            has_previous_page=self.after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        )
        return Connection(edges=edges, page_info=info, total_count=total)


def listing(
    context: GraphContext, name: str, first: int, after: str | None, *, length: int
) -> Listing:
    """A page of a list whose sort key has so many parts; refuses what no page can be."""
    if not 1 <= first <= FIRST_MAXIMUM:
        fault = Fault("first", "limit", f"`first` is from 1 to {FIRST_MAXIMUM}.")
        raise Invalid("invalid", fault.detail, [fault])
    bound = f"graph {context.caller.tenant} {name}"
    place = read_cursor(context.signing_key, bound, after, length)
    return Listing(bound, first, place, context.signing_key)


async def list_by_code(
    context: GraphContext,
    name: str,
    first: int,
    after: str | None,
    *,
    read: Callable[[str | None, int], Awaitable[tuple[Sequence[Row], int]]],
    node: Callable[[Row], Item],
    code: Callable[[Row], str],
) -> Connection[Item]:
    """A page of what is sorted by its code; `read` takes the last code seen and a limit."""
    page = listing(context, name, first, after, length=1)
    rows, total = await read(page.after[0] if page.after else None, page.limit)
    return page.show(rows, total, node=node, place=lambda row: [code(row)])
