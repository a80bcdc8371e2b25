"""The built-in ladders of levels of `domain.md`, section 6.7, as data: one JSON file each."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@cache
def ladder_templates() -> Mapping[str, Mapping[str, object]]:
    """Every template by its code: code, name, note, and the ladder that adopting it copies."""
    texts = {
        entry.name: entry.read_text(encoding="utf-8")
        for entry in files(__name__).iterdir()
        if entry.name.endswith(".json")
    }
    documents = (json.loads(texts[name]) for name in sorted(texts))
    return MappingProxyType({document["code"]: document for document in documents})
