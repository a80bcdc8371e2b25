"""How tests ask the graph: a query with a key, and selections made from the schema itself."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import httpx
from graphql import (
    GraphQLEnumType,
    GraphQLObjectType,
    GraphQLType,
    get_named_type,
    is_leaf_type,
)
from sqlalchemy import event

from services.api.graph.schema import schema
from tests.api.companies import Company, Json

CORE = schema._schema
_IS_ASKED = ContextVar("_IS_ASKED", default=False)
"""Of the tasks that a test's own questions begin; workers began before it."""


async def post(
    company: Company, query: str, variables: Json = None, *, key: str = "admin", **members: Any
) -> httpx.Response:
    """One query as it is answered."""
    body = {"query": query, "variables": variables, **members}
    headers = {"Accept": "application/graphql-response+json"}
    return await company.ask("POST", "/graphql", body, key=key, headers=headers)


async def ask(
    company: Company, query: str, variables: Json = None, *, key: str = "admin"
) -> dict[str, Json]:
    """The data of a query that must succeed whole."""
    answer = await post(company, query, variables, key=key)
    body = answer.json()
    assert "errors" not in body, body["errors"]
    data: dict[str, Json] = body["data"]
    return data


async def codes(
    company: Company, query: str, variables: Json = None, *, key: str = "admin"
) -> list[str]:
    """The codes of the errors of a query that must not succeed whole."""
    body = (await post(company, query, variables, key=key)).json()
    return [error["extensions"]["code"] for error in body["errors"]]


@dataclass
class Statements:
    """How many statements a database was sent, the frames of transactions among them."""

    count: int = 0

    def add(self, *_: object) -> None:
        if _IS_ASKED.get():
            self.count += 1


@contextmanager
def statements(company: Company) -> Iterator[Statements]:
    """Count what the app asks of its database for us, and not what its workers do meanwhile."""
    engine = company.app.state.database._engine.sync_engine
    counted = Statements()
    event.listen(engine, "before_cursor_execute", counted.add)
    asked = _IS_ASKED.set(True)
    try:
        yield counted
    finally:
        _IS_ASKED.reset(asked)
        event.remove(engine, "before_cursor_execute", counted.add)


def whole(kind: str) -> str:
    """A selection of all that a type holds itself and who stated it; links left out."""
    made = CORE.get_type(kind)
    assert isinstance(made, GraphQLObjectType), kind
    parts = []
    for name, field in made.fields.items():
        held = schema.get_field_for_type(name, kind)
        assert held is not None
        if held.base_resolver is not None and name != "authorName":
            continue
        inner = get_named_type(field.type)
        parts.append(name if is_leaf_type(inner) else f"{name} {whole(inner.name)}")
    return "{ " + " ".join(parts) + " }"


async def every(company: Company, path: str, *, key: str = "admin") -> list[Json]:
    """Every item of a list of REST, page by page."""
    items: list[Json] = []
    cursor = ""
    while True:
        page = (await company.get(f"{path}{cursor}", key=key)).json()
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = f"&cursor={page['next_cursor']}"


async def every_node(
    company: Company, root: str, arguments: str, first: int, *, key: str = "admin"
) -> list[Json]:
    """Every node of a connection, page by page, and as many as it says there are."""
    field = CORE.query_type.fields[root] if CORE.query_type else None
    assert field is not None
    connection = get_named_type(field.type)
    assert isinstance(connection, GraphQLObjectType)
    kind = get_named_type(connection.fields["nodes"].type).name
    selected = f"totalCount pageInfo {{ hasNextPage endCursor }} nodes {whole(kind)}"
    query = f"query ($after: String) {{ {root}({arguments} first: {first}, after: $after) {{ "
    nodes: list[Json] = []
    after = None
    while True:
        page = (await ask(company, f"{query}{selected} }} }}", {"after": after}, key=key))[root]
        nodes += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            assert page["totalCount"] == len(nodes)
            return nodes


def camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)


def leaves(document: Json, kind: GraphQLType, path: str = "") -> dict[str, Json]:
    """What REST states, leaf by leaf, as the graph would write it."""
    named = get_named_type(kind)
    if isinstance(document, list):
        parts = [leaves(each, kind, f"{path}[{n}]") for n, each in enumerate(document)]
        return {f"{path}#": len(document)} | {k: v for part in parts for k, v in part.items()}
    if isinstance(document, Mapping) and isinstance(named, GraphQLObjectType):
        found: dict[str, Json] = {}
        for name, member in document.items():
            assert camel(name) in named.fields, f"{path}.{name} is not in the graph"
            found |= leaves(member, named.fields[camel(name)].type, f"{path}.{camel(name)}")
        return found
    assert is_leaf_type(named) or document is None, path
    word = isinstance(named, GraphQLEnumType) and document is not None
    return {path: document.upper() if word else document}


def told(document: Json, path: str = "") -> dict[str, Json]:
    """What the graph answers, leaf by leaf."""
    if isinstance(document, list):
        parts = [told(each, f"{path}[{n}]") for n, each in enumerate(document)]
        return {f"{path}#": len(document)} | {k: v for part in parts for k, v in part.items()}
    if isinstance(document, Mapping):
        parts = [told(member, f"{path}.{name}") for name, member in document.items()]
        return {path: document} | {k: v for part in parts for k, v in part.items()}
    return {path: document}


def agrees(stated: Json, shown: Json, kind: str) -> None:
    """Each leaf that REST states stands in the graph under its name, as it is."""
    made = CORE.get_type(kind)
    assert made is not None, kind
    wanted, answered = leaves(stated, made), told(shown)
    assert {name: answered.get(name, "nothing") for name in wanted} == wanted


def same(root: str, stated: list[Json], shown: list[Json]) -> bool:
    """Whether the nodes of a list are what REST tells, one by one, and there are any."""
    assert CORE.query_type is not None
    node = get_named_type(CORE.query_type.fields[root].type).fields["nodes"].type
    return len(stated) == len(shown) > 0 and all(
        leaves(each, node).items() <= told(other).items()
        for each, other in zip(stated, shown, strict=True)
    )


async def node_of(company: Company, id: str, *, key: str = "admin") -> Json:
    """What is found by an id alone: its type and id, or null."""
    query = "query ($id: ID!) { node(id: $id) { __typename id } }"
    return (await ask(company, query, {"id": id}, key=key))["node"]


def as_graph(document: Json) -> Json:
    """What raters may give is `mark_scale` in the graph: a ladder's marks are a list."""
    if isinstance(document, list):
        return [as_graph(each) for each in document]
    if not isinstance(document, dict):
        return document
    return {
        "mark_scale" if name == "marks" and isinstance(member, dict) else name: as_graph(member)
        for name, member in document.items()
    }
