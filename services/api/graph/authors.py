"""Graph of authors: who stands behind the name under which something was done."""

from typing import Protocol

from services.api.graph.context import Asked

WHO = "The person's, or of a key of nobody's its role; null where the reader is not told."


class Authored(Protocol):
    """What somebody stated."""

    author: str | None


async def name_author(root: Authored, info: Asked) -> str | None:
    """The name of who stated something."""
    if root.author is None:
        return None
    return await info.context.loaders.name_by_author.load(root.author)
