"""Every document that we send is one of Shopify's own language, in every version that it serves.

The one that we speak is checked each time, the others before a release.

Schemas come from the npm package in which Shopify publishes them.
"""

import gzip
import json
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_client_schema, parse, validate

from sandbox.shopify.gateway import VERSIONS
from sandbox.shopify.schema import SCHEMA
from services.ingest.sources import shopify_documents as documents
from tests.packages import unpacked

PACKAGE = "@shopify/dev-mcp@1.16.0"
INTEGRITY = (
    "sha512-"
    "tqgRnK7sQhjew+htxtleTH23nXB5fZcsrhWgEkomsorGXvLOB2mh2upwZm8uzuTDNTZnqtLMe64yIwh6s2awtw=="
)
DOCUMENTS = {
    "a page of orders": documents.orders_page(()),
    "a page without what may be forbidden": documents.orders_page(documents.FORBIDDABLE),
    "a page of refunds": documents.refunds_page(),
    "a file of orders": documents.bulk_orders((), "updated_at:>='2026-11-01T00:00:00Z'"),
    "a file of refunds": documents.bulk_refunds("updated_at:>='2026-11-01T00:00:00Z'"),
    "more lines": documents.MORE_LINES,
    "a page of shelves": documents.shelves_page(),
    "more places": documents.MORE_PLACES,
    "what came back": documents.RETURNED,
    "the start of a file": documents.START_BULK,
    "a look at a file": documents.LOOK_AT_BULK,
    "scopes": documents.SCOPES,
    "sessions": documents.SESSIONS,
}


@pytest.fixture(scope="module")
def folder() -> Path:
    return unpacked(PACKAGE, integrity=INTEGRITY) / "dist" / "data"


def schema(folder: Path, version: str) -> GraphQLSchema:
    document = json.loads(gzip.decompress((folder / f"admin_{version}.json.gz").read_bytes()))
    # What is published misses parts that a whole one must have.
    return build_client_schema(document.get("data", document), assume_valid=True)


@pytest.mark.parametrize(
    "version",
    [
        pytest.param(each, marks=() if each == documents.VERSION else pytest.mark.long)
        for each in sorted(VERSIONS)
    ],
)
def test_every_document_is_valid(folder: Path, version: str) -> None:
    published = schema(folder, version)
    for name, text in DOCUMENTS.items():
        assert validate(published, parse(text)) == [], name
    wrong = documents.SCOPES.replace("handle", "handles")
    assert validate(published, parse(wrong)) != []


def test_the_sandbox_answers_nothing_that_shopify_does_not(folder: Path) -> None:
    """Each of its types and fields is Shopify's, but for those that stand for several."""
    published = schema(folder, documents.VERSION)
    stand_ins = {"Query": "QueryRoot", "Named": "StaffMember"}
    for name, ours in SCHEMA.type_map.items():
        fields = getattr(ours, "fields", None)
        if fields is None or name.startswith("__"):
            continue
        theirs = published.type_map[stand_ins.get(name, name)]
        assert fields.keys() <= theirs.fields.keys(), name  # type: ignore[attr-defined]  # of its kind
        for field, inner in fields.items():
            published_field = theirs.fields[field]  # type: ignore[attr-defined]  # of its kind
            assert inner.args.keys() <= published_field.args.keys(), (name, field)


def test_every_document_is_one_that_the_sandbox_reads() -> None:
    for name, text in DOCUMENTS.items():
        assert validate(SCHEMA, parse(text)) == [], name
