"""Shopify's one address: whose token it is, what a question costs, refusals, what a test breaks."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from graphql import DocumentNode, execute_sync

from sandbox.books import Books
from sandbox.faults import Call, Fault, Trouble
from sandbox.gateways import Answer, Asked, broken_answer, stall_seconds
from sandbox.shopify.answers import Ledger
from sandbox.shopify.schema import SCHEMA, checked, cost_of, name_of, points_in
from sandbox.shops import MARKETPLACE_SHOPS, Shop

PATH = "/admin/api/{version}/graphql.json"
FILES = "/shopify-files/{name}"
VERSIONS = {"2025-10", "2026-01", "2026-04", "2026-07", "2026-10"}
DEAREST = 1000
"""Points that a single question may cost."""


def token_of(shop: str) -> str:
    """The token that a shop gave to Kaohe's application."""
    return "shpat_" + sha256(f"qinghe sandbox token {shop}".encode()).hexdigest()[:32]


def secret_of(shop: str) -> str:
    """What a shop's webhooks are signed with."""
    return "shpss_" + sha256(f"qinghe sandbox webhooks {shop}".encode()).hexdigest()[:32]


@dataclass(slots=True)
class Bucket:
    """Points of one shop: they come back by the second."""

    restores: int = 100
    holds: int = 2000
    left: Decimal = Decimal(2000)
    seen_at: datetime | None = None

    def fill(self, at: datetime) -> None:
        if self.seen_at is not None:
            seconds = Decimal((at - self.seen_at) / timedelta(microseconds=1)) / 10**6
            self.left = min(Decimal(self.holds), self.left + seconds * self.restores)
        self.seen_at = at

    def status(self) -> dict[str, object]:
        return {
            "maximumAvailable": float(self.holds),
            "currentlyAvailable": int(self.left),
            "restoreRate": float(self.restores),
        }


@dataclass(slots=True)
class Tokens:
    """The shops that have let the application in, each with what it may see."""

    shops: dict[str, Shop] = field(default_factory=dict)
    scopes: set[str] = field(
        default_factory=lambda: {
            *("read_orders", "read_all_orders", "read_reports", "read_customers"),
            *("read_users", "read_locations", "read_products"),
        }
    )

    def add(self, shop: Shop) -> str:
        self.shops[token_of(shop.code)] = shop
        return token_of(shop.code)


class Gateway:
    """All shops of the company behind one address: the token tells which."""

    def __init__(self, *, first: date, now: Callable[[], datetime]) -> None:
        self.now = now
        self.trouble = Trouble()
        self.books = Books(first)
        self.tokens = Tokens()
        self.throttled_status = 200
        self.buckets: dict[str, Bucket] = {}
        self.ledgers: dict[str, Ledger] = {}
        for shop in MARKETPLACE_SHOPS:
            if shop.marketplace == "shopify":
                self.tokens.add(shop)

    def answer(self, asked: Asked) -> Answer:
        """Answer a question, or give out a file."""
        if asked.method == "GET":
            return self._file(asked)
        try:
            question = json.loads(asked.body)
            document, errors = checked(question["query"])
        except (ValueError, KeyError):
            return Answer(b'{"errors":"Bad Request"}', 400)
        if document is None:
            return Answer(b'{"errors":"Bad Request"}', 400)
        name = name_of(document)
        fault = self.trouble.next(name)
        shop = self.tokens.shops.get(asked.headers.get("x-shopify-access-token", ""))
        outcome = "ok"
        if shop is None or (fault is not None and fault.kind == "expired"):
            words = "[API] Invalid API key or access token (unrecognized login or wrong password)"
            answer, outcome = _written({"errors": words}, 401), "401"
        elif asked.path.split("/")[3] not in VERSIONS:
            answer, outcome = _written({"errors": "Not Found"}, 404), "404"
        else:
            variables = question.get("variables") or {}
            self._ledger(shop).base = asked.url.removesuffix(asked.path)
            if errors:
                content: dict[str, Any] = {"errors": [error.formatted for error in errors]}
            else:
                content = self._execute(shop, document, variables, fault)
            outcome = _code_in(content) or "ok"
            throttled = outcome == "THROTTLED"
            answer = _written(content, self.throttled_status if throttled else 200)
            if answer.status == 429:
                answer = replace(answer, headers={"Retry-After": "8.0"})
        code = shop.code if shop else ""
        self.trouble.calls.append(Call(self.now(), name, code, fault.kind if fault else outcome))
        wait = stall_seconds(fault)
        late = Answer(answer.body, answer.status, answer.headers, wait_seconds=wait)
        return broken_answer(fault) or late

    def _execute(
        self, shop: Shop, document: DocumentNode, variables: dict[str, Any], fault: Fault | None
    ) -> dict[str, Any]:
        bucket = self.buckets.setdefault(shop.code, Bucket())
        bucket.fill(self.now())
        cost = cost_of(document, variables)
        if cost > DEAREST:
            words = f"Query cost is {cost}, which exceeds the single query max cost limit"
            return {"errors": [_error(words, "MAX_COST_EXCEEDED")]}
        kind = fault.kind if fault else None
        if kind == "throttle":
            bucket.left = Decimal(0)
        if kind in {"busy", "heavy"}:
            return {"errors": [_error("Internal error.", "INTERNAL_SERVER_ERROR")]}
        if cost > bucket.left:
            priced = _priced(cost, None, bucket)
            return {"errors": [_error("Throttled", "THROTTLED")], "extensions": priced}
        ledger = self._ledger(shop)
        ledger.fault = fault
        result = execute_sync(SCHEMA, document, root_value=ledger.root(), variable_values=variables)
        actual = min(points_in(result.data), cost)
        bucket.left -= actual
        found: dict[str, Any] = {"data": result.data, "extensions": _priced(cost, actual, bucket)}
        if result.errors:
            found["errors"] = [error.formatted for error in result.errors]
        return found

    def _ledger(self, shop: Shop) -> Ledger:
        ledger = self.ledgers.get(shop.code)
        if ledger is None:
            ledger = Ledger(shop, self.books, self.now, self.tokens.scopes)
            self.ledgers[shop.code] = ledger
        return ledger

    def _file(self, asked: Asked) -> Answer:
        name = asked.path.rpartition("/")[2]
        fault = self.trouble.next("file")
        self.trouble.calls.append(Call(self.now(), "file", "", fault.kind if fault else "ok"))
        for ledger in self.ledgers.values():
            if name in ledger.files:
                made = Answer(ledger.files[name].encode(), media_type="application/jsonl")
                return broken_answer(fault) or made
        return Answer(b"<Error><Code>NoSuchKey</Code></Error>", 404, media_type="application/xml")


def _priced(cost: int, actual: int | None, bucket: Bucket) -> dict[str, Any]:
    return {
        "cost": {
            "requestedQueryCost": cost,
            "actualQueryCost": actual,
            "throttleStatus": bucket.status(),
        }
    }


def _error(message: str, code: str) -> dict[str, Any]:
    return {"message": message, "extensions": {"code": code}}


def _code_in(content: dict[str, Any]) -> str:
    errors = content.get("errors")
    first = errors[0] if errors else {}
    return str(first.get("extensions", {}).get("code") or first.get("message", ""))


def _written(content: dict[str, Any], status: int = 200) -> Answer:
    return Answer(json.dumps(content, ensure_ascii=False).encode(), status)
