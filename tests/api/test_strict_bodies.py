"""A body has the fields that its operation knows, and no others: every writing route is asked."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast
from unittest.mock import patch

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
    tried, accepted = 0, []
    async with undone(world):
        for operation in operations_with_bodies(world):
            call = allowed(world, operation)
            for field in FIELDS:
                plain = ASKS.get(operation, Ask())
                asked = replace(plain, body=with_field(plain.body, field), by={})
                with patch.dict(cast("dict[str, Ask]", ASKS), {operation: asked}):
                    answer = await send(world, call, call.thing)
                tried += 1
                if "unknown_field" not in answer.text:
                    accepted.append(
                        f"{operation} {field}: {answer.status_code} {answer.text[:600]}"
                    )
    figure("A05", Wrong.ACCEPTED, accepted, tried=tried, of="bodies with a field too many")


def operations_with_bodies(world: World) -> Iterator[str]:
    """The writing operations of both services that take JSON."""
    for app in (world.ours.app, cast("FastAPI", world.ingest._transport.app)):  # type: ignore[attr-defined]
        for path, methods in app.openapi()["paths"].items():
            for method, described in methods.items():
                content: Mapping[str, Any] = described.get("requestBody", {}).get("content", {})
                if "application/json" in content:
                    yield f"{method.upper()} {path}"


def allowed(world: World, operation: str) -> Call:
    """A call that the matrix allows."""
    calls = calls_of(world, f"REST {operation}")
    return next(call for call in calls if call.wanted == "allow")


def with_field(body: Json, field: str) -> Json:
    if isinstance(body, list):
        return [{**(body[0] if body else {}), field: "1"}, *body[1:]]
    return {**(body or {}), field: "1"}
