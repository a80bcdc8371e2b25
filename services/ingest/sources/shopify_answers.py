"""What Shopify's answers hold: data, errors with status 200, the price in points, files, tables."""

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any

from services.ingest.sources.client import Answer
from services.ingest.sources.errors import (
    NotAuthorised,
    NotPermitted,
    Refused,
    SourceError,
    TryLater,
    Unreadable,
    WindowTooLarge,
)
from services.ingest.sources.reading import Row, read_document
from services.ingest.sources.shopify_documents import FORBIDDABLE

Object = Mapping[str, Any]


class FieldDenied(NotPermitted):
    """The application may not see one field, without which the rest can be read."""

    def __init__(self, field: str) -> None:
        super().__init__(f"the field {field} needs a scope that the application lacks")
        self.field = field


class FileFailed(Exception):
    """A file will not be made."""

    def __init__(self, error: SourceError, *, denied: bool = False) -> None:
        super().__init__(str(error))
        self.error, self.denied = error, denied


def unwrap(answer: Answer) -> Object:
    """The content of an answer without errors; 429 and 5xx are the client's to wait for."""
    problem = f"Shopify answers with status {answer.status}"
    if answer.status in {401, 402}:
        raise NotAuthorised(problem)
    if answer.status == 403:
        raise NotPermitted(problem)
    if answer.status == 423:
        raise TryLater(problem)
    if answer.status != 200:
        raise Refused(problem) if answer.status in {400, 404} else Unreadable(problem)
    content = read_document(answer.body)
    if not isinstance(content, dict):
        raise Unreadable("the answer is no object")
    if errors := content.get("errors"):
        raise _classify(errors, content)
    return content


def _classify(errors: object, content: Object) -> SourceError:
    """What an error means for us, though the status is 200."""
    first = errors[0] if isinstance(errors, list) and errors else errors
    if not isinstance(first, dict):
        return Refused(f"Shopify refuses: {str(first)[:80]}")
    code = str((first.get("extensions") or {}).get("code", ""))
    message = str(first.get("message", ""))[:120]
    problem = f"Shopify refuses: {code} {message}".rstrip()
    if code == "THROTTLED" or message == "Throttled":
        return TryLater(problem, seconds=max(seconds_until_paid(content), 1))
    if code in {"INTERNAL_SERVER_ERROR", "TIMEOUT"} or message.startswith("Internal error"):
        return TryLater(problem)
    if code == "ACCESS_DENIED":
        path = first.get("path") or [""]
        named = {str(path[-1])} & FORBIDDABLE
        return FieldDenied(named.pop()) if named else NotPermitted(problem)
    if code == "SHOP_INACTIVE":
        return NotAuthorised(problem)
    return Refused(problem)


def seconds_until_paid(content: Object) -> float:
    """Until the bucket holds what a question like this one may cost."""
    cost = (content.get("extensions") or {}).get("cost")
    status = cost.get("throttleStatus") if isinstance(cost, dict) else None
    if not isinstance(cost, dict) or not isinstance(status, dict):
        return 0
    try:
        wanted = Decimal(cost["requestedQueryCost"])
        missing = wanted - Decimal(status["currentlyAvailable"])
        wait = missing / Decimal(status["restoreRate"])
    except (KeyError, TypeError, ArithmeticError) as error:
        raise Unreadable("the cost of a question cannot be read") from error
    return float(max(wait.quantize(Decimal("0.1"), ROUND_CEILING), Decimal(0)))


def number_of_file(data: Object) -> str | None:
    """The number of a file that is being made; null while another is.

    That is somebody else's, or one of ours whose number never reached us.
    """
    payload = data.get("bulkOperationRunQuery")
    if not isinstance(payload, dict):
        raise Unreadable("a file that was asked for is not there")
    if errors := payload.get("userErrors"):
        words = str(errors[0].get("message", ""))[:120]
        if "already in progress" in words:
            return None
        raise Refused(words)
    operation = payload.get("bulkOperation")
    if not isinstance(operation, dict) or not isinstance(operation.get("id"), str):
        raise Unreadable("a file that was asked for has no number")
    number: str = operation["id"]
    return number


def finished_file(data: Object) -> Object | None:
    """A file that is made; null while it is not."""
    if "node" not in data:
        raise Unreadable("the answer is about no file")
    node = data["node"]
    if not isinstance(node, dict):
        raise FileFailed(TryLater("a file is no longer known"))
    status, code = node.get("status"), node.get("errorCode")
    if status in {"CREATED", "RUNNING", "CANCELING"}:
        return None
    if status == "COMPLETED":
        return node
    if code == "ACCESS_DENIED":
        raise FileFailed(TryLater("a file is denied for one of its fields"), denied=True)
    if code == "TIMEOUT":
        raise FileFailed(WindowTooLarge("a file takes too long"))
    raise FileFailed(TryLater(f"a file was not made: {status} {code}"))


def rows_of_file(body: bytes) -> list[Row]:
    """The rows of a file in which the lines of an order stand behind it, each naming it."""
    orders: dict[object, dict[str, Any]] = {}
    for text in body.splitlines():
        row = read_document(text)
        if not isinstance(row, dict) or "id" not in row:
            raise Unreadable("a line of a file is no row")
        parent = row.pop("__parentId", None)
        if parent is None:
            orders[row["id"]] = row
        elif parent in orders:
            whole: dict[str, Any] = {"nodes": [], "pageInfo": {"hasNextPage": False}}
            orders[parent].setdefault("lineItems", whole)["nodes"].append(row)
        else:
            raise Unreadable("a line of a file belongs to no order")
    return list(orders.values())


def rows_of_table(data: Object) -> list[dict[str, Any]]:
    """The rows of a table by the names of its columns, in whichever form they come."""
    payload = data.get("shopifyqlQuery")
    if not isinstance(payload, dict):
        raise Unreadable("ShopifyQL answers nothing")
    if errors := payload.get("parseErrors"):
        raise Refused(f"ShopifyQL cannot read: {str(errors)[:120]}")
    table = payload.get("tableData")
    names = [str(each.get("name")) for each in objects_in(table, "columns")]
    rows = table.get("rows") if isinstance(table, dict) else None
    if not isinstance(rows, list):
        raise Unreadable("ShopifyQL answers without rows")
    return [
        dict(zip(names, row, strict=False)) if isinstance(row, list) else dict(row) for row in rows
    ]


def object_in(outer: object, name: str) -> Object:
    found = outer.get(name) if isinstance(outer, dict) else None
    if not isinstance(found, dict):
        raise Unreadable(f"the answer has no {name}")
    return found


def objects_in(outer: object, name: str) -> list[Row]:
    found = outer.get(name) if isinstance(outer, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Unreadable(f"the answer has no list of {name}")
    return found
