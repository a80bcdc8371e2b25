"""The published contracts are what the code generates, and of a quality that clients can use."""

import json
from typing import Any

import pytest
from graphql import build_schema, validate_schema

from services.cli.contracts import FOLDER, contracts

OPENAPI = ("api.json", "ingest.json")


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


def test_what_the_code_says_of_a_field_stands_in_the_contract(generated: dict[str, str]) -> None:
    schemas = json.loads(generated["api.json"])["components"]["schemas"]
    rating = schemas["DisputeIn"]["properties"]["rating"]
    assert rating["description"] == "By its id, as the card's ratings tell it."


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
