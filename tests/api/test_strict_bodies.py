"""A body has the fields that its operation knows, and no others: every writing route is asked."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast
from unittest.mock import patch

import httpx
import pytest
from fastapi import FastAPI

from tests.api.asks import ASKS, Ask
from tests.api.companies import Json
from tests.api.matrix import Call, calls_of, send
from tests.api.worlds import World, undone
from tests.figures import Figures, Wrong

in_the_world = pytest.mark.asyncio(loop_scope="session")
FIELDS = ("surprise", "tenant_id", "stored_at")
"""One that nobody knows, and two that are ours to state."""


@in_the_world
async def test_scenario_a05_no_write_takes_a_field_that_it_does_not_know(
    world: World, figure: Figures
) -> None:
    """In no object of its body, however deep: the contract says which there are."""
    tried, accepted = 0, []
    async with undone(world):
        for operation, schema, schemas in operations_with_bodies(world):
            call = allowed(world, operation)
            plain = WHOLE.get(operation) or ASKS.get(operation, Ask())
            for place in sorted(set(objects_of(schema, schemas))):
                for field in FIELDS:
                    asked = replace(plain, body=planted(plain.body, place, field), by={})
                    with patch.dict(cast("dict[str, Ask]", ASKS), {operation: asked}):
                        answer = await send(world, call, call.thing)
                    tried += 1
                    if not names(answer, place, field):
                        where = "/".join(map(str, (*place, field)))
                        accepted.append(
                            f"{operation} {where}: {answer.status_code} {answer.text[:600]}"
                        )
    figure("A05", Wrong.ACCEPTED, accepted, tried=tried, of="bodies with a field too many")


_SHARE = {"shop": "s-a", "share": "0.5"}
WHOLE = {
    "POST /v1/employees/batch": Ask(
        body=[
            {
                "code": "new",
                "name": "new",
                "assignments": [
                    {"position": "agent", "unit": "u-a", "from": "2026-01-01", "shops": [_SHARE]}
                ],
            }
        ]
    )
}
"""Where a row tells its first fault alone, all else is good."""
Place = tuple[str | int, ...]
"""Where in a body an object is; a part `=kind=bands` says which of several kinds it is."""


def objects_of(
    schema: Json, schemas: Mapping[str, Json], inside: frozenset[str] = frozenset()
) -> Iterator[Place]:
    """Every object with fields of its own that a schema knows, by its first place."""
    if name := schema.get("$ref", "").rpartition("/")[2]:
        if name not in inside:
            yield from objects_of(schemas[name], schemas, inside | {name})
        return
    for option in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from objects_of(option, schemas, inside)
    if "items" in schema:
        for place in objects_of(schema["items"], schemas, inside):
            yield (0, *place)
    if "properties" in schema:
        tags = tuple(
            f"={name}={each['const']}"
            for name, each in schema["properties"].items()
            if "const" in each
        )
        yield tags
        for name, each in schema["properties"].items():
            for place in objects_of(each, schemas, inside):
                yield (*tags, name, *place)


def planted(body: Json, place: Place, field: str) -> Json:
    """The body with a field more in the object at a place, which is there then."""
    match place:
        case []:
            return {**(body if isinstance(body, dict) else {}), field: "1"}
        case [0, *rest]:
            rows = body if isinstance(body, list) else []
            return [planted(rows[0] if rows else None, tuple(rest), field), *rows[1:]]
        case [str(part), *rest] if part.startswith("="):
            name, _, kind = part[1:].partition("=")
            held = body if isinstance(body, dict) and body.get(name) == kind else {name: kind}
            return planted(held, tuple(rest), field)
        case [name, *rest]:
            held = body if isinstance(body, dict) else {}
            return {**held, name: planted(held.get(name), tuple(rest), field)}


def names(answer: httpx.Response, place: Place, field: str) -> bool:
    """Whether an answer refuses the field, or the object in which it stands, and says where."""
    told = answer.json()
    pointer = "".join(f"/{part}" for part in (*place, field) if not str(part).startswith("="))
    faults = told.get("errors", ())
    if "rows" in told:
        faults, pointer = told["rows"], pointer.removeprefix("/0")
    return any(
        each["code"] == "unknown_field" and f"{pointer}/".startswith(f"{each['pointer']}/")
        for each in faults
        if each.get("pointer")
    )


def operations_with_bodies(world: World) -> Iterator[tuple[str, Json, Mapping[str, Json]]]:
    """The writing operations of both services that take JSON, and the schemas of their bodies."""
    for app in (world.ours.app, cast("FastAPI", world.ingest._transport.app)):  # type: ignore[attr-defined]
        contract = app.openapi()
        for path, methods in contract["paths"].items():
            for method, described in methods.items():
                content: Mapping[str, Any] = described.get("requestBody", {}).get("content", {})
                if "application/json" in content:
                    schema = content["application/json"]["schema"]
                    yield f"{method.upper()} {path}", schema, contract["components"]["schemas"]


def allowed(world: World, operation: str) -> Call:
    """A call that the matrix allows."""
    calls = calls_of(world, f"REST {operation}")
    return next(call for call in calls if call.wanted == "allow")
