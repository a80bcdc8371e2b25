"""Where SQL stands in files of its own: blocks by name, filled with names of our own tables."""

import re
from collections.abc import Mapping
from pathlib import Path

_NAME = re.compile(r"\{[^}]+\}")
_BLOCK = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


def blocks_of(file: Path) -> dict[str, str]:
    """The statements of a file."""
    _, *parts = _BLOCK.split(file.read_text(encoding="utf-8"))
    return dict(zip(parts[::2], parts[1::2], strict=True))


def fill(statement: str, names: Mapping[str, str]) -> str:
    """A statement with the names in braces replaced; values travel as parameters, never so."""
    for name, value in names.items():
        statement = statement.replace(f"{{{name}}}", value)
    assert not _NAME.search(statement), f"a name is missing in: {statement}"
    return statement.strip()
