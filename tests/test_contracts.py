"""The published contracts are what the code generates, and of a quality that clients can use."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLObjectType, build_schema, get_named_type, validate_schema

from services.cli.contracts import FOLDER, contracts

OPENAPI = ("api.json", "ingest.json")
FEED = "/v1/payroll/entries"
"""It has no end, so no total."""
WHOLE = {
    "/v1/receipt-keys", "/v1/rating-requests", "/v1/survey-requests", "/v1/targets/differences",
    "/v1/schemes/{code}/reviews",
    *(
        f"/v1/scorecards/{{id}}/{each}"
        for each in (
            "adjustments", "disputes", "history", "improvements", "payouts", "raters", "ratings",
        )
    ),
}  # fmt: skip
"""Lists of what one card, one person or one period has: never cut, so they take no limit."""


@pytest.fixture(scope="module")
def generated() -> dict[str, str]:
    return contracts()


@pytest.mark.parametrize("name", [*OPENAPI, "schema.graphql"])
def test_what_is_checked_in_is_what_the_code_generates(
    generated: dict[str, str], name: str
) -> None:
    kept = (FOLDER / name).read_text(encoding="utf-8")
    assert kept == generated[name], "run `make contracts`"


def test_nothing_else_is_checked_in(generated: dict[str, str]) -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(generated)


def test_the_same_code_gives_the_same_bytes(generated: dict[str, str]) -> None:
    assert contracts() == generated


@pytest.mark.parametrize("name", OPENAPI)
def test_every_operation_is_named_tagged_and_says_how_it_refuses(
    generated: dict[str, str], name: str
) -> None:
    contract: dict[str, Any] = json.loads(generated[name])
    operations = [each for path in contract["paths"].values() for each in path.values()]
    ids = [each["operationId"] for each in operations]
    assert sorted(ids) == sorted(set(ids))
    tags = {tag["name"] for tag in contract["tags"]}
    for operation in operations:
        assert set(operation["tags"]) <= tags
        assert {"400", "401", "403", "409", "422", "503"} <= operation["responses"].keys()
        assert any(status.startswith("2") for status in operation["responses"])


@pytest.mark.parametrize("name", OPENAPI)
def test_no_name_of_a_schema_tells_of_our_modules(generated: dict[str, str], name: str) -> None:
    """What two classes are both called would be: a client's types bear these names."""
    assert [
        each for each in json.loads(generated[name])["components"]["schemas"] if "__" in each
    ] == []


def test_requirement_26_every_list_tells_its_total_and_where_it_goes_on(
    generated: dict[str, str],
) -> None:
    whole, unlike = set[str](), []
    for name in OPENAPI:
        contract = json.loads(generated[name])
        schemas = contract["components"]["schemas"]
        for path, operations in contract["paths"].items():
            read = operations.get("get", {})
            answer = read.get("responses", {}).get("200", {}).get("content", {})
            schema = answer.get("application/json", {}).get("schema", {})
            reference = schema.get("$ref", "").rpartition("/")[2]
            fields = schemas.get(reference, schema).get("properties", {})
            if "items" not in fields:
                assert schema.get("type") != "array", f"{path}: a list without a total"
                continue
            asked = {each["name"]: each["schema"] for each in read.get("parameters", ())}
            if not {"total", "next_cursor"} <= fields.keys() and path != FEED:
                unlike.append(path)
            if not {"limit", "cursor", "after"} & asked.keys():
                whole.add(path)
            elif "maximum" not in asked["limit"] or not {"cursor", "after"} & asked.keys():
                unlike.append(path)
    assert unlike == []
    assert whole == WHOLE


def test_what_the_code_says_of_a_field_stands_in_the_contract(generated: dict[str, str]) -> None:
    schemas = json.loads(generated["api.json"])["components"]["schemas"]
    rating = schemas["DisputeIn"]["properties"]["rating"]
    assert rating["description"] == "By its id, as the card's ratings tell it."


def untyped(schema: Any, place: str) -> Iterator[str]:
    """Where a schema says nothing of what may stand there."""
    if not isinstance(schema, dict):
        yield place
        return
    said = schema.keys() - {"title", "description", "default", "examples", "deprecated"}
    is_map = schema.get("type") == "object" and "properties" not in schema
    open_map = schema.get("additionalProperties", True) in (True, {})
    if not said or (is_map and open_map) or "patternProperties" in schema:
        yield place
    if schema.get("type") == "array" and not schema.keys() & {"items", "prefixItems"}:
        yield place
    if "properties" in schema and schema.get("additionalProperties") in (True, {}):
        yield place
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield from untyped(schema[name], f"{place}/{name}")
    for name in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for number, part in enumerate(schema.get(name, [])):
            yield from untyped(part, f"{place}/{name}/{number}")
    for name, part in schema.get("properties", {}).items():
        yield from untyped(part, f"{place}/{name}")


def schemas_in(node: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Every schema of a contract, by its name or its place."""
    if isinstance(node, dict):
        for name, part in node.items():
            if name == "schema":
                yield place, part
            elif name == "schemas":
                yield from part.items()
            else:
                yield from schemas_in(part, f"{place}/{name}")
    elif isinstance(node, list):
        for number, part in enumerate(node):
            yield from schemas_in(part, f"{place}/{number}")


@pytest.mark.parametrize("name", OPENAPI)
def test_a_generated_client_meets_nothing_unknown(generated: dict[str, str], name: str) -> None:
    found = [
        place
        for each, schema in schemas_in(json.loads(generated[name]), "")
        for place in untyped(schema, each)
    ]
    assert found == []


DOCUMENTS = {
    "Scorecard.explanation": "the document that REST gives, whose members api.json describes",
    "Scorecard.receipt": "the same of a receipt, which is signed as it stands",
    "Payout.inputs": "deprecated: `terms` says the same, with its types",
}
"""What the graph gives whole, as JSON, and why."""


def test_the_graph_gives_documents_whole_only_where_a_reason_stands(
    generated: dict[str, str],
) -> None:
    schema = build_schema(generated["schema.graphql"])
    found = {
        f"{kind.name}.{name}"
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLObjectType)
        for name, field in kind.fields.items()
        if get_named_type(field.type).name == "JSON"
    }
    assert found == DOCUMENTS.keys()


def test_what_is_untyped_is_seen() -> None:
    """The test before is no use where it is blind."""
    open_map = {"type": "object", "additionalProperties": True}
    for wrong in (
        {}, {"title": "X"}, True, open_map, {"type": "object"}, {"type": "array"},
        {"anyOf": [{"type": "null"}, {}]}, {"properties": {"a": {"items": {}, "type": "array"}}},
        {"type": "object", "patternProperties": {"^a$": {"type": "string"}}},
    ):  # fmt: skip
        assert list(untyped(wrong, "x")), wrong
    closed = {"type": "object", "additionalProperties": {"type": "string"}}
    assert list(untyped({"properties": {"a": closed}, "additionalProperties": False}, "x")) == []


def test_the_graph_is_read_only_and_stands_by_itself(generated: dict[str, str]) -> None:
    schema = build_schema(generated["schema.graphql"])
    assert validate_schema(schema) == []
    assert schema.mutation_type is None
    assert schema.query_type is not None
    assert list(schema.query_type.fields) == [
        "node", "viewer", "employees", "employee", "units", "shops", "indicators", "schemes",
        "targets", "targetDifferences", "targetPlans", "feeds", "cycles", "cycle", "scorecards",
        "scorecard", "results", "ladders", "ladder", "assessments", "observations",
        "indicatorSeries", "alerts", "surveys", "cases", "useRules", "uses", "report",
        "salesChange",
    ]  # fmt: skip
    assert schema.subscription_type is not None
    assert list(schema.subscription_type.fields) == ["scorecardChanged"]
