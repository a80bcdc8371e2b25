"""Stored documents as types of the graph: each field is the member of the same name, as it lies."""

import json
import typing
from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeVar

Shown = TypeVar("Shown")

_HINTS: dict[type[Any], dict[str, Any]] = {}
"""Read once for each type."""


def parse(document: bytes | str) -> dict[str, Any]:
    """A stored document; its decimals are texts already."""
    parsed: dict[str, Any] = json.loads(document)
    return parsed


def read_document(kind: type[Shown], document: Mapping[str, Any], **beside: object) -> Shown:
    """A document as a type; what stands beside the document is named, what it lacks is null."""
    members = {
        name: _read(hint, document.get(name.rstrip("_")))
        for name, hint in _hints_of(kind).items()
        if name not in beside
    }
    return kind(**members, **beside)


def _read(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if typing.get_origin(hint) in {typing.Union, UnionType}:
        (hint,) = (part for part in typing.get_args(hint) if part is not NoneType)
    if typing.get_origin(hint) is list:
        return [_read(typing.get_args(hint)[0], each) for each in value]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if hasattr(hint, "__strawberry_definition__"):
        return read_document(hint, hint.members(value) if hasattr(hint, "members") else value)
    return value


def _hints_of(kind: type[Any]) -> dict[str, Any]:
    """The members that a document gives: a resolver is none."""
    if kind not in _HINTS:
        hints = typing.get_type_hints(kind)
        _HINTS[kind] = {each.name: hints[each.name] for each in fields(kind) if each.init}
    return _HINTS[kind]
