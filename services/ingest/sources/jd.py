"""How JD's open platform is asked: signed forms around one JSON text, windows, pages as texts.

What its rows mean is known in `core/readers/jd.py`. Money goes back by two lists: what is cancelled
before it is sent, and what comes back after. Neither can be asked for by its time of change.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from services.ingest.sources.client import Answer, Client
from services.ingest.sources.errors import (
    NotAuthorised,
    NotPermitted,
    Refused,
    SourceError,
    TryLater,
    Unreadable,
)
from services.ingest.sources.jd_service import SERVICE, read_service
from services.ingest.sources.jd_service import STREAM as SERVICE_STREAM
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

HOSTS = ("api.jd.com",)
GATEWAY = "https://api.jd.com/routerjson"
ZONE = ZoneInfo("Asia/Shanghai")
SALESPEOPLE = "salespeople"
"""A seller may want JD's name of who sold, which not every application is told."""

_DAY, _MINUTE, _LAG = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=3)
_SPAN = 7 * _DAY
"""The longest range in which refunds are listed."""

STREAMS: Mapping[FactKind, Stream] = {
    FactKind.ORDERS: Stream(7 * _DAY, 10 * _MINUTE, _LAG, 90 * _DAY, _MINUTE),
    # A refund is listed by when it was asked for or agreed to; the money goes back days later.
    FactKind.REFUNDS: Stream(14 * _DAY, 7 * _DAY, _LAG, 90 * _DAY, 10 * _MINUTE, maturity=7 * _DAY),
}
PAGE_ROWS = 100
REFUND_PAGE_ROWS = 50

# A state that is not asked for is not told of.
_STATES = (
    "NOT_PAY,WAIT_SELLER_STOCK_OUT,WAIT_SELLER_DELIVERY,WAIT_GOODS_RECEIVE_CONFIRM,FINISHED_L,"
    "TRADE_CANCELED,PAUSE,POP_ORDER_PAUSE,LOCKED,DELIVERY_RETURN"
)
# Nothing that names a buyer is asked for; the open id is a number of this application's own.
_FIELDS = (
    "orderId,orderState,orderStartTime,paymentConfirmTime,orderEndTime,modified,actualPay,"
    "orderTotalPrice,freightPrice,couponDetailList,payType,open_id_buyer,itemInfoList"
)
_SEARCH = "jingdong.pop.order.search"
_CANCELLED = "jingdong.pop.afs.soa.refundapply.queryPageList"
_RETURNED = "jingdong.asc.serviceAndRefund.view"
_REFUND = "jingdong.b2c.shop.aftersales.refund.get"

_BUSY = {"43", "65", "66", "67", "69", "78"}
_QUOTA = "2"
_TOKEN = {"18", "19"}
_PERMISSION = {"24", "88"}


@dataclass(frozen=True, slots=True)
class _Range:
    """Two parameters that name a range of time, and where it stands in a row."""

    start: str
    end: str
    by: str


_APPLIED = _Range("applyTimeStart", "applyTimeEnd", "applyTime")
_CHECKED = _Range("checkTimeStart", "checkTimeEnd", "checkTime")
_SERVICE_APPLIED = _Range("applyTimeBegin", "applyTimeEnd", "applyTime")
_SERVICE_APPROVED = _Range("approveTimeBegin", "approveTimeEnd", "approveTime")


class JdSource:
    """One shop of JD."""

    def __init__(
        self, client: Client, credential: Credential, *, now: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._credential = credential
        self._now = now
        self.streams: Mapping[FactKind, Stream] = STREAMS
        if SERVICE in credential.also:
            self.streams = {**STREAMS, FactKind.CHATS: SERVICE_STREAM}

    async def read(self, kind: FactKind, window: Window) -> Reading:
        """Every row that changed in a window."""
        if kind is FactKind.CHATS:
            return await read_service(self._call, window, self._now(), timezone=ZONE.key)
        if kind is FactKind.ORDERS:
            rows = await self._read_orders(window)
        else:
            found: dict[str, Row] = {}
            for part in _parts(window):
                for row in [*await self._read_cancelled(part), *await self._read_returned(part)]:
                    found[row["number"]] = row
            rows = tuple(found.values())
        return Reading(f"{kind} {_text(window.start)} to {_text(window.end)}", rows)

    async def detail(self, kind: FactKind, row: Row) -> Row:
        """What a refund was in the end: its list does not say in which unit."""
        if kind is not FactKind.REFUNDS or row.get("list") != _RETURNED:
            return row
        return await self._call(
            _REFUND,
            {"afsServiceId": row.get("serviceId")},
            lambda content: {**row, "actualRefundAmount": _actual_amount(content)},
        )

    async def _read_orders(self, window: Window) -> tuple[Row, ...]:
        fields = _FIELDS
        if SALESPEOPLE in self._credential.also:
            fields += ",salesPin"

        async def read_pass(part: Window, *, whole: bool) -> Pass:
            params = {
                "start_date": _text(part.start),
                "end_date": _text(part.end),
                "order_state": _STATES,
                "optional_fields": fields,
                "page_size": str(PAGE_ROWS),
                # By the time of change, the oldest first: what changes goes to the end.
                "dateType": 0,
                "sortType": 0,
                "source_id": "JOS",
            }

            async def page(place: int) -> Page:
                return await self._call(
                    _SEARCH,
                    {**params, "page": str(place)},
                    lambda content: counted_page(*_orders(content), place=place, size=PAGE_ROWS),
                )

            return await read_pages(
                page, size=PAGE_ROWS, what=_SEARCH, number="orderId", whole=whole
            )

        return await read_window(
            read_pass,
            window,
            number="orderId",
            changed="modified",
            by="modified",
            what=_SEARCH,
        )

    async def _read_cancelled(self, window: Window) -> list[Row]:
        return [
            row
            for asked in (_APPLIED, _CHECKED)
            for row in await self._list(_CANCELLED, "pageIndex", asked, window, _cancelled)
        ]

    async def _read_returned(self, window: Window) -> list[Row]:
        return [
            row
            for asked in (_SERVICE_APPLIED, _SERVICE_APPROVED)
            for row in await self._list(_RETURNED, "pageNumber", asked, window, _returned)
        ]

    async def _list(
        self,
        method: str,
        place_name: str,
        asked: _Range,
        window: Window,
        read: Callable[[Mapping[str, Any]], tuple[list[Row], int]],
    ) -> tuple[Row, ...]:
        async def read_pass(part: Window, *, whole: bool) -> Pass:
            params = {asked.start: _text(part.start), asked.end: _text(part.end)}

            async def page(place: int) -> Page:
                return await self._call(
                    method,
                    {**params, place_name: place, "pageSize": REFUND_PAGE_ROWS},
                    lambda content: counted_page(
                        *read(content), place=place, size=REFUND_PAGE_ROWS
                    ),
                )

            return await read_pages(
                page, size=REFUND_PAGE_ROWS, what=method, number="number", whole=whole
            )

        return await read_window(
            read_pass, window, number="number", changed="modified", by=asked.by, what=method
        )

    async def _call(
        self, method: str, params: Mapping[str, object], read: Callable[[dict[str, Any]], T]
    ) -> T:
        """The reading of what stands inside a method's own envelope."""

        def form() -> dict[str, str]:
            return self._signed(method, params)

        def read_answer(answer: Answer) -> T:
            return read(_unwrap(method, answer.body))

        return await self._client.post_form(self._credential.gateway or GATEWAY, form, read_answer)

    def _signed(self, method: str, params: Mapping[str, object]) -> dict[str, str]:
        credential = self._credential
        whole = {
            # This very text is signed: it is written once.
            "360buy_param_json": json.dumps(
                params, ensure_ascii=False, sort_keys=True, separators=(",", ":")
            ),
            "method": method,
            "access_token": credential.session,
            "app_key": credential.app_key,
            "timestamp": _text(self._now()),
            "v": "2.0",
        }
        return {**whole, "sign": sign_md5(whole, credential.secret)}


def _unwrap(method: str, body: bytes) -> dict[str, Any]:
    """The content of an answer; the word `responce` is JD's own."""
    document = read_document(body)
    if isinstance(document, dict):
        refusal = document.get("error_response")
        if isinstance(refusal, dict):
            raise _classify(method, refusal.get("code"))
        root = method.replace(".", "_")
        content = document.get(f"{root}_responce", document.get(f"{root}_response"))
        if isinstance(content, dict):
            if str(content.get("code", "0")) != "0":
                raise _classify(method, content.get("code"))
            return content
        if "code" in document and str(document["code"]) != "0":
            raise _classify(method, document["code"])
    raise Unreadable(f"{method} answers without its envelope")


def _classify(method: str, code: object) -> SourceError:
    """What an error code means for us (`marketplaces.md`, section 2)."""
    code = str(code)[:20]
    problem = f"{method} is refused: code {code}"
    if code in _BUSY:
        return TryLater(problem)
    if code == _QUOTA:
        return TryLater(f"{problem}: the day's calls are used up", seconds=3600)
    if code in _TOKEN:
        return NotAuthorised(problem)
    if code in _PERMISSION:
        return NotPermitted(problem)
    return Refused(problem)


def _orders(content: Mapping[str, Any]) -> tuple[list[Row], int]:
    """An answer is one only if it says that it succeeded."""
    result = _object(content, "searchorderinfo_result")
    said = _object(result, "apiResult")
    if said.get("success") not in (True, "true"):
        code = str(said.get("numberCode", ""))
        raise (
            _classify(_SEARCH, code)
            if code not in {"", "0"}
            else Unreadable(f"{_SEARCH} has not succeeded, and does not say why")
        )
    return _rows(result.get("orderInfoList")), _count(result.get("orderTotal"))


def _cancelled(content: Mapping[str, Any]) -> tuple[list[Row], int]:
    result = _object(content, "queryResult")
    if result.get("success") not in (True, "true"):
        raise _classify(_CANCELLED, result.get("errorCode", "unsaid"))
    rows: list[Row] = [
        {
            **row,
            "list": _CANCELLED,
            "number": f"cancel-{row.get('id')}",
            "modified": _latest(row.get("applyTime"), row.get("checkTime")),
        }
        for row in _rows(result.get("result"))
    ]
    return rows, _count(result.get("totalCount"))


def _returned(content: Mapping[str, Any]) -> tuple[list[Row], int]:
    result = _object(content, "pageResult")
    if result.get("code") != "00000":
        raise _classify(_RETURNED, result.get("code"))
    rows: list[Row] = []
    for row in _rows(result.get("data")):
        bill = row.get("sameOrderServiceBill")
        bill = bill if isinstance(bill, dict) else {}
        times = (bill.get("applyTime"), bill.get("approveTime"), row.get("completeTime"))
        rows.append(
            {
                **{name: value for name, value in row.items() if name != "sameOrderServiceBill"},
                **{name: bill.get(name) for name in _OF_BILL},
                "list": _RETURNED,
                "number": f"return-{row.get('afsRefundId')}",
                "modified": _latest(*times),
            }
        )
    return rows, _count(result.get("totalCount"))


_OF_BILL = ("orderId", "serviceId", "applyTime", "approveTime", "customerExpect")


def _actual_amount(content: Mapping[str, Any]) -> object:
    result = content.get("result")
    data = result.get("data") if isinstance(result, dict) else None
    actual = data.get("afsActualRefundDetail") if isinstance(data, dict) else None
    if not isinstance(actual, dict) or actual.get("actualRefundAmount") is None:
        raise Unreadable(f"{_REFUND} does not say what went back")
    return actual["actualRefundAmount"]


def _object(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = content.get(name)
    if not isinstance(found, dict):
        raise Unreadable(f"the answer has no {name}")
    return found


def _count(value: object) -> int:
    """A number, or the text of one."""
    if type(value) is int and value >= 0:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    raise Unreadable("the answer has no count")


def _rows(value: object) -> list[Row]:
    rows = [] if value is None else value
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unreadable("the answer's rows cannot be told")
    return rows


def _latest(*times: object) -> str:
    """The last of some times of one form, which sort as texts."""
    return max((time for time in times if isinstance(time, str)), default="")


def _parts(window: Window) -> Iterator[Window]:
    """Ranges that a refund may be listed for."""
    start = window.start
    while start < window.end:
        end = min(start + _SPAN, window.end)
        yield Window(start, end)
        start = end


def _text(moment: datetime) -> str:
    return moment.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")


OPENING = Opening((Marketplace.JD,), JdSource, lambda _: HOSTS)
