"""Nodes, which can be asked for by their id alone, and links, which are asked for one by one."""

from collections.abc import Callable
from typing import TypeVar

import strawberry

Resolver = TypeVar("Resolver", bound=Callable[..., object])


@strawberry.interface(description="Something with an id of its own.")
class Node:
    id: strawberry.ID = strawberry.field(description="The id of REST, or kind and code.")


def node_id(kind: str, code: str) -> strawberry.ID:
    """The id of what has no id in REST: its kind and code."""
    return strawberry.ID(f"{kind}:{code}")


def link(description: str) -> Callable[[Resolver], Resolver]:
    """A field with a resolver of its own."""
    field: Callable[[Resolver], Resolver] = strawberry.field(description=description)
    return field
