"""Every place where a caller may write a word of their own: in a path, a query, a body, a variable.

They are read from the contracts. What its schema says to be a number, a day or one word of a list
is no such place.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from graphql import GraphQLNamedType, GraphQLObjectType, GraphQLScalarType, get_named_type

from services.api.app import create_app as create_api
from services.api.settings import ApiSettings
from services.ingest.app import create_app as create_ingest
from services.ingest.settings import IngestSettings
from tests.api.companies import Json
from tests.api.graph.asking import CORE

_DSN = "postgresql://nobody@nowhere/none"
SUBJECT = "(employee|unit|shop):"
"""In the pattern of what may be about any of these."""
NUMERIC = "[0-9]{1,"
_WRITTEN = frozenset({"String", "ID"})
"""The scalars of the graph's arguments that are a caller's own words."""


@dataclass(frozen=True)
class Place:
    """Where a word stands in an operation."""

    operation: str
    """`GET /v1/units`, or of the graph `Query.units`."""
    where: str
    """`path`, `query`, `body` or `variable`."""
    pointer: str
    """A name, or in a body `/lines/-/sku`: `-` is any of a list, `*` any name, `*:` what it has."""
    variant: str = ""
    """Of a body of several kinds: which."""
    about_any: bool = False

    @property
    def name(self) -> str:
        """What the word is called where it stands."""
        return next(each for each in reversed(self.pointer.split("/")) if each != "-")

    def __str__(self) -> str:
        return " ".join(filter(None, (self.operation, self.where, self.pointer, self.variant)))


@dataclass(frozen=True)
class Contract:
    """What a service says of itself."""

    app: FastAPI
    document: Mapping[str, Any]

    def whole(self, schema: Json) -> Json:
        """A schema, where it is only named."""
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema

    def forms(self, schema: Json) -> Iterator[Json]:
        """The forms that a value may have, null aside."""
        schema = self.whole(schema)
        several = schema.get("anyOf") or schema.get("oneOf")
        if several is None:
            yield schema
            return
        for each in several:
            if each.get("type") != "null":
                yield from self.forms(each)


@cache
def contracts() -> tuple[Contract, ...]:
    """Of both services."""
    api = {"dsn": _DSN, "payroll_dsn": _DSN, "environment": "development"}
    ingest = {"dsn": _DSN, "buyer_key": "k" * 32, "environment": "development"}
    apps = (
        create_api(ApiSettings.model_validate(api)),
        create_ingest(IngestSettings.model_validate(ingest)),
    )
    return tuple(Contract(app, app.openapi()) for app in apps)


@cache
def operations_of_contracts() -> Mapping[str, tuple[Contract, Mapping[str, Any]]]:
    """What each published operation says of itself, by `GET /v1/units`."""
    return {
        f"{method.upper()} {path}": (contract, described)
        for contract in contracts()
        for path, methods in contract.document["paths"].items()
        for method, described in methods.items()
    }


@cache
def places() -> frozenset[Place]:
    """All of them, of REST and of the graph."""
    found = {*_places_of_hidden_pages(), *_places_of_graph()}
    for operation, (contract, described) in operations_of_contracts().items():
        for parameter in described.get("parameters", ()):
            forms = list(contract.forms(parameter["schema"]))
            if not all(map(is_plain, forms)):
                about = any(map(is_subject, forms))
                found.add(Place(operation, parameter["in"], parameter["name"], about_any=about))
        found |= set(_places_of_body(operation, contract, described))
    return frozenset(found)


@cache
def fields() -> Mapping[Place, tuple[Json, ...]]:
    """Each place of REST for a value of any kind, and the forms that its contract gives it."""
    found: dict[Place, tuple[Json, ...]] = {}
    for operation, (contract, described) in operations_of_contracts().items():
        for parameter in described.get("parameters", ()):
            place = Place(operation, parameter["in"], parameter["name"])
            found[place] = tuple(contract.forms(parameter["schema"]))
        schema = body_of(described)
        for variant, each in variants_of(contract, schema).items() if schema else ():
            for pointer, leaf in _leaves(contract, each, "", ()):
                place = Place(operation, "body", pointer, variant)
                found[place] = (*found.get(place, ()), leaf)
    return found


def body_of(described: Json) -> Json:
    """The schema of an operation's JSON body, if it has one."""
    content = described.get("requestBody", {}).get("content", {})
    return content.get("application/json", {}).get("schema")


def variants_of(contract: Contract, schema: Json) -> Mapping[str, Json]:
    """A body's schema, or each of the kinds of what its list may hold, by title."""
    items = contract.whole(schema).get("items", {})
    if not {each.get("title") for each in items.get("anyOf", ())} - {None}:
        return {"": schema}
    return {each["title"]: {**schema, "items": each} for each in items["anyOf"]}


def _places_of_body(operation: str, contract: Contract, described: Json) -> Iterator[Place]:
    schema = body_of(described)
    if schema is None:
        return
    for variant, each in variants_of(contract, schema).items():
        for pointer, leaf in _leaves(contract, each, "", ()):
            if not is_plain(leaf):
                yield Place(operation, "body", pointer, variant, about_any=is_subject(leaf))


def _leaves(
    contract: Contract, schema: Json, pointer: str, above: tuple[int, ...]
) -> Iterator[tuple[str, Json]]:
    """Where a body holds no further body, and in which forms; names of members among them."""
    for form in contract.forms(schema):
        if id(form) in above:
            continue  # a form within itself holds nothing new
        within = (*above, id(form))
        for name, member in form.get("properties", {}).items():
            yield from _leaves(contract, member, f"{pointer}/{name}", within)
        for member in open_members(form):
            yield f"{pointer}/*", {}
            yield from _leaves(contract, member, f"{pointer}/*:", within)
        if "items" in form or "prefixItems" in form:
            for item in (*form.get("prefixItems", ()), form.get("items", {"type": "null"})):
                if item.get("type") != "null":
                    yield from _leaves(contract, item, f"{pointer}/-", within)
        elif form.get("type") != "object" and "properties" not in form:
            yield pointer, form


def open_members(form: Json) -> Iterator[Json]:
    """Of an object whose members' names are the caller's: what they hold."""
    further = form.get("additionalProperties")
    if isinstance(further, dict):
        yield further
    yield from form.get("patternProperties", {}).values()


def is_plain(schema: Json) -> bool:
    """Whether a value is a number, a day, yes or no, or one of a list of words."""
    return (
        schema.get("type") in {"integer", "number", "boolean"}
        or bool({"enum", "const", "format"} & schema.keys())
        or (NUMERIC in schema.get("pattern", "") and not is_subject(schema))
    )


def is_subject(schema: Json) -> bool:
    return SUBJECT in schema.get("pattern", "")


def _places_of_hidden_pages() -> Iterator[Place]:
    """Of the routes that the contracts leave out."""
    for contract in contracts():
        for router in contract.app.state.routers:
            for route in router.routes:
                if isinstance(route, APIRoute) and not route.include_in_schema:
                    operation = f"{min(route.methods or ())} {route.path_format}"
                    for each in route.dependant.path_params:
                        yield Place(operation, "path", each.alias)
                    for each in route.dependant.query_params:
                        yield Place(operation, "query", each.alias)


def _places_of_graph() -> Iterator[Place]:
    for place, scalar in arguments().items():
        if not isinstance(scalar, GraphQLScalarType) or scalar.name in _WRITTEN:
            about = place.pointer == "subject"
            if not hasattr(scalar, "values"):
                yield Place(place.operation, place.where, place.pointer, "", about)


@cache
def arguments() -> Mapping[Place, GraphQLNamedType]:
    """Each place for a variable in the graph, and the type of what stands there."""
    return {
        Place(f"{kind.name}.{name}", "variable", argument): get_named_type(held.type)
        for kind in CORE.type_map.values()
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__")
        for name, made in kind.fields.items()
        for argument, held in made.args.items()
    }
