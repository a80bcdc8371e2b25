"""SQL of this room that stands in files of its own: blocks by name, their names filled in."""

from functools import cache
from pathlib import Path

from services.schema.statements import blocks_of, fill

__all__ = ["blocks", "fill"]


@cache
def blocks(file: str) -> dict[str, str]:
    """The statements of a file beside this one."""
    return blocks_of(Path(__file__).parent / file)
