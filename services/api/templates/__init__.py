"""The built-in schemes of `domain.md`, section 6, as data: one JSON file each, read once."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@cache
def templates() -> Mapping[str, Mapping[str, object]]:
    """Every template by its code: code, name, note, and the scheme that adopting it copies."""
    texts = {
        entry.name: entry.read_text(encoding="utf-8")
        for entry in files(__name__).iterdir()
        if entry.name.endswith(".json")
    }
    documents = (json.loads(texts[name]) for name in sorted(texts))
    return MappingProxyType({document["code"]: document for document in documents})
