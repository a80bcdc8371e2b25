"""The built-in indicators and standards as data: JSON files, read once. The measures are the
floor's: ingest too must know which amounts may be posted.
"""

import json
from functools import cache
from importlib.resources import files

FAMILIES = (
    "sales",
    "traffic",
    "marketing",
    "service",
    "fulfilment",
    "merchandise",
    "design",
    "people",
    "live",
    "content",
)
"""The families of `domain.md`, section 4, in its order; each is a file."""


@cache
def indicator_entries(family: str) -> tuple[dict[str, object], ...]:
    """The entries of a family's file."""
    return _read(f"indicators/{family}.json")


@cache
def standard_entries() -> tuple[dict[str, object], ...]:
    """The standards that hold where a company states none of its own."""
    return _read("standards.json")


def _read(name: str) -> tuple[dict[str, object], ...]:
    text = files(__name__).joinpath(name).read_text(encoding="utf-8")
    return tuple(json.loads(text))
