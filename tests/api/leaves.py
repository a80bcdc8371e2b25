"""Which leaves a document of REST has, as the published contract lists them, and who may see each.

A leaf is known by the schema that holds it: `ResultDocument.payouts` is the same in a list and in
a single read. What a row of the matrix beginning with `JSON` says of it holds, else what the row
of the operation says.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from services.door.access import matrix, row_of
from tests.api.companies import Json
from tests.api.matrix import said_of
from tests.api.worlds import World

FOLDER = Path(__file__).parents[2] / "openapi"
SINGLE_READS = {"GET /v1/scorecards/{id}/disputes": "GET /v1/disputes/{id}"}
"""Where the path does not say it."""
ENVELOPE = "Listed_"
"""What the schemas of lists are called, before what they hold."""
Leaf = tuple[str, ...]
"""From the answer down, by schema and name: `ResultDocument.payouts`, `CommissionPayout.plan`."""


@cache
def published() -> Mapping[str, tuple[Mapping[str, Any], Json]]:
    """Of each operation that answers in JSON: the schemas of its contract, and its answer's."""
    found = {}
    for name in ("api.json", "ingest.json"):
        contract = json.loads((FOLDER / name).read_text(encoding="utf-8"))
        for path, methods in contract["paths"].items():
            for method, described in methods.items():
                for status, answer in described["responses"].items():
                    schema = answer.get("content", {}).get("application/json", {}).get("schema")
                    if status.startswith("2") and schema is not None:
                        held = (contract["components"]["schemas"], schema)
                        found[f"{method.upper()} {path}"] = held
    return found


def lists() -> Mapping[str, str | None]:
    """Every reading operation that gives a list, with the single read of what it holds, if any."""
    found: dict[str, str | None] = {}
    for operation, (schemas, schema) in published().items():
        members = _whole(schemas, schema).get("properties", {})
        if operation.startswith("GET ") and "items" in members:
            below = (each for each in published() if _is_below(each, operation))
            found[operation] = next(below, SINGLE_READS.get(operation))
    return found


def leaves(operation: str, document: Json) -> Iterator[tuple[Leaf, Json]]:
    """Every leaf of an answer that is not null; `?` before what the contract does not list."""
    schemas, schema = published()[operation]
    yield from _leaves(schemas, schema, (operation,), document)


def row_of_leaf(leaf: Leaf) -> str | None:
    """The row that speaks for a leaf, or for what holds it."""
    return next((row for row in (f"JSON {each}" for each in leaf) if row in matrix()), None)


def said_of_leaf(leaf: Leaf, row: str, caller: str, relation: str | None) -> str:
    """The word for a leaf of an operation's answer; of an item in no known relation the best.

    A list's total and cursor are for whoever may ask: it may be empty.
    """
    if leaf[-1].startswith(ENVELOPE):
        return "allow"
    held = row_of(row_of_leaf(leaf) or row)
    if relation is not None:
        return said_of(held, caller, relation)
    cell = held.get(caller, held.get("*", "refuse"))
    words = set(cell.values()) if isinstance(cell, dict) else {cell}
    return "allow" if "allow" in words else min(words)


def relation_of(world: World, caller: str, code: str) -> str | None:
    """Who somebody is to a caller, where the world says so."""
    return next((name for name, each in world.people(caller).items() if each == code), None)


def leaves_of_contract() -> tuple[set[str], set[str]]:
    """What the contract lists of all answers, by schema and name; and what it leaves open."""
    known: set[str] = set()
    left_open: set[str] = set()
    for operation, (schemas, schema) in published().items():
        for name, form in _members(schemas, schema, operation, frozenset()):
            known.add(name)
            if form.get("type") == "object" and not form.get("properties") and not _open(form):
                left_open.add(name)
    return known, left_open


def _members(
    schemas: Mapping[str, Any], schema: Json, name: str, above: frozenset[str]
) -> Iterator[tuple[str, Json]]:
    form = _whole(schemas, schema)
    if "$ref" in schema:
        reference = schema["$ref"].rpartition("/")[2]
        yield name, form
        if reference in above:
            return
        above, name = above | {reference}, _named(reference)
    yield name, form
    parts = [(name, each) for each in (*form.get("anyOf", ()), *form.get("oneOf", ()))]
    parts += [(f"{name}.{member}", each) for member, each in form.get("properties", {}).items()]
    parts += [(name, form["items"])] if "items" in form else []
    parts += [(f"{name}.*", _open(form))] if _open(form) else []
    for part, each in parts:
        yield from _members(schemas, each, part, above)


def _named(reference: str) -> str:
    """What a schema is called; of several of the name `ratings/RatingDocument`."""
    return "/".join(reference.split("__")[-2:])


def _is_below(single: str, operation: str) -> bool:
    path, _, parameter = single.rpartition("/")
    return path == operation and parameter.startswith("{")


def _whole(schemas: Mapping[str, Any], schema: Json) -> Json:
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    return schema


def _leaves(
    schemas: Mapping[str, Any], schema: Json, leaf: Leaf, held: Json
) -> Iterator[tuple[Leaf, Json]]:
    if held is None:
        return
    form, name = _form_of(schemas, schema, held)
    if name is not None and isinstance(held, dict):
        leaf = (*leaf, name)
    if isinstance(held, list):
        for each in held:
            yield from _leaves(schemas, form.get("items", {}), leaf, each)
    elif not isinstance(held, dict):
        yield leaf, held
    elif "properties" not in form and not _open(form):
        yield _below(leaf, "?"), held
    else:
        for member, value in held.items():
            if member in form.get("properties", {}):
                inner = form["properties"][member]
                yield from _leaves(schemas, inner, _below(leaf, member), value)
            elif _open(form):
                yield from _leaves(schemas, _open(form), _below(leaf, "*"), value)
            else:
                yield _below(leaf, f"?{member}"), value


def _below(leaf: Leaf, member: str) -> Leaf:
    return (*leaf[:-1], f"{leaf[-1]}.{member}")


def _form_of(schemas: Mapping[str, Any], schema: Json, held: Json) -> tuple[Json, str | None]:
    """The form of several that something has, and what its schema is called."""
    name = _named(schema["$ref"].rpartition("/")[2]) if "$ref" in schema else None
    form = _whole(schemas, schema)
    several = form.get("anyOf") or form.get("oneOf")
    if several is None:
        return form, name
    forms = [_form_of(schemas, each, held) for each in several]
    fitting, inner = next((each for each in forms if _fits(each[0], held)), ({}, None))
    return fitting, inner or name


def _fits(form: Json, held: Json) -> bool:
    kind = form.get("type")
    if isinstance(held, list):
        return bool(kind == "array")
    if not isinstance(held, dict):
        return kind not in {"array", "object", "null"}
    members = form.get("properties", {})
    told = {name: each["const"] for name, each in members.items() if "const" in each}
    if kind != "object" or any(held.get(name) != word for name, word in told.items()):
        return False
    return held.keys() <= members.keys() or bool(_open(form))


def _open(form: Json) -> Json:
    """What the members hold whose names the contract leaves open."""
    further = form.get("additionalProperties")
    held = further if isinstance(further, dict) else {}
    return next(iter(form.get("patternProperties", {}).values()), held)
