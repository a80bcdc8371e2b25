"""What a shop's Admin GraphQL answers: orders by cursor, one of them, files, ShopifyQL."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo, execute_sync

from sandbox.books import Books
from sandbox.faults import Fault
from sandbox.lives import midnight
from sandbox.shopify.rows import Row, order_row, refund_row, visits
from sandbox.shopify.schema import SCHEMA, checked
from sandbox.shopify.shelves import variant_rows
from sandbox.shops import ZONE, Shop

Info = GraphQLResolveInfo[Any]

MOST_OF_A_PAGE = 250
_SHOWN = timedelta(days=60)
_MAKING = timedelta(milliseconds=700)
"""How long a file takes."""
_NEEDS = {
    "customer": "read_customers",
    "staffMember": "read_users",
    "retailLocation": "read_locations",
}
_RANGE = re.compile(r"updated_at:(>=|<)'([^']+)'")
_SESSIONS = re.compile(
    r"FROM sessions SHOW ([a-z_, ]+?) (?:GROUP BY day )?SINCE (\S+)(?: UNTIL (\S+))?"
)


@dataclass(slots=True)
class _Making:
    """A file that was asked for."""

    begun_at: datetime
    query: str


@dataclass(slots=True)
class Ledger:
    """What one shop answers at its clock's now."""

    shop: Shop
    books: Books
    now: Callable[[], datetime]
    scopes: set[str]
    base: str = ""
    """The address at which the sandbox is asked."""
    fault: Fault | None = None
    making: dict[str, _Making] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    fails: str = ""
    """What becomes of the next file instead of being made: an error's code."""

    def root(self) -> dict[str, Any]:
        return {
            "orders": self.orders,
            "order": lambda _info, id: self._order(id),  # noqa: A006  the argument's name
            "refund": lambda _info, id: self._refund(id),  # noqa: A006  likewise
            "productVariants": self._variants,
            "inventoryItem": lambda _info, id: self._item(id),  # noqa: A006  likewise
            "node": lambda _info, id: self._look(id),  # noqa: A006  likewise
            "shopifyqlQuery": self._sessions,
            "currentAppInstallation": {
                "accessScopes": [{"handle": scope} for scope in sorted(self.scopes)]
            },
            "bulkOperationRunQuery": self._start,
        }

    def orders(
        self,
        _: Info,
        *,
        first: int | None = None,
        after: str | None = None,
        query: str = "",
        **__: object,
    ) -> Row:
        """A page in the order of change; without a count all of them, for a file."""
        if first is not None and first > MOST_OF_A_PAGE:
            raise GraphQLError(f"first cannot exceed {MOST_OF_A_PAGE}.")
        found = sorted(self._changed(query), key=lambda each: each[:2])
        start = base64.b64decode(after).decode() if after else ""
        behind = [each for each in found if f"{each[0].isoformat()}|{each[1]}" > start]
        page = behind[:first]
        at = self.now()
        rows = [self._shown(order_row(sale, at, modified)) for modified, _, sale in page]
        rows = self._disturbed(rows, page)
        last = f"{page[-1][0].isoformat()}|{page[-1][1]}" if page else start
        return {
            "pageInfo": {
                "hasNextPage": len(behind) > len(page),
                "endCursor": base64.b64encode(last.encode()).decode() if page else None,
            },
            "nodes": rows,
            "edges": [{"node": row, "cursor": row["id"]} for row in rows],
        }

    def _changed(self, query: str) -> Iterator[tuple[datetime, int, Any]]:
        ends = {sign: datetime.fromisoformat(text) for sign, text in _RANGE.findall(query)}
        at = self.now()
        for modified, sale in self.books.sales(self.shop, at):
            if "read_all_orders" not in self.scopes and sale.created_at < at - _SHOWN:
                continue
            after_start = ">=" not in ends or modified >= ends[">="]
            if after_start and ("<" not in ends or modified < ends["<"]):
                yield modified, sale.id, sale

    def _shown(self, row: Row) -> Row:
        """A row whose fields answer as far as the application may see them."""
        for name, scope in _NEEDS.items():
            if scope not in self.scopes:
                row[name] = _denied(name)
        row["lineItems"] = _connection(row["lineItems"])
        return row

    def _disturbed(self, rows: list[Row], page: list[tuple[datetime, int, Any]]) -> list[Row]:
        """Spoil a good page, or the books behind it once the page is made."""
        fault, self.fault = self.fault, None
        if fault is None or not rows:
            return rows
        if fault.kind == "duplicate":
            return [*rows, rows[0]]
        if fault.kind == "shuffle":
            Random(fault.detail).shuffle(rows)
        elif fault.kind == "move":
            self.books.touched[page[0][1]] = self.now()
        elif fault.kind == "late":
            self.books.held.discard(int(fault.detail))
        return rows

    def _order(self, address: str) -> Row | None:
        sale = self.books.sale(self.shop, _number(address), self.now())
        if sale is None:
            return None
        at = self.now()
        return self._shown(order_row(sale, at, self.books.modified_at(sale, at)))

    def _refund(self, address: str) -> Row | None:
        number = _number(address)
        sale = self.books.sale(self.shop, number // 10, self.now())
        for claim in sale.claims if sale else ():
            if claim.id == str(number) and claim.succeeded_by(self.now()):
                assert sale is not None
                return refund_row(sale, claim)
        return None

    def _variants(self, info: Info, *, first: int | None = None, after: str | None = None) -> Row:
        if "read_products" not in self.scopes:
            raise _denial("productVariants")
        if first is not None and first > MOST_OF_A_PAGE:
            raise GraphQLError(f"first cannot exceed {MOST_OF_A_PAGE}.")
        rows = variant_rows(self.shop, self.now().astimezone(ZONE).date())
        for row in rows:
            row["inventoryItem"] = _connected(row["inventoryItem"])
        return _connection(rows)(info, first=first, after=after)

    def _item(self, address: str) -> Row | None:
        rows = variant_rows(self.shop, self.now().astimezone(ZONE).date())
        found = (row["inventoryItem"] for row in rows)
        return next((_connected(item) for item in found if item["id"] == address), None)

    def _start(self, _: Info, query: str, **__: object) -> Row:
        if errors := checked(query)[1]:
            return _refused(f"Invalid bulk query: {errors[0].message}")
        at = self.now()
        if any(making.begun_at + _MAKING > at for making in self.making.values()):
            return _refused("A bulk query operation for this app and shop is already in progress")
        number = f"gid://shopify/BulkOperation/{len(self.making) + 1}"
        self.making[number] = _Making(at, query)
        made = {"id": number, "status": "CREATED", "objectCount": "0"}
        return {"bulkOperation": made, "userErrors": []}

    def _look(self, number: str) -> Row | None:
        making = self.making.get(number)
        if making is None:
            return None
        row: Row = {"__typename": "BulkOperation", "id": number, "objectCount": "0"}
        if self.fails:
            failed, self.fails = self.fails, ""
            making.begun_at -= _MAKING
            return {**row, "status": "FAILED", "errorCode": failed}
        if making.begun_at + _MAKING > self.now():
            return {**row, "status": "RUNNING"}
        name = f"{self.shop.code}-{number.rpartition('/')[2]}.jsonl"
        lines = list(self._lines(making.query))
        done = {**row, "status": "COMPLETED", "objectCount": str(len(lines))}
        if not lines:
            return done
        self.files[name] = "".join(f"{line}\n" for line in lines)
        size = str(len(self.files[name].encode()))
        return {**done, "fileSize": size, "url": f"{self.base}/shopify-files/{name}"}

    def _lines(self, query: str) -> Iterator[str]:
        """Each order, and behind it its lines, which name it."""
        document, _ = checked(query)
        assert document is not None, "it was read when it was asked for"
        result = execute_sync(SCHEMA, document, root_value=self.root())
        if result.data is None:
            return
        for edge in result.data["orders"]["edges"]:
            order = edge["node"]
            lines = order.pop("lineItems", {"edges": []})["edges"]
            yield json.dumps(order, ensure_ascii=False)
            for line in lines:
                yield json.dumps({**line["node"], "__parentId": order["id"]}, ensure_ascii=False)

    def _sessions(self, _: Info, query: str) -> Row:
        found = _SESSIONS.match(query)
        if found is None:
            return {"parseErrors": [f"cannot read {query[:60]}"], "tableData": None}
        if "read_reports" not in self.scopes:
            raise _denial("shopifyqlQuery")
        first = date.fromisoformat(found[2])
        last = date.fromisoformat(found[3]) if found[3] else self.now().astimezone(ZONE).date()
        at = self.now()
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        rows = [
            visits(self.shop, day, at)
            for day in days
            if day >= self.books.first and midnight(day) < at
        ]
        names = ["day", *(name.strip() for name in found[1].split(","))]
        columns = [
            {
                "name": name,
                "dataType": "DAY_TIMESTAMP" if name == "day" else "INTEGER",
                "displayName": name.replace("_", " ").capitalize(),
            }
            for name in names
        ]
        shown = [{name: row[name] for name in names} for row in rows]
        return {"parseErrors": [], "tableData": {"columns": columns, "rows": shown}}


def _connection(lines: list[Row]) -> Callable[..., Row]:
    def connect(_: Info, *, first: int | None = None, after: str | None = None) -> Row:
        start = int(base64.b64decode(after)) if after else 0
        end = len(lines) if first is None else min(start + first, len(lines))
        return {
            "pageInfo": {
                "hasNextPage": end < len(lines),
                "endCursor": base64.b64encode(str(end).encode()).decode(),
            },
            "nodes": lines[start:end],
            "edges": [{"node": line, "cursor": line["id"]} for line in lines[start:end]],
        }

    return connect


def _connected(item: Row) -> Row:
    return {**item, "inventoryLevels": _connection(item["inventoryLevels"])}


def _denied(name: str) -> Callable[..., None]:
    def deny(_: Info) -> None:
        raise _denial(name)

    return deny


def _denial(name: str) -> GraphQLError:
    return GraphQLError(f"Access denied for {name} field.", extensions={"code": "ACCESS_DENIED"})


def _refused(message: str) -> Row:
    return {"bulkOperation": None, "userErrors": [{"field": ["query"], "message": message}]}


def _number(address: str) -> int:
    tail = address.rpartition("/")[2]
    return int(tail) if tail.isdigit() else 0
