"""How TOP, the platform of Taobao and Tmall, is asked: signed forms, windows, numbered pages.

What its rows mean is known in `core/readers/taobao.py`; here only their numbers and times count,
because pages shift while they are read, and a window is cut by the times of its rows.
"""

import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from services.ingest.sources import taobao_history as history
from services.ingest.sources import taobao_service as desk
from services.ingest.sources.client import Answer, Client
from services.ingest.sources.errors import (
    NotAuthorised,
    NotPermitted,
    Refused,
    SourceError,
    TryLater,
    Unreadable,
    WindowTooLarge,
)
from services.ingest.sources.opening import Opening
from services.ingest.sources.passes import (
    MOST_ROWS,
    Page,
    Pass,
    read_pages,
    read_until_quiet,
    read_window,
)
from services.ingest.sources.reading import Credential, Reading, Row, read_document
from services.ingest.sources.signing import joined, sign_md5
from services.schema.shapes.feeds import Stream, Window
from services.schema.words import FactKind, Marketplace

T = TypeVar("T")

HOSTS = ("eco.taobao.com",)
GATEWAY = "https://eco.taobao.com/router/rest"
ZONE = ZoneInfo("Asia/Shanghai")

_DAY, _OVERLAP, _LAG = timedelta(days=1), timedelta(minutes=10), timedelta(seconds=3)

STREAMS: Mapping[FactKind, Stream] = {
    FactKind.ORDERS: Stream(_DAY, _OVERLAP, _LAG, 90 * _DAY, timedelta(minutes=1)),
    FactKind.REFUNDS: Stream(7 * _DAY, _OVERLAP, _LAG, 90 * _DAY, timedelta(minutes=1)),
    FactKind.RATINGS: Stream(7 * _DAY, _OVERLAP, _LAG, 180 * _DAY, timedelta(minutes=10)),
}


@dataclass(frozen=True, slots=True)
class _List:
    """A list method: how its window is named, and which rows it gives."""

    method: str
    start: str
    end: str
    page_size: int
    key: tuple[str, str, str]
    """Of a row: its number, the time at which it last changed, and that by which it is listed."""
    fields: str
    most: int = MOST_ROWS
    extra: Mapping[str, str] = field(default_factory=dict)


# Nothing that names a buyer is asked for; `buyer_open_uid` is a number of this application's own.
_TRADE = (
    "tid,status,type,created,pay_time,consign_time,end_time,modified,payment,discount_fee,"
    "post_fee,buyer_open_uid,o2o_guide_id,orders"
)
_REFUND = (
    "refund_id,tid,oid,status,refund_fee,created,modified,refund_phase,dispute_type,"
    "good_status,has_good_return"
)
# Left out, the marketplace lists only some kinds of trade.
_TYPES = (
    "guarantee_trade,fixed,auction,step,auto_delivery,ec,cod,independent_simple_trade,"
    "independent_shop_trade,game_equipment,shopex_trade,netcn_trade,external_trade,instant_trade,"
    "b2c_cod,hotel_trade,super_market_trade,super_market_cod_trade,taohua,waimai,nopaid,eticket,"
    "tmall_i18n,o2o_offlinetrade"
)

_LISTS: Mapping[FactKind, _List] = {
    FactKind.ORDERS: _List(
        "taobao.trades.sold.increment.get",
        "start_modified",
        "end_modified",
        100,
        ("tid", "modified", "modified"),
        _TRADE,
        extra={"type": _TYPES},
    ),
    FactKind.REFUNDS: _List(
        "taobao.refunds.receive.get",
        "start_modified",
        "end_modified",
        100,
        ("refund_id", "modified", "modified"),
        _REFUND,
    ),
    # Of a range with 1,500 ratings or more the rest cannot be reached.
    FactKind.RATINGS: _List(
        "taobao.traderates.get",
        "start_date",
        "end_date",
        150,
        ("oid", "created", "created"),
        "tid,oid,result,created",
        most=1499,
        extra={"rate_type": "get", "role": "buyer"},
    ),
}


@dataclass(frozen=True, slots=True)
class _Detail:
    """A method for a single trade or refund: what names it, and what it adds to its list row."""

    method: str
    key: str
    inside: str
    adds: str


_DETAILS: Mapping[FactKind, _Detail] = {
    FactKind.ORDERS: _Detail("taobao.trade.fullinfo.get", "tid", "trade", "promotion_details"),
    FactKind.REFUNDS: _Detail("taobao.refund.get", "refund_id", "refund", "end_time"),
}


class TaobaoSource:
    """One shop of Taobao or Tmall."""

    streams: Mapping[FactKind, Stream] = STREAMS

    def __init__(
        self, client: Client, credential: Credential, *, now: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._credential = credential
        self._now = now
        self._is_simple = False
        self._has_history = history.HISTORY in credential.also
        if self._has_history:
            orders = replace(STREAMS[FactKind.ORDERS], reach=history.REACH)
            self.streams = {**self.streams, FactKind.ORDERS: orders}
        if desk.SERVICE in credential.also:
            self.streams = {**self.streams, FactKind.CHATS: desk.STREAM}

    async def read(self, kind: FactKind, window: Window) -> Reading:
        """Every row that changed in a window.

        Of orders from before three months ago those that were placed in it.
        """
        if kind is FactKind.CHATS:
            return await desk.read_service(self._call, window, self._now(), timezone=ZONE.key)
        asked = _LISTS[kind]
        shown = f"{_text(window.start)} to {_text(window.end)}"
        by_placing = self._has_history and kind is FactKind.ORDERS
        if by_placing and (ways := history.ways_of(window, self._now())):
            found: dict[str, Row] = {}
            for way in ways:
                for row in await self._read_placed(way, window):
                    found[str(row.get("tid"))] = row
            methods = ", ".join(way.method for way in ways)
            return Reading(f"{methods} {shown}", tuple(found.values()))
        return Reading(f"{asked.method} {shown}", await self._read_list(asked, window))

    async def _read_list(self, asked: _List, window: Window) -> tuple[Row, ...]:
        number, changed, by = asked.key
        read, what = partial(self._pass, asked), asked.method
        return await read_window(read, window, number=number, changed=changed, by=by, what=what)

    async def _read_placed(self, way: history.Way, window: Window) -> Sequence[Row]:
        key = ("tid", "modified", "created")
        asked = replace(_LISTS[FactKind.ORDERS], method=way.method, key=key)
        asked = replace(asked, start=way.start, end=way.end)
        if not way.is_open:
            return await self._read_list(asked, way.range)
        asked = replace(asked, most=history.MOST_OPEN)
        rows = await read_until_quiet(
            lambda: self._pass(asked, way.range), number="tid", changed="modified", what=way.method
        )
        first, end = _text(window.start), _text(window.end)
        return [row for row in rows if first <= str(row.get("created")) < end]

    async def detail(self, kind: FactKind, row: Row) -> Row:
        """The row with the one thing that its list leaves out.

        Nothing else is taken from the later answer: the row may have changed in this very second,
        and will come again when that is over.
        """
        asked = _DETAILS.get(kind)
        if asked is None:
            return row
        number = str(row[asked.key])
        method = asked.method
        if kind is FactKind.ORDERS and _is_old(row, self._now()):
            method = history.SIMPLE[method]

        def read(content: dict[str, Any]) -> Row:
            inner = content.get(asked.inside)
            if not isinstance(inner, dict) or str(inner.get(asked.key)) != number:
                raise Unreadable(f"{method} answers about something else")
            return {**row, asked.adds: inner[asked.adds]} if asked.adds in inner else row

        fields = f"{asked.key},{asked.adds}"
        return await self._call(method, {asked.key: number, "fields": fields}, read)

    async def count_trades(self, day: date) -> Mapping[str, int]:
        """How many trades that were placed on a day stand where, in its own words."""
        method = "taobao.jds.trades.statistics.get"

        def read(content: dict[str, Any]) -> Mapping[str, int]:
            found: dict[str, int] = {}
            for row in _rows(content):
                status, count = row.get("status"), row.get("count")
                if not isinstance(status, str) or type(count) is not int or count < 0:
                    raise Unreadable(f"{method} counts what cannot be told")
                found[status] = found.get(status, 0) + count
            return found

        return await self._call(method, {"date": f"{day:%Y%m%d}"}, read)

    async def _pass(self, asked: _List, part: Window, *, whole: bool = True) -> Pass:
        """Read a window once; of several pages the last one first: what leaves it hides nothing."""
        is_counted = False

        async def page(place: int) -> Page:
            nonlocal is_counted
            params = _window_params(asked, part, place)
            if not is_counted:
                # The count comes with the first page, or else whether more follow.
                is_counted = True
                return await self._call(asked.method, params, _counted)
            return await self._call(asked.method, {**params, "use_has_next": "true"}, _followed)

        return await read_pages(
            page,
            size=asked.page_size,
            what=asked.method,
            number=asked.key[0],
            most=asked.most,
            backwards=True,
            whole=whole,
        )

    async def _call(
        self, method: str, params: Mapping[str, str], read: Callable[[dict[str, Any]], T]
    ) -> T:
        """The reading of an answer, by the smaller method where the whole one is not permitted."""
        simple = history.SIMPLE.get(method, method)
        if self._is_simple:
            return await self._ask(simple, params, read)
        try:
            return await self._ask(method, params, read)
        except NotPermitted as refusal:
            if simple == method:
                raise
            try:
                found = await self._ask(simple, params, read)
            except NotPermitted:
                raise refusal from None
            self._is_simple = True
            return found

    async def _ask(
        self, method: str, params: Mapping[str, str], read: Callable[[dict[str, Any]], T]
    ) -> T:
        """The reading of what stands inside a method's own envelope."""

        def form() -> dict[str, str]:
            return self._signed(method, params)

        def read_answer(answer: Answer) -> T:
            return read(_unwrap(method, answer.body))

        gateway = self._credential.gateway or GATEWAY
        return await self._client.post_form(gateway, form, read_answer)

    def _signed(self, method: str, params: Mapping[str, str]) -> dict[str, str]:
        credential = self._credential
        whole = {
            **params,
            "method": method,
            "app_key": credential.app_key,
            "session": credential.session,
            "timestamp": _text(self._now()),
            "format": "json",
            "v": "2.0",
            "sign_method": "hmac-sha256",
        }
        return {**whole, "sign": sign(whole, credential.secret)}


def sign(params: Mapping[str, str], secret: str) -> str:
    """The signature over all parameters that have a value, in the way that `sign_method` names."""
    way = params["sign_method"]
    if way == "md5":
        return sign_md5(params, secret)
    name = {"hmac": "md5", "hmac-sha256": "sha256"}[way]
    return hmac.new(secret.encode(), joined(params).encode(), name).hexdigest().upper()


def _unwrap(method: str, body: bytes) -> dict[str, Any]:
    """The content of an answer; whatever is not the method's own envelope is an error."""
    document = read_document(body)
    if isinstance(document, dict):
        refusal = document.get("error_response")
        if isinstance(refusal, dict):
            raise _classify(method, refusal)
        root = method.removeprefix("taobao.").replace(".", "_") + "_response"
        content = document.get(root)
        if isinstance(content, dict):
            return content
    raise Unreadable(f"{method} answers without its envelope")


def _classify(method: str, refusal: Mapping[str, Any]) -> SourceError:
    """What an error envelope means for us (`marketplaces.md`, section 1)."""
    code = str(refusal.get("code", ""))
    sub_code = str(refusal.get("sub_code", ""))
    problem = f"{method} is refused: code {code[:10]} {sub_code[:80]}".rstrip()
    if code == "7" or sub_code.startswith(("accesscontrol.limited-by", "isp.call-limited")):
        return TryLater(problem, seconds=_ban_seconds(str(refusal.get("sub_msg", ""))))
    if sub_code in {"isp.top-remote-connection-timeout", "isp.runtime-max-limit"}:
        return WindowTooLarge(problem)
    if code in {"26", "27"} or sub_code == "invalid-sessionkey":
        return NotAuthorised(problem)
    if code in {"11", "12"}:
        return NotPermitted(problem)
    if sub_code.startswith("isp.") or code == "10":
        return TryLater(problem)
    return Refused(problem)


def _ban_seconds(sentence: str) -> float:
    """`This ban will last for 2 more seconds`: whole ones, so it may be nearly a second longer."""
    found = re.search(r"([0-9]{1,9}) more second", sentence, re.ASCII)
    return float(found[1]) + 1 if found else 2.0


def _window_params(asked: _List, window: Window, page: int) -> dict[str, str]:
    ends = {asked.start: _text(window.start), asked.end: _text(window.end)}
    return {
        "fields": asked.fields,
        # An end without a name is left open.
        **{name: text for name, text in ends.items() if name},
        "page_no": str(page),
        "page_size": str(asked.page_size),
        **asked.extra,
    }


def _counted(content: Mapping[str, Any]) -> Page:
    """How many rows there are, and those of the page."""
    total = content.get("total_results")
    if type(total) is not int or total < 0:
        raise Unreadable("the answer has no count")
    return Page(_rows(content), total, more_follow=False)


def _followed(content: Mapping[str, Any]) -> Page:
    """Whether more pages follow, and the rows of this one."""
    more_follow, rows = content.get("has_next") is True, _rows(content)
    if more_follow and not rows:
        raise Unreadable("a page before others comes without its rows")
    return Page(rows, None, more_follow)


def _rows(content: Mapping[str, Any]) -> list[Row]:
    """The one list of an answer, whatever its wrappers are called; without rows it is left out."""
    lists = [
        inner
        for outer in content.values()
        if isinstance(outer, dict)
        for inner in outer.values()
        if isinstance(inner, list)
    ]
    if len(lists) > 1 or not all(isinstance(row, dict) for rows in lists for row in rows):
        raise Unreadable("the answer's rows cannot be told")
    return list(lists[0]) if lists else []


def _is_old(row: Row, at: datetime) -> bool:
    """Whether a trade may be too old for the method that tells of a single one."""
    return str(row.get("created")) < _text(at - history.SURELY_RECENT)


def _text(moment: datetime) -> str:
    return moment.astimezone(ZONE).replace(tzinfo=None).isoformat(" ", "seconds")


OPENING = Opening((Marketplace.TAOBAO, Marketplace.TMALL), TaobaoSource, lambda _: HOSTS)
