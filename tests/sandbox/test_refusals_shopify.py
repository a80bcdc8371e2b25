"""Shopify of the sandbox refuses what the real one refuses, in its words."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from sandbox.gateways import Answer, Asked
from sandbox.lives import first_day
from sandbox.shopify.gateway import Gateway, token_of
from services.ingest.sources import shopify_documents as documents
from tests.sandbox.clocks import At, text
from tests.sandbox.test_company import TODAY

QUESTION = documents.SCOPES


@pytest.fixture
def clock() -> At:
    return At()


class Shop:
    def __init__(self, clock: At) -> None:
        self.gateway = Gateway(first=first_day(TODAY), now=clock)

    def ask(
        self,
        query: str = QUESTION,
        *,
        token: str = token_of("sp-qinghe"),
        version: str = documents.VERSION,
        variables: Mapping[str, object] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        path = f"/admin/api/{version}/graphql.json"
        made = json.dumps({"query": query, "variables": variables or {}}).encode()
        headers = {"x-shopify-access-token": token}
        return self.gateway.answer(
            Asked(
                "POST",
                f"http://shop.test{path}",
                path,
                b"",
                headers,
                made if body is None else body,
            )
        )

    def told(self, *args: Any, **kwargs: Any) -> str:
        answer = self.ask(*args, **kwargs)
        document = json.loads(answer.body)
        errors = document.get("errors")
        if errors is None:
            return "ok"
        if isinstance(errors, str):
            return str(answer.status)
        return str(errors[0].get("extensions", {}).get("code") or errors[0]["message"][:30])


@pytest.fixture
def shop(clock: At) -> Shop:
    return Shop(clock)


ORDERS = "query($first: Int!) { orders(first: $first, sortKey: UPDATED_AT) { nodes { id } } }"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "ok"),
        ({"token": "shpat_other"}, "401"),
        ({"token": ""}, "401"),
        ({"version": "2024-01"}, "404"),
        ({"version": "unstable"}, "404"),
        ({"body": b"{"}, "400"),
        ({"body": b"{}"}, "400"),
        ({"query": "{"}, "400"),
        ({"query": "{ customersOfOthers { id } }"}, "Cannot query field 'customersO"),
        ({"query": ORDERS, "variables": {"first": 250}}, "ok"),
        ({"query": ORDERS, "variables": {"first": 251}}, "first cannot exceed 250."),
        ({"query": ORDERS, "variables": {}}, "Variable '$first' has invalid "),
    ],
)
def test_shopify_answers_whom_it_knows_and_what_it_can(
    shop: Shop, asked: dict[str, Any], told: str
) -> None:
    assert shop.told(**asked) == told


def test_shopify_shows_what_the_seller_has_let_be_seen_alone(shop: Shop) -> None:
    query = "{ orders(first: 5) { nodes { id customer { id } } } }"
    assert shop.told(query) == "ok"
    shop.gateway.tokens.scopes -= {"read_customers", "read_reports", "read_products"}
    assert shop.told(query) == "ACCESS_DENIED"
    assert shop.told("{ productVariants(first: 1) { nodes { id } } }") == "ACCESS_DENIED"
    since = (TODAY - timedelta(days=3)).isoformat()
    asked = f"FROM sessions SHOW sessions SINCE {since}"
    sessions = f'{{ shopifyqlQuery(query: "{asked}") {{ parseErrors }} }}'
    assert shop.told(sessions) == "ACCESS_DENIED"


def test_shopify_shows_sixty_days_without_the_scope_for_all(shop: Shop, clock: At) -> None:
    clock.now += timedelta(days=30)

    def told() -> set[str]:
        answer = json.loads(shop.ask("{ orders(first: 250) { nodes { createdAt } } }").body)
        return {row["createdAt"] for row in answer["data"]["orders"]["nodes"]}

    every = told()
    shop.gateway.tokens.scopes.discard("read_all_orders")
    edge = text(clock.now - timedelta(days=60))
    assert min(every) < edge <= min(told())


def test_shopifys_points_run_out_and_come_back_by_the_second(shop: Shop, clock: At) -> None:
    page: dict[str, Any] = {"query": ORDERS, "variables": {"first": 250}}
    answers = [shop.told(**page) for _ in range(40)]
    spent = answers.index("THROTTLED")
    assert set(answers[:spent]) == {"ok"}
    assert set(answers[spent:]) == {"THROTTLED"}
    document = json.loads(shop.ask(**page).body)
    cost = document["extensions"]["cost"]
    assert cost["actualQueryCost"] is None
    status = cost["throttleStatus"]
    missing = cost["requestedQueryCost"] - status["currentlyAvailable"]
    assert missing > 0
    clock.now += timedelta(seconds=missing / status["restoreRate"])
    assert shop.told(**page) == "ok"
    nested = "{ orders(first: 250) { nodes { id lineItems(first: 250) { nodes { id } } } } }"
    clock.now += timedelta(hours=1)
    assert shop.told(nested) == "MAX_COST_EXCEEDED"
