"""Odd numbers and texts in every place of every writing operation: kept exactly, or refused.

In every run each place is given a few of them by turns, before a release each place all.
"""

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import text

from services.schema.db import WriteSession
from tests.api.companies import Json
from tests.api.effects import NOT_EFFECTS
from tests.api.fillings import room_for, with_value
from tests.api.graph.questions import graph_question
from tests.api.matrix import HOLE, calls_of, put
from tests.api.places import NUMERIC, Place, arguments, fields
from tests.api.worlds import World, undone
from tests.figures import Figures, Wrong
from tests.odd_values import BYTES, NUMBERS, TEXTS

in_the_world = pytest.mark.asyncio(loop_scope="session")
in_turns = pytest.mark.parametrize("turn", [3, pytest.param(1000, marks=pytest.mark.long)], ids=str)
"""How many values each place is given."""
UNKEEPABLE = frozenset({"nul", "surrogate"})
"""Texts that no place takes."""
KEPT_OTHERWISE = {
    # sealed, and never told again
    "PUT /v1/shops/{code}/account body /app_key",
    "PUT /v1/shops/{code}/account body /secret",
    "PUT /v1/shops/{code}/account body /session",
    "PUT /v1/shops/{code}/account body /refresh",
    # until when is kept, or how far it was read before
    "POST /v1/keys/{id}/renew body /overlap_seconds",
    "POST /v1/webhooks/{id}/rotate body /overlap_seconds",
    "POST /v1/payroll/acknowledgements body /through",
    # as cells are compared: without what only pads them
    "PUT /v1/mappings/{code} body /fields/*:/words/*",
    "PUT /v1/mappings/{code} body /measures/*:/words/*",
    "PUT /v1/mappings/{code} body /missing/-",
    "PUT /v1/mappings/{code} body /only/-/words/-",
    "PUT /v1/mappings/{code} body /skip/-/words/-",
}
"""Places whose values are not found as they were stated, and why."""
_CHANGED = text("""
SELECT quote_ident(relname) AS name FROM pg_stat_xact_user_tables
WHERE n_tup_ins + n_tup_upd > 0 AND has_table_privilege(relid, 'SELECT')
""")
_OWN = "xmin::text::bigint >= (pg_current_xact_id()::text::bigint & 4294967295)"


@dataclass
class Tried:
    """What was tried, what the last call has put into tables, and what went wrong."""

    values: set[Json] = field(default_factory=set)
    count: int = 0
    failed: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def watching(self, session: WriteSession) -> AsyncIterator[None]:
        yield
        for changed in await session.execute(_CHANGED):
            if changed.name not in NOT_EFFECTS:
                query = f"SELECT to_jsonb(t)::text FROM {changed.name} AS t WHERE {_OWN}"  # noqa: S608  from the catalogue
                for (row,) in await session.execute(text(query)):
                    self.values |= set(values_in(json.loads(row, parse_float=Decimal)))

    async def put(self, world: World, place: Place, odd: str, value: Json, spelt: str) -> None:
        """Ask with a value in a place, and judge the answer by what is kept or said of it."""
        call = next(
            each
            for each in calls_of(world, f"REST {place.operation}")
            if each.wanted == "allow" and not each.ruled
        )
        in_body = place.where == "body"
        question = with_value(
            world, room_for(world, call, place), place, HOLE if in_body else spelt
        )
        self.values.clear()
        answer = await put(world, question, spelt=spelt if in_body else None)
        self.count += 1
        told = f"{place}, {odd[:40]}: {answer.status_code} {answer.text[:300]}"
        faults = faults_of(answer)
        must_be_refused = value is None or odd in UNKEEPABLE
        if answer.status_code >= 500:
            self.failed.append(told)
        elif answer.status_code < 400 and not faults:
            is_kept = value in self.values or str(place) in KEPT_OTHERWISE
            if must_be_refused or not is_kept:
                self.changed.append(told)
        elif answer.status_code == 422 or answer.status_code < 400:
            named = any(stands_at(place, each["pointer"]) for each in faults)
            if not (named if must_be_refused else faults):
                self.unnamed.append(told)
        elif answer.status_code not in {400, 401, 403, 404, 409, 413}:
            self.unnamed.append(told)

    def tell(self, scenario: str, figure: Figures, of: str) -> None:
        for what, found in (
            (Wrong.FAILED, self.failed),
            (Wrong.CHANGES, self.changed),
            (Wrong.UNNAMED, self.unnamed),
        ):
            figure(scenario, what, found, tried=self.count, of=of)


def values_in(value: Json) -> Iterator[Json]:
    """The values of a row, the names of members, and what is in the documents that it holds."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from values_in(member)
    elif isinstance(value, list):
        for member in value:
            yield from values_in(member)
    elif isinstance(value, str):
        yield value
        with suppress(InvalidOperation):
            yield Decimal(value)
        with suppress(ValueError):
            inner = bytes.fromhex(value[2:]).decode() if value.startswith("\\x") else value
            if inner.startswith(("{", "[")):
                yield from values_in(json.loads(inner, parse_float=Decimal))
    elif isinstance(value, int | Decimal):
        yield value


def faults_of(answer: httpx.Response) -> Sequence[Mapping[str, str]]:
    """What speaks against a request or its rows, each with its pointer."""
    if "json" not in answer.headers.get("content-type", ""):
        return []
    told = answer.json()
    rows = [
        {**row, "pointer": f"/{row['row'] - 1}{row['pointer']}"} for row in told.get("rows", ())
    ]
    return rows or list(told.get("errors", ()))


def stands_at(place: Place, pointer: str) -> bool:
    """Whether a pointer names a place, what it is in, or a part of it; `*` is any name."""
    if place.where != "body":
        return pointer == f"?{place.pointer}"
    wanted, given = place.pointer.split("/"), pointer.split("/")
    return all(
        want.startswith("*") or told == {"-": "0"}.get(want, want)
        for want, told in zip(wanted, given, strict=False)
    )


def writing(*where: str) -> list[Place]:
    """The places of what is written; facts are tried where they come in."""
    return sorted(
        (
            place
            for place in fields()
            if place.where in where
            and not place.operation.startswith("GET ")
            and (place.operation, place.where) != ("POST /v1/facts/{kind}", "body")
        ),
        key=str,
    )


def takes_numbers(place: Place) -> bool:
    """And no words: where either may stand, what is written as a text is one."""
    forms = fields()[place]
    return all(
        form.get("type") in {"integer", "number"} or NUMERIC in form.get("pattern", "")
        for form in forms
    )


def by_turns(names: Sequence[str], at: int, turn: int) -> list[str]:
    """So many of the values for the place at a number, from here and there in their list."""
    step = len(names) // min(turn, len(names))
    return [names[(at + step * each) % len(names)] for each in range(min(turn, len(names)))]


@in_the_world
@in_turns
async def test_scenario_e06_each_number_of_each_writing_operation_is_exact_or_refused(
    world: World, turn: int, figure: Figures
) -> None:
    tried = Tried()
    async with undone(world, tried.watching):
        for at, place in enumerate(filter(takes_numbers, writing("body"))):
            for odd in by_turns(list(NUMBERS), at, turn):
                plain = NUMBERS[odd]
                value = None if plain is None else Decimal(plain)
                await tried.put(world, place, odd, value, odd)
    tried.tell("E06", figure, "numbers in the bodies of all writing operations")


@in_the_world
@in_turns
async def test_scenario_e07_each_text_of_each_writing_operation_is_kept_or_refused(
    world: World, turn: int, figure: Figures
) -> None:
    tried = Tried()
    names = [name for name in TEXTS if name != "1 MB"]
    async with undone(world, tried.watching):
        for at, place in enumerate(writing("body", "path", "query")):
            if takes_numbers(place):
                continue
            for odd in by_turns(names, at, turn):
                value = TEXTS[odd]
                spelt = json.dumps(value)
                if place.where != "body":
                    spelt = quote(value.encode("utf-8", "surrogatepass"), safe="")
                await tried.put(world, place, odd, value, spelt)
    tried.tell("E07", figure, "texts in the paths, queries and bodies of all writing operations")


@in_the_world
@in_turns
async def test_scenario_e06_e07_each_variable_is_taken_as_it_is_or_refused(
    world: World, turn: int, figure: Figures
) -> None:
    count, failed, accepted = 0, [], []
    sent = {"Content-Type": "application/json", "Accept": "application/graphql-response+json"}
    for at, (place, kind) in enumerate(sorted(arguments().items(), key=str)):
        if place.operation.startswith("Subscription"):
            continue
        query = graph_question(world, place).text
        odds = NUMBERS if kind.name == "Int" else TEXTS
        for odd in by_turns(list(odds), at, turn):
            spelt = odd if kind.name == "Int" else json.dumps(TEXTS[odd])
            body = json.dumps({"query": query, "variables": {"v": HOLE}})
            content = body.replace(f'"{HOLE}"', spelt).encode()
            answer = await world.ours.ask("POST", "/graphql", content=content, headers=sent)
            count += 1
            told = f"{place}, {odd[:40]}: {answer.status_code} {answer.text[:300]}"
            errors = answer.json().get("errors", [])
            codes = {each.get("extensions", each).get("code") for each in errors}
            if answer.status_code >= 500 or "internal" in codes:
                failed.append(told)
            refused = odd in UNKEEPABLE or (kind.name == "Int" and not odd.lstrip("-").isdigit())
            if refused and not errors and answer.status_code < 400:
                accepted.append(told)
    of = "odd values in the variables of all fields"
    figure("E06", Wrong.FAILED, failed, tried=count, of=of)
    figure("E07", Wrong.CHANGES, accepted, tried=count, of=of)


_CYCLE = {"code": "new", "scheme": "mine", "period": "null", "population": {"position": "agent"}}
_SOON = {"role": "hr", "expires_at": "2099-01-01T00:00:00.1234567Z"}
_DOTTED = {"query": "query ($v: AlertKind) { alerts(kind: $v) { totalCount } }"}
NAMED: tuple[tuple[str, Json, str], ...] = (
    ("/v1/cycles", _CYCLE, "/period"),
    ("/v1/keys", _SOON, "/expires_at"),
    ("/v1/alerts/alt_%00/closure", {"note": "why"}, "?id"),
    ("/v1/facts/traffic?mapping=a%00", [], "?mapping"),
)
"""What is refused for one place, which is named."""


@in_the_world
async def test_scenario_e07_what_cannot_be_kept_is_named(world: World, figure: Figures) -> None:
    unnamed = []
    async with undone(world):
        for path, body, pointer in NAMED:
            door = world.ingest if "facts" in path else world.ours.client
            headers = {"Authorization": f"Bearer {world.ours.keys['admin']}"}
            answer = await door.post(path, json=body, headers=headers)
            told = [each["pointer"] for each in answer.json()["errors"]]
            unnamed += [] if (answer.status_code, told) == (422, [pointer]) else [answer.text]
    figure("E07", Wrong.UNNAMED, unnamed, tried=len(NAMED), of="places that cannot keep a text")


@in_the_world
async def test_scenario_e07_a_word_with_more_letters_in_lower_case_is_no_mistake_of_ours(
    world: World, figure: Figures
) -> None:
    answer = await world.ours.post("/graphql", _DOTTED | {"variables": {"v": TEXTS["dot"]}})
    codes = [error["extensions"]["code"] for error in answer.json()["errors"]]
    figure("E07", Wrong.FAILED, int(codes != ["query_invalid"]), tried=1, of="words of a list")


@in_the_world
async def test_scenario_e07_bytes_of_no_text_are_refused_by_every_writing_operation(
    world: World, figure: Figures
) -> None:
    """In each of their bodies, whatever stands around."""
    found, failed = [], []
    async with undone(world):
        operations = {place.operation: place for place in writing("body")}
        for at, (operation, place) in enumerate(sorted(operations.items())):
            raw = b'{"a":"' + BYTES[at % len(BYTES)] + b'"}'
            call = next(c for c in calls_of(world, f"REST {operation}") if c.wanted == "allow")
            question = room_for(world, call, place)
            answer = await put(world, question, content=raw)
            told = f"{operation} {raw!r}: {answer.status_code} {answer.text[:200]}"
            failed += [told] if answer.status_code >= 500 else []
            found += [told] if answer.json().get("code") != "unreadable" else []
    of = "bodies that are no text, of all writing operations"
    figure("E07", Wrong.FAILED, failed, tried=len(operations), of=of)
    figure("E07", Wrong.ACCEPTED, found, tried=len(operations), of=of)
