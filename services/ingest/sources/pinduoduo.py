"""How Pinduoduo is asked: signed forms, windows of half an hour, numbered pages.

What its rows mean is known in `core/readers/pinduoduo.py`. It never tells of unpaid orders, and has
neither ratings nor traffic nor service for an application to read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from services.ingest.sources.client import Answer, Client
from services.ingest.sources.errors import (
    NotAuthorised,
    Refused,
    SourceError,
    TryLater,
    Unreadable,
)
from services.ingest.sources.opening import Opening
from services.ingest.sources.passes import (
    Page,
    Pass,
    counted_page,
    read_pages,
    read_window,
)
from services.ingest.sources.reading import Credential, Reading, Row, read_document
from services.ingest.sources.signing import sign_md5
from services.schema.shapes.feeds import Stream, Window
from services.schema.words import FactKind, Marketplace

T = TypeVar("T")

HOSTS = ("gw-api.pinduoduo.com",)
GATEWAY = "https://gw-api.pinduoduo.com/api/router"
PAGE_ROWS = 100

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_HALF_AN_HOUR, _OVERLAP = 30 * _MINUTE, 10 * _MINUTE
_LAG = 4 * _MINUTE
"""It tells nothing of the last three minutes; one more for its clock and ours."""

STREAMS: Mapping[FactKind, Stream] = {
    FactKind.ORDERS: Stream(_HALF_AN_HOUR, _OVERLAP, _LAG, 90 * _DAY, _MINUTE, fill=_DAY),
    FactKind.REFUNDS: Stream(_HALF_AN_HOUR, _OVERLAP, _LAG, 90 * _DAY, _MINUTE),
}


@dataclass(frozen=True, slots=True)
class _List:
    """A list method: how its window is named, and which rows it gives."""

    type: str
    start: str
    end: str
    root: str
    rows: str
    key: tuple[str, str, str]
    """Of a row: its number, the time at which it last changed, and that by which it is listed."""
    extra: Mapping[str, str] = field(default_factory=dict)


_ALL = {"order_status": "5", "refund_status": "5"}

_INCREMENT = _List(
    "pdd.order.number.list.increment.get",
    "start_updated_at",
    "end_updated_at",
    "order_sn_increment_get_response",
    "order_sn_list",
    ("order_sn", "updated_at", "updated_at"),
    {**_ALL, "is_lucky_flag": "0"},
)
_BY_CONFIRMATION = _List(
    "pdd.order.list.get",
    "start_confirm_at",
    "end_confirm_at",
    "order_list_get_response",
    "order_list",
    ("order_sn", "updated_at", "confirm_time"),
    _ALL,
)
_REFUNDS = _List(
    "pdd.refund.list.increment.get",
    "start_updated_at",
    "end_updated_at",
    "refund_increment_get_response",
    "refund_list",
    ("id", "updated_time", "updated_time"),
    {"after_sales_status": "1", "after_sales_type": "1"},
)

_TOKEN = {"10019"}
_TOO_OFTEN = {"70031", "70032", "70033", "70034", "70035"}
_BUSY = {"50000", "50001", "52001", "52002"}
"""Its own trouble, by its word for it; what is unknown is asked for again by the schedule."""


class PinduoduoSource:
    """One shop of Pinduoduo."""

    streams = STREAMS

    def __init__(
        self, client: Client, credential: Credential, *, now: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._credential = credential
        self._now = now

    async def read(self, kind: FactKind, window: Window) -> Reading:
        """Every row that changed in a window; of a first reading, that was confirmed in it."""
        asked = _INCREMENT if kind is FactKind.ORDERS else _REFUNDS
        if kind is FactKind.ORDERS and window.filling:
            asked = _BY_CONFIRMATION
        number, changed, by = asked.key

        async def read_pass(part: Window, *, whole: bool) -> Pass:
            params = _window_params(asked, part)

            async def page(place: int) -> Page:
                read = _counted(asked.rows, place)
                return await self._call(
                    asked.type, {**params, "page": str(place)}, asked.root, read
                )

            return await read_pages(
                page, size=PAGE_ROWS, what=asked.type, number=number, backwards=True, whole=whole
            )

        rows = await read_window(
            read_pass, window, number=number, changed=changed, by=by, what=asked.type
        )
        start, end = window.start.isoformat(), window.end.isoformat()
        return Reading(f"{asked.type} {start} to {end}", rows)

    async def detail(self, kind: FactKind, row: Row) -> Row:  # noqa: ARG002 - its lists say it all
        return row

    async def _call(
        self,
        type_: str,
        params: Mapping[str, str],
        root: str,
        read: Callable[[dict[str, Any]], T],
    ) -> T:
        """The reading of what stands inside a method's own envelope."""

        def form() -> dict[str, str]:
            return self._signed(type_, params)

        def read_answer(answer: Answer) -> T:
            return read(_unwrap(type_, root, answer.body))

        return await self._client.post_form(self._credential.gateway or GATEWAY, form, read_answer)

    def _signed(self, type_: str, params: Mapping[str, str]) -> dict[str, str]:
        credential = self._credential
        whole = {
            **params,
            "type": type_,
            "client_id": credential.app_key,
            "access_token": credential.session,
            "timestamp": str(int(self._now().timestamp())),
            "data_type": "JSON",
        }
        return {**whole, "sign": sign_md5(whole, credential.secret)}


def _window_params(asked: _List, window: Window) -> dict[str, str]:
    return {
        asked.start: str(int(window.start.timestamp())),
        asked.end: str(int(window.end.timestamp())),
        "page_size": str(PAGE_ROWS),
        **asked.extra,
    }


def _unwrap(type_: str, root: str, body: bytes) -> dict[str, Any]:
    """The content of an answer; whatever is not the method's own envelope is an error."""
    document = read_document(body)
    if isinstance(document, dict):
        refusal = document.get("error_response")
        if isinstance(refusal, dict):
            raise _classify(type_, refusal)
        content = document.get(root)
        if isinstance(content, dict):
            return content
    raise Unreadable(f"{type_} answers without its envelope")


def _classify(type_: str, refusal: Mapping[str, Any]) -> SourceError:
    """What an error envelope means for us (`marketplaces.md`, section 3)."""
    code = str(refusal.get("error_code", ""))[:10]
    problem = f"{type_} is refused: code {code} {str(refusal.get('sub_code') or '')[:40]}".rstrip()
    if code in _TOKEN:
        return NotAuthorised(problem)
    if code in _TOO_OFTEN:
        return TryLater(problem, seconds=1)
    if code in _BUSY:
        return TryLater(problem)
    return Refused(problem)


def _counted(name: str, place: int) -> Callable[[Mapping[str, Any]], Page]:
    """How many rows there are, and those of a page."""

    def read(content: Mapping[str, Any]) -> Page:
        total, rows = content.get("total_count"), content.get(name) or []
        if type(total) is not int or total < 0:
            raise Unreadable("the answer has no count")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Unreadable("the answer's rows cannot be told")
        return counted_page(rows, total, place=place, size=PAGE_ROWS)

    return read


OPENING = Opening((Marketplace.PINDUODUO,), PinduoduoSource, lambda _: HOSTS)
