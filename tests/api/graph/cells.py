"""The cells of the graph: every field asked as each role, of something in each relation."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    parse,
    visit,
)

from services.api.graph.changes import Changes, Follower
from services.api.graph.context import GraphContext
from services.api.graph.schema import schema
from services.door.access import matrix, row_of
from services.schema.shapes.people import Subject
from services.schema.words import Role
from tests.api.asks import ABSENT
from tests.api.companies import Json
from tests.api.graph.asking import CORE, post, whole
from tests.api.matrix import Tally, said_of
from tests.api.worlds import World

SECONDS = 60
"""Within which a subscription is refused or begun, also on a busy machine."""
Fields = set[tuple[str, str]]
_BY_ID = {
    "scorecard": "scorecard published",
    "result": "result",
    "alert": "alert",
    "case": "case",
}
_NODES = {
    "employee": "GQL Query.employee",
    "scorecard": "GQL Query.scorecard",
    "result": "REST GET /v1/results/{id}",
    "alert": "REST GET /v1/alerts/{id}",
    "case": "REST GET /v1/cases/{id}",
}
"""What is asked for by its id alone reads as its own root does."""


def object_types() -> list[GraphQLObjectType]:
    return [
        kind
        for name, kind in CORE.type_map.items()
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__")
    ]


def all_fields() -> Fields:
    return {(kind.name, name) for kind in object_types() for name in kind.fields}


def row_of_field(kind: str, name: str) -> str | None:
    """The row that speaks for a field: its own, or its type's."""
    return next((row for row in (f"GQL {kind}.{name}", f"GQL {kind}.*") if row in matrix()), None)


@dataclass
class Asked:
    """Which fields were in a query, and which of them an answer showed."""

    asked: Fields = field(default_factory=set)
    shown: Fields = field(default_factory=set)


@dataclass(frozen=True)
class Entry:
    """A query that reaches some fields, by its root."""

    root: str
    about: str
    """The root, or of `node` what its id is of."""
    arguments: str
    relation: str
    selection: str

    @property
    def query(self) -> str:
        return f"{{ {self.root}{self.arguments} {self.selection} }}"


def entries_of(world: World, caller: str) -> Iterator[tuple[Entry, Entry]]:
    """Every root about somebody in each relation, and the same about nobody there is."""
    assert CORE.query_type is not None
    for root, made in CORE.query_type.fields.items():
        for about in ("employee", *_BY_ID) if root == "node" else (root,):
            absent = arguments_of(made, told_of(world, about, caller, "other", None))
            for relation, code in world.people(caller).items():
                there = arguments_of(made, told_of(world, about, caller, relation, code))
                if there == absent and relation != "other":
                    continue  # a root that is told of nobody is asked once
                for selected in _selections(made):
                    yield (
                        Entry(root, about, there, relation, selected),
                        Entry(root, about, absent, relation, selected),
                    )


def arguments_of(made: GraphQLField, told: dict[str, str]) -> str:
    """What a root is told of whom it is about."""
    written = [
        f'{name}: "{told[name]}"'
        for name, argument in made.args.items()
        if name in told and (is_required_argument(argument) or name in {"employee", "subject"})
    ]
    parts = ", ".join([*written, *(["first: 2"] if "first" in made.args else [])])
    return f"({parts})" if parts else ""


def told_of(
    world: World, about: str, caller: str, relation: str, code: str | None
) -> dict[str, str]:
    """Every argument that a root may want; a code of null is nobody there is."""
    named = code or ABSENT
    told = {"employee": named, "subject": f"employee:{named}", "code": named}
    told |= {"period": "2026-01", "indicator": "net_sales", "id": f"employee:{named}"}
    mine = world.things["ladder", ""]
    told |= {"ladder": mine}
    if about == "ladder":
        known = {"foreign": world.things["ladder", "x-"]}
        told["code"] = known.get(relation, mine) if code else ABSENT
    if about in _BY_ID:
        told["id"] = world.things[_BY_ID[about], code] if code else ABSENT
    if about == "cycle":
        bounded = caller in {Role.LEAD, Role.EMPLOYEE}
        known = {"own": "open", "team": "open", "other": "back" if bounded else "open"}
        known["foreign"] = "x-open"
        told["code"] = known.get(relation, ABSENT) if code else ABSENT
    return told


def _selections(made: GraphQLField) -> Iterator[str]:
    """All that the type of a root holds itself, then each of its links."""
    kind = get_named_type(made.type)
    if not isinstance(kind, GraphQLObjectType):  # a node: of several types
        yield "{ id __typename }"
        return
    yield selection_of(kind)
    for link in _links(kind):
        yield f"{{ {link} }}"


def selection_of(kind: GraphQLObjectType) -> str:
    """What a type holds without its links; of a page also its nodes."""
    if "nodes" not in kind.fields:
        return whole(kind.name)
    node = _type_of(kind.fields["nodes"])
    rest = [
        f"{name} {whole(_type_of(each).name)}"
        for name, each in kind.fields.items()
        if name not in {"totalCount", "nodes", "edges"}
    ]
    edges = f"edges {{ cursor node {{ {next(iter(node.fields))} }} }}"
    return f"{{ totalCount {' '.join(rest)} {edges} nodes {whole(node.name)} }}"


def _links(kind: GraphQLObjectType) -> Iterator[str]:
    """Each link of a type, those of the parts that it holds, and of what no root reaches."""
    if "nodes" in kind.fields:
        yield from (f"nodes {{ {link} }}" for link in _links(_type_of(kind.fields["nodes"])))
        return
    for name, made in kind.fields.items():
        inner = get_named_type(made.type)
        held = schema.get_field_for_type(name, kind.name)
        assert held is not None
        if held.base_resolver is not None:
            against = '(against: "closed")' if "against" in made.args else ""
            first = "(first: 2)" if "first" in made.args else ""
            alone = is_leaf_type(inner)
            yield f"{name}{against}{first} {'' if alone else selection_of(_type_of(made))}"
        if isinstance(inner, GraphQLObjectType) and inner.name not in _rooted():
            yield from (f"{name} {{ {link} }}" for link in _links(inner))


@cache
def _rooted() -> frozenset[str]:
    """The types that a root gives, in pages or alone: their links are asked there."""
    assert CORE.query_type is not None
    kinds = {_type_of(each) for each in CORE.query_type.fields.values() if _is_object(each)}
    nodes = {_type_of(kind.fields["nodes"]) for kind in kinds if "nodes" in kind.fields}
    return frozenset(kind.name for kind in kinds | nodes)


def _is_object(made: GraphQLField) -> bool:
    return isinstance(get_named_type(made.type), GraphQLObjectType)


def _type_of(made: GraphQLField) -> GraphQLObjectType:
    kind = get_named_type(made.type)
    assert isinstance(kind, GraphQLObjectType)
    return kind


async def call(
    world: World, caller: str, entry: Entry, absent: Entry, tally: Tally, seen: Asked
) -> None:
    """Hold one answer against the row of its root, and each of its fields against its own."""
    body = (await post(world.ours, entry.query, key=caller)).json()
    cell = f"GQL Query.{entry.root} as {caller}, {entry.relation} {entry.arguments}"
    row = _NODES[entry.about] if entry.root == "node" else f"GQL Query.{entry.root}"
    said = said_of(row_of(row), caller, entry.relation)
    if entry.relation == "foreign" and said == "allow":
        said = "hide"
    data = (body.get("data") or {}).get(entry.root)
    codes = {each["extensions"]["code"] for each in body.get("errors", ())}
    named = entry.arguments != absent.arguments
    if said == "refuse":
        tally.check(data is None and codes == {"forbidden"}, cell, body)
    elif said == "hide" and named:
        other = (await post(world.ours, absent.query, key=caller)).json()
        tally.check(without_places(body) == without_places(other), cell, body)
    else:
        bad = codes - {"forbidden"} or (said == "allow" and named and data is None)
        tally.check(not bad, cell, body)
    kind = get_named_type(CORE.query_type.fields[entry.root].type)  # type: ignore[union-attr]
    _note_asked(entry, seen)
    if named or data is None or entry.relation == "other":
        relation = entry.relation if named else "*"
        _hold(kind, data, caller, relation, tally, seen)


def _hold(kind: Any, data: Json, caller: str, relation: str, tally: Tally, seen: Asked) -> None:
    """Walk an answer: what its rows say is null is null, what they hide is not there."""
    if isinstance(data, list):
        for each in data:
            _hold(kind, each, caller, relation, tally, seen)
        return
    if not isinstance(data, dict) or not isinstance(kind, GraphQLObjectType):
        return
    for name, value in data.items():
        if name not in kind.fields:
            continue
        row = row_of_field(kind.name, name)
        assert row is not None, f"{kind.name}.{name} has no row"
        said = said_of(row_of(row), caller, relation) if relation != "*" else "allow"
        seen.shown.add((kind.name, name))
        good = said == "allow" or _is_empty(value)
        tally.check(good, f"GQL {kind.name}.{name} as {caller}, {relation}, wanted {said}", value)
        _hold(get_named_type(kind.fields[name].type), value, caller, relation, tally, seen)


def _is_empty(value: Json) -> bool:
    """Whether something tells nothing: null, nought, or a page of no list."""
    return all(map(_is_empty, value.values())) if isinstance(value, dict) else not value


def _note_asked(entry: Entry, seen: Asked) -> None:
    """The fields that a query names, by their types."""
    info = TypeInfo(CORE)
    visit(parse(entry.query), TypeInfoVisitor(info, _Noted(info, seen)))


class _Noted(Visitor):
    def __init__(self, info: TypeInfo, seen: Asked) -> None:
        super().__init__()
        self._info, self._seen = info, seen

    def enter_field(self, node: FieldNode, *_: object) -> None:
        parent = self._info.get_parent_type()
        if parent is not None and not node.name.value.startswith("__"):
            self._seen.asked.add((parent.name, node.name.value))


def without_places(body: Json) -> Json:
    """The answer without where in the query an error stood."""
    errors = [
        {k: v for k, v in each.items() if k != "locations"} for each in body.get("errors", ())
    ]
    return {**body, "errors": errors}


@dataclass(frozen=True)
class _Socket:
    """One that has signed in."""

    context: GraphContext

    def begin(self) -> GraphContext:
        return self.context


@dataclass(frozen=True)
class _Heard(Changes):
    """Changes that tell when somebody begins to follow them."""

    changes: Changes
    begun: asyncio.Event

    @contextmanager
    def follow(self, tenant: int, cycle: str, subject: Subject | None) -> Iterator[Follower]:
        with self.changes.follow(tenant, cycle, subject) as follower:
            self.begun.set()
            yield follower


async def follow(context: GraphContext, cycle: str, employee: str | None = None) -> bool:
    """Whether a subscription is refused as it begins; one that waits for changes is not."""
    await context.renew()
    begun = asyncio.Event()
    context.changes = _Heard(context.changes, begun)
    query = (
        "subscription ($cycle: String!, $employee: String) "
        "{ scorecardChanged(cycle: $cycle, employee: $employee) { id } }"
    )
    given = {"cycle": cycle, "employee": employee}
    stream = await schema.subscribe(query, given, context_value=_Socket(context))
    if not hasattr(stream, "__anext__"):
        return bool(getattr(stream, "errors", None))
    first, follows = asyncio.ensure_future(anext(stream)), asyncio.create_task(begun.wait())
    async with asyncio.timeout(SECONDS):
        await asyncio.wait((first, follows), return_when=asyncio.FIRST_COMPLETED)
    follows.cancel()
    if first.done():
        return bool(first.result().errors)
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    await stream.aclose()
    return False
