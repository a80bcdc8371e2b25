"""TOP's way with parameters and refusals: required ones, times, ranges, pages, chosen fields."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sandbox.shops import ZONE
from sandbox.taobao.rows import Row

Params = Mapping[str, str]


class Refusal(Exception):
    """An error envelope, which TOP sends with HTTP status 200."""

    def __init__(self, code: int, words: str, sub_code: str = "", detail: str = "") -> None:
        super().__init__(words)
        self.code = str(code)
        self._document: dict[str, object] = {"code": code, "msg": words}
        if sub_code:
            self._document["sub_code"] = sub_code
        if detail:
            self._document["sub_msg"] = detail

    def document(self) -> dict[str, object]:
        return {"error_response": {**self._document, "request_id": "sandbox"}}


def required(params: Params, name: str) -> str:
    value = params.get(name, "")
    if not value:
        raise Refusal(40, f"Missing required arguments:{name}", f"isv.missing-parameter:{name}")
    return value


def invalid(name: str, why: str) -> Refusal:
    return Refusal(41, f"Invalid arguments:{name}", f"isv.invalid-parameter:{name}", why)


def number(params: Params, name: str) -> int:
    text = required(params, name)
    if not text.isascii() or not text.isdigit():
        raise invalid(name, "not a number")
    return int(text)


def moment(params: Params, name: str) -> datetime:
    try:
        return read_time(required(params, name))
    except ValueError as error:
        raise invalid(name, "not a time such as 2026-10-31 23:59:59") from error


def span(params: Params, start: str, end: str) -> tuple[datetime, datetime]:
    """Both ends, each of which belongs to the range."""
    first, last = moment(params, start), moment(params, end)
    if last < first:
        raise invalid(end, "before the start")
    return first, last


def optional_span(
    params: Params, start: str, end: str, at: datetime, *, reach: timedelta
) -> tuple[datetime, datetime]:
    """The range asked for, or everything within reach."""
    given = {start: time_text(at - reach), end: time_text(at), **params}
    first, last = span(given, start, end)
    if at - first > reach + timedelta(seconds=1):
        raise invalid(start, f"more than {reach.days} days ago")
    return first, last


Entry = tuple[datetime, str, Callable[[], Row]]
"""When something happened, its number, and how its row is made once it is on the page."""


def page_of(
    params: Params, entries: Sequence[Entry], wrapper: tuple[str, str], *, largest: int
) -> Row:
    """One page, newest first, of the chosen fields; a list without rows has no key at all."""
    required(params, "fields")
    size = _positive(params, "page_size", 40)
    if size > largest:
        raise invalid("page_size", f"more than {largest}")
    start = (_positive(params, "page_no", 1) - 1) * size
    ordered = sorted(entries, key=lambda entry: entry[:2], reverse=True)
    outer, inner = wrapper
    page = [chosen(make(), params) for _, _, make in ordered[start : start + size]]
    content: Row = {outer: {inner: page}} if page else {}
    if params.get("use_has_next") == "true":
        content["has_next"] = len(ordered) > start + size
    else:
        content["total_results"] = len(ordered)
    return content


def chosen(row: Row, params: Params) -> Row:
    """The fields that were asked for, and no others; `orders.num` is a field of each line."""
    names = {name.strip() for name in required(params, "fields").split(",")}
    found: Row = {name: value for name, value in row.items() if name in names}
    inner = {name.removeprefix("orders.") for name in names if name.startswith("orders.")}
    lines = row.get("orders")
    if inner and isinstance(lines, dict):
        found["orders"] = {
            "order": [
                {name: value for name, value in line.items() if name in inner}
                for line in lines["order"]
            ]
        }
    return found


def read_time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE)


def time_text(at: datetime) -> str:
    return at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")


def _positive(params: Params, name: str, default: int) -> int:
    value = number(params, name) if name in params else default
    if value < 1:
        raise invalid(name, "less than 1")
    return value
