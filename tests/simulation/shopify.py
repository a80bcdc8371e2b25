"""Shopify as it answers from a ledger: GraphQL, pages by cursor, and history as one file."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Any

from tests.simulation.ledgers import Ledger, State, Version, refunds_in
from tests.simulation.marketplaces import HTML, Call, Marketplace, Response

CURRENCY = "USD"
_WINDOW = re.compile(r"updated_at:>='([^']+)' AND updated_at:<'([^']+)'")
_RESTORED = 50
"""Points a second."""


@dataclass(slots=True)
class Bulk:
    """A file that is being made."""

    shop: str
    is_of_refunds: bool
    window: tuple[datetime, datetime]
    done_at: float
    fails: bool


class Shopify:
    """How Shopify refuses, garbles and answers."""

    def __init__(self, market: Marketplace, call: Call) -> None:
        self._market = market
        self._file = call.url.rpartition("/bulk/")[2] if "/bulk/" in call.url else None
        self._question = {} if self._file else json.loads(call.body)
        self._bulks: dict[str, Bulk] = market.bulks
        self.shop = (
            self._bulks[self._file].shop
            if self._file
            else next(v for n, v in call.headers.items() if n.lower() == "x-shopify-access-token")
        )

    def __str__(self) -> str:
        return f"file {self._file}" if self._file else self._question["query"].split()[1]

    def refuse_session(self) -> Response | None:
        if self._file:
            return None
        return Response(401, b'{"errors": "[API] Invalid API key or access token"}')

    def refuse_for(self, seconds: float) -> Response | None:
        """The bucket is empty: the points that are lacking say for how long."""
        if self._file:
            return None
        status = {"currentlyAvailable": 0, "restoreRate": _RESTORED, "maximumAvailable": 2000}
        cost = {"requestedQueryCost": ceil(seconds * _RESTORED), "throttleStatus": status}
        error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
        document = {"errors": [error], "extensions": {"cost": cost}}
        return Response(200, _written(document), until=self._market.until(seconds))

    def refuse_heavy(self) -> Response | None:
        return None

    def garbage(self, whole: bytes) -> tuple[bytes, ...]:
        return (
            HTML.encode(),
            b"{}",
            b"",
            b"[]",
            whole[: len(whole) // 2].rstrip()[:-1],
            b'{"errors": [{"message": "Internal error. Looks like something went wrong"}]}',
            b'{"data": null}',
            b'{"data": {"orders": null}}',
            b'{"data": {"orders": {"nodes": [], "pageInfo": {"hasNextPage": NaN}}}}',
        )

    def answer(self) -> Response:
        ledger = self._market.ledgers[self.shop]
        if self._file:
            bulk = self._bulks[self._file]
            return Response(200, _lines_of(ledger, bulk))
        query, variables = self._question["query"], self._question["variables"]
        return Response(200, _written({"data": self._data(ledger, query, variables)}))

    def _data(self, ledger: Ledger, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        if "bulkOperationRunQuery" in query:
            return {"bulkOperationRunQuery": self._start(variables["query"])}
        if "BulkOperation" in query:
            return {"node": self._look(ledger, variables["id"])}
        if "refund(id:" in query:
            lines: dict[str, Any] = {"nodes": []}
            return {"refund": {"id": variables["id"], "refundLineItems": lines}}
        if "order(id:" in query:
            number = int(variables["id"].rpartition("/")[2])
            known = ledger.versions["orders"][number][-1].state
            page = {"nodes": [_line(known, 2)], "pageInfo": {"hasNextPage": False}}
            return {"order": {"id": variables["id"], "lineItems": page}}
        return {"orders": self._page(ledger, query, variables)}

    def _page(self, ledger: Ledger, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """A page of a window without its end: what changed last comes last."""
        market = self._market
        found = _within(ledger, market.seconds() - market.lag(), _window(variables["query"]))
        after = _place(variables["after"]) if variables["after"] else None
        rest = [each for each in found if after is None or _cursor(each) > after]
        here = rest[: variables["first"]]
        write = _refunds_row if "refunds {" in query else _order_row
        rows = market.disturbed(
            ledger, "orders", here, [write(ledger, each) for each in here],
            lambda _kind, version: write(ledger, version),
        )  # fmt: skip
        end = "|".join(map(str, _cursor(here[-1]))) if here else None
        info = {"hasNextPage": len(rest) > len(here), "endCursor": end}
        return {"nodes": rows, "pageInfo": info}

    def _start(self, query: str) -> dict[str, Any]:
        market = self._market
        if any(b.shop == self.shop and b.done_at > market.seconds() for b in self._bulks.values()):
            words = "A bulk query operation for this app and shop is already in progress: gid"
            return {"bulkOperation": None, "userErrors": [{"field": None, "message": words}]}
        number = str(len(self._bulks) + 1)
        done_at = market.seconds() + market.chance.uniform(1, 90)
        fails = market.happens(market.weather.failing)
        window = _window(query)
        self._bulks[number] = Bulk(self.shop, "refunds {" in query, window, done_at, fails)
        operation = {"id": f"gid://shopify/BulkOperation/{number}", "status": "CREATED"}
        return {"bulkOperation": operation, "userErrors": []}

    def _look(self, ledger: Ledger, address: str) -> dict[str, Any] | None:
        number = address.rpartition("/")[2]
        bulk = self._bulks.get(number)
        if bulk is None:
            # A process that was killed takes with it what it had asked for, and so do we.
            return None
        node = {"id": address, "status": "RUNNING", "errorCode": None, "objectCount": "0",
                "fileSize": None, "url": None}  # fmt: skip
        if self._market.seconds() < bulk.done_at:
            return node
        if bulk.fails:
            return {**node, "status": "FAILED", "errorCode": "INTERNAL_SERVER_ERROR"}
        body = _lines_of(ledger, bulk)
        if not body:
            return {**node, "status": "COMPLETED"}
        url = f"https://storage.googleapis.com/bulk/{number}"
        count = str(body.count(b"\n"))
        return {**node, "status": "COMPLETED", "objectCount": count,
                "fileSize": str(len(body)), "url": url}  # fmt: skip


def _lines_of(ledger: Ledger, bulk: Bulk) -> bytes:
    """A file as it was when it was done: an order, and behind it each of its lines."""
    parts = []
    for version in _within(ledger, bulk.done_at, bulk.window):
        if bulk.is_of_refunds:
            parts.append(_refunds_row(ledger, version))
            continue
        row = _order_row(ledger, version)
        page = row.pop("lineItems")
        lines = [*page["nodes"], *([_line(version.state, 2)] if _is_long(version.state) else [])]
        parts += [row, *({**line, "__parentId": row["id"]} for line in lines)]
    return b"".join(_written(part) + b"\n" for part in parts)


def _within(ledger: Ledger, at: float, window: tuple[datetime, datetime]) -> list[Version]:
    found = [v for v in ledger.seen("orders", at) if window[0] <= v.stamp < window[1]]
    return sorted(found, key=_cursor)


def _cursor(version: Version) -> tuple[float, int]:
    return version.stamp.timestamp(), version.state.number


def _place(text: str) -> tuple[float, int]:
    stamp, number = text.split("|")
    return float(stamp), int(number)


def _window(text: str) -> tuple[datetime, datetime]:
    found = _WINDOW.search(text)
    assert found is not None, text
    return datetime.fromisoformat(found[1]), datetime.fromisoformat(found[2])


def _order_row(_ledger: Ledger, version: Version) -> dict[str, Any]:
    state = version.state
    paid = [{"kind": "SALE", "status": "SUCCESS", "processedAt": _text(state.paid),
             "amountSet": _money(state.amount)}]  # fmt: skip
    is_cancelled = state.word == "cancelled"
    sent = [{"createdAt": _text(state.shipped), "deliveredAt": None}]
    money = "PAID" if state.paid else "VOIDED" if is_cancelled else "PENDING"
    if state.shrunk:
        money = "REFUNDED" if state.word == "refunded" else "PARTIALLY_REFUNDED"
    page = {"hasNextPage": _is_long(state), "endCursor": "1" if _is_long(state) else None}
    return {
        "id": _address("Order", state.number),
        "createdAt": _text(state.created),
        "processedAt": _text(state.created),
        "updatedAt": _text(version.stamp),
        "cancelledAt": _text(state.ended) if is_cancelled else None,
        "closedAt": _text(state.ended) if state.word == "completed" else None,
        "test": False,
        "displayFinancialStatus": "PAID_IN_A_NEW_WAY" if state.poisoned else money,
        "displayFulfillmentStatus": "FULFILLED" if state.shipped else "UNFULFILLED",
        "totalPriceSet": _money(state.amount),
        "originalTotalPriceSet": _money(state.amount),
        "totalDiscountsSet": _money(state.off),
        "discountCodes": [f"C{state.number % 3}"] if state.off else [],
        "paymentGatewayNames": ["card"],
        "sourceName": "web",
        "customer": {"id": _address("Customer", state.number % 7)},
        "fulfillments": sent if state.shipped else [],
        "transactions": paid if state.paid else [],
        "lineItems": {"nodes": [_line(state, 1)], "pageInfo": page},
    }


def _refunds_row(ledger: Ledger, version: Version) -> dict[str, Any]:
    """An order for the sake of its refunds."""
    refunds = [
        {"id": _address("Refund", each.number), "createdAt": _text(each.ended),
         "totalRefundedSet": _money(each.amount)}
        for each in refunds_in(ledger, version)
    ]  # fmt: skip
    return {
        "id": _address("Order", version.state.number),
        "updatedAt": _text(version.stamp),
        "test": False,
        "refunds": refunds,
    }


def _is_long(state: State) -> bool:
    """Whether its lines do not fit on its page."""
    return state.number % 4 == 0


def _line(state: State, place: int) -> dict[str, Any]:
    """Of two lines the second one is a gift."""
    return {
        "id": _address("LineItem", state.number * 10 + place),
        "sku": f"A-{place}",
        "quantity": 1,
        "variant": None,
        "originalTotalSet": _money(state.amount - state.postage if place == 1 else 0),
        "discountAllocations": [],
    }


def _money(amount: object) -> dict[str, Any]:
    return {"shopMoney": {"amount": f"{amount:.2f}", "currencyCode": CURRENCY}}


def _address(what: str, number: int) -> str:
    return f"gid://shopify/{what}/{number}"


def _text(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def _written(document: object) -> bytes:
    return json.dumps(document).encode()
